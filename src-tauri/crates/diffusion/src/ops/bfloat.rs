//! Convolution and linear layer on the tile unit ([`super::amx`]) as candle operations with a backward pass.

use candle_core::{CpuStorage, CustomOp2, CustomOp3, Error, Layout, Result, Tensor};

use super::ConvShape;
use super::amx;

/// `x` [B, C, H, W], `weight` [O, C, k, k], `bias` [O].
pub(super) fn conv2d(x: &Tensor, weight: &Tensor, bias: Option<&Tensor>, shape: ConvShape) -> Result<Tensor> {
    let (x, weight) = (x.contiguous()?, weight.contiguous()?);
    match bias {
        Some(bias) => x.apply_op3(&weight, &bias.contiguous()?, Convolution(shape)),
        None => x.apply_op2(&weight, Convolution(shape)),
    }
}

/// `x` [.., I], `weight` [O, I], `bias` [O].
pub(super) fn linear(x: &Tensor, weight: &Tensor, bias: Option<&Tensor>) -> Result<Tensor> {
    let y = x.contiguous()?.apply_op2(&weight.contiguous()?, Linear)?;
    match bias {
        Some(bias) => y.apply_op2(&bias.contiguous()?, RowBias),
        None => Ok(y),
    }
}

struct Convolution(ConvShape);

impl Convolution {
    fn shape(&self, x: &[usize], weight: &[usize]) -> Result<amx::Shape> {
        let (&[batch, inputs, height, width], &[outputs, weight_inputs, kernel, _]) = (x, weight) else {
            return Err(Error::Msg(format!("a convolution needs four axes, not {x:?} and {weight:?}")).bt());
        };
        let ConvShape {
            stride,
            before,
            after,
        } = self.0;
        if inputs != weight_inputs || kernel > height + before + after || kernel > width + before + after {
            return Err(Error::Msg(format!("a kernel {weight:?} does not fit {x:?}")).bt());
        }
        Ok(amx::Shape {
            batch,
            inputs,
            height,
            width,
            outputs,
            kernel,
            stride,
            before,
            after,
        })
    }

    fn forward(
        &self,
        (x, x_layout): (&CpuStorage, &Layout),
        (weight, weight_layout): (&CpuStorage, &Layout),
        bias: Option<&[f32]>,
    ) -> Result<(CpuStorage, candle_core::Shape)> {
        let shape = self.shape(x_layout.dims(), weight_layout.dims())?;
        let y = amx::convolve(&shape, values(x, x_layout)?, values(weight, weight_layout)?, bias);
        let (rows, columns) = shape.output_size();
        Ok((
            CpuStorage::F32(y),
            (shape.batch, shape.outputs, rows, columns).into(),
        ))
    }

    fn backward(&self, x: &Tensor, weight: &Tensor, dy: &Tensor) -> Result<(Option<Tensor>, Tensor)> {
        let shape = self.shape(x.dims(), weight.dims())?;
        let dy = dy.contiguous()?;
        // The first layer's input is data: nobody asks for its gradient.
        let dx = if x.track_op() {
            let dx = read(&dy, |dy| {
                read(weight, |weight| Ok(amx::convolve_back_input(&shape, dy, weight)))
            })?;
            Some(Tensor::from_vec(dx, x.dims(), x.device())?)
        } else {
            None
        };
        let dw = read(x, |x| {
            read(&dy, |dy| Ok(amx::convolve_back_kernel(&shape, x, dy)))
        })?;
        Ok((dx, Tensor::from_vec(dw, weight.dims(), x.device())?))
    }
}

impl CustomOp2 for Convolution {
    fn name(&self) -> &'static str {
        "convolution-bf16"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &Layout,
        weight: &CpuStorage,
        weight_layout: &Layout,
    ) -> Result<(CpuStorage, candle_core::Shape)> {
        self.forward((x, x_layout), (weight, weight_layout), None)
    }

    fn bwd(
        &self,
        x: &Tensor,
        weight: &Tensor,
        _: &Tensor,
        dy: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let (dx, dw) = self.backward(x, weight, dy)?;
        Ok((dx, Some(dw)))
    }
}

impl CustomOp3 for Convolution {
    fn name(&self) -> &'static str {
        "convolution-bias-bf16"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &Layout,
        weight: &CpuStorage,
        weight_layout: &Layout,
        bias: &CpuStorage,
        bias_layout: &Layout,
    ) -> Result<(CpuStorage, candle_core::Shape)> {
        self.forward(
            (x, x_layout),
            (weight, weight_layout),
            Some(values(bias, bias_layout)?),
        )
    }

    fn bwd(
        &self,
        x: &Tensor,
        weight: &Tensor,
        bias: &Tensor,
        _: &Tensor,
        dy: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let (dx, dw) = self.backward(x, weight, dy)?;
        let (batch, channels, height, width) = dy.dims4()?;
        let mut sums = vec![0.0_f32; channels];
        read(&dy.contiguous()?, |dy| {
            for picture in dy.chunks_exact(channels * height * width).take(batch) {
                for (sum, plane) in sums.iter_mut().zip(picture.chunks_exact(height * width)) {
                    *sum += total(plane);
                }
            }
            Ok(())
        })?;
        Ok((
            dx,
            Some(dw),
            Some(Tensor::from_vec(sums, bias.dims(), bias.device())?),
        ))
    }
}

