//! One file that holds everything a killed training needs to go on.

use std::collections::BTreeMap;
use std::path::Path;

use candle_core::{DType, Device, Tensor};

use super::{EncoderProgress, EncoderTraining};
use crate::weights::{self, WeightFile};
use crate::{JudgeError, Result};

const KIND: &str = "salon house encoder 1";

/// What a training cannot change half-way.
fn terms(training: &EncoderTraining) -> String {
    format!(
        "{KIND}, seed {}, {} steps of {}, rate {}",
        training.seed, training.steps, training.batch, training.rate
    )
}

/// Writes where a training stands.
pub fn save(
    path: &Path,
    training: &EncoderTraining,
    stands: EncoderProgress,
    state: &BTreeMap<String, Tensor>,
) -> Result<()> {
    let notes = [
        ("training", terms(training)),
        ("step", stands.step.to_string()),
        ("traits", stands.traits.to_string()),
        ("views", stands.views.to_string()),
        ("damage", stands.damage.to_string()),
        ("seconds", stands.seconds.to_string()),
    ];
    let notes: Vec<(&str, &str)> = notes
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    weights::save(path, state, DType::F32, &notes)
}

/// Reads it back; another training's checkpoint is refused.
pub fn load(path: &Path, training: &EncoderTraining) -> Result<(EncoderProgress, BTreeMap<String, Tensor>)> {
    let file = WeightFile::open(path)?;
    let notes = file.notes()?;
    let bad = |why: String| JudgeError::File {
        path: path.to_path_buf(),
        why,
    };
    let found = notes.get("training").map_or("", String::as_str);
    if found != terms(training) {
        let why = format!(
            "holds \"{found}\", not \"{}\"; name another --work",
            terms(training)
        );
        return Err(bad(why));
    }
    let number = |name: &str| -> Result<f64> {
        let text = notes.get(name).map_or("", String::as_str);
        text.parse()
            .map_err(|_| bad(format!("`{name}` in its header is \"{text}\", no number")))
    };
    let stands = EncoderProgress {
        step: number("step")? as u64,
        traits: number("traits")? as f32,
        views: number("views")? as f32,
        damage: number("damage")? as f32,
        seconds: number("seconds")?,
    };
    let mut state = BTreeMap::new();
    for (name, shape) in file.shapes()? {
        let tensor = file.tensor(&name, &shape, &Device::Cpu)?;
        state.insert(name, tensor);
    }
    Ok((stands, state))
}
