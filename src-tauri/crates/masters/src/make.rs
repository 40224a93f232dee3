//! One picture's way to its master.

use image::metadata::Orientation;
use salon_domain::{DigitalSource, MasterFormat, MasterMetadata, MasterOrder, Media};

use crate::container::{self, Texts};
use crate::decode::{decode, facts};
use crate::encode::encode;
use crate::error::{MasterError, Result};
use crate::scale::{scaled, size_of};
use crate::xmp;

/// A master.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Master {
    /// The file.
    pub bytes: Vec<u8>,
    /// What kind of file it is.
    pub media: Media,
    /// Pixels across, as it is shown.
    pub width: u32,
    /// Pixels down, as it is shown.
    pub height: u32,
}

/// Makes the master of the picture file `bytes`, whose pixels came from `source`; where that is not known, the master says
/// nothing of it.
///
/// # Errors
/// An order that no picture could be made by, a file that cannot be read, and what this picture cannot become.
pub fn make(bytes: &[u8], order: &MasterOrder, source: Option<DigitalSource>) -> Result<Master> {
    order.check()?;
    let media = Media::of(bytes).ok_or(MasterError::NoPicture)?;
    let facts = facts(bytes, media)?;
    let becomes = order.media(media);
    let clean = order.metadata == MasterMetadata::Clean;
    // Its metadata turn a picture, and without them it must lie as it is shown. Where they stay they go on turning it.
    let turn = if clean || becomes != media {
        facts.orientation
    } else {
        Orientation::NoTransforms
    };
    let turned = turn != Orientation::NoTransforms;
    let from = if turned { facts.shown() } else { facts.size };
    let size = size_of(order.size, from)?;
    let requantised = media == Media::Jpeg && matches!(order.format, MasterFormat::Jpeg { .. });
    let anew = size != from || becomes != media || turned || requantised;
    if anew && facts.moving {
        return Err(MasterError::Moving);
    }

    let mut texts = if clean {
        Texts::default()
    } else {
        container::texts(bytes, media, anew)?
    };
    if becomes != media && !texts.is_empty() {
        return Err(MasterError::NoPlace {
            from: media,
            to: becomes,
        });
    }
    if anew && media == Media::Png && becomes == Media::Png {
        texts.parts.extend(container::colours_of_png(bytes)?);
    }
    let said = source.filter(|_| order.disclosed);
    let written = if anew {
        let mut picture = decode(bytes, media, turn)?;
        picture.pixels = scaled(picture.pixels, order.size, size);
        Some(encode(&picture, becomes, order.format)?)
    } else {
        None
    };
    let bytes = match written {
        None if !clean && said.is_none() => bytes.to_vec(),
        written => {
            texts.xmp = xmp::with_source(texts.xmp, said);
            container::with_texts(written.as_deref().unwrap_or(bytes), becomes, &texts)?
        }
    };
    let (width, height) = if turned || facts.shown() == facts.size {
        size
    } else {
        // What turns it on its side is still in the file.
        (size.1, size.0)
    };
    Ok(Master {
        bytes,
        media: becomes,
        width,
        height,
    })
}
