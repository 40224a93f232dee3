//! A finished tensor as files: the PNG with its recipe, and the thumbnail. Same recipe and seed, same bytes.

use std::borrow::Cow;

use image::RgbImage;
use png::{BitDepth, ColorType, Compression, Filter};
use salon_domain::Recipe;

/// RGB values in memory, 8 bits each, rows from the top without padding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rgb {
    pub(crate) width: u32,
    pub(crate) height: u32,
    /// `3 × width × height` bytes.
    pub(crate) values: Vec<u8>,
}

/// Why a picture could not be written: its size does not match its bytes, or the encoder failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PictureError {
    #[error("the PNG could not be encoded: {0}")]
    Png(#[from] png::EncodingError),
    #[error(transparent)]
    Thumbnail(#[from] salon_catalog::CatalogError),
    #[error("a picture of {width} × {height} pixels came with {bytes} bytes")]
    Size { width: u32, height: u32, bytes: usize },
}

impl Rgb {
    /// The PNG, with `recipe` and the slot's `seed` in the text chunk `parameters`.
    pub(crate) fn png(&self, recipe: &Recipe, seed: u64) -> Result<Vec<u8>, PictureError> {
        self.encode(
            Compression::Balanced,
            Filter::Adaptive,
            Some(&parameters(recipe, seed)),
        )
    }

    /// A PNG without anything else, made quickly: for previews.
    pub(crate) fn preview(&self) -> Result<Vec<u8>, PictureError> {
        self.encode(Compression::Fast, Filter::Sub, None)
    }

    fn encode(
        &self,
        compression: Compression,
        filter: Filter,
        parameters: Option<&str>,
    ) -> Result<Vec<u8>, PictureError> {
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, self.width, self.height);
        encoder.set_color(ColorType::Rgb);
        encoder.set_depth(BitDepth::Eight);
        encoder.set_compression(compression);
        encoder.set_filter(filter);
        if let Some(text) = parameters {
            // As A1111 does: Latin-1 where it suffices, which every reader knows, else UTF-8.
            if text.chars().all(|letter| u32::from(letter) < 256) {
                encoder.add_text_chunk("parameters".into(), text.into())?;
            } else {
                encoder.add_itxt_chunk("parameters".into(), text.into())?;
            }
        }
        let mut writer = encoder.write_header()?;
        writer.write_image_data(&self.values)?;
        writer.finish()?;
        Ok(bytes)
    }

    /// The thumbnail.
    pub(crate) fn thumbnail(&self) -> Result<Vec<u8>, PictureError> {
        let size = PictureError::Size {
            width: self.width,
            height: self.height,
            bytes: self.values.len(),
        };
        let picture = RgbImage::from_raw(self.width, self.height, self.values.clone()).ok_or(size)?;
        Ok(salon_catalog::thumbnail(&picture)?)
    }
}

/// The recipe as A1111 writes it, which other tools read.
pub(crate) fn parameters(recipe: &Recipe, seed: u64) -> String {
    let mut text = one_line(&recipe.prompt).into_owned();
    if !recipe.negative_prompt.is_empty() {
        text.push_str("\nNegative prompt: ");
        text.push_str(&one_line(&recipe.negative_prompt));
    }
    let hash = recipe.model.sha256.to_string();
    let fields = [
        ("Steps", recipe.steps.to_string()),
        ("Sampler", recipe.sampler.label().into()),
        ("CFG scale", recipe.guidance.to_string()),
        ("Seed", seed.to_string()),
        ("Size", format!("{}x{}", recipe.width, recipe.height)),
        ("Model hash", hash[..10].into()),
        ("Model", recipe.model.name.clone()),
        ("Version", format!("Salon {}", env!("CARGO_PKG_VERSION"))),
    ];
    let fields: Vec<String> = fields
        .iter()
        .map(|(name, value)| format!("{name}: {value}"))
        .collect();
    text.push('\n');
    text.push_str(&fields.join(", "));
    text
}

/// Readers tell the parts apart by line; a NUL would end the chunk.
fn one_line(text: &str) -> Cow<'_, str> {
    if text.contains(['\n', '\r', '\0']) {
        Cow::Owned(text.replace(['\n', '\r', '\0'], " "))
    } else {
        Cow::Borrowed(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    use salon_domain::{Digest, ModelRef};

    fn recipe(prompt: &str) -> Recipe {
        Recipe {
            negative_prompt: "blur".into(),
            guidance: 3.5,
            seed: 7,
            ..Recipe::plain(
                ModelRef {
                    name: "house".into(),
                    sha256: Digest::ZERO,
                },
                prompt,
                512,
                256,
            )
        }
    }

    fn gradient(width: u32, height: u32) -> Rgb {
        let values = (0..3 * width * height).map(|index| (index % 251) as u8).collect();
        Rgb {
            width,
            height,
            values,
        }
    }

    #[test]
    fn the_png_carries_the_recipe_as_other_tools_read_it() {
        for prompt in ["a fox", "a fox → 狐"] {
            let bytes = gradient(64, 32).png(&recipe(prompt), 9).unwrap();
            let reader = png::Decoder::new(Cursor::new(&bytes)).read_info().unwrap();
            let info = reader.info();
            let latin = info
                .uncompressed_latin1_text
                .iter()
                .map(|chunk| (chunk.keyword.clone(), chunk.text.clone()));
            let utf8 = info
                .utf8_text
                .iter()
                .map(|chunk| (chunk.keyword.clone(), chunk.get_text().unwrap()));
            let found: Vec<_> = latin.chain(utf8).collect();
            let expected = format!(
                "{prompt}\nNegative prompt: blur\nSteps: 20, Sampler: DDIM, CFG scale: 3.5, Seed: 9, Size: 512x256, \
                 Model hash: 0000000000, Model: house, Version: Salon {}",
                env!("CARGO_PKG_VERSION")
            );
            assert_eq!(
                found,
                [("parameters".to_string(), expected)],
                "exactly one chunk, in A1111's form"
            );
        }
    }

    #[test]
    fn thumbnails_keep_the_shape_and_are_never_enlarged() {
        for ((width, height), expected) in [
            ((512, 256), (256, 128)),
            ((128, 128), (128, 128)),
            ((64, 512), (32, 256)),
        ] {
            let bytes = gradient(width, height).thumbnail().unwrap();
            let thumbnail = image::load_from_memory(&bytes).unwrap();
            assert_eq!(
                (thumbnail.width(), thumbnail.height()),
                expected,
                "of a picture of {width} × {height}"
            );
        }
        let lying = Rgb {
            width: 64,
            height: 64,
            values: vec![0; 5],
        };
        assert!(
            lying.thumbnail().is_err() && lying.preview().is_err(),
            "a picture that lies about its size is refused"
        );
    }
}
