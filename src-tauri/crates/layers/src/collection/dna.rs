//! What makes two editions the same.

use std::collections::BTreeSet;

use salon_domain::{Digest, Trait};

use super::Configuration;

/// The digest of what was chosen in every layer that counts: layer and names, not weights, so that a collection whose rarities
/// changed can still be appended to.
pub(super) fn dna(configuration: &Configuration, picks: &[usize]) -> Digest {
    let mut text = String::new();
    for (place, pick) in configuration.places.iter().zip(picks) {
        if place.bypass_dna {
            continue;
        }
        text.push_str(&place.layer);
        if let Some(variant) = place.variants.get(*pick) {
            for name in &variant.names {
                text.push('\u{1f}');
                text.push_str(name);
            }
        }
        text.push('\u{1e}');
    }
    Digest::of(text.as_bytes())
}

/// The same, as far as an edition's metadata tells it: traits by name, without those of layers that do not count.
pub(super) fn signature(traits: &[Trait], bypassed: &BTreeSet<String>) -> String {
    let mut parts: Vec<String> = traits
        .iter()
        .filter(|one| !bypassed.contains(&one.trait_type))
        .map(|one| format!("{}\u{1f}{}", one.trait_type, one.value))
        .collect();
    parts.sort();
    parts.join("\u{1e}")
}
