//! Collections of trait layers: what is wrong with one, what it can come to, and its way into a project.

use std::path::PathBuf;

use salon_domain::CandidateId;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::StartRun;

/// Reads a layer project and says what is wrong with it and what it can come to. Nothing is written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct CheckLayers {
    /// The project's folder: `HashLips`, nftchef, house layers, or folders of pictures.
    #[ts(type = "string")]
    pub path: PathBuf,
    /// Editions that are meant; as many as its configuration says where absent.
    #[serde(default)]
    pub count: Option<u32>,
}

/// Whose conventions a layer project follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum LayersEngine {
    /// Folders of pictures, stacked by name.
    Folder,
    /// Salon's own `layers.json`.
    House,
    /// `HashLips` art engine.
    HashLips,
    /// nftchef's fork of it.
    NftChef,
}

/// What a layer project is, and what it can come to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct LayersReport {
    /// The collection's name.
    pub name: String,
    /// Whose conventions it follows.
    pub engine: LayersEngine,
    /// Width of its pictures in pixels.
    pub width: u32,
    /// Height of its pictures in pixels.
    pub height: u32,
    /// Editions that were asked after.
    pub editions: u32,
    /// One for each of its layer configurations.
    pub configurations: Vec<LayersSpace>,
    /// Everything that is wrong or worth knowing, faults first.
    pub problems: Vec<LayersProblem>,
    /// How many of them stand in the way.
    pub faults: u32,
    /// How often each trait is to be expected among those editions; none where faults stand in the way.
    pub expected: Vec<ExpectedTrait>,
}

/// How many different editions a configuration can make.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct LayersSpace {
    /// The number, in decimal digits: it may be larger than numbers of JSON can be.
    pub possible: String,
    /// Whether it was counted to the end; else there are at least as many.
    pub exact: bool,
}

/// One problem of a layer project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct LayersProblem {
    /// Whether nothing can be rendered before it is mended.
    pub fault: bool,
    /// The file or folder, with its line where there is one.
    pub place: String,
    /// What is wrong, and the next step.
    pub message: String,
}

/// How often a trait is to be expected.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct ExpectedTrait {
    /// The trait type.
    pub trait_type: String,
    /// The value.
    pub value: String,
    /// Its weight, as written.
    pub weight: f64,
    /// Editions, by weights and rules.
    pub expected: f64,
    /// Exactly so many, where a quota says so.
    pub quota: Option<u32>,
}

/// Brings the editions of a layer project in as candidates, with their traits. What is a candidate already stays one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct ImportLayers {
    /// The project's folder.
    #[ts(type = "string")]
    pub path: PathBuf,
    /// How many editions; as many as its configuration says where absent.
    #[serde(default)]
    pub count: Option<u32>,
    /// Which of the many possible collections: the same seed brings the same pictures.
    #[serde(default)]
    #[ts(type = "number | null")]
    pub seed: Option<u64>,
    /// Width of the pictures in pixels; the project's own where absent.
    #[serde(default)]
    pub width: Option<u32>,
}

/// Paints layered compositions anew: each becomes the starting picture of a run, and its traits the prompt. The new candidates
/// carry the traits of the layers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct PaintLayers {
    /// Candidates that were put together from layers; all that nobody rejected when absent.
    #[serde(default)]
    #[ts(optional)]
    pub candidates: Option<Vec<CandidateId>>,
    /// How much of each composition is painted anew: 0 keeps it, 1 keeps nothing but its traits' words.
    pub strength: f64,
    /// How they are painted. Its prompt stands behind the traits and may be empty; its count is for each composition; the seed
    /// is the first one's. It has no source, variation or template.
    pub order: StartRun,
}
