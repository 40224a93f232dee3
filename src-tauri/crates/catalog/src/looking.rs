//! Questions to the table `candidates`: which pass a query, in what order, in which groups.
//!
//! SQLite filters along one index that holds everything asked for. What other tables know (words, traits) is read as a
//! set of ids and laid over that pass, and ordering happens here: both are several times faster than in SQLite for
//! whole projects.

use std::collections::BTreeMap;

use rusqlite::types::Value;
use rusqlite::{OptionalExtension, Row, Transaction, params_from_iter};
use salon_domain::{CandidateId, CandidateQuery, Group, RunId, Sort};

use crate::candidates::{self, Counts};
use crate::id_set::IdSet;
use crate::{Project, Result, words};

/// Candidates that stand together in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupHead {
    /// Where it begins in the list.
    pub first: u32,
    /// How many follow, the first included.
    pub count: u32,
    /// The prompt that they share, or their run's; empty where there is none.
    pub title: String,
    /// The run, when they are gathered by run.
    pub run: Option<RunId>,
    /// The family's first member, when they are gathered by family.
    pub family: Option<CandidateId>,
}

/// What a query lets through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Looked {
    /// In the order asked for.
    pub ids: Vec<CandidateId>,
    /// The groups along that list; none when nothing was to be gathered.
    pub groups: Vec<GroupHead>,
    /// Counts over the whole project, of the same instant.
    pub counts: Counts,
}

/// What is known of candidates outside the database, laid over a query: the judge's answers change with every decision,
/// and are never written for it.
#[derive(Debug, Clone, Default)]
pub struct Overlay {
    /// Only these, if set.
    pub only: Option<IdSet>,
    /// None of these.
    pub hidden: IdSet,
    /// The score of each candidate by its number, NaN where there is none; if set, it takes the place of the column.
    pub scores: Option<Vec<f32>>,
}

impl Overlay {
    fn score(&self, id: i64) -> Option<f64> {
        let scores = self.scores.as_ref()?;
        let score = *scores.get(usize::try_from(id).ok()?)?;
        (!score.is_nan()).then_some(f64::from(score))
    }
}

/// A set of at most so many ids is looked up one by one; a larger one is laid over a pass over the index.
const FEW: usize = if cfg!(test) { 8 } else { 2000 };

/// Conditions in SQL with their values, and the ids that are left by those that other tables answer.
#[derive(Default)]
pub(crate) struct Conditions {
    sql: Vec<String>,
    values: Vec<Value>,
    among: Option<IdSet>,
    hidden: IdSet,
}

impl Conditions {
    fn add(&mut self, sql: impl Into<String>, values: impl IntoIterator<Item = Value>) {
        self.sql.push(sql.into());
        self.values.extend(values);
    }

    fn narrow(&mut self, set: IdSet) {
        match &mut self.among {
            Some(among) => among.intersect(&set),
            None => self.among = Some(set),
        }
    }

    /// Turns a small set of ids into a condition that SQLite can begin with.
    fn settle(&mut self) {
        if let Some(among) = self.among.take_if(|among| among.len() <= FEW) {
            let ids: Vec<i64> = among.iter().collect();
            let json = serde_json::Value::from(ids).to_string();
            self.add("id IN (SELECT value FROM json_each(?))", [Value::from(json)]);
        }
    }

    /// Whether a row that the clause lets through passes the rest, too.
    pub(crate) fn admit(&self, id: i64) -> bool {
        !self.hidden.contains(id) && self.among.as_ref().is_none_or(|among| among.contains(id))
    }

    /// Whether nothing is asked.
    pub(crate) fn is_empty(&self) -> bool {
        self.sql.is_empty() && self.among.is_none() && self.hidden.len() == 0
    }

    /// `WHERE …`, or nothing.
    pub(crate) fn clause(&self) -> String {
        if self.sql.is_empty() {
            return String::new();
        }
        format!("WHERE {}", self.sql.join(" AND "))
    }

    pub(crate) fn values(&self) -> impl Iterator<Item = &Value> {
        self.values.iter()
    }
}

fn marks(count: usize) -> String {
    vec!["?"; count].join(", ")
}

