//! What the judge is asked on the command line.

use std::path::PathBuf;

use clap::{Args, ValueEnum, ValueHint};
use salon_domain::{CandidateId, RunId};

use super::{ModelFolders, ProjectArgument, row_id};

/// On or off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Switch {
    /// On.
    On,
    /// Off.
    Off,
}

impl From<Switch> for bool {
    fn from(switch: Switch) -> Self {
        switch == Switch::On
    }
}

/// `salon judge`.
#[derive(Debug, Args)]
pub struct Judge {
    #[command(flatten)]
    pub project: ProjectArgument,
    #[command(flatten)]
    pub models: ModelFolders,
    /// Only say where it stands; look at nothing.
    #[arg(long)]
    pub status: bool,
    /// List the encoders that can be chosen.
    #[arg(long, conflicts_with = "status")]
    pub encoders: bool,
    /// The encoder to use from now on: `house`, or the name of a folder among the models.
    #[arg(long, value_name = "NAME")]
    pub encoder: Option<String>,
    /// List the aesthetic heads that can be chosen.
    #[arg(long, conflicts_with_all = ["status", "encoders"])]
    pub heads: bool,
    /// The aesthetic head that the taste begins with: a file `heads/NAME.safetensors` among the models; `none` for none.
    #[arg(long, value_name = "NAME")]
    pub head: Option<String>,
    /// Whose taste to order by; `everybody` for all together.
    #[arg(long, value_name = "NAME")]
    pub taste_of: Option<String>,
    /// Whether it learns from decisions and orders.
    #[arg(long, value_enum)]
    pub learns: Option<Switch>,
    /// Whether 15 % of the queue come by lot.
    #[arg(long, value_enum)]
    pub explores: Option<Switch>,
    /// Set undecided pictures aside whose chance of being accepted is smaller: from 0 to 1, or `none`.
    #[arg(long, value_name = "CHANCE", value_parser = parse_threshold)]
    pub threshold: Option<Threshold>,
}

/// A threshold, or none.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Threshold(pub Option<f32>);

fn parse_threshold(text: &str) -> Result<Threshold, String> {
    if text == "none" {
        return Ok(Threshold(None));
    }
    match text.parse::<f32>() {
        Ok(chance) if (0.0..=1.0).contains(&chance) => Ok(Threshold(Some(chance))),
        _ => Err("give a chance from 0 to 1, or `none`".to_owned()),
    }
}

/// `salon similar`.
#[derive(Debug, Args)]
pub struct Similar {
    #[command(flatten)]
    pub project: ProjectArgument,
    #[command(flatten)]
    pub models: ModelFolders,
    /// The candidate.
    #[arg(value_name = "ID", value_parser = row_id(CandidateId))]
    pub candidate: CandidateId,
    /// How many.
    #[arg(long, value_name = "N", default_value_t = 24, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub count: u32,
}

/// `salon families` and `salon coherence`.
#[derive(Debug, Args)]
pub struct Judged {
    #[command(flatten)]
    pub project: ProjectArgument,
    #[command(flatten)]
    pub models: ModelFolders,
}

/// `salon taste`.
#[derive(Debug, Args)]
pub struct Taste {
    #[command(flatten)]
    pub project: ProjectArgument,
    #[command(flatten)]
    pub models: ModelFolders,
    /// Say what was learnt of everything measurable, and what thresholds would cost.
    #[arg(long)]
    pub report: bool,
    /// Say why this candidate scores as it does.
    #[arg(long, value_name = "ID", value_parser = row_id(CandidateId), conflicts_with = "report")]
    pub explain: Option<CandidateId>,
}

/// `salon copies`.
#[derive(Debug, Args)]
pub struct Copies {
    #[command(flatten)]
    pub project: ProjectArgument,
    #[command(flatten)]
    pub models: ModelFolders,
    /// Protect the pictures of this folder from now on (or read it again).
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub protect: Option<PathBuf>,
    /// Forget this folder.
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, conflicts_with = "protect")]
    pub forget: Option<PathBuf>,
    /// Only look at accepted candidates.
    #[arg(long)]
    pub accepted: bool,
}

/// `salon steer`.
#[derive(Debug, Args)]
pub struct Steer {
    #[command(flatten)]
    pub project: ProjectArgument,
    #[command(flatten)]
    pub models: ModelFolders,
    /// Order a run of this run's recipe, its prompts drawn by what raises acceptance. `salon resume` makes its pictures.
    #[arg(long, value_name = "RUN", value_parser = row_id(RunId))]
    pub order: Option<RunId>,
    /// How many pictures to order.
    #[arg(long, value_name = "N", default_value_t = 100, requires = "order")]
    pub count: u32,
    /// The run's seed; drawn when absent.
    #[arg(long, value_name = "N", requires = "order")]
    pub seed: Option<u64>,
}
