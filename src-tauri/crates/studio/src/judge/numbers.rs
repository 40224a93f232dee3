//! Measurements as the row of numbers that the catalog keeps.

use salon_judge::technical::{Measurements, Swatch};

/// Version of what is measured and of this order. Raise it with either: everything is measured again then.
pub(crate) const VERSION: u32 = 1;

/// Numbers before the swatches, four each.
const FIXED: usize = 19;

pub(super) fn pack(found: &Measurements) -> Vec<f32> {
    let mut numbers = vec![
        found.width as f32,
        found.height as f32,
        found.luma_mean,
        found.luma_spread,
        found.luma_lights,
        found.entropy,
        found.clipped_low,
        found.clipped_high,
        found.laplacian_variance,
        found.crispness,
        found.high_band,
        found.noise,
        found.blockiness,
        found.seam,
        found.wrap,
        found.border,
        found.cast,
        found.colourfulness,
        found.corner_mark,
    ];
    for swatch in &found.colours {
        numbers.extend(swatch.rgb.map(f32::from));
        numbers.push(swatch.share);
    }
    numbers
}

/// None when these are not the numbers of this version.
pub(super) fn unpack(numbers: &[f32]) -> Option<Measurements> {
    let (fixed, swatches) = numbers.split_first_chunk::<FIXED>()?;
    let (colours, []) = swatches.as_chunks::<4>() else {
        return None;
    };
    let colours = colours.iter().map(|&[red, green, blue, share]| Swatch {
        rgb: [red as u8, green as u8, blue as u8],
        share,
    });
    Some(Measurements {
        width: fixed[0] as u32,
        height: fixed[1] as u32,
        luma_mean: fixed[2],
        luma_spread: fixed[3],
        luma_lights: fixed[4],
        entropy: fixed[5],
        clipped_low: fixed[6],
        clipped_high: fixed[7],
        laplacian_variance: fixed[8],
        crispness: fixed[9],
        high_band: fixed[10],
        noise: fixed[11],
        blockiness: fixed[12],
        seam: fixed[13],
        wrap: fixed[14],
        border: fixed[15],
        cast: fixed[16],
        colourfulness: fixed[17],
        corner_mark: fixed[18],
        colours: colours.collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn measurements_survive_being_kept() {
        let picture = image::RgbImage::from_fn(40, 30, |x, y| image::Rgb([x as u8 * 6, y as u8 * 8, 77]));
        let found = salon_judge::technical::measure(&picture);
        assert_eq!(unpack(&pack(&found)).as_ref(), Some(&found), "to the last bit");
        assert!(!found.colours.is_empty(), "swatches are among it");
        assert_eq!(unpack(&[1.0; 5]), None, "too few");
        assert_eq!(unpack(&[1.0; FIXED + 3]), None, "a piece of a swatch");
    }
}
