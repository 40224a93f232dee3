//! One model, a folder or a file: its hash, what its makers recommend, and what is wrong with it. No tensor is read here.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use salon_diffusion::ModelReport;
use salon_domain::{CanonicalHasher, Digest, SamplerKind, limits};
use serde::Deserialize;

use crate::api::{ModelCapabilities, SamplingDefaults};

use super::{Facts, FileHashes, ending};

/// The folders of a model whose files decide a picture.
const PARTS: [&str; 7] = [
    "scheduler",
    "text_encoder",
    "text_encoder_2",
    "tokenizer",
    "tokenizer_2",
    "unet",
    "vae",
];

/// Largest configuration or model card that is read, in bytes.
const LARGEST_TEXT: u64 = 8 << 20;

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

/// Everything that can be known without painting; or what is wrong, naming file and tensor. `files` is everything in
/// the folder.
pub(super) fn look(path: &Path, files: &[&Path], hashes: &FileHashes) -> Result<Facts, String> {
    let report = salon_diffusion::model::check(path).map_err(|fault| fault.to_string())?;
    let decides = |file: &Path| {
        let inside = file.strip_prefix(path).unwrap_or(file);
        let part = inside
            .components()
            .next()
            .map(|part| part.as_os_str().to_string_lossy().into_owned());
        inside == Path::new("model_index.json")
            || (part.is_some_and(|part| PARTS.contains(&part.as_str()))
                && ["json", "txt", "safetensors"].contains(&ending(file).as_str()))
    };
    let deciding: Vec<&Path> = files.iter().copied().filter(|file| decides(file)).collect();
    let sha256 = match files {
        // What everybody else calls the hash of a checkpoint.
        [file] if path.is_file() => hashes.of(file),
        _ if path.is_file() => hash(path.parent().unwrap_or(path), files, hashes),
        _ => hash(path, &deciding, hashes),
    };
    Ok(Facts {
        sha256: sha256.map_err(|fault| fault.to_string())?,
        family: report.family.clone(),
        parameters: report.parameters,
        native_side: u32::try_from(report.native_side).unwrap_or(limits::MAX_SIDE),
        defaults: recommended(path, &report)?,
        capabilities: capabilities(&report),
        licence: if path.is_file() {
            let sniffed = salon_diffusion::weights::sniff(path).map_err(|fault| fault.to_string())?;
            sniffed.licence().unwrap_or_default().into()
        } else {
            licence(path)
        },
        notes: notes(&report),
    })
}

/// SHA-256 over the names and the SHA-256 of the files that decide a picture, in the order of their names.
fn hash(path: &Path, files: &[&Path], hashes: &FileHashes) -> io::Result<Digest> {
    let mut named: Vec<(String, &Path)> = files
        .iter()
        .copied()
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
        hasher = hasher.text(&name).bytes(&hashes.of(file)?.0);
    }
    Ok(hasher.finish())
}

/// What a recipe of the model may ask for.
fn capabilities(report: &ModelReport) -> ModelCapabilities {
    let can = &report.capabilities;
    ModelCapabilities {
        inpaint: can.inpaint,
        refiner: can.refiner,
        latent_consistency: can.latent_consistency,
        clip_skip: can.clip_skip,
        // What was distilled for one sampler gives noise with the others.
        samplers: if can.latent_consistency {
            vec![SamplerKind::Lcm]
        } else {
            SamplerKind::ALL.to_vec()
        },
        side_multiple: report.side_multiple as u32,
        prompt_tokens: report.prompt_tokens as u32,
    }
}

/// What is worth knowing and changes no picture.
fn notes(report: &ModelReport) -> Vec<String> {
    let mut notes = report.notes.clone();
    notes.extend(report.unused.first().map(|first| match report.unused.len() {
        1 => format!("the tensor {first} is not used"),
        count => format!("{count} tensors are not used, {first} first"),
    }));
    notes
}

fn recommended(path: &Path, report: &ModelReport) -> Result<SamplingDefaults, String> {
    let file = path.join("salon.json");
    let mut defaults = SamplingDefaults::default();
    if report.capabilities.latent_consistency {
        // As the makers of latent consistency models recommend: Luo et al. 2023, arXiv:2310.04378.
        (defaults.sampler, defaults.steps, defaults.guidance) = (SamplerKind::Lcm, 4, 8.0);
    }
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
    let mut front = lines.take_while(|line| line.trim() != "---");
    let licence = front.find_map(|line| {
        line.strip_prefix("license:")
            .or_else(|| line.strip_prefix("licence:"))
    });
    licence
        .unwrap_or_default()
        .trim()
        .trim_matches(['"', '\''])
        .into()
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

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
