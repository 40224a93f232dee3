//! One file: its bytes, whether it is a picture, and what it tells of itself.

use std::fs::{self, File};
use std::io::Read as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use salon_catalog::{FileMark, ForeignMetadata, MAX_BYTES};
use salon_domain::{Digest, Media, Recipe, SlotPrompts, Trait};

use super::gather::{Found, mark};
use crate::foreign;
use crate::layered::{self, LAYERED, LAYERS_TOOL};
use crate::parameters::{SALON, Written};

/// Pictures of more pixels than this are decoded one at a time: several at once would fill the memory.
const LARGE: u64 = 24_000_000;

/// A file's bytes and what they hash to.
pub(super) struct Loaded {
    /// What to call it in messages.
    pub(super) place: String,
    /// Its name without the folder.
    pub(super) name: String,
    pub(super) bytes: Vec<u8>,
    pub(super) sha256: Digest,
    pub(super) mark: Option<FileMark>,
}

/// A picture that is ready to be stored.
pub(super) struct Ready {
    pub(super) name: String,
    pub(super) bytes: Vec<u8>,
    pub(super) sha256: Digest,
    pub(super) mark: Option<FileMark>,
    pub(super) media: Media,
    pub(super) size: (u32, u32),
    pub(super) thumbnail: Vec<u8>,
    pub(super) tool: String,
    /// What it tells of its layers, when it was made of some.
    pub(super) traits: Vec<Trait>,
    pub(super) recipe: Option<Recipe>,
    pub(super) prompt: Option<String>,
    pub(super) metadata: ForeignMetadata,
}

/// Reads a file whole; refuses one that is too large, or that changes meanwhile.
pub(super) fn bytes(found: &Found) -> Result<Loaded, String> {
    let told = |fault: std::io::Error| fault.to_string();
    let mut file = File::open(&found.path).map_err(told)?;
    let mut bytes = Vec::with_capacity(found.bytes.min(MAX_BYTES) as usize + 1);
    file.by_ref()
        .take(MAX_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(told)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(format!("it is larger than {} MiB", MAX_BYTES >> 20));
    }
    let after = fs::metadata(&found.path).ok();
    let now = after.and_then(|metadata| mark(&found.path, &metadata));
    if now.as_ref().is_some_and(|now| now.bytes != bytes.len() as u64) {
        return Err("it is still being written: bring it in again when it is whole".into());
    }
    let name = found.path.file_name().unwrap_or_default();
    Ok(Loaded {
        place: found.path.display().to_string(),
        name: name.to_string_lossy().into_owned(),
        sha256: Digest::of(&bytes),
        bytes,
        mark: now,
    })
}

/// Decodes a picture, once, for the check and the thumbnail; reads what it tells. A decoder that panics refuses.
pub(super) fn ready(file: Loaded) -> Result<Ready, String> {
    let place = file.place.clone();
    catch_unwind(AssertUnwindSafe(|| decoded(file))).unwrap_or_else(|_| {
        Err(format!(
            "{place} cannot be decoded: it is damaged in a way that was not foreseen"
        ))
    })
}

fn decoded(file: Loaded) -> Result<Ready, String> {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let told = |fault: salon_catalog::CatalogError| fault.to_string();
    let media = salon_catalog::media_of(&file.bytes, &file.place).map_err(told)?;
    if media == Media::Jpeg && !ends_as_jpeg(&file.bytes) {
        return Err(format!("{} ends in the middle of the picture", file.place));
    }
    let (width, height) = salon_catalog::picture_size(&file.bytes, &file.place).map_err(told)?;
    let large = u64::from(width) * u64::from(height) > LARGE;
    let alone = large.then(|| ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner));
    let picture = salon_catalog::decode(&file.bytes, &file.place).map_err(told)?;
    let size = (picture.width(), picture.height());
    let thumbnail = salon_catalog::thumbnail(&salon_catalog::opaque(picture)).map_err(told)?;
    drop(alone);
    let told_by = foreign::read(&file.bytes);
    let written: Option<Written> = told_by
        .text(SALON)
        .and_then(|text| serde_json::from_str(text).ok());
    let (recipe, prompt) = match written {
        Some(written) => {
            let prompts = SlotPrompts::of(&written.recipe, written.resolved.as_ref());
            (Some(written.recipe), Some(prompts.prompt))
        }
        None => (None, told_by.facts.as_ref().map(|facts| facts.prompt.clone())),
    };
    let layered = told_by.text(LAYERED).and_then(layered::read);
    let facts = told_by.facts.as_ref();
    let tool = told_by.tool.map(|tool| tool.label().to_owned());
    let (caption, traits, layers) = match layered {
        Some(layered) => (
            Some(layered.caption),
            layered.traits,
            Some(LAYERS_TOOL.to_owned()),
        ),
        None => (None, Vec::new(), None),
    };
    let prompt = prompt.or(caption);
    Ok(Ready {
        tool: tool.or(layers).unwrap_or_default(),
        traits,
        recipe,
        prompt: prompt.filter(|prompt| !prompt.is_empty()),
        metadata: ForeignMetadata {
            facts: facts.and_then(|facts| serde_json::to_string(facts).ok()),
            texts: told_by
                .texts
                .into_iter()
                .map(|text| (text.keyword, text.text))
                .collect(),
        },
        name: file.name,
        bytes: file.bytes,
        sha256: file.sha256,
        mark: file.mark,
        media,
        size,
        thumbnail,
    })
}

/// Whether a JPEG has its end marker: decoders fill what is missing with grey. Other data may follow it; the end of an
/// embedded thumbnail, which stands before the pixels, does not count.
fn ends_as_jpeg(bytes: &[u8]) -> bool {
    let end = bytes.windows(2).rposition(|pair| pair == [0xff, 0xd9]);
    end.is_some_and(|end| end > bytes.len() / 2)
}

/// Whether a file ends as a picture of its kind ends: half-written files do not. One of another kind is whole.
pub(super) fn looks_whole(path: &Path) -> bool {
    use std::io::{Seek as _, SeekFrom};

    let ends = || -> std::io::Result<bool> {
        let mut file = File::open(path)?;
        let length = file.metadata()?.len();
        let mut head = [0; 12];
        if length < 16 {
            return Ok(false);
        }
        file.read_exact(&mut head)?;
        let mut tail = [0; 12];
        file.seek(SeekFrom::End(-12))?;
        file.read_exact(&mut tail)?;
        Ok(match &head {
            [0x89, b'P', b'N', b'G', ..] => &tail[4..8] == b"IEND",
            // Some cameras and editors pad the end.
            [0xff, 0xd8, ..] => tail.windows(2).any(|pair| pair == [0xff, 0xd9]),
            [b'R', b'I', b'F', b'F', a, b, c, d, ..] => {
                length >= u64::from(u32::from_le_bytes([*a, *b, *c, *d])) + 8
            }
            _ => true,
        })
    };
    ends().unwrap_or(false)
}
