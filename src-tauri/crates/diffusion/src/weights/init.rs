//! How parameters begin when a network is made from scratch.

use candle_core::{Device, Tensor};
use salon_domain::{Draws, STEP};

use crate::error::Result;

/// How a parameter begins when a network is made from scratch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Init {
    /// All zero.
    Zeros,
    /// All one.
    Ones,
    /// Normal with mean zero and this standard deviation.
    Normal(f32),
    /// Uniform between minus and plus this bound.
    Uniform(f32),
}

impl Init {
    /// PyTorch's start of linear and convolution layers: uniform within 1/√fan-in (He et al. 2015, with a = √5).
    pub fn kaiming(fan_in: usize) -> Self {
        Self::Uniform(1.0 / (fan_in.max(1) as f32).sqrt())
    }
}

/// The starting values of one parameter.
pub(super) fn start(seed: u64, name: &str, shape: &[usize], init: Init, device: &Device) -> Result<Tensor> {
    let count = shape.iter().product();
    let mut stream = Stream::new(seed, name);
    let values: Vec<f32> = match init {
        Init::Zeros => vec![0.0; count],
        Init::Ones => vec![1.0; count],
        Init::Uniform(bound) => (0..count)
            .map(|_| (2.0 * stream.unit() as f32 - 1.0) * bound)
            .collect(),
        Init::Normal(deviation) => (0..count).map(|_| stream.normal() as f32 * deviation).collect(),
    };
    Ok(Tensor::from_vec(values, shape, device)?)
}

/// Draws that start from the seed and the FNV-1a hash of the parameter's name.
struct Stream(Draws);

impl Stream {
    fn new(seed: u64, name: &str) -> Self {
        let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
        Self(Draws::new(seed.wrapping_mul(STEP) ^ hash))
    }

    /// Uniform in (0, 1).
    fn unit(&mut self) -> f64 {
        ((self.0.draw() >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
    }

    /// Standard normal (Box and Muller 1958; the sine half is not used).
    fn normal(&mut self) -> f64 {
        let (radius, angle) = (self.unit(), self.unit());
        (-2.0 * radius.ln()).sqrt() * (std::f64::consts::TAU * angle).cos()
    }
}
