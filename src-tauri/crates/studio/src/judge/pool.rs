//! Every picture that the judge has looked at, in memory.

use std::collections::BTreeMap;
use std::sync::Arc;

use salon_catalog::{EncoderRow, HeadRecord, Measured};
use salon_domain::CandidateId;
use salon_judge::encoder::EncoderId;
use salon_judge::families::Pdq;
use salon_judge::neighbours::Neighbours;
use salon_judge::taste::{Features, Layout, Space, Subject};
use salon_judge::technical::{FEATURE_NAMES, Flag, FlagKind, Limits, Measurements, flags};

use super::{encoders, numbers};
use crate::api::{ApiError, ErrorCode};
use crate::studio::Inner;
use crate::train_critic::{features, reads};

/// Measurements read at once: a few milliseconds, for which a hand may have to wait.
const AT_ONCE: usize = 500;

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
    /// What taste is learnt on, in the same order. The measurements behind it are read from the catalog when they are asked for.
    pub(crate) features: Features,
    pub(crate) layout: Layout,
    /// Kinds of flags, a bit each.
    flagged: Vec<u16>,
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

    /// Whether a kind of flag is found of the picture at a place; without a kind, any that is no hint.
    pub(crate) fn is_flagged(&self, place: usize, kind: Option<FlagKind>) -> bool {
        let found = self.flagged[place];
        match kind {
            Some(kind) => found & bit(kind) != 0,
            None => FlagKind::ALL
                .into_iter()
                .any(|kind| !kind.is_hint() && found & bit(kind) != 0),
        }
    }

    /// What is flagged of a picture of this pool.
    pub(crate) fn flags(&self, measured: &Measurements) -> Vec<Flag> {
        flags(measured, &self.limits)
    }
}

fn bit(kind: FlagKind) -> u16 {
    1 << kind as u16
}

/// What is kept of one picture while a pool is read.
struct One {
    id: CandidateId,
    technical: [f32; FEATURE_NAMES.len()],
    hash: Pdq,
    flagged: u16,
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

    /// The pool; read here and now where the judge's own thread has not come to it since the studio opened.
    ///
    /// # Errors
    /// The judge has looked at no picture yet; `so` says what follows from that.
    pub(crate) fn pooled(&self, so: &str) -> Result<Arc<Pool>, ApiError> {
        let mut known = self.judged();
        if known.pool.is_none() {
            self.refresh_pool(None)?;
            known = self.judge.known();
        }
        let pool = known.pool.clone().filter(|pool| !pool.ids.is_empty());
        pool.ok_or_else(|| {
            ApiError::new(
                ErrorCode::InvalidRequest,
                format!("the judge has not looked at any picture yet, so that {so}"),
                &["Wait for it, or run `salon judge`."],
            )
        })
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
        width: usize,
        vectors: &[f32],
        ones: &[One],
    ) -> Result<Vec<f32>, ApiError> {
        let Some(critic) = encoders::critic_for(&self.options.models, encoder) else {
            return Ok(vec![]);
        };
        let rows = vectors.chunks_exact(width).zip(ones);
        let chances = rows.map(|(vector, one)| critic.chance(&features(vector, &one.technical)));
        Ok(chances.collect::<Result<_, _>>()?)
    }

    /// What was measured of these candidates, in their order; those of which nothing was are left out.
    pub(crate) fn measured(
        &self,
        candidates: &[CandidateId],
    ) -> Result<Vec<(CandidateId, Measurements)>, ApiError> {
        let mut all = Vec::with_capacity(candidates.len());
        for some in candidates.chunks(AT_ONCE) {
            let found = self.project.measured(numbers::VERSION, some)?;
            all.extend(found.into_iter().filter_map(|Measured { candidate, found }| {
                Some((candidate, numbers::unpack(&found.ok()?.numbers)?))
            }));
        }
        Ok(all)
    }

    /// From where on something is a flag here.
    fn limits(&self) -> Result<Limits, ApiError> {
        let limits = Limits::default();
        let accepted = self.project.accepted()?;
        if accepted.len() < ENOUGH_TO_LEARN_LIMITS {
            return Ok(limits);
        }
        let measured = self.measured(&accepted)?.into_iter();
        let measured: Vec<Measurements> = measured.map(|(_, measured)| measured).collect();
        Ok(limits.learnt_from(&measured))
    }

    /// Reads the vectors of an encoder of these pictures, one behind the other; pictures without one are left out.
    fn read_vectors(&self, row: EncoderRow, ones: &mut Vec<One>) -> Result<(usize, Vec<f32>), ApiError> {
        let (mut width, mut vectors) = (0, Vec::new());
        let mut seen = vec![false; ones.len()];
        let mut place = 0;
        self.project
            .each_embedding(row, CandidateId(0), |candidate, vector| {
                if vectors.is_empty() {
                    width = vector.len();
                    vectors.reserve_exact(ones.len() * width);
                }
                while ones.get(place).is_some_and(|one| one.id < candidate) {
                    place += 1;
                }
                if ones.get(place).is_some_and(|one| one.id == candidate) {
                    vectors.extend_from_slice(vector);
                    seen[place] = true;
                }
            })?;
        let mut seen = seen.into_iter();
        ones.retain(|_| seen.next().unwrap_or(false));
        Ok((width.max(1), vectors))
    }

    fn read_pool(&self, encoder: String, id: EncoderId, row: EncoderRow) -> Result<Pool, ApiError> {
        let limits = self.limits()?;
        let mut ones = Vec::new();
        let mut faults = BTreeMap::new();
        self.project
            .each_measured(numbers::VERSION, |Measured { candidate, found }| match found {
                Ok(picture) => {
                    if let Some(measured) = numbers::unpack(&picture.numbers) {
                        let flags = flags(&measured, &limits);
                        ones.push(One {
                            id: candidate,
                            technical: measured.features(),
                            hash: hash(picture.hash, picture.quality),
                            flagged: flags.iter().fold(0, |all, flag| all | bit(flag.kind)),
                        });
                    }
                }
                Err(fault) => drop(faults.insert(candidate, fault)),
            })?;
        let (width, vectors) = self.read_vectors(row, &mut ones)?;
        let ids: Vec<CandidateId> = ones.iter().map(|one| one.id).collect();
        let mut pool = Pool {
            encoder,
            head: self.head_scores(row, &ids, width, &vectors)?,
            sound: self.soundness(&id, width, &vectors, &ones)?,
            vectors: Neighbours::new(width, vectors)?,
            features: Features::default(),
            layout: Layout {
                components: 0,
                technical: 0,
            },
            flagged: ones.iter().map(|one| one.flagged).collect(),
            hashes: ones.iter().map(|one| one.hash).collect(),
            ids,
            faults,
            critic_reads: reads(&id),
            limits,
        };
        if !pool.ids.is_empty() {
            let subjects: Vec<Subject> = ones
                .iter()
                .enumerate()
                .map(|(place, one)| Subject {
                    id: one.id,
                    embedding: pool.vectors.row(place),
                    technical: &one.technical,
                    generic: pool.generic(place),
                })
                .collect();
            let space = Space::fit(&subjects)?;
            let features = space.table(&subjects)?;
            drop(subjects);
            (pool.layout, pool.features) = (space.layout(), features);
        }
        Ok(pool)
    }
}
