//! `config.json` and `preprocessor_config.json` of transformers: what network a folder holds and what it is shown.
//! Fields that a file leaves out have the values that transformers gives them.

use std::path::Path;

use serde_json::{Value, json};

use super::block::BlockShape;
use super::ops::Activation;
use super::pixels::{Fit, Mixing, Preprocessing};
use super::tower::{Family, Shape};
use crate::{JudgeError, Result};

/// A JSON document and where it came from, so that every complaint names the file and the field.
pub(crate) struct Document<'a> {
    path: &'a Path,
    pub(crate) value: Value,
}

impl<'a> Document<'a> {
    pub(crate) fn read(path: &'a Path, missing: &str) -> Result<Self> {
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(fault) if fault.kind() == std::io::ErrorKind::NotFound => return Err(bad(path, missing)),
            Err(fault) => return Err(bad(path, format!("could not be read: {fault}"))),
        };
        let value =
            serde_json::from_str(&text).map_err(|fault| bad(path, format!("is not JSON: {fault}")))?;
        Ok(Self { path, value })
    }

    pub(crate) fn bad(&self, why: impl Into<String>) -> JudgeError {
        bad(self.path, why)
    }

    pub(crate) fn count(&self, part: &Value, field: &str, usual: usize) -> Result<usize> {
        self.whole(part, field, usual, 1..=65_536)
    }

    pub(crate) fn whole(
        &self,
        part: &Value,
        field: &str,
        usual: usize,
        within: std::ops::RangeInclusive<usize>,
    ) -> Result<usize> {
        match part.get(field) {
            None | Some(Value::Null) => Ok(usual),
            Some(value) => match value.as_u64() {
                Some(number) if within.contains(&(number as usize)) => Ok(number as usize),
                _ => Err(self.bad(format!(
                    "`{field}` is {value}, but a number from {} to {} is needed",
                    within.start(),
                    within.end()
                ))),
            },
        }
    }

    pub(crate) fn number(&self, part: &Value, field: &str, usual: f64) -> Result<f64> {
        match part.get(field) {
            None | Some(Value::Null) => Ok(usual),
            Some(value) => value
                .as_f64()
                .ok_or_else(|| self.bad(format!("`{field}` is {value}, but a number is needed"))),
        }
    }

    fn flag(&self, field: &str, usual: bool) -> Result<bool> {
        match self.value.get(field) {
            None | Some(Value::Null) => Ok(usual),
            Some(value) => value
                .as_bool()
                .ok_or_else(|| self.bad(format!("`{field}` is {value}, but true or false is needed"))),
        }
    }
}

fn bad(path: &Path, why: impl Into<String>) -> JudgeError {
    JudgeError::File {
        path: path.to_path_buf(),
        why: why.into(),
    }
}

/// The network that `config.json` describes.
pub fn read_shape(path: &Path) -> Result<Shape> {
    let document = Document::read(
        path,
        "is missing: an encoder is a folder with config.json, preprocessor_config.json and model.safetensors",
    )?;
    let whole = &document.value;
    let kind = whole.get("model_type").and_then(Value::as_str).unwrap_or("");
    let vision = whole.get("vision_config").cloned().unwrap_or(Value::Null);
    let shape = match kind {
        // The projection of the whole model counts, not the one its vision part repeats.
        "clip" => clip(&document, &vision, document.count(whole, "projection_dim", 512)?)?,
        "clip_vision_model" => clip(&document, whole, document.count(whole, "projection_dim", 512)?)?,
        "siglip" => siglip(&document, &vision)?,
        "siglip_vision_model" => siglip(&document, whole)?,
        "dinov2" => dino(&document, 0)?,
        "dinov2_with_registers" => dino(&document, document.count(whole, "num_register_tokens", 4)?)?,
        other => {
            let why = format!(
                "holds a `{other}`, which is no encoder Salon knows: `clip`, `siglip`, `dinov2` and their vision parts are"
            );
            return Err(document.bad(why));
        }
    };
    if shape.hidden % shape.heads != 0 {
        let why = format!("{} heads do not divide a width of {}", shape.heads, shape.hidden);
        return Err(document.bad(why));
    }
    if shape.image < shape.patch {
        let why = format!(
            "a patch of {} pixels is larger than a picture of {}",
            shape.patch, shape.image
        );
        return Err(document.bad(why));
    }
    Ok(shape)
}

