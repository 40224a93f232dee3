//! PNG: a signature and chunks, each of length, type, data and CRC (W3C PNG, third edition, 5.2 and 5.3).

use super::Texts;
use crate::error::{MasterError, Result};

const SIGNATURE: usize = 8;
/// What decides how a picture looks, and how it moves.
const LOOKS: [&[u8; 4]; 20] = [
    b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"cHRM", b"gAMA", b"iCCP", b"sBIT", b"sRGB", b"cICP",
    b"mDCV", b"cLLI", b"bKGD", b"hIST", b"pHYs", b"oFFs", b"acTL", b"fcTL", b"fdAT",
];
/// What the values of colours mean.
const COLOURS: [&[u8; 4]; 4] = [b"cHRM", b"gAMA", b"sRGB", b"cICP"];
/// The C2PA manifest.
const MANIFEST: &[u8; 4] = b"caBX";
/// The keyword of XMP packets (ISO 16684-3).
const XMP: &[u8] = b"XML:com.adobe.xmp\0";

struct Chunk<'a> {
    kind: [u8; 4],
    data: &'a [u8],
    /// With its length, type and CRC.
    whole: &'a [u8],
}

fn chunks(bytes: &[u8]) -> Result<Vec<Chunk<'_>>> {
    let broken = || MasterError::damaged("its PNG chunks are cut short");
    let mut chunks = Vec::new();
    let mut rest = bytes.get(SIGNATURE..).ok_or_else(broken)?;
    loop {
        let (head, _) = rest.split_first_chunk::<8>().ok_or_else(broken)?;
        let [a, b, c, d, kind @ ..] = *head;
        let length = u32::from_be_bytes([a, b, c, d]) as usize;
        let end = length.checked_add(12).ok_or_else(broken)?;
        let (whole, following) = rest.split_at_checked(end).ok_or_else(broken)?;
        chunks.push(Chunk {
            kind,
            data: &whole[8..8 + length],
            whole,
        });
        if &kind == b"IEND" {
            return Ok(chunks);
        }
        rest = following;
    }
}

fn is_text(chunk: &Chunk<'_>) -> bool {
    // A chunk that every reader must understand (an upper-case first letter) is no text, known or not.
    let ancillary = chunk.kind[0] & 0x20 != 0;
    ancillary && !LOOKS.contains(&&chunk.kind)
}

/// The packet in a text chunk, where it is one and lies there as it is.
fn packet(chunk: &Chunk<'_>) -> Option<String> {
    if &chunk.kind != b"iTXt" {
        return None;
    }
    let [0, _, text @ ..] = chunk.data.strip_prefix(XMP)? else {
        return None; // Compressed.
    };
    // A language and a translated keyword, both ended by a zero.
    let mut parts = text.splitn(3, |byte| *byte == 0).skip(2);
    String::from_utf8(parts.next()?.to_vec()).ok()
}

pub(super) fn texts(bytes: &[u8], anew: bool) -> Result<Texts> {
    let mut texts = Texts::default();
    for chunk in chunks(bytes)?.iter().filter(|chunk| is_text(chunk)) {
        let safe_to_copy = chunk.kind[3] & 0x20 != 0;
        if &chunk.kind == MANIFEST || (anew && !safe_to_copy) {
            continue;
        }
        match packet(chunk) {
            Some(packet) => texts.xmp = Some(packet),
            None => texts.parts.push(chunk.whole.to_vec()),
        }
    }
    Ok(texts)
}

pub(super) fn colours(bytes: &[u8]) -> Result<Vec<Vec<u8>>> {
    let chunks = chunks(bytes)?;
    let colours = chunks.iter().filter(|chunk| COLOURS.contains(&&chunk.kind));
    Ok(colours.map(|chunk| chunk.whole.to_vec()).collect())
}

pub(super) fn with_texts(bytes: &[u8], texts: &Texts) -> Result<Vec<u8>> {
    let mut out = Vec::with_capacity(bytes.len() + 1024);
    out.extend_from_slice(bytes.get(..SIGNATURE).unwrap_or_default());
    for chunk in chunks(bytes)?.iter().filter(|chunk| !is_text(chunk)) {
        out.extend_from_slice(chunk.whole);
        if &chunk.kind == b"IHDR" {
            texts.parts.iter().for_each(|part| out.extend_from_slice(part));
            if let Some(packet) = &texts.xmp {
                // Not compressed, no language, no translated keyword.
                let data = [XMP, &[0, 0, 0, 0], packet.as_bytes()].concat();
                push(&mut out, *b"iTXt", &data);
            }
        }
    }
    Ok(out)
}

fn push(out: &mut Vec<u8>, kind: [u8; 4], data: &[u8]) {
    out.extend_from_slice(&(data.len() as u32).to_be_bytes());
    let start = out.len();
    out.extend_from_slice(&kind);
    out.extend_from_slice(data);
    let sum = crc32fast::hash(&out[start..]);
    out.extend_from_slice(&sum.to_be_bytes());
}

pub(super) fn without_manifest(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut out = bytes.get(..SIGNATURE).unwrap_or_default().to_vec();
    for chunk in chunks(bytes)?.iter().filter(|chunk| &chunk.kind != MANIFEST) {
        out.extend_from_slice(chunk.whole);
    }
    Ok(out)
}

/// Behind the header.
pub(super) fn manifest_place(bytes: &[u8]) -> Result<usize> {
    Ok(SIGNATURE + chunks(bytes)?.first().map_or(0, |header| header.whole.len()))
}

pub(super) fn manifest_part(manifest: &[u8]) -> Vec<u8> {
    let mut part = Vec::new();
    push(&mut part, *MANIFEST, manifest);
    part
}
