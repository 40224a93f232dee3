//! Curating without a generator: every command by name, undo, approval, export, read-only opening.

use std::time::Duration;

use salon_domain::{CandidateId, RunState, Verdict};
use salon_studio::api::*;
use salon_studio::{Studio, StudioOptions, dispatch};
use salon_testkit::TempProject;
use serde_json::{Value, json};

use crate::common::{open, planted};

fn accept(studio: &Studio, candidate: CandidateId) -> Decided {
    studio
        .decide(Decide {
            candidate,
            frame: None,
            verdict: Verdict::Accepted,
            by: "Ada".into(),
            why: String::new(),
        })
        .unwrap()
}

#[test]
fn every_command_is_reached_by_its_name_and_answers_json() {
    let (planted, ids, studio) = planted(3);
    let run = studio.runs(Nothing {}).unwrap()[0].run.id.0;
    let out = planted.beside("bundle");
    let drop = planted.beside("drop");
    let call = |name: &str, payload: Value| dispatch(&studio, name, payload);
    let first = ids[0].0;
    let order = json!({"model": "none", "prompt": "a fox", "count": 1});
    let owner = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";
    let transaction = json!({"type": "0x2", "chainId": "0x1", "from": owner, "nonce": "0x0", "gas": "0x5208",
        "maxFeePerGas": "0x1", "maxPriorityFeePerGas": "0x1", "value": "0x0", "data": "0x"});
    let nowhere = json!({"address": "http://127.0.0.1:1", "service": {"kind": "kubo"}});
    let requests: [(&str, Value, &str); 150] = [
        ("project_status", json!({}), "ok"),
        ("settings", json!({}), "ok"),
        (
            "change_settings",
            json!({"curator": "Ada", "log_level": "debug"}),
            "ok",
        ),
        ("models", json!({}), "ok"),
        ("loras", json!({}), "ok"),
        ("embeddings", json!({}), "ok"),
        ("wildcards", json!({}), "ok"),
        ("check_model", json!({"model": "none"}), "model"),
        ("add_model", json!({"path": "no-such-folder"}), "not_found"),
        ("cancel_add", json!({}), "ok"),
        ("remove_model", json!({"name": "none"}), "model"),
        (
            "resolve_template",
            json!({"prompt": "a {fox|owl}", "template": "random", "count": 2, "seed": 1}),
            "ok",
        ),
        ("store_picture", json!({"png": "no base64!"}), "invalid_request"),
        ("import_recipe", json!({}), "invalid_request"),
        ("import_pictures", json!({"paths": []}), "invalid_request"),
        ("import_status", json!({}), "ok"),
        ("cancel_import", json!({}), "ok"),
        ("check_layers", json!({"path": "/nowhere"}), "storage"),
        (
            "import_layers",
            json!({"path": "/nowhere", "count": 1}),
            "invalid_request",
        ),
        ("watched_folders", json!({}), "ok"),
        ("watch_folder", json!({"path": "no-such-folder"}), "not_found"),
        ("unwatch_folder", json!({"path": "no-such-folder"}), "not_found"),
        ("saved_recipes", json!({}), "ok"),
        ("save_recipe", json!({"name": "foxes", "request": order}), "ok"),
        ("remove_recipe", json!({"name": "foxes"}), "ok"),
        ("start_run", order, "model"),
        (
            "paint_layers",
            json!({"candidates": [first], "strength": 0.5, "order": {"model": "none", "prompt": "", "count": 1}}),
            "invalid_request",
        ),
        ("rerun", json!({"run": run}), "model"),
        ("runs", json!({}), "ok"),
        ("run_detail", json!({"run": run}), "ok"),
        ("pause_run", json!({"run": run}), "invalid_request"),
        ("resume_run", json!({"run": run}), "invalid_request"),
        ("cancel_run", json!({"run": run}), "ok"),
        ("retry_run", json!({"run": run}), "ok"),
        ("put_run_first", json!({"run": run}), "invalid_request"),
        ("queue_status", json!({}), "ok"),
        ("pause_queue", json!({}), "ok"),
        ("resume_queue", json!({}), "ok"),
        ("candidate_ids", json!({"group": "run"}), "ok"),
        ("facets", json!({"verdict": "undecided"}), "ok"),
        ("saved_views", json!({}), "ok"),
        ("save_view", json!({"name": "mine", "query": {"stars": 3}}), "ok"),
        ("remove_view", json!({"name": "mine"}), "ok"),
        ("candidate_rows", json!({"ids": [first]}), "ok"),
        ("candidate", json!({"id": first}), "ok"),
        ("list", json!({"verdict": "undecided"}), "ok"),
        (
            "decide",
            json!({"candidate": first, "verdict": "accepted", "by": "Ada"}),
            "ok",
        ),
        (
            "decide_many",
            json!({"seen": [{"candidate": first}], "verdict": "accepted", "by": "Ada"}),
            "ok",
        ),
        ("resolve_family", json!({"candidate": first, "by": "Ada"}), "ok"),
        (
            "mark",
            json!({"seen": [{"candidate": first}], "stars": 3, "label": "red", "by": "Ada"}),
            "ok",
        ),
        ("undo", json!({"by": "Ada"}), "ok"),
        ("redo", json!({"by": "Ada"}), "ok"),
        ("empty_rejects", json!({"confirm": false}), "ok"),
        ("set_board", json!({"candidate": first}), "ok"),
        ("set_targets", json!({"target": 2, "quotas": []}), "ok"),
        ("next_duel", json!({"by": "Ada"}), "ok"),
        (
            "settle_duel",
            json!({"duel": 1, "outcome": "left", "by": "Ada"}),
            "not_found",
        ),
        ("ranking", json!({}), "ok"),
        ("rarity", json!({"approved": 99}), "not_found"),
        ("trait_schema", json!({}), "ok"),
        ("trait_schemas", json!({}), "ok"),
        ("check_trait_schema", json!({}), "invalid_request"),
        ("set_trait_schema", json!({}), "invalid_request"),
        (
            "import_trait_schema",
            json!({"by": "Ada", "keep_after": 0, "text": r#"{"type": "object", "properties": {"Species": {"enum": ["fox", "owl"]}}}"#}),
            "ok",
        ),
        ("trait_table", json!({"count": 10}), "ok"),
        ("candidate_traits", json!({"id": first}), "ok"),
        (
            "set_traits",
            json!({"seen": [{"candidate": first}], "traits": [{"trait_type": "Species", "value": "owl"}], "by": "Ada"}),
            "ok",
        ),
        ("lore", json!({}), "ok"),
        (
            "write_lore",
            json!({"candidates": [first], "fields": [], "writer": {"kind": "grammar"}, "scope": "missing"}),
            "ok",
        ),
        ("lore_status", json!({}), "ok"),
        ("cancel_lore", json!({}), "ok"),
        (
            "edit_lore",
            json!({"candidate": first, "field": "name", "text": "Ember", "by": "Ada"}),
            "ok",
        ),
        (
            "mark_lore",
            json!({"candidates": [first], "fields": ["name"], "accepted": true, "by": "Ada"}),
            "ok",
        ),
        ("lore_voice", json!({}), "ok"),
        ("set_lore_voice", json!({}), "invalid_request"),
        ("lore_models", json!({}), "ok"),
        ("lore_endpoint", json!({}), "ok"),
        ("set_lore_endpoint", json!({}), "invalid_request"),
        ("tag_traits", json!({"from": "recipes", "by": "Ada"}), "ok"),
        ("captioners", json!({}), "ok"),
        ("describe_pictures", json!({"by": "Ada"}), "not_found"),
        ("describe_status", json!({}), "ok"),
        ("cancel_describing", json!({}), "ok"),
        ("visual_weight", json!({}), "not_found"),
        ("balance", json!({"size": 1}), "ok"),
        ("balance_apply", json!({}), "invalid_request"),
        ("balance_order", json!({}), "invalid_request"),
        ("judge_status", json!({}), "ok"),
        ("change_judge", json!({"explores": false}), "ok"),
        ("encoders", json!({}), "ok"),
        ("heads", json!({}), "ok"),
        ("judgement", json!({"id": first}), "ok"),
        ("similar", json!({"candidate": first}), "invalid_request"),
        ("families", json!({}), "ok"),
        ("regret", json!({}), "ok"),
        ("coherence", json!({}), "ok"),
        ("protected_folders", json!({}), "ok"),
        ("protect_folder", json!({"path": "no-such-folder"}), "not_found"),
        ("copy_risks", json!({}), "ok"),
        ("steering", json!({}), "ok"),
        ("order_steered", json!({"run": run, "count": 1}), "model"),
        ("curators", json!({}), "ok"),
        (
            "add_curator",
            json!({"name": "Ada", "role": "artist"}),
            "invalid_request",
        ),
        ("change_curator", json!({"name": "Ada", "by": "Ada"}), "not_found"),
        ("remove_curator", json!({"name": "Ada", "by": "Ada"}), "not_found"),
        ("sign_in", json!({"name": "Ada"}), "ok"),
        ("sign_out", json!({"name": "Ada"}), "ok"),
        (
            "invite",
            json!({"name": "Ben", "role": "juror", "by": "Lea"}),
            "invalid_request",
        ),
        ("invitations", json!({}), "ok"),
        ("revoke_invitation", json!({"id": 1, "by": "Lea"}), "not_found"),
        (
            "open_round",
            json!({"name": "First", "by": "Lea", "jurors": ["Ada"], "quorum": 1}),
            "ok",
        ),
        ("rounds", json!({}), "ok"),
        ("ballot", json!({"round": 1, "by": "Ada"}), "ok"),
        (
            "vote",
            json!({"round": 1, "place": 0, "verdict": "accepted", "by": "Ada"}),
            "ok",
        ),
        ("close_round", json!({"round": 1, "by": "Lea"}), "ok"),
        ("round_report", json!({"round": 1}), "ok"),
        (
            "decide_tie",
            json!({"round": 1, "candidate": first, "verdict": "accepted", "by": "Lea"}),
            "invalid_request",
        ),
        ("log", json!({"limit": 5}), "ok"),
        ("log_verify", json!({}), "ok"),
        ("log_replay", json!({}), "ok"),
        ("approve", json!({"by": "Lea"}), "ok"),
        ("approvals", json!({}), "ok"),
        ("make_masters", json!({"order": {"metadata": "clean"}}), "ok"),
        (
            "try_master",
            json!({"order": {"size": {"kind": "times", "factor": 2}}}),
            "ok",
        ),
        ("master_sets", json!({}), "ok"),
        ("export", json!({"out": out}), "ok"),
        (
            "rebuild_bundle",
            json!({"bundle": 1, "out": planted.beside("again")}),
            "ok",
        ),
        ("cancel_export", json!({}), "ok"),
        ("bundles", json!({}), "ok"),
        ("verify", json!({"path": out}), "ok"),
        ("cid_agreement", json!({"path": out}), "ok"),
        ("bundle_materials", json!({"path": out}), "ok"),
        ("withdraw_source", json!({"bundle": out, "source": "house"}), "ok"),
        ("diff_bundles", json!({"before": out, "after": out}), "ok"),
        ("targets", json!({}), "ok"),
        (
            "write_target",
            json!({"bundle": out, "target": "opensea", "out": drop}),
            "ok",
        ),
        ("check_target", json!({"folder": drop, "target": "opensea"}), "ok"),
        (
            "plan_contract",
            json!({"bundle": out, "symbol": "FOX", "owner": owner}),
            "ok",
        ),
        (
            "prepare_transaction",
            json!({"node": "nowhere", "from": owner, "what": {"action": "freeze"}}),
            "invalid_request",
        ),
        (
            "send_transaction",
            json!({"node": "nowhere", "transaction": transaction}),
            "invalid_request",
        ),
        (
            "check_contract",
            json!({"node": "http://127.0.0.1:1", "contract": owner, "bundle": out}),
            "remote",
        ),
        (
            "plan_publication",
            json!({"bundle": 1, "destination": nowhere}),
            "ok",
        ),
        (
            "publish",
            json!({"bundle": 1, "destination": nowhere, "consent": {"host": "127.0.0.1:1", "root_cid": "another", "bytes": 1}}),
            "invalid_request",
        ),
        ("resume_publication", json!({"publication": 1}), "not_found"),
        ("cancel_publication", json!({}), "ok"),
        ("publications", json!({}), "ok"),
        ("forget_publication", json!({"publication": 1}), "not_found"),
        (
            "set_publication_key",
            json!({"address": "nowhere", "key": "x"}),
            "invalid_request",
        ),
        (
            "verify_gateway",
            json!({"gateway": "nowhere", "path": out}),
            "invalid_request",
        ),
        ("gateway_checks", json!({}), "ok"),
    ];
    let named: Vec<&str> = requests.iter().map(|(name, ..)| *name).collect();
    assert_eq!(
        named, COMMANDS,
        "this test calls every command, in the order of the list"
    );
    let mut wrong = Vec::new();
    for (name, payload, expected) in requests {
        let (code, said) = match call(name, payload) {
            Ok(_) => (json!("ok"), String::new()),
            Err(error) => (serde_json::to_value(error.code).unwrap(), error.to_string()),
        };
        if code != expected {
            wrong.push(format!("`{name}` is {code} and not {expected}: {said}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    for (name, payload) in [
        ("fly", json!({})),
        ("decide", json!({"candidate": "x"})),
        ("undo", json!({"by": "A", "x": 1})),
    ] {
        let error = call(name, payload).unwrap_err();
        assert_eq!(
            error.code,
            ErrorCode::InvalidRequest,
            "`{name}` with nonsense: {error}"
        );
        assert!(error.message.contains(name), "`{error}` should name the command");
    }
}

#[test]
fn undo_returns_to_the_picture_and_survives_a_restart() {
    let (planted, ids, studio) = planted(3);
    accept(&studio, ids[0]);
    accept(&studio, ids[2]);
    assert_eq!(
        accept(&studio, ids[2]).decision,
        None,
        "a setter: the same verdict appends nothing"
    );
    drop(studio);
    let studio = open(&planted);
    let by = || UndoRequest { by: "Ada".into() };
    let undone = studio.undo(by()).unwrap();
    assert_eq!(
        (undone.candidate, undone.verdict),
        (ids[2], Verdict::Undecided),
        "the newest decision first"
    );
    assert_eq!(
        studio.undo(by()).unwrap().candidate,
        ids[0],
        "then the one before"
    );
    assert_eq!(
        studio.undo(by()).unwrap_err().code,
        ErrorCode::NothingToUndo,
        "then there is nothing"
    );
    assert_eq!(
        studio.redo(by()).unwrap().candidate,
        ids[0],
        "redo takes the undos back in turn"
    );
    assert_eq!(
        studio.project_status(Nothing {}).unwrap().counts.accepted,
        1,
        "counts follow"
    );
    assert_eq!(
        studio.settings(Nothing {}).unwrap().curator,
        "Ada",
        "who decided is remembered"
    );
}

#[test]
fn an_approved_set_becomes_a_bundle_that_verifies() {
    let (planted, ids, studio) = planted(5);
    for id in &ids[..3] {
        accept(&studio, *id);
    }
    let nothing = Export {
        approval: None,
        out: planted.beside("x"),
        name: None,
        description: String::new(),
        starting_index: 0,
        masters: None,
    };
    assert_eq!(
        studio.export(nothing).unwrap_err().code,
        ErrorCode::InvalidRequest,
        "only what is approved"
    );
    let order = vec![ids[2], ids[0], ids[1]];
    let set = studio
        .approve(Approve {
            by: "Lea".into(),
            order: Some(order.clone()),
        })
        .unwrap();
    assert_eq!(set.candidates, order, "in the order it was hung");
    let events = studio.subscribe();
    let export = |name: &str| Export {
        approval: None,
        out: planted.beside(name),
        name: Some("Foxes".into()),
        description: "All of them.".into(),
        starting_index: 0,
        masters: None,
    };
    let report = studio.export(export("one")).unwrap();
    assert!(report.verification.ok, "{:?}", report.verification.failures);
    assert_eq!(report.tokens, 3, "one token per picture");
    assert_eq!(
        studio.export(export("two")).unwrap().root_cid,
        report.root_cid,
        "the same set gives the same bytes"
    );
    assert_eq!(
        studio.bundles(Nothing {}).unwrap()[0],
        report,
        "the export is recorded as it was answered"
    );
    assert_eq!(
        studio.export(export("one")).unwrap_err().code,
        ErrorCode::InvalidRequest,
        "nothing is overwritten"
    );
    let told = std::iter::from_fn(|| events.next(Duration::ZERO))
        .any(|event| matches!(event, Event::ExportProgress(_)));
    assert!(told, "progress is told");
    let foreign = studio
        .approve(Approve {
            by: "Lea".into(),
            order: Some(vec![ids[4]]),
        })
        .unwrap_err();
    assert_eq!(
        foreign.code,
        ErrorCode::InvalidRequest,
        "an undecided candidate cannot be approved: {foreign}"
    );
}

#[test]
fn bundles_tell_what_they_are_made_of_and_which_decisions_lie_between_them() {
    let (planted, ids, studio) = planted(4);
    for id in &ids[..3] {
        accept(&studio, *id);
    }
    let approve = || {
        let by = "Lea".into();
        studio.approve(Approve { by, order: None }).unwrap()
    };
    let export = |name: &str| {
        let request = Export {
            approval: None,
            out: planted.beside(name),
            name: Some("Foxes".into()),
            description: String::new(),
            starting_index: 0,
            masters: None,
        };
        studio.export(request).unwrap()
    };
    approve();
    let first = export("first");
    let bill = studio
        .bundle_materials(BundleRequest {
            path: first.out.clone(),
        })
        .unwrap();
    let model = &bill.materials[0];
    assert_eq!(
        (model.kind.as_str(), model.tokens),
        ("model", 3),
        "all of one model"
    );
    let found = studio
        .withdraw_source(WithdrawSource {
            bundle: first.out.clone(),
            source: model.name.clone(),
        })
        .unwrap();
    assert_eq!(found.tokens, [1, 2, 3], "who withdraws it takes them all along");

    studio
        .decide(Decide {
            candidate: ids[1],
            frame: None,
            verdict: Verdict::Rejected,
            by: "Ada".into(),
            why: "the ear".into(),
        })
        .unwrap();
    approve();
    let second = export("second");
    let told = studio
        .diff_bundles(DiffBundles {
            before: first.out,
            after: second.out,
            delta: Some(planted.beside("delta.car")),
        })
        .unwrap();
    assert!(told.explained, "both were signed over this log");
    let gone = &told.tokens[0];
    assert_eq!((gone.fate, gone.candidate), (TokenFate::Removed, ids[1]));
    let why: Vec<(&str, &str)> = gone
        .decisions
        .iter()
        .map(|one| (one.by.as_str(), one.why.as_str()))
        .collect();
    assert_eq!(
        why,
        [("Ada", "the ear")],
        "the decision between the two, and none before"
    );
    let moved: Vec<TokenFate> = told.tokens[1..].iter().map(|one| one.fate).collect();
    assert_eq!(moved, [TokenFate::Moved], "what comes after it moves up");
    assert_eq!(told.unchanged, 1, "what comes before it stays");
    assert!(
        told.delta.is_some_and(|delta| delta.car.is_file()),
        "and the delta is there"
    );
}

#[test]
fn a_second_studio_only_looks_and_follows() {
    let (planted, ids, first) = planted(2);
    let mut options = StudioOptions::to_curate(planted.dir());
    options.watch = true;
    options.models = Vec::new();
    let second = Studio::open(options).unwrap();
    let reason = second.project_status(Nothing {}).unwrap().read_only;
    assert!(
        reason.is_some_and(|reason| !reason.is_empty()),
        "the second says why it can only look"
    );
    let refused = second.decide(Decide {
        candidate: ids[0],
        frame: None,
        verdict: Verdict::Rejected,
        by: "Bea".into(),
        why: String::new(),
    });
    assert_eq!(
        refused.unwrap_err().code,
        ErrorCode::ReadOnly,
        "and cannot decide"
    );
    assert_eq!(
        second.pause_queue(Nothing {}).unwrap_err().code,
        ErrorCode::ReadOnly,
        "nor steer"
    );
    let events = second.subscribe();
    accept(&first, ids[1]);
    let heard = std::iter::from_fn(|| events.next(Duration::from_secs(20))).find_map(|event| {
        if let Event::Decided(decided) = event {
            Some(decided.candidate)
        } else {
            None
        }
    });
    assert_eq!(heard, Some(ids[1]), "but hears what the first decides");
}

#[test]
fn absurd_requests_are_refused_by_name() {
    let (_planted, ids, studio) = planted(1);
    let decide = |by: &str, why: &str| {
        studio.decide(Decide {
            candidate: ids[0],
            frame: None,
            verdict: Verdict::Accepted,
            by: by.into(),
            why: why.into(),
        })
    };
    assert_eq!(
        decide(" ", "").unwrap_err().code,
        ErrorCode::InvalidRequest,
        "a decision is signed"
    );
    assert_eq!(
        decide(&"x".repeat(5000), "").unwrap_err().code,
        ErrorCode::InvalidRequest,
        "with a name"
    );
    assert_eq!(
        decide("Ada", &"x".repeat(10_000)).unwrap_err().code,
        ErrorCode::InvalidRequest,
        "in few words"
    );
    let many = CandidateRowsRequest {
        ids: vec![ids[0]; 5000],
    };
    assert_eq!(
        studio.candidate_rows(many).unwrap_err().code,
        ErrorCode::InvalidRequest,
        "ranges are bounded"
    );
    let missing = studio
        .candidate(CandidateRequest { id: CandidateId(99) })
        .unwrap_err();
    assert_eq!(missing.code, ErrorCode::NotFound, "{missing}");
    let level = Settings {
        curator: String::new(),
        log_level: "loud".into(),
    };
    assert!(
        studio
            .change_settings(level)
            .unwrap_err()
            .message
            .contains("loud"),
        "the wrong level is named"
    );
    let gone = Studio::open(StudioOptions::to_curate("/nowhere/Gone.salon"))
        .err()
        .unwrap();
    assert_eq!(gone.code, ErrorCode::NotFound, "{gone}");
}

#[test]
fn a_run_whose_model_is_gone_fails_with_a_reason_and_can_be_retried() {
    let mut planted = TempProject::new();
    let run = planted.order(3).id;
    planted.close();
    let mut options = StudioOptions::new(planted.dir());
    options.models = vec![planted.beside("models")];
    options.layers = None;
    options.logs = false;
    let studio = Studio::open(options).unwrap();
    let rest = || studio.run_until_idle(&salon_domain::CancelToken::new(), |_| ());
    rest().unwrap();
    let detail = studio.run_detail(RunRequest { run }).unwrap();
    assert_eq!(
        (detail.summary.failed, detail.summary.run.state),
        (3, RunState::Finished),
        "every slot has ended"
    );
    let reason = serde_json::to_string(&detail.failures[0].state).unwrap();
    assert!(
        reason.contains("there is no model"),
        "the reason names what is missing: {reason}"
    );
    assert_eq!(
        studio.retry_run(RunRequest { run }).unwrap().pending,
        3,
        "failed slots wait again"
    );
    rest().unwrap();
    assert_eq!(
        studio.run_detail(RunRequest { run }).unwrap().summary.failed,
        3,
        "and fail again"
    );
}
