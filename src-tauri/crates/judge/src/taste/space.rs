//! How a picture becomes the features that taste is learnt on: the first principal components of its embedding, its
//! technical features, and the score of a generic head.

use nalgebra::{DMatrix, SymmetricEigen};
use rayon::prelude::*;
use salon_domain::CandidateId;
use serde::{Deserialize, Serialize};

use crate::{JudgeError, Result, numbers};

/// Most principal components that are kept.
pub const MOST_COMPONENTS: usize = 64;

/// Most pictures that the components are found on: those whose ids hash to the least, so that a pool that grows keeps
/// most of its sample. The error of 64 components falls with the root of this and no curator could see it.
pub const MOST_SAMPLED: usize = 4096;

/// Directions that are followed beside those kept, and rounds of following (Halko, Martinsson and Tropp 2011, "Finding
/// Structure with Randomness", algorithm 4.4).
const SPARE_DIRECTIONS: usize = 16;
const ROUNDS: usize = 20;

/// Standardised technical features are cut off here, so that one wild picture does not turn a taste.
const FARTHEST: f32 = 5.0;

/// What is known of one candidate.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// Who it is.
    pub id: CandidateId,
    /// Its embedding, of the length every other has. Only its direction counts.
    pub embedding: &'a [f32],
    /// Its technical features, in the order every other has them; may be empty.
    pub technical: &'a [f32],
    /// What a generic aesthetic head says of it, on any scale, if one has been asked.
    pub generic: Option<f32>,
}

/// The features of many candidates, row by row.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Features {
    columns: usize,
    values: Vec<f32>,
}

impl Features {
    /// Rows of `columns` numbers each, one after the other.
    pub fn from_rows(columns: usize, values: Vec<f32>) -> Result<Self> {
        if columns == 0 || !values.len().is_multiple_of(columns) {
            return Err(JudgeError::Input(format!(
                "{} numbers are not rows of {columns} features each; give whole rows",
                values.len()
            )));
        }
        Ok(Self { columns, values })
    }

    /// Numbers in a row.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.values.len().checked_div(self.columns).unwrap_or(0)
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The features of one candidate.
    pub fn row(&self, row: usize) -> &[f32] {
        &self.values[row * self.columns..][..self.columns]
    }

    /// All numbers, row by row.
    pub fn values(&self) -> &[f32] {
        &self.values
    }
}

/// How the columns of [`Features`] are laid out: components, technical features, the generic score.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Layout {
    /// Number of principal components.
    pub components: usize,
    /// Number of technical features.
    pub technical: usize,
}

impl Layout {
    /// Numbers in a row.
    pub fn columns(self) -> usize {
        self.components + self.technical + 1
    }
}

/// The space of a project's pictures, fitted on its pool once and kept: features of other spaces do not mix with its own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Space {
    layout: Layout,
    mean: Vec<f32>,
    /// One row for each number of an embedding, one column for each component: scaled so that the pool's variance along all
    /// components together is 1, and therefore the prior variance of a weight is that of a picture's logit.
    directions: Vec<f32>,
    technical: Vec<Standard>,
    generic: Standard,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Standard {
    mean: f32,
    deviation: f32,
}

impl Standard {
    fn of(values: impl Iterator<Item = f32> + Clone) -> Self {
        let count = values.clone().count().max(1) as f64;
        let mean = values.clone().map(f64::from).sum::<f64>() / count;
        let square = values.map(|value| (f64::from(value) - mean).powi(2)).sum::<f64>() / count;
        let deviation = square.sqrt();
        Self {
            mean: mean as f32,
            // What never varies says nothing.
            deviation: if deviation > 1e-9 * mean.abs().max(1e-9) {
                deviation as f32
            } else {
                f32::INFINITY
            },
        }
    }

    fn apply(self, value: f32) -> f32 {
        ((value - self.mean) / self.deviation).clamp(-FARTHEST, FARTHEST)
    }
}

/// The embedding divided by its length; nothing has no direction and stays nothing.
fn direction(embedding: &[f32]) -> Vec<f32> {
    let length = embedding
        .iter()
        .map(|x| f64::from(*x) * f64::from(*x))
        .sum::<f64>()
        .sqrt();
    let scale = if length > 0.0 { 1.0 / length } else { 0.0 };
    embedding.iter().map(|x| (f64::from(*x) * scale) as f32).collect()
}

