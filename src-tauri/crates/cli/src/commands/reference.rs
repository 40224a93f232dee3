//! `salon completions`, `salon man` and `salon docs`: what is made from the definition of the command line.

use std::path::PathBuf;

use serde::Serialize;

use crate::arguments::{Completions, Man};
use crate::documentation;
use crate::output::{Failure, Output, count};

#[derive(Serialize)]
struct Script {
    shell: String,
    script: String,
}

/// Prints the completion script of one shell.
pub fn completions(arguments: &Completions, output: Output) {
    let document = Script {
        shell: arguments.shell.to_string(),
        script: documentation::completions(arguments.shell),
    };
    output.print(&document, |document| document.script.clone());
}

#[derive(Serialize)]
struct ManPages {
    files: Vec<PathBuf>,
}

/// Writes the man pages.
pub fn man(arguments: &Man, output: Output) -> Result<(), Failure> {
    let document = ManPages {
        files: documentation::man_pages(&arguments.dir)?,
    };
    output.print(&document, |document| {
        format!(
            "Wrote {} to {}",
            count(document.files.len() as u64, "page", "pages"),
            arguments.dir.display()
        )
    });
    Ok(())
}

#[derive(Serialize)]
struct Reference {
    markdown: String,
}

/// Prints the reference.
pub fn docs(output: Output) {
    output.print(
        &Reference {
            markdown: documentation::markdown(),
        },
        |document| document.markdown.clone(),
    );
}
