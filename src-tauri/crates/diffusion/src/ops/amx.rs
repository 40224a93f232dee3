//! Convolutions and matrix products on Intel's AMX tile unit: bf16 operands, f32 sums. Training uses it where the
//! processor has it (an order of magnitude over f32 on AVX-512); inference never does, so that pictures do not depend
//! on the machine.
//!
//! No im2col: on zero-padded planes a 3×3 convolution is nine products whose right operand is the same memory at nine
//! offsets. Planes hold channel pairs as one `u32` per pixel (the layout that the tile unit wants), several small
//! pictures share one long plane, and columns that belong to the padding are computed and thrown away.
//!
//! Sums are taken in an order that depends on shapes alone, never on threads.

mod tiles;

#[cfg(target_os = "linux")]
use std::arch::asm;
use std::cell::RefCell;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use rayon::prelude::*;

use super::kernel::unwritten;
use super::wide::wide;
use tiles::{Operands, multiply};

static WANTED: AtomicBool = AtomicBool::new(false);

/// Lets this process compute convolutions and linear layers in bf16 where the processor can. Off at start; the
/// trainer turns it on.
pub fn allow_bf16(allowed: bool) {
    WANTED.store(allowed, Ordering::Relaxed);
}

/// Whether products run on the tile unit now.
pub fn active() -> bool {
    WANTED.load(Ordering::Relaxed) && available()
}

/// Whether processor and kernel offer AMX with bf16.
pub fn available() -> bool {
    static AVAILABLE: OnceLock<bool> = OnceLock::new();
    *AVAILABLE.get_or_init(|| {
        if !std::arch::is_x86_feature_detected!("avx512f") || !std::arch::is_x86_feature_detected!("avx512bw")
        {
            return false;
        }
        let features = std::arch::x86_64::__cpuid_count(7, 0);
        let (bf16, tile) = (features.edx >> 22 & 1 == 1, features.edx >> 24 & 1 == 1);
        bf16 && tile && permitted()
    })
}

/// Linux hands out the tile registers on request only: `arch_prctl(ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA)`.
#[cfg(target_os = "linux")]
fn permitted() -> bool {
    let result: i64;
    // SAFETY: a system call that reads no memory of ours; rcx and r11 are clobbered by the instruction.
    unsafe {
        asm!("syscall", inlateout("rax") 158_i64 => result, in("rdi") 0x1023_u64, in("rsi") 18_u64,
             lateout("rcx") _, lateout("r11") _, options(nostack));
    }
    result == 0
}

#[cfg(not(target_os = "linux"))]
fn permitted() -> bool {
    false
}

/// Shape of a square-kernel convolution over `[batch, inputs, height, width]`.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    /// Pictures.
    pub batch: usize,
    /// Channels in.
    pub inputs: usize,
    /// Rows in.
    pub height: usize,
    /// Columns in.
    pub width: usize,
    /// Channels out.
    pub outputs: usize,
    /// Kernel width and height.
    pub kernel: usize,
    /// Step between output positions.
    pub stride: usize,
    /// Zeros above and to the left, at most `kernel - 1`.
    pub before: usize,
    /// Zeros below and to the right, at most `kernel - 1`.
    pub after: usize,
}

impl Shape {
    /// Rows and columns out.
    pub fn output_size(&self) -> (usize, usize) {
        let size = |side: usize| (side + self.before + self.after - self.kernel) / self.stride + 1;
        (size(self.height), size(self.width))
    }

    fn taps(&self) -> usize {
        self.kernel * self.kernel
    }

    /// Pictures in a group (enough pixels to fill tiles, few enough to stay in cache), and the floats of one picture in
    /// and out.
    fn groups(&self) -> (usize, usize, usize) {
        let (rows, columns) = self.output_size();
        let pixels = self.height * self.width;
        let group = (4096 / pixels.max(1)).clamp(1, 16);
        (group, self.inputs * pixels, self.outputs * rows * columns)
    }

    /// The input planes of a group.
    fn grid(&self, pictures: usize) -> Grid {
        let padding = (self.before, self.after);
        Grid::new(self.height, self.width, padding, self.kernel, pictures)
    }
}

