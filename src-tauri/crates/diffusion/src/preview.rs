//! What a latent looks like, without decoding it: a linear map from latent to colour, fitted to the decoder once.

use candle_core::{Device, Tensor};

use crate::error::{DiffusionError, Result};
use crate::noise::Noise;
use crate::pipeline::{Rgb, pictures_of};
use crate::vae::AutoencoderKl;

/// Side of the latents that the map is fitted to, and how many.
const SIDE: usize = 8;
const SAMPLES: usize = 4;

/// Latent pixels of one value together: decoders see little in white noise.
const PATCH: usize = 4;

/// Keeps the fit from following single samples.
const RIDGE: f64 = 1e-2;

/// The map.
pub(crate) struct Glimpse {
    /// [3, C].
    weight: Tensor,
    /// [3, 1].
    bias: Tensor,
}

impl Glimpse {
    /// Fits the map by least squares to what the decoder makes of patches of noise, on the U-Net's scale.
    pub fn of(vae: &AutoencoderKl, device: &Device) -> Result<Self> {
        let (channels, factor) = (vae.config().latent_channels, vae.config().factor());
        let patches = SIDE / PATCH;
        let draws = Noise::new(0).normals(0, SAMPLES * channels * patches * patches);
        let at = |sample: usize, channel: usize, row: usize, column: usize| {
            draws[((sample * channels + channel) * patches + row / PATCH) * patches + column / PATCH]
        };
        let mut latents = Vec::with_capacity(SAMPLES * channels * SIDE * SIDE);
        for index in 0..SAMPLES * channels * SIDE * SIDE {
            let (row, column) = (index / SIDE % SIDE, index % SIDE);
            let (sample, channel) = (index / (SIDE * SIDE) / channels, index / (SIDE * SIDE) % channels);
            latents.push(at(sample, channel, row, column));
        }
        let latents = Tensor::from_vec(latents, (SAMPLES, channels, SIDE, SIDE), device)?;
        let decoded = vae.decode(&vae.from_unet_scale(&latents)?)?;
        // Mean colour of the pixels below each latent pixel: [SAMPLES, 3, SIDE, SIDE].
        let colours = decoded
            .reshape((SAMPLES, 3, SIDE, factor, SIDE, factor))?
            .mean((3, 5))?;
        let colours = colours.to_device(&Device::Cpu)?.flatten_all()?.to_vec1::<f32>()?;
        let mut sums = vec![vec![0.0; channels + 1 + 3]; channels + 1];
        for (sample, row, column) in positions() {
            let mut values: Vec<f64> = (0..channels)
                .map(|channel| f64::from(at(sample, channel, row, column)))
                .collect();
            values.push(1.0);
            for (sums, &left) in sums.iter_mut().zip(&values) {
                for (sum, &right) in sums.iter_mut().zip(&values) {
                    *sum += left * right;
                }
                for (colour, sum) in sums[channels + 1..].iter_mut().enumerate() {
                    let index = ((sample * 3 + colour) * SIDE + row) * SIDE + column;
                    *sum += left * f64::from(colours[index]);
                }
            }
        }
        for (index, sums) in sums.iter_mut().enumerate() {
            sums[index] += RIDGE * (SAMPLES * SIDE * SIDE) as f64;
        }
        let solution = solve(sums);
        let column = |colour: usize, row: usize| solution[row][channels + 1 + colour] as f32;
        let weight: Vec<f32> = (0..3)
            .flat_map(|colour| (0..channels).map(move |channel| (colour, channel)))
            .map(|(colour, channel)| column(colour, channel))
            .collect();
        let bias: Vec<f32> = (0..3).map(|colour| column(colour, channels)).collect();
        if weight.iter().chain(&bias).any(|value| !value.is_finite()) {
            let reason = "gives values that are not numbers; check the model's weights";
            return Err(DiffusionError::config("VAE", "decoder", reason));
        }
        Ok(Self {
            weight: Tensor::from_vec(weight, (3, channels), device)?,
            bias: Tensor::from_vec(bias, (3, 1), device)?,
        })
    }

    /// Clean latents [B, C, h, w] → one tiny picture each; `None` where a value is no finite number.
    pub fn look(&self, latents: &Tensor) -> Result<Vec<Option<Rgb>>> {
        let (batch, channels, height, width) = latents.dims4()?;
        let flat = latents.reshape((batch, channels, height * width))?;
        let mut colours = Vec::with_capacity(batch);
        for index in 0..batch {
            let colour = self.weight.matmul(&flat.get(index)?)?.broadcast_add(&self.bias)?;
            colours.push(colour.reshape((3, height, width))?);
        }
        pictures_of(&Tensor::stack(&colours, 0)?)
    }
}

fn positions() -> impl Iterator<Item = (usize, usize, usize)> {
    (0..SAMPLES * SIDE * SIDE).map(|index| (index / (SIDE * SIDE), index / SIDE % SIDE, index % SIDE))
}

/// Gauss and Jordan's elimination of a positive definite system; the right-hand sides follow each row.
fn solve(mut rows: Vec<Vec<f64>>) -> Vec<Vec<f64>> {
    for pivot in 0..rows.len() {
        let divisor = rows[pivot][pivot];
        for value in &mut rows[pivot] {
            *value /= divisor;
        }
        let row = rows[pivot].clone();
        for (index, other) in rows.iter_mut().enumerate() {
            let factor = other[pivot];
            if index != pivot {
                for (value, from) in other.iter_mut().zip(&row) {
                    *value -= factor * from;
                }
            }
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_system_is_solved() {
        let solved = solve(vec![vec![4.0, 1.0, 9.0], vec![1.0, 3.0, 5.0]]);
        assert!(
            (solved[0][2] - 2.0).abs() < 1e-12 && (solved[1][2] - 1.0).abs() < 1e-12,
            "4·2 + 1 = 9, 2 + 3·1 = 5"
        );
    }
}
