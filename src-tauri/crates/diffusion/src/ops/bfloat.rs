//! Convolution and linear layer on the tile unit ([`super::amx`]) as candle operations with a backward pass.

use candle_core::{CpuStorage, CustomOp2, CustomOp3, Layout, Result, Shape, Tensor};

use super::ConvShape;
use super::amx;
use super::convolution::{Geometry, bias_gradient};
use super::kernel::{output, slice, tensor_like, values};
use super::linear::{check, column_sums, shape_out};
use super::wide::wide;

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
    let (x, weight) = (x.contiguous()?, weight.contiguous()?);
    match bias {
        Some(bias) => x.apply_op3(&weight, &bias.contiguous()?, Linear),
        None => x.apply_op2(&weight, Linear),
    }
}

struct Convolution(ConvShape);

impl Convolution {
    fn shape(&self, x: &[usize], weight: &[usize]) -> Result<amx::Shape> {
        let g = Geometry::new(x, weight, self.0)?;
        Ok(amx::Shape {
            batch: g.batch,
            inputs: g.inputs,
            height: g.height,
            width: g.width,
            outputs: g.outputs,
            kernel: g.size,
            stride: g.shape.stride,
            before: g.shape.before,
            after: g.shape.after,
        })
    }

    fn forward(
        &self,
        (x, x_layout): (&CpuStorage, &Layout),
        (weight, weight_layout): (&CpuStorage, &Layout),
        bias: Option<&[f32]>,
    ) -> Result<(CpuStorage, Shape)> {
        let shape = self.shape(x_layout.dims(), weight_layout.dims())?;
        let y = amx::convolve(&shape, slice(x, x_layout)?, slice(weight, weight_layout)?, bias);
        let (rows, columns) = shape.output_size();
        Ok(output(y, (shape.batch, shape.outputs, rows, columns)))
    }

    fn backward(&self, x: &Tensor, weight: &Tensor, dy: &Tensor) -> Result<(Option<Tensor>, Tensor)> {
        let shape = self.shape(x.dims(), weight.dims())?;
        let dy = values(dy)?;
        // The first layer's input is data: nobody asks for its gradient.
        let dx = if x.track_op() {
            Some(tensor_like(
                amx::convolve_back_input(&shape, &dy, &values(weight)?),
                x,
            )?)
        } else {
            None
        };
        Ok((
            dx,
            tensor_like(amx::convolve_back_kernel(&shape, &values(x)?, &dy), weight)?,
        ))
    }
}

impl CustomOp2 for Convolution {
    fn name(&self) -> &'static str {
        "convolution in bf16"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &Layout,
        weight: &CpuStorage,
        weight_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        self.forward((x, x_layout), (weight, weight_layout), None)
    }

    fn bwd(
        &self,
        x: &Tensor,
        weight: &Tensor,
        _: &Tensor,
        dy: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let (dx, dw) = self.backward(x, weight, &dy.contiguous()?)?;
        Ok((dx, Some(dw)))
    }
}

impl CustomOp3 for Convolution {
    fn name(&self) -> &'static str {
        "convolution with bias in bf16"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &Layout,
        weight: &CpuStorage,
        weight_layout: &Layout,
        bias: &CpuStorage,
        bias_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        self.forward(
            (x, x_layout),
            (weight, weight_layout),
            Some(slice(bias, bias_layout)?),
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
        let dy = dy.contiguous()?;
        let (dx, dw) = self.backward(x, weight, &dy)?;
        let (_, channels, height, width) = dy.dims4()?;
        let db = bias_gradient(&values(&dy)?, channels, height * width);
        Ok((dx, Some(dw), Some(tensor_like(db, bias)?)))
    }
}

struct Linear;

impl Linear {
    fn forward(
        (x, x_layout): (&CpuStorage, &Layout),
        (weight, weight_layout): (&CpuStorage, &Layout),
        bias: Option<&[f32]>,
    ) -> Result<(CpuStorage, Shape)> {
        let (inputs, outputs) = check(x_layout.dims(), weight_layout.dims())?;
        let x = slice(x, x_layout)?;
        let mut y = amx::linear(
            x.len() / inputs,
            inputs,
            outputs,
            x,
            slice(weight, weight_layout)?,
        );
        if let Some(bias) = bias {
            wide(|| {
                for row in y.chunks_exact_mut(outputs) {
                    for (value, bias) in row.iter_mut().zip(bias) {
                        *value += bias;
                    }
                }
            });
        }
        Ok(output(y, shape_out(x_layout.dims(), outputs)))
    }

    fn backward(x: &Tensor, weight: &Tensor, dy: &Tensor) -> Result<(Option<Tensor>, Tensor)> {
        let (inputs, outputs) = check(x.dims(), weight.dims())?;
        let rows = x.elem_count() / inputs;
        let dy = values(dy)?;
        let dx = if x.track_op() {
            Some(tensor_like(
                amx::linear_back_input(rows, inputs, outputs, &dy, &values(weight)?),
                x,
            )?)
        } else {
            None
        };
        let dw = amx::linear_back_weight(rows, inputs, outputs, &values(x)?, &dy);
        Ok((dx, tensor_like(dw, weight)?))
    }
}

impl CustomOp2 for Linear {
    fn name(&self) -> &'static str {
        "linear in bf16"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &Layout,
        weight: &CpuStorage,
        weight_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        Self::forward((x, x_layout), (weight, weight_layout), None)
    }

    fn bwd(
        &self,
        x: &Tensor,
        weight: &Tensor,
        _: &Tensor,
        dy: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let (dx, dw) = Self::backward(x, weight, &dy.contiguous()?)?;
        Ok((dx, Some(dw)))
    }
}

impl CustomOp3 for Linear {
    fn name(&self) -> &'static str {
        "linear with bias in bf16"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &Layout,
        weight: &CpuStorage,
        weight_layout: &Layout,
        bias: &CpuStorage,
        bias_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        Self::forward(
            (x, x_layout),
            (weight, weight_layout),
            Some(slice(bias, bias_layout)?),
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
        let dy = dy.contiguous()?;
        let (dx, dw) = Self::backward(x, weight, &dy)?;
        let db = column_sums(&values(&dy)?, bias.elem_count());
        Ok((dx, Some(dw), Some(tensor_like(db, bias)?)))
    }
}