/// Planes of a group of pictures: padded, one after the other, addressed by one flat index.
#[derive(Clone, Copy)]
struct Grid {
    height: usize,
    width: usize,
    before: usize,
    padded_width: usize,
    /// Flat positions of one picture.
    picture: usize,
    /// Flat positions of the group, rounded up to 32.
    positions: usize,
    /// Flat length of one plane with the reach of the kernel.
    plane: usize,
}

impl Grid {
    fn new(
        height: usize,
        width: usize,
        (before, after): (usize, usize),
        kernel: usize,
        pictures: usize,
    ) -> Self {
        let padded_width = width + before + after;
        let picture = (height + before + after) * padded_width;
        let positions = (pictures * picture).next_multiple_of(32);
        let plane = (positions + (kernel - 1) * (padded_width + 1)).next_multiple_of(32);
        Self {
            height,
            width,
            before,
            padded_width,
            picture,
            positions,
            plane,
        }
    }

    fn row(&self, picture: usize, row: usize) -> usize {
        picture * self.picture + (row + self.before) * self.padded_width + self.before
    }
}

/// Channels per product step: up to 32 in one step, beyond that in steps of 32.
fn step_channels(channels: usize) -> usize {
    if channels <= 32 {
        channels.next_multiple_of(2)
    } else {
        32
    }
}

/// `y = conv(x, w) + bias`, laid out `[batch, outputs, rows, columns]`.
pub fn convolve(shape: &Shape, x: &[f32], w: &[f32], bias: Option<&[f32]>) -> Vec<f32> {
    let weights = pack_weights(w, shape.outputs, shape.inputs, shape.taps(), false);
    let (group, size_in, size_out) = shape.groups();
    let (rows, columns) = shape.output_size();
    let mut y = unwritten(shape.batch * size_out);
    y.par_chunks_mut(group * size_out)
        .zip(x.par_chunks(group * size_in))
        .for_each(|(y, x)| {
            with_scratch(|scratch| {
                let pictures = x.len() / size_in;
                let grid = shape.grid(pictures);
                pack_pairs(&mut scratch.pairs, x, shape.inputs, &grid, pictures, 1);
                slide(
                    scratch,
                    &weights,
                    shape.inputs,
                    shape.outputs,
                    shape.kernel,
                    &grid,
                );
                let reach = Reach {
                    rows,
                    columns,
                    stride: shape.stride,
                };
                unpack(y, &scratch.sums, shape.outputs, &grid, pictures, &reach, bias);
            });
        });
    y
}

/// Gradient of the input: the transposed convolution of the output's gradient.
pub fn convolve_back_input(shape: &Shape, dy: &[f32], w: &[f32]) -> Vec<f32> {
    let weights = pack_weights(w, shape.inputs, shape.outputs, shape.taps(), true);
    let (rows, columns) = shape.output_size();
    let (dense_rows, dense_columns) = dense_size(shape);
    let (group, size_in, size_out) = shape.groups();
    let mut dx = unwritten(shape.batch * size_in);
    dx.par_chunks_mut(group * size_in)
        .zip(dy.par_chunks(group * size_out))
        .for_each(|(dx, dy)| {
            with_scratch(|scratch| {
                let pictures = dy.len() / size_out;
                let padding = (shape.kernel - 1 - shape.before, shape.kernel - 1 - shape.after);
                let grid = Grid::new(dense_rows, dense_columns, padding, shape.kernel, pictures);
                pack_pairs_strided(
                    &mut scratch.pairs,
                    dy,
                    shape.outputs,
                    &grid,
                    pictures,
                    shape.stride,
                    rows,
                    columns,
                );
                slide(
                    scratch,
                    &weights,
                    shape.outputs,
                    shape.inputs,
                    shape.kernel,
                    &grid,
                );
                let reach = Reach {
                    rows: shape.height,
                    columns: shape.width,
                    stride: 1,
                };
                unpack(dx, &scratch.sums, shape.inputs, &grid, pictures, &reach, None);
            });
        });
    dx
}

