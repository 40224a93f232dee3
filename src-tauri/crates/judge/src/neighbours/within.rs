//! All pairs of rows within an angle of each other, without looking at all pairs.
//!
//! Rows are sorted into cells, each around a row called its pivot. Angles obey the triangle inequality: if the angles of two rows to
//! one pivot differ by more than the angle asked for, so do the rows. Most cells are passed over whole, and of the others only the
//! stretch of fitting angles is looked at. What is left out is proven to be too far: the answer is exact.

use rayon::prelude::*;

use super::{Neighbour, Neighbours, kernels, nearer};

/// Added to the angle asked for, since the angles to pivots are rounded.
const SLACK: f32 = 2e-3;

/// Rows around a pivot, by their angle to it.
struct Cell {
    /// Angles to the pivot, ascending.
    angles: Vec<f32>,
    /// Which rows, in that order.
    rows: Vec<usize>,
    /// Their embeddings, side by side.
    vectors: Vec<f32>,
}

impl Neighbours {
    /// For every row the others whose cosine to it is `least` (above 0) or more, nearest first; at most the nearest `most` of them.
    pub fn within(&self, least: f32, most: usize) -> Vec<Vec<Neighbour>> {
        let count = self.len();
        let pivots: Vec<usize> = {
            let cells = (count as f64).sqrt().ceil() as usize;
            (0..cells).map(|cell| cell * count / cells).collect()
        };
        let pivot_rows: Vec<f32> = pivots
            .iter()
            .flat_map(|&pivot| self.row(pivot).iter().copied())
            .collect();
        let angles: Vec<Vec<f32>> = (0..count)
            .into_par_iter()
            .map(|row| {
                let mut cosines = vec![0.0; pivots.len()];
                kernels::products(self.row(row), &pivot_rows, &mut cosines);
                cosines
                    .into_iter()
                    .map(|cosine| cosine.clamp(-1.0, 1.0).acos())
                    .collect()
            })
            .collect();
        let cells = self.cells(&angles, pivots.len());
        let reach = least.clamp(-1.0, 1.0).acos() + SLACK;
        (0..count)
            .into_par_iter()
            .map_with(Vec::new(), |products, row| {
                let mut found = Vec::new();
                for (cell, &angle) in cells.iter().zip(&angles[row]) {
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
                        shorten(&mut found, most);
                    }
                }
                shorten(&mut found, most);
                found
            })
            .collect()
    }

    fn cells(&self, angles: &[Vec<f32>], count: usize) -> Vec<Cell> {
        let mut members: Vec<Vec<(f32, usize)>> = vec![Vec::new(); count];
        for (row, angles) in angles.iter().enumerate() {
            let nearest = angles
                .iter()
                .enumerate()
                .min_by(|a, b| a.1.total_cmp(b.1).then(a.0.cmp(&b.0)));
            if let Some((cell, &angle)) = nearest {
                members[cell].push((angle, row));
            }
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

fn shorten(found: &mut Vec<Neighbour>, most: usize) {
    found.sort_unstable_by(nearer);
    found.truncate(most);
}
