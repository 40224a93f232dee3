//! A clock that tests move.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use salon_domain::Timestamp;

/// Stands still until [`FixedClock::tick`]. Clones share one time.
#[derive(Debug, Clone)]
pub struct FixedClock(Arc<AtomicI64>);

impl FixedClock {
    /// 2026-01-01 00:00 UTC.
    pub const START: Timestamp = Timestamp(1_767_225_600_000);

    /// A clock at [`FixedClock::START`].
    pub fn new() -> Self {
        Self(Arc::new(AtomicI64::new(Self::START.0)))
    }

    /// What the clock shows.
    pub fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::Relaxed))
    }

    /// Moves the clock on by one second and gives the new time.
    pub fn tick(&self) -> Timestamp {
        Timestamp(self.0.fetch_add(1000, Ordering::Relaxed) + 1000)
    }
}

impl Default for FixedClock {
    fn default() -> Self {
        Self::new()
    }
}
