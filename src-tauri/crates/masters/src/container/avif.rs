//! AVIF: boxes, each of a length, a type and data (ISO 14496-12, 4.2). What a file has is a row of items: `iinf` names them,
//! `iloc` says where they lie, `iref` what they belong to, and `iprp` what holds for which (ISO 23008-12, 6 and 9).
//!
//! Only what our encoder wrote is changed: one `ftyp`, one `meta`, one `mdat` at the end. Anything else is refused.

use crate::error::{MasterError, Result};

/// The picture's item. Its transparency, where it has some, is another.
const PICTURE: u16 = 1;
const PACKET_TYPE: &[u8] = b"application/rdf+xml\0";

struct Part {
    kind: [u8; 4],
    data: Vec<u8>,
}

/// A file apart.
struct Parts {
    head: Vec<u8>,
    meta: Vec<Part>,
    content: Vec<u8>,
}

/// Where an item lies: `offset` counts from the beginning of the file.
struct Place {
    item: u16,
    offset: u32,
    length: u32,
}

fn strange() -> MasterError {
    MasterError::damaged("its AVIF boxes are not as they were written")
}

fn boxes(mut bytes: &[u8]) -> Result<Vec<Part>> {
    let mut boxes = Vec::new();
    while let Some((head, _)) = bytes.split_first_chunk::<8>() {
        let [a, b, c, d, kind @ ..] = *head;
        let length = u32::from_be_bytes([a, b, c, d]) as usize;
        let (whole, rest) = bytes.split_at_checked(length.max(8)).ok_or_else(strange)?;
        boxes.push(Part {
            kind,
            data: whole[8..].to_vec(),
        });
        bytes = rest;
    }
    if bytes.is_empty() {
        Ok(boxes)
    } else {
        Err(strange())
    }
}

fn push(out: &mut Vec<u8>, kind: [u8; 4], data: &[u8]) {
    out.extend_from_slice(&(data.len() as u32 + 8).to_be_bytes());
    out.extend_from_slice(&kind);
    out.extend_from_slice(data);
}

fn written(parts: &[Part]) -> Vec<u8> {
    let mut out = Vec::new();
    for part in parts {
        push(&mut out, part.kind, &part.data);
    }
    out
}

/// The number of two bytes at a place.
fn short(data: &[u8], at: usize) -> Result<u16> {
    let bytes = data.get(at..).and_then(<[u8]>::first_chunk).ok_or_else(strange)?;
    Ok(u16::from_be_bytes(*bytes))
}

/// The number of four bytes at a place.
fn long(data: &[u8], at: usize) -> Result<u32> {
    let bytes = data.get(at..).and_then(<[u8]>::first_chunk).ok_or_else(strange)?;
    Ok(u32::from_be_bytes(*bytes))
}

impl Parts {
    fn of(bytes: &[u8]) -> Result<Self> {
        let Ok([kinds, meta, content]) = <[Part; 3]>::try_from(boxes(bytes)?) else {
            return Err(strange());
        };
        if (&kinds.kind, &meta.kind, &content.kind) != (b"ftyp", b"meta", b"mdat") {
            return Err(strange());
        }
        // A version and flags come before what is in it.
        let meta = boxes(meta.data.get(4..).ok_or_else(strange)?)?;
        Ok(Self {
            head: written(&[kinds]),
            meta,
            content: content.data,
        })
    }

    fn part(&mut self, kind: [u8; 4]) -> Result<&mut Vec<u8>> {
        let found = self.meta.iter_mut().find(|part| part.kind == kind);
        Ok(&mut found.ok_or_else(strange)?.data)
    }

    /// Where the data of `mdat` begin.
    fn start(&self) -> usize {
        self.head.len() + 12 + written(&self.meta).len() + 8
    }

    /// Reads `iloc`: version 0, offsets and lengths of four bytes, one stretch an item.
    fn places(&mut self) -> Result<Vec<Place>> {
        let data = self.part(*b"iloc")?;
        if data.get(..6) != Some(&[0, 0, 0, 0, 0x44, 0]) {
            return Err(strange());
        }
        let count = usize::from(short(data, 6)?);
        let place = |index: usize| {
            let at = 8 + 14 * index;
            if short(data, at + 4)? != 1 {
                return Err(strange());
            }
            Ok(Place {
                item: short(data, at)?,
                offset: long(data, at + 6)?,
                length: long(data, at + 10)?,
            })
        };
        (0..count).map(place).collect()
    }

    fn set_places(&mut self, places: &[Place]) -> Result<()> {
        let data = self.part(*b"iloc")?;
        data.truncate(6);
        data.extend_from_slice(&(places.len() as u16).to_be_bytes());
        for place in places {
            data.extend_from_slice(&place.item.to_be_bytes());
            data.extend_from_slice(&[0, 0, 0, 1]);
            data.extend_from_slice(&place.offset.to_be_bytes());
            data.extend_from_slice(&place.length.to_be_bytes());
        }
        Ok(())
    }

