//! Pictures as the canvas holds them: premultiplied 8-bit RGBA, one `u32` per pixel (red in the lowest byte).
//!
//! A layer's picture is decoded once and kept as a [`Tile`]: the rectangle of it that shows, cut into spans that are opaque or
//! translucent. Painting "over" copies the one and blends the other, and never looks at what does not show.

use std::fs;
use std::path::Path;

use image::{ImageReader, Limits, RgbaImage, imageops};
use resvg::tiny_skia::{Pixmap, Transform};

use crate::BlendMode;
use crate::art;
use crate::blend::divide_by_255;

/// Sides of a picture, in pixels.
const LARGEST_SIDE: u32 = 8192;
const LARGEST_SVG: u64 = 4 << 20;

fn is_svg(path: &Path) -> bool {
    path.extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("svg"))
}

/// Width and height of the picture in `path`; `None` for an SVG, which has every size.
pub(crate) fn picture_size(path: &Path) -> Result<Option<(u32, u32)>, String> {
    if is_svg(path) {
        return Ok(None);
    }
    let told = |fault: &dyn std::fmt::Display| fault.to_string();
    let reader = ImageReader::open(path)
        .and_then(ImageReader::with_guessed_format)
        .map_err(|fault| told(&fault))?;
    let size = reader.into_dimensions().map_err(|fault| told(&fault))?;
    if size.0.max(size.1) > LARGEST_SIDE {
        return Err(format!(
            "{}x{} pixels are more than {LARGEST_SIDE} a side",
            size.0, size.1
        ));
    }
    Ok(Some(size))
}

/// Pixels of one row that lie side by side and are alike.
#[derive(Debug, Clone, Copy)]
struct Span {
    /// From the tile's left.
    start: u32,
    length: u32,
    opaque: bool,
}

/// The part of a decoded layer that shows.
#[derive(Debug)]
pub(crate) struct Tile {
    left: u32,
    top: u32,
    width: u32,
    pixels: Vec<u32>,
    /// Spans of all rows, and where each row's begin.
    spans: Vec<Span>,
    rows: Vec<u32>,
}

impl Tile {
    /// Decodes the picture in `path` at the canvas's `size`, scaled smoothly or by nearest pixels.
    pub fn read(path: &Path, size: (u32, u32), smooth: bool) -> Result<Self, String> {
        let pixels = if is_svg(path) {
            read_svg(path, size)?
        } else {
            read_raster(path, size, smooth)?
        };
        Ok(Self::cut(&pixels, size))
    }

    /// Whether nothing of a canvas of this size is left to be seen under it.
    pub fn hides(&self, (width, height): (u32, u32)) -> bool {
        let whole = |span: &Span| span.opaque && span.length == width;
        self.width == width && self.spans.len() == height as usize && self.spans.iter().all(whole)
    }

    /// Bytes that it keeps.
    pub fn bytes(&self) -> usize {
        self.pixels.len() * 4 + self.spans.len() * size_of::<Span>() + self.rows.len() * 4
    }

    fn cut(pixels: &[u32], (width, height): (u32, u32)) -> Self {
        let shows = |pixel: &u32| *pixel >> 24 != 0;
        let (mut left, mut right) = (width, 0);
        let (mut top, mut bottom) = (height, 0);
        for (y, row) in (0..).zip(pixels.chunks_exact(width as usize)) {
            if let (Some(first), Some(last)) = (row.iter().position(shows), row.iter().rposition(shows)) {
                left = left.min(first as u32);
                right = right.max(last as u32 + 1);
                top = top.min(y);
                bottom = y + 1;
            }
        }
        let mut tile = Self {
            left,
            top,
            width: right.saturating_sub(left),
            pixels: Vec::new(),
            spans: Vec::new(),
            rows: vec![0],
        };
        if tile.width == 0 {
            return tile;
        }
        for y in top..bottom {
            let start = (y * width + left) as usize;
            let row = &pixels[start..start + tile.width as usize];
            tile.pixels.extend_from_slice(row);
            let mut at = 0;
            while at < row.len() {
                let alpha = row[at] >> 24;
                let alike = |pixel: &u32| match alpha {
                    0 | 255 => *pixel >> 24 == alpha,
                    _ => !matches!(*pixel >> 24, 0 | 255),
                };
                let length = row[at..].iter().take_while(|pixel| alike(pixel)).count();
                if alpha != 0 {
                    tile.spans.push(Span {
                        start: at as u32,
                        length: length as u32,
                        opaque: alpha == 255,
                    });
                }
                at += length;
            }
            tile.rows.push(tile.spans.len() as u32);
        }
        tile
    }
}

