//! A collection as a layer engine describes it: which layers there are, what may be drawn from each, and how it is painted.
//!
//! `HashLips` and nftchef projects are read as they lie, with their quirks; the house's own `layers.json` and bare folders of
//! layers are read too. What artists add to any of them stands in `collection.json` (see [`Wishes`]).

mod choose;
mod config;
mod deal;
mod dna;
mod film;
mod folder;
mod names;
mod paint;
mod problems;
mod read;
mod render;
mod rules;
mod script;
mod space;
mod wishes;

use std::path::PathBuf;

use salon_domain::Trait;
use serde::Serialize;

use crate::{BlendMode, LayerSet};

pub use choose::{ChooseOrder, Edition, Seen};
pub use problems::{Problem, Severity};
pub use render::{CollectionOrder, CollectionSummary, LayerFile, Receiver};
pub use rules::Rule;
pub use space::{ExpectedTrait, Feasible};
pub use wishes::{LayerWish, OneOfOne, OrderWish, Quota, Side, TraitName, Wishes};

use rules::Excluded;

/// Which program's conventions a folder follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Engine {
    /// Folders of pictures without any configuration, stacked by name.
    Folder,
    /// The house's own `layers.json`: palettes, backs and captions.
    House,
    /// `HashLips` art engine: `layers/` and `src/config.js`.
    HashLips,
    /// nftchef's fork of it: nested folders, required files, rules.
    NftChef,
}

/// How editions are named and described.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Naming {
    pub prefix: String,
    pub suffix: Option<String>,
    /// Count from 1 within the configuration.
    pub reset: bool,
    pub description: String,
}

/// What is behind all layers.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Background {
    /// A fixed colour; without one, each edition has a hue of its own.
    pub colour: Option<[u8; 3]>,
    /// Of the hue, 0 to 1.
    pub brightness: f32,
    /// nftchef paints it under what is there already.
    pub last: bool,
}

/// One picture file; every use of it shares what was decoded.
#[derive(Debug)]
pub(crate) struct ArtFile {
    pub path: PathBuf,
    /// From the project's folder, with `/`.
    pub shown: String,
}

/// One thing that is painted when a variant is chosen.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Part {
    pub file: usize,
    pub blend: BlendMode,
    pub opacity: f32,
    /// nftchef's `z3,`: where in the whole stack; 0 is the layer's own place.
    pub z: i32,
}

/// One thing that a layer can be: usually one file.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Variant {
    /// What rules and quotas call it.
    pub name: String,
    /// Every name on the way to it, folders too: what nftchef's rules speak of.
    pub names: Vec<String>,
    /// Relative to the layer's others.
    pub weight: f64,
    pub parts: Vec<Part>,
    pub traits: Vec<Trait>,
    /// Only when the rules leave the layer nothing else.
    pub fallback: bool,
}

/// A layer's place in the stack of a configuration.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Place {
    /// The folder.
    pub layer: String,
    pub trait_type: String,
    /// Two editions may differ by more than this layer only.
    pub bypass_dna: bool,
    pub variants: Vec<Variant>,
}

/// One of `layerConfigurations`: so many editions of this stack.
#[derive(Debug, Clone)]
pub(crate) struct Configuration {
    pub editions: u64,
    /// From the back to the front.
    pub places: Vec<Place>,
    pub naming: Naming,
}

/// A collection, read and checked as far as can be without decoding its pictures. See the module's page.
#[derive(Debug)]
pub struct Collection {
    pub(crate) root: PathBuf,
    pub(crate) name: String,
    pub(crate) engine: Engine,
    /// Pixels: width and height.
    pub(crate) size: (u32, u32),
    /// Whether layers of another size are scaled smoothly.
    pub(crate) smoothing: bool,
    pub(crate) base_uri: String,
    /// The number of the first edition: 1, or 0 for Solana.
    pub(crate) first_number: u64,
    pub(crate) shuffle: bool,
    pub(crate) background: Option<Background>,
    pub(crate) files: Vec<ArtFile>,
    pub(crate) configurations: Vec<Configuration>,
    pub(crate) excluded: Vec<Excluded>,
    pub(crate) wishes: Wishes,
    /// For [`Engine::House`]: the set that paints.
    pub(crate) house: Option<LayerSet>,
    pub(crate) problems: Vec<Problem>,
}

impl Collection {
    /// What it is called.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whose conventions it follows.
    pub fn engine(&self) -> Engine {
        self.engine
    }

    /// Width and height of its pictures in pixels.
    pub fn size(&self) -> (u32, u32) {
        self.size
    }

    /// How many editions its configuration asks for.
    pub fn editions(&self) -> u64 {
        self.configurations.iter().map(|one| one.editions).sum()
    }

    /// Everything that is wrong or worth knowing, by file, as far as reading told.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// What is wished for in `collection.json`.
    pub fn wishes(&self) -> &Wishes {
        &self.wishes
    }

    /// The house's words for its traits, where it is the house's.
    pub fn house(&self) -> Option<&LayerSet> {
        self.house.as_ref()
    }
}
