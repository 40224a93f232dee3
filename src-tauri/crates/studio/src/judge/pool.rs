//! Every picture that the judge has looked at, in memory.

use std::collections::BTreeMap;
use std::sync::Arc;

use salon_catalog::{EncoderRow, HeadRecord, Measured};
use salon_domain::CandidateId;
use salon_judge::encoder::EncoderId;
use salon_judge::families::Pdq;
use salon_judge::neighbours::Neighbours;
use salon_judge::technical::{Flag, Limits, Measurements, flags};

use super::{encoders, numbers};
use crate::api::ApiError;
use crate::studio::Inner;
use crate::train_critic::{features, reads};

/// Accepted pictures from which the limits of flags are learnt.
const ENOUGH_TO_LEARN_LIMITS: usize = 30;

/// The pictures that have both a vector and measurements, in the order of their candidates.
#[derive(Debug)]
pub(crate) struct Pool {
    /// The encoder's name.
    pub(crate) encoder: String,
    pub(crate) ids: Vec<CandidateId>,
    /// Unit vectors, in the same order.
    pub(crate) vectors: Neighbours,
    pub(crate) measured: Vec<Measurements>,
    pub(crate) hashes: Vec<Pdq>,
    /// Why a candidate's picture was not looked at.
    pub(crate) faults: BTreeMap<CandidateId, String>,
    /// What an aesthetic head says.
    pub(crate) head: Vec<Option<f32>>,
    /// The chance that nothing went wrong with the picture, as a critic has it; empty without one.
    pub(crate) sound: Vec<f32>,
    /// What a critic of these vectors reads.
    pub(crate) critic_reads: String,
    /// What is out of the ordinary here.
    pub(crate) limits: Limits,
}

/// A perceptual hash as the catalog keeps it, and back.
pub(crate) fn hash(bytes: [u8; 32], quality: u8) -> Pdq {
    let (words, _) = bytes.as_chunks::<8>();
    let mut bits = [0; 4];
    for (word, chunk) in bits.iter_mut().zip(words) {
        *word = u64::from_be_bytes(*chunk);
    }
    Pdq { bits, quality }
}

pub(crate) fn bytes(hash: &Pdq) -> [u8; 32] {
    let mut bytes = [0; 32];
    for (chunk, word) in bytes.chunks_exact_mut(8).zip(hash.bits) {
        chunk.copy_from_slice(&word.to_be_bytes());
    }
    bytes
}

impl Pool {
    /// What the taste begins with: the head's score; without a head, the critic's log-odds, up to where it only says that
    /// nothing is wrong. How sound a sound picture is says nothing of taste.
    pub(crate) fn generic(&self, place: usize) -> Option<f32> {
        let odds = |chance: f32| (chance / (1.0 - chance)).ln().clamp(-4.0, 1.0);
        self.head[place].or_else(|| self.sound.get(place).map(|chance| odds(*chance)))
    }

    /// Where a candidate stands.
    pub(crate) fn place(&self, candidate: CandidateId) -> Option<usize> {
        self.ids.binary_search(&candidate).ok()
    }

    /// What is flagged of the picture at a place.
    pub(crate) fn flags(&self, place: usize) -> Vec<Flag> {
        flags(&self.measured[place], &self.limits)
    }
}

impl Inner {
    /// Reads the pool of the chosen encoder from the catalog. `open` is its name, identity and row when it is open already.
    pub(super) fn refresh_pool(&self, open: Option<(String, EncoderId, EncoderRow)>) -> Result<(), ApiError> {
        let (encoder, id, row) = match open {
            Some(known) => known,
            None => {
                let (name, row, encoder) = self.open_chosen_encoder()?;
                (name, encoder.id().clone(), row)
            }
        };
        let pool = self.read_pool(encoder, id, row)?;
        self.judge
            .learn(Some(Arc::new(pool)), self.judge.known().learnt.clone());
        Ok(())
    }

