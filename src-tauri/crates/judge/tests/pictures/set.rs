//! Coherence and copy risk, with planted strangers.

use image::RgbImage;
use salon_domain::Digest;
use salon_judge::families::Pdq;
use salon_judge::neighbours::Neighbours;
use salon_judge::set::{
    CoherenceLimits, CopyLimits, CopyVerdict, Fingerprint, Hanging, OutlierReason, Protected, outliers,
};
use salon_judge::technical::{Measurements, measure};

use crate::planted::{self, Dice};

/// Forty photographs of one manner, without colour, and rows around one direction.
fn hanging() -> (Vec<RgbImage>, Vec<f32>) {
    let pictures = (0..40).map(|seed| planted::photographic(seed, 96)).collect();
    let mut dice = Dice::new(9);
    let rows = (0..40 * 16)
        .map(|at| if at % 16 == 0 { 3.0 } else { dice.normal() * 0.5 })
        .collect();
    (pictures, rows)
}

fn reasons(pictures: &[RgbImage], rows: &[f32]) -> Vec<(usize, OutlierReason)> {
    let measurements: Vec<Measurements> = pictures.iter().map(measure).collect();
    let embeddings = Neighbours::new(16, rows.to_vec()).expect("rows of sixteen");
    let set = Hanging {
        measurements: &measurements,
        embeddings: Some(&embeddings),
    };
    let found = outliers(set, &CoherenceLimits::default()).expect("a sound set");
    for outlier in &found {
        assert_eq!(
            outlier.neighbours.len(),
            3,
            "neighbours are the reason: {outlier:?}"
        );
        assert!(
            outlier
                .neighbours
                .iter()
                .all(|neighbour| neighbour.row != outlier.row),
            "{outlier:?}"
        );
    }
    found
        .into_iter()
        .map(|outlier| (outlier.row, outlier.reason))
        .collect()
}

#[test]
fn strangers_stand_out_of_a_set_each_in_its_way() {
    let (mut pictures, mut rows) = hanging();
    let quiet = reasons(&pictures, &rows);
    assert!(
        quiet.len() <= 2,
        "a set of one manner has next to no outliers: {quiet:?}"
    );
    rows[4 * 16..5 * 16]
        .iter_mut()
        .enumerate()
        .for_each(|(at, value)| *value = if at == 7 { 3.0 } else { 0.0 });
    pictures[11] = planted::tinted(&pictures[11], [1.4, 0.3, 1.5]);
    pictures[20] = planted::exposed(&pictures[20], 0.1);
    pictures[30] = planted::exposed(&pictures[30], 3.0);
    let found = reasons(&pictures, &rows);
    for planted in [
        (4, OutlierReason::Unlike),
        (11, OutlierReason::Palette),
        (20, OutlierReason::Darker),
        (30, OutlierReason::Brighter),
    ] {
        assert!(
            found.contains(&planted),
            "{planted:?} was planted, found {found:?}"
        );
    }
    assert!(found.len() <= 8, "and little else: {found:?}");
}

#[test]
fn a_handful_has_no_outliers_and_a_missing_embedding_is_named() {
    let (pictures, rows) = hanging();
    let measurements: Vec<Measurements> = pictures.iter().map(measure).collect();
    let few = Hanging {
        measurements: &measurements[..5],
        embeddings: None,
    };
    assert_eq!(
        outliers(few, &CoherenceLimits::default()).expect("five are a sound set"),
        Vec::new()
    );
    let embeddings = Neighbours::new(16, rows[..39 * 16].to_vec()).expect("rows of sixteen");
    let uneven = Hanging {
        measurements: &measurements,
        embeddings: Some(&embeddings),
    };
    let error = outliers(uneven, &CoherenceLimits::default())
        .expect_err("39 for 40")
        .to_string();
    assert!(error.contains("40 pictures came with 39"), "{error}");
    let colours_only = Hanging {
        measurements: &measurements,
        embeddings: None,
    };
    outliers(colours_only, &CoherenceLimits::default())
        .expect("embeddings are not needed for colour and brightness");
}

#[test]
fn copies_of_protected_pictures_are_told_apart_by_how_near_they_come() {
    let print = |picture: &RgbImage| Fingerprint {
        digest: Digest::of(picture.as_raw()),
        pdq: Pdq::of(picture),
    };
    let works: Vec<RgbImage> = (0..12).map(|seed| planted::photographic(seed, 128)).collect();
    let mut dice = Dice::new(1);
    let rows: Vec<f32> = (0..12 * 32).map(|_| dice.normal()).collect();
    let near: Vec<f32> = rows[7 * 32..8 * 32]
        .iter()
        .map(|value| value + 0.3 * dice.normal())
        .collect();
    let far: Vec<f32> = (0..32).map(|_| dice.normal()).collect();
    let embeddings = Neighbours::new(32, rows).expect("rows of 32");
    let protected =
        Protected::new(works.iter().map(print).collect(), Some(embeddings)).expect("one row each");
    let other = planted::photographic(99, 128);
    let smaller = image::imageops::thumbnail(&works[3], 80, 80);
    for (picture, embedding, verdict, row) in [
        (&works[5], &far, CopyVerdict::Copy, Some(5)),
        (&smaller, &far, CopyVerdict::Resized, Some(3)),
        (&other, &near, CopyVerdict::Near, Some(7)),
        (&other, &far, CopyVerdict::Distant, None),
    ] {
        let risk = protected
            .risk(&print(picture), Some(embedding), &CopyLimits::default())
            .expect("of one encoder");
        assert_eq!(risk.verdict, verdict, "{risk:?}");
        assert!(row.is_none() || risk.row == row, "{risk:?} names row {row:?}");
    }
    let error = protected.risk(&print(&other), Some(&[1.0; 8]), &CopyLimits::default());
    assert!(error.is_err(), "an embedding of another width is refused");
}
