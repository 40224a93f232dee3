//! `balance`, `balance_apply`: the set that comes nearest to the schema's targets, proposed; the lead takes it or leaves it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use salon_domain::{Candidate, CandidateId, Verdict};
use salon_traits::TraitsError;
use salon_traits::balance::{Choice, Effort, Limits, Token, Wanted, approximate, conflict, exact, orders};
use salon_traits::schema::{Has, Schema};
use salon_traits::weight::{going_together, percentiles, spearman};

use crate::Studio;
use crate::api::{
    ApiError, ApplyBalance, BalanceGoal, BalanceOrderLine, BalancePool, BalanceReport, BalanceRequest,
    Decided, ErrorCode,
};
use crate::studio::Inner;
use crate::visual_weight::{Measured, rarity_of};
use crate::who::Right;

/// How long the proof is searched, unless another time is asked for.
const SECONDS: f64 = 10.0;
/// Longest that it may be searched.
const MOST_SECONDS: f64 = 600.0;
/// From so many candidates on, what is in each other's way is told only where the proof is asked for: it takes seconds.
const EXPLAINED: usize = 5000;
/// From so many members on, a family says nothing of likeness.
const MOST_ALIKE: usize = 200;

/// The pool as the balance takes it.
struct Pool {
    candidates: Vec<Candidate>,
    tokens: Vec<Token>,
    quality_by: String,
}

impl Pool {
    fn place(&self, id: CandidateId) -> Option<usize> {
        self.candidates.binary_search_by_key(&id, |one| one.id).ok()
    }

    /// Places by name; refused where a candidate is not in the pool.
    fn places(&self, ids: &[CandidateId], what: &str) -> Result<Vec<usize>, ApiError> {
        let place = |id: &CandidateId| {
            self.place(*id).ok_or_else(|| {
                let message =
                    format!("candidate {id} {what}, and is not in the pool: it is rejected, or not accepted");
                ApiError::new(
                    ErrorCode::InvalidRequest,
                    message,
                    &["Decide it first, or take it off the list."],
                )
            })
        };
        ids.iter().map(place).collect()
    }

    /// Lets it count, by `share`, that what is rare in the pool also catches the eye.
    fn weigh(&mut self, measured: &Measured, share: f64) {
        let quality: Vec<f64> = self.tokens.iter().map(|one| one.quality).collect();
        let together = percentiles(&going_together(&measured.rarity, &measured.weights));
        for (place, quality) in percentiles(&quality).into_iter().enumerate() {
            // Who was not looked at does nothing for it, and nothing against.
            let found = measured.ids.binary_search(&self.candidates[place].id);
            let together = found.map_or(0.5, |at| together[at]);
            self.tokens[place].quality = (1.0 - share) * quality + share * together;
        }
        self.quality_by = format!("{} (ranked), and rarity that catches the eye", self.quality_by);
    }

    /// Pairs of one family.
    fn alike(&self) -> Vec<(usize, usize)> {
        let mut families: BTreeMap<CandidateId, Vec<usize>> = BTreeMap::new();
        for (place, one) in self.candidates.iter().enumerate() {
            if let Some(family) = one.family {
                families.entry(family).or_default().push(place);
            }
        }
        let mut pairs = vec![];
        for members in families
            .into_values()
            .filter(|members| members.len() <= MOST_ALIKE)
        {
            for (at, &one) in members.iter().enumerate() {
                pairs.extend(members[at + 1..].iter().map(|&other| (one, other)));
            }
        }
        pairs
    }
}

impl Inner {
    fn pool(&self, of: BalancePool) -> Result<Pool, ApiError> {
        let mut candidates = self.not_rejected()?;
        if of == BalancePool::Accepted {
            candidates.retain(|one| one.verdict == Verdict::Accepted);
        }
        candidates.sort_by_key(|one| one.id);
        let known = self.judged();
        let chances = known
            .learnt
            .as_deref()
            .map(|learnt| learnt.chances.as_slice())
            .unwrap_or_default();
        let chance = |one: &Candidate| {
            let found = chances.get(usize::try_from(one.id.0).ok()?).copied()?;
            (!found.is_nan()).then_some(f64::from(found))
        };
        let scored = |one: &Candidate| one.score.map(f64::from).filter(|score| score.is_finite());
        let (quality, quality_by): (Vec<Option<f64>>, &str) = if chances.is_empty() {
            let scores: Vec<Option<f64>> = candidates.iter().map(scored).collect();
            let told = if scores.iter().any(Option::is_some) {
                "the score of the aesthetic head"
            } else {
                "nothing: the judge does not speak yet, so that all are equally good"
            };
            (scores, told)
        } else {
            (
                candidates.iter().map(chance).collect(),
                "the judge's chance that it is accepted",
            )
        };
        // Who was not looked at is neither better nor worse than the others.
        let told: Vec<f64> = quality.iter().flatten().copied().collect();
        let mean = if told.is_empty() {
            0.0
        } else {
            told.iter().sum::<f64>() / told.len() as f64
        };
        let tokens = candidates
            .iter()
            .zip(quality)
            .map(|(one, quality)| Token {
                name: format!("candidate {}", one.id),
                traits: one.traits.clone(),
                quality: quality.unwrap_or(mean),
            })
            .collect();
        Ok(Pool {
            candidates,
            tokens,
            quality_by: quality_by.to_owned(),
        })
    }

