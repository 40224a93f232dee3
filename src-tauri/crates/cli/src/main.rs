//! `salon` on the command line: everything the studio can do, headless. It parses, calls one use case, prints.
//!
//! It owns the words of the command line, its JSON documents and its exit codes. It must not hold rules of its own,
//! touch SQL or tensors, or link a web view.

mod arguments;
mod commands;
mod documentation;
mod interrupt;
mod open;
mod output;
mod progress;

use std::process::ExitCode;

use clap::Parser;
use salon_studio::Recycler;

use crate::arguments::Arguments;
use crate::output::{Failure, Output};

/// Tensors are many short-lived megabytes: they are kept for the next step.
#[global_allocator]
static ALLOCATOR: Recycler = Recycler;

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(fault) => return refuse(&fault),
    };
    let output = Output::new(arguments.json);
    match commands::run(arguments.command, output) {
        Ok(code) => code,
        Err(failure) => output.fail(&failure),
    }
}

/// Ends a call that clap could not read, or one that only asked for help or the version.
fn refuse(fault: &clap::Error) -> ExitCode {
    if !fault.use_stderr() {
        // Help and version go to standard output; a reader that hung up is no failure.
        let _ = fault.print();
        return ExitCode::SUCCESS;
    }
    let _ = fault.print();
    // The arguments could not be read, so whether JSON is wanted is looked up by hand.
    if std::env::args_os().skip(1).any(|argument| argument == "--json") {
        let message = fault.to_string();
        let first = message
            .lines()
            .next()
            .unwrap_or_default()
            .trim_start_matches("error: ");
        Output::new(true).print_failure(&Failure {
            code: "usage".to_owned(),
            message: first.to_owned(),
            hints: vec!["`salon help` shows the commands; `salon help COMMAND` shows one.".to_owned()],
        });
    }
    ExitCode::from(2)
}
