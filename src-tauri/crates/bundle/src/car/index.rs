//! CAR v2: a CAR v1 behind a short header, and an index of its blocks. Source: ipld.io, transport/car/carv2; the byte
//! order of the index's numbers, which the specification leaves open, as go-car has it: least significant first.

use cid::Cid;

use crate::profile::SHA2_256;
use crate::unixfs::varint;

/// The first bytes: the dag-cbor `{"version": 2}` with its length, so that readers of version 1 refuse it by name.
pub(crate) const PRAGMA: [u8; 11] = *b"\x0a\xa1gversion\x02";
/// Length of the header behind the pragma.
pub(crate) const HEADER: usize = 40;
/// Where we let the CAR v1 begin: at once.
pub(crate) const PAYLOAD_AT: u64 = (PRAGMA.len() + HEADER) as u64;
/// The left-most bit of the characteristics: the index names every block.
const FULLY_INDEXED: u8 = 0x80;
/// Multicodec of the index: multihash code, width, then digests in ascending order with their offsets.
const MULTIHASH_INDEX_SORTED: u64 = 0x0401;
/// A SHA2-256 and an offset.
const ENTRY: usize = 32 + 8;

/// What the header says of the places of things, in bytes from the beginning of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Places {
    pub(crate) payload: u64,
    pub(crate) payload_bytes: u64,
    /// 0 where there is no index.
    pub(crate) index: u64,
}

/// Pragma and header for a CAR v1 of so many bytes, with the index behind it.
pub(crate) fn encode_header(payload_bytes: u64) -> Vec<u8> {
    let mut out = PRAGMA.to_vec();
    out.push(FULLY_INDEXED);
    out.extend_from_slice(&[0; 15]);
    for number in [PAYLOAD_AT, payload_bytes, PAYLOAD_AT + payload_bytes] {
        out.extend_from_slice(&number.to_le_bytes());
    }
    out
}

/// Reads the header behind the pragma; `None` where what it says cannot be.
pub(crate) fn decode_header(header: &[u8; HEADER]) -> Option<Places> {
    let (_, numbers) = header.split_at(16);
    let mut numbers = numbers.chunks_exact(8).map(|bytes| {
        let bytes: [u8; 8] = bytes.try_into().unwrap_or_default();
        u64::from_le_bytes(bytes)
    });
    let places = Places {
        payload: numbers.next()?,
        payload_bytes: numbers.next()?,
        index: numbers.next()?,
    };
    let end = places.payload.checked_add(places.payload_bytes)?;
    let sound = places.payload >= PAYLOAD_AT && (places.index == 0 || places.index >= end);
    sound.then_some(places)
}

/// The index of blocks whose sections begin at these offsets of the CAR v1.
pub(crate) fn encode(blocks: impl Iterator<Item = (Cid, u64)>) -> Vec<u8> {
    let mut entries: Vec<(Vec<u8>, u64)> = blocks
        .map(|(cid, offset)| (cid.hash().digest().to_vec(), offset))
        .collect();
    entries.sort();
    let mut out = Vec::with_capacity(32 + entries.len() * ENTRY);
    varint::put(&mut out, MULTIHASH_INDEX_SORTED);
    // One kind of hash, of one width.
    out.extend_from_slice(&1_i32.to_le_bytes());
    out.extend_from_slice(&SHA2_256.to_le_bytes());
    out.extend_from_slice(&1_i32.to_le_bytes());
    out.extend_from_slice(&(ENTRY as u32).to_le_bytes());
    out.extend_from_slice(&((entries.len() * ENTRY) as u64).to_le_bytes());
    for (digest, offset) in entries {
        out.extend_from_slice(&digest);
        out.extend_from_slice(&offset.to_le_bytes());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_comes_back_and_an_impossible_one_is_refused() {
        let bytes = encode_header(1234);
        assert_eq!(bytes.len() as u64, PAYLOAD_AT, "the CAR v1 follows at once");
        let header: [u8; HEADER] = bytes[PRAGMA.len()..].try_into().unwrap();
        let places = Places {
            payload: 51,
            payload_bytes: 1234,
            index: 51 + 1234,
        };
        assert_eq!(decode_header(&header), Some(places));
        for (at, number) in [(16, 50_u64), (24, u64::MAX), (32, 60)] {
            let mut wrong = header;
            wrong[at..at + 8].copy_from_slice(&number.to_le_bytes());
            assert_eq!(decode_header(&wrong), None, "{number} at {at} cannot be");
        }
    }
}
