//! What a picture of trait layers says of itself: a text in its PNG, with the layers' hashes, so that it keeps its traits and
//! its provenance wherever the file goes.

use salon_domain::{Digest, Trait};
use salon_layers::{Collection, Edition, Engine, LayerFile};
use serde::{Deserialize, Serialize};

/// The text's keyword.
pub(crate) const LAYERED: &str = "salon-layers";
/// The tool of candidates that carry it: what the catalog takes for traits that come from layers.
pub(crate) const LAYERS_TOOL: &str = "Salon layers";

/// The text, as JSON.
#[derive(Debug, Serialize)]
struct Written<'a> {
    collection: &'a str,
    engine: &'static str,
    edition: u64,
    name: &'a str,
    seed: u64,
    dna: Digest,
    caption: String,
    traits: &'a [Trait],
    /// Back to front.
    layers: Vec<LayerFile>,
}

/// What is read back of it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(crate) struct Layered {
    pub caption: String,
    pub traits: Vec<Trait>,
}

/// What an engine is called.
fn label(engine: Engine) -> &'static str {
    match engine {
        Engine::Folder | Engine::House => "trait layers",
        Engine::HashLips => "HashLips",
        Engine::NftChef => "nftchef",
    }
}

/// The texts of an edition's picture; `digests` as the collection gives them.
pub(crate) fn texts(
    collection: &Collection,
    edition: &Edition,
    seed: u64,
    digests: &[Digest],
) -> Vec<(String, String)> {
    let written = Written {
        collection: collection.name(),
        engine: label(collection.engine()),
        edition: edition.number,
        name: &edition.name,
        seed,
        dna: edition.dna,
        caption: collection.caption(edition),
        traits: &edition.traits,
        layers: collection.painted_from(edition, digests),
    };
    // Strings and numbers always serialise.
    let text = serde_json::to_string(&written).unwrap_or_default();
    vec![(LAYERED.to_owned(), text)]
}

/// Reads the text, if it is one.
pub(crate) fn read(text: &str) -> Option<Layered> {
    serde_json::from_str(text).ok()
}
