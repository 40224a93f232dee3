//! `judge_status`, `change_judge`, `encoders`, `heads`, `judgement`, `similar`, `families`, `regret`, `coherence`: what the judge says.

use std::collections::BTreeMap;

use salon_domain::CandidateId;
use salon_judge::heads::Head;
use salon_judge::neighbours::Neighbours;
use salon_judge::set::{CoherenceLimits, Hanging, outliers};
use salon_judge::taste::nearest_decided;
use salon_judge::technical::{Flag, Measurements};

use crate::Studio;
use crate::api::{
    ApiError, CandidateRequest, EncoderSummary, FamilyMember, FamilySummary, FamilyTie, HeadSummary,
    JudgeSettings, JudgeStatus, Judgement, Nothing, RegretMeter, SetOutlier, SimilarCandidate,
    SimilarRequest, TasteSignal, TechnicalFlag,
};
use crate::judge::{Known, Pool, find_encoders, find_heads};
use crate::studio::Inner;

/// Decided pictures shown as a reason, of each verdict.
const REASONS: usize = 3;
/// Similar pictures, unless another number is asked for.
const SIMILAR: u32 = 24;
/// Most similar pictures.
const MOST_SIMILAR: u32 = 1000;

fn told(flag: Flag) -> Result<TechnicalFlag, ApiError> {
    let kind = serde_json::to_value(flag.kind).map_err(|fault| ApiError::internal(fault.to_string()))?;
    Ok(TechnicalFlag {
        kind: kind.as_str().unwrap_or_default().to_owned(),
        hint: flag.kind.is_hint(),
        severity: flag.severity,
        sentence: flag.sentence,
    })
}

impl Studio {
    /// Where the judge stands.
    pub fn judge_status(&self, _: Nothing) -> Result<JudgeStatus, ApiError> {
        self.inner.judge_status()
    }

    /// Looks at every picture that was not looked at yet, here and now, and learns. For the command line: in an open studio a
    /// thread does so by itself. `report` hears how many of how many, and says whether to go on.
    pub fn judge_now(&self, mut report: impl FnMut(u32, u32) -> bool) -> Result<JudgeStatus, ApiError> {
        self.inner.judge_now(&mut report)?;
        self.inner.judge_status()
    }

    /// Sets the judge; it begins anew with whatever that needs.
    pub fn change_judge(&self, request: JudgeSettings) -> Result<JudgeStatus, ApiError> {
        if let Some(threshold) = request.threshold
            && !(0.0..=1.0).contains(&threshold)
        {
            return Err(ApiError::invalid_request(format!(
                "{threshold} is no chance: give a threshold from 0 to 1"
            )));
        }
        let before = self.inner.judge_settings()?;
        if request.encoder != before.encoder || request.head != before.head {
            // What is wrong with them is said now, to whoever chose them.
            self.inner.try_judge(&request)?;
        }
        self.inner.set_judge(&request)?;
        let status = self.inner.judge_status()?;
        self.inner.events.judge(&status);
        Ok(status)
    }

    /// The encoders in the models folders, the house's own first.
    pub fn encoders(&self, _: Nothing) -> Result<Vec<EncoderSummary>, ApiError> {
        let active = self.inner.judge_status()?.encoder;
        let seen: BTreeMap<String, u32> = self
            .inner
            .project
            .encoders()?
            .into_iter()
            .map(|(record, seen)| (record.name, seen))
            .collect();
        let found = find_encoders(&self.inner.options.models);
        let summaries = found.into_iter().map(|one| EncoderSummary {
            house: one.name == "house",
            active: one.name == active,
            seen: seen.get(&one.name).copied().unwrap_or(0),
            architecture: one.kind,
            name: one.name,
        });
        Ok(summaries.collect())
    }

