//! Pictures made of a number: the same number gives the same bytes, different numbers different ones.

use std::io::Cursor;

use image::{ImageFormat, Rgb, RgbImage};

/// `side` × `side` pixels of a pattern that only `seed` determines.
pub fn pixels(seed: u64, side: u32) -> RgbImage {
    // Spreads neighbouring seeds over unlike colours.
    let colour = salon_domain::mix(seed).to_le_bytes();
    RgbImage::from_fn(side, side, |x, y| {
        let checked = (x / 4 + y / 4) % 2 == 0;
        if checked {
            Rgb([colour[0], colour[1], colour[2]])
        } else {
            Rgb([colour[3], (colour[4] ^ x as u8), (colour[5] ^ y as u8)])
        }
    })
}

/// [`pixels`] as a PNG.
pub fn png(seed: u64, side: u32) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    pixels(seed, side)
        .write_to(&mut bytes, ImageFormat::Png)
        .expect("a small picture encodes");
    bytes.into_inner()
}

/// A thumbnail of [`pixels`].
pub fn thumbnail(seed: u64, side: u32) -> Vec<u8> {
    salon_catalog::thumbnail(&pixels(seed, side)).expect("a small picture encodes")
}

/// `side` × `side` pixels of noise as a PNG: three bytes a pixel, which no encoder makes fewer.
pub fn noise(seed: u64, side: u32) -> Vec<u8> {
    let pixels = RgbImage::from_fn(side, side, |x, y| {
        let place = (u64::from(x) << 32) | u64::from(y);
        let colour = salon_domain::mix(seed ^ salon_domain::mix(place)).to_le_bytes();
        Rgb([colour[0], colour[1], colour[2]])
    });
    let mut bytes = Cursor::new(Vec::new());
    pixels
        .write_to(&mut bytes, ImageFormat::Png)
        .expect("a picture encodes");
    bytes.into_inner()
}
