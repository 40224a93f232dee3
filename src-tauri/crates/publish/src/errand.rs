//! What is sent, what was reached of it, and how its sender hears of it and stops it.

use std::path::Path;
use std::time::Duration;

use salon_domain::{CancelToken, Timestamp};
use serde::{Deserialize, Serialize};

use crate::error::{PublishError, Result};

/// What is sent: a CAR whose root is known.
#[derive(Debug, Clone, Copy)]
pub struct Parcel<'a> {
    /// The file.
    pub car: &'a Path,
    /// Its root, in its usual text form.
    pub root_cid: &'a str,
    /// Its length.
    pub bytes: u64,
    /// What it is called where it arrives.
    pub name: &'a str,
}

impl Parcel<'_> {
    /// Refuses a file that is not as long as it was said to be.
    pub(crate) fn check(&self) -> Result<()> {
        let found = self.car.metadata();
        let found = found.map_err(|fault| PublishError::car(self.car, &fault))?;
        if !found.is_file() || found.len() != self.bytes {
            return Err(PublishError::Car {
                path: self.car.into(),
                fault: format!(
                    "it has {} bytes and not {}: it was changed, export the set once more",
                    found.len(),
                    self.bytes
                ),
            });
        }
        Ok(())
    }
}

/// What the other machine has acknowledged. Its sender's caller keeps it, and hands it in again.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reached {
    /// Bytes that may have left so far, repeated ones counted as often as they were sent.
    pub sent: u64,
    /// The upload in parts that was begun (S3).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upload: Option<Upload>,
    /// The number under which the request runs (Pinning Service API).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
}

/// An upload in parts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Upload {
    /// What the store calls it.
    pub id: String,
    /// Bytes of every part but the last.
    pub part_bytes: u64,
    /// The parts that arrived, by number.
    pub parts: Vec<Part>,
}

/// A part that arrived.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Counting up from 1.
    pub number: u32,
    /// What the store calls its content.
    pub etag: String,
}

/// A bundle that has arrived.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Published {
    /// What the machine said of it, in words.
    pub said: String,
    /// Bytes that may have left altogether.
    pub sent: u64,
}

/// What is being done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Asking what is there already.
    Asking,
    /// Sending; counted in bytes.
    Sending,
    /// Everything was sent, and the machine works on it.
    Waiting,
    /// The machine is busy or troubled: the next try comes after this many seconds.
    Pausing(u64),
}

/// How far the sending is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// What is being done.
    pub stage: Stage,
    /// Bytes that arrived or are on their way.
    pub done: u64,
    /// Bytes of the whole.
    pub total: u64,
}

/// How a parcel is sent.
pub struct Errand<'a> {
    /// The key of the machine; `ID:SECRET` for S3.
    pub key: Option<&'a str>,
    /// Most bytes that may leave, over all goes.
    pub at_most: Option<u64>,
    /// Keeps what was reached, so that it outlives this process; the fault is in words.
    pub keep: &'a dyn Fn(&Reached) -> std::result::Result<(), String>,
    /// Hears how far it is.
    pub tell: &'a dyn Fn(Progress),
    /// Waits, and says whether to go on.
    pub pause: &'a dyn Fn(Duration) -> bool,
    /// Stops the sending between two pieces.
    pub cancel: &'a CancelToken,
    /// The time, for signatures.
    pub now: &'a dyn Fn() -> Timestamp,
}

impl Errand<'_> {
    /// Counts a piece before it leaves; refused where it would pass the cap.
    pub(crate) fn reserve(&self, reached: &mut Reached, bytes: u64) -> Result<()> {
        let after = reached.sent.saturating_add(bytes);
        if let Some(cap) = self.at_most.filter(|cap| after > *cap) {
            return Err(PublishError::Cap {
                sent: reached.sent,
                cap,
                next: bytes,
            });
        }
        reached.sent = after;
        self.keep(reached)
    }

    pub(crate) fn keep(&self, reached: &Reached) -> Result<()> {
        (self.keep)(reached).map_err(PublishError::NotKept)
    }

    pub(crate) fn tell(&self, stage: Stage, done: u64, total: u64) {
        (self.tell)(Progress { stage, done, total });
    }

    pub(crate) fn check(&self) -> Result<()> {
        if self.cancel.is_cancelled() {
            return Err(PublishError::Cancelled);
        }
        Ok(())
    }

    /// Waits, or stops.
    pub(crate) fn wait(&self, pause: Duration) -> Result<()> {
        if (self.pause)(pause) {
            self.check()
        } else {
            Err(PublishError::Cancelled)
        }
    }
}