/// The words' side of a network.
#[derive(Debug, Clone, Copy)]
pub struct TextShape {
    /// Whose conventions it follows: CLIP's or SigLIP's.
    pub family: Family,
    /// Entries of the vocabulary.
    pub vocabulary: usize,
    /// Tokens of the longest text, begin and end included.
    pub longest: usize,
    /// Blocks.
    pub layers: usize,
    /// Their sizes.
    pub(crate) block: BlockShape,
    /// Width of an embedding.
    pub projection: usize,
    /// The token that ends a text; CLIP alone reads there.
    pub end: u32,
    /// The token that fills a text up, where the tokenizer names none; SigLIP alone fills up.
    pub padding: u32,
}

/// The words' side of the network that `config.json` describes.
pub fn read_text_shape(path: &Path) -> Result<TextShape> {
    let document = Document::read(
        path,
        "is missing: an encoder is a folder with config.json, preprocessor_config.json and model.safetensors",
    )?;
    let whole = &document.value;
    let kind = whole.get("model_type").and_then(Value::as_str).unwrap_or("");
    let part = whole.get("text_config").cloned().unwrap_or(Value::Null);
    let usual = match kind {
        "clip" => (Family::Clip, 49_408, 77, 512, 2048, 8, "quick_gelu", 1e-5),
        "siglip" => (
            Family::Siglip,
            32_000,
            64,
            768,
            3072,
            12,
            "gelu_pytorch_tanh",
            1e-6,
        ),
        other => {
            return Err(document.bad(format!(
                "holds a `{other}`, which reads pictures and no words: take a whole CLIP or SigLIP, with its text_model"
            )));
        }
    };
    let (family, vocabulary, longest, hidden, intermediate, heads, gelu, eps) = usual;
    let block = BlockShape {
        hidden: document.count(&part, "hidden_size", hidden)?,
        intermediate: document.count(&part, "intermediate_size", intermediate)?,
        heads: document.count(&part, "num_attention_heads", heads)?,
        activation: activation(&document, &part, gelu)?,
        eps: document.number(&part, "layer_norm_eps", eps)?,
    };
    if !block.hidden.is_multiple_of(block.heads) {
        let why = format!("{} heads do not divide a width of {}", block.heads, block.hidden);
        return Err(document.bad(why));
    }
    let token = |field: &str, usual: usize| -> Result<u32> {
        Ok(document.whole(&part, field, usual, 0..=1 << 24)? as u32)
    };
    Ok(TextShape {
        family,
        vocabulary: document.whole(&part, "vocab_size", vocabulary, 1..=1 << 20)?,
        longest: document.count(&part, "max_position_embeddings", longest)?,
        layers: document.count(&part, "num_hidden_layers", 12)?,
        block,
        projection: match family {
            Family::Siglip => document.count(&part, "projection_size", block.hidden)?,
            _ => document.count(whole, "projection_dim", 512)?,
        },
        end: token("eos_token_id", 49_407)?,
        padding: token("pad_token_id", 1)?,
    })
}

pub(crate) fn activation(document: &Document, part: &Value, usual: &str) -> Result<Activation> {
    let name = part.get("hidden_act").and_then(Value::as_str).unwrap_or(usual);
    match name {
        "quick_gelu" => Ok(Activation::QuickGelu),
        "gelu" => Ok(Activation::Gelu),
        "gelu_new" | "gelu_pytorch_tanh" | "gelu_fast" => Ok(Activation::GeluTanh),
        other => Err(document.bad(format!(
            "`hidden_act` is `{other}`: quick_gelu, gelu and gelu_pytorch_tanh can be used"
        ))),
    }
}

pub(crate) fn channels(document: &Document, part: &Value) -> Result<()> {
    match document.count(part, "num_channels", 3)? {
        3 => Ok(()),
        other => Err(document.bad(format!("`num_channels` is {other}, but pictures have 3"))),
    }
}

