//! From numbers to flags: the limits, and what is said to people.

use serde::{Deserialize, Serialize};

use super::Measurements;
use super::detail::median;

/// What can be wrong with a picture, technically.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FlagKind {
    /// One colour, or nearly.
    Blank,
    /// Black throughout, as a decoder leaves it that computed "not a number".
    Black,
    /// The lights are dark.
    Underexposed,
    /// Much of it is clipped to white.
    Overexposed,
    /// Nothing in it is crisp.
    Blurred,
    /// Grain where the picture is calm.
    Noisy,
    /// Traces of 8-pixel blocks.
    Blocky,
    /// A straight line of discontinuity, as tiles leave it.
    Seam,
    /// A border or letterbox bars.
    Border,
    /// All light has a colour.
    Cast,
    /// Its colours are far from the palette.
    OffPalette,
    /// Not of the size that was asked for.
    WrongSize,
    /// A corner is busy, as a signature or watermark makes it. A hint only.
    CornerMark,
}

impl FlagKind {
    /// All kinds, in the order in which flags are listed.
    pub const ALL: [Self; 13] = [
        Self::Black,
        Self::Blank,
        Self::Underexposed,
        Self::Overexposed,
        Self::Blurred,
        Self::Noisy,
        Self::Blocky,
        Self::Seam,
        Self::Border,
        Self::Cast,
        Self::OffPalette,
        Self::WrongSize,
        Self::CornerMark,
    ];

    /// Whether the flag is a hint: worth a look, but wrong too often to sort by.
    pub fn is_hint(self) -> bool {
        self == Self::CornerMark
    }
}

/// One thing that is measurably wrong with a picture.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Flag {
    /// What it is.
    pub kind: FlagKind,
    /// 0 at the limit, towards 1 the further beyond it.
    pub severity: f32,
    /// The number that was measured, in the unit that [`Limits`] gives.
    pub measured: f32,
    /// The limit that it was held against.
    pub limit: f32,
    /// The same in a sentence for people.
    pub sentence: String,
}

/// From where on a number is a flag. The defaults suit drawn and photographic pictures alike.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Limits {
    /// Blank below this standard deviation of luma, 0 to 1.
    pub blank_spread: f32,
    /// Underexposed when the luma of the lights is below this, 0 to 1.
    pub dark_lights: f32,
    /// Overexposed above this share of clipped pixels.
    pub clipped_high: f32,
    /// Blurred below this crispness.
    pub crispness: f32,
    /// Noisy above this σ, in 1/255.
    pub noise: f32,
    /// Blocky above this ratio.
    pub blockiness: f32,
    /// A seam above this share of the length.
    pub seam: f32,
    /// A border above this share of the side.
    pub border: f32,
    /// A cast above this chroma.
    pub cast: f32,
    /// Off the palette above this mean ΔE.
    pub palette_distance: f32,
    /// A mark in the corner above this ratio.
    pub corner_mark: f32,
    /// The palette of the collection, sRGB; empty for none.
    pub palette: Vec<[u8; 3]>,
    /// The width and height that were asked for.
    pub size: Option<(u32, u32)>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            blank_spread: 2.0 / 255.0,
            dark_lights: 0.4,
            clipped_high: 0.4,
            crispness: 0.72,
            noise: 3.0,
            blockiness: 0.5,
            seam: 0.55,
            border: 0.008,
            cast: 17.5,
            palette_distance: 18.0,
            corner_mark: 4.0,
            palette: Vec::new(),
            size: None,
        }
    }
}

/// Fewer accepted pictures than this teach no limits.
const FEWEST_TO_LEARN_FROM: usize = 20;
/// A learnt limit lies this many robust deviations beyond the median of the accepted.
const DEVIATIONS: f32 = 4.0;
/// Scales the median absolute deviation to the standard deviation of a normal distribution.
const MAD_TO_SIGMA: f32 = 1.4826;

