//! Whether a request can be made with a model; every refusal says what would be possible.

use salon_domain::limits;

use super::{GenerateRequest, LARGEST_BATCH, Pipeline};
use crate::error::{DiffusionError, Result};

fn refuse<T>(what: impl Into<String>, reason: impl Into<String>) -> Result<T> {
    Err(DiffusionError::Request {
        what: what.into(),
        reason: reason.into(),
    })
}

/// The number of pictures and what is particular to each.
pub(super) fn items(request: &GenerateRequest) -> Result<()> {
    let count = request.items.len();
    if !(1..=LARGEST_BATCH).contains(&count) {
        let reason = format!("cannot be made: choose 1 to {LARGEST_BATCH} pictures");
        return refuse(format!("a batch of {count}"), reason);
    }
    request.items.iter().try_for_each(|item| {
        let strength = item.variation.map(|(_, strength)| strength);
        share("variation strength", strength)
    })
}

/// A size that the model can paint.
pub(super) fn size(pipeline: &Pipeline, width: usize, height: usize) -> Result<()> {
    let multiple = pipeline.parts.report.side_multiple;
    let (least, most) = (limits::MIN_SIDE as usize, limits::MAX_SIDE as usize);
    for (name, side) in [("width", width), ("height", height)] {
        if !(least..=most).contains(&side) || !side.is_multiple_of(multiple) {
            let reason =
                format!("cannot be made: choose a multiple of {multiple} from {least} to {most} pixels");
            return refuse(format!("{name} {side}"), reason);
        }
    }
    Ok(())
}

/// Everything that all pictures of a request share.
pub(super) fn settings(pipeline: &Pipeline, request: &GenerateRequest) -> Result<()> {
    size(pipeline, request.width, request.height)?;
    let steps = pipeline
        .parts
        .schedule
        .train_steps()
        .min(limits::MAX_STEPS as usize);
    if !(1..=steps).contains(&request.steps) {
        return refuse(
            format!("{} steps", request.steps),
            format!("cannot be made: choose 1 to {steps}"),
        );
    }
    if !(0.0..=limits::MAX_GUIDANCE).contains(&request.guidance) {
        let reason = format!("is out of range: choose 0 to {}", limits::MAX_GUIDANCE);
        return refuse(format!("guidance {}", request.guidance), reason);
    }
    if request.clip_skip > limits::MAX_CLIP_SKIP as usize {
        let reason = format!("is out of range: choose 0 to {}", limits::MAX_CLIP_SKIP);
        return refuse(format!("clip skip {}", request.clip_skip), reason);
    }
    share("strength", request.source.as_ref().map(|source| source.strength))?;
    share(
        "upscale strength",
        request.upscale.map(|upscale| upscale.strength),
    )?;
    share("refiner switch", request.refiner.map(|(_, at)| at))?;
    if let Some((refiner, _)) = request.refiner {
        fits(pipeline, refiner)?;
    }
    Ok(())
}

fn share(name: &str, found: Option<f64>) -> Result<()> {
    match found {
        Some(found) if !(0.0..=1.0).contains(&found) => {
            refuse(format!("{name} {found}"), "is out of range: choose 0 to 1")
        }
        _ => Ok(()),
    }
}

/// Whether the refiner can go on with the model's latents.
fn fits(pipeline: &Pipeline, refiner: &Pipeline) -> Result<()> {
    let latents = |pipeline: &Pipeline| {
        let vae = pipeline.parts.vae.config();
        (
            vae.latent_channels,
            vae.factor(),
            vae.scaling_factor,
            vae.shift_factor,
        )
    };
    if latents(pipeline) == latents(refiner) {
        return Ok(());
    }
    let name = |pipeline: &Pipeline| pipeline.parts.report.family.clone();
    refuse(
        format!("a refiner of the family {}", name(refiner)),
        format!(
            "cannot go on with the latents of {}: choose one with the same autoencoder",
            name(pipeline)
        ),
    )
}

/// How many of `steps` are made at this strength, as diffusers counts them; at least one.
pub(super) fn steps_at(name: &str, steps: usize, strength: f64) -> Result<usize> {
    let made = ((steps as f64 * strength) as usize).min(steps);
    if made == 0 {
        let least = 1.0 / steps as f64;
        let reason = format!("changes nothing in {steps} steps: choose at least {least:.3}, or more steps");
        return refuse(format!("{name} {strength}"), reason);
    }
    Ok(made)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strength_is_counted_in_steps_as_diffusers_does() {
        for (steps, strength, made) in [(50, 0.75, 37), (20, 0.05, 1), (4, 1.0, 4), (3, 0.67, 2)] {
            assert_eq!(
                steps_at("strength", steps, strength).ok(),
                Some(made),
                "{steps} · {strength}"
            );
        }
        let message = steps_at("strength", 20, 0.04)
            .err()
            .map(|fault| fault.to_string())
            .unwrap_or_default();
        assert!(
            message.contains("strength 0.04") && message.contains("at least 0.050"),
            "`{message}` should say what would be possible"
        );
    }
}
