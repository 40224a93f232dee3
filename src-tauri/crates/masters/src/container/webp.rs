//! WebP: RIFF chunks, each of a type, a length and data padded to an even number (RFC 9649, 2.3 to 2.7).

use super::Texts;
use crate::error::{MasterError, Result};

/// `RIFF`, the length of what follows, `WEBP`.
const HEADER: usize = 12;
/// What decides how a picture looks, and how it moves.
const LOOKS: [&[u8; 4]; 7] = [b"VP8X", b"VP8 ", b"VP8L", b"ALPH", b"ANIM", b"ANMF", b"ICCP"];
/// The C2PA manifest.
const MANIFEST: &[u8; 4] = b"C2PA";
const EXIF: &[u8; 4] = b"EXIF";
const XMP: &[u8; 4] = b"XMP ";
/// Flags of `VP8X`.
const HAS_XMP: u8 = 0x04;
const HAS_EXIF: u8 = 0x08;
const HAS_ALPHA: u8 = 0x10;

struct Chunk<'a> {
    kind: [u8; 4],
    data: &'a [u8],
}

fn chunks(bytes: &[u8]) -> Result<Vec<Chunk<'_>>> {
    let broken = || MasterError::damaged("its WebP chunks are cut short");
    let mut chunks = Vec::new();
    let mut rest = bytes.get(HEADER..).ok_or_else(broken)?;
    while let Some((head, following)) = rest.split_first_chunk::<8>() {
        let [kind @ .., a, b, c, d] = *head;
        let length = u32::from_le_bytes([a, b, c, d]) as usize;
        chunks.push(Chunk {
            kind,
            data: following.get(..length).ok_or_else(broken)?,
        });
        // The last one's padding may be missing.
        rest = following.get(length + length % 2..).unwrap_or_default();
    }
    Ok(chunks)
}

fn is_text(chunk: &Chunk<'_>) -> bool {
    !LOOKS.contains(&&chunk.kind)
}

pub(super) fn texts(bytes: &[u8]) -> Result<Texts> {
    let mut texts = Texts::default();
    for chunk in chunks(bytes)?.iter().filter(|chunk| is_text(chunk)) {
        match &chunk.kind {
            MANIFEST => {}
            XMP => texts.xmp = String::from_utf8(chunk.data.to_vec()).ok(),
            _ => {
                let mut part = Vec::new();
                push(&mut part, chunk.kind, chunk.data);
                texts.parts.push(part);
            }
        }
    }
    Ok(texts)
}

pub(super) fn with_texts(bytes: &[u8], texts: &Texts) -> Result<Vec<u8>> {
    let chunks = chunks(bytes)?;
    let exif = texts.parts.iter().any(|part| part.starts_with(EXIF));
    let mut flags = 0;
    if exif {
        flags |= HAS_EXIF;
    }
    if texts.xmp.is_some() {
        flags |= HAS_XMP;
    }
    let mut out = bytes.get(..HEADER).unwrap_or_default().to_vec();
    let extended = chunks.iter().any(|chunk| &chunk.kind == b"VP8X");
    if !extended && !texts.is_empty() {
        push(&mut out, *b"VP8X", &canvas(&chunks, flags)?);
    }
    for chunk in chunks.iter().filter(|chunk| !is_text(chunk)) {
        if &chunk.kind == b"VP8X" {
            let mut data = chunk.data.to_vec();
            if let Some(first) = data.first_mut() {
                *first = *first & !(HAS_EXIF | HAS_XMP) | flags;
            }
            push(&mut out, chunk.kind, &data);
        } else {
            push(&mut out, chunk.kind, chunk.data);
        }
    }
    texts.parts.iter().for_each(|part| out.extend_from_slice(part));
    if let Some(packet) = &texts.xmp {
        push(&mut out, *XMP, packet.as_bytes());
    }
    let length =
        u32::try_from(out.len() - 8).map_err(|_| MasterError::damaged("it is longer than a WebP can be"))?;
    out[4..8].copy_from_slice(&length.to_le_bytes());
    Ok(out)
}

/// `VP8X` for a file that had none: its flags and the size of its one picture, less one, in 24 bits a side.
fn canvas(chunks: &[Chunk<'_>], mut flags: u8) -> Result<Vec<u8>> {
    let broken = || MasterError::damaged("its WebP header is cut short");
    let picture = chunks
        .iter()
        .find(|chunk| matches!(&chunk.kind, b"VP8 " | b"VP8L"))
        .ok_or_else(broken)?;
    let (width, height) = if &picture.kind == b"VP8L" {
        // A signature, then 14 bits of width less one, 14 of height less one, one that says whether alpha is used.
        let bits = picture.data.get(1..5).ok_or_else(broken)?;
        let bits = u32::from_le_bytes([bits[0], bits[1], bits[2], bits[3]]);
        if bits >> 28 & 1 == 1 {
            flags |= HAS_ALPHA;
        }
        (bits & 0x3fff, bits >> 14 & 0x3fff)
    } else {
        // A frame tag of three bytes, a start code of three, then 14 bits of width and of height (RFC 6386, 9.1).
        let side = |at: usize| {
            let bytes = picture.data.get(at..at + 2).ok_or_else(broken)?;
            let side = u32::from(u16::from_le_bytes([bytes[0], bytes[1]]) & 0x3fff);
            side.checked_sub(1).ok_or_else(broken)
        };
        (side(6)?, side(8)?)
    };
    let mut data = vec![flags, 0, 0, 0];
    data.extend_from_slice(&width.to_le_bytes()[..3]);
    data.extend_from_slice(&height.to_le_bytes()[..3]);
    Ok(data)
}

fn push(out: &mut Vec<u8>, kind: [u8; 4], data: &[u8]) {
    out.extend_from_slice(&kind);
    out.extend_from_slice(&(data.len() as u32).to_le_bytes());
    out.extend_from_slice(data);
    if data.len() % 2 == 1 {
        out.push(0);
    }
}

pub(super) fn without_manifest(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut out = bytes.get(..HEADER).unwrap_or_default().to_vec();
    for chunk in chunks(bytes)?.iter().filter(|chunk| &chunk.kind != MANIFEST) {
        push(&mut out, chunk.kind, chunk.data);
    }
    count_bytes(&mut out);
    Ok(out)
}

pub(super) fn manifest_part(manifest: &[u8]) -> Vec<u8> {
    let mut part = Vec::new();
    push(&mut part, *MANIFEST, manifest);
    part
}

/// Writes how long the file is into its header.
pub(super) fn count_bytes(out: &mut [u8]) {
    let length = (out.len() - 8) as u32;
    out[4..8].copy_from_slice(&length.to_le_bytes());
}
