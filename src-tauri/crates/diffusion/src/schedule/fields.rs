//! What the fields of a `scheduler_config.json` mean here: read, left to the recipe, or refused.

use serde_json::Value;

use crate::error::{DiffusionError, Result};

/// A scheduler class of diffusers and the noise schedule that it has where the file names none.
pub(super) struct Class {
    pub name: &'static str,
    pub beta_start: f64,
    pub beta_end: f64,
    pub beta_schedule: &'static str,
}

/// `DDPMScheduler` and its descendants: Ho, Jain and Abbeel 2020, arXiv:2006.11239, section 4.
const fn original(name: &'static str) -> Class {
    Class {
        name,
        beta_start: 0.0001,
        beta_end: 0.02,
        beta_schedule: "linear",
    }
}

/// Classes that were written with latent diffusion in mind.
const fn latent(name: &'static str, beta_schedule: &'static str) -> Class {
    Class {
        name,
        beta_start: 0.00085,
        beta_end: 0.012,
        beta_schedule,
    }
}

/// Schedulers of the variance-preserving kind, whose noise schedule is the one built here.
const CLASSES: [Class; 15] = [
    original("DDIMScheduler"),
    original("DDPMScheduler"),
    original("DEISMultistepScheduler"),
    original("DPMSolverMultistepScheduler"),
    original("DPMSolverSinglestepScheduler"),
    original("EulerAncestralDiscreteScheduler"),
    original("EulerDiscreteScheduler"),
    latent("HeunDiscreteScheduler", "linear"),
    latent("KDPM2AncestralDiscreteScheduler", "linear"),
    latent("KDPM2DiscreteScheduler", "linear"),
    latent("LCMScheduler", "scaled_linear"),
    original("LMSDiscreteScheduler"),
    original("PNDMScheduler"),
    latent("TCDScheduler", "scaled_linear"),
    original("UniPCMultistepScheduler"),
];

/// Fields that `Schedule::from_json` reads.
const READ: [&str; 18] = [
    "beta_end",
    "beta_schedule",
    "beta_start",
    "clip_sample",
    "clip_sample_range",
    "euler_at_final",
    "final_sigmas_type",
    "lower_order_final",
    "num_train_timesteps",
    "original_inference_steps",
    "prediction_type",
    "rescale_betas_zero_snr",
    "set_alpha_to_one",
    "steps_offset",
    "timestep_scaling",
    "timestep_spacing",
    "trained_betas",
    "use_karras_sigmas",
];

/// Fields that say how one class of scheduler makes its steps, which the recipe decides here by naming a sampler; and
/// fields that only matter together with one that is refused below.
const OF_THE_STEPS: [&str; 12] = [
    "algorithm_type",
    "disable_corrector",
    "dynamic_thresholding_ratio",
    "flow_shift",
    "predict_x0",
    "sample_max_value",
    "skip_prk_steps",
    "solver_order",
    "solver_type",
    "tensor_format",
    "time_shift_type",
    "timestep_values",
];

/// Fields that change the noise levels or the prediction in ways not built here: refused unless they hold one of these
/// values, or none.
const NEUTRAL: [(&str, &[&str]); 14] = [
    ("interpolation_type", &["\"linear\""]),
    ("lambda_min_clipped", &[]),
    ("shift_terminal", &[]),
    ("sigma_max", &[]),
    ("sigma_min", &[]),
    ("solver_p", &[]),
    ("thresholding", &["false"]),
    ("timestep_type", &["\"discrete\""]),
    ("use_beta_sigmas", &["false"]),
    ("use_dynamic_shifting", &["false"]),
    ("use_exponential_sigmas", &["false"]),
    ("use_flow_sigmas", &["false"]),
    ("use_lu_lambdas", &["false"]),
    (
        "variance_type",
        &[
            "\"fixed_small\"",
            "\"fixed_small_log\"",
            "\"fixed_large\"",
            "\"fixed_large_log\"",
        ],
    ),
];

/// The class that the file names, after a look at every field.
pub(super) fn class(json: &Value) -> Result<&'static Class> {
    let wrong = |field: &str, reason: String| DiffusionError::config("scheduler", field, reason);
    let name = json["_class_name"].as_str().unwrap_or("");
    let class = CLASSES.iter().find(|class| class.name == name).ok_or_else(|| {
        let names: Vec<&str> = CLASSES.iter().map(|class| class.name).collect();
        wrong(
            "_class_name",
            format!(
                "is `{name}`, which is not known: write the one into scheduler_config.json that comes closest of {}",
                names.join(", ")
            ),
        )
    })?;
    for (field, value) in json.as_object().into_iter().flatten() {
        let known = READ.contains(&field.as_str()) || OF_THE_STEPS.contains(&field.as_str());
        if value.is_null() || known || field.starts_with('_') {
            continue;
        }
        let (_, neutral) = NEUTRAL
            .iter()
            .find(|(name, _)| name == field)
            .ok_or_else(|| wrong(field, format!("is {value}, and is not understood")))?;
        if !neutral.contains(&value.to_string().as_str()) {
            let possible = match neutral {
                [] => "it must be left out".to_owned(),
                some => format!("only {} is", some.join(" or ")),
            };
            return Err(wrong(
                field,
                format!("is {value}, which is not supported; {possible}"),
            ));
        }
    }
    Ok(class)
}
