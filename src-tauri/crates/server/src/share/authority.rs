//! What a guest may: the one table of commands and roles, what is overruled in their requests, and what is left out of
//! the answers and events they get.

use salon_domain::Role;
use salon_studio::{Event, Guest};
use serde_json::{Value, json};

/// Who may use a command from another machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum May {
    /// Every guest. What a juror gets is cut down to what is theirs.
    All,
    /// Whoever picks: artists and leads.
    Pick,
    /// Leads.
    Lead,
    /// Nobody from another machine: it reads, writes or names files of this one, or signs people in at this desk.
    Desk,
}

/// What a command's request says about who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Says {
    /// Nothing.
    Nothing,
    /// `by`: overruled by the guest's own name.
    By,
    /// `path`: a file of this machine; refused where it is given.
    Path,
}

/// One line of the table.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rule {
    pub(crate) command: &'static str,
    pub(crate) may: May,
    pub(crate) says: Says,
}

const fn rule(command: &'static str, may: May, says: Says) -> Rule {
    Rule { command, may, says }
}

/// Every command. What is missing here is refused, and a test fails.
#[rustfmt::skip]
pub(crate) const RULES: &[Rule] = &[
    rule("project_status",    May::All,  Says::Nothing),
    rule("settings",          May::Lead, Says::Nothing),
    rule("change_settings",   May::Desk, Says::Nothing),
    rule("models",            May::Lead, Says::Nothing),
    rule("loras",             May::Lead, Says::Nothing),
    rule("embeddings",        May::Lead, Says::Nothing),
    rule("wildcards",         May::Lead, Says::Nothing),
    rule("check_model",       May::Desk, Says::Nothing),
    rule("add_model",         May::Desk, Says::Nothing),
    rule("cancel_add",        May::Desk, Says::Nothing),
    rule("remove_model",      May::Desk, Says::Nothing),
    rule("resolve_template",  May::Lead, Says::Nothing),
    rule("store_picture",     May::Lead, Says::Path),
    rule("import_recipe",     May::Lead, Says::Path),
    rule("import_pictures",   May::Desk, Says::Nothing),
    rule("import_status",     May::Desk, Says::Nothing),
    rule("cancel_import",     May::Desk, Says::Nothing),
    rule("check_layers",      May::Desk, Says::Nothing),
    rule("import_layers",     May::Desk, Says::Nothing),
    rule("watched_folders",   May::Desk, Says::Nothing),
    rule("watch_folder",      May::Desk, Says::Nothing),
    rule("unwatch_folder",    May::Desk, Says::Nothing),
    rule("saved_recipes",     May::Lead, Says::Nothing),
    rule("save_recipe",       May::Lead, Says::Nothing),
    rule("remove_recipe",     May::Lead, Says::Nothing),
    rule("start_run",         May::Lead, Says::Nothing),
    rule("paint_layers",      May::Lead, Says::Nothing),
    rule("rerun",             May::Lead, Says::Nothing),
    rule("runs",              May::Pick, Says::Nothing),
    rule("run_detail",        May::Pick, Says::Nothing),
    rule("pause_run",         May::Lead, Says::Nothing),
    rule("resume_run",        May::Lead, Says::Nothing),
    rule("cancel_run",        May::Lead, Says::Nothing),
    rule("retry_run",         May::Lead, Says::Nothing),
    rule("put_run_first",     May::Lead, Says::Nothing),
    rule("queue_status",      May::Pick, Says::Nothing),
    rule("pause_queue",       May::Lead, Says::Nothing),
    rule("resume_queue",      May::Lead, Says::Nothing),
    rule("candidate_ids",     May::Pick, Says::Nothing),
    rule("facets",            May::Pick, Says::Nothing),
    rule("saved_views",       May::Pick, Says::Nothing),
    rule("save_view",         May::Pick, Says::Nothing),
    rule("remove_view",       May::Lead, Says::Nothing),
    rule("candidate_rows",    May::Pick, Says::Nothing),
    rule("candidate",         May::Pick, Says::Nothing),
    rule("list",              May::Pick, Says::Nothing),
    rule("decide",            May::Pick, Says::By),
    rule("decide_many",       May::Pick, Says::By),
    rule("resolve_family",    May::Pick, Says::By),
    rule("mark",              May::Pick, Says::By),
    rule("undo",              May::Pick, Says::By),
    rule("redo",              May::Pick, Says::By),
    rule("empty_rejects",     May::Desk, Says::By),
    rule("set_board",         May::Pick, Says::Nothing),
    rule("set_targets",       May::Lead, Says::By),
    rule("next_duel",         May::Pick, Says::By),
    rule("settle_duel",       May::Pick, Says::By),
    rule("ranking",           May::Pick, Says::Nothing),
    rule("rarity",            May::Pick, Says::Nothing),
    rule("trait_schema",      May::Pick, Says::Nothing),
    rule("trait_schemas",     May::Pick, Says::Nothing),
    rule("check_trait_schema", May::Pick, Says::Nothing),
    rule("set_trait_schema",  May::Lead, Says::By),
    rule("import_trait_schema", May::Desk, Says::By),
    rule("trait_table",       May::Pick, Says::Nothing),
    rule("candidate_traits",  May::Pick, Says::Nothing),
    rule("set_traits",        May::Pick, Says::By),
    rule("lore",              May::Pick, Says::Nothing),
    rule("write_lore",        May::Lead, Says::Nothing),
    rule("lore_status",       May::Lead, Says::Nothing),
    rule("cancel_lore",       May::Lead, Says::Nothing),
    rule("edit_lore",         May::Pick, Says::By),
    rule("mark_lore",         May::Pick, Says::By),
    rule("lore_voice",        May::Pick, Says::Nothing),
    rule("set_lore_voice",    May::Lead, Says::Nothing),
    rule("lore_models",       May::Lead, Says::Nothing),
    rule("lore_endpoint",     May::Desk, Says::Nothing),
    rule("set_lore_endpoint", May::Desk, Says::Nothing),
    rule("tag_traits",        May::Lead, Says::By),
    rule("captioners",        May::Lead, Says::Nothing),
    rule("describe_pictures", May::Lead, Says::By),
    rule("describe_status",   May::Lead, Says::Nothing),
    rule("cancel_describing", May::Lead, Says::Nothing),
    rule("visual_weight",     May::Pick, Says::Nothing),
    rule("balance",           May::Lead, Says::Nothing),
    rule("balance_apply",     May::Lead, Says::By),
    rule("balance_order",     May::Lead, Says::Nothing),
    rule("judge_status",      May::Pick, Says::Nothing),
    rule("change_judge",      May::Lead, Says::Nothing),
    rule("encoders",          May::Lead, Says::Nothing),
    rule("heads",             May::Lead, Says::Nothing),
    rule("judgement",         May::Pick, Says::Nothing),
    rule("similar",           May::Pick, Says::Nothing),
    rule("families",          May::Pick, Says::Nothing),
    rule("regret",            May::Pick, Says::Nothing),
    rule("coherence",         May::Lead, Says::Nothing),
    rule("protected_folders", May::Desk, Says::Nothing),
    rule("protect_folder",    May::Desk, Says::Nothing),
    rule("copy_risks",        May::Desk, Says::Nothing),
    rule("steering",          May::Lead, Says::Nothing),
    rule("order_steered",     May::Lead, Says::Nothing),
    rule("curators",          May::All,  Says::Nothing),
    rule("add_curator",       May::Lead, Says::By),
    rule("change_curator",    May::Lead, Says::By),
    rule("remove_curator",    May::Lead, Says::By),
    rule("sign_in",           May::Desk, Says::Nothing),
    rule("sign_out",          May::Desk, Says::Nothing),
    rule("invite",            May::Lead, Says::By),
    rule("invitations",       May::Lead, Says::Nothing),
    rule("revoke_invitation", May::Lead, Says::By),
    rule("open_round",        May::Lead, Says::By),
    rule("rounds",            May::All,  Says::Nothing),
    rule("ballot",            May::All,  Says::By),
    rule("vote",              May::All,  Says::By),
    rule("close_round",       May::Lead, Says::By),
    rule("round_report",      May::Lead, Says::Nothing),
    rule("decide_tie",        May::Lead, Says::By),
    rule("log",               May::Lead, Says::Nothing),
    rule("log_verify",        May::Lead, Says::Nothing),
    rule("log_replay",        May::Lead, Says::Nothing),
    rule("approve",           May::Lead, Says::By),
    rule("approvals",         May::Lead, Says::Nothing),
    rule("make_masters",      May::Desk, Says::Nothing),
    rule("try_master",        May::Desk, Says::Nothing),
    rule("master_sets",       May::Desk, Says::Nothing),
    rule("export",            May::Desk, Says::Nothing),
    rule("rebuild_bundle",    May::Desk, Says::Nothing),
    rule("cancel_export",     May::Desk, Says::Nothing),
    rule("bundles",           May::Desk, Says::Nothing),
    rule("verify",            May::Desk, Says::Nothing),
    rule("cid_agreement",     May::Desk, Says::Nothing),
    rule("bundle_materials",  May::Desk, Says::Nothing),
    rule("withdraw_source",   May::Desk, Says::Nothing),
    rule("diff_bundles",      May::Desk, Says::Nothing),
    rule("targets",           May::Desk, Says::Nothing),
    rule("write_target",      May::Desk, Says::Nothing),
    rule("check_target",      May::Desk, Says::Nothing),
    rule("plan_contract",     May::Desk, Says::Nothing),
    rule("prepare_transaction", May::Desk, Says::Nothing),
    rule("send_transaction",  May::Desk, Says::Nothing),
    rule("check_contract",    May::Desk, Says::Nothing),
    rule("plan_publication",  May::Desk, Says::Nothing),
    rule("publish",           May::Desk, Says::Nothing),
    rule("resume_publication", May::Desk, Says::Nothing),
    rule("cancel_publication", May::Desk, Says::Nothing),
    rule("publications",      May::Desk, Says::Nothing),
    rule("forget_publication", May::Desk, Says::Nothing),
    rule("set_publication_key", May::Desk, Says::Nothing),
    rule("verify_gateway",    May::Desk, Says::Nothing),
    rule("gateway_checks",    May::Desk, Says::Nothing),
];