fn clip(document: &Document, part: &Value, projection: usize) -> Result<Shape> {
    channels(document, part)?;
    Ok(Shape {
        family: Family::Clip,
        hidden: document.count(part, "hidden_size", 768)?,
        intermediate: document.count(part, "intermediate_size", 3072)?,
        layers: document.count(part, "num_hidden_layers", 12)?,
        heads: document.count(part, "num_attention_heads", 12)?,
        patch: document.count(part, "patch_size", 32)?,
        image: document.count(part, "image_size", 224)?,
        registers: 0,
        projection: Some(projection),
        activation: activation(document, part, "quick_gelu")?,
        eps: document.number(part, "layer_norm_eps", 1e-5)?,
    })
}

fn siglip(document: &Document, part: &Value) -> Result<Shape> {
    channels(document, part)?;
    if part.get("vision_use_head").and_then(Value::as_bool) == Some(false) {
        return Err(document
            .bad("`vision_use_head` is false: without its pooling head this network gives no embedding"));
    }
    Ok(Shape {
        family: Family::Siglip,
        hidden: document.count(part, "hidden_size", 768)?,
        intermediate: document.count(part, "intermediate_size", 3072)?,
        layers: document.count(part, "num_hidden_layers", 12)?,
        heads: document.count(part, "num_attention_heads", 12)?,
        patch: document.count(part, "patch_size", 16)?,
        image: document.count(part, "image_size", 224)?,
        registers: 0,
        projection: None,
        activation: activation(document, part, "gelu_pytorch_tanh")?,
        eps: document.number(part, "layer_norm_eps", 1e-6)?,
    })
}

fn dino(document: &Document, registers: usize) -> Result<Shape> {
    let part = &document.value;
    channels(document, part)?;
    if document.flag("use_swiglu_ffn", false)? {
        return Err(
            document.bad("`use_swiglu_ffn` is true (the giant DINOv2): use the small, base or large one")
        );
    }
    if !document.flag("qkv_bias", true)? {
        return Err(document.bad("`qkv_bias` is false: the published DINOv2 networks have these biases"));
    }
    let hidden = document.count(part, "hidden_size", 768)?;
    let ratio = document.number(part, "mlp_ratio", 4.0)?;
    Ok(Shape {
        family: Family::DinoV2,
        hidden,
        intermediate: (hidden as f64 * ratio) as usize,
        layers: document.count(part, "num_hidden_layers", 12)?,
        heads: document.count(part, "num_attention_heads", 12)?,
        patch: document.count(part, "patch_size", if registers == 0 { 14 } else { 16 })?,
        image: document.count(part, "image_size", 224)?,
        registers,
        projection: None,
        activation: activation(document, part, "gelu")?,
        eps: document.number(part, "layer_norm_eps", 1e-6)?,
    })
}