    fn wanted(schema: &Schema, pool: &Pool, request: &BalanceRequest, size: u32) -> Result<Wanted, ApiError> {
        let mut wanted = Wanted::from_schema(schema, size)?;
        for goal in &mut wanted.goals {
            goal.within = request.within;
        }
        wanted.keep = pool.places(&request.keep, "must be in the set")?;
        wanted.drop = request.drop.iter().filter_map(|id| pool.place(*id)).collect();
        if !request.whole_families {
            wanted.alike = pool.alike();
        }
        Ok(wanted)
    }
}

/// How far rarity and weight go together in a set.
fn rho(measured: &Measured, set: &BTreeSet<CandidateId>) -> Result<Option<f64>, ApiError> {
    let places: Vec<usize> = (0..measured.ids.len())
        .filter(|&at| set.contains(&measured.ids[at]))
        .collect();
    let traits: Vec<_> = places.iter().map(|&at| measured.traits[at].clone()).collect();
    let weights: Vec<f64> = places.iter().map(|&at| measured.weights[at]).collect();
    Ok(spearman(&rarity_of(&traits)?, &weights))
}

/// The choice, and what is in each other's way where there is none that keeps all conditions.
fn choose(pool: &Pool, wanted: &Wanted, request: &BalanceRequest) -> Result<(Choice, Vec<String>), ApiError> {
    let tokens = &pool.tokens;
    let quick = approximate(tokens, wanted, Effort::default(), &|| false);
    let quick = match quick {
        Ok(choice) => choice,
        // Someone who must stay may not: what would be chosen without them is still worth seeing.
        Err(TraitsError::Conflict { conditions }) => {
            let without = Wanted {
                keep: vec![],
                ..wanted.clone()
            };
            return Ok((
                approximate(tokens, &without, Effort::default(), &|| false)?,
                conditions,
            ));
        }
        Err(fault) => return Err(fault.into()),
    };
    let enough = quick.chosen.len() >= wanted.size as usize;
    if request.exact && enough {
        let time = request.seconds.unwrap_or(SECONDS);
        if !(time > 0.0 && time <= MOST_SECONDS) {
            return Err(ApiError::invalid_request(format!(
                "{time} seconds: search for more than 0 and at most {MOST_SECONDS}"
            )));
        }
        let limits = Limits {
            time: Duration::from_secs_f64(time),
            ..Limits::default()
        };
        return match exact(tokens, wanted, limits, Effort::default()) {
            Ok(found) if (found.broken, found.deviation) <= (quick.broken, quick.deviation) => {
                Ok((found, vec![]))
            }
            Ok(found) => {
                let proof = found.proof;
                Ok((Choice { proof, ..quick }, vec![]))
            }
            Err(TraitsError::Conflict { conditions }) => Ok((quick, conditions)),
            Err(fault) => Err(fault.into()),
        };
    }
    if quick.broken > 0 && (request.exact || tokens.len() <= EXPLAINED) {
        let conditions = conflict(tokens, wanted)?;
        return Ok((quick, conditions));
    }
    Ok((quick, vec![]))
}

