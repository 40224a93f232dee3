//! A project folder: opening it, and the two connections that everything else goes through.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};
use salon_domain::Timestamp;

use crate::lock::{self, Claim, Lock};
use crate::store::{self, Store, SweepReport};
use crate::{CatalogError, Result, schema, settings};

/// The database's file name.
pub const DATABASE: &str = "catalog.sqlite";
/// How long a statement waits for another program (a backup, a database browser) to let the database go.
const PATIENCE: Duration = Duration::from_secs(5);

/// An open project. Every method takes `&self` and may be called from any thread.
///
/// Reads and writes have a connection each: with the write-ahead log, a reader never waits for the writer.
#[derive(Debug)]
pub struct Project {
    dir: PathBuf,
    database: PathBuf,
    store: Store,
    read_only: Option<String>,
    swept: SweepReport,
    // Dropped in this order: the writer must be the last connection, so that closing it folds the log into the
    // database; the lock goes after everything.
    reader: Mutex<Connection>,
    writer: Option<Mutex<Connection>>,
    _lock: Option<Lock>,
}

impl Project {
    /// Makes a project in `dir`, a folder that does not exist yet or is empty, and opens it.
    pub fn create(dir: impl AsRef<Path>, now: Timestamp) -> Result<Self> {
        let dir = dir.as_ref();
        if let Ok(mut entries) = fs::read_dir(dir)
            && let Some(Ok(entry)) = entries.next()
        {
            return Err(CatalogError::Occupied {
                path: dir.into(),
                found: entry.file_name().to_string_lossy().into_owned(),
            });
        }
        store::create_folder(dir)?;
        let project = match lock::claim(dir)? {
            Claim::Held(lock) => Self::open_writable(dir, lock)?,
            Claim::Refused(reason) => return Err(CatalogError::ReadOnly { reason }),
        };
        for folder in [store::PICTURES, store::THUMBNAILS, "bundles", "logs"] {
            store::create_folder(&dir.join(folder))?;
        }
        project
            .write(|transaction| settings::write(transaction, "project.created_at", &now.0.to_string()))?;
        Ok(project)
    }

    /// Opens the project in `dir`: for writing when nobody else has it open so and the folder allows it, else
    /// read-only, with [`Project::read_only`] saying why.
    pub fn open(dir: impl AsRef<Path>) -> Result<Self> {
        let dir = dir.as_ref();
        if !dir.join(DATABASE).is_file() {
            return Err(CatalogError::NotAProject {
                path: dir.into(),
                fault: format!("it holds no {DATABASE}"),
            });
        }
        match lock::claim(dir)? {
            Claim::Refused(reason) => Self::open_read_only(dir, reason),
            Claim::Held(lock) => {
                let after_a_kill = lock.after_a_kill;
                let mut project = Self::open_writable(dir, lock)?;
                if after_a_kill {
                    project.swept = project.sweep_orphans()?;
                }
                Ok(project)
            }
        }
    }