impl Space {
    /// The space of a pool. The order of the subjects changes nothing.
    ///
    /// # Errors
    /// An empty pool; a subject whose embedding or technical features are not finite or not as long as the others'.
    pub fn fit(pool: &[Subject]) -> Result<Self> {
        let first = pool.first().ok_or_else(|| {
            JudgeError::Input("there is no picture to learn a space from; embed some first".into())
        })?;
        let (dimension, technical) = (first.embedding.len(), first.technical.len());
        for subject in pool {
            check(subject, dimension, technical)?;
        }
        let mut sample: Vec<&Subject> = pool.iter().collect();
        sample.sort_by_key(|subject| (salon_domain::mix(subject.id.0 as u64), subject.id));
        sample.truncate(MOST_SAMPLED);
        let mut rows: Vec<Vec<f32>> = sample.par_iter().map(|s| direction(s.embedding)).collect();
        let mean = centre(&mut rows, dimension);
        let (components, directions) = principal(&covariance(&rows, dimension), dimension);
        let standards = (0..technical).map(|column| Standard::of(sample.iter().map(|s| s.technical[column])));
        Ok(Self {
            layout: Layout {
                components,
                technical,
            },
            mean,
            directions,
            technical: standards.collect(),
            generic: Standard::of(sample.iter().filter_map(|subject| subject.generic)),
        })
    }

    /// How the features are laid out.
    pub fn layout(&self) -> Layout {
        self.layout
    }

    /// Length of the embeddings that this space takes.
    pub fn dimension(&self) -> usize {
        self.mean.len()
    }

    /// The features of one candidate.
    ///
    /// # Errors
    /// An embedding of another model (by its length), or numbers that are not finite.
    pub fn features(&self, subject: &Subject) -> Result<Vec<f32>> {
        let mut row = vec![0.0_f32; self.layout.columns()];
        self.fill(subject, &mut row)?;
        Ok(row)
    }

    fn fill(&self, subject: &Subject, row: &mut [f32]) -> Result<()> {
        check(subject, self.mean.len(), self.technical.len())?;
        let components = self.layout.components;
        let (projected, rest) = row.split_at_mut(components);
        for (place, value) in direction(subject.embedding).iter().enumerate() {
            let away = value - self.mean[place];
            let line = &self.directions[place * components..][..components];
            for (sum, direction) in projected.iter_mut().zip(line) {
                *sum += away * direction;
            }
        }
        let technical = self.technical.iter().zip(subject.technical);
        for (feature, (standard, value)) in rest.iter_mut().zip(technical) {
            *feature = standard.apply(*value);
        }
        // Unasked is average.
        if let Some(generic) = rest.last_mut() {
            *generic = subject.generic.map_or(0.0, |score| self.generic.apply(score));
        }
        Ok(())
    }

    /// The features of many, in the order given.
    pub fn table(&self, subjects: &[Subject]) -> Result<Features> {
        let columns = self.layout.columns();
        let mut values = vec![0.0; subjects.len() * columns];
        values
            .par_chunks_exact_mut(columns)
            .zip(subjects)
            .try_for_each(|(row, subject)| self.fill(subject, row))?;
        Ok(Features { columns, values })
    }
}

fn check(subject: &Subject, dimension: usize, technical: usize) -> Result<()> {
    let id = subject.id;
    let wrong = if subject.embedding.len() != dimension {
        format!(
            "the embedding of candidate {id} has {} numbers where the others have {dimension}: it comes from another model; \
             embed it again with the model in use",
            subject.embedding.len()
        )
    } else if subject.technical.len() != technical {
        format!(
            "candidate {id} has {} technical features where the others have {technical}; judge it again",
            subject.technical.len()
        )
    } else if subject.embedding.iter().any(|value| !value.is_finite()) {
        format!("the embedding of candidate {id} holds a number that is not finite; embed it again")
    } else if subject
        .technical
        .iter()
        .chain(&subject.generic)
        .any(|v| !v.is_finite())
    {
        format!("a feature of candidate {id} is not finite; judge it again")
    } else {
        return Ok(());
    };
    Err(JudgeError::Input(wrong))
}