/// Conditions that no facet counts: words, traits, score, family and time.
pub(crate) fn firm_conditions(
    transaction: &Transaction<'_>,
    query: &CandidateQuery,
    overlay: &Overlay,
) -> rusqlite::Result<Conditions> {
    let mut conditions = Conditions {
        among: overlay.only.clone(),
        hidden: overlay.hidden.clone(),
        ..Conditions::default()
    };
    let words = query.words.as_deref().map(words::query).unwrap_or_default();
    if !words.is_empty() {
        let sql = "SELECT rowid FROM candidate_words WHERE candidate_words MATCH ?";
        conditions.narrow(IdSet::read(transaction, sql, [Value::from(words)])?);
    }
    let mut types: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for one in query.traits.iter().flatten() {
        types.entry(&one.trait_type).or_default().push(&one.value);
    }
    for (trait_type, values) in types {
        let sql = format!(
            "SELECT candidate FROM candidate_traits WHERE trait IN
                 (SELECT id FROM trait_values WHERE trait_type = ? AND value IN ({}))",
            marks(values.len())
        );
        let all = [trait_type].into_iter().chain(values);
        let all = all.map(|text| Value::from(text.to_owned()));
        conditions.narrow(IdSet::read(transaction, &sql, all)?);
    }
    conditions.settle();
    if overlay.scores.is_none() {
        let number = |score: f32| Value::from(f64::from(score));
        conditions_of(&mut conditions, "score >= ?", query.score_from.map(number));
        conditions_of(&mut conditions, "score <= ?", query.score_to.map(number));
    }
    conditions_of(
        &mut conditions,
        "family = ?",
        query.family.map(|id| Value::from(id.0)),
    );
    conditions_of(
        &mut conditions,
        "made_at >= ?",
        query.made_from.map(|time| Value::from(time.0)),
    );
    conditions_of(
        &mut conditions,
        "made_at < ?",
        query.made_to.map(|time| Value::from(time.0)),
    );
    Ok(conditions)
}

fn conditions_of(conditions: &mut Conditions, sql: &str, value: Option<Value>) {
    if let Some(value) = value {
        conditions.add(sql, [value]);
    }
}

/// Every condition of the query.
fn all_conditions(
    transaction: &Transaction<'_>,
    query: &CandidateQuery,
    overlay: &Overlay,
) -> rusqlite::Result<Conditions> {
    let mut conditions = firm_conditions(transaction, query, overlay)?;
    let verdict = query
        .verdict
        .map(|verdict| Value::from(verdict.word().to_owned()));
    conditions_of(&mut conditions, "verdict = ?", verdict);
    conditions_of(
        &mut conditions,
        "run = ?",
        query.run.map(|run| Value::from(run.0)),
    );
    let stars = query
        .stars
        .filter(|stars| *stars > 0)
        .map(|stars| Value::from(i64::from(stars)));
    conditions_of(&mut conditions, "stars >= ?", stars);
    conditions_of(
        &mut conditions,
        "curator = ?",
        query.curator.clone().map(Value::from),
    );
    let model = query.model.map(|model| Value::from(model.0.to_vec()));
    conditions_of(
        &mut conditions,
        "model IN (SELECT id FROM models WHERE sha256 = ?)",
        model,
    );
    if let Some(labels) = &query.labels {
        let numbers = labels.iter().map(|label| Value::from(i64::from(label.number())));
        conditions.add(format!("label IN ({})", marks(labels.len())), numbers);
    }
    if let Some(imported) = query.imported {
        conditions.add(
            if imported {
                "origin = 'imported'"
            } else {
                "origin <> 'imported'"
            },
            [],
        );
    }
    Ok(conditions)
}

/// The bits of IEEE numbers order like integers once those of negative numbers are turned over.
fn ordered(score: f64) -> i64 {
    let bits = (score + 0.0).to_bits() as i64;
    bits ^ (((bits >> 63) as u64) >> 1) as i64
}

/// A number that orders like the value; what has none comes last either way round.
fn sort_key(row: &Row<'_>, id: i64, query: &CandidateQuery, overlay: &Overlay) -> rusqlite::Result<i64> {
    let descending = query.descending;
    let key = match query.sort {
        Sort::Score | Sort::Queue if overlay.scores.is_some() => overlay.score(id).map(ordered),
        Sort::Queue => Some(id),
        Sort::Score => row.get::<_, Option<f64>>(1)?.map(ordered),
        _ => row.get::<_, Option<i64>>(1)?,
    };
    Ok(match key {
        Some(key) if descending => !key,
        Some(key) => key,
        None => i64::MAX,
    })
}