/// `width` × `height` premultiplied pixels of an SVG.
fn read_svg(path: &Path, (width, height): (u32, u32)) -> Result<Vec<u32>, String> {
    let length = fs::metadata(path).map_err(|fault| fault.to_string())?.len();
    if length > LARGEST_SVG {
        return Err(format!(
            "{length} bytes of SVG are more than the {LARGEST_SVG} allowed"
        ));
    }
    let text = fs::read_to_string(path).map_err(|fault| fault.to_string())?;
    let tree = art::parse_svg(&art::substitute(&text, &[])?)?;
    let mut pixmap = Pixmap::new(width, height).ok_or("it cannot be rendered at this size")?;
    let fit = Transform::from_scale(
        width as f32 / tree.size().width(),
        height as f32 / tree.size().height(),
    );
    resvg::render(&tree, fit, &mut pixmap.as_mut());
    Ok(as_pixels(pixmap.data()))
}

fn as_pixels(bytes: &[u8]) -> Vec<u32> {
    bytes
        .as_chunks()
        .0
        .iter()
        .map(|pixel| u32::from_le_bytes(*pixel))
        .collect()
}

fn read_raster(path: &Path, size: (u32, u32), smooth: bool) -> Result<Vec<u32>, String> {
    let mut reader = ImageReader::open(path)
        .and_then(ImageReader::with_guessed_format)
        .map_err(|fault| fault.to_string())?;
    let mut limits = Limits::default();
    limits.max_image_width = Some(LARGEST_SIDE);
    limits.max_image_height = Some(LARGEST_SIDE);
    reader.limits(limits);
    let picture = reader.decode().map_err(|fault| fault.to_string())?.to_rgba8();
    Ok(as_pixels(&premultiplied(picture, size, smooth)))
}

/// Premultiplies before scaling, so that the colour of invisible pixels does not bleed into the edges.
fn premultiplied(mut picture: RgbaImage, (width, height): (u32, u32), smooth: bool) -> RgbaImage {
    for pixel in picture.pixels_mut() {
        let alpha = u32::from(pixel.0[3]);
        for channel in &mut pixel.0[..3] {
            *channel = divide_by_255(u32::from(*channel) * alpha);
        }
    }
    if picture.dimensions() == (width, height) {
        return picture;
    }
    let filter = if smooth {
        imageops::FilterType::Triangle
    } else {
        imageops::FilterType::Nearest
    };
    let mut scaled = imageops::resize(&picture, width, height, filter);
    // Rounding may leave a colour brighter than its alpha, which no premultiplied pixel is.
    for pixel in scaled.pixels_mut() {
        let alpha = pixel.0[3];
        for channel in &mut pixel.0[..3] {
            *channel = (*channel).min(alpha);
        }
    }
    scaled
}

/// A picture in the making.
#[derive(Debug, Clone)]
pub(crate) struct Canvas {
    pub width: u32,
    pub height: u32,
    pub pixels: Vec<u32>,
}

impl Canvas {
    pub fn new(width: u32, height: u32) -> Self {
        Self {
            width,
            height,
            pixels: vec![0; width as usize * height as usize],
        }
    }

    /// Every pixel becomes the premultiplied `pixel`.
    pub fn fill(&mut self, pixel: u32) {
        self.pixels.fill(pixel);
    }

    /// Composites one colour onto every pixel.
    pub fn flood(&mut self, pixel: u32, blend: BlendMode) {
        for below in &mut self.pixels {
            *below = composed(blend, *below, pixel, 255);
        }
    }

    /// Composites `tile` as a layer of the canvas's size.
    pub fn paint(&mut self, tile: &Tile, blend: BlendMode, opacity: f32) {
        let alpha = (opacity * 255.0).round().clamp(0.0, 255.0) as u32;
        if blend == BlendMode::SourceOver {
            self.paint_over(tile, alpha);
            return;
        }
        let width = self.width as usize;
        let tile_width = tile.width as usize;
        let bottom = tile.top as usize + tile.rows.len() - 1;
        for (y, row) in self.pixels.chunks_exact_mut(width).enumerate() {
            let within = y >= tile.top as usize && y < bottom && tile_width > 0;
            let (before, rest) = row.split_at_mut(if within { tile.left as usize } else { width });
            let (covered, after) = rest.split_at_mut(if within { tile_width } else { 0 });
            if !blend.keeps_uncovered() {
                for below in before.iter_mut().chain(after) {
                    *below = composed(blend, *below, 0, 255);
                }
            }
            if within {
                let start = (y - tile.top as usize) * tile_width;
                for (below, above) in covered.iter_mut().zip(&tile.pixels[start..start + tile_width]) {
                    *below = composed(blend, *below, *above, alpha);
                }
            }
        }
    }

