//! `salon generate`, `rerun` and `resume`.

use std::path::PathBuf;
use std::str::FromStr;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueHint};
use salon_domain::{CandidateId, RunId, SamplerKind, Upscale};

use super::{Machine, Mode, ProjectArgument, row_id};

/// `salon generate`.
#[derive(Debug, Args)]
pub struct Generate {
    #[command(flatten)]
    pub project: ProjectArgument,
    /// A saved recipe to begin with; what else is given takes the place of what it says.
    #[arg(long, value_name = "NAME")]
    pub recipe: Option<String>,
    /// What the pictures should show; what the candidate of --vary or --source shows when absent.
    #[arg(long, value_name = "TEXT", required_unless_present_any = ["recipe", "vary", "source"])]
    pub prompt: Option<String>,
    /// What they should not show.
    #[arg(long, value_name = "TEXT")]
    pub negative: Option<String>,
    /// Read the prompts as templates, and say how slots draw from them.
    #[arg(long, value_enum)]
    pub template: Option<Mode>,
    /// How many pictures.
    #[arg(long, value_name = "N", required_unless_present = "recipe")]
    pub count: Option<u32>,
    /// The run's seed; drawn when absent. Same recipe and seed, same pictures.
    #[arg(long, value_name = "S")]
    pub seed: Option<u64>,
    /// The model's name; when absent the candidate's of --vary or --source, else `house`.
    #[arg(long, value_name = "NAME")]
    pub model: Option<String>,
    /// A LoRA and its weight (1 when absent); may be given more than once.
    #[arg(long = "lora", value_name = "NAME:WEIGHT")]
    pub loras: Vec<Weighted>,
    /// Denoising steps; the model's own when absent.
    #[arg(long, value_name = "K")]
    pub steps: Option<u32>,
    /// Guidance scale; the model's own when absent.
    #[arg(long, value_name = "G")]
    pub guidance: Option<f64>,
    /// Sampler; the model's own when absent.
    #[arg(long, value_name = "NAME", value_parser = sampler())]
    pub sampler: Option<SamplerKind>,
    /// Layers left out at the end of the text encoder.
    #[arg(long, value_name = "N")]
    pub clip_skip: Option<u32>,
    /// Pixels across; the source's, the varied picture's or the model's own when absent.
    #[arg(long, value_name = "PX")]
    pub width: Option<u32>,
    /// Pixels down, likewise.
    #[arg(long, value_name = "PX")]
    pub height: Option<u32>,
    /// A picture to start from: a PNG, or the number of a candidate, whose own recipe holds but for what is said here.
    #[arg(long, value_name = "FILE|CANDIDATE", value_hint = ValueHint::FilePath)]
    pub source: Option<Start>,
    /// How much of the source is forgotten: 0 keeps it, 1 starts anew.
    #[arg(long, value_name = "SHARE", requires = "source", default_value_t = 0.6)]
    pub strength: f64,
    /// A grey PNG of the source's size: white is painted anew, black is kept.
    #[arg(long, value_name = "FILE", requires = "source", value_hint = ValueHint::FilePath)]
    pub mask: Option<PathBuf>,
    /// A candidate to vary. Its own recipe holds, but for what is said here.
    #[arg(long, value_name = "CANDIDATE", value_parser = row_id(CandidateId))]
    pub vary: Option<CandidateId>,
    /// How far variations go: 0 gives the candidate again, 1 unrelated pictures.
    #[arg(long, value_name = "SHARE", requires = "vary", default_value_t = 0.2)]
    pub variation_strength: f64,
    /// Enlarge each picture and refine it with this strength (0.5 when absent).
    #[arg(long, value_name = "WxH:STRENGTH")]
    pub upscale: Option<Enlarged>,
    /// A second model for the last steps, and when it takes over (0.8 of the noise schedule when absent).
    #[arg(long, value_name = "NAME:SWITCH")]
    pub refiner: Option<Weighted>,
    /// Decode in overlapping tiles: less memory.
    #[arg(long)]
    pub tiled: bool,
    /// Make this run before every waiting one.
    #[arg(long)]
    pub first: bool,
    #[command(flatten)]
    pub machine: Machine,
}

