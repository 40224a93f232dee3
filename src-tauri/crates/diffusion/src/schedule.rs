//! The noise schedule a model was trained with, read from `scheduler/scheduler_config.json`, in f64 on the host.

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

/// A noise schedule.
#[derive(Debug, Clone, PartialEq)]
pub struct Schedule {
    /// ᾱ of every training step: the share of the picture in a noised latent's variance. Falls from almost 1.
    pub alphas_cumprod: Vec<f64>,
    /// What the U-Net predicts.
    pub prediction: Prediction,
    /// Where inference steps are placed.
    pub spacing: Spacing,
    /// Added to the timesteps of [`Spacing::Leading`].
    pub steps_offset: usize,
    /// Whether the last step ends at exactly no noise (else at the first training step's).
    pub set_alpha_to_one: bool,
    /// DDIM clamps its estimate of the clean latent to ± this.
    pub clip: Option<f64>,
    /// Whether the noisiest step is pure noise (ᾱ = 0).
    pub zero_terminal_snr: bool,
}

/// Schedulers whose noise schedule is the one built here. Which of them makes the steps is the recipe's choice.
const KNOWN: [&str; 8] = [
    "DDIMScheduler",
    "DDPMScheduler",
    "DPMSolverMultistepScheduler",
    "EulerAncestralDiscreteScheduler",
    "EulerDiscreteScheduler",
    "LMSDiscreteScheduler",
    "PNDMScheduler",
    "UniPCMultistepScheduler",
];

/// Settings that change the steps in ways not built here; refused unless they hold this value.
const NEUTRAL: [(&str, &str); 7] = [
    ("thresholding", "false"),
    ("use_karras_sigmas", "false"),
    ("use_exponential_sigmas", "false"),
    ("use_beta_sigmas", "false"),
    ("use_flow_sigmas", "false"),
    ("use_lu_lambdas", "false"),
    ("timestep_type", "\"discrete\""),
];

impl Schedule {
    /// Reads `scheduler_config.json`.
    pub fn load(path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path).map_err(DiffusionError::file(path))?;
        let json: Value = serde_json::from_str(&text).map_err(|fault| {
            DiffusionError::config("scheduler", path.display().to_string(), fault.to_string())
        })?;
        Self::from_json(&json)
    }

    /// Reads the configuration as diffusers writes it; fields that diffusers leaves out have that class's defaults.
    pub fn from_json(json: &Value) -> Result<Self> {
        let wrong = |field: &str, reason: String| DiffusionError::config("scheduler", field, reason);
        let class = json["_class_name"].as_str().unwrap_or("");
        if !KNOWN.contains(&class) {
            return Err(wrong(
                "_class_name",
                format!("is `{class}`; understood are {}", KNOWN.join(", ")),
            ));
        }
        for (field, neutral) in NEUTRAL {
            let value = json
                .get(field)
                .filter(|value| !value.is_null())
                .map(Value::to_string);
            if let Some(value) = value.filter(|value| value != neutral) {
                return Err(wrong(
                    field,
                    format!("is {value}, which is not supported; only {neutral} is"),
                ));
            }
        }
        let count = json["num_train_timesteps"].as_u64().unwrap_or(1000) as usize;
        if !(2..=100_000).contains(&count) {
            return Err(wrong(
                "num_train_timesteps",
                format!("is {count}; 2 to 100000 make sense"),
            ));
        }
        let (start, end) = (json["beta_start"].as_f64(), json["beta_end"].as_f64());
        let kind = json["beta_schedule"].as_str().unwrap_or("linear");
        let trained = json.get("trained_betas").filter(|value| !value.is_null());
        let betas = match trained {
            Some(values) => serde_json::from_value::<Vec<f64>>(values.clone())
                .map_err(|fault| wrong("trained_betas", fault.to_string()))?,
            None => betas(kind, start.unwrap_or(0.0001), end.unwrap_or(0.02), count)
                .ok_or_else(|| wrong("beta_schedule", format!("is `{kind}`, which is not supported")))?,
        };
        if betas.iter().any(|beta| !(0.0..1.0).contains(beta)) || betas.len() != count {
            return Err(wrong(
                "beta_start",
                "and its fellows do not give one noise share in 0..1 per step".into(),
            ));
        }
        let zero_terminal_snr = json["rescale_betas_zero_snr"].as_bool().unwrap_or(false);
        let prediction = enumeration(json, "prediction_type", Prediction::Epsilon)?;
        if zero_terminal_snr && prediction == Prediction::Epsilon {
            let reason =
                "is epsilon together with rescale_betas_zero_snr: the noisiest step would divide by zero";
            return Err(wrong("prediction_type", reason.into()));
        }
        let ddim = class == "DDIMScheduler";
        let spacing = if ddim || class == "PNDMScheduler" {
            Spacing::Leading
        } else {
            Spacing::Linspace
        };
        let clip = json["clip_sample"].as_bool().unwrap_or(ddim);
        Ok(Self {
            alphas_cumprod: alphas_cumprod(&betas, zero_terminal_snr),
            prediction,
            spacing: enumeration(json, "timestep_spacing", spacing)?,
            steps_offset: json["steps_offset"].as_u64().unwrap_or(0).min(count as u64) as usize,
            set_alpha_to_one: json["set_alpha_to_one"].as_bool().unwrap_or(true),
            clip: clip.then(|| json["clip_sample_range"].as_f64().unwrap_or(1.0)),
            zero_terminal_snr,
        })
    }

    /// Training steps.
    pub fn train_steps(&self) -> usize {
        self.alphas_cumprod.len()
    }

    /// The timesteps of `count` inference steps, noisiest first; `count` is at most [`Schedule::train_steps`].
    pub fn timesteps(&self, count: usize) -> Result<Vec<f64>> {
        let train = self.train_steps();
        if count == 0 || count > train {
            let reason =
                format!("is {count}; this model was trained with {train}, so 1 to {train} are possible");
            return Err(DiffusionError::config("scheduler", "steps", reason));
        }
        let last = train as f64 - 1.0;
        Ok(match self.spacing {
            Spacing::Linspace if count == 1 => vec![0.0],
            Spacing::Linspace => (0..count)
                .rev()
                .map(|step| last * step as f64 / (count as f64 - 1.0))
                .collect(),
            Spacing::Leading => {
                let ratio = train / count;
                (0..count)
                    .rev()
                    .map(|step| ((step * ratio + self.steps_offset) as f64).min(last))
                    .collect()
            }
            Spacing::Trailing => {
                let ratio = train as f64 / count as f64;
                (0..count)
                    .map(|step| (train as f64 - step as f64 * ratio).round_ties_even() - 1.0)
                    .collect()
            }
        })
    }
}

