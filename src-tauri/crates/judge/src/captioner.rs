//! Captioners: a network that writes what it sees, and says how likely it finds what somebody else would say of a picture.
//!
//! [`Captioner::open`] reads BLIP for captioning (Li et al. 2022, arXiv:2201.12086) as transformers writes it: `config.json`,
//! `preprocessor_config.json`, `tokenizer.json` (or `vocab.txt`) and `model.safetensors` or its shards. A picture is looked at
//! once ([`Captioner::look`]); everything that is said of it afterwards shares that look.

mod config;
mod decoder;
#[cfg(test)]
mod tests;
mod words;

use std::path::Path;

use candle_core::{DType, Device, Tensor};
use image::RgbImage;

use crate::draws::Draws;
use crate::encoder::Preprocessing;
use crate::encoder::block::{Block, BlockNames, Linear, Norm, Take};
use crate::encoder::config::read_preprocessing;
use crate::weights::WeightFolder;
use crate::{JudgeError, Result};
use config::{EyesShape, Shape};
use decoder::Decoder;
pub use decoder::Look;
use words::Vocabulary;

/// `model_type` of the configurations that can be read.
pub const KINDS: [&str; 1] = ["blip"];

/// Tokens of the longest caption that is written.
pub const LONGEST_CAPTION: usize = 30;

/// Phrases that go through the network at once: every token needs a row as wide as the vocabulary.
const BATCH: usize = 24;

/// Pictures of noise among those of nothing.
const NOISE: u64 = 3;

/// A text in the tokens of one captioner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Phrase {
    tokens: Vec<u32>,
}

impl Phrase {
    /// How many tokens it has.
    pub fn tokens(&self) -> usize {
        self.tokens.len()
    }
}

/// What is known of a captioner without reading its weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CaptionerFacts {
    /// Numbers that were learnt.
    pub parameters: u64,
    /// Pixels a side of the pictures that it sees.
    pub side: u32,
}

/// The vision transformer in front of a captioner.
struct Eyes {
    patches: Linear,
    class: Tensor,
    positions: Tensor,
    blocks: Vec<Block>,
    after: Norm,
    patch: usize,
}

impl Eyes {
    fn new(take: &mut Take, shape: &EyesShape) -> Result<Self> {
        let (width, patch) = (shape.block.hidden, shape.patch);
        let at = |name: &str| format!("vision_model.{name}");
        let weight = take(
            &at("embeddings.patch_embedding.weight"),
            &[width, 3, patch, patch],
        )?;
        let names = BlockNames::blip("vision_model.encoder.layers");
        Ok(Self {
            patches: Linear {
                weight: weight.reshape((width, 3 * patch * patch))?,
                bias: Some(take(&at("embeddings.patch_embedding.bias"), &[width])?),
            },
            class: take(&at("embeddings.class_embedding"), &[1, 1, width])?,
            positions: take(&at("embeddings.position_embedding"), &[1, shape.places(), width])?,
            blocks: (0..shape.layers)
                .map(|index| Block::new(take, &names, shape.block, index))
                .collect::<Result<_>>()?,
            after: Norm::new(take, &at("post_layernorm"), width, shape.block.eps)?,
            patch,
        })
    }

    /// Patches [1, N, 3 · patch²] → what is seen in each place [1, N + 1, hidden], the whole first.
    fn forward(&self, patches: &Tensor) -> Result<Tensor> {
        let mut x = Tensor::cat(&[&self.class, &self.patches.forward(patches)?], 1)?;
        x = (x + &self.positions)?;
        for block in &self.blocks {
            x = block.forward(&x, None)?;
        }
        self.after.forward(&x)
    }
}

/// A captioner, ready to use. It can be shared between threads.
pub struct Captioner {
    eyes: Eyes,
    decoder: Decoder,
    vocabulary: Vocabulary,
    preprocessing: Preprocessing,
    shape: Shape,
    device: Device,
}

impl std::fmt::Debug for Captioner {
    fn fmt(&self, out: &mut std::fmt::Formatter) -> std::fmt::Result {
        out.debug_struct("Captioner")
            .field("shape", &self.shape)
            .finish_non_exhaustive()
    }
}

/// What a folder's small files say.
struct Described {
    shape: Shape,
    preprocessing: Preprocessing,
    vocabulary: Vocabulary,
}

fn described(folder: &Path) -> Result<Described> {
    let shape = config::read_shape(&folder.join("config.json"))?;
    let preparation = folder.join("preprocessor_config.json");
    let preprocessing = read_preprocessing(&preparation)?;
    let side = shape.eyes.image as u32;
    if preprocessing.size() != Some((side, side)) {
        return Err(JudgeError::File {
            path: preparation,
            why: format!(
                "pictures become {:?}, but config.json was written for {side} pixels a side",
                preprocessing.size()
            ),
        });
    }
    Ok(Described {
        vocabulary: Vocabulary::open(folder, &shape.words)?,
        shape,
        preprocessing,
    })
}

