//! `describe_pictures`, `describe_status`, `cancel_describing`: a model looks at pictures, writes what it sees and says which words
//! of the schema go with each; in the background, at low priority.
//!
//! A caption is kept before the next picture's turn. Traits are kept every now and then and at the end, so that a stop costs
//! nothing and a kill the last few pictures.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use image::RgbImage;
use salon_catalog::CaptionRecord;
use salon_domain::{CancelToken, CandidateId, CandidateQuery, Digest, TraitSource, Verdict};
use salon_judge::captioner::Captioner;
use salon_traits::schema::{Schema, TraitType};

use crate::Studio;
use crate::api::{
    ApiError, CaptionerSummary, DescribePictures, DescribeProgress, ErrorCode, Nothing, PictureCaption,
    TagReport, UndescribedPicture,
};
use crate::priority;
use crate::studio::Inner;
use crate::tag_by_captions::{Answers, Questions};
use crate::tag_traits::{teachers, types_of};
use crate::who::Right;

/// Failures that are told; the others are counted only.
const MOST_TOLD: usize = 100;
/// Traits are kept this often while it goes on.
const KEEP: Duration = Duration::from_mins(2);

/// What traits are read by.
struct Traits {
    schema: Schema,
    trait_types: Option<Vec<String>>,
    sources: Vec<TraitSource>,
}

impl Traits {
    fn types(&self) -> Result<Vec<&TraitType>, ApiError> {
        types_of(&self.schema, self.trait_types.as_deref())
    }
}

/// Describing under way.
struct Job<'a> {
    inner: &'a Inner,
    model: &'a CaptionerSummary,
    sha256: Digest,
    traits: Option<&'a Traits>,
    cancel: &'a CancelToken,
    progress: &'a mut DescribeProgress,
    began: Instant,
}

/// Why a picture was not described.
enum Trouble {
    /// It alone: the others are.
    One(ApiError),
    /// The others would not be either.
    All(ApiError),
}

impl Studio {
    /// Begins to describe pictures, in the background; progress comes as events. Refused while others are being described.
    pub fn describe_pictures(&self, request: DescribePictures) -> Result<DescribeProgress, ApiError> {
        self.may(&request.by, "reading traits", Right::Pick)?;
        self.inner.begin_describing(request)
    }

    /// How far describing is, or how far the last one came.
    pub fn describe_status(&self, _: Nothing) -> Result<Option<DescribeProgress>, ApiError> {
        Ok(self.inner.describing.progress())
    }

    /// Stops describing; what was described and read is kept.
    pub fn cancel_describing(&self, _: Nothing) -> Result<Nothing, ApiError> {
        self.inner.describing.cancel();
        Ok(Nothing {})
    }

    /// Describes pictures and waits for it; `report` hears of it about ten times a second. For the command line.
    pub fn describe_pictures_now(
        &self,
        request: DescribePictures,
        cancel: &CancelToken,
        mut report: impl FnMut(&DescribeProgress),
    ) -> Result<DescribeProgress, ApiError> {
        self.describe_pictures(request)?;
        loop {
            let ended = self.inner.describing.wait_for_end(Duration::from_millis(100));
            let progress = self.inner.describing.progress().unwrap_or_default();
            report(&progress);
            if ended {
                return Ok(progress);
            }
            if cancel.is_cancelled() {
                self.inner.describing.cancel();
            }
        }
    }
}

impl Inner {
    /// What was written of a picture last.
    pub(crate) fn caption_of(&self, picture: &Digest) -> Result<Option<PictureCaption>, ApiError> {
        let found = self.project.caption(picture)?;
        Ok(found.map(|caption| PictureCaption {
            text: caption.text,
            model: caption.name,
            sha256: caption.model,
            at: caption.described_at,
        }))
    }

