//! Columns to words and back, shared by the table modules.

use rusqlite::Row;
use rusqlite::types::{FromSqlError, Type};
use salon_domain::Digest;

/// A digest column.
pub(crate) fn digest(row: &Row<'_>, column: &str) -> rusqlite::Result<Digest> {
    row.get(column).map(Digest)
}

/// A column that holds one of a type's words.
pub(crate) fn word<T>(
    row: &Row<'_>,
    column: &str,
    read: impl FnOnce(&str) -> Option<T>,
) -> rusqlite::Result<T> {
    let found = row.get_ref(column)?.as_str()?;
    read(found).ok_or_else(|| conversion(format!("`{found}` is no {column}")))
}

/// A column that holds JSON.
pub(crate) fn json<T: serde::de::DeserializeOwned>(row: &Row<'_>, column: &str) -> rusqlite::Result<T> {
    let found = row.get_ref(column)?.as_str()?;
    serde_json::from_str(found).map_err(|fault| conversion(format!("{column}: {fault}")))
}

/// `value` as the JSON that [`json`] reads.
pub(crate) fn to_json(value: &impl serde::Serialize) -> rusqlite::Result<String> {
    serde_json::to_string(value).map_err(|fault| rusqlite::Error::ToSqlConversionFailure(fault.into()))
}

/// A value that is not what its column holds.
pub(crate) fn conversion(fault: String) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(0, Type::Text, FromSqlError::Other(fault.into()).into())
}