/// The line of a command.
pub(crate) fn rule_of(command: &str) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.command == command)
}

/// The commands that a guest of this role may use.
pub(crate) fn commands_of(role: Role) -> Vec<&'static str> {
    let theirs = RULES.iter().filter(|rule| rule.may.lets(role));
    theirs.map(|rule| rule.command).collect()
}

impl May {
    /// Whether a guest of this role may.
    pub(crate) fn lets(self, role: Role) -> bool {
        match self {
            Self::All => true,
            Self::Pick => role.picks(),
            Self::Lead => role.leads(),
            Self::Desk => false,
        }
    }
}

/// Whether a guest of this role hears an event. A juror hears of rounds and whether votes can be kept: neither verdicts nor
/// arrivals are theirs to know.
pub(crate) fn hears(role: Role, event: &Event) -> bool {
    let may = match event {
        Event::Access(_) | Event::Rounds => May::All,
        Event::CandidatesAdded { .. }
        | Event::Decided(_)
        | Event::Queue(_)
        | Event::Judge(_)
        | Event::Traits => May::Pick,
        Event::Approved(_) | Event::Lore(_) | Event::Describing(_) => May::Lead,
        Event::Models { .. }
        | Event::AddProgress(_)
        | Event::ExportProgress(_)
        | Event::PublicationProgress(_)
        | Event::ImportProgress(_)
        | Event::WatchedFolders { .. } => May::Desk,
    };
    may.lets(role)
}

