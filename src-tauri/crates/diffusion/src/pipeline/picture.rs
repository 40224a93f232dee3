//! Pictures in memory, and their way to tensors and back.

use candle_core::{DType, Device, Tensor};
use image::imageops::{self, FilterType};

use crate::error::{DiffusionError, Result};

/// A picture in memory, 8 bits per colour, rows from the top without padding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rgb {
    /// Pixels across.
    pub width: usize,
    /// Pixels down.
    pub height: usize,
    /// `3 · width · height` bytes.
    pub bytes: Vec<u8>,
}

/// A grey picture in memory, 8 bits, rows from the top without padding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grey {
    /// Pixels across.
    pub width: usize,
    /// Pixels down.
    pub height: usize,
    /// `width · height` bytes.
    pub bytes: Vec<u8>,
}

impl Rgb {
    /// A picture of zeros.
    pub(super) fn black(width: usize, height: usize) -> Self {
        Self {
            width,
            height,
            bytes: vec![0; 3 * width * height],
        }
    }

    /// The picture at this size: itself, or scaled by Lanczos' kernel of three lobes.
    pub(super) fn scaled(&self, width: usize, height: usize) -> Result<Self> {
        check_bytes("source picture", (self.width, self.height), 3, self.bytes.len())?;
        if (self.width, self.height) == (width, height) {
            return Ok(self.clone());
        }
        let from = image::RgbImage::from_raw(self.width as u32, self.height as u32, self.bytes.clone());
        let bytes = from.map_or_else(Vec::new, |from| {
            imageops::resize(&from, width as u32, height as u32, FilterType::Lanczos3).into_raw()
        });
        Ok(Self { width, height, bytes })
    }

    /// [1, 3, H, W] within −1 and 1.
    pub(super) fn tensor(&self, device: &Device) -> Result<Tensor> {
        let area = self.width * self.height;
        let values: Vec<f32> = (0..3 * area)
            .map(|index| f32::from(self.bytes[3 * (index % area) + index / area]) / 255.0 * 2.0 - 1.0)
            .collect();
        Ok(Tensor::from_vec(values, (1, 3, self.height, self.width), device)?)
    }

    /// This picture where the mask is white, `kept` where it is black, both mixed between.
    pub(super) fn over(mut self, kept: &Self, mask: &Grey) -> Self {
        for (index, &share) in mask.bytes.iter().enumerate() {
            let share = u32::from(share);
            for at in 3 * index..3 * index + 3 {
                let mixed = u32::from(self.bytes[at]) * share + u32::from(kept.bytes[at]) * (255 - share);
                self.bytes[at] = ((mixed + 127) / 255) as u8;
            }
        }
        self
    }
}

impl Grey {
    /// The mask at this size, each pixel that of the nearest below: what diffusers does on the way to the latents.
    pub(super) fn scaled(&self, width: usize, height: usize) -> Result<Self> {
        check_bytes("mask", (self.width, self.height), 1, self.bytes.len())?;
        let row = |y: usize| y * self.height / height * self.width;
        let bytes = (0..width * height)
            .map(|index| self.bytes[row(index / width) + index % width * self.width / width])
            .collect();
        Ok(Self { width, height, bytes })
    }

    /// 1 where it is painted anew, 0 where it is kept: [1, 1, H, W]. Grey counts as white from one half.
    pub(super) fn painted(&self, device: &Device) -> Result<Tensor> {
        let values = self.bytes.iter().map(|&byte| f32::from(u8::from(byte >= 128)));
        let shape = (1, 1, self.height, self.width);
        Ok(Tensor::from_vec(values.collect::<Vec<f32>>(), shape, device)?)
    }
}

fn check_bytes(what: &str, (width, height): (usize, usize), colours: usize, found: usize) -> Result<()> {
    if width == 0 || height == 0 || width.saturating_mul(height).saturating_mul(colours) != found {
        return Err(DiffusionError::Request {
            what: format!("the {what} of {width}×{height} pixels"),
            reason: format!("has {found} bytes: give {colours} per pixel, and at least one pixel"),
        });
    }
    Ok(())
}

/// [B, 3, H, W] within −1 and 1 → bytes; `None` for a picture with a value that is no finite number.
pub(crate) fn pictures_of(pictures: &Tensor) -> Result<Vec<Option<Rgb>>> {
    let (_, _, height, width) = pictures.dims4()?;
    let values = pictures
        .to_dtype(DType::F32)?
        .to_device(&Device::Cpu)?
        .flatten_from(1)?
        .to_vec2::<f32>()?;
    let picture = |planes: Vec<f32>| {
        if !planes.iter().all(|value| value.is_finite()) {
            return None;
        }
        let area = width * height;
        let byte = |value: f32| (value.mul_add(0.5, 0.5).clamp(0.0, 1.0) * 255.0).round() as u8;
        let bytes = (0..area)
            .flat_map(|at| [0, area, 2 * area].map(|plane| byte(planes[plane + at])))
            .collect();
        Some(Rgb { width, height, bytes })
    };
    Ok(values.into_iter().map(picture).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grey(width: usize, height: usize, bytes: &[u8]) -> Grey {
        let bytes = bytes.to_vec();
        Grey { width, height, bytes }
    }

    #[test]
    fn a_mask_is_scaled_by_the_nearest_pixel() {
        let mask = grey(2, 2, &[0, 255, 128, 127]);
        let larger = mask.scaled(4, 2).unwrap();
        assert_eq!(larger.bytes, [0, 0, 255, 255, 128, 128, 127, 127]);
        assert_eq!(larger.scaled(2, 2).unwrap(), mask, "and back");
        let painted = mask.painted(&Device::Cpu).unwrap();
        assert_eq!(
            painted.flatten_all().unwrap().to_vec1::<f32>().unwrap(),
            [0.0, 1.0, 1.0, 0.0]
        );
    }

    #[test]
    fn bytes_survive_the_way_to_a_tensor_and_back() {
        let bytes = (0..=255).collect::<Vec<u8>>().repeat(3);
        let picture = Rgb {
            width: 16,
            height: 16,
            bytes,
        };
        let back = pictures_of(&picture.tensor(&Device::Cpu).unwrap()).unwrap();
        assert_eq!(back, [Some(picture.clone())], "no byte may change");
        assert_eq!(
            picture.scaled(16, 16).unwrap(),
            picture,
            "its own size changes nothing"
        );
        let larger = picture.scaled(32, 24).unwrap();
        assert_eq!(
            (larger.width, larger.height, larger.bytes.len()),
            (32, 24, 32 * 24 * 3)
        );
    }

    #[test]
    fn kept_pixels_are_kept_exactly_and_grey_mixes() {
        let pixel = |value: u8| [value; 3];
        let of = |values: [u8; 3]| Rgb {
            width: 3,
            height: 1,
            bytes: values.into_iter().flat_map(pixel).collect(),
        };
        let mixed = of([10, 20, 200]).over(&of([77, 88, 100]), &grey(3, 1, &[0, 255, 51]));
        assert_eq!(
            mixed,
            of([77, 20, 120]),
            "black keeps, white paints, a fifth mixes a fifth"
        );
    }

    #[test]
    fn pictures_with_too_few_bytes_are_refused() {
        let short = Rgb {
            width: 4,
            height: 4,
            bytes: vec![0; 47],
        };
        let message = short
            .scaled(4, 4)
            .err()
            .map(|fault| fault.to_string())
            .unwrap_or_default();
        assert!(
            message.contains("47 bytes"),
            "`{message}` should say what is wrong"
        );
        assert!(grey(0, 4, &[]).scaled(8, 8).is_err(), "a mask without a pixel");
    }
}