/// Gradient of the kernel, `[outputs, inputs, kernel, kernel]`.
pub fn convolve_back_kernel(shape: &Shape, x: &[f32], dy: &[f32]) -> Vec<f32> {
    let (rows, columns) = shape.output_size();
    let (group, size_in, size_out) = shape.groups();
    let (wide_in, wide_out) = (
        shape.inputs.next_multiple_of(16),
        shape.outputs.next_multiple_of(16),
    );
    let taps = shape.taps();
    // The number of partial sums is fixed, so the order of addition does not depend on the threads.
    let groups = shape.batch.div_ceil(group);
    let share = groups.div_ceil(4) * group;
    let partial: Vec<Vec<f32>> = x
        .par_chunks(share * size_in)
        .zip(dy.par_chunks(share * size_out))
        .map(|(x, dy)| {
            with_scratch(|scratch| {
                let mut sums = vec![0.0_f32; taps * wide_in * wide_out];
                for (x, dy) in x.chunks(group * size_in).zip(dy.chunks(group * size_out)) {
                    let pictures = x.len() / size_in;
                    let grid = shape.grid(pictures);
                    pack_plain(
                        &mut scratch.plain,
                        x,
                        shape.inputs,
                        &grid,
                        grid.before,
                        pictures,
                        1,
                    );
                    // The output's gradient lies on the same grid, without the padding in front.
                    pack_plain(
                        &mut scratch.other,
                        dy,
                        shape.outputs,
                        &grid_of_outputs(&grid, rows, columns),
                        0,
                        pictures,
                        shape.stride,
                    );
                    transpose_pairs(&mut scratch.pairs, &scratch.other, wide_out, &grid);
                    let steps: Vec<(usize, usize)> = (0..grid.positions / 32)
                        .map(|k| (k * 32, k * 16 * wide_out))
                        .collect();
                    for tap in 0..taps {
                        let offset = tap / shape.kernel * grid.padded_width + tap % shape.kernel;
                        let operands = Operands {
                            left: &scratch.plain[offset..],
                            left_row: grid.plane,
                            right: &scratch.pairs,
                            right_row: wide_out,
                            steps: &steps,
                            depth: 16,
                        };
                        let target = &mut sums[tap * wide_in * wide_out..][..wide_in * wide_out];
                        multiply(&operands, target, wide_out, wide_in / 16, wide_out / 16, true);
                    }
                }
                sums
            })
        })
        .collect();
    let mut dw = vec![0.0; shape.outputs * shape.inputs * taps];
    for sums in &partial {
        for output in 0..shape.outputs {
            for input in 0..shape.inputs {
                for tap in 0..taps {
                    dw[(output * shape.inputs + input) * taps + tap] +=
                        sums[(tap * wide_in + input) * wide_out + output];
                }
            }
        }
    }
    dw
}

/// `y[m, n] = x[m, k] wᵀ` for a weight `[n, k]`.
pub fn linear(m: usize, k: usize, n: usize, x: &[f32], w: &[f32]) -> Vec<f32> {
    // wᵀ as pairs over k.
    let (deep, wide) = (k.next_multiple_of(32), n.next_multiple_of(16));
    let mut right = vec![0_u32; deep / 2 * wide];
    for (column, row) in w.chunks_exact(k).enumerate() {
        for (index, &value) in row.iter().enumerate() {
            right[index / 2 * wide + column] |= u32::from(bf16(value)) << (16 * (index % 2));
        }
    }
    rows_times(m, k, n, x, &right)
}

/// `dx[m, k] = dy[m, n] w` for a weight `[n, k]`.
pub fn linear_back_input(m: usize, k: usize, n: usize, dy: &[f32], w: &[f32]) -> Vec<f32> {
    let mut right = Vec::new();
    pair_rows(&mut right, w, n, k, n.next_multiple_of(32) / 2);
    rows_times(m, n, k, dy, &right)
}

/// `dw[n, k] = dyᵀ x`.
pub fn linear_back_weight(m: usize, k: usize, n: usize, x: &[f32], dy: &[f32]) -> Vec<f32> {
    let share = m.div_ceil(4).next_multiple_of(32);
    let (tall, wide) = (n.next_multiple_of(16), k.next_multiple_of(16));
    let partial: Vec<Vec<f32>> = x
        .par_chunks(share * k)
        .zip(dy.par_chunks(share * n))
        .map(|(x, dy)| {
            let count = x.len() / k;
            let deep = count.next_multiple_of(32);
            let mut left = vec![0_u16; tall * deep];
            // Thirty-two rows at a time: every column then fills one cache line.
            for (block, rows) in dy.chunks(32 * n).enumerate() {
                for column in 0..n {
                    let target = &mut left[column * deep + block * 32..][..rows.len() / n];
                    for (target, value) in target.iter_mut().zip(rows[column..].iter().step_by(n)) {
                        *target = bf16(*value);
                    }
                }
            }
            let mut right = Vec::new();
            pair_rows(&mut right, x, count, k, deep / 2);
            let steps: Vec<(usize, usize)> = (0..deep / 32).map(|s| (s * 32, s * 16 * wide)).collect();
            let operands = Operands {
                left: &left,
                left_row: deep,
                right: &right,
                right_row: wide,
                steps: &steps,
                depth: 16,
            };
            let mut sums = vec![0.0; tall * wide];
            multiply(&operands, &mut sums, wide, tall / 16, wide / 16, false);
            sums
        })
        .collect();
    let mut dw = vec![0.0; n * k];
    for sums in &partial {
        for (target, source) in dw.chunks_exact_mut(k).zip(sums.chunks_exact(wide)) {
            target
                .iter_mut()
                .zip(source)
                .for_each(|(target, source)| *target += source);
        }
    }
    dw
}

