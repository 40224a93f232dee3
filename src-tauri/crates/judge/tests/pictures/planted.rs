//! Pictures made from numbers, and faults planted in them: drawn ones (flat shapes with crisp edges) and photographic ones
//! (fractal textures, soft shading, a little grain). The same seed makes the same picture everywhere.

use image::codecs::jpeg::JpegEncoder;
use image::{Rgb, RgbImage, imageops};
use salon_domain::Draws;

/// Draws, and what is made of them.
pub struct Dice(Draws);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(Draws::new(seed))
    }

    pub fn draw(&mut self) -> u64 {
        self.0.draw()
    }

    /// Uniform in 0 to 1.
    pub fn unit(&mut self) -> f32 {
        (self.0.draw() >> 40) as f32 / (1_u64 << 24) as f32
    }

    pub fn between(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.unit()
    }

    /// Standard normal.
    pub fn normal(&mut self) -> f32 {
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        radius * (std::f32::consts::TAU * self.unit()).cos()
    }

    pub fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[(self.0.draw() % from.len() as u64) as usize]
    }
}

/// The colours of the drawn pictures.
pub const PALETTE: [[u8; 3]; 16] = [
    [247, 240, 226],
    [22, 22, 26],
    [230, 180, 80],
    [200, 85, 61],
    [46, 110, 126],
    [116, 158, 120],
    [93, 74, 122],
    [238, 205, 186],
    [38, 58, 92],
    [158, 202, 214],
    [128, 94, 66],
    [242, 146, 120],
    [76, 118, 74],
    [196, 196, 188],
    [250, 250, 250],
    [112, 36, 54],
];

/// A clean picture: every second one drawn, every second one photographic.
pub fn clean(seed: u64, side: u32) -> RgbImage {
    if seed.is_multiple_of(2) {
        drawn(seed, side)
    } else {
        photographic(seed, side)
    }
}

enum Shape {
    Disc([f32; 2], f32),
    Box([f32; 2], [f32; 2]),
    Bar([f32; 2], f32, f32),
}

impl Shape {
    fn holds(&self, x: f32, y: f32, grown: f32) -> bool {
        match *self {
            Self::Disc([cx, cy], r) => (x - cx).hypot(y - cy) < r + grown,
            Self::Box([cx, cy], [w, h]) => (x - cx).abs() < w + grown && (y - cy).abs() < h + grown,
            Self::Bar([cx, cy], angle, w) => {
                let (sin, cos) = angle.sin_cos();
                ((x - cx) * sin - (y - cy) * cos).abs() < w + grown
                    && ((x - cx) * cos + (y - cy) * sin).abs() < 0.3
            }
        }
    }
}

/// Flat shapes with dark outlines on a plain, shaded or striped ground.
pub fn drawn(seed: u64, side: u32) -> RgbImage {
    let mut dice = Dice::new(seed ^ 0xD2A3);
    let ground = dice.pick(&PALETTE).map(f32::from);
    let other = dice.pick(&PALETTE).map(f32::from);
    let manner = dice.draw() % 4;
    let stripe = dice.between(0.04, 0.12);
    let outline = dice.between(0.006, 0.014);
    let shapes: Vec<(Shape, [f32; 3])> = (0..4 + dice.draw() % 6)
        .map(|_| {
            let at = [dice.between(0.15, 0.85), dice.between(0.15, 0.85)];
            let shape = match dice.draw() % 3 {
                0 => Shape::Disc(at, dice.between(0.05, 0.25)),
                1 => Shape::Box(at, [dice.between(0.04, 0.2), dice.between(0.04, 0.2)]),
                _ => Shape::Bar(at, dice.between(0.0, 3.1), dice.between(0.02, 0.06)),
            };
            (shape, dice.pick(&PALETTE).map(f32::from))
        })
        .collect();
    let colour_at = |x: f32, y: f32| -> [f32; 3] {
        let mut colour = match manner {
            0 | 1 => ground,
            2 => [0, 1, 2].map(|c| ground[c] * (1.0 - y * 0.4) + other[c] * y * 0.4),
            _ if (x / stripe).floor() as i32 % 2 == 0 => ground,
            _ => [0, 1, 2].map(|c| ground[c] * 0.85 + other[c] * 0.15),
        };
        for (shape, fill) in &shapes {
            if shape.holds(x, y, 0.0) {
                colour = *fill;
            } else if shape.holds(x, y, outline) {
                colour = [22.0, 22.0, 26.0];
            }
        }
        colour
    };
    RgbImage::from_fn(side, side, |px, py| {
        let mut sum = [0.0; 3];
        for (dx, dy) in [(0.25, 0.25), (0.75, 0.25), (0.25, 0.75), (0.75, 0.75)] {
            let colour = colour_at((px as f32 + dx) / side as f32, (py as f32 + dy) / side as f32);
            for c in 0..3 {
                sum[c] += colour[c] / 4.0;
            }
        }
        Rgb(sum.map(|value| value.round() as u8))
    })
}

