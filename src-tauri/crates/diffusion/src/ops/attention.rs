//! Scaled dot-product attention without the matrix of all scores.
//!
//! A block of queries at a time: its scores against all keys fit the second-level cache, are turned into weights in
//! place and used up. The backward pass computes them again (Dao et al. 2022 do both, with keys in blocks too). Heads
//! are read and written where they lie, by strides; nothing is transposed.

use std::cell::RefCell;

use candle_core::{CpuStorage, CustomOp3, Layout, Result, Shape, Tensor};
use rayon::prelude::*;

use super::kernel::{Gradients, gradients, output, slice, unwritten, values};
use super::matrix::{Matrix, MatrixMut};
use super::wide::{exp, largest, sum_pairs, wide};

/// Scores in one block: 256 KiB.
const SCORES: usize = 1 << 16;

thread_local! {
    static SCRATCH: RefCell<[Vec<f32>; 2]> = const { RefCell::new([Vec::new(), Vec::new()]) };
}

fn with_scratch<R>(size: usize, work: impl FnOnce(&mut [f32], &mut [f32]) -> R) -> R {
    SCRATCH.with_borrow_mut(|[a, b]| {
        if a.len() < size {
            a.resize(size, 0.0);
            b.resize(size, 0.0);
        }
        work(&mut a[..size], &mut b[..size])
    })
}

#[derive(Clone, Copy)]
struct Attention {
    heads: usize,
    causal: bool,
}

/// The sizes of one call.
#[derive(Clone, Copy)]
struct Sizes {
    queries: usize,
    keys: usize,
    width: usize,
    /// Width of one head.
    head: usize,
    /// Queries in one block.
    block: usize,
    scale: f32,
}

impl Attention {
    fn sizes(self, q: &[usize], k: &[usize], v: &[usize]) -> Result<Sizes> {
        match (q, k) {
            (&[batch, queries, width], &[batch2, keys, width2])
                if batch == batch2
                    && width == width2
                    && k == v
                    && keys > 0
                    && self.heads > 0
                    && width % self.heads == 0 =>
            {
                let head = width / self.heads;
                let block = (SCORES / keys).clamp(16, 256).min(queries.max(1));
                Ok(Sizes {
                    queries,
                    keys,
                    width,
                    head,
                    block,
                    scale: 1.0 / (head as f32).sqrt(),
                })
            }
            _ => candle_core::bail!(
                "attention of {} heads is not possible between {q:?} and {k:?}, {v:?}",
                self.heads
            ),
        }
    }

    /// The sizes for [`super::flash`], where it does the work.
    #[cfg(target_arch = "x86_64")]
    fn flash(self, s: Sizes) -> Option<super::flash::Sizes> {
        (super::avx512::available() && !self.causal).then_some(super::flash::Sizes {
            queries: s.queries,
            keys: s.keys,
            width: s.width,
            heads: self.heads,
        })
    }

    /// Turns the scores of queries `first..` into weights that sum to one.
    fn weigh(self, scores: &mut [f32], keys: usize, first: usize) {
        wide(|| {
            for (index, row) in scores.chunks_exact_mut(keys).enumerate() {
                let seen = if self.causal {
                    (first + index + 1).min(keys)
                } else {
                    keys
                };
                let (row, unseen) = row.split_at_mut(seen);
                unseen.fill(0.0);
                let top = largest(row);
                for score in row.iter_mut() {
                    *score = exp(*score - top);
                }
                let total = 1.0 / super::wide::sum(row);
                for score in row.iter_mut() {
                    *score *= total;
                }
            }
        });
    }

    fn forward(self, q: &[f32], k: &[f32], v: &[f32], s: Sizes) -> Vec<f32> {
        #[cfg(target_arch = "x86_64")]
        if let Some(sizes) = self.flash(s) {
            // SAFETY: the processor has just been asked.
            return unsafe { super::flash::attention(q, k, v, sizes) };
        }
        let mut out = unwritten(q.len());
        let picture = s.queries * s.width;
        let context = s.keys * s.width;
        let blocks = s.queries.div_ceil(s.block).max(1);
        // Blocks of one picture lie behind each other; the last of each may be shorter.
        let tasks: Vec<(usize, &mut [f32])> = out
            .chunks_mut(picture.max(1))
            .flat_map(|picture| picture.chunks_mut(s.block * s.width))
            .enumerate()
            .collect();
        tasks.into_par_iter().for_each(|(index, out)| {
            let (item, first) = (index / blocks, index % blocks * s.block);
            let rows = out.len() / s.width;
            let (k, v) = (
                &k[item * context..(item + 1) * context],
                &v[item * context..(item + 1) * context],
            );
            let q = &q[item * picture + first * s.width..][..rows * s.width];
            with_scratch(rows * s.keys, |scores, _| {
                for head in 0..self.heads {
                    let at = head * s.head;
                    let part = |x, rows| Matrix::new(x, rows, s.head, s.width);
                    MatrixMut::new(scores, rows, s.keys, s.keys).product(
                        s.scale,
                        part(&q[at..], rows),
                        part(&k[at..], s.keys).transposed(),
                        false,
                    );
                    self.weigh(scores, s.keys, first);
                    let weights = Matrix::new(scores, rows, s.keys, s.keys);
                    MatrixMut::new(&mut out[at..], rows, s.head, s.width).product(
                        1.0,
                        weights,
                        part(&v[at..], s.keys),
                        false,
                    );
                }
            });
        });
        out
    }

