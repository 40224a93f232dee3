//! The noise of one picture: keyed by its seed, what it is for, and the step, so that nothing else changes it.

use std::collections::VecDeque;

use candle_core::{Device, Tensor};

use super::Item;
use crate::error::Result;
use crate::noise::Noise;

/// What a picture draws noise for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Purpose {
    /// The latent that it begins with.
    Begin = 0,
    /// What a sampler adds after a step.
    Step = 1,
    /// Encoding the source.
    Encode = 2,
    /// Encoding what a mask leaves of the source.
    EncodeKept = 3,
}

/// Where the noise of one picture comes from.
#[derive(Debug)]
pub(super) struct Draw {
    own: Noise,
    parent: Option<(Noise, f64)>,
    /// 0 for the first pass, 1 for the second.
    pass: u64,
    given: VecDeque<Tensor>,
}

impl Draw {
    /// The noise of `item`; what is `given` is handed out first, in that order.
    pub(super) fn new(item: &Item, pass: u64, given: Vec<Tensor>) -> Self {
        Self {
            own: Noise::new(item.seed),
            parent: item
                .variation
                .map(|(seed, strength)| (Noise::new(seed), strength)),
            pass,
            given: given.into(),
        }
    }

    /// Unit noise. A variation's is its parent's turned towards its own, whatever it is for, so that strength 0 gives
    /// the parent with every sampler.
    pub(super) fn unit(
        &mut self,
        purpose: Purpose,
        step: usize,
        shape: &[usize],
        device: &Device,
    ) -> Result<Tensor> {
        if let Some(given) = self.given.pop_front() {
            return Ok(given.reshape(shape)?.to_device(device)?);
        }
        let stream = self.pass << 48 | (purpose as u64) << 32 | step as u64;
        let count = shape.iter().product();
        let own = self.own.normals(stream, count);
        let values = match self.parent {
            Some((parent, strength)) => turned(parent.normals(stream, count), own, strength),
            None => own,
        };
        Ok(Tensor::from_vec(values, shape, device)?)
    }
}

/// Cosine above which two directions count as one.
const PARALLEL: f64 = 0.9995;

/// Spherical interpolation from `from` (at 0, exactly) to `to` (at 1, exactly): Shoemake 1985, "Animating rotation with
/// quaternion curves". Unlike a straight line it keeps the length that the U-Net expects of noise.
fn turned(from: Vec<f32>, to: Vec<f32>, share: f64) -> Vec<f32> {
    if share <= 0.0 {
        return from;
    }
    if share >= 1.0 {
        return to;
    }
    let sum = |pair: fn(f64, f64) -> f64| {
        let pairs = from.iter().zip(&to);
        pairs
            .map(|(&a, &b)| pair(f64::from(a), f64::from(b)))
            .sum::<f64>()
    };
    let cosine = sum(|a, b| a * b) / (sum(|a, _| a * a) * sum(|_, b| b * b)).sqrt();
    let (of_from, of_to) = if cosine.abs() > PARALLEL {
        (1.0 - share, share)
    } else {
        let angle = cosine.acos();
        let part = |share: f64| (share * angle).sin() / angle.sin();
        (part(1.0 - share), part(share))
    };
    let pairs = from.iter().zip(&to);
    pairs
        .map(|(&a, &b)| (f64::from(a) * of_from + f64::from(b) * of_to) as f32)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draw(seed: u64, variation: Option<(u64, f64)>, pass: u64) -> Draw {
        let item = Item {
            seed,
            variation,
            ..Item::default()
        };
        Draw::new(&item, pass, Vec::new())
    }

    fn values(draw: &mut Draw, purpose: Purpose, step: usize) -> Vec<f32> {
        let noise = draw.unit(purpose, step, &[1, 4, 16, 16], &Device::Cpu).unwrap();
        noise.flatten_all().unwrap().to_vec1().unwrap()
    }

    #[test]
    fn every_draw_of_a_picture_is_another() {
        let mut drawn: Vec<Vec<f32>> = Vec::new();
        for (seed, pass) in [(1, 0), (2, 0), (1, 1)] {
            for purpose in [
                Purpose::Begin,
                Purpose::Step,
                Purpose::Encode,
                Purpose::EncodeKept,
            ] {
                for step in [0, 1] {
                    let fresh = values(&mut draw(seed, None, pass), purpose, step);
                    assert!(!drawn.contains(&fresh), "{purpose:?} {step} repeats another draw");
                    drawn.push(fresh);
                }
            }
        }
        assert_eq!(
            drawn[0],
            Noise::new(1).normals(0, 1024),
            "the first draw stays where it always was: pictures of old recipes are kept"
        );
    }

    #[test]
    fn a_variation_turns_from_its_parent_to_its_own_noise() {
        let at = |strength: f64| values(&mut draw(2, Some((1, strength)), 0), Purpose::Begin, 0);
        let (parent, own) = (Noise::new(1).normals(0, 1024), Noise::new(2).normals(0, 1024));
        assert_eq!(at(0.0), parent, "bit for bit");
        assert_eq!(at(1.0), own, "bit for bit");
        let length = |values: &[f32]| values.iter().map(|v| f64::from(*v).powi(2)).sum::<f64>().sqrt();
        let cosine = |a: &[f32], b: &[f32]| {
            let dot: f64 = a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum();
            dot / length(a) / length(b)
        };
        let mut before = 2.0;
        for strength in [0.25, 0.5, 0.75] {
            let turned = at(strength);
            assert!(
                (length(&turned) / 32.0 - 1.0).abs() < 0.05,
                "the noise keeps its length, not {}",
                length(&turned)
            );
            let near = cosine(&turned, &parent);
            assert!(near < before, "each strength is further from the parent");
            before = near;
        }
        let again = values(&mut draw(1, Some((1, 0.5)), 0), Purpose::Begin, 0);
        assert!(
            cosine(&again, &parent) > 0.999_999,
            "a picture varied by itself stays"
        );
    }

    #[test]
    fn given_noise_comes_first() {
        let given = Tensor::ones((1, 4, 2, 2), candle_core::DType::F32, &Device::Cpu).unwrap();
        let mut draw = Draw::new(&Item::default(), 0, vec![given]);
        let first = draw.unit(Purpose::Begin, 0, &[1, 4, 2, 2], &Device::Cpu).unwrap();
        assert!(
            first
                .flatten_all()
                .unwrap()
                .to_vec1::<f32>()
                .unwrap()
                .iter()
                .all(|v| *v > 0.99)
        );
        let wrong = Tensor::ones(3, candle_core::DType::F32, &Device::Cpu).unwrap();
        let mut draw = Draw::new(&Item::default(), 0, vec![wrong]);
        assert!(
            draw.unit(Purpose::Begin, 0, &[1, 4, 2, 2], &Device::Cpu).is_err(),
            "of another size"
        );
    }
}
