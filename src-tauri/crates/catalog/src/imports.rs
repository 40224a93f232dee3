//! Table `imports`: what is being brought in and has not ended, so that it goes on after a kill; and the candidates that
//! come of it.

use std::collections::BTreeSet;

use rusqlite::{OptionalExtension, params};
use salon_domain::{CandidateId, Digest, Origin, Recipe, Timestamp, Trait};

use crate::candidates::{self, NewCandidate};
use crate::schema::Migration;
use crate::{
    FileMark, ForeignMetadata, Project, Result, StoredPicture, foreign_metadata, import_paths, recipes, rows,
};

pub(crate) const CREATE: Migration = Migration {
    name: "2026-11-23 imports",
    sql: "
CREATE TABLE imports (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    paths    TEXT NOT NULL, -- JSON: files and folders, as they were named
    begun_at INTEGER NOT NULL
) STRICT;
",
};

/// Orders of layer projects are written down beside those of files.
pub(crate) const ADD_LAYERS: Migration = Migration {
    name: "2026-11-23 imports of layers",
    sql: "
ALTER TABLE imports ADD COLUMN layers TEXT; -- JSON: the order of a layer project, as the studio wrote it; its paths are empty
",
};

/// An import that has not ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnfinishedImport {
    /// Its number.
    pub id: i64,
    /// What is brought in.
    pub what: ImportOf,
}

/// What an import brings in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ImportOf {
    /// Files and folders, as they were named.
    Paths(Vec<String>),
    /// Editions of a layer project: the studio's order, as JSON.
    Layers(String),
}

/// A picture that was stored and becomes a candidate.
#[derive(Debug, Clone)]
pub struct NewImport {
    /// The file's name, without its folder.
    pub name: String,
    /// The program that made it; empty when it does not say.
    pub tool: String,
    /// Where it lies in the store.
    pub picture: StoredPicture,
    /// What it was made with, when Salon itself made it.
    pub recipe: Option<Recipe>,
    /// The prompt that it tells.
    pub prompt: Option<String>,
    /// Traits that are known of it.
    pub traits: Vec<Trait>,
    /// Everything that it carried.
    pub metadata: ForeignMetadata,
    /// The file, when it lies on a disk.
    pub file: Option<FileMark>,
}

/// What became of a picture that came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrival {
    /// It is a candidate now.
    Added(CandidateId),
    /// It was one already, whatever its file was called, and keeps its verdict.
    Known(CandidateId),
}

impl Project {
    /// Makes candidates of stored pictures, in this order, and remembers their files; all of them in one transaction.
    pub fn add_imports(&self, imports: &[NewImport], now: Timestamp) -> Result<Vec<Arrival>> {
        let arrivals = self.write(|transaction| {
            let mut known = transaction
                .prepare_cached("SELECT id FROM candidates WHERE sha256 = ?1 ORDER BY id LIMIT 1")?;
            let mut arrivals = Vec::with_capacity(imports.len());
            for import in imports {
                let sha256 = import.picture.sha256;
                if let Some(file) = &import.file {
                    import_paths::remember(transaction, file, sha256)?;
                }
                let found = known.query_row([sha256.0], |row| row.get(0)).optional()?;
                if let Some(id) = found {
                    arrivals.push(Arrival::Known(CandidateId(id)));
                    continue;
                }
                let digest = match &import.recipe {
                    Some(recipe) => Some(recipes::ensure(transaction, recipe)?),
                    None => None,
                };
                let candidate = candidates::insert(
                    transaction,
                    &NewCandidate {
                        origin: Origin::Imported {
                            name: import.name.clone(),
                            tool: import.tool.clone(),
                        },
                        recipe: digest.zip(import.recipe.as_ref()),
                        prompt: import.prompt.as_deref(),
                        picture: import.picture,
                        traits: &import.traits,
                        took_ms: 0,
                        made_at: now,
                    },
                )?;
                foreign_metadata::insert(transaction, candidate, &import.metadata)?;
                arrivals.push(Arrival::Added(candidate));
            }
            Ok(arrivals)
        })?;
        let settled: BTreeSet<Digest> = imports.iter().map(|import| import.picture.sha256).collect();
        self.store().settle(&settled);
        Ok(arrivals)
    }

    /// Remembers files whose pictures are candidates already.
    pub fn remember_files(&self, files: &[(FileMark, Digest)]) -> Result<()> {
        if files.is_empty() {
            return Ok(());
        }
        self.write(|transaction| {
            for (file, sha256) in files {
                import_paths::remember(transaction, file, *sha256)?;
            }
            Ok(())
        })
    }

    /// Writes down what is being brought in; gives the import's number.
    pub fn begin_import(&self, what: &ImportOf, now: Timestamp) -> Result<i64> {
        let (paths, layers) = match what {
            ImportOf::Paths(paths) => (paths.as_slice(), None),
            ImportOf::Layers(order) => (&[][..], Some(order)),
        };
        self.write(|transaction| {
            transaction.execute(
                "INSERT INTO imports (paths, layers, begun_at) VALUES (?1, ?2, ?3)",
                params![rows::to_json(&paths)?, layers, now.0],
            )?;
            Ok(transaction.last_insert_rowid())
        })
    }

    /// The imports that have not ended, oldest first.
    pub fn unfinished_imports(&self) -> Result<Vec<UnfinishedImport>> {
        self.read(|transaction| {
            let mut statement =
                transaction.prepare_cached("SELECT id, paths, layers FROM imports ORDER BY id")?;
            let imports = statement.query_map([], |row| {
                Ok(UnfinishedImport {
                    id: row.get("id")?,
                    what: match row.get("layers")? {
                        Some(order) => ImportOf::Layers(order),
                        None => ImportOf::Paths(rows::json(row, "paths")?),
                    },
                })
            })?;
            Ok(imports.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// Forgets an import: it has ended, or nobody wants the rest of it.
    pub fn end_import(&self, import: i64) -> Result<()> {
        self.write(|transaction| {
            transaction.execute("DELETE FROM imports WHERE id = ?1", [import])?;
            Ok(())
        })
    }
}
