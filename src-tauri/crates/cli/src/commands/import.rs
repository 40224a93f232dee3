//! `salon import`, `salon watch`: pictures from files and folders.

use std::fmt::Write as _;
use std::process::ExitCode;
use std::time::Duration;

use salon_domain::CancelToken;
use salon_studio::api::{
    Event, ImportPictures, ImportProgress, Nothing, WatchFolder, WatchState, WatchedFolder,
};
use salon_studio::{Studio, StudioOptions};

use crate::arguments::{Import, Watch};
use crate::interrupt::{self, INTERRUPTED};
use crate::open;
use crate::output::{Failure, Output};
use crate::progress::Bar;

/// How often somebody who waits is looked after.
const BEAT: Duration = Duration::from_millis(100);

/// Brings pictures in and waits for them; with `--watch` goes on until Ctrl-C.
pub fn import(arguments: Import, output: Output) -> Result<ExitCode, Failure> {
    let mut options = StudioOptions::to_curate(&arguments.project.project);
    options.watch = arguments.watch;
    let studio = Studio::open(options)?;
    let cancel = interrupt::cancel_on_interrupt()?;
    let folders: Vec<_> = arguments
        .paths
        .iter()
        .filter(|path| path.is_dir())
        .cloned()
        .collect();
    studio.import_pictures(ImportPictures {
        paths: arguments.paths,
    })?;
    let progress = wait(&studio, &cancel, "files", output)?;
    if arguments.watch && !cancel.is_cancelled() {
        for path in folders {
            studio.watch_folder(WatchFolder { path })?;
        }
        output.note("Watching until Ctrl-C.");
        keep_watching(&studio, &cancel, output);
        studio.close();
        return Ok(ExitCode::SUCCESS);
    }
    studio.close();
    Ok(ending(&cancel, &progress))
}

/// Waits until everything that was asked for is in, and says what came of it.
pub fn wait(
    studio: &Studio,
    cancel: &CancelToken,
    things: &'static str,
    output: Output,
) -> Result<ImportProgress, Failure> {
    let bar = Bar::things(output, things);
    let progress = studio.run_until_imported(cancel, |progress| {
        bar.set(through(progress), u64::from(progress.found));
        bar.say(left(progress));
    });
    bar.finish();
    let progress = progress.unwrap_or_default();
    if let Some(fault) = &progress.fault {
        output.note(&told(&progress));
        return Err(fault.clone().into());
    }
    output.print(&progress, told);
    Ok(progress)
}

/// The exit code of an import.
pub fn ending(cancel: &CancelToken, progress: &ImportProgress) -> ExitCode {
    match (cancel.is_cancelled(), progress.refused) {
        (true, _) => ExitCode::from(INTERRUPTED),
        (false, 0) => ExitCode::SUCCESS,
        (false, _) => ExitCode::FAILURE,
    }
}

/// Says what comes in.
fn keep_watching(studio: &Studio, cancel: &CancelToken, output: Output) {
    let events = studio.subscribe();
    while !cancel.is_cancelled() {
        match events.next(BEAT) {
            Some(Event::ImportProgress(progress)) if progress.done => output.note(&told(&progress)),
            Some(Event::WatchedFolders { folders }) => output.note(&listed(&folders)),
            _ => {}
        }
    }
}

fn through(progress: &ImportProgress) -> u64 {
    u64::from(progress.added) + u64::from(progress.known) + u64::from(progress.refused)
}

fn left(progress: &ImportProgress) -> String {
    match progress.seconds_left {
        Some(seconds) => format!("{seconds} s left"),
        None => String::new(),
    }
}

fn told(progress: &ImportProgress) -> String {
    let mut text = format!(
        "{}: {} new, {} known already, {} failed",
        progress.title, progress.added, progress.known, progress.refused
    );
    // Writing to a string cannot fail.
    for failure in &progress.failed {
        let _ = write!(text, "\n  {}: {}", failure.path, failure.why);
    }
    let unlisted = progress.refused as usize - progress.failed.len().min(progress.refused as usize);
    if unlisted > 0 {
        let _ = write!(text, "\n  and {unlisted} more");
    }
    text
}

/// Adds, lists and removes watched folders.
pub fn watch(command: Watch, output: Output) -> Result<(), Failure> {
    let folders = match command {
        Watch::Add(named) => {
            let path = named.folder;
            open::to_curate(&named.project.project)?.watch_folder(WatchFolder { path })?
        }
        Watch::List(project) => open::to_look(&project.project)?.watched_folders(Nothing {})?,
        Watch::Remove(named) => {
            let path = named.folder;
            open::to_curate(&named.project.project)?.unwatch_folder(WatchFolder { path })?
        }
    };
    output.print(&folders, |folders| listed(folders));
    Ok(())
}

fn listed(folders: &[WatchedFolder]) -> String {
    if folders.is_empty() {
        return "No folder is watched. Next: salon watch add --project DIR FOLDER".into();
    }
    let line = |folder: &WatchedFolder| {
        let state = match folder.state {
            WatchState::Watching => "watching",
            WatchState::Missing => "missing",
            WatchState::Resting => "resting",
        };
        match &folder.why {
            Some(why) => format!("{state:9} {} ({why})", folder.path),
            None => format!("{state:9} {}", folder.path),
        }
    };
    folders.iter().map(line).collect::<Vec<_>>().join("\n")
}
