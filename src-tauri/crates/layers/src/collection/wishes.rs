//! `collection.json`: what layer engines have no words for, beside any of their projects.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use salon_domain::Trait;
use serde::{Deserialize, Serialize};

use super::Rule;
use crate::error::LayersError;
use crate::{BlendMode, Result};

/// The file's name, in the project's folder.
pub(super) const WISHES: &str = "collection.json";

/// Quotas, rules, orders and one-of-ones. Every part may be left out.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Wishes {
    /// Width and height of the pictures in pixels, over what the engine's configuration says.
    pub size: Option<(u32, u32)>,
    /// How many editions, where no engine's configuration says so.
    pub editions: Option<u64>,
    /// By the layer's folder or trait type.
    pub layers: BTreeMap<String, LayerWish>,
    /// Every weight is kept exactly, to the nearest whole edition, instead of by chance.
    pub exact: bool,
    /// How many editions have a trait, exactly.
    pub quotas: Vec<Quota>,
    /// What goes together.
    pub rules: Vec<Rule>,
    /// Layers that change their place in the stack.
    pub order: Vec<OrderWish>,
    /// Pictures that are drawn whole.
    pub ones: Vec<OneOfOne>,
}

/// What is wanted of one layer.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct LayerWish {
    /// The trait type.
    pub name: Option<String>,
    /// How it is composited.
    pub blend: Option<BlendMode>,
    /// 0 to 1.
    pub opacity: Option<f32>,
    /// How often it is there at all, 0 to 1; without it the layer is required.
    pub chance: Option<f64>,
    /// Two editions may not differ by this layer alone.
    pub bypass_dna: Option<bool>,
}

/// A trait by its layer (folder or trait type) and value; names compare without case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TraitName {
    /// The layer.
    pub layer: String,
    /// The value, as its file is called without weight and extension.
    #[serde(rename = "trait")]
    pub value: String,
}

impl fmt::Display for TraitName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}", self.layer, self.value)
    }
}

/// So many editions have the trait, one-of-ones not counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quota {
    /// The trait.
    #[serde(rename = "of")]
    pub of: TraitName,
    /// The number of editions.
    pub count: u64,
}

/// Where a moved layer goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// In front of the other.
    Above,
    /// Behind the other.
    Below,
}

/// When an edition has a trait, one layer is painted elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrderWish {
    /// The trait.
    pub when: TraitName,
    /// The layer that moves.
    #[serde(rename = "move")]
    pub layer: String,
    /// On which side of `of`.
    pub side: Side,
    /// The layer that stays.
    pub of: String,
}

/// A picture that stands in the collection as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OneOfOne {
    /// Its file, from the project's folder.
    pub file: String,
    /// What it is called; by its number where this is absent.
    #[serde(default)]
    pub name: Option<String>,
    /// The edition whose place it takes; drawn from the seed where this is absent.
    #[serde(default)]
    pub number: Option<u64>,
    /// Its traits.
    #[serde(default)]
    pub traits: Vec<Trait>,
}

impl Wishes {
    /// Reads the file in `root`; without one, nothing is wished.
    pub(super) fn read(root: &Path) -> Result<Self> {
        let path = root.join(WISHES);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(fault) if fault.kind() == std::io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(fault) => return Err(LayersError::io(path)(fault)),
        };
        serde_json::from_str(&text).map_err(|fault| LayersError::Config {
            path,
            problem: fault.to_string(),
        })
    }
}
