//! What can go wrong in a project, in words a person can act on.

use std::fmt::Display;
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;
use salon_domain::{ApprovalError, CandidateId, RecipeError, RunId};

/// The result of everything in this crate.
pub type Result<T, E = CatalogError> = std::result::Result<T, E>;

/// Why a project could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    /// A row that was named does not exist.
    #[error("there is no {what} {id} in this project: reload the list")]
    NotFound {
        /// What was looked for ("candidate").
        what: &'static str,
        /// Its row.
        id: i64,
    },
    /// Somebody or something that was named does not exist.
    #[error("there is no {what} {name} in this project")]
    Unknown {
        /// What was looked for ("curator").
        what: &'static str,
        /// Its name.
        name: String,
    },
    /// What was asked cannot be: the reason, and what to do.
    #[error("{0}")]
    Refused(String),
    /// Who asked may not: the reason, and who may.
    #[error("{0}")]
    NotAllowed(String),
    /// What a hand decided is not what it saw.
    #[error("candidate {0} is not what was shown there: nothing was changed; look again and decide again")]
    NotWhatWasSeen(CandidateId),
    /// The attribute schema was changed since it was read.
    #[error(
        "the schema is at version {found}, and version {expects} was edited: nothing was changed; look at the newer one and edit that"
    )]
    SchemaMovedOn {
        /// The version that was edited; 0 for none.
        expects: u32,
        /// The newest one; 0 for none.
        found: u32,
    },
    /// Somebody decided since a proposal was made.
    #[error(
        "the log has {found} rows, and the proposal was made after {rows}: nothing was changed; ask for another proposal"
    )]
    DecidedSince {
        /// Rows when the proposal was made.
        rows: u32,
        /// Rows now.
        found: u32,
    },
    /// The folder is no project.
    #[error("{} is not a Salon project: {fault}. Choose a folder that holds catalog.sqlite, or make a new project", path.display())]
    NotAProject {
        /// The folder.
        path: PathBuf,
        /// What is missing or foreign.
        fault: String,
    },
    /// A project cannot be made in a folder that already holds something.
    #[error("{} already holds {found}: open it if it is a project, or choose a folder that does not exist yet", path.display())]
    Occupied {
        /// The folder.
        path: PathBuf,
        /// What was found in it.
        found: String,
    },
    /// The project is open read-only.
    #[error("the project is open read-only: {reason}")]
    ReadOnly {
        /// Why, and what to do.
        reason: String,
    },
    /// The database was made by a later version of this program.
    #[error(
        "{} was made by a newer Salon (format {found}, this one knows up to {known}): update Salon to open it",
        path.display()
    )]
    NewerVersion {
        /// The database.
        path: PathBuf,
        /// Its format.
        found: i64,
        /// The newest format this version knows.
        known: i64,
    },
    /// The database needs an upgrade that a read-only folder does not allow.
    #[error("{} was made by an older Salon and must be upgraded, but it is read-only here: {reason}", path.display())]
    UpgradeNeeded {
        /// The database.
        path: PathBuf,
        /// Why it is read-only, and what to do.
        reason: String,
    },
    /// The disk is full or cannot be written or read.
    #[error("{}: {fault}. {next}", path.display())]
    Storage {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        fault: String,
        /// What to do.
        next: &'static str,
    },
    /// Something stored is not what was written.
    #[error("{} is damaged: {fault}. Keep it aside and restore the project from a copy", path.display())]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        fault: String,
    },
    /// A picture that cannot be stored or shown.
    #[error("{name} cannot be used as a picture: {fault}")]
    Picture {
        /// The file, or where the bytes came from.
        name: String,
        /// What is wrong with it, and what would be accepted.
        fault: String,
    },
    /// A run is not in a state that allows what was asked.
    #[error("run {run} {fault}")]
    Run {
        /// The run.
        run: RunId,
        /// Its state, and what to do.
        fault: &'static str,
    },
    /// The set cannot be approved, or was changed after it was signed.
    #[error(transparent)]
    Approval(#[from] ApprovalError),
    /// The recipe is not possible.
    #[error(transparent)]
    Recipe(#[from] RecipeError),
    /// The database refused a statement for a reason of its own.
    #[error("the project's database refused a statement: {0}. This is a defect of Salon: please report it")]
    Database(#[from] rusqlite::Error),
}

const DISK_FULL: &str = "Free some space on this disk, then try again; nothing was half-written";
const UNWRITABLE: &str =
    "Check that the disk is connected and has room, and that you may write there, then try again";

impl CatalogError {
    /// A failed file operation on `path`.
    pub(crate) fn storage(path: &Path, fault: &io::Error) -> Self {
        let full = matches!(
            fault.kind(),
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge
        );
        Self::Storage {
            path: path.into(),
            fault: fault.to_string(),
            next: if full { DISK_FULL } else { UNWRITABLE },
        }
    }

    /// Something at `path` that is not what was written.
    pub(crate) fn corrupt(path: &Path, fault: &dyn Display) -> Self {
        Self::Corrupt {
            path: path.into(),
            fault: fault.to_string(),
        }
    }

    /// Turns what SQLite reports about the disk or the file into errors that name the database at `path`.
    pub(crate) fn at(self, path: &Path) -> Self {
        let Self::Database(fault) = self else { return self };
        if let rusqlite::Error::FromSqlConversionFailure(..)
        | rusqlite::Error::InvalidColumnType(..)
        | rusqlite::Error::IntegralValueOutOfRange(..) = fault
        {
            return Self::corrupt(path, &fault);
        }
        let next = match fault.sqlite_error_code() {
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => return Self::corrupt(path, &fault),
            Some(ErrorCode::DiskFull) => DISK_FULL,
            Some(
                ErrorCode::SystemIoFailure
                | ErrorCode::CannotOpen
                | ErrorCode::PermissionDenied
                | ErrorCode::ReadOnly,
            ) => UNWRITABLE,
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                "Another program holds the database: close it, then try again"
            }
            _ => return Self::Database(fault),
        };
        Self::Storage {
            path: path.into(),
            fault: fault.to_string(),
            next,
        }
    }
}
