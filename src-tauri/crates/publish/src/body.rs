//! A piece of a CAR on its way: read as it is sent, counted, and stopped.

use std::fs::File;
use std::io::{self, Cursor, Read, Seek as _, SeekFrom};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use sha2::{Digest as _, Sha256};

use crate::errand::{Errand, Stage};
use crate::error::{PublishError, Result};

/// A piece of a file, with what stands before and after it.
pub(crate) struct Piece<'a> {
    pub(crate) car: &'a Path,
    pub(crate) from: u64,
    pub(crate) bytes: u64,
    pub(crate) before: Vec<u8>,
    pub(crate) after: Vec<u8>,
}

impl Piece<'_> {
    /// Its length with what stands around it.
    pub(crate) fn length(&self) -> u64 {
        self.bytes + (self.before.len() + self.after.len()) as u64
    }

    fn open(&self) -> io::Result<impl Read + use<>> {
        let mut file = File::open(self.car)?;
        file.seek(SeekFrom::Start(self.from))?;
        let inside = file.take(self.bytes);
        let (before, after) = (self.before.clone(), self.after.clone());
        Ok(Cursor::new(before).chain(inside).chain(Cursor::new(after)))
    }

    /// SHA-256 of what will be sent, read once beforehand.
    pub(crate) fn sha256(&self, errand: &Errand<'_>) -> Result<[u8; 32]> {
        let mut input = self.open().map_err(|fault| PublishError::car(self.car, &fault))?;
        let mut hasher = Sha256::new();
        let mut buffer = vec![0; 128 * 1024];
        loop {
            errand.check()?;
            match input.read(&mut buffer) {
                Ok(0) => return Ok(hasher.finalize().into()),
                Ok(count) => hasher.update(&buffer[..count]),
                Err(fault) if fault.kind() == io::ErrorKind::Interrupted => {}
                Err(fault) => return Err(PublishError::car(self.car, &fault)),
            }
        }
    }

    /// The piece, to be sent. `arrived` are the bytes of the whole that arrived before it.
    pub(crate) fn sending<'e>(
        &self,
        errand: &'e Errand<'e>,
        arrived: u64,
        total: u64,
    ) -> Result<Sending<'e, impl Read + use<>>> {
        let input = self.open().map_err(|fault| PublishError::car(self.car, &fault))?;
        Ok(Sending {
            input,
            left: self.length(),
            arrived,
            total,
            errand,
            ours: AtomicBool::new(false),
        })
    }
}

/// A piece being sent.
pub(crate) struct Sending<'e, Input> {
    input: Input,
    left: u64,
    arrived: u64,
    total: u64,
    errand: &'e Errand<'e>,
    ours: AtomicBool,
}

impl<Input> Sending<'_, Input> {
    /// Whether the file was at fault, and not the network.
    pub(crate) fn is_ours(&self) -> bool {
        self.ours.load(Ordering::Relaxed)
    }
}

impl<Input: Read> Read for Sending<'_, Input> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.errand.cancel.is_cancelled() {
            return Err(io::Error::other("stopped as asked"));
        }
        let read = self.input.read(buffer);
        let fault = match read {
            Ok(0) if self.left > 0 && !buffer.is_empty() => io::Error::new(
                io::ErrorKind::UnexpectedEof,
                "it became shorter while it was sent",
            ),
            Ok(count) => {
                self.left = self.left.saturating_sub(count as u64);
                self.arrived = (self.arrived + count as u64).min(self.total);
                self.errand.tell(Stage::Sending, self.arrived, self.total);
                return Ok(count);
            }
            Err(fault) => fault,
        };
        self.ours.store(true, Ordering::Relaxed);
        Err(fault)
    }
}
