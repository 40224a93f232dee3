//! How many candidates each further condition would let through.

use std::collections::BTreeMap;

use rusqlite::{Row, Transaction, params_from_iter};
use salon_domain::{CandidateQuery, Digest, Label, RunId};

use crate::id_set::IdSet;
use crate::looking::Overlay;
use crate::{Counts, Project, Result, looking, rows};

/// A trait type, and how many have each of its values.
pub type TraitCounts = (String, Vec<(String, u32)>);

/// Live counts for a query: each facet counts what all *other* conditions let through.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facets {
    /// By verdict.
    pub verdicts: Counts,
    /// By stars, 0 to 5.
    pub stars: [u32; 6],
    /// By label, in the order of its numbers.
    pub labels: [u32; 5],
    /// By run, newest first, with the run's prompt.
    pub runs: Vec<(RunId, String, u32)>,
    /// By model, in the order of their first run.
    pub models: Vec<(Digest, String, u32)>,
    /// By trait type and value, in alphabetical order; counts what every condition lets through.
    pub traits: Vec<TraitCounts>,
    /// By whose verdict holds.
    pub curators: Vec<(String, u32)>,
    /// Brought in.
    pub imported: u32,
    /// The candidates that pass every condition.
    pub passed: IdSet,
}

/// The conditions that facets stand for, as bits.
mod bit {
    pub(super) const VERDICT: u8 = 1;
    pub(super) const STARS: u8 = 2;
    pub(super) const LABELS: u8 = 4;
    pub(super) const RUN: u8 = 8;
    pub(super) const MODEL: u8 = 16;
    pub(super) const CURATOR: u8 = 32;
    pub(super) const IMPORTED: u8 = 64;
}

/// What the pass over the candidates counts.
#[derive(Default)]
struct Tally {
    verdicts: [u32; 3],
    stars: [u32; 6],
    labels: [u32; 5],
    runs: BTreeMap<i64, u32>,
    models: BTreeMap<i64, u32>,
    curators: BTreeMap<String, u32>,
    imported: u32,
    /// The candidates that pass every condition, and those that do not.
    passed: IdSet,
    failed: IdSet,
}

impl Tally {
    fn row(&mut self, row: &Row<'_>, query: &CandidateQuery, models: &[i64]) -> rusqlite::Result<()> {
        let id: i64 = row.get(0)?;
        let verdict = row.get_ref(1)?.as_str()?;
        let stars: u8 = row.get(2)?;
        let label: u8 = row.get(3)?;
        let run: Option<i64> = row.get(4)?;
        let model: Option<i64> = row.get(5)?;
        let curator = row.get_ref(6)?.as_str_or_null()?;
        let imported = row.get_ref(7)?.as_str()? == "imported";
        let fails = |fails: bool, bit: u8| if fails { bit } else { 0 };
        let failed = fails(
            query.verdict.is_some_and(|wanted| wanted.word() != verdict),
            bit::VERDICT,
        ) | fails(query.stars.is_some_and(|wanted| stars < wanted), bit::STARS)
            | fails(
                query
                    .labels
                    .as_ref()
                    .is_some_and(|wanted| !wanted.iter().any(|wanted| wanted.number() == label)),
                bit::LABELS,
            )
            | fails(query.run.is_some_and(|wanted| run != Some(wanted.0)), bit::RUN)
            | fails(
                query.model.is_some() && !model.is_some_and(|model| models.contains(&model)),
                bit::MODEL,
            )
            | fails(
                query
                    .curator
                    .as_deref()
                    .is_some_and(|wanted| curator != Some(wanted)),
                bit::CURATOR,
            )
            | fails(
                query.imported.is_some_and(|wanted| imported != wanted),
                bit::IMPORTED,
            );
        let counts = |bit: u8| failed & !bit == 0;
        if counts(bit::VERDICT) {
            let place = match verdict {
                "undecided" => 0,
                "accepted" => 1,
                _ => 2,
            };
            self.verdicts[place] += 1;
        }
        if counts(bit::STARS) {
            self.stars[usize::from(stars.min(5))] += 1;
        }
        if counts(bit::LABELS) {
            self.labels[usize::from(label.min(4))] += 1;
        }
        if let Some(run) = run.filter(|_| counts(bit::RUN)) {
            *self.runs.entry(run).or_default() += 1;
        }
        if let Some(model) = model.filter(|_| counts(bit::MODEL)) {
            *self.models.entry(model).or_default() += 1;
        }
        if let Some(curator) = curator.filter(|_| counts(bit::CURATOR)) {
            match self.curators.get_mut(curator) {
                Some(count) => *count += 1,
                None => drop(self.curators.insert(curator.to_owned(), 1)),
            }
        }
        if imported && counts(bit::IMPORTED) {
            self.imported += 1;
        }
        if failed == 0 {
            self.passed.insert(id);
        } else {
            self.failed.insert(id);
        }
        Ok(())
    }
}

