//! All pairs of rows within an angle of each other, without looking at all pairs.
//!
//! Rows are sorted into cells, each around a row called its pivot; a row is in the cell of the pivot nearest to it. Two bounds then
//! leave out what is proven to be too far. Between the pivots of two cells stands the plane of all that is equally near to both: a
//! row of one cell is at least as far from every row of the other as it is from that plane, so most cells are passed over whole.
//! And angles obey the triangle inequality: if the angles of two rows to one pivot differ by more than the angle asked for, so do
//! the rows; of a cell only the stretch of fitting angles is looked at. The answer is exact.

use rayon::prelude::*;
use salon_domain::CancelToken;

use super::{Neighbour, UnitRows, kernels, nearer};

/// Added to the angle and the distance asked for, since those to pivots are rounded.
const SLACK: f32 = 2e-3;
/// Rounding of a difference of two cosines, at most.
const ROUNDING: f32 = 1e-5;

/// Rows around a pivot, by their angle to it.
struct Cell {
    /// Angles to the pivot, ascending.
    angles: Vec<f32>,
    /// Which rows, in that order.
    rows: Vec<usize>,
    /// Their embeddings, side by side.
    vectors: Vec<f32>,
}

impl UnitRows {
    /// As [`super::Neighbours::within`]; once `cancel` is set, the rows that are left get none.
    pub fn within(&self, least: f32, most: usize, cancel: &CancelToken) -> Vec<Vec<Neighbour>> {
        let count = self.len();
        let pivots: Vec<usize> = {
            let cells = (count as f64).sqrt().ceil() as usize;
            (0..cells).map(|cell| cell * count / cells).collect()
        };
        let pivot_rows = self.reordered(&pivots).numbers;
        // Cosines to all pivots are worked out twice, once for the cell and once for the search: kept for every row, they would
        // take more memory than the rows.
        let to_pivots = |cosines: &mut Vec<f32>, row: usize| {
            cosines.resize(pivots.len(), 0.0);
            kernels::products(self.row(row), &pivot_rows, cosines);
        };
        let nearest: Vec<(usize, f32)> = (0..count)
            .into_par_iter()
            .map_with(Vec::new(), |cosines, row| {
                to_pivots(cosines, row);
                let own = nearest_pivot(cosines);
                (own, cosines[own])
            })
            .collect();
        let between: Vec<Vec<f32>> = pivots
            .iter()
            .map(|&pivot| {
                let mut cosines = Vec::new();
                to_pivots(&mut cosines, pivot);
                cosines
            })
            .collect();
        let cells = self.cells(&nearest, pivots.len());
        let least = least.clamp(-1.0, 1.0);
        let reach = least.acos() + SLACK;
        let distance = |cosine: f32| (2.0 - 2.0 * cosine.min(1.0)).sqrt();
        let furthest = distance(least) + SLACK;
        (0..count)
            .into_par_iter()
            .map_with(
                (Vec::new(), Vec::new(), Vec::new()),
                |(cosines, products, found), row| {
                    found.clear();
                    if cancel.is_cancelled() {
                        return Vec::new();
                    }
                    let (own, to_own) = nearest[row];
                    to_pivots(cosines, row);
                    let between_pivots = &between[own];
                    for ((cell, &cosine), &pivots_cosine) in cells.iter().zip(&*cosines).zip(between_pivots) {
                        // The distance to the plane is (to_own − cosine) ÷ the distance between the pivots.
                        if to_own - cosine > furthest * distance(pivots_cosine) + ROUNDING {
                            continue;
                        }
                        let angle = cosine.clamp(-1.0, 1.0).acos();
                        let from = cell.angles.partition_point(|&other| other < angle - reach);
                        let to = cell.angles.partition_point(|&other| other <= angle + reach);
                        if from >= to {
                            continue;
                        }
                        products.resize(to - from, 0.0);
                        let vectors = &cell.vectors[from * self.width..to * self.width];
                        kernels::products(self.row(row), vectors, products);
                        let near = products.iter().zip(&cell.rows[from..to]);
                        found.extend(
                            near.filter(|&(&cosine, &other)| cosine >= least && other != row)
                                .map(|(&cosine, &other)| Neighbour { row: other, cosine }),
                        );
                        // Kept short on the way, so that ten thousand copies of one picture do not fill the memory.
                        if found.len() > 8 * most.max(64) {
                            shorten(found, most);
                        }
                    }
                    shorten(found, most);
                    // Exactly as much as is kept: what was found on the way may be many times that.
                    found.clone()
                },
            )
            .collect()
    }

    /// The cells of rows whose nearest pivots, and cosines to them, are these.
    fn cells(&self, nearest: &[(usize, f32)], count: usize) -> Vec<Cell> {
        let mut members: Vec<Vec<(f32, usize)>> = vec![Vec::new(); count];
        for (row, &(cell, cosine)) in nearest.iter().enumerate() {
            members[cell].push((cosine.clamp(-1.0, 1.0).acos(), row));
        }
        members
            .into_par_iter()
            .map(|mut members| {
                members.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
                let vectors = members
                    .iter()
                    .flat_map(|&(_, row)| self.row(row).iter().copied())
                    .collect();
                let (angles, rows) = members.into_iter().unzip();
                Cell {
                    angles,
                    rows,
                    vectors,
                }
            })
            .collect()
    }
}

/// The pivot of the largest cosine; the first of equals.
fn nearest_pivot(cosines: &[f32]) -> usize {
    let mut nearest = 0;
    for (pivot, cosine) in cosines.iter().enumerate() {
        if *cosine > cosines[nearest] {
            nearest = pivot;
        }
    }
    nearest
}

fn shorten(found: &mut Vec<Neighbour>, most: usize) {
    found.sort_unstable_by(nearer);
    found.truncate(most);
}
