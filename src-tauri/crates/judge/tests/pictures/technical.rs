//! Flags against faults planted at several strengths, and against clean pictures.

use image::{Rgb, RgbImage};
use salon_judge::technical::{FlagKind, Limits, Measurements, Wrong, flags, measure};

use crate::planted::{self, PALETTE};

const PICTURES: u64 = 240;
const SIDE: u32 = 192;

/// The faulty counterparts of a clean picture, from weak to strong.
fn planted_in(picture: &RgbImage, kind: FlagKind, seed: u64) -> Vec<RgbImage> {
    match kind {
        FlagKind::Blank => [0, 1].map(|by| flat(picture, by)).to_vec(),
        FlagKind::Black => vec![RgbImage::new(SIDE, SIDE)],
        FlagKind::Underexposed => [0.15, 0.25, 0.35]
            .map(|gain| planted::exposed(picture, gain))
            .to_vec(),
        FlagKind::Overexposed => [2.5, 3.5, 5.0]
            .map(|gain| planted::exposed(picture, gain))
            .to_vec(),
        FlagKind::Blurred => [1.5, 2.5, 4.0]
            .map(|sigma| planted::blurred(picture, sigma))
            .to_vec(),
        FlagKind::Noisy => [6.0, 12.0, 24.0]
            .map(|sigma| planted::noisy(picture, sigma, seed))
            .to_vec(),
        FlagKind::Blocky => [5, 12, 20]
            .map(|quality| planted::compressed(picture, quality))
            .to_vec(),
        FlagKind::Seam => [(3, 8.0), (8, 14.0), (40, 20.0)]
            .map(|(by, up)| planted::tiled(picture, by, up, seed))
            .to_vec(),
        FlagKind::Border => [(0.02, true), (0.06, false), (0.12, false)]
            .map(|(share, around)| {
                planted::framed(
                    picture,
                    share,
                    if seed % 4 < 2 { [0; 3] } else { [255; 3] },
                    around,
                )
            })
            .to_vec(),
        FlagKind::Cast => [[1.0, 0.8, 0.6], [0.7, 0.85, 1.0], [0.7, 1.0, 0.75]]
            .map(|gains| planted::tinted(picture, gains))
            .to_vec(),
        FlagKind::OffPalette => [[0.3, 1.0, 0.4], [1.0, 0.3, 1.2]]
            .map(|gains| planted::tinted(picture, gains))
            .to_vec(),
        FlagKind::WrongSize => vec![image::imageops::thumbnail(picture, SIDE, SIDE / 2)],
        FlagKind::CornerMark => [0.5, 0.9]
            .map(|strength| planted::signed(picture, strength, seed))
            .to_vec(),
    }
}

fn flat(picture: &RgbImage, by: u8) -> RgbImage {
    let middle = *picture.get_pixel(SIDE / 2, SIDE / 3);
    RgbImage::from_fn(SIDE, SIDE, |x, y| {
        Rgb(middle.0.map(|value| value.saturating_add((x + y) as u8 % 2 * by)))
    })
}

/// Area under the ROC curve by ranks (Mann–Whitney), ties counted half.
fn auc(clean: &[f32], faulty: &[f32]) -> f64 {
    let wins: f64 = faulty
        .iter()
        .map(|bad| {
            clean
                .iter()
                .map(|good| {
                    if bad > good {
                        1.0
                    } else if bad < good {
                        0.0
                    } else {
                        0.5
                    }
                })
                .sum::<f64>()
        })
        .sum();
    wins / (clean.len() * faulty.len()) as f64
}

struct Row {
    kind: FlagKind,
    auc: f64,
    false_alarms: f64,
    found: f64,
}

fn roc_table() -> Vec<Row> {
    let clean: Vec<(u64, RgbImage)> = (0..PICTURES)
        .map(|seed| (seed, planted::clean(seed, SIDE)))
        .collect();
    let measured: Vec<Measurements> = clean.iter().map(|(_, picture)| measure(picture)).collect();
    FlagKind::ALL
        .into_iter()
        .map(|kind| {
            // A palette is a drawn collection's; photographs have none to keep to.
            let counts = |seed: u64| kind != FlagKind::OffPalette || seed.is_multiple_of(2);
            let limits = Limits {
                palette: PALETTE.to_vec(),
                size: Some((SIDE, SIDE)),
                ..Limits::default()
            };
            let badness = |measurements: &Measurements| {
                let reading = limits
                    .reading(kind, measurements)
                    .expect("with a palette and a size, every kind applies");
                let sign = if reading.wrong == Wrong::Above { 1.0 } else { -1.0 };
                sign * reading.measured
            };
            let is_flagged = |measurements: &Measurements| {
                flags(measurements, &limits).iter().any(|flag| flag.kind == kind)
            };
            let share =
                |of: &[Measurements]| of.iter().filter(|m| is_flagged(m)).count() as f64 / of.len() as f64;
            let good: Vec<Measurements> = measured
                .iter()
                .zip(&clean)
                .filter(|(_, (seed, _))| counts(*seed))
                .map(|(m, _)| m.clone())
                .collect();
            let bad: Vec<Measurements> = clean
                .iter()
                .filter(|(seed, _)| counts(*seed))
                .flat_map(|(seed, picture)| planted_in(picture, kind, *seed))
                .map(|picture| measure(&picture))
                .collect();
            let scores = |of: &[Measurements]| of.iter().map(badness).collect::<Vec<f32>>();
            Row {
                kind,
                auc: auc(&scores(&good), &scores(&bad)),
                false_alarms: share(&good),
                found: share(&bad),
            }
        })
        .collect()
}

#[test]
fn planted_faults_are_told_from_clean_pictures() {
    let table = roc_table();
    let shown: Vec<String> = table
        .iter()
        .map(|row| {
            format!(
                "{:?}: AUC {:.3}, {:.1} % false alarms, {:.0} % found",
                row.kind,
                row.auc,
                row.false_alarms * 100.0,
                row.found * 100.0
            )
        })
        .collect();
    let shown = shown.join("\n");
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
