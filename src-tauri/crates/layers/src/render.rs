//! From a composition to pixels: every part is rendered once per palette and size, kept as a premultiplied tile, and
//! laid over the others. Compositing is integer arithmetic, so the same composition gives the same bytes everywhere
//! that `resvg` does.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use image::{RgbImage, RgbaImage, imageops};
use resvg::tiny_skia::{Pixmap, Transform};

use crate::art::{self, Art, Palette};
use crate::set::Pass;
use crate::{Composition, LayerSet, LayersError, Result};

/// The smallest side of a rendered picture, in pixels.
pub const SMALLEST_SIZE: u32 = 16;
/// The largest side of a rendered picture, in pixels.
pub const LARGEST_SIZE: u32 = 2048;
/// Tiles are kept until they fill this; beyond it they are made anew each time.
const CACHE_BYTES: usize = 256 << 20;

/// What a tile's pixels depend on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct TileKey {
    pass: Pass,
    value: usize,
    /// Picks of the palettes that the picture uses, as digits.
    colours: u64,
    size: u32,
}

/// The part of a rendered layer that is not empty, premultiplied RGBA.
#[derive(Debug)]
struct Tile {
    left: u32,
    top: u32,
    width: u32,
    pixels: Vec<u8>,
}

/// Rendered tiles, shared by all threads. What is in it never changes a picture, only the time it takes.
#[derive(Debug, Default)]
pub(crate) struct TileCache {
    tiles: RwLock<(HashMap<TileKey, Arc<Tile>>, usize)>,
}

impl TileCache {
    fn get(&self, key: &TileKey) -> Option<Arc<Tile>> {
        self.tiles
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .0
            .get(key)
            .cloned()
    }

    fn keep(&self, key: TileKey, tile: &Arc<Tile>) {
        let mut guard = self.tiles.write().unwrap_or_else(PoisonError::into_inner);
        let (tiles, bytes) = &mut *guard;
        if *bytes + tile.pixels.len() <= CACHE_BYTES && tiles.insert(key, Arc::clone(tile)).is_none() {
            *bytes += tile.pixels.len();
        }
    }
}

impl LayerSet {
    /// The picture of `composition`, `size` × `size` sRGB pixels on white.
    pub fn render(&self, composition: &Composition, size: u32) -> Result<RgbImage> {
        if !(SMALLEST_SIZE..=LARGEST_SIZE).contains(&size) {
            return Err(LayersError::Size {
                size,
                smallest: SMALLEST_SIZE,
                largest: LARGEST_SIZE,
            });
        }
        let mut canvas = RgbImage::from_pixel(size, size, image::Rgb([255; 3]));
        for pass in &self.passes {
            if let Some(tile) = self.tile(composition, *pass, size)? {
                lay_over(&mut canvas, &tile);
            }
        }
        Ok(canvas)
    }

    fn tile(&self, composition: &Composition, pass: Pass, size: u32) -> Result<Option<Arc<Tile>>> {
        let value = &self.layers[pass.layer].values[composition.picks[pass.layer]];
        let text = match &value.art {
            Art::Palette(_) => return Ok(None),
            Art::Raster(_) if pass.back => return Ok(None),
            Art::Raster(_) => None,
            Art::Vector { front, back, .. } => match if pass.back { back } else { front } {
                Some(text) => Some(text),
                None => return Ok(None),
            },
        };
        let (colours, palettes) = self.palettes(composition, &value.art);
        let key = TileKey {
            pass,
            value: composition.picks[pass.layer],
            colours,
            size,
        };
        if let Some(tile) = self.tiles.get(&key) {
            return Ok(Some(tile));
        }
        let bad = |problem| LayersError::BadPicture {
            path: value.path.clone(),
            problem,
        };
        let pixels = match (&value.art, text) {
            (Art::Raster(picture), _) => scale_raster(picture, size),
            (_, Some(text)) => render_vector(text, &palettes, size).map_err(bad)?,
            _ => return Ok(None),
        };
        let tile = Arc::new(crop(&pixels, size));
        self.tiles.keep(key, &tile);
        Ok(Some(tile))
    }

