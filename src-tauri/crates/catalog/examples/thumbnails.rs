//! How many thumbnails a second: of PNG files as they are brought in, and of pictures that are in memory as the generator leaves
//! them. On as many threads as there are processors.
//!
//! `cargo run -p salon-catalog --example thumbnails`
#![allow(clippy::print_stdout, clippy::unwrap_used)] // It prints its figures, and a failure ends it.

use std::io::Cursor;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use image::{ImageFormat, Rgb, RgbImage};

/// Each figure is taken for so long.
const LONG: Duration = Duration::from_secs(6);

/// A picture with soft grounds, edges and a little grain: neither the easiest nor the hardest of files.
fn painted(number: u32, side: u32) -> RgbImage {
    let grain = |x: u32, y: u32| {
        let mut mixed = (x ^ y.rotate_left(16) ^ number).wrapping_mul(0x9e37_79b9);
        mixed = (mixed ^ (mixed >> 15)).wrapping_mul(0x85eb_ca6b);
        (mixed >> 28) as u8 / 4
    };
    let (middle, radius) = (side / 2 + number % 60, side / 4 + number % 40);
    RgbImage::from_fn(side, side, |x, y| {
        let (shade, noise) = ((x + 2 * y) * 160 / (3 * side), grain(x, y));
        let inside = x.abs_diff(middle).pow(2) + y.abs_diff(middle).pow(2) < radius.pow(2);
        let base = if inside {
            [200, 120, 60]
        } else {
            [30, 60 + (number % 5) as u8 * 10, 90]
        };
        Rgb(base.map(|value| value + noise + (shade / 4) as u8))
    })
}

/// How often `act` is done a second, on all processors, over `count` things in turn.
fn rate(count: usize, act: &(dyn Fn(usize) + Sync)) -> f64 {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let (next, began) = (AtomicU32::new(0), Instant::now());
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while began.elapsed() < LONG {
                    act(next.fetch_add(1, Ordering::Relaxed) as usize % count);
                }
            });
        }
    });
    f64::from(next.load(Ordering::Relaxed)) / began.elapsed().as_secs_f64()
}

fn main() {
    let large: Vec<RgbImage> = (0..8).map(|number| painted(number, 1024)).collect();
    let files: Vec<Vec<u8>> = large
        .iter()
        .map(|picture| {
            let mut bytes = Cursor::new(Vec::new());
            picture.write_to(&mut bytes, ImageFormat::Png).unwrap();
            bytes.into_inner()
        })
        .collect();
    let kibibytes = files.iter().map(Vec::len).sum::<usize>() / files.len() / 1024;
    let read = rate(files.len(), &|index| {
        let picture = salon_catalog::decode(&files[index], "a picture").unwrap();
        salon_catalog::thumbnail(&salon_catalog::opaque(picture)).unwrap();
    });
    println!("thumbnails of 1024² PNG files of {kibibytes} KiB: {read:.0} a second (aim 150)");
    let small: Vec<RgbImage> = (0..8).map(|number| painted(number, 512)).collect();
    for (pictures, side) in [(&small, 512), (&large, 1024)] {
        let made = rate(pictures.len(), &|index| {
            drop(salon_catalog::thumbnail(&pictures[index]).unwrap());
        });
        println!("thumbnails of {side}² pictures in memory: {made:.0} a second (aim 600)");
    }
}