/// `x[m, k] · right` where `right` holds pairs over k, `[⌈k/32⌉·16][n]`.
fn rows_times(m: usize, k: usize, n: usize, x: &[f32], right: &[u32]) -> Vec<f32> {
    const ROWS: usize = 128;
    let (deep, wide) = (k.next_multiple_of(32), n.next_multiple_of(16));
    let steps: Vec<(usize, usize)> = (0..deep / 32).map(|s| (s * 32, s * 16 * wide)).collect();
    let mut y = unwritten(m * n);
    y.par_chunks_mut(ROWS * n)
        .zip(x.par_chunks(ROWS * k))
        .for_each(|(y, x)| {
            with_scratch(|scratch| {
                let count = x.len() / k;
                let tall = count.next_multiple_of(16);
                scratch.plain.clear();
                scratch.plain.resize(tall * deep, 0);
                for (target, source) in scratch.plain.chunks_exact_mut(deep).zip(x.chunks_exact(k)) {
                    narrow(target, source);
                }
                let operands = Operands {
                    left: &scratch.plain,
                    left_row: deep,
                    right,
                    right_row: wide,
                    steps: &steps,
                    depth: 16,
                };
                reserve(&mut scratch.sums, tall * wide);
                multiply(&operands, &mut scratch.sums, wide, tall / 16, wide / 16, false);
                for (target, source) in y.chunks_exact_mut(n).zip(scratch.sums.chunks_exact(wide)) {
                    target.copy_from_slice(&source[..n]);
                }
            });
        });
    y
}

/// Buffers of one thread, kept from one product to the next. What is left in them is never read.
#[derive(Default)]
struct Scratch {
    pairs: Vec<u32>,
    plain: Vec<u16>,
    other: Vec<u16>,
    sums: Vec<f32>,
}

/// Runs `work` with this thread's buffers; `work` must not wait for other products.
fn with_scratch<R>(work: impl FnOnce(&mut Scratch) -> R) -> R {
    thread_local! {
        static SCRATCH: RefCell<Scratch> = RefCell::default();
    }
    SCRATCH.with_borrow_mut(work)
}

/// Makes room for `count` values and leaves what was there.
fn reserve<T: Clone + Default>(buffer: &mut Vec<T>, count: usize) {
    if buffer.len() < count {
        buffer.resize(count, T::default());
    }
}

/// Rows and columns that one picture keeps of the dense result.
struct Reach {
    rows: usize,
    columns: usize,
    stride: usize,
}

/// Size of the output if the stride were one.
fn dense_size(shape: &Shape) -> (usize, usize) {
    let padding = shape.before + shape.after;
    (
        shape.height + padding + 1 - shape.kernel,
        shape.width + padding + 1 - shape.kernel,
    )
}

fn grid_of_outputs(grid: &Grid, rows: usize, columns: usize) -> Grid {
    Grid {
        height: rows,
        width: columns,
        before: 0,
        plane: grid.positions,
        ..*grid
    }
}

/// Round to nearest even.
fn bf16(value: f32) -> u16 {
    let bits = value.to_bits();
    (bits.wrapping_add(0x7fff + (bits >> 16 & 1)) >> 16) as u16
}

fn narrow(target: &mut [u16], source: &[f32]) {
    for (target, &value) in target.iter_mut().zip(source) {
        *target = bf16(value);
    }
}

