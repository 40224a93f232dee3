//! Table `quotas` and the target size: what the finished set should look like, and how far it is.

use std::collections::BTreeMap;

use rusqlite::{Transaction, params};
use salon_domain::{CandidateId, Trait, Verdict};

use crate::schema::Migration;
use crate::{CatalogError, Project, Result, candidates, rows, settings};

pub(crate) const CREATE: Migration = Migration {
    name: "2026-11-23 quotas",
    sql: "
CREATE TABLE quotas (
    trait_type TEXT NOT NULL,
    value      TEXT NOT NULL,
    least      INTEGER CHECK (least >= 0),
    most       INTEGER CHECK (most >= 0),
    PRIMARY KEY (trait_type, value),
    CHECK (least IS NOT NULL OR most IS NOT NULL),
    CHECK (least IS NULL OR most IS NULL OR least <= most)
) STRICT, WITHOUT ROWID;
",
};

/// Key of the target size.
const TARGET: &str = "target";

/// How many pictures of the set should have a trait.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quota {
    /// The trait.
    pub of: Trait,
    /// At least so many.
    pub least: Option<u32>,
    /// At most so many.
    pub most: Option<u32>,
}

/// How the accepted candidates stand to the target and the quotas.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standing {
    /// How many pictures the set should have.
    pub target: Option<u32>,
    /// How many are accepted.
    pub accepted: u32,
    /// The quotas, by trait.
    pub quotas: Vec<Quota>,
    /// How many accepted candidates have each trait, by trait; zeros for traits that only quotas or rejects have.
    pub traits: Vec<(Trait, u32)>,
    /// What accepting the candidate asked about would add; empty when it is accepted.
    pub would_add: Vec<Trait>,
}

fn target(transaction: &Transaction<'_>) -> Result<Option<u32>> {
    let found = settings::read(transaction, TARGET)?;
    Ok(found.and_then(|text| text.parse().ok()))
}

fn quotas(transaction: &Transaction<'_>) -> rusqlite::Result<Vec<Quota>> {
    let mut statement = transaction
        .prepare_cached("SELECT trait_type, value, least, most FROM quotas ORDER BY trait_type, value")?;
    statement
        .query_map([], |row| {
            Ok(Quota {
                of: Trait::new(
                    row.get::<_, String>("trait_type")?,
                    row.get::<_, String>("value")?,
                ),
                least: row.get("least")?,
                most: row.get("most")?,
            })
        })?
        .collect()
}

impl Project {
    /// How many pictures the set should have, and the quotas; both replace what was set before.
    pub fn set_targets(&self, target: Option<u32>, quotas: &[Quota]) -> Result<()> {
        self.write(|transaction| {
            settings::write(
                transaction,
                TARGET,
                &target.map_or_else(String::new, |target| target.to_string()),
            )?;
            transaction.execute("DELETE FROM quotas", [])?;
            let mut statement = transaction.prepare_cached(
                "INSERT INTO quotas (trait_type, value, least, most) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
            )?;
            for quota in quotas {
                let Trait { trait_type, value } = &quota.of;
                if statement.execute(params![trait_type, value, quota.least, quota.most])? == 0 {
                    return Err(CatalogError::Refused(format!(
                        "{trait_type}: {value} has two quotas: give it one"
                    )));
                }
            }
            Ok(())
        })
    }

    /// How many pictures the set should have.
    pub fn target(&self) -> Result<Option<u32>> {
        self.read(target)
    }

    /// How the accepted candidates stand, and what accepting `candidate` would add.
    pub fn standing(&self, candidate: Option<CandidateId>) -> Result<Standing> {
        self.read(|transaction| {
            let mut counts: BTreeMap<Trait, u32> = BTreeMap::new();
            let mut statement = transaction.prepare_cached(
                "SELECT trait_type, value, (
                     SELECT count(*) FROM candidate_traits JOIN candidates ON candidates.id = candidate
                     WHERE trait = trait_values.id AND verdict = 'accepted'
                 ) AS count FROM trait_values",
            )?;
            let mut found = statement.query([])?;
            while let Some(row) = found.next()? {
                let of = Trait::new(
                    row.get::<_, String>("trait_type")?,
                    row.get::<_, String>("value")?,
                );
                counts.insert(of, row.get("count")?);
            }
            let quotas = quotas(transaction)?;
            for quota in &quotas {
                counts.entry(quota.of.clone()).or_default();
            }
            let would_add = match candidate {
                Some(candidate)
                    if candidates::verdict(transaction, candidate, salon_domain::Stage::Pick)?
                        != Verdict::Accepted =>
                {
                    transaction
                        .prepare_cached("SELECT traits FROM candidates WHERE id = ?1")?
                        .query_row([candidate.0], |row| rows::json(row, "traits"))?
                }
                _ => vec![],
            };
            Ok(Standing {
                target: target(transaction)?,
                accepted: candidates::counts(transaction)?.accepted,
                quotas,
                traits: counts.into_iter().collect(),
                would_add,
            })
        })
    }
}