fn enumeration<T: for<'de> Deserialize<'de>>(json: &Value, field: &'static str, default: T) -> Result<T> {
    match json.get(field).filter(|value| !value.is_null()) {
        None => Ok(default),
        Some(value) => serde_json::from_value(value.clone()).map_err(|_| {
            DiffusionError::config("scheduler", field, format!("is {value}, which is not supported"))
        }),
    }
}

fn betas(kind: &str, start: f64, end: f64, count: usize) -> Option<Vec<f64>> {
    let line = |from: f64, to: f64| {
        (0..count).map(move |step| from + (to - from) * step as f64 / (count as f64 - 1.0))
    };
    match kind {
        "linear" => Some(line(start, end).collect()),
        "scaled_linear" => Some(line(start.sqrt(), end.sqrt()).map(|root| root * root).collect()),
        // Nichol and Dhariwal 2021, arXiv:2102.09672, equation 17.
        "squaredcos_cap_v2" => {
            let bar = |t: f64| ((t + 0.008) / 1.008 * std::f64::consts::FRAC_PI_2).cos().powi(2);
            let at = |step: usize| step as f64 / count as f64;
            Some(
                (0..count)
                    .map(|step| (1.0 - bar(at(step + 1)) / bar(at(step))).min(0.999))
                    .collect(),
            )
        }
        _ => None,
    }
}

/// Running products of 1 − β; rescaled so that the last is exactly 0 where asked (arXiv:2305.08891, algorithm 1).
fn alphas_cumprod(betas: &[f64], zero_terminal_snr: bool) -> Vec<f64> {
    let mut product = 1.0;
    let mut bars: Vec<f64> = betas
        .iter()
        .map(|beta| {
            product *= 1.0 - beta;
            product
        })
        .collect();
    if zero_terminal_snr {
        let first = bars.first().map_or(1.0, |bar| bar.sqrt());
        let last = bars.last().map_or(0.0, |bar| bar.sqrt());
        for bar in &mut bars {
            *bar = ((bar.sqrt() - last) * first / (first - last)).powi(2);
        }
        if let Some(bar) = bars.last_mut() {
            *bar = 0.0;
        }
    }
    bars
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
    fn spacings_are_those_of_the_paper() {
        let steps = |spacing: &str| {
            let schedule = schedule(json!({"timestep_spacing": spacing, "steps_offset": 1})).unwrap();
            schedule.timesteps(10).unwrap()
        };
        assert_eq!(
            steps("leading"),
            [901., 801., 701., 601., 501., 401., 301., 201., 101., 1.]
        );
        assert_eq!(
            steps("trailing"),
            [999., 899., 799., 699., 599., 499., 399., 299., 199., 99.]
        );
        assert_eq!(
            steps("linspace"),
            [999., 888., 777., 666., 555., 444., 333., 222., 111., 0.]
        );
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
            (zero.alphas_cumprod[0] - plain.alphas_cumprod[0]).abs() < 1e-12,
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
            (json!({"use_karras_sigmas": true}), "use_karras_sigmas"),
            (json!({"beta_schedule": "cubic"}), "cubic"),
            (json!({"prediction_type": "dream"}), "dream"),
            (json!({"rescale_betas_zero_snr": true}), "rescale_betas_zero_snr"),
            (json!({"num_train_timesteps": 0}), "num_train_timesteps"),
        ] {
            let message = schedule(extra).expect_err("must be refused").to_string();
            assert!(message.contains(word), "`{message}` should name `{word}`");
        }
        assert!(
            schedule(json!({})).unwrap().timesteps(1001).is_err(),
            "more steps than were trained"
        );
    }
}
