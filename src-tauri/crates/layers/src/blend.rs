//! The 26 compositing modes of the canvas, on premultiplied 8-bit pixels.
//!
//! Formulas: W3C Compositing and Blending Level 1, as `CanvasRenderingContext2D.globalCompositeOperation` names them. A layer
//! is always as large as the canvas, so the modes that clear what the source does not cover clear all of it.

use serde::{Deserialize, Serialize};

/// A mode of `globalCompositeOperation`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs)] // The standard's own names say all there is to say.
pub enum BlendMode {
    #[default]
    SourceOver,
    SourceIn,
    SourceOut,
    SourceAtop,
    DestinationOver,
    DestinationIn,
    DestinationOut,
    DestinationAtop,
    Lighter,
    Copy,
    Xor,
    Multiply,
    Screen,
    Overlay,
    Darken,
    Lighten,
    ColorDodge,
    ColorBurn,
    HardLight,
    SoftLight,
    Difference,
    Exclusion,
    Hue,
    Saturation,
    Color,
    Luminosity,
}

impl BlendMode {
    /// Every mode with its name on the canvas.
    pub const ALL: [(Self, &'static str); 26] = [
        (Self::SourceOver, "source-over"),
        (Self::SourceIn, "source-in"),
        (Self::SourceOut, "source-out"),
        (Self::SourceAtop, "source-atop"),
        (Self::DestinationOver, "destination-over"),
        (Self::DestinationIn, "destination-in"),
        (Self::DestinationOut, "destination-out"),
        (Self::DestinationAtop, "destination-atop"),
        (Self::Lighter, "lighter"),
        (Self::Copy, "copy"),
        (Self::Xor, "xor"),
        (Self::Multiply, "multiply"),
        (Self::Screen, "screen"),
        (Self::Overlay, "overlay"),
        (Self::Darken, "darken"),
        (Self::Lighten, "lighten"),
        (Self::ColorDodge, "color-dodge"),
        (Self::ColorBurn, "color-burn"),
        (Self::HardLight, "hard-light"),
        (Self::SoftLight, "soft-light"),
        (Self::Difference, "difference"),
        (Self::Exclusion, "exclusion"),
        (Self::Hue, "hue"),
        (Self::Saturation, "saturation"),
        (Self::Color, "color"),
        (Self::Luminosity, "luminosity"),
    ];

    /// The mode that the canvas calls `name`.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .find(|(_, known)| *known == name)
            .map(|(mode, _)| *mode)
    }

    /// Whether a source pixel without any cover leaves what is below as it is.
    pub(crate) fn keeps_uncovered(self) -> bool {
        !matches!(
            self,
            Self::SourceIn | Self::SourceOut | Self::DestinationIn | Self::DestinationAtop | Self::Copy
        )
    }

