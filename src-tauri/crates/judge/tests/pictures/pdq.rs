//! PDQ against the reference implementation, and against copies.

use image::{Rgb, RgbImage, imageops};
use salon_judge::families::Pdq;

use crate::planted;

/// A picture of whole numbers, so that every program makes the same: waves, a disc, a diagonal texture.
fn formula(width: u32, height: u32, kind: i64) -> RgbImage {
    let wave = |n: i64, period: i64| {
        if n % (2 * period) < period {
            n % (2 * period)
        } else {
            2 * period - n % (2 * period)
        }
    };
    RgbImage::from_fn(width, height, |x, y| {
        let (u, v) = (
            i64::from(x) * 1000 / i64::from(width),
            i64::from(y) * 1000 / i64::from(height),
        );
        let red = wave(u * (2 + kind) + v * 3, 500) * 255 / 500;
        let green = wave(u * 3 + v * (4 + kind) + u * v / 300, 400) * 255 / 400;
        let in_disc = (u - 500).pow(2) + (v - 400).pow(2) < (150 + 40 * kind).pow(2);
        let blue = if in_disc {
            230
        } else {
            (u * 7 + v * (3 + 2 * kind)) / 41 % 256
        };
        Rgb([red as u8, green as u8, blue as u8])
    })
}

fn bits_of(hex: &str) -> Pdq {
    let word = |at: usize| {
        u64::from_str_radix(&hex[at * 16..(at + 1) * 16], 16).expect("sixteen hexadecimal digits")
    };
    Pdq {
        bits: [word(3), word(2), word(1), word(0)],
        quality: 100,
    }
}

/// Hashes of the C++ reference (`ThreatExchange`, through the Python package pdqhash 0.2.8) for the same formulas.
const REFERENCE: [(u32, u32, i64, &str); 6] = [
    (
        64,
        64,
        0,
        "2daac9aa332ae7181f08fc0080007c7b807f7d7a85727225807f7c679c777e6f",
    ),
    (
        128,
        128,
        1,
        "67088e007c00c000007ffc7f007ffe6a347fff6a164fc83d2a7de03f3877e83a",
    ),
    (
        200,
        120,
        2,
        "f8000000767f803e587f852a757f972a7c3b57287537287d595aa277476b887e",
    ),
    (
        513,
        700,
        3,
        "d87f107fc47f087fc27f146ad57e1468c05d7e20d46e2177c066097dc64a217c",
    ),
    (
        1024,
        1024,
        4,
        "807f7a7d807f5a7f8079787788657a798063702a81500f57827c2d7faa7a2d70",
    ),
    (
        31,
        45,
        5,
        "857f2b7fd0583c7ecc70763f9272696bb57f6122c1031f5f8220163f842a1d70",
    ),
];

#[test]
fn hashes_agree_with_the_reference() {
    for (width, height, kind, hex) in REFERENCE {
        let hash = Pdq::of(&formula(width, height, kind));
        assert_eq!(
            hash.quality, 100,
            "{width} × {height}: the reference measures quality 100"
        );
        let apart = hash.distance(&bits_of(hex));
        assert!(
            apart <= 2,
            "{width} × {height}: {apart} bits from the reference: {} against {hex}",
            hash.hex()
        );
        assert_eq!(
            bits_of(&hash.hex()).bits,
            hash.bits,
            "hexadecimal digits round-trip"
        );
    }
}

#[test]
fn copies_stay_within_31_bits_and_other_pictures_do_not() {
    let (mut missed, mut copies, mut confused) = (0, 0, 0);
    let hashes: Vec<(RgbImage, Pdq)> = (0..60)
        .map(|seed| planted::clean(seed, 256))
        .map(|picture| (Pdq::of(&picture), picture))
        .map(|(hash, picture)| (picture, hash))
        .collect();
    for (picture, hash) in hashes.iter().filter(|(_, hash)| hash.quality >= 50) {
        let smaller = imageops::thumbnail(picture, 128, 128);
        for copy in [
            &smaller,
            &planted::compressed(picture, 40),
            &planted::compressed(&smaller, 60),
        ] {
            copies += 1;
            missed += u32::from(Pdq::of(copy).distance(hash) > 31);
        }
    }
    for (at, (_, hash)) in hashes.iter().enumerate() {
        let others = hashes[..at]
            .iter()
            .filter(|(_, other)| other.quality >= 50 && hash.quality >= 50);
        confused += others.filter(|(_, other)| other.distance(hash) <= 31).count();
    }
    assert!(
        copies >= 90,
        "most pictures have structure enough to be hashed: {copies} copies"
    );
    assert_eq!((missed, confused), (0, 0), "of {copies} copies");
}

#[test]
fn what_is_too_small_or_flat_has_no_quality() {
    assert_eq!(Pdq::of(&RgbImage::new(4, 900)).quality, 0);
    assert_eq!(
        Pdq::of(&RgbImage::from_pixel(200, 200, Rgb([90, 120, 30]))).quality,
        0
    );
    assert_eq!(Pdq::of(&RgbImage::new(0, 0)).quality, 0);
}