impl Studio {
    /// The set that comes nearest to the schema's targets under its rules, the best such by the judge's word.
    pub fn balance(&self, request: BalanceRequest) -> Result<BalanceReport, ApiError> {
        let inner = &self.inner;
        let Some(schema) = inner.kept_schema()? else {
            return Err(ApiError::new(
                ErrorCode::InvalidRequest,
                "there is no attribute schema yet, so that nothing says what the set should be",
                &["Keep a schema with targets first."],
            ));
        };
        let Some(size) = request.size.or(inner.project.target()?).filter(|size| *size > 0) else {
            return Err(ApiError::new(
                ErrorCode::InvalidRequest,
                "nothing says how many pictures the set should have",
                &["Name a size, or set the target on the set board."],
            ));
        };
        let began = Instant::now();
        let log_rows = inner.project.decision_count()?;
        let mut pool = inner.pool(request.pool)?;
        if pool.tokens.is_empty() {
            return Err(ApiError::new(
                ErrorCode::InvalidRequest,
                "there is nothing to choose from: no candidate is in the pool",
                &["Make or bring in pictures, or choose from undecided ones, too."],
            ));
        }
        if !(0.0..=1.0).contains(&request.rarity_weight) {
            return Err(ApiError::invalid_request(format!(
                "{} is no share: let rarity weigh 0 to 1",
                request.rarity_weight
            )));
        }
        let measured = if request.rarity_weight > 0.0 {
            Some(inner.measure_weights(&pool.candidates)?)
        } else {
            None
        };
        if let Some(measured) = &measured {
            pool.weigh(measured, request.rarity_weight);
        }
        let wanted = Inner::wanted(&schema, &pool, &request, size)?;
        let (choice, conflict) = choose(&pool, &wanted, &request)?;
        let took_ms = began.elapsed().as_secs_f64() * 1e3;

        let chosen: BTreeSet<CandidateId> = choice
            .chosen
            .iter()
            .map(|&place| pool.candidates[place].id)
            .collect();
        let accepted: Vec<&Candidate> = pool
            .candidates
            .iter()
            .filter(|one| one.verdict == Verdict::Accepted)
            .collect();
        let accepted_ids: BTreeSet<CandidateId> = accepted.iter().map(|one| one.id).collect();
        let goals: Vec<BalanceGoal> = choice
            .realised
            .iter()
            .map(|one| {
                let of = Has::value(&one.of.trait_type, &one.of.value);
                let having = |traits: &[salon_domain::Trait]| of.holds(traits);
                BalanceGoal {
                    trait_type: one.of.trait_type.clone(),
                    value: one.of.value.clone(),
                    goal: one.goal,
                    count: one.count,
                    accepted: accepted.iter().filter(|one| having(&one.traits)).count() as u32,
                    pool: pool.tokens.iter().filter(|one| having(&one.traits)).count() as u32,
                }
            })
            .collect();
        let ruled_out = |token: &&Token| !schema.rules.iter().all(|rule| rule.kept_by(&token.traits));
        let lines = orders(&pool.tokens, &wanted, &choice)
            .into_iter()
            .map(|order| BalanceOrderLine {
                count: order.count,
                trait_type: order.of.trait_type,
                value: order.of.value,
                pool: order.pool,
                goal: order.goal,
            });
        let in_set = chosen.clone();
        Ok(BalanceReport {
            size,
            pool: pool.tokens.len() as u32,
            ruled_out: pool.tokens.iter().filter(ruled_out).count() as u32,
            added: chosen.difference(&accepted_ids).copied().collect(),
            laid_back: accepted_ids.difference(&chosen).copied().collect(),
            chosen: chosen.into_iter().collect(),
            deviation: choice.deviation,
            deviation_now: goals.iter().map(|goal| goal.goal.abs_diff(goal.accepted)).sum(),
            goals,
            quality: choice.quality,
            quality_by: pool.quality_by.clone(),
            rho: measured
                .map(|measured| rho(&measured, &in_set))
                .transpose()?
                .flatten(),
            broken: choice.broken,
            deviation_at_least: choice.proof.deviation_at_least,
            quality_at_most: choice.proof.quality_at_most,
            proven: choice.broken == 0 && choice.deviation == choice.proof.deviation_at_least,
            conflict,
            orders: lines.collect(),
            took_ms,
            log_rows,
        })
    }

    /// Accepts a proposal as one gesture of the lead; what else is accepted is undecided again, and nothing is rejected.
    pub fn balance_apply(&self, request: ApplyBalance) -> Result<Decided, ApiError> {
        let by = self.may(&request.by, "taking a balanced set", Right::Lead)?;
        if request.chosen.is_empty() {
            return Err(ApiError::invalid_request(
                "the proposal is empty: there is nothing to accept",
            ));
        }
        let why = "balanced set";
        let outcome = self.inner.project.accept_exactly(
            &request.chosen,
            request.log_rows,
            by,
            why,
            self.inner.now(),
        )?;
        self.remember_curator(by)?;
        self.told(outcome, Some(Verdict::Accepted))
    }
}