    fn paint_over(&mut self, tile: &Tile, alpha: u32) {
        let stride = self.width as usize;
        for (row, ends) in tile.rows.windows(2).enumerate() {
            let below = &mut self.pixels[(tile.top as usize + row) * stride + tile.left as usize..];
            let above = &tile.pixels[row * tile.width as usize..];
            for span in &tile.spans[ends[0] as usize..ends[1] as usize] {
                let range = span.start as usize..(span.start + span.length) as usize;
                let (below, above) = (&mut below[range.clone()], &above[range]);
                match (span.opaque, alpha) {
                    (_, 0) => {}
                    (true, 255) => below.copy_from_slice(above),
                    (false, 255) => {
                        for (below, above) in below.iter_mut().zip(above) {
                            *below = over(*below, *above);
                        }
                    }
                    _ => {
                        for (below, above) in below.iter_mut().zip(above) {
                            *below = over(*below, scaled(*above, alpha));
                        }
                    }
                }
            }
        }
    }

    pub fn is_opaque(&self) -> bool {
        self.pixels.iter().fold(u32::MAX, |all, pixel| all & pixel) >> 24 == 255
    }

    /// The picture with straight alpha, four bytes a pixel.
    pub fn straight(&self) -> Vec<u8> {
        self.pixels.iter().flat_map(|pixel| straight(*pixel)).collect()
    }
}

/// A premultiplied pixel with straight alpha.
pub(crate) fn straight(pixel: u32) -> [u8; 4] {
    let mut bytes = pixel.to_le_bytes();
    let alpha = u32::from(bytes[3]);
    if alpha != 0 && alpha != 255 {
        for channel in &mut bytes[..3] {
            *channel = ((u32::from(*channel) * 255 + alpha / 2) / alpha).min(255) as u8;
        }
    }
    bytes
}

fn composed(blend: BlendMode, below: u32, above: u32, opacity: u32) -> u32 {
    u32::from_le_bytes(blend.compose(below.to_le_bytes(), above.to_le_bytes(), opacity))
}

/// All four bytes times `factor` 255ths, rounded.
#[inline]
fn scaled(pixel: u32, factor: u32) -> u32 {
    const PAIR: u32 = 0x00ff_00ff;
    const HALF: u32 = 0x0080_0080;
    let low = (pixel & PAIR) * factor + HALF;
    let high = ((pixel >> 8) & PAIR) * factor + HALF;
    let low = ((low + ((low >> 8) & PAIR)) >> 8) & PAIR;
    let high = (high + ((high >> 8) & PAIR)) & !PAIR;
    low | high
}

/// Porter and Duff's "over". No byte overflows: a premultiplied colour is never above its alpha.
#[inline]
fn over(below: u32, above: u32) -> u32 {
    above.wrapping_add(scaled(below, 255 - (above >> 24)))
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    const SIDE: u32 = 32;

    fn file(name: &str) -> PathBuf {
        PathBuf::from(env!("CARGO_MANIFEST_DIR"))
            .join("tests/blend")
            .join(name)
    }

    /// Every mode against what a canvas made of the same two pictures: the largest difference of premultiplied channels.
    fn differences(reference: &str) -> Vec<(&'static str, u8)> {
        let tile = |name| {
            Tile::read(&file(name), (SIDE, SIDE), true)
                .unwrap_or_else(|fault| unreachable!("{name}: {fault}"))
        };
        let (below, above) = (tile("below.png"), tile("above.png"));
        let size = (SIDE * 26, SIDE * 2);
        let wanted = read_raster(&file(reference), size, true).unwrap_or_default();
        let mut all = Vec::new();
        for (column, (mode, name)) in BlendMode::ALL.into_iter().enumerate() {
            let mut worst = 0;
            for (row, opacity) in [1.0, 0.5].into_iter().enumerate() {
                let mut canvas = Canvas::new(SIDE, SIDE);
                canvas.paint(&below, BlendMode::SourceOver, 1.0);
                canvas.paint(&above, mode, opacity);
                for (at, pixel) in canvas.pixels.iter().enumerate() {
                    let (x, y) = (
                        at % SIDE as usize + column * SIDE as usize,
                        at / SIDE as usize + row * SIDE as usize,
                    );
                    let wanted = wanted[y * size.0 as usize + x].to_le_bytes();
                    let differ = pixel
                        .to_le_bytes()
                        .into_iter()
                        .zip(wanted)
                        .map(|(a, b)| a.abs_diff(b))
                        .max();
                    worst = worst.max(differ.unwrap_or(255));
                }
            }
            all.push((name, worst));
        }
        all
    }

    #[test]
    fn every_mode_is_the_canvas_s() {
        // Cairo fades "copy" into what is below, and its modes of hue and luminosity are far from the standard's, and from
        // every browser's. What HashLips' own preview shows of those five is not followed.
        let cairo_s_own = ["copy", "hue", "saturation", "color", "luminosity"];
        for (reference, apart) in [("skia.png", &[][..]), ("cairo.png", &cairo_s_own)] {
            let far: Vec<_> = differences(reference)
                .into_iter()
                .filter(|(name, differ)| *differ > 2 && !apart.contains(name))
                .collect();
            assert!(far.is_empty(), "{reference}: more than 2/255 away: {far:?}");
        }
    }
}