    /// The colours that `art` takes from this composition, and a number that tells them apart from all others.
    fn palettes(&self, composition: &Composition, art: &Art) -> (u64, Vec<&Palette>) {
        let Art::Vector { tokens, .. } = art else {
            return (0, Vec::new());
        };
        let mut code = 0;
        let mut palettes = Vec::new();
        for (layer, &pick) in self.layers.iter().zip(&composition.picks) {
            if let Art::Palette(colours) = &layer.values[pick].art
                && tokens.iter().any(|token| colours.contains_key(token))
            {
                palettes.push(colours);
                code = code * (layer.values.len() as u64 + 1) + pick as u64 + 1;
            }
        }
        (code, palettes)
    }
}

/// `size` × `size` premultiplied RGBA.
fn render_vector(text: &str, palettes: &[&Palette], size: u32) -> std::result::Result<Vec<u8>, String> {
    let tree = art::parse_svg(&art::substitute(text, palettes)?)?;
    let mut pixmap = Pixmap::new(size, size).ok_or("it cannot be rendered at this size")?;
    let side = size as f32;
    let fit = Transform::from_scale(side / tree.size().width(), side / tree.size().height());
    resvg::render(&tree, fit, &mut pixmap.as_mut());
    Ok(pixmap.take())
}

/// Premultiplies first, so that the colour of invisible pixels does not bleed into the edges.
fn scale_raster(picture: &RgbaImage, size: u32) -> Vec<u8> {
    let mut premultiplied = picture.clone();
    for pixel in premultiplied.pixels_mut() {
        let alpha = u32::from(pixel.0[3]);
        for channel in &mut pixel.0[..3] {
            *channel = divide_by_255(u32::from(*channel) * alpha);
        }
    }
    if premultiplied.dimensions() == (size, size) {
        return premultiplied.into_raw();
    }
    imageops::resize(&premultiplied, size, size, imageops::FilterType::Triangle).into_raw()
}

/// Keeps the rectangle of `pixels` that holds everything visible.
fn crop(pixels: &[u8], size: u32) -> Tile {
    let (mut left, mut right, mut top, mut bottom) = (size, 0, size, 0);
    for (at, pixel) in (0_u32..).zip(pixels.as_chunks::<4>().0) {
        if pixel[3] != 0 {
            let (x, y) = (at % size, at / size);
            left = left.min(x);
            right = right.max(x + 1);
            top = top.min(y);
            bottom = bottom.max(y + 1);
        }
    }
    if right == 0 {
        return Tile {
            left: 0,
            top: 0,
            width: 0,
            pixels: Vec::new(),
        };
    }
    let pixels = (top..bottom)
        .flat_map(|y| &pixels[((y * size + left) * 4) as usize..((y * size + right) * 4) as usize])
        .copied()
        .collect();
    Tile {
        left,
        top,
        width: right - left,
        pixels,
    }
}

/// Rounded division, exact for products of two bytes.
fn divide_by_255(product: u32) -> u8 {
    ((product + 128 + ((product + 128) >> 8)) >> 8) as u8
}

/// Porter and Duff's "over" onto an opaque canvas.
fn lay_over(canvas: &mut RgbImage, tile: &Tile) {
    if tile.width == 0 {
        return;
    }
    let stride = canvas.width() as usize * 3;
    let row_bytes = tile.width as usize * 4;
    let raw: &mut [u8] = canvas;
    for (y, row) in (tile.top as usize..).zip(tile.pixels.chunks_exact(row_bytes)) {
        let start = y * stride + tile.left as usize * 3;
        let under = raw[start..start + tile.width as usize * 3].as_chunks_mut::<3>().0;
        for (below, above) in under.iter_mut().zip(row.as_chunks::<4>().0) {
            let through = 255 - u32::from(above[3]);
            for (low, high) in below.iter_mut().zip(above) {
                *low = divide_by_255(u32::from(*low) * through).saturating_add(*high);
            }
        }
    }
}
