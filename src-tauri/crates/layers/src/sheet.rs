//! A contact sheet: many small pictures on one, for looking.

use image::{RgbImage, imageops};

use crate::{LayerSet, LayersError, Result};

/// Pictures `0..count` of sequence `seed`, each `tile` pixels wide, in rows of about as many as there are rows.
pub fn contact_sheet(set: &LayerSet, count: u32, seed: u64, tile: u32) -> Result<RgbImage> {
    const MOST: u32 = 1024;
    if count == 0 || count > MOST {
        return Err(LayersError::Count {
            count: count.into(),
            largest: MOST.into(),
        });
    }
    let columns = f64::from(count).sqrt().ceil() as u32;
    let mut sheet = RgbImage::new(columns * tile, count.div_ceil(columns) * tile);
    for index in 0..count {
        let picture = set.render(&set.draw(seed, u64::from(index)), tile)?;
        imageops::replace(
            &mut sheet,
            &picture,
            i64::from(index % columns * tile),
            i64::from(index / columns * tile),
        );
    }
    Ok(sheet)
}
