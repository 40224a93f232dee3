//! A project folder: opening it, and the connections that everything else goes through.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};
use salon_domain::Timestamp;

use crate::lock::{self, Claim, Lock};
use crate::place::Place;
use crate::store::{self, Store, SweepReport};
use crate::{CatalogError, Result, schema, settings};

/// The database's file name.
pub const DATABASE: &str = "catalog.sqlite";
/// How long a statement waits for another program (a backup, a database browser) to let the database go. A hand waits
/// as long before it hears that its decision could not be kept.
const PATIENCE: Duration = Duration::from_secs(2);
/// Why nothing is written where somebody only looks.
const LOOKS: &str = "it was opened only to be looked at";
/// Each connection sits behind a mutex of ours, so SQLite needs none of its own.
const READ: OpenFlags = OpenFlags::SQLITE_OPEN_READ_ONLY.union(OpenFlags::SQLITE_OPEN_NO_MUTEX);
const WRITE: OpenFlags = OpenFlags::SQLITE_OPEN_READ_WRITE
    .union(OpenFlags::SQLITE_OPEN_CREATE)
    .union(OpenFlags::SQLITE_OPEN_NO_MUTEX);

/// An open project. Every method takes `&self` and may be called from any thread.
///
/// Reads and writes have a connection each: with the write-ahead log, a reader never waits for the writer. Whoever reads at
/// length while nobody waits for it has another, so that a hand waits for neither.
#[derive(Debug)]
pub struct Project {
    dir: PathBuf,
    database: PathBuf,
    store: Store,
    /// Why nothing could be written when it was opened, or when it was last asked for.
    refused: Mutex<Option<String>>,
    /// Why the last attempt to write failed.
    trouble: Mutex<Option<String>>,
    swept: SweepReport,
    // Dropped in this order: the writer must be the last connection, so that closing it folds the log into the
    // database.
    reader: Mutex<Connection>,
    /// Opened when it is first needed.
    patient_reader: Mutex<Option<Connection>>,
    writing: OnceLock<Writing>,
}

