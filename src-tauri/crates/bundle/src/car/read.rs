//! Reading a CAR that may be hostile: every length is bounded before anything is allocated for it.

use std::io::{self, BufReader, ErrorKind, Read};

use cid::Cid;
use sha2::{Digest as _, Sha256};

use super::{header, index};
use crate::profile::{DAG_PB, RAW, SHA2_256};
use crate::unixfs::varint;

/// Longest header that is read.
const MAX_HEADER: u64 = 4096;
/// Longest section that is read. IPFS exchanges blocks up to 2 MiB.
const MAX_SECTION: u64 = 4 * 1024 * 1024;

/// Longest padding that a CAR v2 may have before its CAR v1.
const MAX_PADDING: u64 = 4096;

/// What is wrong with a CAR, and the byte position of the section or header where it is.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) position: u64,
    pub(crate) kind: FaultKind,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum FaultKind {
    #[error("a readable file, but: {0}")]
    Io(io::Error),
    #[error("a file cut off in the middle")]
    Truncated,
    #[error("not the header of a CAR")]
    Header,
    #[error("not a length from 1 to {MAX_SECTION} bytes")]
    Length,
    #[error("not a CID")]
    Cid,
    #[error("a CID of codec 0x{codec:x} and hash 0x{hash:x}")]
    Kind { codec: u64, hash: u64 },
    #[error("bytes that hash to {found}")]
    Hash { expected: Box<Cid>, found: Box<Cid> },
}

/// A block whose bytes hash to its CID.
pub(crate) struct Block<'a> {
    pub(crate) cid: Cid,
    /// Where its section starts, and where its bytes do.
    pub(crate) section: u64,
    pub(crate) position: u64,
    pub(crate) bytes: &'a [u8],
}

/// Reads section after section.
pub(crate) struct CarReader<R> {
    input: BufReader<R>,
    position: u64,
    section: Vec<u8>,
    /// Where the sections end; the end of the file where nothing says.
    end: u64,
    /// Where the CAR v1 begins, and the index of a CAR v2 that has one.
    pub(crate) payload: u64,
    pub(crate) index: Option<u64>,
    pub(crate) roots: Vec<Cid>,
}

impl<R: Read> CarReader<R> {
    pub(crate) fn new(input: R) -> Result<Self, Fault> {
        let mut reader = Self {
            input: BufReader::with_capacity(256 * 1024, input),
            position: 0,
            section: Vec::new(),
            end: u64::MAX,
            payload: 0,
            index: None,
            roots: Vec::new(),
        };
        reader.take_header().map_err(|kind| Fault { position: 0, kind })?;
        Ok(reader)
    }

    fn take_header(&mut self) -> Result<(), FaultKind> {
        if !self.take_section(MAX_HEADER)? {
            return Err(FaultKind::Truncated);
        }
        if self.section == index::PRAGMA[1..] {
            self.take_second_header()?;
            if !self.take_section(MAX_HEADER)? {
                return Err(FaultKind::Truncated);
            }
        }
        self.roots = header::decode(&self.section).ok_or(FaultKind::Header)?;
        Ok(())
    }

    /// Reads what stands between the pragma of a CAR v2 and its CAR v1.
    fn take_second_header(&mut self) -> Result<(), FaultKind> {
        let mut header = [0; index::HEADER];
        self.input.read_exact(&mut header).map_err(fault_of)?;
        let places = index::decode_header(&header).ok_or(FaultKind::Header)?;
        let padding = places.payload - index::PAYLOAD_AT;
        if padding > MAX_PADDING {
            return Err(FaultKind::Header);
        }
        let skipped = io::copy(&mut self.input.by_ref().take(padding), &mut io::sink());
        if skipped.map_err(FaultKind::Io)? < padding {
            return Err(FaultKind::Truncated);
        }
        self.position = places.payload;
        self.payload = places.payload;
        self.end = places.payload + places.payload_bytes;
        self.index = (places.index > 0).then_some(places.index);
        Ok(())
    }

    /// The next block; `None` after the last.
    pub(crate) fn next_block(&mut self) -> Result<Option<Block<'_>>, Fault> {
        let start = self.position;
        let fault = |kind| Fault {
            position: start,
            kind,
        };
        if !self.take_section(MAX_SECTION).map_err(fault)? {
            return Ok(None);
        }
        let mut rest = self.section.as_slice();
        let cid = Cid::read_bytes(&mut rest).map_err(|_| fault(FaultKind::Cid))?;
        let (codec, hash) = (cid.codec(), cid.hash().code());
        if !is_known(&cid) {
            return Err(fault(FaultKind::Kind { codec, hash }));
        }
        let found = cid_of(&cid, rest);
        if found != cid {
            return Err(fault(FaultKind::Hash {
                expected: cid.into(),
                found: found.into(),
            }));
        }
        Ok(Some(Block {
            cid,
            section: start,
            position: self.position - rest.len() as u64,
            bytes: rest,
        }))
    }

    /// Reads a length and as many bytes; `false` at the end of the file.
    fn take_section(&mut self, longest: u64) -> Result<bool, FaultKind> {
        let Some(length) = self.take_length()? else {
            return Ok(false);
        };
        if length == 0 || length > longest {
            return Err(FaultKind::Length);
        }
        if self.end - self.position < length {
            return Err(FaultKind::Truncated);
        }
        self.section.resize(length as usize, 0);
        self.input.read_exact(&mut self.section).map_err(fault_of)?;
        self.position += length;
        Ok(true)
    }

    fn take_length(&mut self) -> Result<Option<u64>, FaultKind> {
        let mut bytes = Vec::with_capacity(10);
        loop {
            if self.position == self.end {
                return if bytes.is_empty() {
                    Ok(None)
                } else {
                    Err(FaultKind::Truncated)
                };
            }
            let mut byte = [0];
            match self.input.read_exact(&mut byte) {
                Ok(()) => {}
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => {
                    return if bytes.is_empty() {
                        Ok(None)
                    } else {
                        Err(FaultKind::Truncated)
                    };
                }
                Err(error) => return Err(FaultKind::Io(error)),
            }
            bytes.push(byte[0]);
            self.position += 1;
            if byte[0] < 0x80 {
                return varint::take(&mut bytes.as_slice())
                    .map(Some)
                    .ok_or(FaultKind::Length);
            }
            if bytes.len() == 10 {
                return Err(FaultKind::Length);
            }
        }
    }
}

fn fault_of(error: io::Error) -> FaultKind {
    match error.kind() {
        ErrorKind::UnexpectedEof => FaultKind::Truncated,
        _ => FaultKind::Io(error),
    }
}

/// Whether blocks of this kind are read: bytes and dag-pb nodes under SHA-256.
pub(crate) fn is_known(cid: &Cid) -> bool {
    matches!(cid.codec(), RAW | DAG_PB) && cid.hash().code() == SHA2_256 && cid.hash().size() == 32
}

/// The CID that these bytes have, of the same version and codec as `cid`.
pub(crate) fn cid_of(cid: &Cid, bytes: &[u8]) -> Cid {
    with_digest(cid, &Sha256::digest(bytes).into())
}

/// The CID of the same version and codec over another digest.
fn with_digest(cid: &Cid, digest: &[u8; 32]) -> Cid {
    let hash = cid::multihash::Multihash::wrap(SHA2_256, digest).unwrap_or_default();
    match cid.version() {
        cid::Version::V0 => Cid::new_v0(hash).unwrap_or_else(|_| Cid::new_v1(DAG_PB, hash)),
        cid::Version::V1 => Cid::new_v1(cid.codec(), hash),
    }
}
