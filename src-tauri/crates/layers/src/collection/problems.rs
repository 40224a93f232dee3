//! What is wrong with a collection, each with the file it is about.

use serde::Serialize;

/// Whether a problem stands in the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Nothing can be rendered before it is mended.
    Fault,
    /// It works, though perhaps not as was meant.
    Warning,
}

/// One problem: where, what, and the next step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// Whether it stands in the way.
    pub severity: Severity,
    /// A file or folder of the project, with the line where there is one (`src/config.js:12`).
    pub place: String,
    /// What is wrong, and what to do.
    pub message: String,
}

/// Problems as they are found.
#[derive(Debug, Default)]
pub(super) struct Problems {
    pub all: Vec<Problem>,
}

impl Problems {
    pub fn fault(&mut self, place: impl Into<String>, message: impl Into<String>) {
        self.add(Severity::Fault, place.into(), message.into());
    }

    pub fn warn(&mut self, place: impl Into<String>, message: impl Into<String>) {
        self.add(Severity::Warning, place.into(), message.into());
    }

    /// The same layer may stand in several configurations: each problem is told once.
    fn add(&mut self, severity: Severity, place: String, message: String) {
        let problem = Problem {
            severity,
            place,
            message,
        };
        if !self.all.contains(&problem) {
            self.all.push(problem);
        }
    }
}
