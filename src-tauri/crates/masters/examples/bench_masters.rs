//! How long masters take: `cargo run -p salon-masters --example bench_masters`. One thread; the least of several.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark prints and stops where it cannot go on"
)]

use std::env;
use std::fs;
use std::io::Cursor;
use std::time::Instant;

use image::{DynamicImage, ImageFormat, RgbImage};
use salon_domain::{
    DigitalSource, MasterFormat, MasterMetadata, MasterOrder, MasterSize, Timestamp, TrainingUse,
};
use salon_masters::{Claim, Credential, make, sign};

const REPEATS: usize = 9;

fn measured(what: &str, work: impl Fn() -> usize) {
    let mut least = f64::MAX;
    let mut bytes = 0;
    for _ in 0..REPEATS {
        let started = Instant::now();
        bytes = work();
        least = least.min(started.elapsed().as_secs_f64());
    }
    println!("{what:44} {:7.1} ms  {bytes:9} bytes", least * 1000.0);
}

/// A picture with slopes and a little noise, as a model paints it.
fn painted(side: u32) -> Vec<u8> {
    let picture = RgbImage::from_fn(side, side, |x, y| {
        let noise = (x.wrapping_mul(7919) ^ y.wrapping_mul(104_729)) % 7;
        let at = |value: u32| (value * 220 / side + noise) as u8;
        image::Rgb([at(x), at(y), at(u32::midpoint(x, y))])
    });
    let mut bytes = Vec::new();
    DynamicImage::from(picture)
        .write_to(&mut Cursor::new(&mut bytes), ImageFormat::Png)
        .unwrap();
    bytes
}

fn main() {
    let mut arguments = env::args_os().skip(1);
    // A house picture, where one is named.
    let small = arguments
        .next()
        .map_or_else(|| painted(128), |path| fs::read(path).unwrap());
    let source = Some(DigitalSource::TrainedAlgorithmicMedia);
    let jpeg = MasterFormat::Jpeg {
        quality: 92,
        ground: None,
    };
    for (what, size, format) in [
        (
            "128 to 1024, exact, PNG",
            MasterSize::Times { factor: 8 },
            MasterFormat::Png,
        ),
        (
            "128 to 1024, smooth, PNG",
            MasterSize::Longest { pixels: 1024 },
            MasterFormat::Png,
        ),
        (
            "128 to 1024, smooth, WebP",
            MasterSize::Longest { pixels: 1024 },
            MasterFormat::Webp,
        ),
        (
            "128 to 1024, smooth, JPEG 92",
            MasterSize::Longest { pixels: 1024 },
            jpeg,
        ),
        (
            "128 to 1024, smooth, AVIF 80",
            MasterSize::Longest { pixels: 1024 },
            MasterFormat::Avif { quality: 80 },
        ),
        (
            "as it is, cleaned, source said",
            MasterSize::Keep,
            MasterFormat::Keep,
        ),
    ] {
        let order = MasterOrder {
            size,
            format,
            metadata: MasterMetadata::Clean,
            disclosed: true,
            ..MasterOrder::default()
        };
        measured(what, || make(&small, &order, source).unwrap().bytes.len());
    }
    let (Some(chain), Some(key)) = (arguments.next(), arguments.next()) else {
        println!("signing is measured where a certificate and a key are named behind a picture");
        return;
    };
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap();
    let now = Timestamp(now.as_millis() as i64);
    let credential = Credential::read(&fs::read(chain).unwrap(), &fs::read(key).unwrap(), now).unwrap();
    let large = painted(512);
    let claim = Claim {
        source,
        training: TrainingUse::NotAllowed,
    };
    println!("{:44} {:18} bytes", "512, before it is signed", large.len());
    measured("512, signed", || sign(&large, claim, &credential).unwrap().len());
}
