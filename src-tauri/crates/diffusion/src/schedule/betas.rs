//! How much noise every training step adds, and what is left of the picture after it.
//!
//! Rounded to f32 where the training code of these models rounds (PyTorch tensors): near pure noise 1 − β loses digits
//! there, and a model has seen what was left. All that samplers compute from it is f64.

use std::f64::consts::FRAC_PI_2;

/// The share of noise that each of `count` training steps adds; `None` for a kind that is not understood.
pub(super) fn betas(kind: &str, start: f64, end: f64, count: usize) -> Option<Vec<f32>> {
    match kind {
        "linear" => Some(line(start as f32, end as f32, count)),
        // The line of latent diffusion: straight in √β. Rombach et al. 2022, arXiv:2112.10752, and its code.
        "scaled_linear" => {
            let roots = line(start.sqrt() as f32, end.sqrt() as f32, count);
            Some(roots.into_iter().map(|root| root * root).collect())
        }
        // Nichol and Dhariwal 2021, arXiv:2102.09672, equation 17.
        "squaredcos_cap_v2" => {
            let bar = |t: f64| ((t + 0.008) / 1.008 * FRAC_PI_2).cos().powi(2);
            let at = |step: usize| step as f64 / count as f64;
            let beta = |step: usize| (1.0 - bar(at(step + 1)) / bar(at(step))).min(0.999) as f32;
            Some((0..count).map(beta).collect())
        }
        _ => None,
    }
}

/// `count` values at equal distances, from both ends to the middle.
fn line(from: f32, to: f32, count: usize) -> Vec<f32> {
    let step = (to - from) / (count as f32 - 1.0);
    let value = |at: usize| {
        if at < count / 2 {
            from + step * at as f32
        } else {
            to - step * (count - 1 - at) as f32
        }
    };
    (0..count).map(value).collect()
}

/// Running products of 1 − β; rescaled so that the last is exactly 0 where asked (arXiv:2305.08891, algorithm 1).
pub(super) fn alphas_cumprod(betas: &[f32], zero_terminal_snr: bool) -> Vec<f64> {
    let kept: Vec<f32> = betas.iter().map(|beta| 1.0 - beta).collect();
    let bars = products(&kept);
    let bars = if zero_terminal_snr {
        products(&rescaled(&bars))
    } else {
        bars
    };
    bars.into_iter().map(f64::from).collect()
}

fn products(kept: &[f32]) -> Vec<f32> {
    let mut product = 1.0;
    kept.iter()
        .map(|&kept| {
            product *= f64::from(kept);
            product as f32
        })
        .collect()
}

/// 1 − β of every step of the schedule whose √ᾱ begins where it does and falls to 0.
fn rescaled(bars: &[f32]) -> Vec<f32> {
    let roots: Vec<f32> = bars.iter().map(|bar| bar.sqrt()).collect();
    let (first, last) = (roots[0], roots[roots.len() - 1]);
    let scale = first / (first - last);
    let bars: Vec<f32> = roots.iter().map(|root| ((root - last) * scale).powi(2)).collect();
    let kept = bars.windows(2).map(|pair| pair[1] / pair[0]);
    // The way over β and back rounds once more.
    std::iter::once(bars[0])
        .chain(kept)
        .map(|kept| 1.0 - (1.0 - kept))
        .collect()
}