    /// `above`, at an opacity of 0 to 255, composited onto `below`; both premultiplied RGBA.
    pub(crate) fn compose(self, below: [u8; 4], above: [u8; 4], opacity: u32) -> [u8; 4] {
        // Quotients of colours would magnify what rounding to bytes takes, so these fade in floats.
        match self {
            Self::ColorDodge => return by_channel(below, above, opacity, color_dodge),
            Self::ColorBurn => return by_channel(below, above, opacity, color_burn),
            Self::SoftLight => return by_channel(below, above, opacity, soft_light),
            Self::Hue => {
                return whole(below, above, opacity, |below, above| {
                    with_luminosity(with_saturation(above, saturation(below)), luminosity(below))
                });
            }
            Self::Saturation => {
                return whole(below, above, opacity, |below, above| {
                    with_luminosity(with_saturation(below, saturation(above)), luminosity(below))
                });
            }
            Self::Color => {
                return whole(below, above, opacity, |below, above| {
                    with_luminosity(above, luminosity(below))
                });
            }
            Self::Luminosity => {
                return whole(below, above, opacity, |below, above| {
                    with_luminosity(below, luminosity(above))
                });
            }
            _ => {}
        }
        let above = above.map(|channel| divide_by_255(u32::from(channel) * opacity));
        match self {
            Self::SourceOver => porter_duff(below, above, |_, _| 255, |sa, _| 255 - sa),
            Self::SourceIn => porter_duff(below, above, |_, da| da, |_, _| 0),
            Self::SourceOut => porter_duff(below, above, |_, da| 255 - da, |_, _| 0),
            Self::SourceAtop => porter_duff(below, above, |_, da| da, |sa, _| 255 - sa),
            Self::DestinationOver => porter_duff(below, above, |_, da| 255 - da, |_, _| 255),
            Self::DestinationIn => porter_duff(below, above, |_, _| 0, |sa, _| sa),
            Self::DestinationOut => porter_duff(below, above, |_, _| 0, |sa, _| 255 - sa),
            Self::DestinationAtop => porter_duff(below, above, |_, da| 255 - da, |sa, _| sa),
            Self::Xor => porter_duff(below, above, |_, da| 255 - da, |sa, _| 255 - sa),
            Self::Lighter => porter_duff(below, above, |_, _| 255, |_, _| 255),
            Self::Multiply => separable(below, above, |s, d, _, _| s * d),
            Self::Screen => separable(below, above, |s, d, sa, da| s * da + d * sa - s * d),
            Self::Darken => separable(below, above, |s, d, sa, da| (s * da).min(d * sa)),
            Self::Lighten => separable(below, above, |s, d, sa, da| (s * da).max(d * sa)),
            Self::Difference => separable(below, above, |s, d, sa, da| (s * da).abs_diff(d * sa) as i32),
            Self::Exclusion => separable(below, above, |s, d, sa, da| s * da + d * sa - 2 * s * d),
            Self::HardLight => separable(below, above, hard_light),
            Self::Overlay => separable(below, above, |s, d, sa, da| hard_light(d, s, da, sa)),
            _ => above,
        }
    }
}

/// Rounded division, exact for products of two bytes.
pub(crate) fn divide_by_255(product: u32) -> u8 {
    ((product + 128 + ((product + 128) >> 8)) >> 8) as u8
}

/// `above · F(above) + below · F(below)`, the factors being functions of both alphas.
fn porter_duff(
    below: [u8; 4],
    above: [u8; 4],
    of_above: impl Fn(u32, u32) -> u32,
    of_below: impl Fn(u32, u32) -> u32,
) -> [u8; 4] {
    let (sa, da) = (u32::from(above[3]), u32::from(below[3]));
    let (fa, fb) = (of_above(sa, da), of_below(sa, da));
    std::array::from_fn(|at| {
        divide_by_255((u32::from(above[at]) * fa + u32::from(below[at]) * fb).min(255 * 255))
    })
}

/// The alpha of any mode that mixes colours: that of "over".
fn joint_alpha(below: [u8; 4], above: [u8; 4]) -> u8 {
    above[3] + divide_by_255(u32::from(below[3]) * (255 - u32::from(above[3])))
}

/// `mix(s, d, sa, da)` gives `sa · da · B(d / da, s / sa)` in 255ths of 255ths, where both cover.
fn separable(below: [u8; 4], above: [u8; 4], mix: impl Fn(i32, i32, i32, i32) -> i32) -> [u8; 4] {
    let (sa, da) = (i32::from(above[3]), i32::from(below[3]));
    let mut out = [joint_alpha(below, above); 4];
    for at in 0..3 {
        let (s, d) = (i32::from(above[at]), i32::from(below[at]));
        let sum = mix(s, d, sa, da) + s * (255 - da) + d * (255 - sa);
        out[at] = divide_by_255(sum.clamp(0, 255 * 255) as u32).min(out[3]);
    }
    out
}

fn hard_light(s: i32, d: i32, sa: i32, da: i32) -> i32 {
    if 2 * s <= sa {
        2 * s * d
    } else {
        sa * da - 2 * (da - d) * (sa - s)
    }
}