/// `salon layers paint`.
#[derive(Debug, Args)]
pub struct PaintLayers {
    #[command(flatten)]
    pub project: ProjectArgument,
    /// The compositions: candidates that `salon layers import` brought in.
    #[arg(value_name = "ID", value_parser = row_id(CandidateId), required_unless_present = "all")]
    pub candidates: Vec<CandidateId>,
    /// Every composition that is not rejected.
    #[arg(long, conflicts_with = "candidates")]
    pub all: bool,
    /// How many pictures of each.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub count: u32,
    /// How much of a composition is painted anew: 0 keeps it, 1 keeps nothing but its traits' words.
    #[arg(long, value_name = "SHARE", default_value_t = 0.5)]
    pub strength: f64,
    /// What stands behind the traits in every prompt.
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub prompt: String,
    /// What the pictures should not show.
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub negative: String,
    /// The model's name.
    #[arg(long, value_name = "NAME", default_value = "house")]
    pub model: String,
    /// Seed of the first composition's run; drawn for each when absent.
    #[arg(long, value_name = "S")]
    pub seed: Option<u64>,
    /// Denoising steps; the model's own when absent.
    #[arg(long, value_name = "K")]
    pub steps: Option<u32>,
    /// Guidance scale; the model's own when absent.
    #[arg(long, value_name = "G")]
    pub guidance: Option<f64>,
    /// Pixels across; the composition's when absent.
    #[arg(long, value_name = "PX")]
    pub width: Option<u32>,
    /// Pixels down, likewise.
    #[arg(long, value_name = "PX")]
    pub height: Option<u32>,
    /// Make these runs before every waiting one.
    #[arg(long)]
    pub first: bool,
    #[command(flatten)]
    pub machine: Machine,
}

/// `salon rerun`.
#[derive(Debug, Args)]
pub struct Rerun {
    #[command(flatten)]
    pub project: ProjectArgument,
    /// The run to repeat.
    #[arg(value_name = "RUN", value_parser = row_id(RunId))]
    pub run: RunId,
    /// How many pictures; as many as before when absent.
    #[arg(long, value_name = "N")]
    pub count: Option<u32>,
    /// Draw a new seed: the same recipe, other pictures.
    #[arg(long)]
    pub fresh: bool,
    #[command(flatten)]
    pub machine: Machine,
}

/// `salon resume`.
#[derive(Debug, Args)]
pub struct Resume {
    #[command(flatten)]
    pub project: ProjectArgument,
    #[command(flatten)]
    pub machine: Machine,
}

/// Samplers by the words of the domain, so that every door spells them alike.
fn sampler() -> impl TypedValueParser<Value = SamplerKind> {
    PossibleValuesParser::new(SamplerKind::ALL.map(SamplerKind::word))
        .map(|word| SamplerKind::from_word(&word).unwrap_or(SamplerKind::Ddim))
}

/// A name and perhaps a number after a colon.
#[derive(Debug, Clone, PartialEq)]
pub struct Weighted {
    pub name: String,
    pub number: Option<f64>,
}

impl FromStr for Weighted {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, number) = match text.rsplit_once(':') {
            Some((name, number)) => {
                let number = number
                    .parse()
                    .map_err(|_| format!("`{number}` is no number: write NAME or NAME:0.8"))?;
                (name, Some(number))
            }
            None => (text, None),
        };
        if name.is_empty() {
            return Err("the name is missing: write NAME or NAME:0.8".into());
        }
        Ok(Self {
            name: name.into(),
            number,
        })
    }
}

/// What a picture starts from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Start {
    Candidate(CandidateId),
    File(PathBuf),
}

impl FromStr for Start {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Ok(match text.parse() {
            Ok(number) => Self::Candidate(CandidateId(number)),
            Err(_) => Self::File(text.into()),
        })
    }
}

/// A second pass.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Enlarged(pub Upscale);

impl FromStr for Enlarged {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no size: write 1024x1024 or 1024x1024:0.5");
        let (size, strength) = match text.split_once(':') {
            Some((size, strength)) => (size, strength.parse().map_err(|_| wrong())?),
            None => (text, 0.5),
        };
        let (width, height) = size.split_once('x').ok_or_else(wrong)?;
        Ok(Self(Upscale {
            width: width.parse().map_err(|_| wrong())?,
            height: height.parse().map_err(|_| wrong())?,
            strength,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_numbers_and_sizes_are_read() {
        let weighted = |text: &str| text.parse::<Weighted>().map(|read| (read.name, read.number));
        assert_eq!(weighted("ink"), Ok(("ink".into(), None)));
        assert_eq!(weighted("ink:-0.5"), Ok(("ink".into(), Some(-0.5))));
        assert!(
            weighted("ink:much").is_err() && weighted(":1").is_err(),
            "neither is one"
        );
        let enlarged: Enlarged = "1024x768:0.25".parse().unwrap();
        assert_eq!(
            (enlarged.0.width, enlarged.0.height, enlarged.0.strength),
            (1024, 768, 0.25)
        );
        assert!("1024".parse::<Enlarged>().is_err(), "a size has two sides");
        assert_eq!(
            "12".parse(),
            Ok(Start::Candidate(CandidateId(12))),
            "a number is a candidate"
        );
        assert_eq!("12.png".parse(), Ok(Start::File("12.png".into())));
    }
}
