//! `salon train critic`: a critic of failed generations, from drawings and what was done to them, or from the accepted and
//! the rejected of a project.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use image::RgbImage;
use rayon::prelude::*;
use salon_diffusion::probe::through_autoencoder;
use salon_domain::{CancelToken, CandidateId, Verdict};
use salon_judge::critic::{Critic, CriticTraining, Damage, area_under_curve, train};
use salon_judge::encoder::{Encoder, EncoderId};
use salon_judge::technical::{FEATURE_NAMES, measure};
use salon_layers::{Composition, LayerSet};
use serde::Serialize;
use serde_json::json;

use crate::Studio;
use crate::api::{ApiError, ErrorCode};
use crate::train_base::{LEARNT, hashes, write_json};

/// Parts that the examples are divided into; each is judged once by a critic that learnt from the others.
const PARTS: usize = 5;
/// Fewest examples of each kind.
const FEWEST: usize = 20;
/// Drawings that are painted and looked at together.
const TOGETHER: usize = 128;
/// Pixels a side of a drawing: what the house model paints.
const DRAWN: u32 = 128;

/// A critic trained on drawings: half of them sound, half of them damaged.
#[derive(Debug, Clone)]
pub struct TrainCritic {
    /// Folder of layers ("assets/house").
    pub art: PathBuf,
    /// The encoder's folder.
    pub encoder: PathBuf,
    /// A model through whose autoencoder half of the drawings go first, so that what it does to all pictures is no damage.
    pub model: Option<PathBuf>,
    /// Drawings; of each there is a sound and a damaged copy.
    pub drawings: usize,
    /// Decides damage.
    pub seed: u64,
    /// The file to write.
    pub out: PathBuf,
}

/// What came of it.
#[derive(Debug, Clone, Serialize)]
pub struct TrainedCritic {
    /// The file.
    pub out: PathBuf,
    /// Sound (or accepted) examples.
    pub sound: usize,
    /// Damaged (or rejected) ones.
    pub damaged: usize,
    /// Area under the ROC curve on examples that it had not learnt from.
    pub auc: f64,
    /// The same for each kind of damage by itself.
    pub by_damage: Vec<(Damage, f64)>,
}

/// One example.
struct Example {
    features: Vec<f32>,
    sound: bool,
    damage: Option<Damage>,
}

/// What a critic beside this encoder reads.
pub(crate) fn reads(encoder: &EncoderId) -> String {
    format!("{encoder}; then {}", FEATURE_NAMES.join(", "))
}

/// The features of a picture: its vector, then what was measured of it.
pub(crate) fn features(vector: &[f32], technical: &[f32]) -> Vec<f32> {
    vector.iter().chain(technical).copied().collect()
}

/// Chances of examples that the critic which gives them had not learnt from. Example `i` belongs to part `i % PARTS`.
fn unseen_chances(
    rows: &[Vec<f32>],
    sound: &[bool],
    training: &CriticTraining,
) -> Result<Vec<f32>, ApiError> {
    let mut chances = vec![0.0; rows.len()];
    for part in 0..PARTS {
        let learnt = (0..rows.len()).filter(|index| index % PARTS != part);
        let (some, labels): (Vec<_>, Vec<_>) =
            learnt.map(|index| (rows[index].clone(), sound[index])).unzip();
        let critic = train(&some, &labels, training)?;
        for index in (part..rows.len()).step_by(PARTS) {
            chances[index] = critic.chance(&rows[index])?;
        }
    }
    Ok(chances)
}

fn learn(examples: &[Example], features: String, out: &Path) -> Result<TrainedCritic, ApiError> {
    let training = CriticTraining {
        features,
        ..CriticTraining::default()
    };
    let rows: Vec<Vec<f32>> = examples.iter().map(|one| one.features.clone()).collect();
    let sound: Vec<bool> = examples.iter().map(|one| one.sound).collect();
    let chances = unseen_chances(&rows, &sound, &training)?;
    let area = |which: &dyn Fn(&Example) -> bool| {
        let chosen = examples.iter().zip(&chances).filter(|(one, _)| which(one));
        let (scores, kinds): (Vec<f32>, Vec<bool>) = chosen.map(|(one, chance)| (*chance, one.sound)).unzip();
        area_under_curve(&scores, &kinds)
    };
    let kinds = Damage::ALL
        .into_iter()
        .filter(|kind| examples.iter().any(|one| one.damage == Some(*kind)));
    let by_damage = kinds
        .map(|kind| (kind, area(&|one| one.sound || one.damage == Some(kind))))
        .collect();
    let critic: Critic = train(&rows, &sound, &training)?;
    critic.save(out)?;
    let good = sound.iter().filter(|sound| **sound).count();
    Ok(TrainedCritic {
        out: out.to_path_buf(),
        sound: good,
        damaged: sound.len() - good,
        auc: area(&|_| true),
        by_damage,
    })
}

fn painted(set: &LayerSet, composition: &Composition) -> Result<RgbImage, ApiError> {
    Ok(set.render(composition, DRAWN)?)
}

