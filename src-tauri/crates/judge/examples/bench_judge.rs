//! What looking at pictures costs and finds: flags, hashes, neighbours, families. Every line stands beside its target.
//!
//! `cargo run -p salon-judge --example bench_judge [-- speed|flags|neighbours|families]`; without a word, all of it. `flags FOLDER`
//! plants the faults in the PNGs of a folder, all of one size, in place of made-up pictures.
#![allow(clippy::print_stdout, clippy::expect_used)] // A benchmark prints, and stops where it stands.

#[path = "../tests/pictures/faults.rs"]
mod faults;
#[path = "../tests/pictures/planted.rs"]
mod planted;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use image::{RgbImage, imageops};
use rayon::prelude::*;
use salon_domain::{CandidateId, Digest};
use salon_judge::families::{FamilyLimits, Kin, Pdq, families};
use salon_judge::neighbours::Neighbours;
use salon_judge::technical::measure;

use planted::Dice;

const MANY: usize = 100_000;

fn main() {
    let word = std::env::args().nth(1);
    let wanted = |part: &str| word.as_deref().is_none_or(|word| word == part);
    println!("on {} threads", rayon::current_num_threads());
    if wanted("speed") {
        throughput();
    }
    if wanted("flags") {
        let clean = match std::env::args().nth(2) {
            Some(folder) => pictures_in(&folder),
            None => faults::clean_pictures(),
        };
        let palette = if std::env::args().nth(2).is_some() {
            &[][..]
        } else {
            &planted::PALETTE
        };
        println!(
            "faults planted in {} clean pictures (target: AUC 0.95)",
            clean.len()
        );
        println!("{}", faults::shown(&faults::roc_table(&clean, palette)));
    }
    if wanted("neighbours") {
        neighbours();
    }
    if wanted("families") {
        duplicates();
        families_of_many();
    }
}

fn pictures_in(folder: &str) -> Vec<RgbImage> {
    let entries = std::fs::read_dir(folder).expect("the folder is read");
    let mut paths: Vec<_> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "png"));
    paths.sort();
    paths
        .iter()
        .map(|path| image::open(path).expect("a PNG").to_rgb8())
        .collect()
}

fn milliseconds(took: Duration) -> f64 {
    took.as_secs_f64() * 1000.0
}

fn throughput() {
    for side in [128, 512, 1024] {
        let pictures: Vec<RgbImage> = (0..8).map(|seed| planted::clean(seed, side)).collect();
        let rounds = if side == 128 { 100 } else { 10 };
        let per_second = |work: &(dyn Fn(&RgbImage) + Sync)| {
            let begun = Instant::now();
            (0..rounds * pictures.len())
                .into_par_iter()
                .for_each(|at| work(&pictures[at % pictures.len()]));
            (rounds * pictures.len()) as f64 / begun.elapsed().as_secs_f64()
        };
        let flags = per_second(&|picture| drop(std::hint::black_box(measure(picture))));
        let hashes = per_second(&|picture| _ = std::hint::black_box(Pdq::of(picture)));
        let both = 1.0 / (1.0 / flags + 1.0 / hashes);
        println!(
            "{side}² pixels: flags {flags:.0}/s, PDQ {hashes:.0}/s, both {both:.0}/s (target 200/s on two cores)"
        );
    }
}

/// Rows as encoders leave them: a few hundred kinds of picture, and directions of falling weight.
fn embeddings(seed: u64, count: usize, width: usize) -> Neighbours {
    let mut dice = Dice::new(seed);
    let weight: Vec<f32> = (0..width).map(|at| 1.0 / (1.0 + at as f32).sqrt()).collect();
    let kinds: Vec<f32> = (0..300 * width)
        .map(|at| weight[at % width] * dice.normal())
        .collect();
    let rows: Vec<f32> = (0..count)
        .into_par_iter()
        .flat_map_iter(|row| {
            let mut dice = Dice::new(seed ^ (row as u64).wrapping_mul(0x9E37_79B9_97F4_A7C1));
            let kind = (dice.draw() % 300) as usize * width;
            (0..width)
                .map(|at| kinds[kind + at] + 0.6 * weight[at] * dice.normal())
                .collect::<Vec<f32>>()
        })
        .collect();
    Neighbours::new(width, rows).expect("rows of one width")
}

