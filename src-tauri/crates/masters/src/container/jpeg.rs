//! JPEG: segments, each a marker and a length, between which entropy-coded data lie (ITU-T T.81, annex B).

use super::Texts;
use crate::error::{MasterError, Result};

const START: u8 = 0xd8;
const END: u8 = 0xd9;
const SCAN: u8 = 0xda;
const COMMENT: u8 = 0xfe;
/// APP11, which JUMBF lies in.
const MANIFEST: u8 = 0xeb;
/// Longest piece of a manifest in a segment.
const LONGEST_PIECE: usize = 60_000;
/// What APP1 begins with when it is an XMP packet (ISO 16684-3).
const XMP: &[u8] = b"http://ns.adobe.com/xap/1.0/\0";
/// What APP2 begins with when it is a colour profile, and when it leads to further pictures behind this one.
const PROFILE: &[u8] = b"ICC_PROFILE\0";
const FURTHER: &[u8] = b"MPF\0";

struct Segment<'a> {
    marker: u8,
    /// Behind its length.
    data: &'a [u8],
    /// With its marker and length; of a scan, with what is coded in it.
    whole: &'a [u8],
}

/// What is to become of a segment.
#[derive(PartialEq, Eq)]
enum Is {
    Looks,
    Packet,
    Text,
    /// It holds for the bytes around it only: a C2PA manifest, a way to further pictures.
    Bound,
}

fn kind(segment: &Segment<'_>) -> Is {
    match segment.marker {
        // JFIF, and Adobe's word on how colours are coded.
        0xe0 | 0xee => Is::Looks,
        0xe1 if segment.data.starts_with(XMP) => Is::Packet,
        0xe2 if segment.data.starts_with(PROFILE) => Is::Looks,
        0xe2 if segment.data.starts_with(FURTHER) => Is::Bound,
        MANIFEST => Is::Bound,
        0xe1..=0xef | COMMENT => Is::Text,
        _ => Is::Looks,
    }
}

/// Everything between the start and the end; what lies behind the end is not looked at.
fn segments(bytes: &[u8]) -> Result<Vec<Segment<'_>>> {
    let broken = || MasterError::damaged("its JPEG segments are cut short");
    let mut segments = Vec::new();
    let mut place = 2;
    loop {
        // Markers may be padded with 0xff.
        while bytes.get(place) == Some(&0xff) && bytes.get(place + 1) == Some(&0xff) {
            place += 1;
        }
        let [0xff, marker] = *bytes.get(place..place + 2).ok_or_else(broken)? else {
            return Err(broken());
        };
        if marker == END {
            return Ok(segments);
        }
        let length = bytes.get(place + 2..place + 4).ok_or_else(broken)?;
        let length = usize::from(u16::from_be_bytes([length[0], length[1]]));
        let mut end = place + 2 + length;
        let data = bytes.get(place + 4..end).ok_or_else(broken)?;
        if marker == SCAN {
            end = end_of_scan(bytes, end).ok_or_else(broken)?;
        }
        segments.push(Segment {
            marker,
            data,
            whole: &bytes[place..end],
        });
        place = end;
    }
}

/// Where the next marker is that belongs to no coded data.
fn end_of_scan(bytes: &[u8], mut place: usize) -> Option<usize> {
    loop {
        match bytes.get(place..place + 2)? {
            // A byte of data, a restart, or padding.
            [0xff, 0x00 | 0xd0..=0xd7] => place += 2,
            [0xff, 0xff] => place += 1,
            [0xff, _] => return Some(place),
            _ => place += 1,
        }
    }
}

pub(super) fn texts(bytes: &[u8]) -> Result<Texts> {
    let mut texts = Texts::default();
    for segment in segments(bytes)? {
        match kind(&segment) {
            Is::Packet => {
                let packet = segment.data.get(XMP.len()..).unwrap_or_default();
                texts.xmp = String::from_utf8(packet.to_vec()).ok();
            }
            Is::Text => texts.parts.push(segment.whole.to_vec()),
            Is::Looks | Is::Bound => {}
        }
    }
    Ok(texts)
}

pub(super) fn with_texts(bytes: &[u8], texts: &Texts) -> Result<Vec<u8>> {
    let segments = segments(bytes)?;
    let mut looks = segments.iter().filter(|one| kind(one) == Is::Looks).peekable();
    let mut out = Vec::with_capacity(bytes.len() + 1024);
    out.extend_from_slice(&[0xff, START]);
    // JFIF comes first, texts next.
    while let Some(segment) = looks.next_if(|one| one.marker == 0xe0) {
        out.extend_from_slice(segment.whole);
    }
    texts.parts.iter().for_each(|part| out.extend_from_slice(part));
    if let Some(packet) = &texts.xmp {
        let length = u16::try_from(2 + XMP.len() + packet.len())
            .map_err(|_| MasterError::damaged("its XMP packet is too long for another word"))?;
        out.extend_from_slice(&[0xff, 0xe1]);
        out.extend_from_slice(&length.to_be_bytes());
        out.extend_from_slice(XMP);
        out.extend_from_slice(packet.as_bytes());
    }
    looks.for_each(|segment| out.extend_from_slice(segment.whole));
    out.extend_from_slice(&[0xff, END]);
    Ok(out)
}

pub(super) fn without_manifest(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut out = vec![0xff, START];
    for segment in segments(bytes)?.iter().filter(|one| one.marker != MANIFEST) {
        out.extend_from_slice(segment.whole);
    }
    out.extend_from_slice(&[0xff, END]);
    Ok(out)
}

/// Behind JFIF.
pub(super) fn manifest_place(bytes: &[u8]) -> Result<usize> {
    let segments = segments(bytes)?;
    let first = segments.iter().take_while(|one| one.marker == 0xe0);
    Ok(2 + first.map(|one| one.whole.len()).sum::<usize>())
}

/// JUMBF in segments (ISO 19566-5, annex D): each says that it is JUMBF, whose box it is part of and which part, and repeats
/// the box's length and type.
pub(super) fn manifest_part(manifest: &[u8]) -> Result<Vec<u8>> {
    let broken = || MasterError::damaged("its manifest is cut short");
    let (head, rest) = manifest.split_at_checked(8).ok_or_else(broken)?;
    let mut part = Vec::new();
    for (some, number) in rest.chunks(LONGEST_PIECE).zip(1_u32..) {
        let length = (2 + 2 + 2 + 4 + 8 + some.len()) as u16;
        part.extend_from_slice(&[0xff, MANIFEST]);
        part.extend_from_slice(&length.to_be_bytes());
        part.extend_from_slice(b"JP\0\x01");
        part.extend_from_slice(&number.to_be_bytes());
        part.extend_from_slice(head);
        part.extend_from_slice(some);
    }
    Ok(part)
}
