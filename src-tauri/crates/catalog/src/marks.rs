//! Table `marks`: the append-only history of stars, labels and notes. What they are now stands on the candidates.
//!
//! Of every candidate and field one row holds (see [`crate::history`]).

use rusqlite::{OptionalExtension, Row, Transaction, params};
use salon_domain::{CandidateId, GestureId, Label, Timestamp};

use crate::history::{History, OfField, Place};
use crate::schema::Migration;
use crate::{Project, Result, candidates};

pub(crate) const CREATE: Migration = Migration {
    name: "2026-11-23 marks",
    sql: "
CREATE TABLE marks (
    id        INTEGER PRIMARY KEY,
    gesture   INTEGER NOT NULL REFERENCES gestures (id),
    candidate INTEGER NOT NULL REFERENCES candidates (id),
    field     TEXT NOT NULL CHECK (field IN ('stars', 'label', 'note')),
    value     ANY NOT NULL,
    previous  ANY NOT NULL,
    by        TEXT NOT NULL,
    at        INTEGER NOT NULL,
    held      INTEGER REFERENCES marks (id),
    holds     INTEGER REFERENCES marks (id)
) STRICT;
CREATE INDEX marks_by_candidate ON marks (candidate, field, id);
CREATE INDEX marks_by_gesture ON marks (gesture);
CREATE TRIGGER marks_unchanged BEFORE UPDATE ON marks BEGIN
    SELECT RAISE(ABORT, 'marks are appended, never changed');
END;
CREATE TRIGGER marks_kept BEFORE DELETE ON marks BEGIN
    SELECT RAISE(ABORT, 'marks are appended, never deleted');
END;
",
};

/// What to set; what is absent stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MarkChange {
    /// 0 (none) to 5.
    pub stars: Option<u8>,
    /// A colour, or none.
    pub label: Option<Label>,
    /// A note; empty clears it.
    pub note: Option<String>,
}

/// A candidate's marks as they are now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Marked {
    /// The candidate.
    pub candidate: CandidateId,
    /// 0 (none) to 5.
    pub stars: u8,
    /// Its label.
    pub label: Label,
    /// Whether something is noted.
    pub noted: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Stars,
    Label,
    Note,
}

impl Field {
    const ALL: [Self; 3] = [Self::Stars, Self::Label, Self::Note];

    /// The word in this table, and the column of the candidates.
    fn word(self) -> &'static str {
        match self {
            Self::Stars => "stars",
            Self::Label => "label",
            Self::Note => "note",
        }
    }
}

/// A field's value as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Value {
    Number(u8),
    Text(String),
}

impl Value {
    fn read(row: &Row<'_>, column: &str) -> rusqlite::Result<Self> {
        match row.get_ref(column)? {
            rusqlite::types::ValueRef::Text(_) => row.get(column).map(Self::Text),
            _ => row.get(column).map(Self::Number),
        }
    }
}

impl rusqlite::ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
        match self {
            Self::Number(number) => number.to_sql(),
            Self::Text(text) => text.to_sql(),
        }
    }
}

/// One field of one candidate about to change.
#[derive(Debug, Clone)]
pub(crate) struct Change {
    candidate: CandidateId,
    field: Field,
    value: Value,
    previous: Value,
}

/// What of `change` is not yet so, candidate by candidate.
pub(crate) fn changes(
    transaction: &Transaction<'_>,
    candidates: &[CandidateId],
    change: &MarkChange,
) -> Result<Vec<Change>> {
    let wishes: Vec<(Field, Value)> = [
        change.stars.map(|stars| (Field::Stars, Value::Number(stars))),
        change
            .label
            .map(|label| (Field::Label, Value::Number(label.number()))),
        change
            .note
            .as_ref()
            .map(|note| (Field::Note, Value::Text(note.clone()))),
    ]
    .into_iter()
    .flatten()
    .collect();
    let mut statement =
        transaction.prepare_cached("SELECT stars, label, note FROM candidates WHERE id = ?1")?;
    let mut changes = Vec::new();
    let mut named = std::collections::BTreeSet::new();
    for &candidate in candidates {
        if !named.insert(candidate) {
            continue;
        }
        let now = statement.query_row([candidate.0], |row| {
            Field::ALL
                .into_iter()
                .map(|field| Value::read(row, field.word()))
                .collect::<rusqlite::Result<Vec<_>>>()
        });
        let now = now.optional()?.ok_or_else(|| candidates::missing(candidate))?;
        for (field, value) in &wishes {
            let previous = &now[*field as usize];
            if previous != value {
                changes.push(Change {
                    candidate,
                    field: *field,
                    value: value.clone(),
                    previous: previous.clone(),
                });
            }
        }
    }
    Ok(changes)
}

