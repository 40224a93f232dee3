//! Convolution and linear layer on the tile unit ([`super::amx`]) as candle operations with a backward pass.

use candle_core::{CpuStorage, CustomOp3, Layout, Result, Shape, Tensor};

use super::ConvShape;
use super::amx;
use super::convolution::{Geometry, bias_gradient};
use super::kernel::{Gradients, gradients, if_wanted, output, slice, values};
use super::linear::{check, column_sums, shape_out};
use super::wide::wide;

/// See [`super::conv2d`].
pub(super) fn conv2d(x: &Tensor, weight: &Tensor, bias: &Tensor, shape: ConvShape) -> Result<Tensor> {
    x.apply_op3(weight, bias, Convolution(shape))
}

/// See [`super::linear`].
pub(super) fn linear(x: &Tensor, weight: &Tensor, bias: &Tensor) -> Result<Tensor> {
    x.apply_op3(weight, bias, Linear)
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
}

impl CustomOp3 for Convolution {
    fn name(&self) -> &'static str {
        "convolution in bf16"
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
        let shape = self.shape(x_layout.dims(), weight_layout.dims())?;
        let (x, weight) = (slice(x, x_layout)?, slice(weight, weight_layout)?);
        let y = amx::convolve(&shape, x, weight, Some(slice(bias, bias_layout)?));
        let (rows, columns) = shape.output_size();
        Ok(output(y, (shape.batch, shape.outputs, rows, columns)))
    }

    fn bwd(&self, x: &Tensor, weight: &Tensor, bias: &Tensor, _: &Tensor, dy: &Tensor) -> Result<Gradients> {
        let shape = self.shape(x.dims(), weight.dims())?;
        let dy = dy.contiguous()?;
        let dy = values(&dy)?;
        let dx = if_wanted(x, || Ok(amx::convolve_back_input(&shape, &dy, &values(weight)?)))?;
        let dw = amx::convolve_back_kernel(&shape, &values(x)?, &dy);
        let (rows, columns) = shape.output_size();
        let db = bias_gradient(&dy, shape.outputs, rows * columns);
        gradients((x, dx), (weight, dw), (bias, db))
    }
}

struct Linear;

impl CustomOp3 for Linear {
    fn name(&self) -> &'static str {
        "linear in bf16"
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
        let (inputs, outputs) = check(x_layout.dims(), weight_layout.dims())?;
        let (x, weight) = (slice(x, x_layout)?, slice(weight, weight_layout)?);
        let bias = slice(bias, bias_layout)?;
        let mut y = amx::linear(x.len() / inputs, inputs, outputs, x, weight);
        wide(|| {
            for row in y.chunks_exact_mut(outputs) {
                for (value, bias) in row.iter_mut().zip(bias) {
                    *value += bias;
                }
            }
        });
        Ok(output(y, shape_out(x_layout.dims(), outputs)))
    }

    fn bwd(&self, x: &Tensor, weight: &Tensor, bias: &Tensor, _: &Tensor, dy: &Tensor) -> Result<Gradients> {
        let (inputs, outputs) = check(x.dims(), weight.dims())?;
        let rows = x.elem_count() / inputs;
        let dy = dy.contiguous()?;
        let dy = values(&dy)?;
        let dx = if_wanted(x, || {
            Ok(amx::linear_back_input(
                rows,
                inputs,
                outputs,
                &dy,
                &values(weight)?,
            ))
        })?;
        let dw = amx::linear_back_weight(rows, inputs, outputs, &values(x)?, &dy);
        gradients((x, dx), (weight, dw), (bias, column_sums(&dy, outputs)))
    }
}