fn network(shape: &Shape, take: &mut Take, tied: bool) -> Result<(Eyes, Decoder)> {
    let eyes = Eyes::new(take, &shape.eyes)?;
    Ok((eyes, Decoder::new(take, shape, tied)?))
}

/// Whether the matrix that chooses words is the one that reads them, which files then hold once.
fn is_tied(weights: &WeightFolder) -> Result<bool> {
    Ok(!weights.has(decoder::OUTPUT)?)
}

impl Captioner {
    /// Reads a captioner from its folder.
    ///
    /// # Errors
    /// [`JudgeError::File`] for another architecture, and for whatever is missing, broken or does not fit: the file, and the
    /// tensor or field in it.
    pub fn open(folder: &Path, device: &Device) -> Result<Self> {
        let Described {
            shape,
            preprocessing,
            vocabulary,
        } = described(folder)?;
        let weights = WeightFolder::open(folder)?;
        let mut take = |name: &str, dims: &[usize]| weights.tensor(name, dims, device);
        let (eyes, decoder) = network(&shape, &mut take, is_tied(&weights)?)?;
        Ok(Self {
            eyes,
            decoder,
            vocabulary,
            preprocessing,
            shape,
            device: device.clone(),
        })
    }

    /// Whether a folder holds a captioner that could be opened, without reading its weights.
    ///
    /// # Errors
    /// Those of [`Captioner::open`].
    pub fn check(folder: &Path) -> Result<CaptionerFacts> {
        let Described { shape, .. } = described(folder)?;
        let weights = WeightFolder::open(folder)?;
        let mut parameters = 0;
        let mut take = |name: &str, dims: &[usize]| {
            weights.check(name, dims)?;
            parameters += dims.iter().product::<usize>() as u64;
            // A byte for each number, which the system hands out only when it is written to.
            Ok::<_, JudgeError>(Tensor::zeros(dims, DType::U8, &Device::Cpu)?)
        };
        network(&shape, &mut take, is_tied(&weights)?)?;
        Ok(CaptionerFacts {
            parameters,
            side: shape.eyes.image as u32,
        })
    }

    /// Looks at a picture.
    ///
    /// # Errors
    /// [`JudgeError::Input`] for a picture without pixels.
    pub fn look(&self, picture: &RgbImage) -> Result<Look> {
        if picture.width() == 0 || picture.height() == 0 {
            return Err(JudgeError::Input(
                "a picture without pixels cannot be described".into(),
            ));
        }
        self.see(self.preprocessing.patches(picture, self.eyes.patch))
    }

    /// What is seen where there is nothing to see: the mean of all pictures, and noise as bright and as rough as they are. How
    /// likely a phrase is then says how common its words are (Lin et al. 2024, arXiv:2306.01879).
    pub fn nothing(&self) -> Result<Vec<Look>> {
        let count = (self.shape.eyes.places() - 1) * 3 * self.eyes.patch * self.eyes.patch;
        let noise = (0..NOISE).map(|number| Draws::new(number, 0, 0).normals(count));
        // The preprocessing takes pixels to mean 0 and deviation 1.
        std::iter::once(vec![0.0; count])
            .chain(noise)
            .map(|patches| self.see(patches))
            .collect()
    }

    /// What is seen of patches, row by row.
    fn see(&self, patches: Vec<f32>) -> Result<Look> {
        let values = 3 * self.eyes.patch * self.eyes.patch;
        let patches = Tensor::from_vec(patches, (1, self.shape.eyes.places() - 1, values), &self.device)?;
        self.decoder.look(&self.eyes.forward(&patches)?)
    }

    /// A text in this captioner's tokens.
    ///
    /// # Errors
    /// [`JudgeError::Input`] for a text without a token, or with more of them than the network reads.
    pub fn phrase(&self, text: &str) -> Result<Phrase> {
        let wrong = |why: &str| Err(JudgeError::Input(format!("\"{text}\" {why}")));
        let tokens = self.vocabulary.tokens(text)?;
        match tokens.len() {
            0 => wrong("says nothing that the captioner could look for"),
            count if count >= self.shape.words.longest => {
                wrong("is longer than the captioner can read: shorten the value's name in the schema")
            }
            _ => Ok(Phrase { tokens }),
        }
    }

    /// How likely captions of the picture begin with each phrase: natural logarithms, token by token added up. How many phrases
    /// are given at once changes nothing.
    pub fn likelihoods(&self, look: &Look, phrases: &[Phrase]) -> Result<Vec<f64>> {
        let mut all = Vec::with_capacity(phrases.len());
        for batch in phrases.chunks(BATCH) {
            let tokens: Vec<&[u32]> = batch.iter().map(|phrase| phrase.tokens.as_slice()).collect();
            all.extend(self.decoder.likelihoods(look, &tokens)?);
        }
        Ok(all)
    }

    /// What the captioner writes of the picture: at every place the likeliest token, until it ends or [`LONGEST_CAPTION`] are
    /// written.
    pub fn describe(&self, look: &Look) -> Result<String> {
        let tokens = self.decoder.write(look, LONGEST_CAPTION)?;
        self.vocabulary.text(&tokens)
    }
}
