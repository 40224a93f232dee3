//! The judge at work in a project: one patient thread looks at every picture once, learns from every decision, and lays what
//! it knows over the lists. It never stands in the way of a hand, and decides nothing.
//!
//! What it found of pictures is kept in the catalog, so that a kill costs the batch under way. What it learnt is not kept: it
//! is a function of the vectors and of the verdicts that hold, made anew in milliseconds. So an undo is undone here, too.

mod encoders;
mod families;
mod learnt;
mod numbers;
mod overlay;
mod pool;
mod work;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use salon_catalog::DecidedSoFar;
use salon_domain::CancelToken;
use salon_judge::JudgeError;

pub(crate) use encoders::{find as find_encoders, find_heads};
pub(crate) use families::near_cosine;
pub(crate) use learnt::Learnt;
pub(crate) use pool::{Pool, bytes as hash_bytes, hash as hash_of};
pub(crate) use work::start;

use crate::api::{ApiError, ErrorCode, JudgeSettings, JudgeStatus};
use crate::events::lock;
use crate::settings::read_or;
use crate::studio::Inner;

/// Key of the judge's settings.
const SETTINGS: &str = "judge";
/// Key of the lot that audits and exploration draw by.
const LOT: &str = "judge.lot";

/// What the judge knows now; replaced as a whole.
#[derive(Debug, Default)]
pub(crate) struct Known {
    /// Every picture that it has looked at.
    pub(crate) pool: Option<Arc<Pool>>,
    /// What it learnt from decisions.
    pub(crate) learnt: Option<Arc<Learnt>>,
    /// Counts up.
    pub(crate) version: u32,
}

/// How far the thread is.
#[derive(Debug, Default, Clone)]
pub(crate) struct Progress {
    pub(crate) working: bool,
    pub(crate) seconds_left: Option<f64>,
    pub(crate) fault: Option<String>,
}

/// The judge of an open studio.
#[derive(Default)]
pub(crate) struct Judge {
    known: Mutex<Arc<Known>>,
    progress: Mutex<Progress>,
    /// What was decided when it last learnt.
    learnt_from: Mutex<Option<DecidedSoFar>>,
    /// Something was set otherwise: everything is to be looked at again.
    reset: AtomicBool,
    /// Something was set otherwise, and whoever set it waits to see what is learnt by it.
    awaited: AtomicBool,
    /// The studio closes: nothing long goes on.
    ending: CancelToken,
    /// When a host last asked for anything.
    asked: Mutex<Option<Instant>>,
    /// Whether a thread keeps what is known up to date.
    running: AtomicBool,
}

impl From<JudgeError> for ApiError {
    fn from(error: JudgeError) -> Self {
        let code = match error {
            JudgeError::File { .. } => ErrorCode::NotFound,
            _ => ErrorCode::InvalidRequest,
        };
        Self::new(code, error.to_string(), &[])
    }
}

impl Judge {
    pub(crate) fn known(&self) -> Arc<Known> {
        Arc::clone(&lock(&self.known))
    }

    pub(crate) fn progress(&self) -> Progress {
        lock(&self.progress).clone()
    }

    pub(crate) fn note(&self, change: impl FnOnce(&mut Progress)) {
        change(&mut lock(&self.progress));
    }

    /// Puts new knowledge in the place of the old.
    fn learn(&self, pool: Option<Arc<Pool>>, learnt: Option<Arc<Learnt>>) {
        let mut known = lock(&self.known);
        let version = known.version.wrapping_add(1);
        *known = Arc::new(Known {
            pool,
            learnt,
            version,
        });
    }

    pub(crate) fn reset(&self) {
        self.reset.store(true, Ordering::Release);
    }

    /// The studio closes.
    pub(crate) fn end(&self) {
        self.ending.cancel();
    }

    /// A host asks for something: long work is put off for a moment.
    pub(crate) fn hear(&self) {
        *lock(&self.asked) = Some(Instant::now());
    }

    /// Whether a host asked for anything within the last so long.
    fn heard_within(&self, moment: Duration) -> bool {
        lock(&self.asked).is_some_and(|asked| asked.elapsed() < moment)
    }

    fn take_awaited(&self) -> bool {
        self.awaited.swap(false, Ordering::AcqRel)
    }

