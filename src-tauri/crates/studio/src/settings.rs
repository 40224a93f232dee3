//! `settings`, `change_settings`: what the user set, kept in the project.

use salon_catalog::Project;

use crate::Studio;
use crate::api::{ApiError, ErrorCode, Nothing, Settings};
use crate::events::lock;
use crate::logs;

/// Key of the curator's name.
pub(crate) const CURATOR: &str = "curator";

/// Key of the log level.
pub(crate) const LOG_LEVEL: &str = "log_level";

/// Key of whether the queue as a whole is paused ("yes").
pub(crate) const QUEUE_PAUSED: &str = "queue.paused";

/// Longest name of a person, in characters.
const LONGEST_NAME: usize = 200;

/// Longest name of a saved recipe or view, in characters.
const LONGEST_KEPT: usize = 100;

/// A setting, or what holds until somebody sets it.
pub(crate) fn read_or(project: &Project, key: &str, default: &str) -> Result<String, ApiError> {
    Ok(project.setting(key)?.unwrap_or_else(|| default.into()))
}

/// The name, trimmed; refused when it is blank or absurdly long.
pub(crate) fn checked_name<'a>(name: &'a str, what_for: &str) -> Result<&'a str, ApiError> {
    let name = name.trim();
    if name.is_empty() {
        return Err(ApiError::invalid_request(format!(
            "{what_for} needs a name: say who you are"
        )));
    }
    if name.chars().count() > LONGEST_NAME {
        return Err(ApiError::invalid_request(format!(
            "the name has more than {LONGEST_NAME} characters: shorten it"
        )));
    }
    Ok(name)
}

/// The name that something is kept under, trimmed; refused when it is blank or too long to be read in a list.
pub(crate) fn kept_name<'a>(name: &'a str, what: &str) -> Result<&'a str, ApiError> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > LONGEST_KEPT {
        return Err(ApiError::invalid_request(format!(
            "a {what} needs a name of 1 to {LONGEST_KEPT} characters"
        )));
    }
    Ok(name)
}

/// Answers a request to forget what is kept under `name`: `found` says whether there was such a thing.
pub(crate) fn forgotten(found: bool, name: &str, what: &str) -> Result<Nothing, ApiError> {
    if found {
        return Ok(Nothing {});
    }
    let message = format!("there is no {what} `{}`", name.trim());
    Err(ApiError::new(ErrorCode::NotFound, message, &[]))
}

impl Studio {
    /// What the user set.
    pub fn settings(&self, _: Nothing) -> Result<Settings, ApiError> {
        let project = &self.inner.project;
        Ok(Settings {
            curator: read_or(project, CURATOR, "")?,
            log_level: read_or(project, LOG_LEVEL, logs::DEFAULT_LEVEL)?,
        })
    }

    /// Changes every setting at once; the log level holds from now on.
    pub fn change_settings(&self, request: Settings) -> Result<Settings, ApiError> {
        let level = request.log_level.trim().to_lowercase();
        if !logs::LEVELS.contains(&level.as_str()) {
            let message = format!("`{level}` is no log level: choose {}", logs::LEVELS.join(", "));
            return Err(ApiError::invalid_request(message));
        }
        let curator = match request.curator.trim() {
            "" => "",
            name => checked_name(name, "a curator")?,
        };
        self.inner.project.set_setting(CURATOR, curator)?;
        self.inner.project.set_setting(LOG_LEVEL, &level)?;
        *lock(&self.inner.curator) = Some(curator.into());
        logs::change_level(&level);
        self.settings(Nothing {})
    }

    /// Remembers who decided last, so that nobody is asked for a name twice.
    pub(crate) fn remember_curator(&self, name: &str) -> Result<(), ApiError> {
        // Who sits at this machine is not the guest who decides from another.
        if self.acts_for.is_some() {
            return Ok(());
        }
        let mut known = lock(&self.inner.curator);
        if known.as_deref() != Some(name) {
            if read_or(&self.inner.project, CURATOR, "")? != name {
                self.inner.project.set_setting(CURATOR, name)?;
            }
            *known = Some(name.into());
        }
        Ok(())
    }
}