/// What this process has while it is the one that writes.
#[derive(Debug)]
struct Writing {
    /// Where the database lay when it was opened.
    place: Place,
    // The lock goes after everything.
    connection: Mutex<Connection>,
    _lock: Lock,
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
        refuse_foreign(dir)?;
        match lock::claim(dir)? {
            Claim::Refused(reason) => Self::open_read_only(dir, reason),
            Claim::Held(lock) => {
                let after_a_kill = lock.after_a_kill;
                let mut project = Self::open_writable(dir, lock)?;
                if after_a_kill && project.read_only().is_none() {
                    project.check_pages()?;
                    project.swept = project.sweep_orphans()?;
                }
                Ok(project)
            }
        }
    }

    /// Opens the project in `dir` to look at it: nothing is written, and nobody is kept from writing. What an older
    /// version made is upgraded first, when nobody else has it open.
    pub fn open_to_look(dir: impl AsRef<Path>) -> Result<Self> {
        let dir = dir.as_ref();
        refuse_foreign(dir)?;
        match Self::open_read_only(dir, LOOKS.into()) {
            Err(CatalogError::UpgradeNeeded { .. }) => {
                drop(Self::open(dir)?);
                Self::open_read_only(dir, LOOKS.into())
            }
            opened => opened,
        }
    }

    fn open_writable(dir: &Path, lock: Lock) -> Result<Self> {
        let database = dir.join(DATABASE);
        let writing = match prepare_to_write(&database, lock)? {
            Ok(writing) => writing,
            Err(reason) => return Self::open_read_only(dir, reason),
        };
        let reader = connect(&database, READ)?;
        Ok(Self {
            dir: dir.into(),
            store: Store::new(dir.into()),
            database,
            refused: Mutex::new(None),
            trouble: Mutex::new(None),
            swept: SweepReport::default(),
            reader: Mutex::new(reader),
            patient_reader: Mutex::new(None),
            writing: OnceLock::from(writing),
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
            refused: Mutex::new(Some(reason)),
            trouble: Mutex::new(None),
            swept: SweepReport::default(),
            reader: Mutex::new(reader),
            patient_reader: Mutex::new(None),
            writing: OnceLock::new(),
        })
    }

    /// Begins to write in a project that was opened for reading, when whoever wrote has left. Refused with
    /// [`CatalogError::ReadOnly`], which says why, as long as nothing may be written; [`Project::read_only`] says the same
    /// from then on.
    pub fn take_over(&self) -> Result<()> {
        let refuse = |reason: String| {
            *locked(&self.refused) = Some(reason.clone());
            Err(CatalogError::ReadOnly { reason })
        };
        if self.writing.get().is_some() {
            return Ok(());
        }
        let lock = match lock::claim_within(&self.dir, Duration::ZERO)? {
            Claim::Held(lock) => lock,
            Claim::Refused(reason) => return refuse(reason),
        };
        let after_a_kill = lock.after_a_kill;
        let writing = match prepare_to_write(&self.database, lock)? {
            Ok(writing) => writing,
            Err(reason) => return refuse(reason),
        };
        // What was opened in a folder that could not be written may not see what is written from now on.
        *locked(&self.reader) = connect(&self.database, READ)?;
        *locked(&self.patient_reader) = None;
        if self.writing.set(writing).is_ok() {
            *locked(&self.refused) = None;
        }
        if after_a_kill {
            self.check_pages()?;
            self.sweep_orphans()?;
        }
        Ok(())
    }

    /// Lets SQLite look over the whole file, as the machine may have stopped with the process.
    fn check_pages(&self) -> Result<()> {
        self.read(|transaction| {
            let found: String = transaction.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
            match found.as_str() {
                "ok" => Ok(()),
                _ => Err(CatalogError::corrupt(&self.database, &found)),
            }
        })
    }

    /// The project folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Why nothing can be written, and what to do; `None` when it can.
    pub fn read_only(&self) -> Option<String> {
        locked(&self.refused).clone()
    }

    /// Why the last attempt to write failed, and what to do: a full disk, a locked database, a folder that is gone.
    /// `None` once something could be written again.
    pub fn trouble(&self) -> Option<String> {
        locked(&self.trouble).clone()
    }

    /// Looks whether what is written would land where the project is; [`Project::trouble`] knows it then.
    pub fn check_place(&self) -> Result<()> {
        let found = match self.writing.get() {
            Some(writing) => writing.place.check(&self.dir),
            None => Ok(()),
        };
        self.noted(found)
    }

    /// Tries whether writing works (again), into the database and beside it, without waiting for anybody.
    pub fn try_to_write(&self) -> Result<()> {
        self.write_within(Duration::ZERO, |transaction| {
            settings::write(transaction, "project.tried", "")
        })?;
        self.noted(self.store.try_to_write())
    }

    /// Remembers why nothing could be written.
    pub(crate) fn noted<T>(&self, outcome: Result<T>) -> Result<T> {
        if let Err(fault @ CatalogError::Storage { .. }) = &outcome {
            *locked(&self.trouble) = Some(fault.to_string());
        }
        outcome
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

    /// Refuses when the project is open read-only, or is not where it was.
    pub(crate) fn writable(&self) -> Result<()> {
        self.writing().map(drop)
    }

    fn writing(&self) -> Result<&Writing> {
        let Some(writing) = self.writing.get() else {
            return Err(CatalogError::ReadOnly {
                reason: self.read_only().unwrap_or_default(),
            });
        };
        self.noted(writing.place.check(&self.dir))?;
        Ok(writing)
    }

    /// Reads in one transaction: everything `work` sees is of the same instant.
    pub(crate) fn read<T>(&self, work: impl FnOnce(&Transaction<'_>) -> Result<T>) -> Result<T> {
        let mut connection = locked(&self.reader);
        let outcome = connection
            .transaction()
            .map_err(CatalogError::from)
            .and_then(|transaction| work(&transaction));
        outcome.map_err(|fault| fault.at(&self.database))
    }

    /// The same for work that nobody waits for: however long it takes, whoever looks does not wait for it.
    pub(crate) fn read_patiently<T>(&self, work: impl FnOnce(&Transaction<'_>) -> Result<T>) -> Result<T> {
        let mut reader = locked(&self.patient_reader);
        if reader.is_none() {
            let opened = match self.writing.get() {
                Some(_) => connect(&self.database, READ),
                None => connect_read_only(&self.database),
            };
            // A folder that was moved meanwhile is read through what is open already.
            *reader = opened.ok();
        }
        let Some(connection) = reader.as_mut() else {
            drop(reader);
            return self.read(work);
        };
        let outcome = connection
            .transaction()
            .map_err(CatalogError::from)
            .and_then(|transaction| work(&transaction));
        outcome.map_err(|fault| fault.at(&self.database))
    }

    /// Writes in one transaction: all of it is on disk when this returns, or none of it happened.
    pub(crate) fn write<T>(&self, work: impl FnOnce(&Transaction<'_>) -> Result<T>) -> Result<T> {
        self.write_within(PATIENCE, work)
    }

    /// The same, waiting at most `patience` for another program to let the database go.
    fn write_within<T>(
        &self,
        patience: Duration,
        work: impl FnOnce(&Transaction<'_>) -> Result<T>,
    ) -> Result<T> {
        let mut connection = locked(&self.writing()?.connection);
        let outcome = connection
            .busy_timeout(patience)
            .map_err(CatalogError::from)
            .and_then(|()| {
                let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
                let value = work(&transaction)?;
                transaction.commit()?;
                Ok(value)
            });
        let outcome = self.noted(outcome.map_err(|fault| fault.at(&self.database)));
        if outcome.is_ok() {
            *locked(&self.trouble) = None;
        }
        outcome
    }
}

/// Locks, also after a panic elsewhere: what is behind our locks is whole between statements.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn refuse_foreign(dir: &Path) -> Result<()> {
    if dir.join(DATABASE).is_file() {
        return Ok(());
    }
    Err(CatalogError::NotAProject {
        path: dir.into(),
        fault: format!("it holds no {DATABASE}"),
    })
}

/// Opens the connection that writes, and brings the format up to date. Where the file cannot be written, says so.
fn prepare_to_write(database: &Path, lock: Lock) -> Result<Result<Writing, String>> {
    let mut writer = connect(database, WRITE)?;
    // SQLite falls back to reading when the file alone is write-protected.
    if writer.is_readonly("main").unwrap_or(false) {
        return Ok(Err(format!(
            "{} is write-protected. Allow writing to it, then open the project again",
            database.display()
        )));
    }
    let prepared: Result<()> = (|| {
        check_version(&writer, database)?;
        writer.pragma_update(None, "journal_mode", "WAL")?;
        // A decision is acknowledged when it is on disk.
        writer.pragma_update(None, "synchronous", "FULL")?;
        // A migration may make a table anew; references are checked at its end.
        writer.pragma_update(None, "foreign_keys", false)?;
        schema::migrate(&mut writer, database)?;
        Ok(writer.pragma_update(None, "foreign_keys", true)?)
    })();
    prepared.map_err(|fault| fault.at(database))?;
    Ok(Ok(Writing {
        place: Place::of(database)?,
        connection: Mutex::new(writer),
        _lock: lock,
    }))
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
    let plain = connect(database, READ)?;
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

/// Opens a database that nobody can change, so that SQLite needs neither locks nor a log beside it.
fn connect_immutable(database: &Path) -> Result<Connection> {
    let path = database.to_string_lossy();
    // On Windows a URI names a drive as `/C:/…`.
    let path = if cfg!(windows) {
        format!("/{}", path.replace('\\', "/"))
    } else {
        path.into_owned()
    };
    let mut uri = String::from("file:");
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'_' | b'.' | b'~' | b':' => {
                uri.push(char::from(byte));
            }
            _ => uri.extend(['%', hex_digit(byte >> 4), hex_digit(byte & 15)]),
        }
    }
    uri.push_str("?immutable=1");
    connect(Path::new(&uri), READ | OpenFlags::SQLITE_OPEN_URI)
}

fn hex_digit(nibble: u8) -> char {
    char::from(b"0123456789ABCDEF"[usize::from(nibble & 15)])
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

#[cfg(test)]
mod tests {
    use salon_domain::{Digest, ModelRef, Recipe};

    use super::*;

    fn recipe() -> Recipe {
        Recipe {
            guidance: 3.0,
            seed: 7,
            ..Recipe::plain(
                ModelRef {
                    name: "house".into(),
                    sha256: Digest::ZERO,
                },
                "a fox",
                64,
                64,
            )
        }
    }

    #[test]
    fn a_full_disk_is_named_and_leaves_nothing_half_written() {
        let folder = tempfile::tempdir().unwrap();
        let project = Project::create(folder.path(), Timestamp(0)).unwrap();
        let limit = |pages: i64| {
            let writer = project.writing().unwrap().connection.lock().unwrap();
            // SQLite answers with the limit that holds: never below what the file already has.
            writer
                .query_row(&format!("PRAGMA max_page_count = {pages}"), [], |row| {
                    row.get::<_, i64>(0)
                })
                .unwrap();
        };
        limit(1);
        let full = project
            .insert_run(&recipe(), 50_000, false, Timestamp(1))
            .unwrap_err();
        let CatalogError::Storage { path, next, .. } = &full else {
            panic!("a full disk must be told from a defect: {full}")
        };
        assert_eq!(path, project.database(), "the error names the file");
        assert!(next.contains("Free some space"), "`{next}` says what to do");
        assert!(project.runs().unwrap().is_empty(), "the run was not half-written");
        limit(1 << 30);
        project
            .insert_run(&recipe(), 50_000, false, Timestamp(2))
            .expect("with space it goes on");
    }

    #[test]
    fn a_folder_that_cannot_be_written_is_read_without_touching_it() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("100% foxes? #1 ÄÖ.salon");
        let project = Project::create(&dir, Timestamp(0)).unwrap();
        project.set_setting("curator", "Ada").unwrap();
        drop(project);
        let database = dir.join(DATABASE);
        let connection = connect_immutable(&database).unwrap();
        let curator: String = connection
            .query_row("SELECT value FROM settings WHERE key = 'curator'", [], |row| {
                row.get(0)
            })
            .unwrap();
        assert_eq!(curator, "Ada", "any character of the path survives the URI");
        connection
            .execute("DELETE FROM settings", [])
            .expect_err("an immutable database is not written");
        drop(connection);
        let project = Project::open_read_only(&dir, "this folder cannot be written".into()).unwrap();
        assert_eq!(project.setting("curator").unwrap().as_deref(), Some("Ada"));
        let refused = project.set_setting("curator", "Mallory").unwrap_err().to_string();
        assert!(
            refused.contains("this folder cannot be written"),
            "`{refused}` gives the reason"
        );
    }
}