fn pair(target: &mut [u32], low: &[f32], high: &[f32]) {
    for ((target, &low), &high) in target.iter_mut().zip(low).zip(high) {
        *target = u32::from(bf16(low)) | u32::from(bf16(high)) << 16;
    }
}

/// Rows `[rows][columns]` as pairs over the rows, `[height][⌈columns/16⌉·16]`.
fn pair_rows(target: &mut Vec<u32>, source: &[f32], rows: usize, columns: usize, height: usize) {
    let wide = columns.next_multiple_of(16);
    target.clear();
    target.resize(height * wide, 0);
    let zeros = vec![0.0; columns];
    for index in 0..rows.div_ceil(2) {
        let low = &source[2 * index * columns..][..columns];
        let high = if 2 * index + 1 < rows {
            &source[(2 * index + 1) * columns..][..columns]
        } else {
            &zeros
        };
        pair(&mut target[index * wide..][..columns], low, high);
    }
}

/// Weights as the left operand: `[outputs to 16][taps · channels]`. Reversed: output and input change places and the
/// taps run backwards (the transposed convolution).
fn pack_weights(w: &[f32], outputs: usize, inputs: usize, taps: usize, reversed: bool) -> Vec<u16> {
    let deep = inputs.next_multiple_of(step_channels(inputs));
    let mut packed = vec![0_u16; outputs.next_multiple_of(16) * taps * deep + 64];
    for output in 0..outputs {
        for input in 0..inputs {
            for tap in 0..taps {
                let value = if reversed {
                    w[(input * outputs + output) * taps + taps - 1 - tap]
                } else {
                    w[(output * inputs + input) * taps + tap]
                };
                packed[(output * taps + tap) * deep + input] = bf16(value);
            }
        }
    }
    packed
}

fn pack_pairs(
    target: &mut Vec<u32>,
    x: &[f32],
    channels: usize,
    grid: &Grid,
    pictures: usize,
    stride: usize,
) {
    pack_pairs_strided(
        target,
        x,
        channels,
        grid,
        pictures,
        stride,
        grid.height,
        grid.width,
    );
}

/// Channel pairs on the grid: `[⌈channels⌉/2][plane]`; a stride leaves zeros between the pixels.
#[allow(clippy::too_many_arguments)] // one private function, and every argument is a size
fn pack_pairs_strided(
    target: &mut Vec<u32>,
    x: &[f32],
    channels: usize,
    grid: &Grid,
    pictures: usize,
    stride: usize,
    rows: usize,
    columns: usize,
) {
    let pairs = channels.next_multiple_of(step_channels(channels)) / 2;
    reserve(target, pairs * grid.plane);
    let target = &mut target[..pairs * grid.plane];
    if stride != 1 {
        target.fill(0);
    }
    let zeros = vec![0.0; columns];
    // Everything between the rows is padding; `done` says how far the planes are written.
    let mut done = 0;
    for index in 0..channels.div_ceil(2) {
        for picture in 0..pictures {
            let picture_of = &x[picture * channels * rows * columns..][..channels * rows * columns];
            for row in 0..rows {
                let line = |channel: usize| &picture_of[(channel * rows + row) * columns..][..columns];
                let low = line(2 * index);
                let high = if 2 * index + 1 < channels {
                    line(2 * index + 1)
                } else {
                    &zeros
                };
                let start = index * grid.plane + grid.row(picture, row * stride);
                if stride == 1 {
                    target[done..start].fill(0);
                    pair_fast(&mut target[start..][..columns], low, high);
                    done = start + columns;
                } else {
                    for ((target, &low), &high) in
                        target[start..].iter_mut().step_by(stride).zip(low).zip(high)
                    {
                        *target = u32::from(bf16(low)) | u32::from(bf16(high)) << 16;
                    }
                }
            }
        }
    }
    if stride == 1 {
        target[done..].fill(0);
    }
}