    /// The aesthetic heads in the models folders, by name.
    pub fn heads(&self, _: Nothing) -> Result<Vec<HeadSummary>, ApiError> {
        let chosen = self.inner.judge_settings()?.head;
        let found = find_heads(&self.inner.options.models);
        let summaries = found.into_iter().map(|(name, path)| {
            let active = chosen.as_ref() == Some(&name);
            match Head::open(&path) {
                Ok(head) => HeadSummary {
                    width: head.width() as u32,
                    licence: head.id().licence.clone(),
                    active,
                    fault: None,
                    name,
                },
                Err(fault) => HeadSummary {
                    width: 0,
                    licence: String::new(),
                    active,
                    fault: Some(fault.to_string()),
                    name,
                },
            }
        });
        Ok(summaries.collect())
    }

    /// Everything the judge says of one candidate, with its reasons.
    pub fn judgement(&self, request: CandidateRequest) -> Result<Judgement, ApiError> {
        let id = request.id;
        self.inner.project.picture_of(id)?;
        let known = self.inner.judged();
        let family = self.inner.project.family_link(id)?.map(|link| FamilyTie {
            to: link.to,
            likeness: link.reason,
            distance: link.distance,
        });
        let Some((pool, place)) = known
            .pool
            .as_deref()
            .and_then(|pool| Some((pool, pool.place(id)?)))
        else {
            let fault = known
                .pool
                .as_deref()
                .and_then(|pool| pool.faults.get(&id).cloned());
            return Ok(Judgement {
                family,
                fault: Some(fault.unwrap_or_else(|| "the judge has not looked at it yet".into())),
                ..Judgement::default()
            });
        };
        let measured = self.inner.measured(&[id])?;
        let flags = measured.iter().flat_map(|(_, measured)| pool.flags(measured));
        let flags = flags.map(told).collect::<Result<_, _>>()?;
        let mut judgement = Judgement {
            flags,
            family,
            head: pool.head[place],
            sound: pool.sound.get(place).copied(),
            ..Judgement::default()
        };
        // A taste is about the pool that it was learnt in.
        let learnt = known
            .learnt
            .as_deref()
            .filter(|learnt| learnt.pool.place(id) == Some(place));
        if let Some(learnt) = learnt {
            let examples: Vec<_> = learnt
                .examples
                .iter()
                .filter(|one| one.id != id)
                .copied()
                .collect();
            let features = &learnt.pool.features;
            let reasons = nearest_decided(
                features.row(place),
                features,
                learnt.taste.layout(),
                &examples,
                REASONS,
            )?;
            let similar = |found: Vec<salon_judge::taste::Similar>| {
                found
                    .into_iter()
                    .map(|one| SimilarCandidate {
                        candidate: one.id,
                        similarity: one.similarity,
                    })
                    .collect()
            };
            judgement.accepted = similar(reasons.accepted);
            judgement.rejected = similar(reasons.rejected);
            if !learnt.chances.is_empty() {
                let score = learnt.scores[place];
                judgement.chance = Some(score.chance);
                judgement.low = Some(score.low);
                judgement.high = Some(score.high);
            }
        }
        Ok(judgement)
    }

    /// The pictures most like one, the most alike first.
    pub fn similar(&self, request: SimilarRequest) -> Result<Vec<SimilarCandidate>, ApiError> {
        self.inner.project.picture_of(request.candidate)?;
        let count = request.count.unwrap_or(SIMILAR);
        if count > MOST_SIMILAR {
            return Err(ApiError::invalid_request(format!(
                "{count} similar pictures: ask for at most {MOST_SIMILAR}"
            )));
        }
        let known = self.inner.judged();
        let found = Inner::alike(&known, request.candidate, count as usize)?;
        Ok(found
            .into_iter()
            .map(|(candidate, similarity)| SimilarCandidate {
                candidate,
                similarity,
            })
            .collect())
    }