/// Takes the mean away from every row, and returns it.
fn centre(rows: &mut [Vec<f32>], dimension: usize) -> Vec<f32> {
    let mut sum = vec![0.0_f64; dimension];
    for row in rows.iter() {
        for (total, value) in sum.iter_mut().zip(row) {
            *total += f64::from(*value);
        }
    }
    let count = rows.len() as f64;
    let mean: Vec<f32> = sum.iter().map(|total| (total / count) as f32).collect();
    for row in rows.iter_mut() {
        for (value, mean) in row.iter_mut().zip(&mean) {
            *value -= mean;
        }
    }
    mean
}

/// The covariance, row-major and whole. Each number is summed over the rows in their order, by one thread.
fn covariance(rows: &[Vec<f32>], dimension: usize) -> Vec<f32> {
    let mut matrix = vec![0.0_f32; dimension * dimension];
    let share = 1.0 / rows.len() as f32;
    let block = 16;
    matrix
        .par_chunks_mut((block * dimension).max(1))
        .enumerate()
        .for_each(|(number, lines)| {
            let from = number * block;
            for four in rows.chunks(4) {
                for (line_number, line) in lines.chunks_exact_mut(dimension).enumerate() {
                    let place = from + line_number;
                    let tail = &mut line[place..];
                    if let [a, b, c, d] = four {
                        let (p, q, r, s) = (a[place], b[place], c[place], d[place]);
                        let (a, b, c, d) = (&a[place..], &b[place..], &c[place..], &d[place..]);
                        for (column, total) in tail.iter_mut().enumerate() {
                            *total += (p * a[column] + q * b[column]) + (r * c[column] + s * d[column]);
                        }
                    } else {
                        for row in four {
                            let value = row[place];
                            for (total, other) in tail.iter_mut().zip(&row[place..]) {
                                *total += value * other;
                            }
                        }
                    }
                }
            }
        });
    for row in 0..dimension {
        for column in row..dimension {
            let value = matrix[row * dimension + column] * share;
            matrix[row * dimension + column] = value;
            matrix[column * dimension + row] = value;
        }
    }
    matrix
}

/// The leading eigenvectors, as columns scaled to a total variance of 1, by subspace iteration; how many there are, first.
fn principal(covariance: &[f32], dimension: usize) -> (usize, Vec<f32>) {
    let width = (MOST_COMPONENTS + SPARE_DIRECTIONS).min(dimension);
    if width == 0 {
        return (0, Vec::new());
    }
    let mut basis = DMatrix::from_fn(dimension, width, |row, column| {
        numbers::normal(numbers::at(1, (row * width + column) as u64))
    });
    // A basis of everything needs no turning towards what is large.
    let rounds = if width == dimension { 1 } else { ROUNDS };
    let mut turned = DMatrix::zeros(0, 0);
    for _ in 0..rounds {
        basis = basis.qr().q();
        turned = product(covariance, &basis);
        if rounds > 1 {
            basis.clone_from(&turned);
        }
    }
    if rounds > 1 {
        basis = basis.qr().q();
        turned = product(covariance, &basis);
    }
    let inner = basis.transpose() * &turned;
    let inner = (&inner + inner.transpose()) / 2.0;
    let solved = SymmetricEigen::new(inner);
    let mut order: Vec<usize> = (0..width).collect();
    order.sort_by(|a, b| {
        solved.eigenvalues[*b]
            .total_cmp(&solved.eigenvalues[*a])
            .then(a.cmp(b))
    });
    let largest = solved.eigenvalues[order[0]];
    order.retain(|place| solved.eigenvalues[*place] > 1e-6 * largest && largest > 1e-12);
    order.truncate(MOST_COMPONENTS);
    let total: f64 = order.iter().map(|place| solved.eigenvalues[*place]).sum();
    let vectors = basis * &solved.eigenvectors;
    let mut directions = vec![0.0_f32; dimension * order.len()];
    for (column, place) in order.iter().enumerate() {
        let vector = vectors.column(*place);
        // An eigenvector has no sign: its largest number is made positive.
        let largest = vector
            .iter()
            .fold(0.0_f64, |most, x| if x.abs() > most.abs() { *x } else { most });
        let scale = largest.signum() / total.sqrt();
        for (row, value) in vector.iter().enumerate() {
            directions[row * order.len() + column] = (value * scale) as f32;
        }
    }
    (order.len(), directions)
}