/// Channels on the grid as plain bf16 planes: `[channels to 16][plane]`.
fn pack_plain(
    target: &mut Vec<u16>,
    x: &[f32],
    channels: usize,
    grid: &Grid,
    padding: usize,
    pictures: usize,
    stride: usize,
) {
    let (rows, columns) = (grid.height, grid.width);
    // The tail lets the last tile of the last channel read past its plane.
    let count = channels.next_multiple_of(16) * grid.plane + 2 * grid.padded_width + 64;
    reserve(target, count);
    let target = &mut target[..count];
    if stride != 1 {
        target.fill(0);
    }
    let mut done = 0;
    for channel in 0..channels {
        for picture in 0..pictures {
            for row in 0..rows {
                let line = &x[((picture * channels + channel) * rows + row) * columns..][..columns];
                let start = channel * grid.plane
                    + picture * grid.picture
                    + (row * stride + padding) * grid.padded_width
                    + padding;
                if stride == 1 {
                    target[done..start].fill(0);
                    narrow_fast(&mut target[start..][..columns], line);
                    done = start + columns;
                } else {
                    for (target, &value) in target[start..].iter_mut().step_by(stride).zip(line) {
                        *target = bf16(value);
                    }
                }
            }
        }
    }
    if stride == 1 {
        target[done..].fill(0);
    }
}

/// Plain planes to pairs of neighbouring positions: `[positions/2][channels to 16]`.
fn transpose_pairs(target: &mut Vec<u32>, plain: &[u16], wide: usize, grid: &Grid) {
    reserve(target, grid.positions / 2 * wide);
    let target = &mut target[..grid.positions / 2 * wide];
    for block in (0..wide).step_by(16) {
        for (index, row) in target.chunks_exact_mut(wide).enumerate() {
            for (lane, target) in row[block..block + 16].iter_mut().enumerate() {
                let at = (block + lane) * grid.positions + 2 * index;
                *target = u32::from(plain[at]) | u32::from(plain[at + 1]) << 16;
            }
        }
    }
}

fn pair_fast(target: &mut [u32], low: &[f32], high: &[f32]) {
    #[target_feature(enable = "avx512f,avx512bw")]
    fn wide(target: &mut [u32], low: &[f32], high: &[f32]) {
        pair(target, low, high);
    }
    // SAFETY: nothing here runs unless `available` found these features.
    unsafe { wide(target, low, high) }
}

fn narrow_fast(target: &mut [u16], source: &[f32]) {
    #[target_feature(enable = "avx512f,avx512bw")]
    fn wide(target: &mut [u16], source: &[f32]) {
        narrow(target, source);
    }
    // SAFETY: as above.
    unsafe { wide(target, source) }
}

/// All taps of a kernel over the grid: `sums[outputs to 16][positions]`.
fn slide(scratch: &mut Scratch, weights: &[u16], inputs: usize, outputs: usize, kernel: usize, grid: &Grid) {
    let step = step_channels(inputs);
    let deep = inputs.next_multiple_of(step);
    let mut steps = Vec::with_capacity(kernel * kernel * deep / step);
    for tap in 0..kernel * kernel {
        let offset = tap / kernel * grid.padded_width + tap % kernel;
        for block in 0..deep / step {
            steps.push((tap * deep + block * step, block * step / 2 * grid.plane + offset));
        }
    }
    let tall = outputs.next_multiple_of(16);
    reserve(&mut scratch.sums, tall * grid.positions);
    let operands = Operands {
        left: weights,
        left_row: kernel * kernel * deep,
        right: &scratch.pairs,
        right_row: grid.plane,
        steps: &steps,
        depth: step / 2,
    };
    multiply(
        &operands,
        &mut scratch.sums,
        grid.positions,
        tall / 16,
        grid.positions / 16,
        false,
    );
}

/// Takes what belongs to the picture out of the dense result and adds the bias.
fn unpack(
    y: &mut [f32],
    sums: &[f32],
    channels: usize,
    grid: &Grid,
    pictures: usize,
    reach: &Reach,
    bias: Option<&[f32]>,
) {
    let Reach {
        rows,
        columns,
        stride,
    } = *reach;
    for picture in 0..pictures {
        for channel in 0..channels {
            let shift = bias.map_or(0.0, |bias| bias[channel]);
            for row in 0..rows {
                let target = &mut y[((picture * channels + channel) * rows + row) * columns..][..columns];
                let start =
                    channel * grid.positions + picture * grid.picture + row * stride * grid.padded_width;
                let source = &sums[start..][..=(columns - 1) * stride];
                if stride == 1 {
                    wide(|| {
                        target
                            .iter_mut()
                            .zip(source)
                            .for_each(|(target, &value)| *target = value + shift);
                    });
                } else {
                    let source = source.iter().step_by(stride);
                    target
                        .iter_mut()
                        .zip(source)
                        .for_each(|(target, &value)| *target = value + shift);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