struct Linear;

impl Linear {
    fn sizes(x: &[usize], weight: &[usize]) -> Result<(usize, usize, usize)> {
        match (x, weight) {
            ([rows @ .., k], &[n, inner]) if *k == inner => Ok((rows.iter().product(), inner, n)),
            _ => Err(Error::Msg(format!("a linear layer {weight:?} does not take {x:?}")).bt()),
        }
    }
}

impl CustomOp2 for Linear {
    fn name(&self) -> &'static str {
        "linear-bf16"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &Layout,
        weight: &CpuStorage,
        weight_layout: &Layout,
    ) -> Result<(CpuStorage, candle_core::Shape)> {
        let (m, k, n) = Self::sizes(x_layout.dims(), weight_layout.dims())?;
        let y = amx::linear(m, k, n, values(x, x_layout)?, values(weight, weight_layout)?);
        let mut dims = x_layout.dims().to_vec();
        if let Some(last) = dims.last_mut() {
            *last = n;
        }
        Ok((CpuStorage::F32(y), dims.into()))
    }

    fn bwd(
        &self,
        x: &Tensor,
        weight: &Tensor,
        _: &Tensor,
        dy: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let (m, k, n) = Self::sizes(x.dims(), weight.dims())?;
        let dy = dy.contiguous()?;
        let dx = read(&dy, |dy| {
            read(weight, |weight| Ok(amx::linear_back_input(m, k, n, dy, weight)))
        })?;
        let dw = read(x, |x| read(&dy, |dy| Ok(amx::linear_back_weight(m, k, n, x, dy))))?;
        let device = x.device();
        Ok((
            Some(Tensor::from_vec(dx, x.dims(), device)?),
            Some(Tensor::from_vec(dw, weight.dims(), device)?),
        ))
    }
}

/// Adds one value per column to every row.
struct RowBias;

impl CustomOp2 for RowBias {
    fn name(&self) -> &'static str {
        "row-bias"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &Layout,
        bias: &CpuStorage,
        bias_layout: &Layout,
    ) -> Result<(CpuStorage, candle_core::Shape)> {
        let (x, bias) = (values(x, x_layout)?, values(bias, bias_layout)?);
        let mut y = x.to_vec();
        for row in y.chunks_exact_mut(bias.len()) {
            row.iter_mut().zip(bias).for_each(|(value, bias)| *value += bias);
        }
        Ok((CpuStorage::F32(y), x_layout.shape().clone()))
    }

    fn bwd(
        &self,
        _: &Tensor,
        bias: &Tensor,
        _: &Tensor,
        dy: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let mut sums = vec![0.0_f32; bias.elem_count()];
        read(&dy.contiguous()?, |dy| {
            for row in dy.chunks_exact(sums.len()) {
                sums.iter_mut().zip(row).for_each(|(sum, value)| *sum += value);
            }
            Ok(())
        })?;
        Ok((
            Some(dy.clone()),
            Some(Tensor::from_vec(sums, bias.dims(), bias.device())?),
        ))
    }
}

/// Sum with sixteen running lanes: vectorised, and exact enough over a plane.
fn total(values: &[f32]) -> f32 {
    let mut lanes = [0.0_f32; 16];
    let chunks = values.chunks_exact(16);
    let rest: f32 = chunks.remainder().iter().sum();
    for chunk in chunks {
        lanes
            .iter_mut()
            .zip(chunk)
            .for_each(|(lane, value)| *lane += value);
    }
    lanes.iter().sum::<f32>() + rest
}

fn values<'a>(storage: &'a CpuStorage, layout: &Layout) -> Result<&'a [f32]> {
    let (start, end) = layout
        .contiguous_offsets()
        .ok_or_else(|| Error::Msg("expected contiguous values".into()).bt())?;
    Ok(&storage.as_slice::<f32>()?[start..end])
}

/// Reads a contiguous CPU tensor without copying it.
fn read<T>(tensor: &Tensor, then: impl FnOnce(&[f32]) -> Result<T>) -> Result<T> {
    let (storage, layout) = tensor.storage_and_layout();
    match &*storage {
        candle_core::Storage::Cpu(storage) => then(values(storage, layout)?),
        _ => Err(Error::Msg("expected a tensor on the CPU".into()).bt()),
    }
}
