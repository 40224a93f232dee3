//! The voice of a collection: how it sounds, how long its texts are, what they never say.

use std::fmt;

use salon_domain::LoreField;
use serde::{Deserialize, Serialize};

use crate::error::{LoreError, Result};
use crate::texts::folded;

/// Longest style sheet, in characters.
const MOST_STYLE: usize = 4000;
/// Most examples, and the longest of them.
const MOST_EXAMPLES: usize = 24;
const MOST_EXAMPLE: usize = 1000;
/// Most banned words, and the longest of them.
const MOST_BANNED: usize = 500;
const MOST_BANNED_WORD: usize = 60;
/// Longest text of all.
const MOST_TEXT: u32 = 2000;

/// How many characters a text has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Range {
    /// At least.
    pub least: u32,
    /// At most.
    pub most: u32,
}

/// How long the texts are, in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lengths {
    /// Of a name.
    pub name: Range,
    /// Of a description.
    pub description: Range,
    /// Of the lore.
    pub lore: Range,
}

impl Default for Lengths {
    fn default() -> Self {
        let range = |least, most| Range { least, most };
        Self {
            name: range(2, 48),
            description: range(20, 240),
            lore: range(40, 600),
        }
    }
}

impl Lengths {
    /// The range of a field.
    pub fn of(&self, field: LoreField) -> Range {
        match field {
            LoreField::Name => self.name,
            LoreField::Description => self.description,
            LoreField::Lore => self.lore,
        }
    }
}

/// The voice of a collection.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Voice {
    /// How it sounds, in the lead's own words; models read it.
    pub style: String,
    /// Texts that sound right; models read them.
    pub examples: Vec<String>,
    /// Words and phrases that no text may hold, whatever their case.
    pub banned: Vec<String>,
    /// How long the texts are.
    pub lengths: Lengths,
}

/// What is wrong with a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TextFault {
    /// Too short.
    Short {
        /// Its characters.
        found: usize,
        /// At least.
        least: u32,
    },
    /// Too long.
    Long {
        /// Its characters.
        found: usize,
        /// At most.
        most: u32,
    },
    /// It says what is banned.
    Banned(String),
    /// The collection says it already.
    Taken(String),
}

impl fmt::Display for TextFault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Short { found, least } => {
                write!(formatter, "has {found} characters, and {least} are the fewest")
            }
            Self::Long { found, most } => {
                write!(formatter, "has {found} characters, and {most} are the most")
            }
            Self::Banned(word) => write!(formatter, "says “{word}”, which is banned"),
            Self::Taken(text) => write!(formatter, "says “{text}”, which another picture says already"),
        }
    }
}

impl Voice {
    /// Refuses a voice that nothing could be written in, or that is too large to be read.
    pub fn check(&self) -> Result<()> {
        let refuse = |fault: String| Err(LoreError::Voice(fault));
        if self.style.chars().count() > MOST_STYLE {
            return refuse(format!("the style sheet is longer than {MOST_STYLE} characters"));
        }
        if self.examples.len() > MOST_EXAMPLES {
            return refuse(format!(
                "{} examples: give at most {MOST_EXAMPLES}",
                self.examples.len()
            ));
        }
        if let Some(long) = self
            .examples
            .iter()
            .find(|one| one.chars().count() > MOST_EXAMPLE)
        {
            let start: String = long.chars().take(40).collect();
            return refuse(format!(
                "the example “{start}…” is longer than {MOST_EXAMPLE} characters"
            ));
        }
        if self.banned.len() > MOST_BANNED {
            return refuse(format!(
                "{} banned words: give at most {MOST_BANNED}",
                self.banned.len()
            ));
        }
        for word in &self.banned {
            if folded(word).is_empty() {
                return refuse(format!(
                    "“{word}” bans nothing: it has neither letters nor digits"
                ));
            }
            if word.chars().count() > MOST_BANNED_WORD {
                return refuse(format!(
                    "the banned “{word}” is longer than {MOST_BANNED_WORD} characters"
                ));
            }
        }
        for field in LoreField::ALL {
            let Range { least, most } = self.lengths.of(field);
            let word = field.word();
            if least == 0 || least > most {
                return refuse(format!("a {word} of {least} to {most} characters cannot be"));
            }
            if most > MOST_TEXT {
                return refuse(format!(
                    "a {word} of {most} characters is too long: {MOST_TEXT} are the most"
                ));
            }
        }
        Ok(())
    }

    /// What is wrong with a text, its being taken aside.
    pub fn fault(&self, field: LoreField, text: &str) -> Option<TextFault> {
        let found = text.chars().count();
        let Range { least, most } = self.lengths.of(field);
        if found < least as usize {
            return Some(TextFault::Short { found, least });
        }
        if found > most as usize {
            return Some(TextFault::Long { found, most });
        }
        self.banned_in(text).map(|word| TextFault::Banned(word.into()))
    }

    /// The first banned word or phrase that a text holds, as whole words.
    pub fn banned_in(&self, text: &str) -> Option<&str> {
        let text = format!(" {} ", folded(text));
        self.banned
            .iter()
            .find(|word| text.contains(&format!(" {} ", folded(word))))
            .map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn voice(banned: &[&str]) -> Voice {
        Voice {
            banned: banned.iter().map(ToString::to_string).collect(),
            ..Voice::default()
        }
    }

    #[test]
    fn banned_words_are_whole_words_of_any_case() {
        let voice = voice(&["rug", "to the moon"]);
        assert_eq!(voice.banned_in("A RUG, of all things"), Some("rug"));
        assert_eq!(voice.banned_in("They went to  the MOON!"), Some("to the moon"));
        assert_eq!(
            voice.banned_in("a rugged fox to the moonlit hill"),
            None,
            "parts of words are other words"
        );
    }

    #[test]
    fn lengths_are_counted_in_characters() {
        let mut voice = voice(&[]);
        voice.lengths.name = Range { least: 3, most: 3 };
        assert_eq!(
            voice.fault(LoreField::Name, "æøå"),
            None,
            "three letters, six bytes"
        );
        assert_eq!(
            voice.fault(LoreField::Name, "æø"),
            Some(TextFault::Short { found: 2, least: 3 })
        );
        assert_eq!(
            voice.fault(LoreField::Name, "æøåé"),
            Some(TextFault::Long { found: 4, most: 3 })
        );
    }

    #[test]
    fn a_voice_that_cannot_speak_is_refused_by_name() {
        let refused = |change: fn(&mut Voice)| {
            let mut voice = voice(&[]);
            change(&mut voice);
            voice.check().unwrap_err().to_string()
        };
        assert!(voice(&["gm"]).check().is_ok());
        assert!(refused(|voice| voice.banned.push("—".into())).contains("bans nothing"));
        assert!(refused(|voice| voice.lengths.lore = Range { least: 9, most: 3 }).contains("9 to 3"));
        assert!(refused(|voice| voice.lengths.name.most = 9000).contains("too long"));
        assert!(refused(|voice| voice.style = "a".repeat(5000)).contains("style sheet"));
    }
}
