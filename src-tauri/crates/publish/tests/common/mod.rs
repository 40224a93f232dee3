//! A parcel to send, and a desk that keeps what is reached as a project would.
#![allow(dead_code, clippy::unwrap_used)] // Each test uses a part; a test that cannot set up must stop.

use std::cell::RefCell;
use std::path::PathBuf;
use std::time::Duration;

use salon_domain::{CancelToken, Timestamp};
use salon_publish::{
    Destination, Errand, Parcel, Progress, Protocol, Published, Reached, Result, Stage, abandon, publish,
};
use salon_testkit::loopback::{Reply, car_of};
use tempfile::TempDir;

/// A CAR on disk.
pub struct Car {
    _folder: TempDir,
    pub path: PathBuf,
    pub bytes: Vec<u8>,
    pub root: String,
}

impl Car {
    /// Of so many blocks of so many bytes.
    pub fn of(count: usize, bytes: usize) -> Self {
        let block = |number: usize| {
            (0..bytes)
                .map(|place| (place * 31 + number * 7 + place / 251) as u8)
                .collect()
        };
        let blocks: Vec<Vec<u8>> = (0..count).map(block).collect();
        let (bytes, root) = car_of(&blocks);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bundle.car");
        std::fs::write(&path, &bytes).unwrap();
        Self {
            _folder: folder,
            path,
            bytes,
            root,
        }
    }

    pub fn parcel(&self) -> Parcel<'_> {
        Parcel {
            car: &self.path,
            root_cid: &self.root,
            bytes: self.bytes.len() as u64,
            name: "Foxes",
        }
    }
}

/// What a go left behind.
pub struct Desk {
    pub key: Option<String>,
    pub at_most: Option<u64>,
    pub kept: RefCell<Reached>,
    pub pauses: RefCell<Vec<Duration>>,
    pub told: RefCell<Vec<Progress>>,
    pub cancel: CancelToken,
    /// Stops at the pause of this number, counted from 1.
    pub stop_at_pause: Option<usize>,
}

impl Desk {
    pub fn with_key(key: &str) -> Self {
        Self {
            key: Some(key.to_owned()),
            at_most: None,
            kept: RefCell::default(),
            pauses: RefCell::default(),
            told: RefCell::default(),
            cancel: CancelToken::new(),
            stop_at_pause: None,
        }
    }

    /// Sends, or goes on from what was kept.
    pub fn send(&self, destination: &Destination, parcel: &Parcel<'_>) -> Result<Published> {
        let reached = self.kept.borrow().clone();
        self.on_errand(|errand| publish(destination, parcel, reached, errand))
    }

    /// Gives up what was kept.
    pub fn abandon(&self, destination: &Destination, parcel: &Parcel<'_>) -> Result<()> {
        let reached = self.kept.borrow().clone();
        self.on_errand(|errand| abandon(destination, parcel.root_cid, &reached, errand))
    }

    fn on_errand<Done>(&self, work: impl FnOnce(&Errand<'_>) -> Done) -> Done {
        let keep = |reached: &Reached| {
            *self.kept.borrow_mut() = reached.clone();
            Ok(())
        };
        let tell = |progress| self.told.borrow_mut().push(progress);
        let pause = |pause| {
            self.pauses.borrow_mut().push(pause);
            self.stop_at_pause != Some(self.pauses.borrow().len())
        };
        work(&Errand {
            key: self.key.as_deref(),
            at_most: self.at_most,
            keep: &keep,
            tell: &tell,
            pause: &pause,
            cancel: &self.cancel,
            now: &|| Timestamp(1_795_478_399_999),
        })
    }

    pub fn has_paused(&self) -> Vec<u64> {
        self.pauses.borrow().iter().map(Duration::as_secs).collect()
    }

    pub fn was_told(&self, stage: Stage) -> bool {
        self.told.borrow().iter().any(|progress| progress.stage == stage)
    }
}

pub fn destination(address: &str, service: Protocol) -> Destination {
    Destination {
        address: address.to_owned(),
        in_the_clear: false,
        service,
    }
}

pub fn busy(seconds: &str) -> Reply {
    Reply::new(429, "slow down").with("retry-after", seconds)
}
