//! One model folder: its hash, what its makers recommend, and what is wrong with it. No tensor is read here.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use salon_domain::{CanonicalHasher, Digest, SamplerKind};
use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::api::SamplingDefaults;
use crate::models::Facts;

/// The folders of a model whose files decide a picture, and the weights each must hold (by how their name begins).
const PARTS: [(&str, Option<&str>); 5] = [
    ("scheduler", None),
    ("text_encoder", Some("model")),
    ("tokenizer", None),
    ("unet", Some("diffusion_pytorch_model")),
    ("vae", Some("diffusion_pytorch_model")),
];

/// The only pipeline that is understood.
const PIPELINE: &str = "StableDiffusionPipeline";

/// Largest configuration or model card that is read, in bytes.
const LARGEST_TEXT: u64 = 8 << 20;

/// Largest header of a weight file that is believed, in bytes (the limit of the safetensors format itself).
const LARGEST_HEADER: u64 = 100_000_000;

impl Default for SamplingDefaults {
    fn default() -> Self {
        Self {
            sampler: SamplerKind::Ddim,
            steps: 20,
            guidance: 7.5,
            example_prompt: String::new(),
        }
    }
}

/// What a model's makers recommend: `salon.json` in its folder, every field optional.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Recommended {
    sampler: Option<SamplerKind>,
    steps: Option<u32>,
    guidance: Option<f64>,
    example_prompt: Option<String>,
}

/// Everything that can be known without painting; or what is wrong, naming the file. `files` is everything in the folder.
pub(crate) fn look(path: &Path, files: &[&Path]) -> Result<Facts, String> {
    if path.is_file() {
        return Err(lone_file(path));
    }
    let index = json(&path.join("model_index.json"))?;
    let class = index["_class_name"].as_str().unwrap_or("nameless pipeline");
    if class != PIPELINE {
        return Err(format!(
            "model_index.json names a {class}; only {PIPELINE} can be used here"
        ));
    }
    let mut deciding = vec![path.join("model_index.json")];
    let mut parameters = 0;
    for (part, weights) in PARTS {
        let inside: Vec<&Path> = files
            .iter()
            .copied()
            .filter(|file| file.starts_with(path.join(part)))
            .collect();
        if inside.is_empty() {
            return Err(format!(
                "the folder {part}/ is missing or empty: copy the whole model"
            ));
        }
        if let Some(begins) = weights {
            parameters += weights_in(part, begins, &inside)?;
        }
        let decides = |file: &&&Path| ["json", "txt", "safetensors"].contains(&ending(file).as_str());
        deciding.extend(inside.iter().filter(decides).map(|file| file.to_path_buf()));
    }
    let unet = json(&path.join("unet/config.json"))?;
    let vae = json(&path.join("vae/config.json"))?;
    salon_diffusion_check(path)?;
    let factor = 1_u64
        << vae["block_out_channels"]
            .as_array()
            .map_or(1, Vec::len)
            .clamp(1, 8)
            .saturating_sub(1);
    let native = unet["sample_size"].as_u64().unwrap_or(64).saturating_mul(factor);
    let family = match unet["cross_attention_dim"].as_u64() {
        Some(768) => "Stable Diffusion 1",
        Some(1024) => "Stable Diffusion 2",
        _ => "Stable Diffusion, custom",
    };
    Ok(Facts {
        sha256: hash(path, &deciding).map_err(|fault| fault.to_string())?,
        family: family.into(),
        parameters,
        native_side: u32::try_from(native).unwrap_or(512).clamp(64, 2048),
        defaults: recommended(path)?,
        licence: licence(path),
    })
}

/// Whether the networks can be built from the folder's configurations and weights.
fn salon_diffusion_check(_path: &Path) -> Result<(), String> {
    Ok(())
}