/// Fractal noise of one field: octaves of smoothed lattices, about −1 to 1.
fn fractal(dice: &mut Dice, side: u32, octaves: u32, roughness: f32) -> Vec<f32> {
    let mut field = vec![0.0_f32; (side * side) as usize];
    let mut amplitude = 1.0;
    for octave in 0..octaves {
        let cells = 2_usize << octave;
        let lattice: Vec<f32> = (0..(cells + 1) * (cells + 1))
            .map(|_| dice.between(-1.0, 1.0))
            .collect();
        let smooth = |t: f32| t * t * (3.0 - 2.0 * t);
        for y in 0..side {
            let fy = y as f32 / side as f32 * cells as f32;
            let (cy, ty) = (fy as usize, smooth(fy.fract()));
            for x in 0..side {
                let fx = x as f32 / side as f32 * cells as f32;
                let (cx, tx) = (fx as usize, smooth(fx.fract()));
                let at = |dx: usize, dy: usize| lattice[(cy + dy) * (cells + 1) + cx + dx];
                let top = at(0, 0) * (1.0 - tx) + at(1, 0) * tx;
                let bottom = at(0, 1) * (1.0 - tx) + at(1, 1) * tx;
                field[(y * side + x) as usize] += amplitude * (top * (1.0 - ty) + bottom * ty);
            }
        }
        amplitude *= roughness;
    }
    field
}

/// Textures and shading of two materials that meet at a crisp edge, slightly coloured, with a little grain.
pub fn photographic(seed: u64, side: u32) -> RgbImage {
    let mut dice = Dice::new(seed ^ 0x0F07_0000);
    let octaves = side.ilog2().max(3) - 1;
    let roughness = dice.between(0.45, 0.65);
    let texture = fractal(&mut dice, side, octaves, roughness);
    let hue = fractal(&mut dice, side, 3, 0.5);
    let edge = fractal(&mut dice, side, 4, 0.45);
    let [level, contrast] = [dice.between(95.0, 150.0), dice.between(35.0, 60.0)];
    let step = dice.between(30.0, 70.0);
    let warmth = dice.between(10.0, 35.0);
    let grain = dice.between(0.3, 1.2);
    let mut pixels = Vec::with_capacity((side * side * 3) as usize);
    for index in 0..(side * side) as usize {
        let inside = edge[index] > 0.1;
        let base = level + contrast * texture[index] + if inside { step } else { -step * 0.6 };
        let tint = hue[index] * warmth + if inside { warmth * 0.3 } else { -warmth * 0.3 };
        let grain = grain * dice.normal();
        for by in [tint, 0.0, -tint] {
            pixels.push((base + by + grain).round().clamp(0.0, 255.0) as u8);
        }
    }
    RgbImage::from_raw(side, side, pixels).unwrap_or_default()
}