impl Limits {
    /// These limits, widened to what a project accepts: where the accepted pictures themselves lie beyond a limit, it moves to four
    /// robust deviations (median and MAD) beyond their median. Limits only ever widen: a project of crisp pictures does not make
    /// soft ones faulty. Fewer than 20 accepted pictures change nothing.
    pub fn learnt_from(&self, accepted: &[Measurements]) -> Self {
        let mut learnt = self.clone();
        if accepted.len() < FEWEST_TO_LEARN_FROM {
            return learnt;
        }
        for kind in FlagKind::ALL {
            let values: Vec<f32> = accepted
                .iter()
                .filter_map(|measurements| self.reading(kind, measurements))
                .map(|reading| reading.measured)
                .collect();
            let Some((limit, wrong)) = learnt.limit_of(kind) else {
                continue;
            };
            if values.is_empty() {
                continue;
            }
            let middle = median(values.clone());
            let spread = median(values.iter().map(|value| (value - middle).abs()).collect()) * MAD_TO_SIGMA;
            *limit = match wrong {
                Wrong::Above => limit.max(middle + DEVIATIONS * spread),
                Wrong::Below => limit.min((middle - DEVIATIONS * spread).max(0.0)),
            };
        }
        learnt
    }

    /// The limit of a kind that is learnt, and on which side of it a picture is wrong.
    fn limit_of(&mut self, kind: FlagKind) -> Option<(&mut f32, Wrong)> {
        Some(match kind {
            FlagKind::Underexposed => (&mut self.dark_lights, Wrong::Below),
            FlagKind::Overexposed => (&mut self.clipped_high, Wrong::Above),
            FlagKind::Blurred => (&mut self.crispness, Wrong::Below),
            FlagKind::Noisy => (&mut self.noise, Wrong::Above),
            FlagKind::Blocky => (&mut self.blockiness, Wrong::Above),
            FlagKind::Seam => (&mut self.seam, Wrong::Above),
            FlagKind::Border => (&mut self.border, Wrong::Above),
            FlagKind::Cast => (&mut self.cast, Wrong::Above),
            FlagKind::OffPalette => (&mut self.palette_distance, Wrong::Above),
            FlagKind::CornerMark => (&mut self.corner_mark, Wrong::Above),
            FlagKind::Blank | FlagKind::Black | FlagKind::WrongSize => return None,
        })
    }

    /// What a kind looks at in a picture, and the limit it is held against; none where the kind does not apply.
    pub fn reading(&self, kind: FlagKind, measurements: &Measurements) -> Option<Reading> {
        let above = |measured, limit| {
            Some(Reading {
                measured,
                limit,
                wrong: Wrong::Above,
            })
        };
        let below = |measured, limit| {
            Some(Reading {
                measured,
                limit,
                wrong: Wrong::Below,
            })
        };
        match kind {
            FlagKind::Blank => below(measurements.luma_spread, self.blank_spread),
            FlagKind::Black => above(measurements.clipped_low, 0.999),
            FlagKind::Underexposed => below(measurements.luma_lights, self.dark_lights),
            FlagKind::Overexposed => above(measurements.clipped_high, self.clipped_high),
            FlagKind::Blurred => below(measurements.crispness, self.crispness),
            FlagKind::Noisy => above(measurements.noise, self.noise),
            FlagKind::Blocky => above(measurements.blockiness, self.blockiness),
            FlagKind::Seam => above(measurements.seam, self.seam),
            FlagKind::Border => above(measurements.border, self.border),
            FlagKind::Cast => above(measurements.cast, self.cast),
            FlagKind::OffPalette if self.palette.is_empty() => None,
            FlagKind::OffPalette => above(
                measurements.palette_distance(&self.palette),
                self.palette_distance,
            ),
            FlagKind::WrongSize => {
                let (width, height) = self.size?;
                let off = |is: u32, asked: u32| (is as f32 - asked as f32).abs() / asked.max(1) as f32;
                above(
                    off(measurements.width, width).max(off(measurements.height, height)),
                    0.0,
                )
            }
            FlagKind::CornerMark => above(measurements.corner_mark, self.corner_mark),
        }
    }
}