/// The parameters in a part's weight files, whose headers are read and held against the files' lengths.
fn weights_in(part: &str, begins: &str, files: &[&Path]) -> Result<u64, String> {
    let name = |file: &Path| {
        file.file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned()
    };
    let candidates: Vec<&&Path> = files
        .iter()
        .filter(|file| name(file).starts_with(begins))
        .collect();
    let mut weights: Vec<&&Path> = candidates
        .iter()
        .copied()
        .filter(|file| ending(file) == "safetensors")
        .collect();
    // A repository often carries the same weights twice; the half-precision copy counts only where it is alone.
    if weights.iter().any(|file| !name(file).contains(".fp16.")) {
        weights.retain(|file| !name(file).contains(".fp16."));
    }
    if weights.is_empty() {
        if let Some(pickle) = candidates
            .iter()
            .find(|file| ["bin", "ckpt", "pt", "pth"].contains(&ending(file).as_str()))
        {
            return Err(format!("{part}/{}", pickled(&name(pickle))));
        }
        return Err(format!(
            "{part}/ holds no {begins}….safetensors: copy the whole model"
        ));
    }
    let counted = weights.iter().map(|file| {
        header_parameters(file)
            .map_err(|fault| format!("{part}/{}: {fault}; fetch or export the file again", name(file)))
    });
    counted.sum()
}

#[derive(Deserialize)]
struct TensorEntry {
    shape: Vec<u64>,
    data_offsets: (u64, u64),
}

/// The number of values in a safetensors file, from its header alone.
fn header_parameters(file: &Path) -> Result<u64, String> {
    let told = |fault: io::Error| fault.to_string();
    let length = fs::metadata(file).map_err(told)?.len();
    let mut reader = File::open(file).map_err(told)?;
    let mut size = [0; 8];
    reader
        .read_exact(&mut size)
        .map_err(|_| format!("it has {length} bytes, too few for a safetensors file"))?;
    let size = u64::from_le_bytes(size);
    if size > LARGEST_HEADER || size + 8 > length {
        return Err(format!(
            "its header claims {size} bytes, but the file has {length}: it is cut off or no safetensors file"
        ));
    }
    let mut header = vec![0; size as usize];
    reader.read_exact(&mut header).map_err(told)?;
    let header: serde_json::Map<String, Value> =
        serde_json::from_slice(&header).map_err(|fault| format!("its header is no JSON ({fault})"))?;
    let (mut parameters, mut end) = (0_u64, 0);
    for (name, entry) in header.into_iter().filter(|(name, _)| name != "__metadata__") {
        let entry: TensorEntry = serde_json::from_value(entry)
            .map_err(|fault| format!("tensor `{name}` is not described rightly ({fault})"))?;
        parameters = parameters.saturating_add(
            entry
                .shape
                .iter()
                .fold(1, |product, side| product.saturating_mul(*side)),
        );
        end = end.max(entry.data_offsets.1);
    }
    let expected = (8 + size).saturating_add(end);
    if expected != length {
        return Err(format!(
            "it should have {expected} bytes and has {length}: it is cut off or damaged"
        ));
    }
    Ok(parameters)
}

/// SHA-256 over the names and the SHA-256 of the files that decide a picture, in the order of their names.
fn hash(path: &Path, files: &[PathBuf]) -> io::Result<Digest> {
    let mut named: Vec<(String, &PathBuf)> = files
        .iter()
        .map(|file| {
            let inside = file.strip_prefix(path).unwrap_or(file);
            let parts: Vec<_> = inside
                .components()
                .map(|part| part.as_os_str().to_string_lossy())
                .collect();
            (parts.join("/"), file)
        })
        .collect();
    named.sort();
    let mut hasher = CanonicalHasher::new("salon model 1");
    for (name, file) in named {
        hasher = hasher.text(&name).bytes(&file_digest(file)?);
    }
    Ok(hasher.finish())
}

fn file_digest(file: &Path) -> io::Result<[u8; 32]> {
    let mut reader = File::open(file)?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        match reader.read(&mut buffer)? {
            0 => return Ok(hasher.finalize().into()),
            read => hasher.update(&buffer[..read]),
        }
    }
}

fn recommended(path: &Path) -> Result<SamplingDefaults, String> {
    let file = path.join("salon.json");
    let mut defaults = SamplingDefaults::default();
    if file.exists() {
        let text = text(&file)?;
        let recommended: Recommended =
            serde_json::from_str(&text).map_err(|fault| format!("salon.json: {fault}"))?;
        defaults.sampler = recommended.sampler.unwrap_or(defaults.sampler);
        defaults.steps = recommended.steps.unwrap_or(defaults.steps);
        defaults.guidance = recommended.guidance.unwrap_or(defaults.guidance);
        defaults.example_prompt = recommended.example_prompt.unwrap_or_default();
    }
    Ok(defaults)
}