    /// The different pictures of these candidates, or of all that are not rejected, each with everybody who has it.
    fn pictures_to_describe(
        &self,
        named: Option<&[CandidateId]>,
    ) -> Result<Vec<(Digest, Vec<CandidateId>)>, ApiError> {
        let all = self.project.candidates(&CandidateQuery::default())?;
        let mut named: Option<BTreeSet<CandidateId>> = named.map(|named| named.iter().copied().collect());
        let wanted = all.iter().filter(|one| match &mut named {
            Some(named) => named.remove(&one.id),
            None => one.verdict != Verdict::Rejected,
        });
        let mut pictures: Vec<(Digest, Vec<CandidateId>)> = Vec::new();
        let mut places: BTreeMap<Digest, usize> = BTreeMap::new();
        for one in wanted {
            let place = *places.entry(one.sha256).or_insert(pictures.len());
            match pictures.get_mut(place) {
                Some((_, candidates)) => candidates.push(one.id),
                None => pictures.push((one.sha256, vec![one.id])),
            }
        }
        match named.as_ref().and_then(BTreeSet::first) {
            Some(stranger) => {
                let message = format!("there is no candidate {stranger}");
                Err(ApiError::new(ErrorCode::NotFound, message, &[]))
            }
            None => Ok(pictures),
        }
    }

    fn begin_describing(self: &Arc<Self>, request: DescribePictures) -> Result<DescribeProgress, ApiError> {
        if let Some(reason) = self.project.read_only() {
            return Err(ApiError::new(ErrorCode::ReadOnly, reason, &[]));
        }
        let traits = if request.captions_only {
            None
        } else {
            Some(Traits {
                schema: self.schema_to_read()?,
                trait_types: request.trait_types,
                sources: teachers(request.learn_from)?,
            })
        };
        if let Some(traits) = &traits {
            traits.types()?;
        }
        let model = self.captioner_of(request.model.as_deref())?;
        let pictures = self.pictures_to_describe(request.candidates.as_deref())?;
        if pictures.is_empty() {
            return Err(ApiError::new(
                ErrorCode::InvalidRequest,
                "there is nothing to describe: there are no pictures, or all are rejected",
                &["Bring pictures in, or name candidates."],
            ));
        }
        let mut progress = DescribeProgress {
            model: model.name.clone(),
            total: pictures.len() as u32,
            ..DescribeProgress::default()
        };
        let begun = progress.clone();
        let inner = Arc::clone(self);
        let work = move |cancel: &CancelToken| {
            let outcome = catch_unwind(AssertUnwindSafe(|| {
                let mut job = Job {
                    inner: &inner,
                    model: &model,
                    sha256: model.sha256.unwrap_or(Digest::ZERO),
                    traits: traits.as_ref(),
                    cancel,
                    progress: &mut progress,
                    began: Instant::now(),
                };
                // On threads that step back for the hand.
                match priority::patient_pool() {
                    Some(pool) => pool.install(|| job.describe_all(&pictures)),
                    None => job.describe_all(&pictures),
                }
            }));
            let outcome = outcome
                .unwrap_or_else(|panic| Err(ApiError::from_panic("describing pictures", panic.as_ref())));
            progress.ended = true;
            progress.seconds_left = None;
            progress.stopped = cancel.is_cancelled() && progress.done < progress.total;
            progress.fault = outcome.err().map(|fault| fault.to_string());
            inner.tell_describing(&progress);
        };
        self.describing.begin(
            "describer",
            "pictures are already being described",
            begun.clone(),
            work,
        )?;
        Ok(begun)
    }

    fn tell_describing(&self, progress: &DescribeProgress) {
        self.describing.note(progress);
        self.events.describing(progress);
    }

    fn decoded(&self, picture: &Digest) -> Result<RgbImage, Trouble> {
        let bytes = self.project.read_stored_picture(picture);
        let bytes = bytes.map_err(|fault| Trouble::One(fault.into()))?;
        let decoded = salon_catalog::decode(&bytes, &format!("the picture {picture}"));
        let decoded = decoded.map_err(|fault| Trouble::One(fault.into()))?;
        Ok(salon_catalog::opaque(decoded))
    }
}

