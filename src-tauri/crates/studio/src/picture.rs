//! A finished tensor as files: the PNG with its recipe, and the thumbnail. Same recipe and slot, same bytes.

use image::RgbImage;
use png::{BitDepth, ColorType, Compression, Filter};
use salon_domain::{Recipe, Slot};

use crate::parameters::{self, Written};

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
    /// The PNG, with the recipe in two text chunks: as A1111 writes it, which other tools read, and whole.
    pub(crate) fn png(&self, recipe: &Recipe, slot: &Slot) -> Result<Vec<u8>, PictureError> {
        let written = Written::of(recipe, slot);
        let whole = serde_json::to_string(&written).unwrap_or_default();
        let chunks = [
            (parameters::A1111, written.as_a1111()),
            (parameters::SALON, whole),
        ];
        self.encode(Compression::Balanced, Filter::Adaptive, &chunks)
    }

    /// A PNG without anything else, made quickly: for previews.
    pub(crate) fn preview(&self) -> Result<Vec<u8>, PictureError> {
        self.encode(Compression::Fast, Filter::Sub, &[])
    }

    fn encode(
        &self,
        compression: Compression,
        filter: Filter,
        chunks: &[(&str, String)],
    ) -> Result<Vec<u8>, PictureError> {
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, self.width, self.height);
        encoder.set_color(ColorType::Rgb);
        encoder.set_depth(BitDepth::Eight);
        encoder.set_compression(compression);
        encoder.set_filter(filter);
        for (keyword, text) in chunks {
            // As A1111 does: Latin-1 where it suffices, which every reader knows, else UTF-8.
            if text.chars().all(|letter| u32::from(letter) < 256) {
                encoder.add_text_chunk((*keyword).into(), text.clone())?;
            } else {
                encoder.add_itxt_chunk((*keyword).into(), text.clone())?;
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    use salon_domain::{Digest, ModelRef, RunId, SlotPrompts, SlotState, TemplateMode};

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

    fn slot(recipe: &Recipe, seed: u64) -> Slot {
        Slot {
            run: RunId(1),
            index: 0,
            seed,
            resolved: recipe.template.map(|_| SlotPrompts {
                prompt: "a teal fox".into(),
                negative_prompt: String::new(),
            }),
            state: SlotState::Pending,
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
    fn the_png_carries_the_recipe_as_other_tools_read_it_and_whole() {
        let template = Recipe {
            template: Some(TemplateMode::Random),
            ..recipe("a {red|teal} fox")
        };
        for recipe in [recipe("a fox"), recipe("a fox → 狐"), template] {
            let slot = slot(&recipe, 9);
            let bytes = gradient(64, 32).png(&recipe, &slot).unwrap();
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
            let found: std::collections::BTreeMap<_, _> = latin.chain(utf8).collect();
            let written = Written::of(&recipe, &slot);
            assert_eq!(
                found.get(parameters::A1111),
                Some(&written.as_a1111()),
                "as other tools read it"
            );
            let whole: Written = serde_json::from_str(&found[parameters::SALON]).unwrap();
            assert_eq!(whole, written, "and whole");
            assert_eq!(found.len(), 2, "nothing else: {found:?}");
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