    /// The file, whose items lay where `places` say when its data began at `start`.
    fn whole(mut self, mut places: Vec<Place>, start: usize) -> Result<Vec<u8>> {
        self.set_places(&places)?;
        let moved = self.start().checked_sub(start).ok_or_else(strange)? as u32;
        for place in &mut places {
            place.offset = place.offset.checked_add(moved).ok_or_else(strange)?;
        }
        self.set_places(&places)?;
        let mut out = self.head;
        push(&mut out, *b"meta", &[vec![0; 4], written(&self.meta)].concat());
        push(&mut out, *b"mdat", &self.content);
        Ok(out)
    }
}

/// The file with an XMP packet: an item of its own that tells of the picture (ISO 23008-12, A.3).
pub(super) fn with_packet(bytes: &[u8], packet: &str) -> Result<Vec<u8>> {
    let mut parts = Parts::of(bytes)?;
    let start = parts.start();
    let mut places = parts.places()?;
    let item = 1 + places.iter().map(|place| place.item).max().unwrap_or(PICTURE);
    places.push(Place {
        item,
        offset: (start + parts.content.len()) as u32,
        length: packet.len() as u32,
    });
    parts.content.extend_from_slice(packet.as_bytes());
    // Version 2 and flags, the item, no protection, its type, no name, its media type.
    let entry = [
        &[2, 0, 0, 0][..],
        &item.to_be_bytes(),
        &[0, 0],
        b"mime\0",
        PACKET_TYPE,
    ];
    let items = parts.part(*b"iinf")?;
    let count = short(items, 4)? + 1;
    items[4..6].copy_from_slice(&count.to_be_bytes());
    push(items, *b"infe", &entry.concat());
    let tells = [item.to_be_bytes(), [0, 1], PICTURE.to_be_bytes()].concat();
    if parts.part(*b"iref").is_err() {
        parts.meta.push(Part {
            kind: *b"iref",
            data: vec![0; 4],
        });
    }
    push(parts.part(*b"iref")?, *b"cdsc", &tells);
    parts.whole(places, start)
}

/// The file whose picture's colours are those of an ICC profile: one more property (ISO 23008-12, 6.5.5).
pub(super) fn with_profile(bytes: &[u8], profile: &[u8]) -> Result<Vec<u8>> {
    let mut parts = Parts::of(bytes)?;
    let start = parts.start();
    let places = parts.places()?;
    let Ok([mut known, mut holds]) = <[Part; 2]>::try_from(boxes(parts.part(*b"iprp")?)?) else {
        return Err(strange());
    };
    push(&mut known.data, *b"colr", &[b"prof", profile].concat());
    let number = boxes(&known.data)?.len() as u8;
    // `ipma`, version 0: a version and flags, how many items, and of each its number, how many properties, and which.
    let count = *holds.data.get(10).ok_or_else(strange)?;
    let end = 11 + usize::from(count);
    if holds.data.get(..4) != Some(&[0; 4]) || short(&holds.data, 8)? != PICTURE || end > holds.data.len() {
        return Err(strange());
    }
    holds.data[10] = count + 1;
    holds.data.insert(end, number);
    *parts.part(*b"iprp")? = written(&[known, holds]);
    parts.whole(places, start)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file as the encoder writes it: two pixels' worth of nothing.
    fn file() -> Vec<u8> {
        let mut meta = vec![0; 4];
        push(&mut meta, *b"iinf", &[0, 0, 0, 0, 0, 1]);
        push(&mut meta, *b"iloc", &[0; 22]);
        let mut parts = Parts {
            head: Vec::new(),
            meta: boxes(&meta[4..]).unwrap(),
            content: b"AV1".to_vec(),
        };
        push(&mut parts.head, *b"ftyp", b"avif\0\0\0\0mif1");
        parts.part(*b"iloc").unwrap()[4] = 0x44;
        let place = |offset| Place {
            item: PICTURE,
            offset,
            length: 3,
        };
        let start = parts.start();
        parts.whole(vec![place(start as u32)], start).unwrap()
    }

    #[test]
    fn items_are_found_where_they_lie_when_another_is_added() {
        let told = with_packet(&file(), "<x/>").unwrap();
        let mut parts = Parts::of(&told).unwrap();
        let found: Vec<&[u8]> = parts
            .places()
            .unwrap()
            .iter()
            .map(|place| &told[place.offset as usize..][..place.length as usize])
            .collect();
        assert_eq!(found, [&b"AV1"[..], b"<x/>"]);
        assert_eq!(parts.part(*b"iref").unwrap()[8..], *b"cdsc\0\x02\0\x01\0\x01");
    }

    #[test]
    fn what_our_encoder_did_not_write_is_refused() {
        let whole = file();
        for length in [0, 7, 20, whole.len() - 1] {
            assert!(with_packet(&whole[..length], "<x/>").is_err(), "{length} bytes");
            assert!(
                with_profile(&whole[..length], b"profile").is_err(),
                "{length} bytes"
            );
        }
        assert!(
            with_profile(&whole, b"profile").is_err(),
            "no properties are there"
        );
    }
}
