//! Between candle's tensors and plain slices.

use std::ops::{Deref, Range};

use candle_core::{CpuStorage, Layout, Result, Shape, Storage, Tensor, bail};

/// The values of a tensor while its storage is locked for reading; `G` is the lock's guard.
struct Values<G> {
    storage: G,
    range: Range<usize>,
}

impl<G: Deref<Target = Storage>> Deref for Values<G> {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        match &*self.storage {
            Storage::Cpu(CpuStorage::F32(values)) => &values[self.range.clone()],
            // Checked when it was made.
            _ => &[],
        }
    }
}

/// The values of a contiguous f32 tensor on the CPU, without copying them.
pub(super) fn values(tensor: &Tensor) -> Result<impl Deref<Target = [f32]> + '_> {
    let (storage, layout) = tensor.storage_and_layout();
    let Some((start, end)) = layout.contiguous_offsets() else {
        bail!("a kernel was handed a tensor that is not contiguous");
    };
    if !matches!(&*storage, Storage::Cpu(CpuStorage::F32(_))) {
        bail!("a kernel was handed a tensor that is not f32 on the CPU");
    }
    Ok(Values {
        storage,
        range: start..end,
    })
}

/// The values that a custom operation is handed.
pub(super) fn slice<'a>(storage: &'a CpuStorage, layout: &Layout) -> Result<&'a [f32]> {
    let Some((start, end)) = layout.contiguous_offsets() else {
        bail!("a kernel was handed a tensor that is not contiguous");
    };
    Ok(&storage.as_slice::<f32>()?[start..end])
}

/// What a custom operation hands back.
pub(super) fn output(values: Vec<f32>, shape: impl Into<Shape>) -> (CpuStorage, Shape) {
    (CpuStorage::F32(values), shape.into())
}

/// A new tensor of the same shape as `like`.
pub(super) fn tensor_like(values: Vec<f32>, like: &Tensor) -> Result<Tensor> {
    Tensor::from_vec(values, like.shape(), like.device())
}

/// Elements handled by one task of an elementwise operation: enough to be worth a task, few enough to stay in cache.
pub(super) const CHUNK: usize = 1 << 14;

/// A buffer that the caller overwrites whole before anything is read from it. Zeroing it first measured a tenth of a
/// training step.
pub(crate) fn unwritten(count: usize) -> Vec<f32> {
    let mut buffer = Vec::with_capacity(count);
    // SAFETY: the capacity is there, f32 has no invalid bit pattern, and no kernel reads what it has not written.
    #[allow(clippy::uninit_vec)]
    unsafe {
        buffer.set_len(count);
    }
    buffer
}
