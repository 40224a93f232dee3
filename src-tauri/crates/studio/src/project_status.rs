//! `project_status`: the open project and what this machine offers.

use crate::Studio;
use crate::api::{ApiError, Counts, Nothing, ProjectStatus};
use crate::settings::{CURATOR, read_or};

impl From<salon_catalog::Counts> for Counts {
    fn from(counts: salon_catalog::Counts) -> Self {
        let salon_catalog::Counts {
            all,
            undecided,
            accepted,
            rejected,
        } = counts;
        Self {
            all,
            undecided,
            accepted,
            rejected,
        }
    }
}

impl Studio {
    /// The open project and what this machine offers.
    pub fn project_status(&self, _: Nothing) -> Result<ProjectStatus, ApiError> {
        let project = &self.inner.project;
        Ok(ProjectStatus {
            name: self.project_name(),
            path: std::path::absolute(project.dir()).unwrap_or_else(|_| project.dir().into()),
            read_only: project.read_only(),
            trouble: self.inner.access().trouble,
            device: self.inner.device_name(),
            model_folders: self
                .inner
                .shelf
                .folders()
                .iter()
                .map(|folder| std::path::absolute(folder).unwrap_or_else(|_| folder.clone()))
                .collect(),
            version: env!("CARGO_PKG_VERSION").into(),
            curator: read_or(project, CURATOR, "")?,
            counts: project.counts()?.into(),
            decisions: project.decision_count()?,
        })
    }

    /// The folder's name without `.salon`.
    pub(crate) fn project_name(&self) -> String {
        let dir = self.inner.project.dir();
        // `.` and `..` have no name of their own.
        let dir = dir.canonicalize().unwrap_or_else(|_| dir.into());
        let name = dir
            .file_name()
            .map_or_else(|| "Untitled".into(), |name| name.to_string_lossy().into_owned());
        name.strip_suffix(".salon")
            .filter(|name| !name.is_empty())
            .map_or(name.clone(), Into::into)
    }
}
