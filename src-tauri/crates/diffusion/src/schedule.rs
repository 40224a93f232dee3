//! The noise schedule a model was trained with, read from `scheduler/scheduler_config.json`, in f64 on the host.
//!
//! Which sampler makes the steps is the recipe's choice, as when a scheduler is exchanged in diffusers with
//! `OtherScheduler.from_config(scheduler.config)`: a field that the file holds is honoured by every sampler that knows
//! it, and a field that it leaves out has the default of the sampler that is chosen, not of the class that is named.

mod betas;
mod fields;

use std::fs;
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

use crate::error::{DiffusionError, Result};

/// What the U-Net predicts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Prediction {
    /// The noise. Ho, Jain and Abbeel 2020, arXiv:2006.11239.
    Epsilon,
    /// Velocity: √ᾱ·noise − √(1−ᾱ)·picture. Salimans and Ho 2022, arXiv:2202.00512.
    VPrediction,
    /// The clean picture.
    Sample,
}

/// How inference steps are placed on the training steps. Lin et al. 2023, arXiv:2305.08891, table 2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Spacing {
    /// Evenly, both ends included.
    Linspace,
    /// Multiples of the step ratio, from the clean end; the noisiest step is left out.
    Leading,
    /// From the noisy end down.
    Trailing,
}

/// The noise level that the last step ends at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FinalSigma {
    /// None at all.
    Zero,
    /// That of the first training step.
    SigmaMin,
}

/// A noise schedule.
#[derive(Debug, Clone, PartialEq)]
#[allow(clippy::struct_excessive_bools)] // One for each of the file's.
pub struct Schedule {
    /// ᾱ of every training step: the share of the picture in a noised latent's variance. Falls from almost 1.
    pub alphas_cumprod: Vec<f64>,
    /// What the U-Net predicts.
    pub prediction: Prediction,
    /// Where inference steps are placed; `None` leaves it to the sampler.
    pub spacing: Option<Spacing>,
    /// Added to the timesteps of [`Spacing::Leading`].
    pub steps_offset: usize,
    /// Whether the last step of DDIM ends at exactly no noise (else at the first training step's).
    pub set_alpha_to_one: bool,
    /// Whether DDIM and LCM clamp their estimate of the clean latent; `None` leaves it to the sampler.
    pub clip: Option<bool>,
    /// They clamp it to ± this.
    pub clip_range: f64,
    /// Whether the noisiest step is pure noise (ᾱ = 0).
    pub zero_terminal_snr: bool,
    /// Whether Euler and `UniPC` place their steps on the noise levels of Karras et al. 2022, arXiv:2206.00364,
    /// equation 5; for DPM++ 2M the recipe says so.
    pub karras: bool,
    /// The noise level that the samplers on noise levels end at.
    pub final_sigma: FinalSigma,
    /// Whether multistep samplers fall back to the first order at the end of few steps.
    pub lower_order_final: bool,
    /// Whether DPM++ 2M always makes its last step with the first order.
    pub euler_at_final: bool,
    /// Steps of the schedule that a latent consistency model was distilled with.
    pub original_inference_steps: usize,
    /// Scales the timesteps in the boundary condition of latent consistency models.
    pub timestep_scaling: f64,
}

impl Schedule {
    /// Reads `scheduler_config.json`.
    pub fn load(path: &Path) -> Result<Self> {
        let text = fs::read(path).map_err(DiffusionError::file(path))?;
        let json = from_python(&text).map_err(|fault| {
            DiffusionError::config("scheduler", path.display().to_string(), fault.to_string())
        })?;
        Self::from_json(&json)
    }

