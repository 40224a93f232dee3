//! `salon new`: an empty project folder.

use std::path::PathBuf;

use serde::Serialize;

use crate::arguments::New;
use crate::open;
use crate::output::{Failure, Output};

#[derive(Serialize)]
struct NewProject {
    name: String,
    path: PathBuf,
}

/// Makes the folder.
pub fn new(arguments: &New, output: Output) -> Result<(), Failure> {
    salon_studio::Studio::create_project(&arguments.dir, open::now())?;
    let path = arguments
        .dir
        .canonicalize()
        .unwrap_or_else(|_| arguments.dir.clone());
    let name = path
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    let document = NewProject {
        name: name.trim_end_matches(".salon").to_owned(),
        path,
    };
    output.print(&document, |document| {
        let path = document.path.display();
        format!("Made {path}\nNext: salon generate --project {path} --prompt TEXT --count 8")
    });
    Ok(())
}
