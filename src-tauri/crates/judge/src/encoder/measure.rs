//! How good an embedding is: what its nearest neighbours tell, beside what plain colours would.

use image::RgbImage;
use rayon::prelude::*;

/// Cosine of two vectors of length 1.
fn cosine(one: &[f32], other: &[f32]) -> f32 {
    one.iter().zip(other).map(|(one, other)| one * other).sum()
}

/// For each label column: the share of `queries` whose label is what most of their `k` nearest in `known` say (nearer
/// neighbours break ties). `known` and `queries` are (vectors of length 1, labels per vector).
pub fn label_accuracy(
    known: (&[Vec<f32>], &[Vec<usize>]),
    queries: (&[Vec<f32>], &[Vec<usize>]),
    k: usize,
) -> Vec<f32> {
    let columns = queries.1.first().map_or(0, Vec::len);
    let right: Vec<Vec<bool>> = queries
        .0
        .par_iter()
        .zip(queries.1)
        .map(|(query, labels)| {
            let mut near: Vec<(f32, usize)> = known
                .0
                .iter()
                .enumerate()
                .map(|(index, vector)| (cosine(query, vector), index))
                .collect();
            near.sort_by(|one, other| other.0.total_cmp(&one.0).then(one.1.cmp(&other.1)));
            near.truncate(k);
            (0..columns)
                .map(|column| {
                    let said: Vec<usize> = near.iter().map(|(_, index)| known.1[*index][column]).collect();
                    most_frequent(&said) == Some(labels[column])
                })
                .collect()
        })
        .collect();
    (0..columns)
        .map(|column| {
            let hits = right.iter().filter(|row| row[column]).count();
            hits as f32 / right.len().max(1) as f32
        })
        .collect()
}

/// The most frequent; among equals the first to appear.
fn most_frequent(labels: &[usize]) -> Option<usize> {
    let count = |label: usize| labels.iter().filter(|other| **other == label).count();
    let mut best: Option<usize> = None;
    for label in labels {
        if best.is_none_or(|best| count(*label) > count(best)) {
            best = Some(*label);
        }
    }
    best
}

/// The share of `copies` whose nearest among `originals` is the one they were made of (same index).
pub fn copy_recall(originals: &[Vec<f32>], copies: &[Vec<f32>]) -> f32 {
    let hits = copies
        .par_iter()
        .enumerate()
        .filter(|(at, copy)| {
            let own = originals
                .get(*at)
                .map_or(f32::NEG_INFINITY, |original| cosine(copy, original));
            originals
                .iter()
                .enumerate()
                .all(|(index, original)| index == *at || cosine(copy, original) < own)
        })
        .count();
    hits as f32 / copies.len().max(1) as f32
}

/// The baseline: how often each of 64 colours (2 bits a channel) occurs, as a vector of length 1 (root of shares, so
/// that the dot product is the Bhattacharyya coefficient).
pub fn colour_histogram(picture: &RgbImage) -> Vec<f32> {
    let mut bins = vec![0.0_f32; 64];
    for pixel in picture.pixels() {
        let [red, green, blue] = pixel.0.map(|value| usize::from(value >> 6));
        bins[red * 16 + green * 4 + blue] += 1.0;
    }
    let total = bins.iter().sum::<f32>().max(1.0);
    for bin in &mut bins {
        *bin = (*bin / total).sqrt();
    }
    bins
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_vote_and_copies_are_found() {
        let known = vec![vec![1.0, 0.0], vec![0.8, 0.6], vec![0.0, 1.0]];
        let labels = vec![vec![0, 5], vec![0, 6], vec![1, 6]];
        let queries = vec![vec![0.9, 0.436], vec![0.0, 1.0]];
        let truth = vec![vec![0, 5], vec![1, 6]];
        let accuracy = label_accuracy((&known, &labels), (&queries, &truth), 1);
        assert_eq!(accuracy, [1.0, 0.5], "the first query lies nearest to label 6");
        assert!((copy_recall(&known, &known) - 1.0).abs() < 1e-6);
        let swapped = vec![known[2].clone(), known[1].clone(), known[0].clone()];
        assert!((copy_recall(&known, &swapped) - 1.0 / 3.0).abs() < 1e-6);
    }
}
