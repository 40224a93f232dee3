//! Large projects as years of work would leave them, planted in minutes: pictures are drawn, not painted by a model, and
//! written without waiting for the disk.

use std::fs;
use std::io;
use std::path::Path;

use image::{ImageFormat, Rgb, RgbImage};
use salon_catalog::{FinishedSlot, Project, StoredPicture};
use salon_domain::{CandidateId, Digest, Media, Recipe, Stage, Timestamp, Trait, Verdict};

use crate::{FixedClock, recipe};

/// Candidates of one run.
const PER_RUN: u32 = 1000;
/// What runs are ordered with, in turns.
const PROMPTS: [&str; 5] = [
    "a fox with orange fur and star eyes, teal background",
    "an owl with violet feathers, round glasses",
    "a bear with grey fur and a gold crown, rust background",
    "a cat with a bow tie, ochre background",
    "a hare at night, moon behind",
];
const BACKGROUNDS: [&str; 6] = ["teal", "rust", "ochre", "night", "moss", "rose"];
const EYES: [&str; 4] = ["star", "round", "sleepy", "wide"];

/// What is planted.
#[derive(Debug, Clone, Copy)]
pub struct Planting {
    /// How many candidates.
    pub count: u32,
    /// Pixels a side of each picture.
    pub side: u32,
}

/// Plants a project in `dir`: runs of a thousand slots, every picture another, two in ten accepted, one in ten
/// rejected, traits on all. The same planting gives the same candidates everywhere.
pub fn plant(dir: &Path, planting: Planting) -> io::Result<Project> {
    let wrong = |fault: salon_catalog::CatalogError| io::Error::other(fault.to_string());
    let clock = FixedClock::new();
    let project = Project::create(dir, clock.now()).map_err(wrong)?;
    let mut left = planting.count;
    let mut number: u32 = 0;
    while left > 0 {
        let count = left.min(PER_RUN);
        left -= count;
        let ordered = Recipe {
            prompt: PROMPTS[number as usize % PROMPTS.len()].into(),
            seed: 1_000_000 + u64::from(number) * 5000,
            width: planting.side.max(64),
            height: planting.side.max(64),
            ..recipe::recipe(0)
        };
        number += 1;
        let run = project
            .insert_run(&ordered, count, false, clock.tick())
            .map_err(wrong)?;
        let finished = draw(&project, &ordered, count, planting.side)?;
        let made = project
            .finish_slots(run.id, finished, clock.tick())
            .map_err(wrong)?;
        decide(&project, &made, clock.tick()).map_err(wrong)?;
    }
    Ok(project)
}

/// Draws and writes the pictures of a run, on two threads.
fn draw(project: &Project, ordered: &Recipe, count: u32, side: u32) -> io::Result<Vec<FinishedSlot>> {
    let some = |from: u32, to: u32| -> io::Result<Vec<FinishedSlot>> {
        (from..to)
            .map(|index| one(project, index, ordered.slot_seed(index), side))
            .collect()
    };
    let (mut first, second) = std::thread::scope(|scope| {
        let second = scope.spawn(|| some(count / 2, count));
        let first = some(0, count / 2);
        (first, second.join())
    });
    let second = second.map_err(|_| io::Error::other("a thread that draws panicked"))?;
    if let Ok(first) = &mut first {
        first.extend(second?);
    }
    first
}

fn one(project: &Project, index: u32, seed: u64, side: u32) -> io::Result<FinishedSlot> {
    let background = (seed % 6) as usize;
    let eyes = (seed / 7 % 4) as usize;
    let picture = portrait(seed, background, side);
    let mut png = io::Cursor::new(Vec::new());
    picture
        .write_to(&mut png, ImageFormat::Png)
        .map_err(io::Error::other)?;
    let png = png.into_inner();
    let sha256 = Digest::of(&png);
    let path = project.picture_path(&sha256);
    let thumbnail =
        salon_catalog::thumbnail(&picture).map_err(|fault| io::Error::other(fault.to_string()))?;
    let name = sha256.to_string();
    let thumbs = project.dir().join("thumbs").join(&name[..2]);
    fs::create_dir_all(path.parent().unwrap_or(&path))?;
    fs::create_dir_all(&thumbs)?;
    fs::write(&path, &png)?;
    fs::write(thumbs.join(format!("{name}.jpg")), thumbnail)?;
    Ok(FinishedSlot {
        index,
        picture: StoredPicture {
            sha256,
            media: Media::Png,
            width: side,
            height: side,
        },
        traits: vec![
            Trait::new("Background", BACKGROUNDS[background]),
            Trait::new("Eyes", EYES[eyes]),
        ],
        layers: vec![],
        took_ms: 400,
    })
}

/// A disc on a ground, its colour and place by the seed: pictures that an eye can tell apart.
fn portrait(seed: u64, background: usize, side: u32) -> RgbImage {
    const GROUNDS: [[u8; 3]; 6] = [
        [36, 92, 96],
        [140, 66, 44],
        [176, 130, 60],
        [24, 26, 52],
        [70, 88, 52],
        [168, 96, 112],
    ];
    let mixed = seed
        .wrapping_mul(0x9e37_79b9_7f4a_7c15)
        .rotate_left(29)
        .to_le_bytes();
    let (colour, shift) = ([mixed[0] | 64, mixed[1] | 32, mixed[2]], u32::from(mixed[3]));
    let ground = GROUNDS[background];
    let middle = side as i32 / 2 + (shift as i32 % 17 - 8) * side as i32 / 128;
    let radius = side as i32 * (20 + shift as i32 % 14) / 100;
    RgbImage::from_fn(side, side, |x, y| {
        let (dx, dy) = (x as i32 - middle, y as i32 - side as i32 / 2);
        let inside = dx * dx + dy * dy < radius * radius;
        let [red, green, blue] = if inside { colour } else { ground };
        let shade = (y * 24 / side.max(1)) as u8;
        // The seed's own pixels: no two files are the same.
        let mark = if y == 0 && x < 8 { mixed[x as usize] } else { 0 };
        Rgb([
            red.saturating_sub(shade) ^ mark,
            green.saturating_sub(shade),
            blue,
        ])
    })
}

fn decide(project: &Project, made: &[CandidateId], now: Timestamp) -> salon_catalog::Result<()> {
    let every = |step: usize, from: usize| -> Vec<CandidateId> {
        made.iter().copied().skip(from).step_by(step).collect()
    };
    project.decide_many(&every(5, 0), Stage::Pick, Verdict::Accepted, "Ada", "", now)?;
    project.decide_many(
        &every(10, 3),
        Stage::Pick,
        Verdict::Rejected,
        "Ada",
        "too dark",
        now,
    )?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_planted_project_is_whole() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let planting = Planting { count: 30, side: 32 };
        let project = plant(&folder.path().join("Planted.salon"), planting).expect("it is planted");
        let counts = project.counts().expect("it is counted");
        assert_eq!(
            (counts.all, counts.accepted, counts.rejected),
            (30, 6, 3),
            "two in ten accepted, one in ten rejected"
        );
        let found = project.check_derived().expect("it is checked");
        assert_eq!(found, Vec::<String>::new(), "the log gives the verdicts");
        let bytes = project
            .read_picture(CandidateId(17))
            .expect("a picture hashes to its name");
        assert!(bytes.starts_with(b"\x89PNG"), "and is one");
        assert!(
            !project
                .read_thumb(CandidateId(30))
                .expect("a thumbnail")
                .is_empty()
        );
    }
}
