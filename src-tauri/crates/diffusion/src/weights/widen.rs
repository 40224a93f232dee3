//! Parameters in the type that they are computed in, which is not always the one they are kept in.

use candle_core::{CpuStorage, DType, Device, Result, Storage, Tensor};
use half::slice::HalfFloatSliceExt;
use rayon::prelude::*;

use crate::ops::kernel::unwritten;

/// Values in one task.
const CHUNK: usize = 1 << 16;

/// `parameter` in the type of `x`, with which it is to be computed: widened where that is f32, and as it is where a
/// network is computed in f16 ([`super::Weights::computed_in`]).
pub fn fitted(parameter: &Tensor, x: &Tensor) -> Result<Tensor> {
    match x.dtype() {
        DType::F32 => widened(parameter),
        other => parameter.to_dtype(other),
    }
}

/// The tensor in f32, with exactly the same values; the tensor itself where it is f32 already.
pub fn widened(tensor: &Tensor) -> Result<Tensor> {
    if tensor.dtype() == DType::F32 {
        return Ok(tensor.clone());
    }
    let (storage, layout) = tensor.storage_and_layout();
    let Some((start, end)) = layout.contiguous_offsets() else {
        drop(storage);
        return tensor.to_dtype(DType::F32);
    };
    let wide = match &*storage {
        Storage::Cpu(CpuStorage::F16(values)) => wide(&values[start..end]),
        Storage::Cpu(CpuStorage::BF16(values)) => wide(&values[start..end]),
        _ => {
            drop(storage);
            return tensor.to_dtype(DType::F32);
        }
    };
    Tensor::from_vec(wide, tensor.shape(), &Device::Cpu)
}

fn wide<T: Sync>(halves: &[T]) -> Vec<f32>
where
    [T]: HalfFloatSliceExt,
{
    let mut wide = unwritten(halves.len());
    wide.par_chunks_mut(CHUNK)
        .zip(halves.par_chunks(CHUNK))
        .for_each(|(wide, halves)| halves.convert_to_f32_slice(wide));
    wide
}
