//! Flags against faults planted at several strengths, and against clean pictures.

use image::{Rgb, RgbImage};
use salon_judge::technical::{FlagKind, Limits, Measurements, flags, measure};

use crate::{faults, planted};

#[test]
fn planted_faults_are_told_from_clean_pictures() {
    let table = faults::roc_table(&faults::clean_pictures(), &planted::PALETTE);
    let shown = faults::shown(&table);
    for row in &table {
        if row.kind.is_hint() {
            assert!(row.auc > 0.6, "even a hint beats chance\n{shown}");
            continue;
        }
        assert!(
            row.auc >= 0.95,
            "{:?} must tell planted faults from clean pictures\n{shown}",
            row.kind
        );
        assert!(
            row.false_alarms <= 0.05,
            "{:?} must leave clean pictures alone\n{shown}",
            row.kind
        );
        assert!(
            row.found >= 0.7,
            "{:?} must find most planted faults\n{shown}",
            row.kind
        );
    }
}

#[test]
fn a_black_picture_has_one_flag_that_says_what_to_do() {
    let found = flags(&measure(&RgbImage::new(64, 64)), &Limits::default());
    assert_eq!(found.len(), 1, "what has no content has one flag: {found:?}");
    assert_eq!(found[0].kind, FlagKind::Black);
    assert!(
        found[0].sentence.contains("f32"),
        "the sentence names the next step: {}",
        found[0].sentence
    );
}

#[test]
fn pictures_of_any_shape_are_measured() {
    for (width, height) in [
        (0, 0),
        (1, 1),
        (1, 900),
        (900, 1),
        (3, 5),
        (17, 16),
        (33, 700),
        (1025, 31),
    ] {
        let picture = RgbImage::from_fn(width, height, |x, y| {
            Rgb([(x * 7) as u8, (y * 5) as u8, (x ^ y) as u8])
        });
        let measurements = measure(&picture);
        let finite = measurements.features().iter().all(|value| value.is_finite());
        assert!(
            finite,
            "{width} × {height}: every number is a number: {measurements:?}"
        );
        for flag in flags(
            &measurements,
            &Limits {
                size: Some((64, 64)),
                ..Limits::default()
            },
        ) {
            assert!(
                (0.0..=1.0).contains(&flag.severity),
                "{width} × {height}: {flag:?}"
            );
        }
    }
}

#[test]
fn limits_widen_to_what_a_project_accepts_and_never_tighten() {
    let soft: Vec<Measurements> = (0..40)
        .map(|seed| measure(&planted::blurred(&planted::clean(seed, 128), 3.0)))
        .collect();
    let usual = Limits::default();
    let flagged = |limits: &Limits| {
        soft.iter()
            .filter(|m| flags(m, limits).iter().any(|flag| flag.kind == FlagKind::Blurred))
            .count()
    };
    let learnt = usual.learnt_from(&soft);
    assert!(
        flagged(&usual) > 30,
        "blurred pictures are flagged at first: {}",
        flagged(&usual)
    );
    assert!(
        flagged(&learnt) < 4,
        "a project that accepts blur is left alone: {}",
        flagged(&learnt)
    );
    let crisp: Vec<Measurements> = (0..40)
        .map(|seed| measure(&planted::drawn(seed * 2, 128)))
        .collect();
    assert!(
        usual.learnt_from(&crisp).crispness <= usual.crispness,
        "crisp pictures make no soft one faulty"
    );
    assert_eq!(
        usual.learnt_from(&soft[..10]),
        usual,
        "ten pictures teach nothing"
    );
}

#[test]
fn a_picture_of_another_size_is_named_with_both_sizes() {
    let limits = Limits {
        size: Some((128, 128)),
        ..Limits::default()
    };
    let found = flags(&measure(&planted::drawn(2, 96)), &limits);
    let size = found
        .iter()
        .find(|flag| flag.kind == FlagKind::WrongSize)
        .expect("96 is not 128");
    assert_eq!(size.sentence, "96 × 96 pixels; 128 × 128 were asked for.");
}