/// The request as the guest may send it: in their own name, and without a file of this machine. The refusal otherwise.
pub(crate) fn overruled(rule: &Rule, guest: &Guest, mut request: Value) -> Result<Value, String> {
    let Some(fields) = request.as_object_mut() else {
        return Err(format!("{}: the request is no JSON object", rule.command));
    };
    match rule.says {
        Says::Nothing => {}
        Says::By => {
            fields.insert("by".into(), json!(guest.name));
        }
        Says::Path => {
            if fields.get("path").is_some_and(|path| !path.is_null()) {
                return Err(format!(
                    "{}: the files of the machine that shares are not a guest's to read; send the bytes",
                    rule.command
                ));
            }
        }
    }
    Ok(request)
}

/// Where answers name files of this machine.
const PATHS: &[&str] = &["path", "file", "out", "car"];

/// Empties what names a file of this machine.
fn hide_paths(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(hide_paths),
        Value::Object(fields) => {
            for (key, value) in fields {
                if PATHS.contains(&key.as_str()) && value.is_string() {
                    *value = json!("");
                } else if key == "model_folders" {
                    *value = json!([]);
                } else {
                    hide_paths(value);
                }
            }
        }
        _ => {}
    }
}

/// Leaves the items that `ours` is true of.
fn keep(list: &mut Value, ours: impl Fn(&Value) -> bool) {
    if let Some(items) = list.as_array_mut() {
        items.retain(ours);
    }
}