    fn open_writable(dir: &Path, lock: Lock) -> Result<Self> {
        let database = dir.join(DATABASE);
        let mut writer = connect(&database, OpenFlags::default())?;
        let prepared = (|| {
            check_version(&writer, &database)?;
            writer.pragma_update(None, "journal_mode", "WAL")?;
            // A decision is acknowledged when it is on disk.
            writer.pragma_update(None, "synchronous", "FULL")?;
            writer.pragma_update(None, "foreign_keys", true)?;
            schema::migrate(&mut writer, &database)
        })();
        prepared.map_err(|fault| fault.at(&database))?;
        let reader = connect(&database, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        Ok(Self {
            dir: dir.into(),
            store: Store::new(dir.into()),
            database,
            read_only: None,
            swept: SweepReport::default(),
            reader: Mutex::new(reader),
            writer: Some(Mutex::new(writer)),
            _lock: Some(lock),
        })
    }

    fn open_read_only(dir: &Path, reason: String) -> Result<Self> {
        let database = dir.join(DATABASE);
        let reader = connect_read_only(&database)?;
        let found = check_version(&reader, &database).map_err(|fault| fault.at(&database))?;
        if found < schema::NEWEST {
            return Err(CatalogError::UpgradeNeeded {
                path: database,
                reason,
            });
        }
        Ok(Self {
            dir: dir.into(),
            store: Store::new(dir.into()),
            database,
            read_only: Some(reason),
            swept: SweepReport::default(),
            reader: Mutex::new(reader),
            writer: None,
            _lock: None,
        })
    }

    /// The project folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Why nothing can be written, and what to do; `None` when it can.
    pub fn read_only(&self) -> Option<String> {
        self.read_only.clone()
    }

    /// What opening took away after a kill.
    pub fn swept(&self) -> SweepReport {
        self.swept
    }

    pub(crate) fn database(&self) -> &Path {
        &self.database
    }

    pub(crate) fn store(&self) -> &Store {
        &self.store
    }

    /// Refuses when the project is open read-only.
    pub(crate) fn writable(&self) -> Result<&Mutex<Connection>> {
        self.writer.as_ref().ok_or_else(|| CatalogError::ReadOnly {
            reason: self.read_only.clone().unwrap_or_default(),
        })
    }

    /// Reads in one transaction: everything `work` sees is of the same instant.
    pub(crate) fn read<T>(&self, work: impl FnOnce(&Transaction<'_>) -> Result<T>) -> Result<T> {
        let mut connection = self.reader.lock().unwrap_or_else(PoisonError::into_inner);
        let outcome = connection
            .transaction()
            .map_err(CatalogError::from)
            .and_then(|transaction| work(&transaction));
        outcome.map_err(|fault| fault.at(&self.database))
    }

    /// Writes in one transaction: all of it is on disk when this returns, or none of it happened.
    pub(crate) fn write<T>(&self, work: impl FnOnce(&Transaction<'_>) -> Result<T>) -> Result<T> {
        let mut connection = self.writable()?.lock().unwrap_or_else(PoisonError::into_inner);
        let outcome = connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(CatalogError::from)
            .and_then(|transaction| {
                let value = work(&transaction)?;
                transaction.commit()?;
                Ok(value)
            });
        outcome.map_err(|fault| fault.at(&self.database))
    }
}

fn connect(database: &Path, flags: OpenFlags) -> Result<Connection> {
    let open = || {
        let connection = Connection::open_with_flags(database, flags)?;
        connection.busy_timeout(PATIENCE)?;
        connection.set_prepared_statement_cache_capacity(64);
        Ok(connection)
    };
    open().map_err(|fault| CatalogError::Database(fault).at(database))
}

/// A connection that needs no write access to the folder.
///
/// In a folder that cannot be written SQLite reads a write-ahead log database only when told that nobody changes it;
/// then it does not look into the log, so a log that still holds something must not be passed over.
fn connect_read_only(database: &Path) -> Result<Connection> {
    let plain = connect(database, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let Err(fault) = schema::version(&plain) else {
        return Ok(plain);
    };
    let fault = CatalogError::Database(fault).at(database);
    if !matches!(fault, CatalogError::Storage { .. }) {
        return Err(fault);
    }
    let mut log = database.as_os_str().to_owned();
    log.push("-wal");
    if fs::metadata(&log).is_ok_and(|metadata| metadata.len() > 0) {
        return Err(CatalogError::Storage {
            path: log.into(),
            fault: "the last changes are still in the write-ahead log, which cannot be read here".into(),
            next: "Copy the project folder to a place where you may write, and open it there",
        });
    }
    connect_immutable(database)
}

fn connect_immutable(database: &Path) -> Result<Connection> {
    let mut uri = String::from("file:");
    for byte in database.to_string_lossy().bytes() {
        match byte {
            b'%' | b'?' | b'#' => uri.push_str(&format!("%{byte:02X}")),
            _ => uri.push(char::from(byte)),
        }
    }
    uri.push_str("?immutable=1");
    connect(
        Path::new(&uri),
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI,
    )
}

/// The database's format; refused when the file is not ours or is newer than this version knows.
fn check_version(connection: &Connection, database: &Path) -> Result<i64> {
    let application: i32 = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let found = schema::version(connection)?;
    let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    // A database without a table is what a kill during `create` leaves.
    if tables > 0 && application != schema::APPLICATION_ID {
        return Err(CatalogError::NotAProject {
            path: database.into(),
            fault: "another program made this database".into(),
        });
    }
    if found > schema::NEWEST {
        return Err(CatalogError::NewerVersion {
            path: database.into(),
            found,
            known: schema::NEWEST,
        });
    }
    Ok(found)
}