    /// The gradients of queries, keys and values.
    #[cfg_attr(not(target_arch = "x86_64"), allow(unused_variables))] // only there is the result of use
    fn backward(
        self,
        (q, k, v): (&[f32], &[f32], &[f32]),
        out: &[f32],
        dy: &[f32],
        s: Sizes,
    ) -> [Vec<f32>; 3] {
        #[cfg(target_arch = "x86_64")]
        if let Some(sizes) = self.flash(s) {
            // SAFETY: the processor has just been asked.
            return unsafe { super::flash::gradient::gradients((q, k, v), out, dy, sizes) };
        }
        let (mut dq, mut dk, mut dv) = (unwritten(q.len()), vec![0.0_f32; k.len()], vec![0.0_f32; v.len()]);
        let picture = s.queries * s.width;
        let context = s.keys * s.width;
        dq.par_chunks_mut(picture)
            .zip(q.par_chunks(picture).zip(dy.par_chunks(picture)))
            .zip(dk.par_chunks_mut(context).zip(k.par_chunks(context)))
            .zip(dv.par_chunks_mut(context).zip(v.par_chunks(context)))
            .for_each(|(((dq, (q, dy)), (dk, k)), (dv, v))| {
                with_scratch(s.block * s.keys, |weights, slopes| {
                    for head in 0..self.heads {
                        let mut first = 0;
                        while first < s.queries {
                            let rows = s.block.min(s.queries - first);
                            self.backward_block(
                                (q, k, v, dy),
                                (&mut *dq, &mut *dk, &mut *dv),
                                (&mut weights[..rows * s.keys], &mut slopes[..rows * s.keys]),
                                (head * s.head, first, rows),
                                s,
                            );
                            first += rows;
                        }
                    }
                });
            });
        [dq, dk, dv]
    }

    /// One head (its columns start `at`) of one block of queries (`rows` of them from `first`).
    fn backward_block(
        self,
        (q, k, v, dy): (&[f32], &[f32], &[f32], &[f32]),
        (dq, dk, dv): (&mut [f32], &mut [f32], &mut [f32]),
        (weights, slopes): (&mut [f32], &mut [f32]),
        (at, first, rows): (usize, usize, usize),
        s: Sizes,
    ) {
        let from = first * s.width + at;
        let query = Matrix::new(&q[from..], rows, s.head, s.width);
        let out = Matrix::new(&dy[from..], rows, s.head, s.width);
        let key = Matrix::new(&k[at..], s.keys, s.head, s.width);
        let value = Matrix::new(&v[at..], s.keys, s.head, s.width);

        MatrixMut::new(weights, rows, s.keys, s.keys).product(s.scale, query, key.transposed(), false);
        self.weigh(weights, s.keys, first);
        MatrixMut::new(slopes, rows, s.keys, s.keys).product(1.0, out, value.transposed(), false);
        wide(|| {
            for (slopes, weights) in slopes.chunks_exact_mut(s.keys).zip(weights.chunks_exact(s.keys)) {
                let along = sum_pairs(slopes, weights, |slope, weight| slope * weight);
                for (slope, weight) in slopes.iter_mut().zip(weights) {
                    *slope = weight * (*slope - along);
                }
            }
        });
        let weights = Matrix::new(weights, rows, s.keys, s.keys);
        let slopes = Matrix::new(slopes, rows, s.keys, s.keys);
        MatrixMut::new(&mut dv[at..], s.keys, s.head, s.width).product(1.0, weights.transposed(), out, true);
        MatrixMut::new(&mut dk[at..], s.keys, s.head, s.width).product(
            s.scale,
            slopes.transposed(),
            query,
            true,
        );
        MatrixMut::new(&mut dq[from..], rows, s.head, s.width).product(s.scale, slopes, key, false);
    }
}

impl CustomOp3 for Attention {
    fn name(&self) -> &'static str {
        "attention"
    }

    fn cpu_fwd(
        &self,
        q: &CpuStorage,
        q_layout: &Layout,
        k: &CpuStorage,
        k_layout: &Layout,
        v: &CpuStorage,
        v_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let sizes = self.sizes(q_layout.dims(), k_layout.dims(), v_layout.dims())?;
        let (q, k, v) = (slice(q, q_layout)?, slice(k, k_layout)?, slice(v, v_layout)?);
        Ok(output(self.forward(q, k, v, sizes), q_layout.shape().clone()))
    }

    fn bwd(&self, q: &Tensor, k: &Tensor, v: &Tensor, out: &Tensor, dy: &Tensor) -> Result<Gradients> {
        let sizes = self.sizes(q.dims(), k.dims(), v.dims())?;
        let dy = dy.contiguous()?;
        let inputs = (&*values(q)?, &*values(k)?, &*values(v)?);
        let [dq, dk, dv] = self.backward(inputs, &values(out)?, &values(&dy)?, sizes);
        gradients((q, Some(dq)), (k, dk), (v, dv))
    }
}

/// See [`super::attention`].
pub(super) fn attention(q: &Tensor, k: &Tensor, v: &Tensor, heads: usize, causal: bool) -> Result<Tensor> {
    q.contiguous()?
        .apply_op3(&k.contiguous()?, &v.contiguous()?, Attention { heads, causal })
}