/// A candidate on its way into order: group, key, id.
type Placed = (i64, i64, i64);

/// A group's key and how many candidates it holds.
type Gathered = (i64, u32);

/// The ids that `query` lets through, in its order, and the groups along them, if any were asked for.
pub(crate) fn look(
    transaction: &Transaction<'_>,
    query: &CandidateQuery,
    overlay: &Overlay,
) -> rusqlite::Result<(Vec<CandidateId>, Vec<Gathered>)> {
    let conditions = all_conditions(transaction, query, overlay)?;
    let key = match query.sort {
        Sort::Arrival | Sort::Queue => "id",
        Sort::Seed => "seed",
        Sort::Score => "score",
        Sort::Stars => "stars",
        Sort::Family => "coalesce(family, id)",
    };
    let group = match query.group {
        None => "0",
        Some(Group::Run) => "coalesce(run, 0)",
        Some(Group::Prompt) => "coalesce(prompt, 0)",
        Some(Group::Family) => "coalesce(family, 0)",
    };
    let sql = format!(
        "SELECT {group}, {key}, id FROM candidates {}",
        conditions.clause()
    );
    let mut statement = transaction.prepare_cached(&sql)?;
    let mut rows = statement.query(params_from_iter(conditions.values()))?;
    let mut found: Vec<Placed> = Vec::new();
    while let Some(row) = rows.next()? {
        let id = row.get(2)?;
        if conditions.admit(id) {
            found.push((row.get(0)?, sort_key(row, id, query, overlay)?, id));
        }
    }
    let mut groups = Vec::new();
    if query.group.is_some() {
        // A group stands where its first member arrived: that id takes the place of the key while they are ordered.
        let mut begun: BTreeMap<i64, i64> = BTreeMap::new();
        for &(group, _, id) in &found {
            begun
                .entry(group)
                .and_modify(|first| *first = id.min(*first))
                .or_insert(id);
        }
        for (group, ..) in &mut found {
            *group = begun.get(group).copied().unwrap_or_default();
        }
        let keys: BTreeMap<i64, i64> = begun.into_iter().map(|(key, first)| (first, key)).collect();
        found.sort_unstable();
        for chunk in found.chunk_by(|one, other| one.0 == other.0) {
            let key = keys.get(&chunk[0].0).copied().unwrap_or_default();
            groups.push((key, chunk.len() as u32));
        }
    } else {
        found.sort_unstable();
    }
    Ok((
        found.into_iter().map(|(.., id)| CandidateId(id)).collect(),
        groups,
    ))
}

fn title(transaction: &Transaction<'_>, group: Group, key: i64) -> rusqlite::Result<String> {
    let select = match group {
        Group::Run => {
            "SELECT json_extract(recipes.recipe, '$.prompt') FROM runs JOIN recipes ON recipes.sha256 = runs.recipe
             WHERE runs.id = ?1"
        }
        Group::Prompt => "SELECT text FROM prompts WHERE id = ?1",
        Group::Family => {
            "SELECT text FROM candidates JOIN prompts ON prompts.id = candidates.prompt WHERE candidates.id = ?1"
        }
    };
    let found = transaction
        .prepare_cached(select)?
        .query_row([key], |row| row.get(0))
        .optional()?;
    Ok(found.unwrap_or_default())
}

impl Project {
    /// The candidates that `query` lets through, in its order and groups, and the counts over the whole project, all
    /// read at the same instant.
    pub fn look(&self, query: &CandidateQuery) -> Result<Looked> {
        self.look_over(query, &Overlay::default())
    }

    /// [`Project::look`] under what is known outside the database.
    pub fn look_over(&self, query: &CandidateQuery, overlay: &Overlay) -> Result<Looked> {
        self.read(|transaction| {
            let (ids, gathered) = look(transaction, query, overlay)?;
            let mut groups = Vec::with_capacity(gathered.len());
            let mut first = 0;
            if let Some(group) = query.group {
                for (key, count) in gathered {
                    groups.push(GroupHead {
                        first,
                        count,
                        title: title(transaction, group, key)?,
                        run: (group == Group::Run && key > 0).then_some(RunId(key)),
                        family: (group == Group::Family && key > 0).then_some(CandidateId(key)),
                    });
                    first += count;
                }
            }
            Ok(Looked {
                ids,
                groups,
                counts: candidates::counts(transaction)?,
            })
        })
    }
}

#[cfg(test)]
mod tests;
