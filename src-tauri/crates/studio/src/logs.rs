//! The log file of a project: `logs/salon.<day>.log`, a week of it, its level changeable at run time.

use std::path::Path;
use std::str::FromStr;
use std::sync::OnceLock;

use tracing::level_filters::LevelFilter;
use tracing_appender::non_blocking::WorkerGuard;
use tracing_appender::rolling::{RollingFileAppender, Rotation};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Registry, reload};

/// Days of logs kept.
const DAYS_KEPT: usize = 7;

/// The levels people can choose, quietest first.
pub(crate) const LEVELS: [&str; 5] = ["error", "warn", "info", "debug", "trace"];

/// The level until somebody chooses another.
pub(crate) const DEFAULT_LEVEL: &str = "info";

static LEVEL: OnceLock<reload::Handle<LevelFilter, Registry>> = OnceLock::new();

/// Keeps the log's writing thread alive; dropping it writes what is left.
pub(crate) struct LogFile {
    _worker: WorkerGuard,
}

/// Starts the log of the project at `project`. None when this process already logs elsewhere, or the folder cannot be
/// written: a studio works without a log.
pub(crate) fn start(project: &Path, level: &str) -> Option<LogFile> {
    let file = RollingFileAppender::builder()
        .rotation(Rotation::DAILY)
        .filename_prefix("salon")
        .filename_suffix("log")
        .max_log_files(DAYS_KEPT)
        .build(project.join("logs"))
        .ok()?;
    let (writer, worker) = tracing_appender::non_blocking(file);
    let (filter, handle) = reload::Layer::new(LevelFilter::from_str(level).unwrap_or(LevelFilter::INFO));
    let lines = tracing_subscriber::fmt::layer()
        .with_ansi(false)
        .with_writer(writer);
    tracing_subscriber::registry()
        .with(filter)
        .with(lines)
        .try_init()
        .ok()?;
    let _ = LEVEL.set(handle);
    Some(LogFile { _worker: worker })
}

/// Changes the level of the running log, if there is one.
pub(crate) fn change_level(level: &str) {
    if let (Some(handle), Ok(filter)) = (LEVEL.get(), LevelFilter::from_str(level)) {
        let _ = handle.reload(filter);
    }
}
