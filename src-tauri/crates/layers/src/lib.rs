//! Trait layers to pictures: reads a folder of layers in the `HashLips` convention (`layers/<Layer>/<trait>#<weight>.svg`
//! or `.png`), draws weighted combinations, writes and reads their captions, and renders them with `resvg`.
//!
//! It owns: the layer folder and its `layers.json`, the drawing of traits, captions in both directions (picture to words,
//! words to traits), compositing, and the batch that writes pictures with their metadata.
//!
//! It must not: know about models, projects, runs or candidates, look at the clock, or draw randomness of its own. Every
//! picture is a function of (layers, seed, index, size); thread count and order of work never reach a byte of it.
//!
//! The path of one picture: [`LayerSet::load`] → [`LayerSet::draw`] (or [`LayerSet::compose`] for chosen traits) →
//! [`LayerSet::caption`] and [`LayerSet::render`]. [`render_many`] does it in parallel for a whole folder.

mod art;
mod batch;
mod blend;
mod canvas;
mod caption;
mod choose;
mod collection;
mod config;
mod error;
mod files;
mod load;
mod parse;
mod png;
mod render;
mod set;
mod sheet;

use batch::MOST_PICTURES;

pub use batch::{RenderOrder, RenderSummary, render_many};
pub use blend::BlendMode;
pub use caption::Caption;
pub use choose::Composition;
pub use collection::{
    ChooseOrder, Collection, CollectionOrder, CollectionSummary, Edition, Engine, ExpectedTrait, Feasible,
    LayerFile, LayerWish, OneOfOne, OrderWish, Problem, Quota, Receiver, Rule, Seen, Severity, Side,
    TraitName, Wishes,
};
pub use config::Role;
pub use error::LayersError;
pub use render::{LARGEST_SIZE, SMALLEST_SIZE};
pub use set::{Layer, LayerSet, Value};
pub use sheet::contact_sheet;

/// What the functions of this crate return.
pub type Result<T> = std::result::Result<T, LayersError>;
