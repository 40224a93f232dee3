//! `layers.json`: the order of the layers, close to `HashLips`' `layersOrder`, and the words of their captions.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What a layer says in a caption.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Who is portrayed ("a fox").
    Subject,
    /// The subject's own colour ("orange fur", "an orange fox").
    Coat,
    /// A colour that another layer wears ("a scarlet hoodie").
    Tint,
    /// A feature of the face ("star eyes").
    #[default]
    Has,
    /// Something worn ("a gold crown").
    Wears,
    /// What is behind ("teal hills background").
    Setting,
}

/// The whole file.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Config {
    /// The collection's name.
    pub name: Option<String>,
    /// Layers from the back to the front.
    pub layers_order: Vec<LayerEntry>,
}

/// One entry of `layersOrder`: a layer's place in the stack. With `part: "back"` it is the second place of a layer that
/// stands elsewhere too.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct LayerEntry {
    pub name: String,
    #[serde(default)]
    pub options: LayerOptions,
    pub part: Option<Part>,
    /// The layer gives colours instead of a picture.
    #[serde(default)]
    pub palette: bool,
    #[serde(default)]
    pub role: Role,
    /// The noun that a bare value needs ("fur", "background").
    #[serde(default)]
    pub noun: String,
    /// For a tint: the layer whose phrase carries it.
    pub tints: Option<String>,
    /// Per value: how captions say it. Values that are left out are said by their name.
    #[serde(default)]
    pub words: BTreeMap<String, Words>,
}

/// `HashLips`' per-layer options; only the display name means something here.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct LayerOptions {
    #[serde(rename = "displayName")]
    pub display_name: Option<String>,
}

/// Which part of a picture an entry places.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Part {
    Back,
}

/// How captions name one value.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Words {
    /// Phrasings that captions use, with their article; `{tint}` marks the place of the tint.
    #[serde(default)]
    pub say: Vec<String>,
    /// Words that mean this value when read, but are never written.
    #[serde(default)]
    pub also: Vec<String>,
    /// For a subject: what its coat is called, where it is not the coat layer's noun.
    pub coat: Option<String>,
}
