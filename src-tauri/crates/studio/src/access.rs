//! Whether anything can be kept: who writes, and what keeps the disk from taking it. Told when it changes, so that every
//! window shows it for as long as it lasts and goes on by itself when it is over.

use std::io;
use std::ops::ControlFlow;
use std::sync::Arc;

use crate::api::{Access, ApiError, ErrorCode};
use crate::beat::Beat;
use crate::events::lock;
use crate::settings::{QUEUE_PAUSED, read_or};
use crate::studio::Inner;

/// Looks after it about twice a second: misses a folder that went, and tries to write again while that fails.
pub(crate) fn watch(whole: &Arc<Inner>) -> io::Result<Beat> {
    let inner = Arc::downgrade(whole);
    Beat::start("access", move || {
        let Some(inner) = inner.upgrade() else {
            return ControlFlow::Break(());
        };
        let project = &inner.project;
        // What is found, the project remembers.
        let _ = match project.trouble() {
            Some(_) => project.try_to_write(),
            None => project.check_place(),
        };
        inner.tell_access();
        ControlFlow::Continue(())
    })
}

impl Inner {
    /// Whether anything can be written now.
    pub(crate) fn access(&self) -> Access {
        Access {
            read_only: self.project.read_only(),
            trouble: self
                .project
                .trouble()
                .map(|message| ApiError::new(ErrorCode::Storage, message, &[])),
        }
    }

    /// Tells everybody, if it is not what was told last. A queue that stopped because nothing could be written goes on
    /// when something can.
    pub(crate) fn tell_access(&self) {
        let now = self.access();
        let over = {
            let mut told = lock(&self.told_access);
            if *told == now {
                return;
            }
            self.events.access(&now);
            let before = std::mem::replace(&mut *told, now.clone());
            before.trouble.is_some() && now.trouble.is_none()
        };
        match &now.trouble {
            Some(fault) => tracing::error!("nothing can be written: {fault}"),
            None => tracing::info!(read_only = now.read_only, "what is decided can be kept"),
        }
        let paused = || read_or(&self.project, QUEUE_PAUSED, "").is_ok_and(|paused| paused == "yes");
        if over && self.queue.stopped_by(ErrorCode::Storage) && !paused() {
            self.queue.resume();
            self.tell_queue();
        }
    }
}
