//! Which candidates one looks at, and in what order; and what ties a decision to the picture that was seen.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{CandidateId, CanonicalHasher, Digest, Label, RunId, Timestamp, Trait, Verdict};

/// Which candidates, and in what order. Every condition that is set must hold.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields, default)]
#[ts(optional_fields)]
pub struct CandidateQuery {
    /// Only this verdict of the pick stage.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Verdict>,
    /// Only this run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<RunId>,
    /// Only pictures of the model with this hash.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<Digest>,
    /// At least so many stars.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stars: Option<u8>,
    /// Any of these labels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub labels: Option<Vec<Label>>,
    /// All of these words, in the prompt or the note; the last may be the beginning of one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub words: Option<String>,
    /// These traits: of one type any, of different types all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub traits: Option<Vec<Trait>>,
    /// A score of at least this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub score_from: Option<f32>,
    /// A score of at most this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub score_to: Option<f32>,
    /// Only the family of this first member.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub family: Option<CandidateId>,
    /// Made at this time or later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub made_from: Option<Timestamp>,
    /// Made before this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub made_to: Option<Timestamp>,
    /// Only where the verdict that holds is this curator's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub curator: Option<String>,
    /// Only pictures that were brought in, or only those that were not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub imported: Option<bool>,
    /// Only what the judge's threshold sets aside now, or only what it does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub set_aside: Option<bool>,
    /// Only pictures with this technical flag, in snake case; with any flag when it is "any".
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flagged: Option<String>,
    /// Only the pictures most like this one; ordered by score they come most alike first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub like: Option<CandidateId>,
    /// By what they are ordered.
    #[ts(optional, as = "Option<Sort>")]
    pub sort: Sort,
    /// The other way round.
    #[ts(optional, as = "Option<bool>")]
    pub descending: bool,
    /// What they are gathered by. Groups come in the order of their first arrival; the order holds within each.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<Group>,
}

/// By what candidates are ordered; equals stay in the order they arrived.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Sort {
    /// The order they arrived in.
    #[default]
    Arrival,
    /// The seed of the slot; imported pictures last.
    Seed,
    /// The judge's score; pictures without one last.
    Score,
    /// The order in which the judge would look: the likeliest first, some by lot; by arrival while it has learnt nothing.
    Queue,
    /// Stars.
    Stars,
    /// The family's first member; those without a family stand where they arrived.
    Family,
}

/// What candidates are gathered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Group {
    /// The run that made them; imported pictures together.
    Run,
    /// The prompt they were painted from.
    Prompt,
    /// The family; those without one together.
    Family,
}

/// What ties a decision to the picture that was seen: whoever has it was shown this candidate's picture in this studio.
///
/// Written as eight hexadecimal digits. Not a secret, a seal against mistakes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, TS)]
#[ts(type = "string")]
pub struct Frame(u32);

impl Frame {
    /// The frame of a candidate's picture under the key of an open studio: the first four bytes of a SHA-256.
    pub fn of(key: &[u8], candidate: CandidateId, picture: &Digest) -> Self {
        let hash = CanonicalHasher::new("salon frame 1")
            .bytes(key)
            .integer(candidate.0)
            .bytes(&picture.0)
            .finish();
        let [first, second, third, fourth, ..] = hash.0;
        Self(u32::from_be_bytes([first, second, third, fourth]))
    }
}

impl fmt::Display for Frame {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:08x}", self.0)
    }
}

/// The text is not eight hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no frame: eight hexadecimal digits are expected")]
pub struct ParseFrameError(pub String);

impl FromStr for Frame {
    type Err = ParseFrameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let number = u32::from_str_radix(text, 16).ok().filter(|_| digits);
        number
            .map(Self)
            .ok_or_else(|| ParseFrameError(text.chars().take(80).collect()))
    }
}

impl Serialize for Frame {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Frame {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

/// A candidate as a hand saw it: its number and the frame that its picture was painted with. Programs that name
/// candidates themselves leave the frame out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct Seen {
    /// The candidate.
    pub candidate: CandidateId,
    /// The frame of the picture that was painted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub frame: Option<Frame>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_belongs_to_one_candidate_one_picture_and_one_studio() {
        let (key, picture) = ([1; 32], Digest::of(b"picture"));
        let frame = Frame::of(&key, CandidateId(1), &picture);
        assert_eq!(frame.to_string().parse(), Ok(frame), "it survives its text form");
        assert_ne!(
            frame,
            Frame::of(&key, CandidateId(2), &picture),
            "another candidate"
        );
        assert_ne!(
            frame,
            Frame::of(&key, CandidateId(1), &Digest::ZERO),
            "another picture"
        );
        assert_ne!(
            frame,
            Frame::of(&[2; 32], CandidateId(1), &picture),
            "another studio"
        );
        for wrong in ["", "0123456", "012345678", "0123456g", "+1234567"] {
            assert!(wrong.parse::<Frame>().is_err(), "`{wrong}` is no frame");
        }
    }

    #[test]
    fn a_query_is_as_short_as_what_it_asks() {
        let query: CandidateQuery = serde_json::from_str(r#"{"verdict":"accepted","sort":"stars"}"#).unwrap();
        assert_eq!(
            query.verdict,
            Some(Verdict::Accepted),
            "what is named is asked for"
        );
        assert_eq!(query.sort, Sort::Stars, "what is named is asked for");
        assert_eq!(
            serde_json::to_string(&CandidateQuery::default()).unwrap(),
            r#"{"sort":"arrival","descending":false}"#,
            "what is not asked is not written"
        );
        assert!(
            serde_json::from_str::<CandidateQuery>(r#"{"verdit":"accepted"}"#).is_err(),
            "a condition that is misspelt is refused, never passed over"
        );
    }
}