/// The answer as the guest may see it.
pub(crate) fn cut_down(command: &str, guest: &Guest, mut answer: Value) -> Value {
    hide_paths(&mut answer);
    let own = |item: &Value| item["name"] == guest.name.as_str();
    let juror = guest.role == Role::Juror;
    match command {
        "project_status" => {
            // Under this name the interface decides.
            answer["curator"] = json!(guest.name);
            if juror {
                answer["counts"] = json!({ "all": 0, "undecided": 0, "accepted": 0, "rejected": 0 });
                answer["decisions"] = json!(0);
                answer["device"] = json!("");
            }
        }
        "curators" if juror => keep(&mut answer, own),
        "rounds" if juror => {
            for round in answer.as_array_mut().into_iter().flatten() {
                keep(&mut round["jurors"], own);
            }
            keep(&mut answer, |round| round["jurors"] != json!([]));
        }
        _ => {}
    }
    if command == "curators" {
        for curator in answer.as_array_mut().into_iter().flatten() {
            // The invitation says who it is; nobody else signs in here.
            let signed_in = own(curator);
            curator["signed_in"] = json!(signed_in);
        }
    }
    answer
}

#[cfg(test)]
mod tests {
    use super::*;
    use salon_studio::api::{COMMANDS, typescript};

    #[test]
    fn the_table_lists_every_command_in_the_order_of_the_api() {
        let listed: Vec<&str> = RULES.iter().map(|rule| rule.command).collect();
        assert_eq!(
            listed, COMMANDS,
            "say who may use the new command from another machine"
        );
    }

    /// The fields of a command's request, read from the generated types.
    fn fields(types: &str, command: &str) -> String {
        let line = format!("\n  {command}: {{ request: ");
        let start = types.find(&line).expect("every command is generated") + line.len();
        let request = types[start..].split(';').next().expect("a request");
        // What is no object has no fields.
        let head = format!("export type {request} = {{");
        match types.find(&head) {
            Some(start) => types[start..].split("\n}").next().expect("a declaration").into(),
            None => String::new(),
        }
    }

    #[test]
    fn whoever_is_named_in_a_request_is_overruled_and_no_path_passes() {
        let types = typescript();
        for rule in RULES {
            let fields = fields(&types, rule.command);
            let has = |field: &str| {
                fields.contains(&format!("  {field}: ")) || fields.contains(&format!("  {field}?: "))
            };
            let command = rule.command;
            assert_eq!(
                has("by"),
                rule.says == Says::By,
                "{command}: is `by` overruled?\n{fields}"
            );
            if has("path") || has("paths") || has("out") {
                assert!(
                    rule.may == May::Desk || rule.says == Says::Path,
                    "{command} names a file of this machine\n{fields}"
                );
            }
        }
    }

    #[test]
    fn roles_are_nested_where_they_should_be() {
        for rule in RULES {
            let lets = |role| rule.may.lets(role);
            assert!(lets(Role::Lead) || rule.may == May::Desk, "{}", rule.command);
            assert!(!lets(Role::Juror) || lets(Role::Artist), "{}", rule.command);
        }
        assert_eq!(
            commands_of(Role::Juror),
            ["project_status", "curators", "rounds", "ballot", "vote"],
            "a juror votes and does nothing else"
        );
    }
}