    /// Reads the configuration as diffusers writes it. A field that is not understood is refused by name.
    pub fn from_json(json: &Value) -> Result<Self> {
        let wrong = |field: &str, reason: String| DiffusionError::config("scheduler", field, reason);
        let class = fields::class(json)?;
        let count = number(json, "num_train_timesteps")?.unwrap_or(1000);
        if !(2..=100_000).contains(&count) {
            return Err(wrong(
                "num_train_timesteps",
                format!("is {count}; 2 to 100000 make sense"),
            ));
        }
        let kind: String = read(json, "beta_schedule")?.unwrap_or_else(|| class.beta_schedule.to_owned());
        let start = read(json, "beta_start")?.unwrap_or(class.beta_start);
        let end = read(json, "beta_end")?.unwrap_or(class.beta_end);
        let betas = match read::<Vec<f32>>(json, "trained_betas")? {
            Some(betas) => betas,
            None => betas::betas(&kind, start, end, count)
                .ok_or_else(|| wrong("beta_schedule", format!("is `{kind}`, which is not supported")))?,
        };
        if betas.iter().any(|beta| !(0.0..1.0).contains(beta)) || betas.len() != count {
            return Err(wrong(
                "beta_start",
                "and its fellows do not give one noise share in 0..1 per step".into(),
            ));
        }
        let zero_terminal_snr = read(json, "rescale_betas_zero_snr")?.unwrap_or(false);
        let original_inference_steps = number(json, "original_inference_steps")?.unwrap_or(50);
        if !(1..=count).contains(&original_inference_steps) {
            return Err(wrong(
                "original_inference_steps",
                format!("is {original_inference_steps}; 1 to {count} make sense"),
            ));
        }
        Ok(Self {
            alphas_cumprod: betas::alphas_cumprod(&betas, zero_terminal_snr),
            prediction: read(json, "prediction_type")?.unwrap_or(Prediction::Epsilon),
            spacing: read(json, "timestep_spacing")?,
            steps_offset: number(json, "steps_offset")?.unwrap_or(0).min(count),
            set_alpha_to_one: read(json, "set_alpha_to_one")?.unwrap_or(true),
            clip: read(json, "clip_sample")?,
            clip_range: read(json, "clip_sample_range")?.unwrap_or(1.0),
            zero_terminal_snr,
            karras: read(json, "use_karras_sigmas")?.unwrap_or(false),
            final_sigma: read(json, "final_sigmas_type")?.unwrap_or(FinalSigma::Zero),
            lower_order_final: read(json, "lower_order_final")?.unwrap_or(true),
            euler_at_final: read(json, "euler_at_final")?.unwrap_or(false),
            original_inference_steps,
            timestep_scaling: read(json, "timestep_scaling")?.unwrap_or(10.0),
        })
    }

    /// Training steps.
    pub fn train_steps(&self) -> usize {
        self.alphas_cumprod.len()
    }
}

/// JSON as Python writes it, with an infinity that JSON does not have: diffusers' way to say that nothing is clipped
/// (`lambda_min_clipped` of every `DPMSolverMultistepScheduler`). It is read as null.
pub(crate) fn from_python(text: &[u8]) -> serde_json::Result<Value> {
    serde_json::from_slice(text).or_else(|fault| {
        let text = String::from_utf8_lossy(text).replace(": -Infinity", ": null");
        // What is wrong besides is told as it stands in the file.
        serde_json::from_str(&text).map_err(|_| fault)
    })
}

/// A field; `None` where it is left out or null.
fn read<T: for<'de> Deserialize<'de>>(json: &Value, field: &'static str) -> Result<Option<T>> {
    match json.get(field).filter(|value| !value.is_null()) {
        None => Ok(None),
        Some(value) => serde_json::from_value(value.clone()).map(Some).map_err(|_| {
            DiffusionError::config("scheduler", field, format!("is {value}, which is not supported"))
        }),
    }
}

