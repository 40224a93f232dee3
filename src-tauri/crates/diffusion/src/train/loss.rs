//! What an autoencoder's picture costs.

use candle_core::{CpuStorage, CustomOp2, Error, Layout, Result, Shape, Storage, Tensor};
use rayon::prelude::*;

/// Mean absolute difference plus half the mean absolute difference of the image gradients, so that edges count:
/// `|d| + ½ (|∂x d| + |∂y d|)` with d = `picture` − `target`, both [B, C, H, W]. A scalar; the target gets no gradient.
pub fn reconstruction(picture: &Tensor, target: &Tensor) -> Result<Tensor> {
    picture
        .contiguous()?
        .apply_op2(&target.contiguous()?, Reconstruction)
}

struct Reconstruction;

const EDGE_WEIGHT: f32 = 0.5;

/// Adds one plane's cost to the return value and its gradient, times `weight`, to `gradient`.
fn plane(
    picture: &[f32],
    target: &[f32],
    width: usize,
    weight: f32,
    mut gradient: Option<&mut [f32]>,
) -> f64 {
    let difference: Vec<f32> = picture.iter().zip(target).map(|(a, b)| a - b).collect();
    let sign = |value: f32| {
        if value > 0.0 {
            weight
        } else if value < 0.0 {
            -weight
        } else {
            0.0
        }
    };
    let mut cost = 0.0_f64;
    for value in &difference {
        cost += f64::from(value.abs());
    }
    if let Some(gradient) = gradient.as_deref_mut() {
        gradient
            .iter_mut()
            .zip(&difference)
            .for_each(|(gradient, value)| *gradient += sign(*value));
    }
    let mut edges = 0.0_f64;
    let height = difference.len() / width;
    for row in 0..height {
        let line = &difference[row * width..][..width];
        let mut sum = 0.0_f32;
        for pair in line.windows(2) {
            sum += (pair[1] - pair[0]).abs();
        }
        if row + 1 < height {
            let next = &difference[(row + 1) * width..][..width];
            for (above, below) in line.iter().zip(next) {
                sum += (below - above).abs();
            }
        }
        edges += f64::from(sum);
        if let Some(gradient) = gradient.as_deref_mut() {
            for column in 0..width - 1 {
                let slope = EDGE_WEIGHT * sign(line[column + 1] - line[column]);
                gradient[row * width + column] -= slope;
                gradient[row * width + column + 1] += slope;
            }
            if row + 1 < height {
                for column in 0..width {
                    let slope = EDGE_WEIGHT * sign(difference[(row + 1) * width + column] - line[column]);
                    gradient[row * width + column] -= slope;
                    gradient[(row + 1) * width + column] += slope;
                }
            }
        }
    }
    cost + f64::from(EDGE_WEIGHT) * edges
}

impl CustomOp2 for Reconstruction {
    fn name(&self) -> &'static str {
        "reconstruction-loss"
    }

    fn cpu_fwd(
        &self,
        a: &CpuStorage,
        a_layout: &Layout,
        b: &CpuStorage,
        b_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (_, _, height, width) = a_layout.shape().dims4()?;
        let (picture, target) = (values(a, a_layout)?, values(b, b_layout)?);
        let costs: Vec<f64> = picture
            .par_chunks(height * width)
            .zip(target.par_chunks(height * width))
            .map(|(picture, target)| plane(picture, target, width, 1.0, None))
            .collect();
        let mean = costs.iter().sum::<f64>() / picture.len() as f64;
        Ok((CpuStorage::F32(vec![mean as f32]), ().into()))
    }

    fn bwd(
        &self,
        a: &Tensor,
        b: &Tensor,
        _: &Tensor,
        dy: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let (_, _, height, width) = a.dims4()?;
        let weight = dy.to_scalar::<f32>()? / a.elem_count() as f32;
        let mut gradient = vec![0.0; a.elem_count()];
        {
            let ((a, a_layout), (b, b_layout)) = (a.storage_and_layout(), b.storage_and_layout());
            let (Storage::Cpu(a), Storage::Cpu(b)) = (&*a, &*b) else {
                return Err(Error::Msg("the reconstruction loss is computed on the CPU".into()).bt());
            };
            let (picture, target) = (values(a, a_layout)?, values(b, b_layout)?);
            gradient
                .par_chunks_mut(height * width)
                .zip(
                    picture
                        .par_chunks(height * width)
                        .zip(target.par_chunks(height * width)),
                )
                .for_each(|(gradient, (picture, target))| {
                    plane(picture, target, width, weight, Some(gradient));
                });
        }
        Ok((Some(Tensor::from_vec(gradient, a.dims(), a.device())?), None))
    }
}

fn values<'a>(storage: &'a CpuStorage, layout: &Layout) -> Result<&'a [f32]> {
    let offsets = layout.contiguous_offsets();
    let (start, end) = offsets.ok_or_else(|| Error::Msg("expected contiguous values".into()).bt())?;
    Ok(&storage.as_slice::<f32>()?[start..end])
}

#[cfg(test)]
mod tests {
    use candle_core::{Device, Var};

    use super::*;

    #[test]
    fn cost_and_gradient_agree_with_the_same_formula_in_candle() {
        let values = |seed: u64| crate::noise::Noise::new(seed).normals(0, 2 * 3 * 5 * 7);
        let picture = Tensor::from_vec(values(1), (2, 3, 5, 7), &Device::Cpu).unwrap();
        let target = Tensor::from_vec(values(2), (2, 3, 5, 7), &Device::Cpu).unwrap();
        let (ours, theirs) = (
            Var::from_tensor(&picture).unwrap(),
            Var::from_tensor(&picture).unwrap(),
        );
        let cost = reconstruction(ours.as_tensor(), &target).unwrap();

        let d = (theirs.as_tensor() - &target).unwrap();
        let edge = |axis: usize, length: usize| {
            let (a, b) = (
                d.narrow(axis, 0, length - 1).unwrap(),
                d.narrow(axis, 1, length - 1).unwrap(),
            );
            (b - a).unwrap().abs().unwrap().sum_all().unwrap()
        };
        let edges = ((edge(2, 5) + edge(3, 7)).unwrap() * 0.5).unwrap();
        let expected = ((d.abs().unwrap().sum_all().unwrap() + edges).unwrap() / 210.0).unwrap();
        let (a, b) = (
            cost.to_scalar::<f32>().unwrap(),
            expected.to_scalar::<f32>().unwrap(),
        );
        assert!((a - b).abs() < 1e-5, "{a} {b}");

        let (mine, other) = (cost.backward().unwrap(), expected.backward().unwrap());
        let mine = mine.get(ours.as_tensor()).unwrap();
        let difference = (mine - other.get(theirs.as_tensor()).unwrap())
            .unwrap()
            .abs()
            .unwrap();
        assert!(difference.max_all().unwrap().to_scalar::<f32>().unwrap() < 1e-6);
    }
}
