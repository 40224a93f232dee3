//! The judge's thread: looks at pictures in small batches, learns between them, tells how far it is.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use image::RgbImage;
use rayon::prelude::*;
use salon_catalog::{EncoderRecord, EncoderRow, Measured, MeasuredPicture};
use salon_domain::{CandidateId, Digest};
use salon_judge::encoder::Encoder;
use salon_judge::families::Pdq;
use salon_judge::technical::measure;

use super::numbers;
use crate::api::{ApiError, Event};
use crate::events::Subscription;
use crate::priority;
use crate::studio::Inner;

/// Pictures looked at together: a second or so of work, which is also what a kill costs.
const TOGETHER: u32 = 32;
/// Between two looks for something to do, when nothing was heard.
const PATIENCE: Duration = Duration::from_millis(250);
/// Decisions that follow one another faster than this are learnt from together.
const SETTLED: Duration = Duration::from_millis(150);
/// While it works, lists are ordered anew this often, where that takes no more than this share of its time.
const REFRESH: Duration = Duration::from_secs(5);
const REFRESHING: u32 = 10;
/// Before it begins: whoever opens a project wants to see it first.
const REST: Duration = Duration::from_millis(1500);
/// Told how far it is, at most this often.
const TELL: Duration = Duration::from_millis(500);

/// Starts the thread; it ends with the studio's events.
pub(crate) fn start(inner: &Arc<Inner>) -> std::io::Result<JoinHandle<()>> {
    let events = inner.events.subscribe(inner.queue.status());
    inner.judge.running.store(true, Ordering::Release);
    let inner = Arc::clone(inner);
    std::thread::Builder::new().name("judge".into()).spawn(move || {
        priority::lower_this_thread();
        let mut worker = Worker {
            pool: priority::patient_pool(),
            encoder: None,
            after: CandidateId(0),
            more: true,
            stale: true,
            learn_at: Some(Instant::now()),
            regroup: false,
            large: false,
            refreshed: Instant::now(),
            refreshing: Duration::ZERO,
            told: Instant::now(),
            looked: 0,
            began: Instant::now(),
            inner,
        };
        worker.run(&events);
    })
}

/// A candidate with its picture and what was measured of it, or why it could not be read.
type Looked = (CandidateId, Result<(RgbImage, MeasuredPicture), String>);

#[allow(clippy::struct_excessive_bools)] // Each is something left to do; any of them may be, at once.
struct Worker {
    inner: Arc<Inner>,
    pool: Option<rayon::ThreadPool>,
    /// The encoder in use with its row and name; none until it could be opened.
    encoder: Option<(String, EncoderRow, Encoder)>,
    /// Everything up to here was looked at.
    after: CandidateId,
    /// Whether there may be pictures left to look at.
    more: bool,
    /// Whether the catalog has more than is known here.
    stale: bool,
    /// When decisions are to be learnt from.
    learn_at: Option<Instant>,
    /// Whether families may have changed.
    regroup: bool,
    /// Whether much memory was used and left.
    large: bool,
    refreshed: Instant,
    /// How long reading everything anew took the last time.
    refreshing: Duration,
    told: Instant,
    /// Pictures looked at since this began.
    looked: u32,
    began: Instant,
}

impl Worker {
    fn run(&mut self, events: &Subscription) {
        let rested = Instant::now() + REST;
        loop {
            let rest = rested.saturating_duration_since(Instant::now());
            let wait = if self.more { rest } else { PATIENCE };
            match events.next(wait) {
                Some(Event::CandidatesAdded { .. }) => self.arrived(),
                None if events.is_closed() => return,
                Some(_) | None => {}
            }
            if Instant::now() < rested {
                continue;
            }
            if self.inner.judge.take_reset() {
                self.start_over();
            }
            let outcome = catch_unwind(AssertUnwindSafe(|| self.step()));
            let outcome =
                outcome.unwrap_or_else(|panic| Err(ApiError::from_panic("the judge", panic.as_ref())));
            if let Err(fault) = outcome {
                tracing::warn!("the judge rests: {fault}");
                self.more = false;
                self.learn_at = None;
                self.inner.judge.note(|progress| {
                    progress.working = false;
                    progress.fault = Some(fault.to_string());
                });
                self.inner.tell_judge();
            }
        }
    }

    fn arrived(&mut self) {
        if !self.more {
            self.looked = 0;
            self.began = Instant::now();
        }
        self.more = true;
    }

    fn start_over(&mut self) {
        self.encoder = None;
        self.after = CandidateId(0);
        self.more = true;
        self.stale = true;
        self.looked = 0;
        self.began = Instant::now();
        self.learn_at = Some(Instant::now());
    }

    /// One batch of pictures, or what follows from those that were looked at.
    fn step(&mut self) -> Result<(), ApiError> {
        if self.more {
            self.look()?;
        }
        let due = !self.more || self.refreshed.elapsed() > REFRESH.max(self.refreshing * REFRESHING);
        if self.stale && due {
            let known = self.encoder.as_ref();
            let known = known.map(|(name, row, encoder)| (name.clone(), encoder.id().clone(), *row));
            let began = Instant::now();
            self.inner.refresh_pool(known)?;
            self.stale = false;
            self.large = true;
            self.refreshed = Instant::now();
            self.refreshing = began.elapsed();
            self.learn_at = Some(Instant::now());
        }
        if self.learn_at.is_none() && self.inner.has_decided_since()? {
            self.learn_at = Some(Instant::now() + SETTLED);
        }
        if self.learn_at.is_some_and(|at| at <= Instant::now()) {
            self.learn_at = None;
            let inner = &self.inner;
            match &self.pool {
                Some(pool) => pool.install(|| inner.refresh_learnt())?,
                None => inner.refresh_learnt()?,
            }
            self.inner.tell_judge();
        }
        if self.regroup && !self.more && self.inner.project.read_only().is_none() {
            self.regroup = false;
            let known = self.inner.judge.known();
            if let Some(pool) = &known.pool {
                let moved = match &self.pool {
                    Some(threads) => threads.install(|| self.inner.refresh_families(pool))?,
                    None => self.inner.refresh_families(pool)?,
                };
                self.large = true;
                if moved > 0 {
                    self.inner.tell_judge();
                }
            }
        }
        // While pictures are made, the generator needs the same blocks again.
        let idle = !self.more && self.learn_at.is_none();
        if self.large && idle && self.inner.queue.status().current.is_none() {
            self.large = false;
            salon_diffusion::memory::give_back();
        }
        Ok(())
    }

