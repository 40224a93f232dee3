//! Pictures from files, and watched folders.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueHint};

use super::ProjectArgument;

/// `salon import`.
#[derive(Debug, Args)]
pub struct Import {
    #[command(flatten)]
    pub project: ProjectArgument,
    /// Picture files (PNG, JPEG, WebP), and folders with everything in them.
    #[arg(value_name = "PATH", required = true, num_args = 1.., value_hint = ValueHint::AnyPath)]
    pub paths: Vec<PathBuf>,
    /// Then watch the folders named, now until Ctrl-C and whenever the project is open.
    #[arg(long)]
    pub watch: bool,
}

/// `salon watch`.
#[derive(Debug, Subcommand)]
pub enum Watch {
    /// Watch a folder whenever the project is open for writing.
    #[command(
        after_long_help = "JSON: an array of objects with path, state (watching, missing, resting), why."
    )]
    Add(WatchedFolder),
    /// List the watched folders and how they are.
    #[command(
        after_long_help = "JSON: an array of objects with path, state (watching, missing, resting), why."
    )]
    List(ProjectArgument),
    /// Watch a folder no longer. Its candidates stay.
    #[command(
        after_long_help = "JSON: an array of objects with path, state (watching, missing, resting), why."
    )]
    Remove(WatchedFolder),
}

/// Names a project and a folder.
#[derive(Debug, Args)]
pub struct WatchedFolder {
    #[command(flatten)]
    pub project: ProjectArgument,
    /// The folder.
    #[arg(value_name = "FOLDER", value_hint = ValueHint::DirPath)]
    pub folder: PathBuf,
}
