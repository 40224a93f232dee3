//! What the judge learnt from the decisions that hold, and what follows from it for every picture.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use salon_catalog::{HeldVerdict, IdSet};
use salon_domain::{CandidateId, DuelOutcome, Settled, Verdict};
use salon_judge::taste::{
    Audit, Example, Meter, Pick, Preferred, Reading, Rows, Score, Signal, Taste, Verdict as Learned,
    is_audited, order,
};
use salon_judge::technical::FEATURE_NAMES;

use super::Pool;
use crate::api::{
    ApiError, Estimated, JudgeSettings, RegretReading, TasteReport, TasteSignal, TasteWeight, ThresholdStatus,
};
use crate::events::lock;
use crate::studio::Inner;

/// Share of the queue that comes by lot.
const EXPLORED: f32 = 0.15;

/// A taste with everything that follows from it.
#[derive(Debug)]
pub(crate) struct Learnt {
    /// The pictures that it is about.
    pub(crate) pool: Arc<Pool>,
    pub(crate) taste: Taste,
    /// In the order of the pool.
    pub(crate) scores: Vec<Score>,
    /// What was decided.
    pub(crate) examples: Vec<Example>,
    /// What thresholds would cost among the undecided.
    pub(crate) meter: Meter,
    /// Undecided pictures that are set aside now.
    pub(crate) hidden: IdSet,
    pub(crate) threshold: Option<ThresholdStatus>,
    /// Chances by the number of the candidate; NaN where there is none.
    pub(crate) chances: Vec<f32>,
    /// The likeliest first: a falling number by the number of the candidate; NaN where there is none.
    pub(crate) queue: Vec<f32>,
    took_ms: f64,
}

impl From<Signal> for TasteSignal {
    fn from(signal: Signal) -> Self {
        match signal {
            Signal::None => Self::None,
            Signal::Weak => Self::Weak,
            Signal::Found => Self::Found,
        }
    }
}

impl From<Reading> for RegretReading {
    fn from(reading: Reading) -> Self {
        Self {
            threshold: reading.threshold,
            hidden: reading.hidden as u32,
            shown: reading.shown as u32,
            expected_accepted: reading.expected_accepted,
            expected_lost: reading.expected_lost,
            deviation: reading.deviation,
        }
    }
}

/// The report while nothing was looked at.
pub(super) fn nothing() -> TasteReport {
    TasteReport {
        signal: TasteSignal::None,
        quiet: Some("no picture was looked at yet".into()),
        auc: None,
        calibration_error: None,
        accepted: 0,
        rejected: 0,
        duels: 0,
        contradicted: 0,
        weights: vec![],
        took_ms: 0.0,
    }
}

/// `numbers` by the number of the candidate, NaN between them.
fn by_number(ids: &[CandidateId], numbers: impl IntoIterator<Item = f32>) -> Vec<f32> {
    let length = ids.last().map_or(0, |last| last.0 as usize + 1);
    let mut all = vec![f32::NAN; length];
    for (id, number) in ids.iter().zip(numbers) {
        all[id.0 as usize] = number;
    }
    all
}

impl Learnt {
    pub(super) fn report(&self, settings: &JudgeSettings) -> TasteReport {
        let found = self.taste.report();
        let names = FEATURE_NAMES.into_iter().chain(["head or critic"]);
        let mut weights: Vec<TasteWeight> = names
            .zip(self.taste.weights())
            .map(|(name, weight)| TasteWeight {
                name: name.into(),
                mean: weight.mean,
                deviation: weight.deviation,
            })
            .collect();
        weights.sort_by(|one, other| other.mean.abs().total_cmp(&one.mean.abs()));
        let quiet = match found.quiet {
            _ if !settings.learns => Some("switched off".to_owned()),
            quiet => quiet.map(|quiet| quiet.to_string()),
        };
        TasteReport {
            signal: if settings.learns {
                found.signal.into()
            } else {
                TasteSignal::None
            },
            quiet,
            auc: found.auc.map(|auc| Estimated {
                value: auc.value,
                low: auc.low,
                high: auc.high,
            }),
            calibration_error: found.calibration_error,
            accepted: found.accepted as u32,
            rejected: found.rejected as u32,
            duels: found.picks as u32,
            contradicted: found.contradicted as u32,
            weights,
            took_ms: self.took_ms,
        }
    }
}

/// Verdicts and duels as the solver takes them.
fn rows<'a>(
    pool: &'a Pool,
    held: &[HeldVerdict],
    duels: &[(String, Settled)],
    whose: impl Fn(&str) -> bool,
) -> Rows<'a> {
    let families: BTreeMap<CandidateId, i64> = held
        .iter()
        .map(|one| (one.candidate, one.family.unwrap_or(one.candidate).0))
        .collect();
    let group = |id: CandidateId| families.get(&id).copied().unwrap_or(id.0);
    let verdicts = held.iter().filter(|one| whose(&one.by)).filter_map(|one| {
        Some(Learned {
            id: one.candidate.0,
            group: group(one.candidate),
            accepted: one.verdict == Verdict::Accepted,
            weight: 1.0,
            features: pool.features.row(pool.place(one.candidate)?),
        })
    });
    let picks = (0_i64..)
        .zip(duels)
        .filter(|(_, (by, _))| whose(by))
        .filter_map(|(id, (_, duel))| {
            let preferred = match duel.outcome {
                DuelOutcome::Left => Preferred::Left,
                DuelOutcome::Right => Preferred::Right,
                DuelOutcome::Both | DuelOutcome::Neither => Preferred::Even,
                DuelOutcome::Skip => return None,
            };
            Some(Pick {
                id,
                groups: [group(duel.left), group(duel.right)],
                preferred,
                weight: 1.0,
                left: pool.features.row(pool.place(duel.left)?),
                right: pool.features.row(pool.place(duel.right)?),
            })
        });
    Rows {
        verdicts: verdicts.collect(),
        picks: picks.collect(),
    }
}