fn neighbours() {
    for width in [128, 384, 768] {
        let begun = Instant::now();
        let all = embeddings(1, MANY, width);
        let made = begun.elapsed();
        let mut took: Vec<Duration> = (0..40)
            .map(|at| {
                let begun = Instant::now();
                std::hint::black_box(all.nearest_to(at * 2_417, 50).expect("the row is there"));
                begun.elapsed()
            })
            .collect();
        took.sort_unstable();
        println!(
            "50 neighbours among {MANY} × {width}, exact: median {:.1} ms, slowest of 40 {:.1} ms (target 20 ms at 128); rows made and read in {:.1} s",
            milliseconds(took[20]),
            milliseconds(took[39]),
            made.as_secs_f64()
        );
    }
}

/// Copies planted of 400 pictures, and what families make of them. The embedding is a stand-in: colours of a raster.
fn duplicates() {
    let mut truth: Vec<usize> = Vec::new();
    let pictures: Vec<RgbImage> = (0..400_usize)
        .into_par_iter()
        .flat_map_iter(|original| {
            let picture = planted::clean(original as u64, 192);
            let smaller = imageops::thumbnail(&picture, 96, 96);
            let copies = [
                planted::compressed(&picture, 50),
                planted::compressed(&smaller, 70),
                smaller,
                picture,
            ];
            copies.into_iter().map(move |copy| (original, copy))
        })
        .collect::<Vec<(usize, RgbImage)>>()
        .into_iter()
        .map(|(original, picture)| {
            truth.push(original);
            picture
        })
        .collect();
    let kin: Vec<Kin> = pictures
        .par_iter()
        .enumerate()
        .map(|(at, picture)| Kin {
            candidate: CandidateId(at as i64),
            digest: Digest::of(picture.as_raw()),
            pdq: Some(Pdq::of(picture)),
            recipe: None,
        })
        .collect();
    let raster = |picture: &RgbImage| {
        let small = imageops::thumbnail(picture, 12, 12);
        let mean = small.iter().map(|&value| f32::from(value)).sum::<f32>() / small.len() as f32;
        small
            .iter()
            .map(|&value| f32::from(value) - mean)
            .collect::<Vec<f32>>()
    };
    let rows = Neighbours::new(432, pictures.iter().flat_map(raster).collect()).expect("rows of one width");
    let without = FamilyLimits {
        near_cosine: 2.0,
        ..FamilyLimits::default()
    };
    let with = FamilyLimits {
        near_cosine: 0.995,
        ..FamilyLimits::default()
    };
    for (name, rows, limits) in [
        ("by hash", None, without),
        ("by hash and raster", Some(&rows), with),
    ] {
        let found = families(&kin, rows, &limits).expect("these are sound");
        let mut family = BTreeMap::new();
        for (number, found) in found.iter().enumerate() {
            family.insert(found.leader, number);
            family.extend(found.members.iter().map(|member| (member.candidate, number)));
        }
        let (mut right, mut wrong, mut missed) = (0, 0, 0);
        for a in 0..kin.len() {
            for b in 0..a {
                let together = family
                    .get(&kin[a].candidate)
                    .is_some_and(|of| family.get(&kin[b].candidate) == Some(of));
                match (truth[a] == truth[b], together) {
                    (true, true) => right += 1,
                    (true, false) => missed += 1,
                    (false, true) => wrong += 1,
                    (false, false) => {}
                }
            }
        }
        println!(
            "planted copies {name}: precision {:.4}, recall {:.4} over {} pairs",
            f64::from(right) / f64::from(right + wrong).max(1.0),
            f64::from(right) / f64::from(right + missed),
            right + missed
        );
    }
}

fn families_of_many() {
    let mut dice = Dice::new(3);
    let mut kin: Vec<Kin> = Vec::with_capacity(MANY);
    let mut bits = [0; 4];
    for at in 0..MANY {
        // Every fourth picture is a copy of the one before.
        if at % 4 == 3 {
            for _ in 0..dice.draw() % 24 {
                bits[(dice.draw() % 4) as usize] ^= 1 << (dice.draw() % 64);
            }
        } else {
            bits = [0; 4].map(|_: u64| dice.draw());
        }
        kin.push(Kin {
            candidate: CandidateId(at as i64),
            digest: Digest::of(&at.to_le_bytes()),
            pdq: Some(Pdq { bits, quality: 100 }),
            recipe: None,
        });
    }
    let begun = Instant::now();
    let found = families(&kin, None, &FamilyLimits::default()).expect("these are sound");
    println!(
        "families of {MANY} by hash: {:.2} s, {} families",
        begun.elapsed().as_secs_f64(),
        found.len()
    );
    let rows = embeddings(2, MANY, 128);
    let begun = Instant::now();
    let found = families(&kin, Some(&rows), &FamilyLimits::default()).expect("these are sound");
    println!(
        "families of {MANY} by hash and embedding of 128: {:.2} s, {} families",
        begun.elapsed().as_secs_f64(),
        found.len()
    );
}