const HISTORY: History = History {
    table: "marks",
    field: "field",
};

impl OfField for Change {
    fn candidate(&self) -> i64 {
        self.candidate.0
    }

    fn field(&self) -> &str {
        self.field.word()
    }
}

/// Appends the change and repeats it on the candidate.
fn append(
    transaction: &Transaction<'_>,
    change: &Change,
    by: &str,
    now: Timestamp,
    gesture: GestureId,
    place: Place,
) -> rusqlite::Result<()> {
    transaction
        .prepare_cached(
            "INSERT INTO marks (id, gesture, candidate, field, value, previous, by, at, held, holds)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        )?
        .execute(params![
            place.id,
            gesture.0,
            change.candidate.0,
            change.field.word(),
            change.value,
            change.previous,
            by,
            now.0,
            place.held,
            place.holds,
        ])?;
    let update = match change.field {
        Field::Stars => "UPDATE candidates SET stars = ?2 WHERE id = ?1",
        Field::Label => "UPDATE candidates SET label = ?2 WHERE id = ?1",
        Field::Note => "UPDATE candidates SET note = ?2 WHERE id = ?1",
    };
    transaction
        .prepare_cached(update)?
        .execute(params![change.candidate.0, change.value])?;
    Ok(())
}

/// Makes the changes; gives the candidates as they are marked now.
pub(crate) fn set(
    transaction: &Transaction<'_>,
    changes: &[Change],
    by: &str,
    now: Timestamp,
    gesture: GestureId,
) -> Result<Vec<Marked>> {
    for change in changes {
        let place = HISTORY.place(transaction, change)?;
        append(transaction, change, by, now, gesture, place)?;
    }
    marked(transaction, changes.iter().map(|change| change.candidate))
}

/// Takes the marks of the gesture `takes` back; gives the candidates as they are marked now, and those left alone because
/// somebody else has marked them since.
pub(crate) fn take_back(
    transaction: &Transaction<'_>,
    takes: GestureId,
    by: &str,
    now: Timestamp,
    gesture: GestureId,
) -> Result<(Vec<Marked>, Vec<CandidateId>)> {
    let taken = HISTORY.taken(transaction, takes, |row| {
        let word: String = row.get("field")?;
        let field = Field::ALL.into_iter().find(|field| field.word() == word);
        Ok(Change {
            candidate: CandidateId(row.get("candidate")?),
            field: field.ok_or_else(|| crate::rows::conversion(format!("`{word}` is no mark")))?,
            value: Value::read(row, "previous")?,
            previous: Value::read(row, "value")?,
        })
    })?;
    let (mut changed, mut kept) = (Vec::new(), Vec::new());
    for taken in taken {
        let candidate = taken.change.candidate;
        if let Some(place) = HISTORY.back(transaction, &taken)? {
            append(transaction, &taken.change, by, now, gesture, place)?;
            changed.push(candidate);
        } else {
            kept.push(candidate);
        }
    }
    Ok((marked(transaction, changed.into_iter())?, kept))
}

/// These candidates as they are marked now, each once, in their order.
fn marked(
    transaction: &Transaction<'_>,
    candidates: impl Iterator<Item = CandidateId>,
) -> Result<Vec<Marked>> {
    let mut statement = transaction
        .prepare_cached("SELECT stars, label, note <> '' AS noted FROM candidates WHERE id = ?1")?;
    let mut found: Vec<Marked> = Vec::new();
    for candidate in candidates {
        if found.last().is_some_and(|last| last.candidate == candidate) {
            continue;
        }
        found.push(statement.query_row([candidate.0], |row| {
            let number = row.get("label")?;
            Ok(Marked {
                candidate,
                stars: row.get("stars")?,
                label: Label::from_number(number)
                    .ok_or_else(|| crate::rows::conversion(format!("{number} is no label")))?,
                noted: row.get("noted")?,
            })
        })?);
    }
    Ok(found)
}

impl Project {
    /// How many rows the history of marks has, and the candidates of those after row `last` as they are marked now.
    pub fn marks_after(&self, last: u32) -> Result<(u32, Vec<Marked>)> {
        self.read(|transaction| {
            let count = transaction
                .prepare_cached("SELECT coalesce(max(id), 0) FROM marks")?
                .query_row([], |row| row.get(0))?;
            let mut statement = transaction
                .prepare_cached("SELECT DISTINCT candidate FROM marks WHERE id > ?1 ORDER BY candidate")?;
            let ids = statement
                .query_map([last], |row| row.get(0).map(CandidateId))?
                .collect::<rusqlite::Result<Vec<_>>>()?;
            Ok((count, marked(transaction, ids.into_iter())?))
        })
    }
}