impl Job<'_> {
    fn describe_all(&mut self, pictures: &[(Digest, Vec<CandidateId>)]) -> Result<(), ApiError> {
        let captioner = Captioner::open(&self.model.path, &salon_judge::processor())?;
        let questions = match self.traits {
            Some(traits) => Some(Questions::new(&captioner, &traits.types()?)?),
            None => None,
        };
        let mut answers: Vec<(&[CandidateId], Answers)> = Vec::new();
        let mut kept = Instant::now();
        self.began = Instant::now();
        let mut ended = Ok(());
        for (picture, candidates) in pictures {
            if self.cancel.is_cancelled() {
                break;
            }
            self.progress.candidate = candidates.first().copied();
            match self.describe(&captioner, questions.as_ref(), picture) {
                Ok(Some(answer)) => answers.push((candidates, answer)),
                Ok(None) => {}
                Err(Trouble::One(fault)) => self.failed(candidates, &fault),
                Err(Trouble::All(fault)) => {
                    ended = Err(fault);
                    break;
                }
            }
            self.progress.done += 1;
            let took = self.began.elapsed().as_secs_f64() / f64::from(self.progress.done);
            let left = self.progress.total - self.progress.done;
            self.progress.seconds_left = Some((took * f64::from(left)).round() as u32);
            self.inner.tell_describing(self.progress);
            if kept.elapsed() >= KEEP {
                self.keep(questions.as_ref(), &answers)?;
                kept = Instant::now();
            }
        }
        self.progress.report = self.keep(questions.as_ref(), &answers)?;
        ended
    }

    fn failed(&mut self, candidates: &[CandidateId], fault: &ApiError) {
        self.progress.caption.clear();
        if let Some(candidate) = candidates.first()
            && self.progress.failed.len() < MOST_TOLD
        {
            self.progress.failed.push(UndescribedPicture {
                candidate: *candidate,
                why: fault.to_string(),
            });
        }
    }

    /// The caption of a picture, unless this model wrote one before, and what it answers.
    fn describe(
        &mut self,
        captioner: &Captioner,
        questions: Option<&Questions>,
        picture: &Digest,
    ) -> Result<Option<Answers>, Trouble> {
        let all = |fault: salon_catalog::CatalogError| Trouble::All(fault.into());
        let project = &self.inner.project;
        let known = project.caption_by(picture, &self.sha256).map_err(all)?;
        if let (Some(known), None) = (&known, questions) {
            self.progress.caption.clone_from(&known.text);
            return Ok(None);
        }
        let decoded = self.inner.decoded(picture)?;
        let one = |fault: salon_judge::JudgeError| Trouble::One(fault.into());
        let look = captioner.look(&decoded).map_err(one)?;
        let text = match known {
            Some(known) => known.text,
            None => {
                let text = captioner.describe(&look).map_err(one)?;
                let record = CaptionRecord {
                    picture: *picture,
                    model: self.sha256,
                    name: self.model.name.clone(),
                    text: text.clone(),
                    described_at: self.inner.now(),
                };
                project.keep_caption(&record).map_err(all)?;
                self.progress.written += 1;
                text
            }
        };
        self.progress.caption = text;
        let answer = questions.map(|questions| questions.ask(captioner, &look));
        answer.transpose().map_err(Trouble::One)
    }

    /// Keeps what was read so far.
    fn keep(
        &self,
        questions: Option<&Questions>,
        answers: &[(&[CandidateId], Answers)],
    ) -> Result<Option<TagReport>, ApiError> {
        let (Some(questions), Some(traits)) = (questions, self.traits) else {
            return Ok(None);
        };
        let mut each: Vec<(CandidateId, &Answers)> = answers
            .iter()
            .flat_map(|(candidates, answer)| candidates.iter().map(move |id| (*id, answer)))
            .collect();
        each.sort_by_key(|(id, _)| *id);
        let reader = &self.model.name;
        let kept = self
            .inner
            .keep_answers(&traits.schema, questions, &each, &traits.sources, reader)?;
        Ok(Some(kept))
    }
}
