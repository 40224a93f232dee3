//! The loaded set: layers, their values, and the order in which their parts are painted.

use std::path::PathBuf;

use crate::art::Art;
use crate::config::Role;
use crate::parse::Pattern;
use crate::render::TileCache;

/// Trait layers, ready to draw from. Cheap to share between threads by reference.
#[derive(Debug)]
pub struct LayerSet {
    pub(crate) name: String,
    pub(crate) layers: Vec<Layer>,
    /// What is painted, from back to front.
    pub(crate) passes: Vec<Pass>,
    /// What words mean, longest first.
    pub(crate) patterns: Vec<Pattern>,
    pub(crate) tiles: TileCache,
}

/// One layer: a trait type and its values.
#[derive(Debug)]
pub struct Layer {
    /// The trait type ("Headwear").
    pub name: String,
    /// What it says in a caption.
    pub role: Role,
    /// Its values, by name: the class order of a trait probe.
    pub values: Vec<Value>,
    pub(crate) noun: String,
    /// For a tint: the layer whose phrase carries it.
    pub(crate) tints: Option<usize>,
}

/// One value of a layer: one file.
#[derive(Debug)]
pub struct Value {
    /// The value ("Top Hat").
    pub name: String,
    /// How often it is drawn, relative to the other weights of its layer.
    pub weight: u32,
    /// The file that draws it.
    pub path: PathBuf,
    pub(crate) art: Art,
    /// Phrasings, the first preferred; never empty.
    pub(crate) say: Vec<String>,
    pub(crate) also: Vec<String>,
    pub(crate) coat: Option<String>,
}

/// One step of painting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Pass {
    pub layer: usize,
    pub back: bool,
}

impl LayerSet {
    /// The collection's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// All layers in the order of `layers.json`, each with its values and weights: the class lists of a trait probe.
    pub fn layers(&self) -> &[Layer] {
        &self.layers
    }

    /// How many values there are over all layers.
    pub fn trait_count(&self) -> usize {
        self.layers.iter().map(|layer| layer.values.len()).sum()
    }
}