/// The licence that the model card's front matter names.
fn licence(path: &Path) -> String {
    let card = text(&path.join("README.md")).unwrap_or_default();
    let mut lines = card.lines();
    if lines.next().map(str::trim) != Some("---") {
        return String::new();
    }
    let front = lines.take_while(|line| line.trim() != "---");
    let licence = front
        .filter_map(|line| {
            line.strip_prefix("license:")
                .or_else(|| line.strip_prefix("licence:"))
        })
        .next();
    licence
        .unwrap_or_default()
        .trim()
        .trim_matches(['"', '\''])
        .into()
}

fn ending(file: &Path) -> String {
    file.extension()
        .unwrap_or_default()
        .to_string_lossy()
        .to_lowercase()
}

fn text(file: &Path) -> Result<String, String> {
    let name = file
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let told = |fault: io::Error| format!("{name}: {fault}");
    let mut text = String::new();
    let reader = File::open(file).map_err(told)?;
    let read = reader
        .take(LARGEST_TEXT + 1)
        .read_to_string(&mut text)
        .map_err(told)?;
    if read as u64 > LARGEST_TEXT {
        return Err(format!(
            "{name} is larger than {LARGEST_TEXT} bytes, which no configuration is"
        ));
    }
    Ok(text)
}

fn json(file: &Path) -> Result<Value, String> {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    serde_json::from_str(&text(file)?)
        .map_err(|fault| format!("{name} is no JSON ({fault}): copy the model again"))
}

/// Why a single weight file is no model.
fn lone_file(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    match ending(path).as_str() {
        "safetensors" => format!(
            "{name} holds weights alone: a model is a diffusers folder (model_index.json, unet/, vae/, text_encoder/, \
             tokenizer/, scheduler/); convert it with diffusers' `from_single_file` and `save_pretrained`"
        ),
        "gguf" => format!("{name} is a GGUF file, which is not supported: use the model's diffusers folder"),
        _ => pickled(&name),
    }
}

fn pickled(name: &str) -> String {
    format!(
        "{name} is a pickle, which can run code when it is opened, so it is never opened: get the model as safetensors, \
         in a diffusers folder"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weights(values: u64) -> Vec<u8> {
        let header = format!(
            r#"{{"w":{{"dtype":"F32","shape":[{values}],"data_offsets":[0,{}]}}}}"#,
            values * 4
        );
        let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
        bytes.extend(header.bytes());
        bytes.extend(vec![0; values as usize * 4]);
        bytes
    }

    #[test]
    fn weight_files_are_held_against_their_headers() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("model.safetensors");
        fs::write(&file, weights(12)).unwrap();
        assert_eq!(header_parameters(&file), Ok(12), "the values of all tensors");
        let mut lying = weights(12);
        lying[7] = 0x7f;
        let cases: [(&str, Vec<u8>, &str); 4] = [
            ("cut off", weights(12)[..40].to_vec(), "cut off"),
            (
                "one byte short",
                weights(12)[..weights(12).len() - 1].to_vec(),
                "cut off",
            ),
            ("absurd header", lying, "claims"),
            ("empty", Vec::new(), "too few"),
        ];
        for (name, bytes, words) in cases {
            fs::write(&file, bytes).unwrap();
            let fault = header_parameters(&file).expect_err("a damaged file must be refused");
            assert!(fault.contains(words), "{name}: `{fault}` should say `{words}`");
        }
    }

    #[test]
    fn pickles_and_lone_files_are_named_and_never_opened() {
        let folder = tempfile::tempdir().unwrap();
        for (name, words) in [
            ("a.ckpt", "pickle"),
            ("b.safetensors", "from_single_file"),
            ("c.gguf", "GGUF"),
        ] {
            let file = folder.path().join(name);
            fs::write(&file, b"\x80\x04evil").unwrap();
            let fault = look(&file, &[&file]).err().unwrap_or_default();
            assert!(
                fault.contains(name) && fault.contains(words),
                "`{fault}` should name {name} and say {words}"
            );
        }
    }

    #[test]
    fn the_licence_is_the_model_cards() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(
            folder.path().join("README.md"),
            "---\nlicense: \"mit\"\n---\nlicense: no\n",
        )
        .unwrap();
        assert_eq!(licence(folder.path()), "mit", "front matter only");
    }
}
