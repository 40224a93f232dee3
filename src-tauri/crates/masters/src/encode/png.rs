//! PNG, small and quickly: a palette where 256 colours are enough, no alpha where nothing shines through, and no filter
//! where pixels repeat rather than change a little (they do when a picture was enlarged exactly).

use std::borrow::Cow;

use image::RgbaImage;
use png::{BitDepth, ColorType, DeflateCompression, Encoder, EncodingError, Filter, Info};

use super::{colours, is_opaque};

/// Takes half the time of the levels above it, which hardly shrink flat art any further.
const COMPRESSION: DeflateCompression = DeflateCompression::Level(4);
/// Rows that are looked at to choose between filters.
const SAMPLED_ROWS: usize = 24;
/// Places of the table that colours are found in: a power of two, and four times as many as there are colours.
const SLOTS: usize = 1024;

/// The bytes of a PNG file; its colours are those of `profile`.
pub(super) fn encode(picture: &RgbaImage, profile: Option<Vec<u8>>) -> Result<Vec<u8>, EncodingError> {
    let (width, height) = picture.dimensions();
    let pixels: Vec<u32> = picture
        .as_raw()
        .as_chunks::<4>()
        .0
        .iter()
        .map(|pixel| u32::from_le_bytes(*pixel))
        .collect();
    let opaque = is_opaque(picture);
    let mut info = Info::with_size(width, height);
    info.icc_profile = profile.map(Cow::Owned);
    let mut bytes = Vec::with_capacity(pixels.len() / 4 + 4096);
    let mut encoder = Encoder::with_info(&mut bytes, info)?;
    encoder.set_depth(BitDepth::Eight);
    encoder.set_deflate_compression(COMPRESSION);
    if let Some((palette, numbers)) = indexed(&pixels) {
        encoder.set_color(ColorType::Indexed);
        // Rows of few colours are mostly the row above.
        encoder.set_filter(Filter::Up);
        let entries = || palette.iter().map(|colour| colour.to_le_bytes());
        encoder.set_palette(
            entries()
                .flat_map(|[red, green, blue, _]| [red, green, blue])
                .collect::<Vec<_>>(),
        );
        if !opaque {
            encoder.set_trns(entries().map(|[.., alpha]| alpha).collect::<Vec<_>>());
        }
        encoder.write_header()?.write_image_data(&numbers)?;
        return Ok(bytes);
    }
    let flat = is_flat(&pixels, width as usize);
    encoder.set_filter(if flat { Filter::NoFilter } else { Filter::Adaptive });
    if opaque {
        encoder.set_color(ColorType::Rgb);
        encoder.write_header()?.write_image_data(&colours(picture))?;
    } else {
        encoder.set_color(ColorType::Rgba);
        encoder.write_header()?.write_image_data(picture.as_raw())?;
    }
    Ok(bytes)
}

/// The colours and every pixel's number among them; nothing when there are more than 256.
fn indexed(pixels: &[u32]) -> Option<(Vec<u32>, Vec<u8>)> {
    let mut table: Vec<Option<(u32, u8)>> = vec![None; SLOTS];
    let mut palette: Vec<u32> = Vec::new();
    let mut numbers = Vec::with_capacity(pixels.len());
    let mut last: Option<(u32, u8)> = None;
    for &pixel in pixels {
        let known = last.filter(|(colour, _)| *colour == pixel);
        let (_, number) = known.or_else(|| {
            // The upper bits of the product depend on all bits of the colour.
            let mut place = (pixel.wrapping_mul(0x9e37_79b1) >> 22) as usize;
            loop {
                match table[place] {
                    Some(entry) if entry.0 == pixel => return Some(entry),
                    Some(_) => place = (place + 1) % SLOTS,
                    None => {
                        let number = u8::try_from(palette.len()).ok()?;
                        palette.push(pixel);
                        table[place] = Some((pixel, number));
                        return table[place];
                    }
                }
            }
        })?;
        last = Some((pixel, number));
        numbers.push(number);
    }
    Some((palette, numbers))
}

/// Whether most pixels are like the one before or above them.
fn is_flat(pixels: &[u32], width: usize) -> bool {
    let height = pixels.len() / width.max(1);
    let (mut alike, mut all) = (0_usize, 0_usize);
    for y in (1..height).step_by((height / SAMPLED_ROWS).max(1)) {
        let (above, row) = pixels[(y - 1) * width..(y + 1) * width].split_at(width);
        let pairs = row.windows(2).zip(&above[1..]);
        alike += pairs
            .filter(|(pair, above)| pair[1] == pair[0] || pair[1] == **above)
            .count();
        all += width - 1;
    }
    alike * 10 >= all * 7
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::Rgba;

    fn round_trip(picture: &RgbaImage) -> usize {
        let bytes = encode(picture, None).unwrap();
        let read = image::load_from_memory(&bytes).unwrap().into_rgba8();
        assert!(read == *picture, "what was written is read back");
        bytes.len()
    }

    #[test]
    fn pictures_of_all_kinds_are_read_back() {
        for (width, height) in [(1, 1), (3, 5), (257, 130)] {
            round_trip(&RgbaImage::from_pixel(width, height, Rgba([1, 2, 3, 255])));
            round_trip(&RgbaImage::from_fn(width, height, |x, y| {
                Rgba([x as u8, y as u8, (x * y) as u8, 255])
            }));
            round_trip(&RgbaImage::from_fn(width, height, |x, y| {
                Rgba([x as u8, 9, 8, (x + y) as u8])
            }));
        }
        let most = RgbaImage::from_fn(16, 16, |x, y| Rgba([x as u8, y as u8, 0, 255]));
        assert!(indexed_count(&most) == Some(256), "256 colours have a palette");
        let one_more = RgbaImage::from_fn(257, 1, |x, _| Rgba([(x % 256) as u8, (x / 256) as u8, 0, 255]));
        assert_eq!(indexed_count(&one_more), None, "257 have none");
        round_trip(&one_more);
    }

    fn indexed_count(picture: &RgbaImage) -> Option<usize> {
        let pixels = picture.pixels().map(|pixel| u32::from_le_bytes(pixel.0));
        indexed(&pixels.collect::<Vec<_>>()).map(|(palette, _)| palette.len())
    }

    #[test]
    fn exactly_enlarged_pictures_stay_small() {
        let picture = RgbaImage::from_fn(1024, 1024, |x, y| {
            let (x, y) = (x / 8, y / 8);
            Rgba([(x * 2) as u8, (y * 2) as u8, (x * y) as u8, 255])
        });
        let bytes = round_trip(&picture);
        assert!(
            bytes < 200_000,
            "128 × 128 colours at eight times the size take {bytes} bytes"
        );
    }
}