    fn look(&mut self) -> Result<(), ApiError> {
        if self.encoder.is_none() {
            let opened = self.inner.open_chosen_encoder()?;
            self.inner.judge.note(|progress| progress.fault = None);
            self.encoder = Some(opened);
            self.stale = true;
        }
        if self.inner.project.read_only().is_some() {
            // Whoever writes looks at the pictures; here they are only read.
            self.more = false;
            self.stale = true;
            return Ok(());
        }
        let Some((_, row, encoder)) = &self.encoder else {
            return Ok(());
        };
        let batch = self
            .inner
            .project
            .unjudged(numbers::VERSION, *row, self.after, TOGETHER)?;
        let Some(&(last, _)) = batch.last() else {
            self.more = false;
            self.inner.judge.note(|progress| progress.working = false);
            self.inner.tell_judge();
            return Ok(());
        };
        let inner = &self.inner;
        match &self.pool {
            Some(pool) => pool.install(|| inner.look_at(*row, encoder, &batch))?,
            None => inner.look_at(*row, encoder, &batch)?,
        }
        self.after = last;
        self.looked += batch.len() as u32;
        self.stale = true;
        self.regroup = true;
        if self.told.elapsed() > TELL {
            self.told = Instant::now();
            let left = self.inner.project.unjudged_count(numbers::VERSION, *row)?;
            let each = self.began.elapsed().as_secs_f64() / f64::from(self.looked.max(1));
            self.inner.judge.note(|progress| {
                progress.working = true;
                progress.seconds_left = Some(each * f64::from(left));
            });
            self.inner.tell_judge();
        }
        Ok(())
    }
}

impl Inner {
    pub(super) fn encoder_row(&self, name: &str, encoder: &Encoder) -> Result<EncoderRow, ApiError> {
        let id = encoder.id();
        Ok(self.project.encoder(&EncoderRecord {
            name: name.into(),
            weights: id.weights,
            preprocessing: id.preprocessing.clone(),
            dimensions: encoder.width() as u32,
        })?)
    }

    /// Measures, hashes and embeds these pictures and keeps what was found. What cannot be read is kept as that.
    pub(crate) fn look_at(
        &self,
        row: EncoderRow,
        encoder: &Encoder,
        batch: &[(CandidateId, Digest)],
    ) -> Result<(), ApiError> {
        let read = |digest: &Digest| -> Result<RgbImage, String> {
            let file = self
                .project
                .read_stored_picture(digest)
                .map_err(|fault| fault.to_string())?;
            let decoded = salon_catalog::decode(&file, "the picture").map_err(|fault| fault.to_string())?;
            Ok(decoded.to_rgb8())
        };
        let found: Vec<Looked> = batch
            .par_iter()
            .map(|(candidate, digest)| {
                let found = read(digest).map(|picture| {
                    let hash = Pdq::of(&picture);
                    let measured = MeasuredPicture {
                        numbers: numbers::pack(&measure(&picture)),
                        hash: super::pool::bytes(&hash),
                        quality: hash.quality,
                    };
                    (picture, measured)
                });
                (*candidate, found)
            })
            .collect();
        let (mut measured, mut pictures, mut whose) = (vec![], vec![], vec![]);
        for (candidate, found) in found {
            let found = found.map(|(picture, numbers)| {
                whose.push(candidate);
                pictures.push(picture);
                numbers
            });
            measured.push(Measured { candidate, found });
        }
        let vectors: Vec<(CandidateId, Vec<f32>)> =
            whose.into_iter().zip(encoder.encode(&pictures)?).collect();
        self.project.keep_measurements(numbers::VERSION, &measured)?;
        self.project.keep_embeddings(row, &vectors)?;
        Ok(())
    }

    /// Looks at every picture that was not looked at yet, here and now, and learns; for the command line. `report` hears how
    /// many of how many were looked at, and says whether to go on.
    pub(crate) fn judge_now(&self, report: &mut dyn FnMut(u32, u32) -> bool) -> Result<(), ApiError> {
        let (name, row, encoder) = self.open_chosen_encoder()?;
        let all = self.project.unjudged_count(numbers::VERSION, row)?;
        let (mut after, mut looked) = (CandidateId(0), 0);
        while report(looked, all) {
            let batch = self.project.unjudged(numbers::VERSION, row, after, TOGETHER)?;
            let Some(&(last, _)) = batch.last() else { break };
            self.look_at(row, &encoder, &batch)?;
            after = last;
            looked += batch.len() as u32;
        }
        self.refresh_pool(Some((name, encoder.id().clone(), row)))?;
        if let Some(pool) = &self.judge.known().pool {
            self.refresh_families(pool)?;
        }
        self.refresh_learnt()
    }
}