/// A symmetric row-major matrix times a narrow one.
fn product(matrix: &[f32], narrow: &DMatrix<f64>) -> DMatrix<f64> {
    let (dimension, width) = narrow.shape();
    let right: Vec<f32> = narrow.transpose().iter().map(|value| *value as f32).collect();
    let rows: Vec<Vec<f32>> = matrix
        .par_chunks_exact(dimension)
        .map(|line| {
            let mut sums = vec![0.0_f32; width];
            for (value, other) in line.iter().zip(right.chunks_exact(width)) {
                for (sum, factor) in sums.iter_mut().zip(other) {
                    *sum += value * factor;
                }
            }
            sums
        })
        .collect();
    DMatrix::from_fn(dimension, width, |row, column| f64::from(rows[row][column]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pool(embeddings: &[Vec<f32>]) -> Vec<Subject<'_>> {
        let subject = |(place, embedding)| Subject {
            id: CandidateId(place as i64),
            embedding,
            technical: &[],
            generic: None,
        };
        embeddings
            .iter()
            .map(Vec::as_slice)
            .enumerate()
            .map(subject)
            .collect()
    }

    fn power_law(count: u64, dimension: u64) -> Vec<Vec<f32>> {
        let number = |row, column| {
            let scale = ((column + 1) as f64).powf(-0.7);
            (scale * numbers::normal(numbers::at(row, column))) as f32
        };
        (0..count)
            .map(|row| (0..dimension).map(|column| number(row, column)).collect())
            .collect()
    }

    #[test]
    fn the_components_are_those_of_the_exact_solution() {
        let embeddings = power_law(600, 150);
        let space = Space::fit(&pool(&embeddings)).unwrap();
        let mut rows: Vec<Vec<f32>> = embeddings.iter().map(|row| direction(row)).collect();
        centre(&mut rows, 150);
        let matrix = DMatrix::from_fn(600, 150, |row, column| f64::from(rows[row][column]));
        let exact = SymmetricEigen::new(matrix.transpose() * &matrix / 600.0);
        let mut values: Vec<f64> = exact.eigenvalues.iter().copied().collect();
        values.sort_by(|a, b| b.total_cmp(a));
        let total: f64 = values[..64].iter().sum();
        let table = space.table(&pool(&embeddings)).unwrap();
        for (component, value) in values.iter().enumerate().take(40) {
            let found = (0..600)
                .map(|row| f64::from(table.row(row)[component]).powi(2))
                .sum::<f64>()
                / 600.0;
            let aim = value / total;
            assert!(
                (found / aim - 1.0).abs() < 0.03,
                "component {component} has variance {found}, of {aim}"
            );
        }
    }

    #[test]
    fn shuffled_pictures_give_the_same_space() {
        let embeddings = power_law(50, 20);
        let straight = pool(&embeddings);
        let mut turned = straight.clone();
        turned.reverse();
        turned.swap(3, 30);
        assert_eq!(
            Space::fit(&straight).unwrap(),
            Space::fit(&turned).unwrap(),
            "the order of the pictures must change nothing"
        );
    }

    #[test]
    fn broken_and_foreign_embeddings_are_named() {
        let embeddings = vec![vec![1.0, 2.0], vec![1.0, f32::NAN], vec![1.0, 2.0, 3.0]];
        let all = pool(&embeddings);
        let broken = Space::fit(&all[..2]).unwrap_err().to_string();
        assert!(
            broken.contains("candidate 1") && broken.contains("not finite"),
            "{broken}"
        );
        let foreign = Space::fit(&[all[0], all[2]]).unwrap_err().to_string();
        assert!(
            foreign.contains("candidate 2") && foreign.contains("another model"),
            "{foreign}"
        );
        assert!(Space::fit(&[]).is_err(), "nothing has no space");
    }

    #[test]
    fn one_picture_and_equal_pictures_have_a_space_without_components() {
        let embeddings = vec![vec![1.0, 2.0]; 3];
        for count in [1, 3] {
            let space = Space::fit(&pool(&embeddings)[..count]).unwrap();
            let row = space.features(&pool(&embeddings)[0]).unwrap();
            assert_eq!(row, [0.0], "nothing varies among {count} equal pictures");
        }
    }
}