/// Every other picture through the autoencoder of `model` and back.
fn half_through(model: &Path, pictures: &mut [RgbImage]) -> Result<(), ApiError> {
    let some: Vec<Vec<u8>> = pictures
        .iter()
        .step_by(2)
        .map(|picture| picture.as_raw().clone())
        .collect();
    let (back, _) = through_autoencoder(model, &some)?;
    for (picture, bytes) in pictures.iter_mut().step_by(2).zip(back) {
        if let Some(after) = RgbImage::from_raw(DRAWN, DRAWN, bytes) {
            *picture = after;
        }
    }
    Ok(())
}

/// Trains a critic on drawings and damaged copies of them. `news` hears how many drawings were looked at.
pub fn train_critic(
    order: &TrainCritic,
    news: &mut dyn FnMut(usize),
    cancel: &CancelToken,
) -> Result<TrainedCritic, ApiError> {
    let set = LayerSet::load(&order.art)?;
    let encoder = Encoder::open(&order.encoder, &salon_judge::processor())?;
    let mut examples = Vec::with_capacity(2 * order.drawings);
    for start in (0..order.drawings).step_by(TOGETHER) {
        if cancel.is_cancelled() {
            return Err(ApiError::new(
                ErrorCode::Cancelled,
                "the training was stopped; nothing was written",
                &[],
            ));
        }
        let numbers = start..(start + TOGETHER).min(order.drawings);
        let drawn = numbers.clone().into_par_iter();
        let drawn = drawn.map(|number| painted(&set, &set.draw(LEARNT, number as u64)));
        let mut sound = drawn.collect::<Result<Vec<RgbImage>, _>>()?;
        if let Some(model) = &order.model {
            half_through(model, &mut sound)?;
        }
        let damage = |number: usize| Damage::ALL[number / 2 % Damage::ALL.len()];
        let damaged: Vec<RgbImage> = sound
            .par_iter()
            .zip(numbers.clone())
            .map(|(picture, number)| {
                // From just visible to a ruin, evenly over every kind.
                let strength = (number / (2 * Damage::ALL.len()) % 8) as f32 / 7.0;
                damage(number).done_to(picture, strength, order.seed.wrapping_add(number as u64))
            })
            .collect();
        let rows = |pictures: &[RgbImage]| -> Result<Vec<Vec<f32>>, ApiError> {
            let vectors = encoder.encode(pictures)?;
            let measured: Vec<_> = pictures
                .par_iter()
                .map(|picture| measure(picture).features())
                .collect();
            Ok(vectors
                .iter()
                .zip(&measured)
                .map(|(vector, numbers)| features(vector, numbers))
                .collect())
        };
        for ((number, good), bad) in numbers.clone().zip(rows(&sound)?).zip(rows(&damaged)?) {
            examples.push(Example {
                features: good,
                sound: true,
                damage: None,
            });
            examples.push(Example {
                features: bad,
                sound: false,
                damage: Some(damage(number)),
            });
        }
        news(numbers.end);
    }
    let trained = learn(&examples, reads(encoder.id()), &order.out)?;
    let document = json!({
        "trainer": format!("salon train critic, Salon {}", env!("CARGO_PKG_VERSION")),
        "seed": order.seed,
        "drawings": order.drawings,
        "encoder": encoder.id(),
        "through_autoencoder": order.model.is_some(),
        "quality": {"auc": trained.auc, "by_damage": trained.by_damage},
        "art": hashes(&order.art, &[])?,
    });
    write_json(&order.out.with_extension("json"), &document)?;
    Ok(trained)
}

impl Studio {
    /// Trains a critic on what this project accepted and rejected.
    pub fn train_critic(&self, out: &Path) -> Result<TrainedCritic, ApiError> {
        let known = self.inner.judged();
        let Some(pool) = known.pool.as_deref() else {
            return Err(ApiError::invalid_request(
                "the judge has looked at nothing yet: run `salon judge` first",
            ));
        };
        let held = self.inner.project.held_verdicts()?.into_iter();
        let held: BTreeMap<CandidateId, Verdict> = held.map(|one| (one.candidate, one.verdict)).collect();
        let decided: Vec<CandidateId> = held.keys().copied().collect();
        let measured = self.inner.measured(&decided)?;
        let examples: Vec<Example> = measured
            .iter()
            .filter_map(|(candidate, measured)| {
                Some(Example {
                    features: features(pool.vectors.row(pool.place(*candidate)?), &measured.features()),
                    sound: held.get(candidate) == Some(&Verdict::Accepted),
                    damage: None,
                })
            })
            .collect();
        let good = examples.iter().filter(|one| one.sound).count();
        if good < FEWEST || examples.len() - good < FEWEST {
            return Err(ApiError::invalid_request(format!(
                "{good} accepted and {} rejected pictures were looked at: a critic needs {FEWEST} of each",
                examples.len() - good
            )));
        }
        learn(&examples, pool.critic_reads.clone(), out)
    }
}
