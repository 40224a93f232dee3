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
/// While it works, lists are ordered anew this often.
const REFRESH: Duration = Duration::from_secs(5);
/// No chore takes more than this share of the time: one in so many.
const SHARE: u32 = 10;
/// A chore that takes longer waits until nobody has asked for anything for a moment, though not for ever.
const BRIEF: Duration = Duration::from_millis(30);
const MOMENT: Duration = Duration::from_millis(300);
const PUT_OFF: Duration = Duration::from_secs(2);
/// Memory is given back when there was nothing to do for so long.
const IDLE: Duration = Duration::from_secs(1);
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
            reading: Chore::default(),
            learning: Chore::default(),
            grouping: Chore::default(),
            put_off: None,
            busy: Instant::now(),
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

/// Something that is done again and again.
#[derive(Default, Clone, Copy)]
struct Chore {
    /// When it was done last, and how long it took.
    last: Option<(Instant, Duration)>,
}

impl Chore {
    fn done(began: Instant) -> Self {
        Self {
            last: Some((Instant::now(), began.elapsed())),
        }
    }

    /// Whether it may be done again without taking more than its share of the time.
    fn is_due(self) -> bool {
        self.is_due_within(Duration::MAX)
    }

    /// The same, where somebody waits no longer than so long for it.
    fn is_due_within(self, longest: Duration) -> bool {
        self.last
            .is_none_or(|(ended, took)| ended.elapsed() >= (took * SHARE).min(longest))
    }

    fn is_brief(self) -> bool {
        self.last.is_some_and(|(_, took)| took < BRIEF)
    }
}

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
    /// Reading everything anew.
    reading: Chore,
    learning: Chore,
    /// Finding the families.
    grouping: Chore,
    /// Since when a chore waits for the hand to rest.
    put_off: Option<Instant>,
    /// When there was last something to do.
    busy: Instant,
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
        let awaited = self.inner.judge.take_awaited();
        if self.stale && self.is_time_to_read() && self.has_leave(self.reading) {
            self.read()?;
        }
        if self.learn_at.is_none() && self.inner.has_decided_since()? {
            self.learn_at = Some(Instant::now() + if awaited { Duration::ZERO } else { SETTLED });
        }
        let learns = self.learn_at.is_some_and(|at| at <= Instant::now());
        let due = self.learning.is_due_within(PUT_OFF);
        if learns && (awaited || due && self.has_leave(self.learning)) {
            self.learn()?;
        }
        let groups = self.regroup && !self.more && !self.stale && self.inner.project.read_only().is_none();
        if groups && self.grouping.is_due() && self.has_leave(self.grouping) {
            self.group()?;
        }
        self.give_memory_back();
        Ok(())
    }

    fn is_time_to_read(&self) -> bool {
        let lately = self
            .reading
            .last
            .is_some_and(|(ended, _)| ended.elapsed() < REFRESH);
        self.reading.is_due() && !(self.more && lately)
    }

    /// Whether a chore may begin: a brief one always, a longer one when the hand rests, or when it was put off for long enough.
    fn has_leave(&mut self, chore: Chore) -> bool {
        if !chore.is_brief() && self.inner.judge.heard_within(MOMENT) {
            let since = *self.put_off.get_or_insert_with(Instant::now);
            if since.elapsed() < PUT_OFF {
                return false;
            }
        }
        self.put_off = None;
        self.large |= !chore.is_brief();
        self.busy = Instant::now();
        true
    }

    /// Does something on threads that step back for the hand.
    fn patiently<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        match &self.pool {
            Some(pool) => pool.install(work),
            None => work(),
        }
    }

    fn read(&mut self) -> Result<(), ApiError> {
        let known = self.encoder.as_ref();
        let known = known.map(|(name, row, encoder)| (name.clone(), encoder.id().clone(), *row));
        let began = Instant::now();
        let inner = &self.inner;
        self.patiently(|| inner.refresh_pool(known))?;
        self.stale = false;
        self.reading = Chore::done(began);
        self.learn_at = Some(Instant::now());
        self.regroup |= self.inner.is_ungrouped()?;
        Ok(())
    }

    fn learn(&mut self) -> Result<(), ApiError> {
        self.learn_at = None;
        let began = Instant::now();
        let inner = &self.inner;
        self.patiently(|| inner.refresh_learnt())?;
        self.learning = Chore::done(began);
        self.inner.tell_judge();
        Ok(())
    }

    fn group(&mut self) -> Result<(), ApiError> {
        self.regroup = false;
        let Some(pool) = self.inner.judge.known().pool.clone() else {
            return Ok(());
        };
        let began = Instant::now();
        let inner = &self.inner;
        let moved = self.patiently(|| inner.refresh_families(&pool))?;
        self.grouping = Chore::done(began);
        if moved > 0 {
            // What is of one family is not learnt from twice.
            self.learn_at = Some(Instant::now());
        }
        Ok(())
    }

    /// Hands back what was needed for a while, once there is nothing left to do. While pictures are made, the generator needs
    /// the same blocks again.
    fn give_memory_back(&mut self) {
        if self.inner.queue.status().current.is_some() {
            self.large = true;
            self.busy = Instant::now();
        }
        let idle = !self.more && self.learn_at.is_none() && self.busy.elapsed() > IDLE;
        if self.large && idle {
            self.large = false;
            salon_diffusion::memory::give_back();
        }
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
        let newest = self.inner.project.newest()?;
        let batch = self
            .inner
            .project
            .unjudged(numbers::VERSION, *row, self.after, TOGETHER)?;
        let Some(&(last, _)) = batch.last() else {
            self.more = false;
            self.after = newest;
            self.inner.judge.note(|progress| progress.working = false);
            self.inner.tell_judge();
            return Ok(());
        };
        let inner = &self.inner;
        self.patiently(|| inner.look_at(*row, encoder, &batch))?;
        self.busy = Instant::now();
        self.after = last;
        self.looked += batch.len() as u32;
        self.stale = true;
        if !self.regroup {
            self.regroup = true;
            self.inner.note_ungrouped()?;
        }
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
