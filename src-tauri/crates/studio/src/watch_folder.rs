//! `watched_folders`, `watch_folder`, `unwatch_folder`: folders whose new pictures come in by themselves.

use std::path::Path;

use crate::Studio;
use crate::api::{ApiError, ErrorCode, Nothing, WatchFolder, WatchedFolder};
use crate::import::absolute;
use crate::studio::Inner;

/// Most folders that are watched: each costs the system a watch per folder within it.
const MOST_FOLDERS: usize = 100;

impl Studio {
    /// The watched folders and how they are.
    pub fn watched_folders(&self, _: Nothing) -> Result<Vec<WatchedFolder>, ApiError> {
        self.inner.watched()
    }

    /// Watches a folder from now on, also after the next start; brings in what is there.
    pub fn watch_folder(&self, request: WatchFolder) -> Result<Vec<WatchedFolder>, ApiError> {
        let path = absolute(&request.path);
        let name = text(&path)?;
        if !path.is_dir() {
            return Err(ApiError::new(
                ErrorCode::NotFound,
                format!("{name} is no folder"),
                &["Name a folder that is there now; later it may come and go."],
            ));
        }
        let project = std::path::absolute(self.inner.project.dir()).unwrap_or_default();
        if path.starts_with(&project) {
            return Err(ApiError::invalid_request(format!(
                "{name} belongs to this project: its pictures are candidates already"
            )));
        }
        let inner = &self.inner;
        let watched = inner.project.watched_folders()?;
        if watched.len() >= MOST_FOLDERS && !watched.contains(&name) {
            return Err(ApiError::invalid_request(format!(
                "{MOST_FOLDERS} folders are watched: take one out, or name a folder above several"
            )));
        }
        inner.project.watch_folder(&name, inner.now())?;
        inner.folders.changed();
        inner.tell_watched()
    }

    /// Watches a folder no longer. Its candidates stay.
    pub fn unwatch_folder(&self, request: WatchFolder) -> Result<Vec<WatchedFolder>, ApiError> {
        let inner = &self.inner;
        let name = text(&absolute(&request.path))?;
        if !inner.project.unwatch_folder(&name)? {
            return Err(ApiError::new(
                ErrorCode::NotFound,
                format!("{name} is not watched"),
                &["The list of watched folders says how each is spelt."],
            ));
        }
        inner.folders.changed();
        inner.tell_watched()
    }
}

fn text(path: &Path) -> Result<String, ApiError> {
    path.to_str().map(ToOwned::to_owned).ok_or_else(|| {
        ApiError::invalid_request(format!(
            "the name of {} is not text, so it cannot be remembered: rename it",
            path.display()
        ))
    })
}

impl Inner {
    pub(crate) fn watched(&self) -> Result<Vec<WatchedFolder>, ApiError> {
        let paths = self.project.watched_folders()?;
        Ok(paths.iter().map(|path| self.folders.state(path)).collect())
    }

    fn tell_watched(&self) -> Result<Vec<WatchedFolder>, ApiError> {
        let folders = self.watched()?;
        self.events.watched_folders(&folders);
        Ok(folders)
    }
}
