//! Faults planted in clean pictures at several strengths, and how well flags tell them apart. Shared with the benchmark.

use image::{Rgb, RgbImage};
use salon_judge::technical::{FlagKind, Limits, Measurements, Wrong, flags, measure};

use crate::planted;

const PICTURES: u64 = 240;
const SIDE: u32 = 192;

/// The faulty counterparts of a clean picture, from weak to strong.
fn planted_in(picture: &RgbImage, kind: FlagKind, seed: u64) -> Vec<RgbImage> {
    match kind {
        FlagKind::Blank => [0, 1].map(|by| flat(picture, by)).to_vec(),
        FlagKind::Black => vec![RgbImage::new(picture.width(), picture.height())],
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
        FlagKind::WrongSize => vec![image::imageops::thumbnail(
            picture,
            picture.width(),
            picture.height() / 2,
        )],
        FlagKind::CornerMark => [0.5, 0.9]
            .map(|strength| planted::signed(picture, strength, seed))
            .to_vec(),
    }
}

fn flat(picture: &RgbImage, by: u8) -> RgbImage {
    let (width, height) = picture.dimensions();
    let middle = *picture.get_pixel(width / 2, height / 3);
    RgbImage::from_fn(width, height, |x, y| {
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

/// How well a kind of flag tells its fault from clean pictures.
pub struct Row {
    pub kind: FlagKind,
    pub auc: f64,
    /// Share of clean pictures that are flagged.
    pub false_alarms: f64,
    /// Share of faulty pictures that are flagged.
    pub found: f64,
}

/// Clean pictures, drawn and photographic in turn.
pub fn clean_pictures() -> Vec<RgbImage> {
    (0..PICTURES).map(|seed| planted::clean(seed, SIDE)).collect()
}

/// Plants every fault in clean pictures of one size and measures all of them. Every second picture keeps to the palette, if one is
/// given; without one, that flag is left out.
pub fn roc_table(clean: &[RgbImage], palette: &[[u8; 3]]) -> Vec<Row> {
    let limits = Limits {
        palette: palette.to_vec(),
        size: clean.first().map(RgbImage::dimensions),
        ..Limits::default()
    };
    let clean: Vec<(u64, &RgbImage, Measurements)> = (0..)
        .zip(clean)
        .map(|(seed, picture)| (seed, picture, measure(picture)))
        .collect();
    let badness = |kind: FlagKind, measurements: &Measurements| {
        let reading = limits.reading(kind, measurements)?;
        Some(if reading.wrong == Wrong::Above {
            reading.measured
        } else {
            -reading.measured
        })
    };
    let row = |kind: FlagKind| {
        // A palette is a drawn collection's; photographs have none to keep to.
        let counts = |seed: u64| kind != FlagKind::OffPalette || seed.is_multiple_of(2);
        let counted = || clean.iter().filter(|(seed, ..)| counts(*seed));
        let good: Vec<Measurements> = counted().map(|(.., measurements)| measurements.clone()).collect();
        let bad: Vec<Measurements> = counted()
            .flat_map(|(seed, picture, _)| planted_in(picture, kind, *seed))
            .map(|picture| measure(&picture))
            .collect();
        let scores = |of: &[Measurements]| of.iter().map(|m| badness(kind, m)).collect::<Option<Vec<f32>>>();
        let is_flagged = |m: &&Measurements| flags(m, &limits).iter().any(|flag| flag.kind == kind);
        let share = |of: &[Measurements]| of.iter().filter(is_flagged).count() as f64 / of.len() as f64;
        Some(Row {
            kind,
            auc: auc(&scores(&good)?, &scores(&bad)?),
            false_alarms: share(&good),
            found: share(&bad),
        })
    };
    FlagKind::ALL.into_iter().filter_map(row).collect()
}

/// The table for people.
pub fn shown(table: &[Row]) -> String {
    let line = |row: &Row| {
        format!(
            "{:?}: AUC {:.3}, {:.1} % of clean pictures flagged, {:.0} % of faults found",
            row.kind,
            row.auc,
            row.false_alarms * 100.0,
            row.found * 100.0
        )
    };
    table.iter().map(line).collect::<Vec<String>>().join("\n")
}