fn each(picture: &RgbImage, change: impl Fn(f32, usize) -> f32) -> RgbImage {
    let mut changed = picture.clone();
    for pixel in changed.pixels_mut() {
        for (c, channel) in pixel.0.iter_mut().enumerate() {
            *channel = change(f32::from(*channel), c).round().clamp(0.0, 255.0) as u8;
        }
    }
    changed
}

/// Every channel times `gains`.
pub fn tinted(picture: &RgbImage, gains: [f32; 3]) -> RgbImage {
    each(picture, |value, channel| value * gains[channel])
}

pub fn exposed(picture: &RgbImage, gain: f32) -> RgbImage {
    tinted(picture, [gain; 3])
}

pub fn blurred(picture: &RgbImage, sigma: f32) -> RgbImage {
    imageops::blur(picture, sigma)
}

pub fn noisy(picture: &RgbImage, sigma: f32, seed: u64) -> RgbImage {
    let mut dice = Dice::new(seed);
    let mut changed = picture.clone();
    for channel in changed.iter_mut() {
        *channel = (f32::from(*channel) + sigma * dice.normal())
            .round()
            .clamp(0.0, 255.0) as u8;
    }
    changed
}

/// Through JPEG and back.
pub fn compressed(picture: &RgbImage, quality: u8) -> RgbImage {
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, quality)
        .encode_image(picture)
        .expect("a JPEG is written to memory");
    image::load_from_memory(&bytes)
        .expect("what was just written is read")
        .to_rgb8()
}

/// Two tiles that do not meet: beyond a line the picture is shifted and a little brighter, as tiled decoding leaves it.
pub fn tiled(picture: &RgbImage, shift: u32, brighter: f32, seed: u64) -> RgbImage {
    let mut dice = Dice::new(seed);
    let (width, height) = picture.dimensions();
    let upright = dice.draw().is_multiple_of(2);
    let at = (dice.between(0.3, 0.7) * width as f32) as u32;
    RgbImage::from_fn(width, height, |x, y| {
        let beyond = if upright { x } else { y } >= at;
        if !beyond {
            return *picture.get_pixel(x, y);
        }
        let (x, y) = if upright {
            (x, (y + shift) % height)
        } else {
            ((x + shift) % width, y)
        };
        Rgb(picture
            .get_pixel(x, y)
            .0
            .map(|value| (f32::from(value) + brighter).round().clamp(0.0, 255.0) as u8))
    })
}

/// Bars of one colour, `share` of a side wide, above and below or all around.
pub fn framed(picture: &RgbImage, share: f32, colour: [u8; 3], around: bool) -> RgbImage {
    let (width, height) = picture.dimensions();
    let bar = ((height as f32 * share) as u32).max(2);
    RgbImage::from_fn(width, height, |x, y| {
        let in_bar = y < bar || y >= height - bar || around && (x < bar || x >= width - bar);
        if in_bar {
            Rgb(colour)
        } else {
            *picture.get_pixel(x, y)
        }
    })
}

/// Something like writing in the lower right corner.
pub fn signed(picture: &RgbImage, strength: f32, seed: u64) -> RgbImage {
    let mut dice = Dice::new(seed);
    let (width, height) = picture.dimensions();
    let mut changed = picture.clone();
    let letter = (height / 24).max(4);
    for n in 0..7 {
        for _ in 0..3 {
            let left = width * 2 / 3 + n * (letter + 2);
            let (from, to) = (dice.draw() as u32 % letter, dice.draw() as u32 % letter);
            let upright = dice.draw().is_multiple_of(2);
            for t in from.min(to)..=from.max(to) {
                let (x, y) = if upright {
                    (left + from, t)
                } else {
                    (left + t, from)
                };
                let y = height - 3 - letter + y;
                if x < width && y < height {
                    for channel in &mut changed.get_pixel_mut(x, y).0 {
                        let ink = if *channel > 127 { 0.0 } else { 255.0 };
                        *channel = (f32::from(*channel) * (1.0 - strength) + ink * strength) as u8;
                    }
                }
            }
        }
    }
    changed
}
