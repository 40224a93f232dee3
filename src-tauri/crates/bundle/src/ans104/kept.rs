//! Signatures that were made and not yet used: an RSA signature is another every time, and with it an item's address. What
//! a kill cut short goes on with those that there are, and ends with the addresses it would have had.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{ErrorKind, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::item::Hash;
use super::key::{Key, Kind};
use crate::error::{BundleError, Result};

/// Longest file that is read: a million signatures.
const LONGEST: u64 = 1 << 30;

/// A file of signatures, one a line: what was signed, and the signature.
pub(crate) struct Kept {
    path: PathBuf,
    known: BTreeMap<String, Vec<u8>>,
    /// `None` where signing again gives the same.
    file: Option<Mutex<File>>,
}

impl Kept {
    /// Reads what there is; a line that a kill cut short is passed over.
    pub(crate) fn open(path: PathBuf, kind: Kind) -> Result<Self> {
        let mut kept = Self {
            path,
            known: BTreeMap::new(),
            file: None,
        };
        if kind == Kind::Ed25519 {
            return Ok(kept);
        }
        let path = &kept.path;
        let mut text = String::new();
        match File::open(path) {
            Ok(file) => {
                let read = file.take(LONGEST).read_to_string(&mut text);
                read.map_err(BundleError::read(path))?;
            }
            Err(fault) if fault.kind() == ErrorKind::NotFound => {}
            Err(fault) => return Err(BundleError::read(path)(fault)),
        }
        for line in text.lines() {
            if let Some((message, signature)) = line.split_once(' ')
                && let Ok(signature) = URL_SAFE_NO_PAD.decode(signature)
            {
                kept.known.insert(message.to_owned(), signature);
            }
        }
        let mut file = File::options()
            .append(true)
            .create(true)
            .open(path)
            .map_err(BundleError::write(path))?;
        if !text.is_empty() && !text.ends_with('\n') {
            file.write_all(b"\n").map_err(BundleError::write(path))?;
        }
        kept.file = Some(Mutex::new(file));
        Ok(kept)
    }

    /// The signature of a message: the one that was made already, where it is this key's, or a new one, which is kept.
    pub(crate) fn signature(&self, key: &Key, message: &Hash) -> Result<Vec<u8>> {
        let text = URL_SAFE_NO_PAD.encode(message);
        if let Some(made) = self.known.get(&text)
            && key.kind().verifies(key.owner(), message, made)
        {
            return Ok(made.clone());
        }
        let signature = key.sign(message).ok_or(BundleError::NoRandomNumbers)?;
        if let Some(file) = &self.file {
            let line = format!("{text} {}\n", URL_SAFE_NO_PAD.encode(&signature));
            // A thread that panicked left whole lines.
            let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
            file.write_all(line.as_bytes())
                .map_err(BundleError::write(&self.path))?;
        }
        Ok(signature)
    }

    /// Forgets them: they are in the bundle now, or not wanted any more.
    pub(crate) fn clear(path: &Path) -> Result<()> {
        match fs::remove_file(path) {
            Err(fault) if fault.kind() != ErrorKind::NotFound => Err(BundleError::write(path)(fault)),
            _ => Ok(()),
        }
    }
}
