//! AVIF: still pictures of AV1 in full colour, 4:4:4, with transparency as a picture of its own.

use image::RgbaImage;
use ravif::{BitDepth, Encoder, Error, Img, RGBA8};

/// Of 1 (slow) to 10 (quick): a step less takes nearly twice as long for a fifth of the bytes.
const SPEED: u8 = 10;

/// The bytes of an AVIF file; `quality` is 1 to 100. One thread and one tile, so that the same picture gives the same bytes
/// however many threads there are.
pub(super) fn encode(picture: &RgbaImage, quality: u8) -> Result<Vec<u8>, Error> {
    let pixels = picture.as_raw().as_chunks::<4>().0;
    let pixels: Vec<RGBA8> = pixels
        .iter()
        .map(|[red, green, blue, alpha]| RGBA8::new(*red, *green, *blue, *alpha))
        .collect();
    let quality = f32::from(quality.clamp(1, 100));
    let (width, height) = picture.dimensions();
    let encoded = Encoder::new()
        .with_quality(quality)
        .with_alpha_quality(quality)
        .with_speed(SPEED)
        .with_bit_depth(BitDepth::Ten)
        .with_num_threads(Some(1))
        .encode_rgba(Img::new(&pixels, width as usize, height as usize))?;
    Ok(encoded.avif_file)
}
