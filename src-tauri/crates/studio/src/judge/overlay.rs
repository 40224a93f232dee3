//! What the judge knows, laid over a question to the catalog.

use salon_catalog::{IdSet, Overlay};
use salon_domain::{CandidateId, CandidateQuery, Sort};
use salon_judge::technical::FlagKind;

use super::{Known, Pool};
use crate::api::{ApiError, NamedCount};
use crate::studio::Inner;

/// Pictures that are most like one.
const ALIKE: usize = 500;
/// Any flag but hints.
const ANY: &str = "any";

/// The word of a kind of flag.
fn word_of(kind: FlagKind) -> String {
    let word = serde_json::to_value(kind).ok();
    word.and_then(|word| word.as_str().map(str::to_owned))
        .unwrap_or_default()
}

fn flag_named(word: &str) -> Result<Option<FlagKind>, ApiError> {
    if word == ANY {
        return Ok(None);
    }
    serde_json::from_value(word.into()).map(Some).map_err(|_| {
        ApiError::invalid_request(format!(
            "`{word}` is no technical flag: `{ANY}`, {} are",
            FlagKind::ALL
                .into_iter()
                .map(|kind| format!("`{}`", word_of(kind)))
                .collect::<Vec<_>>()
                .join(", ")
        ))
    })
}

/// The pictures with one kind of flag, or with any that is no hint.
fn flagged(pool: &Pool, kind: Option<FlagKind>) -> IdSet {
    let mut set = IdSet::default();
    for (place, id) in pool.ids.iter().enumerate() {
        if pool.is_flagged(place, kind) {
            set.insert(id.0);
        }
    }
    set
}

/// How many candidates of a set have each flag, the word of "any" first; those that none has are left out.
fn flag_counts(pool: &Pool, set: &IdSet) -> Vec<NamedCount> {
    let kinds = std::iter::once(None).chain(FlagKind::ALL.into_iter().map(Some));
    let counted = kinds.map(|kind| {
        let flagged =
            |(place, id): &(usize, &CandidateId)| set.contains(id.0) && pool.is_flagged(*place, kind);
        NamedCount {
            name: kind.map_or_else(|| ANY.to_owned(), word_of),
            count: pool.ids.iter().enumerate().filter(flagged).count() as u32,
        }
    });
    counted.filter(|one| one.count > 0).collect()
}

fn narrow(overlay: &mut Overlay, set: IdSet) {
    match &mut overlay.only {
        Some(only) => only.intersect(&set),
        None => overlay.only = Some(set),
    }
}

impl Inner {
    /// How many of the candidates that pass every condition of `query` but the flag have each flag. `passed` are those that
    /// pass all of them.
    pub(crate) fn flag_facets(
        &self,
        query: &CandidateQuery,
        passed: &IdSet,
    ) -> Result<Vec<NamedCount>, ApiError> {
        let known = self.judged();
        let Some(pool) = known.pool.as_deref() else {
            return Ok(vec![]);
        };
        if query.flagged.is_none() {
            return Ok(flag_counts(pool, passed));
        }
        let others = CandidateQuery {
            flagged: None,
            ..query.clone()
        };
        let found = self.project.facets_over(&others, &self.overlay(&others)?)?;
        Ok(flag_counts(pool, &found.passed))
    }

    /// What is to be laid over `query`. A query that asks nothing of the judge costs nothing.
    pub(crate) fn overlay(&self, query: &CandidateQuery) -> Result<Overlay, ApiError> {
        let mut overlay = Overlay::default();
        let asks = query.set_aside.is_some()
            || query.flagged.is_some()
            || query.like.is_some()
            || query.score_from.is_some()
            || query.score_to.is_some()
            || matches!(query.sort, Sort::Score | Sort::Queue);
        if !asks {
            return Ok(overlay);
        }
        let known = self.judged();
        let learnt = known.learnt.as_deref();
        match query.set_aside {
            Some(true) => narrow(
                &mut overlay,
                learnt.map(|learnt| learnt.hidden.clone()).unwrap_or_default(),
            ),
            Some(false) => {
                if let Some(learnt) = learnt {
                    overlay.hidden = learnt.hidden.clone();
                }
            }
            None => {}
        }
        if let Some(word) = &query.flagged {
            let kind = flag_named(word)?;
            let set = known.pool.as_deref().map(|pool| flagged(pool, kind));
            narrow(&mut overlay, set.unwrap_or_default());
        }
        let mut scores = learnt.map(|learnt| learnt.chances.clone()).unwrap_or_default();
        if let Some(like) = query.like {
            let (set, cosines) = alike(&known, like)?;
            narrow(&mut overlay, set);
            scores = cosines;
        }
        if query.score_from.is_some() || query.score_to.is_some() {
            let mut set = IdSet::default();
            for (id, score) in (0_i64..).zip(&scores) {
                let above = query.score_from.is_none_or(|from| *score >= from);
                let below = query.score_to.is_none_or(|to| *score <= to);
                if !score.is_nan() && above && below {
                    set.insert(id);
                }
            }
            narrow(&mut overlay, set);
        }
        if query.sort == Sort::Queue {
            scores = learnt.map(|learnt| learnt.queue.clone()).unwrap_or_default();
        }
        overlay.scores = Some(scores);
        Ok(overlay)
    }

    /// The pictures most like one, the most alike first, itself left out.
    pub(crate) fn alike(
        known: &Known,
        like: CandidateId,
        count: usize,
    ) -> Result<Vec<(CandidateId, f32)>, ApiError> {
        let (pool, place) = placed(known, like)?;
        let found = pool.vectors.nearest_to(place, count)?;
        Ok(found.iter().map(|one| (pool.ids[one.row], one.cosine)).collect())
    }
}

fn placed(known: &Known, candidate: CandidateId) -> Result<(&Pool, usize), ApiError> {
    let found = known
        .pool
        .as_deref()
        .and_then(|pool| Some((pool, pool.place(candidate)?)));
    found.ok_or_else(|| {
        let fault = known.pool.as_deref().and_then(|pool| pool.faults.get(&candidate));
        match fault {
            Some(fault) => ApiError::invalid_request(format!(
                "the picture of candidate {candidate} was not looked at: {fault}"
            )),
            None => ApiError::invalid_request(format!(
                "the judge has not looked at candidate {candidate} yet: wait for it, or run `salon judge`"
            )),
        }
    })
}

/// The pictures most like one, itself among them, with their cosines by number.
fn alike(known: &Known, like: CandidateId) -> Result<(IdSet, Vec<f32>), ApiError> {
    let (pool, place) = placed(known, like)?;
    let mut set = IdSet::default();
    let mut cosines = vec![f32::NAN; pool.ids.last().map_or(0, |last| last.0 as usize + 1)];
    set.insert(like.0);
    cosines[like.0 as usize] = 1.0;
    for near in pool.vectors.nearest_to(place, ALIKE)? {
        let id = pool.ids[near.row].0;
        set.insert(id);
        cosines[id as usize] = near.cosine;
    }
    Ok((set, cosines))
}
