//! What a command prints: text for people, or one JSON document for programs.

use std::fmt::Display;
use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;

use salon_studio::ApiError;
use serde::Serialize;

/// Why a command failed, and what to do next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// A stable word for programs.
    pub code: String,
    /// What happened, naming the thing.
    pub message: String,
    /// What to do next.
    pub hints: Vec<String>,
}

impl Failure {
    /// A failure with one next step.
    pub fn new(code: &str, message: impl Display, hint: impl Display) -> Self {
        Self {
            code: code.to_owned(),
            message: message.to_string(),
            hints: vec![hint.to_string()],
        }
    }

    /// A file or folder that could not be written.
    pub fn unwritable(path: &Path, fault: &io::Error) -> Self {
        Self::new(
            "storage",
            format!("{} cannot be written: {fault}", path.display()),
            "Choose a folder that you may write to, with space left on it.",
        )
    }
}

impl From<ApiError> for Failure {
    fn from(error: ApiError) -> Self {
        // The code's word is the one it has in JSON, so that every host spells it alike.
        let code = match serde_json::to_value(error.code) {
            Ok(serde_json::Value::String(word)) => word,
            _ => "internal".to_owned(),
        };
        Self {
            code,
            message: error.message,
            hints: error.hints,
        }
    }
}

/// Where results go.
#[derive(Debug, Clone, Copy)]
pub struct Output {
    json: bool,
}

impl Output {
    /// Prints JSON when `json`, else text.
    pub fn new(json: bool) -> Self {
        Self { json }
    }

    /// Whether progress may be drawn: somebody looks at the terminal, and no document is expected.
    pub fn draws_progress(self) -> bool {
        !self.json && io::stderr().is_terminal()
    }

    /// Prints the one result of a command: `document` as JSON, or what `text` makes of it.
    pub fn print<Document: Serialize>(self, document: &Document, text: impl FnOnce(&Document) -> String) {
        let line = if self.json {
            serde_json::to_string_pretty(document)
                .unwrap_or_else(|fault| format!("{{\"error\": \"{fault}\"}}"))
        } else {
            text(document)
        };
        let mut out = io::stdout().lock();
        // A reader that hung up (`salon list | head`) has what it wanted.
        let _ = writeln!(out, "{}", line.trim_end_matches('\n')).and_then(|()| out.flush());
    }

    /// Says something on the way that is no part of the result; nothing in JSON.
    pub fn note(self, text: &str) {
        if !self.json {
            let _ = writeln!(io::stderr(), "{text}");
        }
    }

    /// Prints `failure` and gives the exit code for it.
    pub fn fail(self, failure: &Failure) -> ExitCode {
        let mut err = io::stderr().lock();
        let _ = writeln!(err, "error: {}", failure.message);
        for hint in &failure.hints {
            let _ = writeln!(err, "help: {hint}");
        }
        drop(err);
        self.print_failure(failure);
        ExitCode::FAILURE
    }

    /// Prints `failure` as a JSON document, when JSON is wanted.
    pub fn print_failure(self, failure: &Failure) {
        if self.json {
            self.print(&serde_json::json!({ "error": failure }), |_| String::new());
        }
    }
}

/// Counts things in text: `1 picture`, `2 pictures`.
pub fn count(number: impl Into<u64>, singular: &str, plural: &str) -> String {
    match number.into() {
        1 => format!("1 {singular}"),
        number => format!("{number} {plural}"),
    }
}
