//! What stands in and beside a checkpoint about things that shapes do not tell.
//!
//! `NAME.json` beside `NAME.safetensors` is an object. These fields of it are read, all others are left alone:
//!
//! - `prediction_type`: `epsilon`, `v_prediction` or `sample`;
//! - `timestep_spacing`: `leading`, `trailing` or `linspace` (SDXL-Turbo and LCM want `trailing`);
//! - `rescale_betas_zero_snr`: true for models trained down to pure noise;
//! - `scheduler`, `unet`, `vae`, `text_encoder`, `text_encoder_2`: objects whose fields replace those of the
//!   configuration that was derived, for checkpoints built in an unusual way.
//!
//! ```json
//! {"prediction_type": "v_prediction", "rescale_betas_zero_snr": true, "timestep_spacing": "trailing"}
//! ```

use std::fs::File;
use std::io::Read;
use std::path::Path;

use serde_json::{Map, Value, json};

use crate::error::{DiffusionError, Result};
use crate::weights::{Family, WeightFile};

/// Largest file that is read, in bytes.
const LARGEST: u64 = 1 << 20;

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Sidecar {
    fields: Map<String, Value>,
    velocity: bool,
    zero_terminal_snr: bool,
}

impl Sidecar {
    /// Looks into the header and beside the file.
    pub fn beside(file: &WeightFile) -> Result<Self> {
        let mut found = Self {
            velocity: file.tensors.contains_key("v_pred"),
            zero_terminal_snr: file.tensors.contains_key("ztsnr"),
            fields: Map::new(),
        };
        if let Some(kind) = file.metadata.get("modelspec.prediction_type") {
            found.velocity |= matches!(kind.as_str(), "v" | "v_prediction" | "v-prediction");
        }
        if let Some(text) = read(&file.path.with_extension("yaml"))? {
            let says = |line: &str| {
                let mut line = line.trim().splitn(2, ':');
                line.next() == Some("parameterization")
                    && line
                        .next()
                        .is_some_and(|value| value.trim().trim_matches(['"', '\'']) == "v")
            };
            found.velocity |= text.lines().any(says);
        }
        let path = file.path.with_extension("json");
        if let Some(text) = read(&path)? {
            let wrong = |reason: String| DiffusionError::Model {
                path: path.clone(),
                reason,
            };
            match serde_json::from_str(&text) {
                Ok(Value::Object(fields)) => found.fields = fields,
                Ok(_) => {
                    return Err(wrong(
                        "is no JSON object; see the documentation of single files".to_owned(),
                    ));
                }
                Err(fault) => return Err(wrong(format!("is no JSON ({fault}); correct or remove it"))),
            }
        }
        Ok(found)
    }

    /// Whether the U-Net predicts velocity.
    pub fn velocity(&self) -> bool {
        match self.fields.get("prediction_type").and_then(Value::as_str) {
            Some(kind) => kind == "v_prediction",
            None => self.velocity,
        }
    }

    /// `scheduler/scheduler_config.json`, with the family's defaults.
    pub fn scheduler(&self, family: Family) -> Value {
        let large = matches!(
            family,
            Family::StableDiffusionXl | Family::StableDiffusionXlRefiner
        );
        let mut config = json!({
            "_class_name": if large { "EulerDiscreteScheduler" } else { "DDIMScheduler" },
            "beta_end": 0.012,
            "beta_schedule": "scaled_linear",
            "beta_start": 0.00085,
            "clip_sample": false,
            "num_train_timesteps": 1000,
            "prediction_type": if self.velocity { "v_prediction" } else { "epsilon" },
            "set_alpha_to_one": false,
            "steps_offset": 1,
            "timestep_spacing": "leading",
        });
        if self.zero_terminal_snr {
            config["rescale_betas_zero_snr"] = true.into();
            config["timestep_spacing"] = "trailing".into();
        }
        for field in ["prediction_type", "timestep_spacing", "rescale_betas_zero_snr"] {
            if let Some(value) = self.fields.get(field) {
                config[field] = value.clone();
            }
        }
        config
    }

    /// Replaces what the sidecar says about one part.
    pub fn patch(&self, part: &str, config: &mut Value) {
        if let (Some(Value::Object(fields)), Value::Object(config)) = (self.fields.get(part), config) {
            config.extend(fields.iter().map(|(field, value)| (field.clone(), value.clone())));
        }
    }
}

/// The text of a file, if it is there.
fn read(path: &Path) -> Result<Option<String>> {
    if !path.is_file() {
        return Ok(None);
    }
    let mut text = String::new();
    let file = File::open(path).map_err(DiffusionError::file(path))?;
    file.take(LARGEST)
        .read_to_string(&mut text)
        .map_err(DiffusionError::file(path))?;
    Ok(Some(text))
}