    /// What the chosen aesthetic head says of each vector. New scores are kept with the head and the encoder they belong to.
    fn head_scores(
        &self,
        encoder: EncoderRow,
        ids: &[CandidateId],
        width: usize,
        vectors: &[f32],
    ) -> Result<Vec<Option<f32>>, ApiError> {
        let Some(head) = self.head_of(&self.judge_settings()?)? else {
            return Ok(vec![None; ids.len()]);
        };
        let id = head.id();
        let record = HeadRecord {
            name: id.name.clone(),
            weights: id.weights,
            licence: id.licence.clone(),
        };
        if self.project.read_only().is_some() {
            let scores = vectors
                .chunks_exact(width)
                .map(|vector| head.score(vector).map(Some));
            return Ok(scores.collect::<Result<_, _>>()?);
        }
        let row = self.project.head(&record, encoder)?;
        let known: BTreeMap<CandidateId, f32> = self.project.head_scores(row)?.into_iter().collect();
        let (mut scores, mut new) = (Vec::with_capacity(ids.len()), Vec::new());
        for (id, vector) in ids.iter().zip(vectors.chunks_exact(width.max(1))) {
            let score = match known.get(id) {
                Some(score) => *score,
                None => {
                    let score = head.score(vector)?;
                    new.push((*id, score));
                    score
                }
            };
            scores.push(Some(score));
        }
        if !new.is_empty() {
            self.project.keep_head_scores(row, &new)?;
        }
        Ok(scores)
    }

    /// What a critic of this encoder says of each picture, if there is one.
    fn soundness(
        &self,
        encoder: &EncoderId,
        vectors: &[f32],
        measured: &[Measurements],
    ) -> Result<Vec<f32>, ApiError> {
        let Some(critic) = encoders::critic_for(&self.options.models, encoder) else {
            return Ok(vec![]);
        };
        let width = (vectors.len() / measured.len().max(1)).max(1);
        let rows = vectors.chunks_exact(width).zip(measured);
        let chances = rows.map(|(vector, numbers)| critic.chance(&features(vector, &numbers.features())));
        Ok(chances.collect::<Result<_, _>>()?)
    }

    fn read_pool(&self, encoder: String, id: EncoderId, row: EncoderRow) -> Result<Pool, ApiError> {
        let (embedded, flat) = self.project.embeddings(row, CandidateId(0))?;
        let width = flat.len() / embedded.len().max(1);
        let mut known: BTreeMap<CandidateId, (Measurements, Pdq)> = BTreeMap::new();
        let mut faults = BTreeMap::new();
        for Measured { candidate, found } in self.project.measurements(numbers::VERSION, CandidateId(0))? {
            match found {
                Ok(picture) => {
                    if let Some(measured) = numbers::unpack(&picture.numbers) {
                        known.insert(candidate, (measured, hash(picture.hash, picture.quality)));
                    }
                }
                Err(fault) => drop(faults.insert(candidate, fault)),
            }
        }
        let (mut ids, mut vectors, mut measured, mut hashes) = (vec![], vec![], vec![], vec![]);
        for (place, candidate) in embedded.into_iter().enumerate() {
            let Some((numbers, hash)) = known.remove(&candidate) else {
                continue;
            };
            ids.push(candidate);
            vectors.extend_from_slice(&flat[place * width..][..width]);
            measured.push(numbers);
            hashes.push(hash);
        }
        let accepted: Vec<Measurements> = self
            .project
            .accepted()?
            .iter()
            .filter_map(|id| ids.binary_search(id).ok())
            .map(|place| measured[place].clone())
            .collect();
        let limits = Limits::default();
        let limits = if accepted.len() < ENOUGH_TO_LEARN_LIMITS {
            limits
        } else {
            limits.learnt_from(&accepted)
        };
        let head = self.head_scores(row, &ids, width, &vectors)?;
        let sound = self.soundness(&id, &vectors, &measured)?;
        Ok(Pool {
            encoder,
            vectors: Neighbours::new(width.max(1), vectors)?,
            ids,
            measured,
            hashes,
            faults,
            head,
            sound,
            critic_reads: reads(&id),
            limits,
        })
    }
}