impl Inner {
    /// Learns anew from the verdicts that hold now.
    pub(super) fn refresh_learnt(&self) -> Result<(), ApiError> {
        *lock(&self.judge.learnt_from) = Some(self.project.decided_so_far()?);
        let known = self.judge.known();
        let Some(pool) = known.pool.clone().filter(|pool| !pool.ids.is_empty()) else {
            self.judge.learn(known.pool.clone(), None);
            return Ok(());
        };
        let settings = self.judge_settings()?;
        let began = Instant::now();
        let held = self.project.held_verdicts()?;
        let duels = self.project.settled_duels()?;
        let layout = pool.layout;
        let taste = match &settings.taste_of {
            None => Taste::fit(&rows(&pool, &held, &duels, |_| true), layout, None)?,
            Some(name) => {
                let others = rows(&pool, &held, &duels, |by| by != name);
                let studio = Taste::fit(&others, layout, None)?;
                let own = rows(&pool, &held, &duels, |by| by == name);
                Taste::fit(&own, layout, Some(&studio))?
            }
        };
        let scores = taste.scores(&pool.features)?;
        let decided: BTreeMap<CandidateId, bool> = held
            .iter()
            .map(|one| (one.candidate, one.verdict == Verdict::Accepted))
            .collect();
        let (mut examples, mut undecided) = (vec![], vec![]);
        for (row, id) in pool.ids.iter().enumerate() {
            match decided.get(id) {
                Some(&accepted) => examples.push(Example {
                    id: *id,
                    row,
                    accepted,
                }),
                None => undecided.push(row),
            }
        }
        let meter = Meter::new(&taste, &pool.features, &scores, &undecided)?;
        let lot = self.judge_lot()?;
        let waiting: Vec<(CandidateId, f32)> = undecided
            .iter()
            .map(|&row| (pool.ids[row], scores[row].chance))
            .collect();
        let explored = if settings.explores { EXPLORED } else { 0.0 };
        let mut queue = vec![f32::NAN; pool.ids.last().map_or(0, |last| last.0 as usize + 1)];
        let speaks = settings.learns && taste.signal() != Signal::None;
        if speaks {
            for (place, id) in order(&waiting, explored, lot)?.into_iter().enumerate() {
                queue[id.0 as usize] = place as f32;
            }
        }
        let (hidden, threshold) = match settings.threshold.filter(|_| speaks) {
            Some(threshold) => {
                let (hidden, status) = self.set_aside(&waiting, &meter, threshold, lot)?;
                (hidden, Some(status))
            }
            None => (IdSet::default(), None),
        };
        let chances = if speaks {
            by_number(&pool.ids, scores.iter().map(|score| score.chance))
        } else {
            vec![]
        };
        let learnt = Learnt {
            scores,
            examples,
            meter,
            hidden,
            threshold,
            chances,
            queue,
            took_ms: began.elapsed().as_secs_f64() * 1e3,
            taste,
            pool: Arc::clone(&pool),
        };
        self.judge.learn(Some(pool), Some(Arc::new(learnt)));
        Ok(())
    }

    /// What a threshold sets aside: those with a smaller chance, but for the few that audit it. When the audit says that it
    /// breaks its promise, nothing.
    fn set_aside(
        &self,
        waiting: &[(CandidateId, f32)],
        meter: &Meter,
        threshold: f32,
        lot: u64,
    ) -> Result<(IdSet, ThresholdStatus), ApiError> {
        let reading = meter.reading(threshold);
        let below = waiting.iter().filter(|(_, chance)| *chance < threshold);
        let (shown, away): (Vec<_>, Vec<_>) = below.partition(|(id, _)| is_audited(*id, lot));
        if self.project.read_only().is_none() {
            let shown: Vec<_> = shown
                .iter()
                .map(|(id, chance)| (*id, f64::from(*chance)))
                .collect();
            self.project
                .begin_audits(&shown, f64::from(threshold), self.now())?;
        }
        // What a higher threshold hid is no witness against this one.
        let audits = self.project.audits()?;
        let audits = audits.iter().filter(|audit| audit.chance < f64::from(threshold));
        let (mut decided, mut accepted) = (0, 0);
        for audit in audits.filter(|audit| audit.verdict != Verdict::Undecided) {
            decided += 1;
            accepted += u64::from(audit.verdict == Verdict::Accepted);
        }
        let promised = reading.expected_lost + reading.deviation;
        let audit = Audit::new(accepted, decided, away.len() as u64, promised)?;
        let paused = audit.broken.then(|| {
            format!(
                "of {decided} pictures below the threshold that were shown all the same, {accepted} were accepted: more \
                 would be lost than the {promised:.0} that were promised. Nothing is set aside until the threshold changes"
            )
        });
        let mut hidden = IdSet::default();
        if paused.is_none() {
            for (id, _) in &away {
                hidden.insert(id.0);
            }
        }
        let status = ThresholdStatus {
            reading: reading.into(),
            set_aside: if paused.is_none() { away.len() as u32 } else { 0 },
            paused,
            audited: decided as u32,
            audited_accepted: accepted as u32,
            false_rejects: (decided > 0).then_some(Estimated {
                value: audit.rate,
                low: audit.low,
                high: audit.high,
            }),
        };
        Ok((hidden, status))
    }
}