/// Straight colours in 0..=1 and the alphas.
fn straight(pixel: [u8; 4]) -> ([f32; 3], f32) {
    let alpha = f32::from(pixel[3]);
    let scale = if alpha > 0.0 { 1.0 / alpha } else { 0.0 };
    (
        std::array::from_fn(|at| (f32::from(pixel[at]) * scale).min(1.0)),
        alpha / 255.0,
    )
}

/// A mode over all three channels at once: `mix(below, above)` of straight colours.
fn whole(
    below: [u8; 4],
    above: [u8; 4],
    opacity: u32,
    mix: impl Fn([f32; 3], [f32; 3]) -> [f32; 3],
) -> [u8; 4] {
    let ((cb, ab), (cs, a)) = (straight(below), straight(above));
    let a = a * opacity as f32 / 255.0;
    let mixed = mix(cb, cs);
    let mut out = [((a + ab - a * ab) * 255.0 + 0.5) as u8; 4];
    for at in 0..3 {
        let value = cs[at] * a * (1.0 - ab) + cb[at] * ab * (1.0 - a) + a * ab * mixed[at];
        out[at] = ((value * 255.0 + 0.5) as u8).min(out[3]);
    }
    out
}

fn by_channel(below: [u8; 4], above: [u8; 4], opacity: u32, mix: impl Fn(f32, f32) -> f32) -> [u8; 4] {
    whole(below, above, opacity, |below, above| {
        std::array::from_fn(|at| mix(below[at], above[at]))
    })
}

fn color_dodge(below: f32, above: f32) -> f32 {
    if below <= 0.0 {
        0.0
    } else if above >= 1.0 {
        1.0
    } else {
        (below / (1.0 - above)).min(1.0)
    }
}

fn color_burn(below: f32, above: f32) -> f32 {
    if below >= 1.0 {
        1.0
    } else if above <= 0.0 {
        0.0
    } else {
        1.0 - ((1.0 - below) / above).min(1.0)
    }
}

fn soft_light(below: f32, above: f32) -> f32 {
    if above <= 0.5 {
        return below - (1.0 - 2.0 * above) * below * (1.0 - below);
    }
    let curve = if below <= 0.25 {
        ((16.0 * below - 12.0) * below + 4.0) * below
    } else {
        below.sqrt()
    };
    below + (2.0 * above - 1.0) * (curve - below)
}

fn luminosity(c: [f32; 3]) -> f32 {
    0.3 * c[0] + 0.59 * c[1] + 0.11 * c[2]
}

fn saturation(c: [f32; 3]) -> f32 {
    c[0].max(c[1]).max(c[2]) - c[0].min(c[1]).min(c[2])
}

/// The standard's `SetLum` with its `ClipColor`.
fn with_luminosity(c: [f32; 3], wanted: f32) -> [f32; 3] {
    let shift = wanted - luminosity(c);
    let c = c.map(|channel| channel + shift);
    let l = luminosity(c);
    let (least, most) = (c[0].min(c[1]).min(c[2]), c[0].max(c[1]).max(c[2]));
    c.map(|channel| {
        let mut channel = channel;
        if least < 0.0 {
            channel = l + (channel - l) * l / (l - least);
        }
        if most > 1.0 {
            channel = l + (channel - l) * (1.0 - l) / (most - l);
        }
        channel.clamp(0.0, 1.0)
    })
}

/// The standard's `SetSat`: the largest channel becomes `wanted`, the least 0, the middle one keeps its place between.
fn with_saturation(c: [f32; 3], wanted: f32) -> [f32; 3] {
    let (least, most) = (c[0].min(c[1]).min(c[2]), c[0].max(c[1]).max(c[2]));
    if most <= least {
        return [0.0; 3];
    }
    c.map(|channel| (channel - least) * wanted / (most - least))
}