    fn take_reset(&self) -> bool {
        self.reset.swap(false, Ordering::AcqRel)
    }
}

impl Inner {
    /// How the judge is set.
    pub(crate) fn judge_settings(&self) -> Result<JudgeSettings, ApiError> {
        let text = read_or(&self.project, SETTINGS, "")?;
        if text.is_empty() {
            return Ok(JudgeSettings::default());
        }
        serde_json::from_str(&text)
            .map_err(|fault| ApiError::internal(format!("the judge's settings cannot be read: {fault}")))
    }

    pub(crate) fn set_judge(&self, settings: &JudgeSettings) -> Result<(), ApiError> {
        let text = serde_json::to_string(settings).map_err(|fault| ApiError::internal(fault.to_string()))?;
        let before = self.judge_settings()?;
        self.project.set_setting(SETTINGS, &text)?;
        let sees_otherwise = settings.encoder != before.encoder || settings.head != before.head;
        if sees_otherwise || self.judge.progress().fault.is_some() {
            self.judge.reset();
        } else {
            // What it sees stays: only what follows from it is learnt anew.
            *lock(&self.judge.learnt_from) = None;
            self.judge.awaited.store(true, Ordering::Release);
        }
        Ok(())
    }

    /// The lot that audits and exploration draw by: drawn once for a project.
    pub(crate) fn judge_lot(&self) -> Result<u64, ApiError> {
        if let Ok(lot) = read_or(&self.project, LOT, "")?.parse() {
            return Ok(lot);
        }
        let mut bytes = [0; 8];
        getrandom::fill(&mut bytes).map_err(|fault| {
            ApiError::internal(format!("the operating system gave no random numbers: {fault}"))
        })?;
        let lot = u64::from_le_bytes(bytes);
        if self.project.read_only().is_none() {
            self.project.set_setting(LOT, &lot.to_string())?;
        }
        Ok(lot)
    }

    /// What is known; where no thread keeps it up to date it is made now, from what the catalog has.
    pub(crate) fn judged(&self) -> Arc<Known> {
        if !self.judge.running.load(Ordering::Acquire) {
            let fault = self.bring_up_to_date().err().map(|fault| fault.to_string());
            self.judge.note(|progress| progress.fault = fault);
        }
        self.judge.known()
    }

    fn bring_up_to_date(&self) -> Result<(), ApiError> {
        if self.judge.known().pool.is_none() || self.judge.take_reset() {
            self.refresh_pool(None)?;
            self.refresh_learnt()?;
        } else if self.has_decided_since()? {
            self.refresh_learnt()?;
        }
        Ok(())
    }

    /// Whether something was decided since it last learnt, here or in another process.
    fn has_decided_since(&self) -> Result<bool, ApiError> {
        Ok(Some(self.project.decided_so_far()?) != *lock(&self.judge.learnt_from))
    }

    pub(crate) fn tell_judge(&self) {
        match self.judge_status() {
            Ok(status) => self.events.judge(&status),
            Err(fault) => tracing::warn!("the judge's state cannot be told: {fault}"),
        }
    }

    /// Where the judge stands.
    pub(crate) fn judge_status(&self) -> Result<JudgeStatus, ApiError> {
        let known = self.judged();
        let settings = self.judge_settings()?;
        let progress = self.judge.progress();
        let pool = known.pool.as_deref();
        let learnt = known.learnt.as_deref();
        Ok(JudgeStatus {
            encoder: pool.map_or_else(
                || settings.encoder.clone().unwrap_or_else(|| encoders::HOUSE.into()),
                |pool| pool.encoder.clone(),
            ),
            judged: pool.map_or(0, |pool| pool.ids.len() as u32),
            all: self.project.counts()?.all,
            unreadable: pool.map_or(0, |pool| pool.faults.len() as u32),
            working: progress.working,
            seconds_left: progress.seconds_left.filter(|_| progress.working),
            fault: progress.fault,
            taste: learnt.map_or_else(learnt::nothing, |learnt| learnt.report(&settings)),
            threshold: learnt.and_then(|learnt| learnt.threshold.clone()),
            version: known.version,
            settings,
        })
    }
}
