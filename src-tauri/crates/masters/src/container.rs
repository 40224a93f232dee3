//! Files as rows of parts, without a look at the pixels: texts are taken out and put in.

mod avif;
mod jpeg;
mod png;
mod webp;

use salon_domain::{Digest, MasterOrderError, Media};

use crate::error::{MasterError, Result};

/// What a file says beside its pixels.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Texts {
    /// Its XMP packet.
    pub(crate) xmp: Option<String>,
    /// The others, each a whole part of a file of the same kind.
    pub(crate) parts: Vec<Vec<u8>>,
}

impl Texts {
    pub(crate) fn is_empty(&self) -> bool {
        self.xmp.is_none() && self.parts.is_empty()
    }
}

/// The texts of a file; only those that hold for other pixels too, where its pixels are made `anew`. A C2PA manifest is
/// never among them: it vouches for the very bytes that it came in.
pub(crate) fn texts(bytes: &[u8], media: Media, anew: bool) -> Result<Texts> {
    match media {
        Media::Png => png::texts(bytes, anew),
        Media::Jpeg => jpeg::texts(bytes),
        Media::Webp => webp::texts(bytes),
        Media::Avif => Err(unread()),
    }
}

/// What a PNG says of the meaning of its colours, beside a profile.
pub(crate) fn colours_of_png(bytes: &[u8]) -> Result<Vec<Vec<u8>>> {
    png::colours(bytes)
}

/// The file with these texts and no others.
pub(crate) fn with_texts(bytes: &[u8], media: Media, texts: &Texts) -> Result<Vec<u8>> {
    match media {
        Media::Png => png::with_texts(bytes, texts),
        Media::Jpeg => jpeg::with_texts(bytes, texts),
        Media::Webp => webp::with_texts(bytes, texts),
        // The other parts have no place in it, and were refused before.
        Media::Avif => match &texts.xmp {
            Some(packet) => avif::with_packet(bytes, packet),
            None => Ok(bytes.to_vec()),
        },
    }
}

/// An AVIF as our encoder writes it, whose colours are those of `profile` (ICC).
pub(crate) fn with_profile_in_avif(bytes: &[u8], profile: &[u8]) -> Result<Vec<u8>> {
    avif::with_profile(bytes, profile)
}

/// AVIF files are made and never read.
fn unread() -> MasterError {
    MasterError::damaged("AVIF files are made here and not read")
}

/// The file without a C2PA manifest.
pub(crate) fn without_manifest(bytes: &[u8], media: Media) -> Result<Vec<u8>> {
    match media {
        Media::Png => png::without_manifest(bytes),
        Media::Jpeg => jpeg::without_manifest(bytes),
        Media::Webp => webp::without_manifest(bytes),
        Media::Avif => Err(MasterOrderError::SignedAvif.into()),
    }
}

/// Where a manifest goes in a file that has none.
pub(crate) fn manifest_place(bytes: &[u8], media: Media) -> Result<usize> {
    match media {
        Media::Png => png::manifest_place(bytes),
        Media::Jpeg => jpeg::manifest_place(bytes),
        Media::Webp => Ok(bytes.len()),
        Media::Avif => Err(MasterOrderError::SignedAvif.into()),
    }
}

/// A manifest as a part of a file.
pub(crate) fn manifest_part(manifest: &[u8], media: Media) -> Result<Vec<u8>> {
    match media {
        Media::Png => Ok(png::manifest_part(manifest)),
        Media::Jpeg => jpeg::manifest_part(manifest),
        Media::Webp => Ok(webp::manifest_part(manifest)),
        Media::Avif => Err(MasterOrderError::SignedAvif.into()),
    }
}

/// The file with that part in its place.
pub(crate) fn with_manifest(bytes: &[u8], media: Media, place: usize, part: &[u8]) -> Vec<u8> {
    let mut out = [&bytes[..place], part, &bytes[place..]].concat();
    if media == Media::Webp {
        webp::count_bytes(&mut out);
    }
    out
}

/// SHA-256 of a file but for `length` bytes at `start`.
pub(crate) fn hash_without(bytes: &[u8], start: usize, length: usize) -> [u8; 32] {
    Digest::of(&[&bytes[..start], &bytes[start + length..]].concat()).0
}