    /// Every family with what ties its members, by its first member.
    pub fn families(&self, _: Nothing) -> Result<Vec<FamilySummary>, ApiError> {
        let mut families: BTreeMap<CandidateId, Vec<FamilyMember>> = BTreeMap::new();
        for (candidate, family, link) in self.inner.project.family_members()? {
            families.entry(family).or_default().push(FamilyMember {
                candidate,
                tie: link.map(|link| FamilyTie {
                    to: link.to,
                    likeness: link.reason,
                    distance: link.distance,
                }),
            });
        }
        let families = families.into_iter();
        Ok(families
            .map(|(family, members)| FamilySummary { family, members })
            .collect())
    }

    /// What every threshold would set aside, and cost.
    pub fn regret(&self, _: Nothing) -> Result<RegretMeter, ApiError> {
        let known = self.inner.judged();
        let Some(learnt) = known.learnt.as_deref() else {
            return Ok(RegretMeter {
                signal: TasteSignal::None,
                readings: vec![],
                histogram: vec![],
            });
        };
        let learns = self.inner.judge_settings()?.learns;
        let meter = &learnt.meter;
        Ok(RegretMeter {
            signal: if learns {
                meter.signal.into()
            } else {
                TasteSignal::None
            },
            readings: meter.readings.iter().copied().map(Into::into).collect(),
            histogram: meter.histogram.iter().map(|&count| count as u32).collect(),
        })
    }

    /// Which accepted pictures stand out of the set, the farthest first. Nothing is wrong with them: a lead should see them
    /// before signing.
    pub fn coherence(&self, _: Nothing) -> Result<Vec<SetOutlier>, ApiError> {
        let known = self.inner.judged();
        let accepted = self.inner.project.accepted()?;
        let Some(pool) = known.pool.as_deref() else {
            return Ok(vec![]);
        };
        let measured = self.inner.measured(&accepted)?.into_iter();
        let (places, measured): (Vec<usize>, Vec<Measurements>) = measured
            .filter_map(|(id, measured)| Some((pool.place(id)?, measured)))
            .unzip();
        stand_out(pool, &places, &measured)
    }
}

fn stand_out(
    pool: &Pool,
    places: &[usize],
    measurements: &[Measurements],
) -> Result<Vec<SetOutlier>, ApiError> {
    let vectors = places
        .iter()
        .flat_map(|&place| pool.vectors.row(place).iter().copied())
        .collect();
    let embeddings = Neighbours::new(pool.vectors.width(), vectors)?;
    let set = Hanging {
        measurements,
        embeddings: Some(&embeddings),
    };
    let mut found: Vec<SetOutlier> = Vec::new();
    for outlier in outliers(set, &CoherenceLimits::default())? {
        let candidate = pool.ids[places[outlier.row]];
        match found.iter_mut().find(|one| one.candidate == candidate) {
            Some(known) => known.reasons.push(outlier.sentence),
            None => found.push(SetOutlier {
                candidate,
                reasons: vec![outlier.sentence],
                strength: outlier.deviations,
                nearest: outlier
                    .neighbours
                    .iter()
                    .map(|near| SimilarCandidate {
                        candidate: pool.ids[places[near.row]],
                        similarity: near.cosine,
                    })
                    .collect(),
            }),
        }
    }
    Ok(found)
}

impl Known {
    /// Whether something that is no hint is flagged of a candidate, whether it is set aside, and its chance.
    pub(crate) fn in_short(&self, candidate: CandidateId) -> (bool, bool, Option<f32>) {
        let pool = self.pool.as_deref();
        let flagged = pool.and_then(|pool| Some(pool.is_flagged(pool.place(candidate)?, None)));
        let learnt = self.learnt.as_deref();
        let set_aside = learnt.is_some_and(|learnt| learnt.hidden.contains(candidate.0));
        let chance = learnt.and_then(|learnt| {
            let chance = learnt.chances.get(usize::try_from(candidate.0).ok()?)?;
            (!chance.is_nan()).then_some(*chance)
        });
        (flagged.unwrap_or(false), set_aside, chance)
    }
}
