//! The reference made from the one definition of the command line: Markdown, man pages, completions.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use clap::builder::StyledStr;
use clap::{Arg, Command, CommandFactory};

use crate::arguments::Arguments;
use crate::output::Failure;

/// The whole definition, built, with the help command that clap adds.
fn definition() -> Command {
    let mut command = Arguments::command().disable_help_subcommand(true);
    command.build();
    command
}

/// `CLI.md`: every command with its usage, arguments and JSON keys.
pub fn markdown() -> String {
    let definition = definition();
    let mut page = String::from("<!-- Made by `salon docs`; a test compares it. Do not edit. -->\n\n");
    describe(&definition, "salon", 1, &mut page);
    page.truncate(page.trim_end().len());
    page.push('\n');
    page
}

fn describe(command: &Command, path: &str, depth: usize, page: &mut String) {
    let heading = "#".repeat(depth.min(4));
    let about = command.get_long_about().or_else(|| command.get_about());
    let _ = writeln!(page, "{heading} `{path}`\n");
    if let Some(about) = about {
        let _ = writeln!(page, "{}\n", sentence(Some(about)));
    }
    let children: Vec<&Command> = command
        .get_subcommands()
        .filter(|child| !child.is_hide_set())
        .collect();
    if children.is_empty() {
        let usage = command.clone().render_usage().to_string();
        let _ = writeln!(
            page,
            "```text\n{}\n```\n",
            usage.trim_start_matches("Usage: ").trim()
        );
    }
    let listed: Vec<&Arg> = command
        .get_arguments()
        .filter(|argument| {
            !argument.is_hide_set() && !matches!(argument.get_id().as_str(), "help" | "version" | "json")
        })
        .collect();
    if depth == 1 {
        let _ = writeln!(
            page,
            "Every command takes `--json` and then prints one JSON document.\n"
        );
    }
    if !listed.is_empty() {
        let _ = writeln!(page, "| argument | meaning |\n|---|---|");
        for argument in listed {
            let _ = writeln!(page, "| {} | {} |", signature(argument), meaning(argument));
        }
        page.push('\n');
    }
    if let Some(after) = command.get_after_long_help() {
        let _ = writeln!(page, "{}\n", after.to_string().trim());
    }
    for child in children {
        describe(child, &format!("{path} {}", child.get_name()), depth + 1, page);
    }
}

fn signature(argument: &Arg) -> String {
    let values = argument.get_num_args().is_some_and(|range| range.takes_values());
    let names = argument.get_value_names().unwrap_or_default();
    let value = names
        .iter()
        .map(clap::builder::Str::as_str)
        .collect::<Vec<_>>()
        .join(" ");
    let many = if argument
        .get_num_args()
        .is_some_and(|range| range.max_values() > 1)
    {
        "…"
    } else {
        ""
    };
    match argument.get_long() {
        Some(long) if values => format!("`--{long} {value}{many}`"),
        Some(long) => format!("`--{long}`"),
        None => format!("`{value}`"),
    }
}

/// A doc comment as a sentence: clap takes the full stop away.
fn sentence(text: Option<&StyledStr>) -> String {
    let text = text
        .map(|text| text.to_string().trim().to_owned())
        .unwrap_or_default();
    if text.is_empty() || text.ends_with(['.', '?', '!']) {
        text
    } else {
        text + "."
    }
}

fn meaning(argument: &Arg) -> String {
    let mut text = sentence(argument.get_help());
    let choices: Vec<String> = argument
        .get_possible_values()
        .iter()
        .map(|value| format!("`{}`", value.get_name()))
        .collect();
    if !choices.is_empty() && argument.get_num_args().is_some_and(|range| range.takes_values()) {
        let _ = write!(text, " One of {}.", choices.join(", "));
    }
    let defaults: Vec<String> = argument
        .get_default_values()
        .iter()
        .map(|value| value.to_string_lossy().into_owned())
        .filter(|value| !value.is_empty() && value != "false")
        .collect();
    if !defaults.is_empty() {
        let _ = write!(text, " Default: `{}`.", defaults.join(" "));
    }
    if let Some(variable) = argument.get_env() {
        let _ = write!(text, " Environment: `{}`.", variable.to_string_lossy());
    }
    text.replace('|', "\\|")
}

/// Writes one man page for `salon` and one for each command into `dir`; gives the files.
pub fn man_pages(dir: &Path) -> Result<Vec<PathBuf>, Failure> {
    fs::create_dir_all(dir).map_err(|fault| Failure::unwritable(dir, &fault))?;
    let mut files = Vec::new();
    man_page(&definition(), "salon", dir, &mut files)?;
    Ok(files)
}

fn man_page(command: &Command, name: &str, dir: &Path, files: &mut Vec<PathBuf>) -> Result<(), Failure> {
    let file = dir.join(format!("{name}.1"));
    let mut page = Vec::new();
    clap_mangen::Man::new(command.clone().name(name.to_owned()))
        .render(&mut page)
        .and_then(|()| fs::write(&file, page))
        .map_err(|fault| Failure::unwritable(&file, &fault))?;
    files.push(file);
    for child in command.get_subcommands() {
        man_page(child, &format!("{name}-{}", child.get_name()), dir, files)?;
    }
    Ok(())
}

/// The completion script of `shell`.
pub fn completions(shell: clap_complete::Shell) -> String {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "salon", &mut script);
    String::from_utf8_lossy(&script).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_holds_together() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn the_committed_reference_is_current() {
        let committed = include_str!("../CLI.md");
        assert!(
            committed == markdown(),
            "CLI.md is stale: write it again with `salon docs > src-tauri/crates/cli/CLI.md`"
        );
    }

    #[test]
    fn every_command_documents_its_json() {
        fn walk(command: &Command, path: &str) {
            let children: Vec<_> = command.get_subcommands().collect();
            for child in &children {
                walk(child, &format!("{path} {}", child.get_name()));
            }
            if children.is_empty() && path != "salon train" {
                let after = command
                    .get_after_long_help()
                    .map(ToString::to_string)
                    .unwrap_or_default();
                assert!(
                    after.contains("JSON"),
                    "`{path}` must name its JSON keys in its help"
                );
            }
        }
        walk(&definition(), "salon");
    }
}