/// A count.
fn number(json: &Value, field: &'static str) -> Result<Option<usize>> {
    read(json, field)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[allow(clippy::needless_pass_by_value)] // Called with literals.
    fn schedule(extra: Value) -> Result<Schedule> {
        let mut config = json!({"_class_name": "DDIMScheduler", "beta_start": 0.00085, "beta_end": 0.012,
            "beta_schedule": "scaled_linear", "num_train_timesteps": 1000});
        if let (Some(config), Some(extra)) = (config.as_object_mut(), extra.as_object()) {
            config.extend(extra.clone());
        }
        Schedule::from_json(&config)
    }

    #[test]
    fn a_zero_terminal_schedule_ends_in_pure_noise_and_starts_as_before() {
        let plain = schedule(json!({})).unwrap();
        let zero =
            schedule(json!({"rescale_betas_zero_snr": true, "prediction_type": "v_prediction"})).unwrap();
        assert!(
            zero.alphas_cumprod[999].abs() < f64::MIN_POSITIVE,
            "the noisiest step must hold no picture"
        );
        assert!(
            (zero.alphas_cumprod[0] - plain.alphas_cumprod[0]).abs() < 1e-6,
            "the first step must stay"
        );
        assert!(
            zero.alphas_cumprod.windows(2).all(|pair| pair[0] > pair[1]),
            "noise must grow with every step"
        );
    }

    #[test]
    fn what_is_not_understood_is_refused_by_name() {
        for (extra, word) in [
            (json!({"_class_name": "MagicScheduler"}), "MagicScheduler"),
            (json!({"use_flow_sigmas": true}), "use_flow_sigmas"),
            (json!({"use_karras_sigmas": "often"}), "use_karras_sigmas"),
            (json!({"variance_type": "learned_range"}), "variance_type"),
            (json!({"sigma_min": 0.03}), "sigma_min"),
            (json!({"dream_depth": 3}), "dream_depth"),
            (json!({"beta_schedule": "cubic"}), "cubic"),
            (json!({"prediction_type": "dream"}), "dream"),
            (json!({"steps_offset": -1}), "steps_offset"),
            (json!({"trained_betas": [0.1, 0.2]}), "beta_start"),
            (json!({"num_train_timesteps": 0}), "num_train_timesteps"),
        ] {
            let message = schedule(extra).expect_err("must be refused").to_string();
            assert!(message.contains(word), "`{message}` should name `{word}`");
        }
    }

    #[test]
    fn what_diffusers_writes_for_every_class_is_read() {
        // Fields as the classes of diffusers 0.42 write them, with what they leave to their own steps.
        for (class, extra) in [
            (
                "DDIMScheduler",
                json!({"thresholding": false, "dynamic_thresholding_ratio": 0.995}),
            ),
            (
                "DDPMScheduler",
                json!({"variance_type": "fixed_small", "clip_sample": true}),
            ),
            (
                "PNDMScheduler",
                json!({"skip_prk_steps": true, "set_alpha_to_one": false, "trained_betas": null}),
            ),
            (
                "LMSDiscreteScheduler",
                json!({"use_karras_sigmas": true, "use_beta_sigmas": false}),
            ),
            (
                "EulerDiscreteScheduler",
                json!({"interpolation_type": "linear", "timestep_type": "discrete"}),
            ),
            (
                "EulerAncestralDiscreteScheduler",
                json!({"timestep_spacing": "trailing"}),
            ),
            (
                "DPMSolverMultistepScheduler",
                json!({"algorithm_type": "dpmsolver++", "lambda_min_clipped": null}),
            ),
            (
                "DPMSolverSinglestepScheduler",
                json!({"lower_order_final": false, "solver_type": "midpoint"}),
            ),
            (
                "UniPCMultistepScheduler",
                json!({"disable_corrector": [], "solver_p": null, "predict_x0": true}),
            ),
            (
                "LCMScheduler",
                json!({"original_inference_steps": 50, "timestep_scaling": 10.0}),
            ),
            ("HeunDiscreteScheduler", json!({"clip_sample": false})),
            ("KDPM2DiscreteScheduler", json!({"use_exponential_sigmas": false})),
            ("KDPM2AncestralDiscreteScheduler", json!({"steps_offset": 1})),
        ] {
            let mut extra = extra;
            extra["_class_name"] = class.into();
            schedule(extra).unwrap_or_else(|fault| panic!("{class} must be read: {fault}"));
        }
    }

    #[test]
    fn a_schedule_that_is_left_out_is_that_of_the_class() {
        let first = |class: &str| {
            let schedule = Schedule::from_json(&json!({"_class_name": class})).unwrap();
            1.0 - schedule.alphas_cumprod[0]
        };
        assert!(
            (first("DDPMScheduler") - 0.0001).abs() < 1e-7,
            "as in the first paper"
        );
        assert!(
            (first("LCMScheduler") - 0.00085).abs() < 1e-7,
            "as in latent diffusion"
        );
    }

    #[test]
    fn the_infinity_that_python_writes_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("scheduler_config.json");
        let text = r#"{"_class_name": "DPMSolverMultistepScheduler", "lambda_min_clipped": -Infinity}"#;
        std::fs::write(&path, text).unwrap();
        assert!(Schedule::load(&path).is_ok(), "it means that nothing is clipped");
    }
}
