//! Table `lore_spending`: what was paid to remote language models, request by request, so that a cap holds across
//! restarts. Money is counted in millionths of the currency in which the prices were given.

use rusqlite::params;
use salon_domain::Timestamp;

use crate::schema::Migration;
use crate::{Project, Result};

pub(crate) const CREATE: Migration = Migration {
    name: "2026-11-23 lore spending",
    sql: "
CREATE TABLE lore_spending (
    id            INTEGER PRIMARY KEY,
    host          TEXT NOT NULL,
    model         TEXT NOT NULL,
    input_tokens  INTEGER NOT NULL CHECK (input_tokens >= 0),
    output_tokens INTEGER NOT NULL CHECK (output_tokens >= 0),
    millionths    INTEGER NOT NULL CHECK (millionths >= 0),
    spent_at      INTEGER NOT NULL
) STRICT;
",
};

/// What one request cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoreSpending {
    /// The machine that answered.
    pub host: String,
    /// The model's name there.
    pub model: String,
    /// Tokens that were sent.
    pub input_tokens: u64,
    /// Tokens that came back.
    pub output_tokens: u64,
    /// What they cost, in millionths.
    pub millionths: u64,
    /// When.
    pub spent_at: Timestamp,
}

impl Project {
    /// Writes down what a request cost.
    pub fn add_lore_spending(&self, spending: &LoreSpending) -> Result<()> {
        self.write(|transaction| {
            transaction.execute(
                "INSERT INTO lore_spending (host, model, input_tokens, output_tokens, millionths, spent_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                params![
                    spending.host,
                    spending.model,
                    spending.input_tokens as i64,
                    spending.output_tokens as i64,
                    spending.millionths as i64,
                    spending.spent_at.0
                ],
            )?;
            Ok(())
        })
    }

    /// All that was spent in this project, in millionths.
    pub fn lore_spent(&self) -> Result<u64> {
        self.read(|transaction| {
            let spent: i64 = transaction.query_row(
                "SELECT coalesce(sum(millionths), 0) FROM lore_spending",
                [],
                |row| row.get(0),
            )?;
            Ok(spent as u64)
        })
    }
}
