//! What holds in an append-only history of one field of candidates, beside the hash-chained one of decisions.
//!
//! Of every candidate and field one row holds. Each row says which held before it (`held`) and which holds after it (`holds`):
//! so a change can be taken back exactly when it is the one that holds, and never over the head of somebody who changed
//! it since.

use rusqlite::{OptionalExtension, Row, Transaction, params};
use salon_domain::GestureId;

use crate::Result;

/// A table of such a history, and its column that names the field.
pub(crate) struct History {
    pub table: &'static str,
    pub field: &'static str,
}

/// The two references of a row that is about to be appended.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    pub id: i64,
    pub held: Option<i64>,
    pub holds: Option<i64>,
}

/// A change that a gesture made, turned round, with what held before it and after it.
pub(crate) struct Taken<C> {
    pub change: C,
    held: Option<i64>,
    holds: Option<i64>,
}

/// What a candidate's field is called in a history's rows.
pub(crate) trait OfField {
    fn candidate(&self) -> i64;
    fn field(&self) -> &str;
}

impl History {
    fn holder(&self, transaction: &Transaction<'_>, of: &impl OfField) -> rusqlite::Result<Option<i64>> {
        let (table, field) = (self.table, self.field);
        let mut statement = transaction.prepare_cached(&format!(
            "SELECT holds FROM {table} WHERE candidate = ?1 AND {field} = ?2 ORDER BY id DESC LIMIT 1"
        ))?;
        let found = statement.query_row(params![of.candidate(), of.field()], |row| row.get(0));
        Ok(found.optional()?.flatten())
    }

    fn next(&self, transaction: &Transaction<'_>) -> rusqlite::Result<i64> {
        let query = format!("SELECT coalesce(max(id), 0) + 1 FROM {}", self.table);
        transaction
            .prepare_cached(&query)?
            .query_row([], |row| row.get(0))
    }

    /// Where a change goes that holds from now on.
    pub fn place(&self, transaction: &Transaction<'_>, of: &impl OfField) -> Result<Place> {
        let id = self.next(transaction)?;
        let held = self.holder(transaction, of)?;
        let holds = Some(id);
        Ok(Place { id, held, holds })
    }

    /// What the gesture `takes` changed, in its order; `read` gives each change turned round.
    pub fn taken<C>(
        &self,
        transaction: &Transaction<'_>,
        takes: GestureId,
        mut read: impl FnMut(&Row<'_>) -> rusqlite::Result<C>,
    ) -> Result<Vec<Taken<C>>> {
        let query = format!("SELECT * FROM {} WHERE gesture = ?1 ORDER BY id", self.table);
        let mut statement = transaction.prepare_cached(&query)?;
        let found = statement.query_map([takes.0], |row| {
            Ok(Taken {
                change: read(row)?,
                held: row.get("held")?,
                holds: row.get("holds")?,
            })
        })?;
        Ok(found.collect::<rusqlite::Result<_>>()?)
    }

    /// Where the row goes that takes a change back; none when somebody else has changed it since.
    pub fn back<C: OfField>(&self, transaction: &Transaction<'_>, taken: &Taken<C>) -> Result<Option<Place>> {
        let held = self.holder(transaction, &taken.change)?;
        if held != taken.holds {
            return Ok(None);
        }
        let id = self.next(transaction)?;
        let holds = taken.held;
        Ok(Some(Place { id, held, holds }))
    }
}
