//! Between candle's tensors and plain slices.

use std::marker::PhantomData;
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
pub(crate) fn values(tensor: &Tensor) -> Result<impl Deref<Target = [f32]> + '_> {
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

/// Whether each of these parameters has one number per channel.
pub(super) fn check_per_channel(what: &str, channels: usize, parameters: &[&[usize]]) -> Result<()> {
    match parameters.iter().find(|dims| **dims != [channels]) {
        Some(dims) => bail!("{what} of {channels} channels needs as many numbers, not {dims:?}"),
        None => Ok(()),
    }
}

/// What the backward pass of an operation with a weight and a bias hands back.
pub(super) type Gradients = (Option<Tensor>, Option<Tensor>, Option<Tensor>);

/// The gradient of x, unless x is data, whose gradient nobody asks for.
pub(super) fn if_wanted(x: &Tensor, gradient: impl FnOnce() -> Result<Vec<f32>>) -> Result<Option<Vec<f32>>> {
    x.track_op().then(gradient).transpose()
}

/// The gradients of x (where anybody wants it), weight and bias, each in the shape of its own.
pub(super) fn gradients(
    (x, dx): (&Tensor, Option<Vec<f32>>),
    (weight, dw): (&Tensor, Vec<f32>),
    (bias, db): (&Tensor, Vec<f32>),
) -> Result<Gradients> {
    Ok((
        dx.map(|dx| tensor_like(dx, x)).transpose()?,
        Some(tensor_like(dw, weight)?),
        Some(tensor_like(db, bias)?),
    ))
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

/// A cache line.
#[derive(Clone, Copy)]
#[repr(align(64))]
#[allow(dead_code)] // read through a slice of all lines
struct Line([f32; 16]);

/// A buffer that a thread keeps from one call to the next, since fresh pages cost more than what is done with them.
/// It begins on a cache line, so that no vector lies across two.
#[derive(Default)]
pub(super) struct Buffer(Vec<Line>);

impl Buffer {
    /// An empty one.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// `count` numbers, whatever they were.
    pub fn take(&mut self, count: usize) -> &mut [f32] {
        let lines = count.div_ceil(16);
        if self.0.len() < lines {
            self.0.resize(lines, Line([0.0; 16]));
        }
        // SAFETY: a line is sixteen numbers and nothing else, and there are enough of them.
        unsafe { std::slice::from_raw_parts_mut(self.0.as_mut_ptr().cast::<f32>(), count) }
    }
}

/// A buffer that tasks write side by side where no splitting of slices gives each what it owns, as with some rows of
/// every channel.
pub(super) struct Parts<'a> {
    start: *mut f32,
    length: usize,
    owner: PhantomData<&'a mut [f32]>,
}

// SAFETY: parts are handed out by an unsafe method, whose callers promise that they do not overlap.
unsafe impl Sync for Parts<'_> {}

impl<'a> Parts<'a> {
    /// All of `buffer`.
    pub fn new(buffer: &'a mut [f32]) -> Self {
        Self {
            start: buffer.as_mut_ptr(),
            length: buffer.len(),
            owner: PhantomData,
        }
    }

    /// `count` values from `first` on.
    ///
    /// # Safety
    /// While the part is in use, nobody may ask for one that overlaps it.
    #[allow(clippy::mut_from_ref)] // what the type is for
    pub unsafe fn part(&self, first: usize, count: usize) -> &mut [f32] {
        assert!(
            first.checked_add(count).is_some_and(|end| end <= self.length),
            "a part must lie within its buffer"
        );
        // SAFETY: within the buffer, which is borrowed for as long as `self`; not shared, by the caller's promise.
        unsafe { std::slice::from_raw_parts_mut(self.start.add(first), count) }
    }
}
