//! Copy risk: how near a picture comes to pictures that must not be copied — what a model was trained on, or a folder of protected
//! works. It names the nearest, so that both can be laid side by side; whether it is a copy, people say.

use salon_domain::Digest;
use serde::{Deserialize, Serialize};

use crate::families::Pdq;
use crate::neighbours::{Neighbour, Neighbours};
use crate::{JudgeError, Result};

/// A picture by its bytes and its looks.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Fingerprint {
    /// SHA-256 of the bytes.
    pub digest: Digest,
    /// Its perceptual hash.
    pub pdq: Pdq,
}

/// From where on two pictures are near.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CopyLimits {
    /// Resized or recompressed copies differ in at most this many bits.
    pub bits: u32,
    /// Hashes of lower quality are not compared.
    pub quality: u8,
    /// Near pictures have at least this cosine. It depends on the encoder: 0.75 is what the copy detector SSCD was published with.
    pub cosine: f32,
}

impl Default for CopyLimits {
    fn default() -> Self {
        Self {
            bits: 31,
            quality: 50,
            cosine: 0.75,
        }
    }
}

/// How near a picture comes to a protected one; the nearest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CopyVerdict {
    /// The same bytes.
    Copy,
    /// The same picture, resized or recompressed.
    Resized,
    /// A picture that looks much alike.
    Near,
    /// Nothing protected is near.
    Distant,
}

/// What was found beside a picture.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CopyRisk {
    /// How near it comes.
    pub verdict: CopyVerdict,
    /// The protected picture of the verdict: its row. For [`CopyVerdict::Distant`], the nearest that could be told.
    pub row: Option<usize>,
    /// Bits between the hashes of the two nearest by hash; none where hashes say nothing.
    pub bits: Option<u32>,
    /// The nearest by embedding; none without embeddings.
    pub by_embedding: Option<Neighbour>,
    /// The same in a sentence for people.
    pub sentence: String,
}

/// Pictures that must not be copied.
#[derive(Debug, Clone)]
pub struct Protected {
    fingerprints: Vec<Fingerprint>,
    embeddings: Option<Neighbours>,
}

impl Protected {
    /// Protected pictures, with an embedding each or none at all.
    pub fn new(fingerprints: Vec<Fingerprint>, embeddings: Option<Neighbours>) -> Result<Self> {
        match &embeddings {
            Some(rows) if rows.len() != fingerprints.len() => Err(JudgeError::Input(format!(
                "{} protected pictures came with {} embeddings; give one for each, in the same order",
                fingerprints.len(),
                rows.len()
            ))),
            _ => Ok(Self {
                fingerprints,
                embeddings,
            }),
        }
    }

    /// How near a picture comes to what is protected. Its embedding, if given, is of the same encoder.
    pub fn risk(
        &self,
        picture: &Fingerprint,
        embedding: Option<&[f32]>,
        limits: &CopyLimits,
    ) -> Result<CopyRisk> {
        let same = self
            .fingerprints
            .iter()
            .position(|protected| protected.digest == picture.digest);
        let tells = |pdq: &Pdq| pdq.quality >= limits.quality;
        let by_hash = self
            .fingerprints
            .iter()
            .enumerate()
            .filter(|(_, protected)| tells(&picture.pdq) && tells(&protected.pdq))
            .map(|(row, protected)| (picture.pdq.distance(&protected.pdq), row))
            .min();
        let by_embedding = match (&self.embeddings, embedding) {
            (Some(rows), Some(embedding)) => rows.nearest(embedding, 1)?.into_iter().next(),
            _ => None,
        };
        let resized = by_hash.filter(|&(bits, _)| bits <= limits.bits);
        let near = by_embedding.filter(|neighbour| neighbour.cosine >= limits.cosine);
        let nearest = by_embedding
            .map(|neighbour| neighbour.row)
            .or(by_hash.map(|(_, row)| row));
        let (verdict, row, sentence) = if let Some(row) = same {
            (
                CopyVerdict::Copy,
                Some(row),
                "The same bytes as a protected picture.".into(),
            )
        } else if let Some((bits, row)) = resized {
            let sentence = format!(
                "A protected picture, resized or recompressed: {bits} of 256 bits differ (limit {}).",
                limits.bits
            );
            (CopyVerdict::Resized, Some(row), sentence)
        } else if let Some(Neighbour { row, cosine }) = near {
            let sentence = format!(
                "Near to a protected picture: cosine {cosine:.2} (limit {:.2}). Lay both side by side.",
                limits.cosine
            );
            (CopyVerdict::Near, Some(row), sentence)
        } else {
            (CopyVerdict::Distant, nearest, "Nothing protected is near.".into())
        };
        Ok(CopyRisk {
            verdict,
            row,
            bits: by_hash.map(|(bits, _)| bits),
            by_embedding,
            sentence,
        })
    }
}
