//! `lore_voice`, `set_lore_voice`: the voice that a project's texts are written in.

use salon_lore::{Grammar, Lengths, Range, Voice};
use serde::{Deserialize, Serialize};

use crate::Studio;
use crate::api::{ApiError, LoreLength, LoreVoice, Nothing};
use crate::studio::Inner;

/// Key of the voice, as JSON.
const VOICE: &str = "lore.voice";

/// What is kept of a voice.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Kept {
    voice: Voice,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    grammar: Option<String>,
}

impl From<Range> for LoreLength {
    fn from(range: Range) -> Self {
        Self {
            least: range.least,
            most: range.most,
        }
    }
}

impl From<LoreLength> for Range {
    fn from(length: LoreLength) -> Self {
        Self {
            least: length.least,
            most: length.most,
        }
    }
}

impl Inner {
    fn kept_voice(&self) -> Result<Kept, ApiError> {
        match self.project.setting(VOICE)? {
            None => Ok(Kept::default()),
            Some(json) => serde_json::from_str(&json)
                .map_err(|fault| ApiError::internal(format!("the project's voice is damaged: {fault}"))),
        }
    }

    /// The project's voice and its grammar.
    pub(crate) fn voice(&self) -> Result<(Voice, Grammar), ApiError> {
        let kept = self.kept_voice()?;
        let grammar = match &kept.grammar {
            Some(json) => Grammar::parse(json),
            None => Grammar::house(),
        };
        Ok((kept.voice, grammar?))
    }
}

impl Studio {
    /// The voice that texts are written in.
    pub fn lore_voice(&self, _: Nothing) -> Result<LoreVoice, ApiError> {
        let Kept { voice, grammar } = self.inner.kept_voice()?;
        Ok(LoreVoice {
            style: voice.style,
            examples: voice.examples,
            banned: voice.banned,
            name: voice.lengths.name.into(),
            description: voice.lengths.description.into(),
            lore: voice.lengths.lore.into(),
            grammar,
        })
    }

    /// Sets the voice whole; what is written already stays as it is. A voice or grammar that could not be written in is
    /// refused.
    pub fn set_lore_voice(&self, request: LoreVoice) -> Result<LoreVoice, ApiError> {
        let lines = |texts: Vec<String>| -> Vec<String> {
            let trimmed = texts.into_iter().map(|text| text.trim().to_owned());
            trimmed.filter(|text| !text.is_empty()).collect()
        };
        let voice = Voice {
            style: request.style.trim().to_owned(),
            examples: lines(request.examples),
            banned: lines(request.banned),
            lengths: Lengths {
                name: request.name.into(),
                description: request.description.into(),
                lore: request.lore.into(),
            },
        };
        voice.check()?;
        if let Some(json) = &request.grammar {
            Grammar::parse(json)?;
        }
        let kept = Kept {
            voice,
            grammar: request.grammar,
        };
        let json = serde_json::to_string(&kept).map_err(|fault| ApiError::internal(fault.to_string()))?;
        self.inner.project.set_setting(VOICE, &json)?;
        self.lore_voice(Nothing {})
    }
}