/// What `preprocessor_config.json` does to a picture.
pub fn read_preprocessing(path: &Path) -> Result<Preprocessing> {
    let document = Document::read(
        path,
        "is missing: it says how large and in what colours the network wants its pictures; copy it from where the weights came from",
    )?;
    let part = &document.value;
    let fit = if document.flag("do_resize", true)? {
        fit(&document)?
    } else {
        Fit::AsItIs
    };
    let crop = if document.flag("do_center_crop", part.get("crop_size").is_some())? {
        Some(crop(&document)?)
    } else {
        None
    };
    let covered = match (fit, crop) {
        (Fit::ShortestEdge(edge), Some((width, height))) => edge >= width.max(height),
        (Fit::Exactly(wide, high), Some((width, height))) => wide >= width && high >= height,
        _ => true,
    };
    if !covered {
        return Err(document.bad("`crop_size` is larger than `size`: nothing could be cut out"));
    }
    if matches!(fit, Fit::AsItIs) || matches!((fit, crop), (Fit::ShortestEdge(_), None)) {
        return Err(document.bad("pictures of every size would come out: `size` or `crop_size` must fix one"));
    }
    let normalised = document.flag("do_normalize", true)?;
    let rescaled = document.number(part, "rescale_factor", 1.0 / 255.0)?;
    if (rescaled * 255.0 - 1.0).abs() > 1e-3 {
        return Err(document.bad(format!(
            "`rescale_factor` is {rescaled}, but pixels run from 0 to 255: 1/255 is needed"
        )));
    }
    let three = |field: &str| -> Result<[f32; 3]> {
        let values: Option<Vec<f32>> = part.get(field).and_then(Value::as_array).map(|values| {
            values
                .iter()
                .filter_map(|value| value.as_f64().map(|value| value as f32))
                .collect()
        });
        match values.as_deref() {
            Some(&[red, green, blue]) => Ok([red, green, blue]),
            _ => Err(document.bad(format!(
                "`{field}` must be three numbers, one for red, green and blue each"
            ))),
        }
    };
    let mixing = match document.number(part, "resample", 3.0)? as i64 {
        0 => Mixing::Nearest,
        1 => Mixing::Lanczos,
        2 => Mixing::Bilinear,
        3 => Mixing::Bicubic,
        other => return Err(document.bad(format!("`resample` is {other}: 0, 1, 2 and 3 are understood"))),
    };
    let deviation = if normalised { three("image_std")? } else { [1.0; 3] };
    if deviation.iter().any(|value| *value <= 0.0) {
        return Err(document.bad("`image_std` must be above zero"));
    }
    Ok(Preprocessing {
        fit,
        mixing,
        crop,
        mean: if normalised {
            three("image_mean")?
        } else {
            [0.0; 3]
        },
        deviation,
    })
}

fn side(document: &Document, field: &str, value: Option<&Value>) -> Result<u32> {
    match value.and_then(Value::as_u64) {
        Some(number @ 1..=4096) => Ok(number as u32),
        _ => Err(document.bad(format!("`{field}` must be sides from 1 to 4096 pixels"))),
    }
}

fn fit(document: &Document) -> Result<Fit> {
    let size = document.value.get("size").unwrap_or(&Value::Null);
    if size.is_number() {
        return side(document, "size", Some(size)).map(Fit::ShortestEdge);
    }
    if size.get("shortest_edge").is_some() {
        return side(document, "size", size.get("shortest_edge")).map(Fit::ShortestEdge);
    }
    Ok(Fit::Exactly(
        side(document, "size", size.get("width"))?,
        side(document, "size", size.get("height"))?,
    ))
}

fn crop(document: &Document) -> Result<(u32, u32)> {
    let size = document.value.get("crop_size").unwrap_or(&Value::Null);
    if size.is_number() {
        let side = side(document, "crop_size", Some(size))?;
        return Ok((side, side));
    }
    Ok((
        side(document, "crop_size", size.get("width"))?,
        side(document, "crop_size", size.get("height"))?,
    ))
}

/// `config.json` of a network in CLIP's form, so that transformers opens it as `CLIPVisionModelWithProjection`.
pub fn clip_config(shape: &Shape) -> Value {
    json!({
        "architectures": ["CLIPVisionModelWithProjection"],
        "model_type": "clip_vision_model",
        "hidden_size": shape.hidden,
        "intermediate_size": shape.intermediate,
        "num_hidden_layers": shape.layers,
        "num_attention_heads": shape.heads,
        "num_channels": 3,
        "patch_size": shape.patch,
        "image_size": shape.image,
        "projection_dim": shape.width(),
        "hidden_act": "quick_gelu",
        "layer_norm_eps": shape.eps,
    })
}

/// `preprocessor_config.json` for pictures of `side` × `side` pixels, levels from −1 to 1.
pub fn clip_preprocessing(side: usize) -> Value {
    json!({
        "image_processor_type": "CLIPImageProcessor",
        "do_resize": true,
        "size": {"height": side, "width": side},
        "resample": 2,
        "do_center_crop": false,
        "do_rescale": true,
        "rescale_factor": 1.0 / 255.0,
        "do_normalize": true,
        "image_mean": [0.5, 0.5, 0.5],
        "image_std": [0.5, 0.5, 0.5],
    })
}
