//! Which encoders there are: the house's own, and those that the user laid into the models folders.

use std::path::PathBuf;

use salon_catalog::EncoderRow;
use salon_judge::critic::Critic;
use salon_judge::encoder::{Encoder, EncoderId};
use salon_judge::heads::Head;

use crate::api::{ApiError, ErrorCode, JudgeSettings};
use crate::studio::Inner;
use crate::train_critic::reads;

/// Name of the encoder that ships.
pub(crate) const HOUSE: &str = "house";
/// Where it lies in the house model's folder.
const HOUSE_FOLDER: &str = "house/encoder";
/// Kinds of networks that can be read, as `config.json` names them.
const KINDS: [&str; 6] = [
    "clip",
    "clip_vision_model",
    "siglip",
    "siglip_vision_model",
    "dinov2",
    "dinov2_with_registers",
];

/// An encoder's folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    /// The name it is chosen by.
    pub(crate) name: String,
    /// The folder.
    pub(crate) path: PathBuf,
    /// `model_type` of its configuration.
    pub(crate) kind: String,
}

fn kind_of(folder: &std::path::Path) -> Option<String> {
    let text = std::fs::read_to_string(folder.join("config.json")).ok()?;
    let config: serde_json::Value = serde_json::from_str(&text).ok()?;
    let kind = config.get("model_type")?.as_str()?;
    KINDS.contains(&kind).then(|| kind.to_owned())
}

/// The encoders in the models folders, the house's own first, then by name.
pub(crate) fn find(models: &[PathBuf]) -> Vec<Found> {
    let house = models.iter().map(|folder| folder.join(HOUSE_FOLDER));
    let mut found: Vec<Found> = house
        .filter_map(|path| {
            Some(Found {
                name: HOUSE.into(),
                kind: kind_of(&path)?,
                path,
            })
        })
        .take(1)
        .collect();
    let mut others: Vec<Found> = models
        .iter()
        .filter_map(|folder| std::fs::read_dir(folder).ok())
        .flatten()
        .flatten()
        .filter_map(|entry| {
            Some(Found {
                name: entry.file_name().to_string_lossy().into_owned(),
                kind: kind_of(&entry.path())?,
                path: entry.path(),
            })
        })
        .collect();
    others.sort_by(|one, other| (&one.name, &one.path).cmp(&(&other.name, &other.path)));
    others.dedup_by(|one, other| one.name == other.name);
    found.append(&mut others);
    found
}

/// Where aesthetic heads lie in a models folder.
const HEADS: &str = "heads";

/// The aesthetic heads in the models folders, by name: files `heads/NAME.safetensors`.
pub(crate) fn find_heads(models: &[PathBuf]) -> Vec<(String, PathBuf)> {
    let files = models
        .iter()
        .filter_map(|folder| std::fs::read_dir(folder.join(HEADS)).ok());
    let mut found: Vec<(String, PathBuf)> = files
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "safetensors"))
        .filter_map(|path| Some((path.file_stem()?.to_string_lossy().into_owned(), path)))
        .collect();
    found.sort();
    found.dedup_by(|one, other| one.0 == other.0);
    found
}

/// Where critics lie in a models folder; the house's own beside its encoder.
const CRITICS: [&str; 2] = ["critics", "house"];

/// The first critic in the models folders that reads what this encoder says. One that cannot be opened is passed over: it
/// may be another encoder's, and nothing stands on it.
pub(super) fn critic_for(models: &[PathBuf], encoder: &EncoderId) -> Option<Critic> {
    let wanted = reads(encoder);
    let folders = models
        .iter()
        .flat_map(|folder| CRITICS.map(|name| folder.join(name)));
    folders
        .filter_map(|folder| std::fs::read_dir(folder).ok())
        .flat_map(|entries| {
            let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
            files.sort();
            files
        })
        .filter(|path| path.extension().is_some_and(|ending| ending == "safetensors"))
        .filter_map(|path| Some(Critic::open(&path).ok()?.0))
        .find(|critic| critic.reads() == wanted)
}

impl Inner {
    /// The aesthetic head that the settings name, if they name one.
    pub(crate) fn head_of(&self, settings: &JudgeSettings) -> Result<Option<Head>, ApiError> {
        let Some(wanted) = &settings.head else {
            return Ok(None);
        };
        let found = find_heads(&self.options.models);
        let Some((_, path)) = found.into_iter().find(|(name, _)| name == wanted) else {
            return Err(ApiError::new(
                ErrorCode::NotFound,
                format!("there is no aesthetic head `{wanted}` in the models folders"),
                &["Lay its file at heads/NAME.safetensors in a models folder, or choose none."],
            ));
        };
        Ok(Some(Head::open(&path)?))
    }

    /// The encoder that the settings name, by its folder.
    pub(crate) fn encoder_of(&self, settings: &JudgeSettings) -> Result<Found, ApiError> {
        let wanted = settings.encoder.as_deref().unwrap_or(HOUSE);
        let found = find(&self.options.models);
        found.into_iter().find(|one| one.name == wanted).ok_or_else(|| {
            ApiError::new(
                ErrorCode::NotFound,
                format!("there is no encoder `{wanted}` in the models folders"),
                &["Choose another in the Models view, or lay its folder (config.json, preprocessor_config.json, model.safetensors) there."],
            )
        })
    }

    /// The encoder in use, by its folder.
    pub(super) fn chosen_encoder(&self) -> Result<Found, ApiError> {
        self.encoder_of(&self.judge_settings()?)
    }

    /// The encoder in use, opened, with its name and its row.
    pub(crate) fn open_chosen_encoder(&self) -> Result<(String, EncoderRow, Encoder), ApiError> {
        let found = self.chosen_encoder()?;
        let encoder = open(&found)?;
        let row = self.encoder_row(&found.name, &encoder)?;
        Ok((found.name, row, encoder))
    }

    /// Opens what these settings name, to say what is wrong with it.
    pub(crate) fn try_judge(&self, settings: &JudgeSettings) -> Result<(), ApiError> {
        let encoder = open(&self.encoder_of(settings)?)?;
        match self.head_of(settings)? {
            Some(head) if head.width() != encoder.width() => Err(ApiError::invalid_request(format!(
                "the head `{}` reads embeddings of {} numbers, but this encoder gives {}: choose the encoder it was trained on",
                head.id().name,
                head.width(),
                encoder.width()
            ))),
            _ => Ok(()),
        }
    }
}

/// Opens an encoder, on the processor: next to the generator it would fight for the accelerator's memory.
pub(super) fn open(found: &Found) -> Result<Encoder, ApiError> {
    Ok(Encoder::open(&found.path, &salon_judge::processor())?)
}