/// How many of `set` have each trait, by the trait's row.
fn traits_of(transaction: &Transaction<'_>, set: &IdSet) -> rusqlite::Result<BTreeMap<i64, u32>> {
    let mut counts: BTreeMap<i64, u32> = BTreeMap::new();
    let mut statement =
        transaction.prepare_cached("SELECT trait FROM candidate_traits WHERE candidate = ?1")?;
    for id in set.iter() {
        let mut found = statement.query([id])?;
        while let Some(row) = found.next()? {
            *counts.entry(row.get(0)?).or_default() += 1;
        }
    }
    Ok(counts)
}

/// Counts traits along whichever is shorter: those that pass, or those that are missing from the counts of all.
fn traits(
    transaction: &Transaction<'_>,
    tally: &Tally,
    everything: bool,
) -> rusqlite::Result<Vec<TraitCounts>> {
    let subtract = everything && tally.failed.len() < tally.passed.len();
    let counted = traits_of(transaction, if subtract { &tally.failed } else { &tally.passed })?;
    let mut statement = transaction
        .prepare_cached("SELECT id, trait_type, value, count FROM trait_values ORDER BY trait_type, value")?;
    let mut found = statement.query([])?;
    let mut types: Vec<TraitCounts> = Vec::new();
    while let Some(row) = found.next()? {
        let count = counted.get(&row.get(0)?).copied().unwrap_or(0);
        let count = if subtract {
            row.get::<_, u32>(3)?.saturating_sub(count)
        } else {
            count
        };
        let trait_type: String = row.get(1)?;
        if types.last().is_none_or(|(last, _)| *last != trait_type) {
            types.push((trait_type, vec![]));
        }
        if let Some((_, values)) = types.last_mut() {
            values.push((row.get(2)?, count));
        }
    }
    Ok(types)
}

fn count(
    transaction: &Transaction<'_>,
    query: &CandidateQuery,
    overlay: &Overlay,
) -> rusqlite::Result<Facets> {
    let models: Vec<i64> = match query.model {
        None => vec![],
        Some(model) => transaction
            .prepare_cached("SELECT id FROM models WHERE sha256 = ?1")?
            .query_map([model.0], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?,
    };
    let firm = looking::firm_conditions(transaction, query, overlay)?;
    let sql = format!(
        "SELECT id, verdict, stars, label, run, model, curator, origin FROM candidates {}",
        firm.clause()
    );
    let mut tally = Tally::default();
    let mut statement = transaction.prepare_cached(&sql)?;
    let mut found = statement.query(params_from_iter(firm.values()))?;
    while let Some(row) = found.next()? {
        if firm.admit(row.get(0)?) {
            tally.row(row, query, &models)?;
        }
    }
    let traits = traits(transaction, &tally, firm.is_empty())?;

    let mut facets = Facets {
        verdicts: Counts {
            all: tally.verdicts.iter().sum(),
            undecided: tally.verdicts[0],
            accepted: tally.verdicts[1],
            rejected: tally.verdicts[2],
        },
        stars: tally.stars,
        labels: tally.labels,
        traits,
        curators: tally.curators.into_iter().collect(),
        imported: tally.imported,
        passed: tally.passed,
        ..Facets::default()
    };
    let mut prompt = transaction.prepare_cached(
        "SELECT json_extract(recipes.recipe, '$.prompt') FROM runs JOIN recipes ON recipes.sha256 = runs.recipe
         WHERE runs.id = ?1",
    )?;
    for (run, count) in tally.runs.into_iter().rev() {
        let title = prompt.query_row([run], |row| row.get(0))?;
        facets.runs.push((RunId(run), title, count));
    }
    let mut model = transaction.prepare_cached("SELECT name, sha256 FROM models WHERE id = ?1")?;
    for (id, count) in tally.models {
        let (name, sha256) =
            model.query_row([id], |row| Ok((row.get("name")?, rows::digest(row, "sha256")?)))?;
        // One model may have been used under two names.
        match facets.models.iter_mut().find(|(known, ..)| *known == sha256) {
            Some((.., total)) => *total += count,
            None => facets.models.push((sha256, name, count)),
        }
    }
    debug_assert_eq!(Label::ALL.len(), facets.labels.len(), "a count for each label");
    Ok(facets)
}

impl Project {
    /// Live counts for a query.
    pub fn facets(&self, query: &CandidateQuery) -> Result<Facets> {
        self.facets_over(query, &Overlay::default())
    }

    /// [`Project::facets`] under what is known outside the database.
    pub fn facets_over(&self, query: &CandidateQuery, overlay: &Overlay) -> Result<Facets> {
        self.read(|transaction| Ok(count(transaction, query, overlay)?))
    }
}
