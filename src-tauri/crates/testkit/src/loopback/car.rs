//! Reading a CAR v1 as its specification has it, apart from the code that writes it.

use salon_domain::Digest;

/// A block of a CAR: its CID as text, and where its bytes are.
#[derive(Debug, Clone)]
pub struct Block {
    /// The CID, in base 32.
    pub cid: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

fn varint(input: &mut &[u8]) -> Option<usize> {
    let (mut value, mut shift) = (0_usize, 0);
    loop {
        let (&byte, rest) = input.split_first()?;
        *input = rest;
        value |= usize::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(value);
        }
        shift += 7;
    }
}

/// A CID v1 as people write it: base 32 in lower case without padding, `b` in front.
fn base32(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
    let (mut text, mut held, mut bits) = (String::from("b"), 0_u32, 0);
    for &byte in bytes {
        held = (held << 8) | u32::from(byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            text.push(char::from(LETTERS[(held >> bits) as usize & 31]));
        }
        held &= (1 << bits) - 1;
    }
    if bits > 0 {
        text.push(char::from(LETTERS[(held << (5 - bits)) as usize & 31]));
    }
    text
}

/// Root and blocks of a CAR whose blocks have CIDs v1 under SHA-256; none where it is cut off or a block does not hash to its CID.
fn read(car: &[u8]) -> Option<(String, Vec<Block>)> {
    const CID: usize = 36;
    let mut rest = car;
    let length = varint(&mut rest)?;
    let (header, mut rest) = rest.split_at_checked(length)?;
    // The tag of a CID, a byte string of 37, and the zero of its base.
    let marks = [0xd8, 0x2a, 0x58, 0x25, 0x00];
    let at = header.windows(marks.len()).position(|window| window == marks)?;
    let root = base32(header.get(at + marks.len()..at + marks.len() + CID)?);
    let mut blocks = Vec::new();
    while !rest.is_empty() {
        let length = varint(&mut rest)?;
        let (section, after) = rest.split_at_checked(length)?;
        let (cid, bytes) = section.split_at_checked(CID)?;
        if cid[4..] != Digest::of(bytes).0 {
            return None;
        }
        blocks.push(Block {
            cid: base32(cid),
            bytes: bytes.to_vec(),
        });
        rest = after;
    }
    Some((root, blocks))
}

/// The blocks of a CAR, in its order; none where something is wrong with it.
pub fn blocks(car: &[u8]) -> Option<Vec<Block>> {
    read(car).map(|(_, blocks)| blocks)
}

/// The root of a CAR whose blocks are whole.
pub fn root_of(car: &[u8]) -> Option<String> {
    read(car).map(|(root, _)| root)
}

fn put_varint(out: &mut Vec<u8>, mut value: usize) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// A CAR of these blocks of bare bytes, the first of them its root; and the root.
pub fn car_of(blocks: &[Vec<u8>]) -> (Vec<u8>, String) {
    let cids = blocks.iter().map(|bytes| {
        let mut cid = vec![1, 0x55, 0x12, 0x20];
        cid.extend(Digest::of(bytes).0);
        cid
    });
    let cids: Vec<Vec<u8>> = cids.collect();
    let mut header = b"\xa2\x65roots\x81\xd8\x2a\x58\x25\x00".to_vec();
    header.extend(&cids[0]);
    header.extend(b"\x67version\x01");
    let mut car = Vec::new();
    put_varint(&mut car, header.len());
    car.extend(header);
    for (cid, bytes) in cids.iter().zip(blocks) {
        put_varint(&mut car, cid.len() + bytes.len());
        car.extend(cid);
        car.extend(bytes);
    }
    (car, base32(&cids[0]))
}
