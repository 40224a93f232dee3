//! The header: dag-cbor `{"roots": [cid], "version": 1}`.

use cid::Cid;

use crate::unixfs::dag_pb::read_cid;
use crate::unixfs::varint;

const MAP_OF_TWO: u8 = 0xa2;
const ROOTS: &[u8] = b"\x65roots";
const VERSION_ONE: &[u8] = b"\x67version\x01";
const CID_TAG: &[u8] = &[0xd8, 0x2a, 0x58];

/// The header for one root, its length in front.
pub(crate) fn encode(root: &Cid) -> Vec<u8> {
    let cid = root.to_bytes();
    let mut body = vec![MAP_OF_TWO];
    body.extend_from_slice(ROOTS);
    body.push(0x81);
    body.extend_from_slice(CID_TAG);
    // A leading zero byte: the identity multibase of a binary CID.
    body.push(cid.len() as u8 + 1);
    body.push(0);
    body.extend_from_slice(&cid);
    body.extend_from_slice(VERSION_ONE);
    let mut out = Vec::with_capacity(body.len() + 1);
    varint::put(&mut out, body.len() as u64);
    out.append(&mut body);
    out
}

/// The roots of a header without its length; `None` unless it is the canonical form of a version 1 header.
pub(crate) fn decode(body: &[u8]) -> Option<Vec<Cid>> {
    let rest = body.strip_prefix(&[MAP_OF_TWO])?.strip_prefix(ROOTS)?;
    let (&array, mut rest) = rest.split_first()?;
    let count = array.checked_sub(0x80).filter(|&count| count < 24)?;
    let mut roots = Vec::with_capacity(usize::from(count));
    for _ in 0..count {
        let (&length, after) = rest.strip_prefix(CID_TAG)?.split_first()?;
        let (cid, after) = after.split_at_checked(usize::from(length))?;
        roots.push(read_cid(cid.strip_prefix(&[0])?)?);
        rest = after;
    }
    (rest == VERSION_ONE).then_some(roots)
}