/// On which side of its limit a number is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wrong {
    /// Too much of it.
    Above,
    /// Too little of it.
    Below,
}

/// A number beside its limit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reading {
    /// The number.
    pub measured: f32,
    /// Its limit.
    pub limit: f32,
    /// The side on which it is wrong.
    pub wrong: Wrong,
}

impl Reading {
    /// 0 at the limit and on its right side, towards 1 beyond it.
    fn severity(self) -> f32 {
        match self.wrong {
            Wrong::Above if self.measured > self.limit => 1.0 - self.limit / self.measured,
            Wrong::Below if self.measured < self.limit => 1.0 - self.measured / self.limit,
            _ => 0.0,
        }
    }
}

/// What is wrong with a picture, in the order of [`FlagKind::ALL`]. A picture without content (black, blank) has that one flag
/// besides its size: what else could be said of it follows from it.
pub fn flags(measurements: &Measurements, limits: &Limits) -> Vec<Flag> {
    let mut found = Vec::new();
    let mut empty = false;
    for kind in FlagKind::ALL {
        if empty && kind != FlagKind::WrongSize {
            continue;
        }
        let Some(reading) = limits.reading(kind, measurements) else {
            continue;
        };
        let severity = reading.severity();
        if severity > 0.0 {
            empty |= matches!(kind, FlagKind::Black | FlagKind::Blank);
            found.push(Flag {
                kind,
                // What has no content has nothing to weigh.
                severity: if empty && kind != FlagKind::WrongSize {
                    1.0
                } else {
                    severity
                },
                measured: reading.measured,
                limit: reading.limit,
                sentence: sentence(kind, reading, measurements, limits),
            });
        }
    }
    found
}

/// What a flag says to people.
fn sentence(kind: FlagKind, reading: Reading, measurements: &Measurements, limits: &Limits) -> String {
    let Reading { measured, limit, .. } = reading;
    let percent = |share: f32| (share * 100.0).round();
    match kind {
        FlagKind::Black => {
            "Black throughout: the decoder probably ran out of number range; make it again in f32.".into()
        }
        FlagKind::Blank => format!(
            "Nearly one colour: luma varies by {:.1} of 255.",
            measured * 255.0
        ),
        FlagKind::Underexposed => format!(
            "Underexposed: its lights reach {} % of white (usual: at least {} %).",
            percent(measured),
            percent(limit)
        ),
        FlagKind::Overexposed => {
            format!(
                "Overexposed: {} % is clipped to white (limit {} %).",
                percent(measured),
                percent(limit)
            )
        }
        FlagKind::Blurred => {
            format!("Blurred: its crispest parts read {measured:.2} (usual: at least {limit:.2}).")
        }
        FlagKind::Noisy => format!("Noisy: grain of {measured:.1} levels in calm parts (limit {limit:.1})."),
        FlagKind::Blocky => format!(
            "Blocky: {} % more jumps at the borders of 8-pixel blocks (limit {} %).",
            percent(measured),
            percent(limit)
        ),
        FlagKind::Seam => format!(
            "A seam: a straight break runs along {} % of the picture (limit {} %).",
            percent(measured),
            percent(limit)
        ),
        FlagKind::Border => format!("A border or bar takes {:.1} % of a side.", measured * 100.0),
        FlagKind::Cast => {
            format!("A colour cast: the light has a chroma of {measured:.0} (limit {limit:.0}).")
        }
        FlagKind::OffPalette => {
            format!(
                "Off the palette: its colours lie {measured:.0} ΔE from it on average (limit {limit:.0})."
            )
        }
        FlagKind::WrongSize => {
            let (width, height) = limits.size.unwrap_or_default();
            format!(
                "{} × {} pixels; {width} × {height} were asked for.",
                measurements.width, measurements.height
            )
        }
        FlagKind::CornerMark => format!(
            "Perhaps a mark: one corner is {measured:.1} times as busy as the rim (limit {limit:.1})."
        ),
    }
}
