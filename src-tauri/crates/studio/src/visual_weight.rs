//! `visual_weight`: whether what is rare also catches the eye.

use std::collections::BTreeSet;

use salon_domain::{Candidate, CandidateId, Digest, Trait, Verdict};
use salon_judge::neighbours::Neighbours;
use salon_traits::rarity::{Collection, Method, Weighting, rank};
use salon_traits::weight::{SIDE, ValueWeight, concentration, of_tokens, of_values, spearman, violations};

use crate::Studio;
use crate::api::{
    ApiError, BalancePool, TokenWeight, TraitValueWeight, VisualWeightReport, VisualWeightRequest,
    WeightViolation,
};
use crate::events::lock;
use crate::studio::Inner;

/// Neighbours that tell how distinct a picture is.
const NEAREST: usize = 10;
/// Differences of weight that are not told.
const SLACK: f64 = 0.02;
/// Most pairs that are told.
const MOST_VIOLATIONS: usize = 100;

/// Candidates whose pictures were looked at, and what was measured of each.
pub(crate) struct Measured {
    pub(crate) ids: Vec<CandidateId>,
    pub(crate) traits: Vec<Vec<Trait>>,
    pub(crate) distinctiveness: Vec<f64>,
    pub(crate) saliency: Vec<f64>,
    pub(crate) rarity: Vec<f64>,
    pub(crate) weights: Vec<f64>,
    pub(crate) left_out: usize,
    encoder: String,
}

/// `OpenRarity`'s scores among these tokens.
pub(crate) fn rarity_of(tokens: &[Vec<Trait>]) -> Result<Vec<f64>, ApiError> {
    let collection = Collection::new(tokens, &BTreeSet::new());
    Ok(rank(&collection, Method::OpenRarity, Weighting::default())?.scores)
}

impl Inner {
    /// How far what catches the eye of a picture is gathered; 0 where the picture cannot be read. Remembered.
    fn saliency(&self, picture: &Digest) -> f64 {
        if let Some(known) = lock(&self.saliencies).get(picture) {
            return f64::from(*known);
        }
        let found = self.project.read_stored_thumb(picture).ok().and_then(|bytes| {
            let picture = salon_catalog::decode(&bytes, "thumbnail").ok()?;
            let side = SIDE as u32;
            let small = picture
                .resize_exact(side, side, image::imageops::FilterType::Triangle)
                .to_luma32f();
            Some(concentration(small.as_raw()))
        });
        let found = found.unwrap_or(0.0);
        lock(&self.saliencies).insert(*picture, found as f32);
        found
    }

    /// Measures these candidates among each other.
    pub(crate) fn measure_weights(&self, candidates: &[Candidate]) -> Result<Measured, ApiError> {
        let pool = self.pooled("nothing can be weighed")?;
        let seen: Vec<(&Candidate, usize)> = candidates
            .iter()
            .filter_map(|one| Some((one, pool.place(one.id)?)))
            .collect();
        let flat: Vec<f32> = seen
            .iter()
            .flat_map(|(_, place)| pool.vectors.row(*place).iter().copied())
            .collect();
        let vectors = Neighbours::new(pool.vectors.width().max(1), flat)?;
        let mut distinctiveness = Vec::with_capacity(seen.len());
        for row in 0..seen.len() {
            let near = vectors.nearest_to(row, NEAREST)?;
            let sum: f64 = near.iter().map(|one| 1.0 - f64::from(one.cosine)).sum();
            distinctiveness.push(sum / near.len().max(1) as f64);
        }
        let (first, second) = seen.split_at(seen.len() / 2);
        let of = |half: &[(&Candidate, usize)]| -> Vec<f64> {
            half.iter().map(|(one, _)| self.saliency(&one.sha256)).collect()
        };
        let saliency = std::thread::scope(|scope| {
            let other = scope.spawn(|| of(second));
            let mut all = of(first);
            all.extend(other.join().unwrap_or_else(|_| vec![0.0; second.len()]));
            all
        });
        let traits: Vec<Vec<Trait>> = seen.iter().map(|(one, _)| one.traits.clone()).collect();
        Ok(Measured {
            weights: of_tokens(&[&distinctiveness, &saliency]),
            rarity: rarity_of(&traits)?,
            ids: seen.iter().map(|(one, _)| one.id).collect(),
            left_out: candidates.len() - seen.len(),
            encoder: pool.encoder.clone(),
            traits,
            distinctiveness,
            saliency,
        })
    }
}

fn told(one: ValueWeight) -> TraitValueWeight {
    TraitValueWeight {
        trait_type: one.of.trait_type,
        value: one.of.value,
        count: one.count,
        weight: one.weight,
    }
}

impl Studio {
    /// How rarity and visual weight go together, picture by picture and value by value.
    pub fn visual_weight(&self, request: VisualWeightRequest) -> Result<VisualWeightReport, ApiError> {
        let mut candidates = self.inner.not_rejected()?;
        if request.pool.unwrap_or(BalancePool::Accepted) == BalancePool::Accepted {
            candidates.retain(|one| one.verdict == Verdict::Accepted);
        }
        let measured = self.inner.measure_weights(&candidates)?;
        let values = of_values(&measured.traits, &measured.weights);
        let violations = violations(&values, SLACK).into_iter().take(MOST_VIOLATIONS);
        let mut tokens: Vec<TokenWeight> = measured
            .ids
            .iter()
            .enumerate()
            .map(|(place, &candidate)| TokenWeight {
                candidate,
                weight: measured.weights[place],
                distinctiveness: measured.distinctiveness[place],
                saliency: measured.saliency[place],
                rarity: measured.rarity[place],
            })
            .collect();
        tokens.sort_by(|one, other| {
            other
                .weight
                .total_cmp(&one.weight)
                .then_with(|| one.candidate.cmp(&other.candidate))
        });
        Ok(VisualWeightReport {
            measured_by: format!(
                "the distance to the {NEAREST} pictures most like it, by the encoder `{}`, and how far what catches the eye is gathered in one place",
                measured.encoder
            ),
            rho: spearman(&measured.rarity, &measured.weights),
            tokens,
            values: values.iter().cloned().map(told).collect(),
            violations: violations
                .map(|pair| WeightViolation {
                    trait_type: pair.rarer.of.trait_type.clone(),
                    rarer: told(pair.rarer),
                    commoner: told(pair.commoner),
                })
                .collect(),
            left_out: measured.left_out as u32,
        })
    }
}
