//! Pictures at another size.

use image::imageops::{FilterType, resize};
use image::{ImageBuffer, Rgba, Rgba32FImage, RgbaImage};
use salon_domain::{MasterSize, master_limits};

use crate::encode::is_opaque;
use crate::error::{MasterError, Result};

/// The size of a master of a picture of `from` (pixels across and down).
pub(crate) fn size_of(size: MasterSize, from: (u32, u32)) -> Result<(u32, u32)> {
    let (width, height) = (u64::from(from.0), u64::from(from.1));
    let (width, height) = match size {
        MasterSize::Keep => (width, height),
        MasterSize::Times { factor } => (width * u64::from(factor), height * u64::from(factor)),
        MasterSize::Longest { pixels } => {
            let (pixels, longest) = (u64::from(pixels), width.max(height).max(1));
            let side = |side: u64| ((side * pixels + longest / 2) / longest).max(1);
            (side(width), side(height))
        }
    };
    let longest = u64::from(master_limits::LONGEST_SIDE);
    if width.max(height) > longest || width * height > master_limits::MOST_PIXELS {
        return Err(MasterError::TooLarge { width, height });
    }
    Ok((width as u32, height as u32))
}

/// Brings a picture to the size that [`size_of`] gave.
pub(crate) fn scaled(picture: RgbaImage, size: MasterSize, (width, height): (u32, u32)) -> RgbaImage {
    if picture.dimensions() == (width, height) {
        return picture;
    }
    match size {
        MasterSize::Times { factor } => exactly(&picture, factor),
        MasterSize::Keep | MasterSize::Longest { .. } => smoothly(&picture, width, height),
    }
}

/// Every pixel as a square of `factor` a side.
fn exactly(picture: &RgbaImage, factor: u32) -> RgbaImage {
    let (width, height) = (picture.width() * factor, picture.height() * factor);
    let row_length = 4 * width as usize;
    let mut values = Vec::with_capacity(row_length * height as usize);
    for row in picture.as_raw().chunks_exact(4 * picture.width() as usize) {
        let start = values.len();
        for pixel in row.as_chunks::<4>().0 {
            for _ in 0..factor {
                values.extend_from_slice(pixel);
            }
        }
        for _ in 1..factor {
            values.extend_from_within(start..start + row_length);
        }
    }
    RgbaImage::from_raw(width, height, values).unwrap_or_default()
}

/// Lanczos with three lobes. Where a picture is transparent, its colours count by how much of them is seen, so that what is
/// hidden does not shine into its edges.
fn smoothly(picture: &RgbaImage, width: u32, height: u32) -> RgbaImage {
    if is_opaque(picture) {
        return resize(picture, width, height, FilterType::Lanczos3);
    }
    let seen: Rgba32FImage = ImageBuffer::from_fn(picture.width(), picture.height(), |x, y| {
        let [red, green, blue, alpha] = picture.get_pixel(x, y).0.map(|value| f32::from(value) / 255.0);
        Rgba([red * alpha, green * alpha, blue * alpha, alpha])
    });
    let seen = resize(&seen, width, height, FilterType::Lanczos3);
    ImageBuffer::from_fn(width, height, |x, y| {
        let [red, green, blue, alpha] = seen.get_pixel(x, y).0;
        let byte = |value: f32| (value.clamp(0.0, 1.0) * 255.0).round() as u8;
        if byte(alpha) == 0 {
            return Rgba([0; 4]);
        }
        Rgba([
            byte(red / alpha),
            byte(green / alpha),
            byte(blue / alpha),
            byte(alpha),
        ])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exact_enlarging_invents_nothing() {
        let picture = RgbaImage::from_fn(3, 2, |x, y| Rgba([x as u8, y as u8, 7, 255]));
        let large = scaled(picture.clone(), MasterSize::Times { factor: 4 }, (12, 8));
        assert_eq!(large.dimensions(), (12, 8));
        for (x, y, pixel) in large.enumerate_pixels() {
            assert_eq!(pixel, picture.get_pixel(x / 4, y / 4), "pixel {x}, {y}");
        }
    }

    #[test]
    fn smooth_scaling_keeps_what_is_even_and_hides_what_is_hidden() {
        let even = RgbaImage::from_pixel(16, 8, Rgba([200, 100, 50, 255]));
        let large = scaled(even, MasterSize::Longest { pixels: 40 }, (40, 20));
        assert!(
            large.pixels().all(|pixel| pixel.0 == [200, 100, 50, 255]),
            "an even colour stays"
        );
        // A white disc whose hidden ground is green.
        let half = RgbaImage::from_fn(16, 16, |x, _| {
            if x < 8 {
                Rgba([255, 255, 255, 255])
            } else {
                Rgba([0, 255, 0, 0])
            }
        });
        let large = scaled(half, MasterSize::Longest { pixels: 64 }, (64, 64));
        for pixel in large.pixels().filter(|pixel| pixel.0[3] > 0) {
            let [red, green, blue, _] = pixel.0;
            assert!(
                red.abs_diff(green) <= 1 && green.abs_diff(blue) <= 1,
                "{pixel:?} must be white"
            );
        }
    }

    #[test]
    fn a_size_keeps_the_shape_and_has_an_end() {
        let longest = |pixels, from| size_of(MasterSize::Longest { pixels }, from);
        assert_eq!(longest(1000, (300, 150)), Ok((1000, 500)));
        assert_eq!(longest(1000, (1, 5000)), Ok((1, 1000)), "a line stays a line");
        assert_eq!(
            size_of(MasterSize::Times { factor: 16 }, (4096, 4096)),
            Err(MasterError::TooLarge {
                width: 65_536,
                height: 65_536
            })
        );
        assert!(
            longest(16_384, (100, 100)).is_err(),
            "16,384 a side is more memory than a master gets"
        );
        assert_eq!(longest(16_384, (200, 100)), Ok((16_384, 8192)));
    }
}
