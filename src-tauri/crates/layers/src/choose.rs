//! Which traits a picture has: weighted, keyed by (seed, index, layer name), so that adding a layer or drawing out of
//! order changes no other layer's draw.

use salon_domain::{Trait, mix};

use crate::{LayerSet, LayersError, Result};

/// One choice of a value for every layer.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Composition {
    /// For each layer of [`LayerSet::layers`], the index of its value: the class indices of a trait probe.
    pub picks: Vec<usize>,
    /// The same as words, in layer order.
    pub traits: Vec<Trait>,
}

/// A number that depends on all of `seed`, `index` and `label`.
pub(crate) fn keyed(seed: u64, index: u64, label: &str) -> u64 {
    let label = label.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    mix(mix(mix(seed) ^ index) ^ label)
}

/// `random` scaled to `0..bound`.
pub(crate) fn below(random: u64, bound: u64) -> u64 {
    ((u128::from(random) * u128::from(bound)) >> 64) as u64
}

impl LayerSet {
    /// The traits of picture `index` of the endless sequence that `seed` names, each value as often as its weight.
    pub fn draw(&self, seed: u64, index: u64) -> Composition {
        let picks = self
            .layers()
            .iter()
            .map(|layer| {
                let total: u64 = layer.values.iter().map(|value| u64::from(value.weight)).sum();
                let mut left = below(keyed(seed, index, &layer.name), total);
                layer
                    .values
                    .iter()
                    .position(|value| {
                        let weight = u64::from(value.weight);
                        let hit = left < weight;
                        left = left.saturating_sub(weight);
                        hit
                    })
                    .unwrap_or(0)
            })
            .collect();
        self.composition(picks)
    }

    /// The composition of exactly these traits, one for every layer, in any order; names compare without case.
    pub fn compose(&self, chosen: &[Trait]) -> Result<Composition> {
        let mut picks: Vec<Vec<usize>> = vec![Vec::new(); self.layers().len()];
        for one in chosen {
            let (layer, value) = self.find(one)?;
            picks[layer].push(value);
        }
        let picks = picks
            .into_iter()
            .zip(self.layers())
            .map(|(picked, layer)| match picked[..] {
                [only] => Ok(only),
                _ => Err(LayersError::WrongChoice {
                    layer: layer.name.clone(),
                    found: picked.len(),
                }),
            })
            .collect::<Result<_>>()?;
        Ok(self.composition(picks))
    }

    /// The composition with these value indices, one per layer; an index past the end means the last value.
    pub fn composition(&self, mut picks: Vec<usize>) -> Composition {
        picks.resize(self.layers().len(), 0);
        for (pick, layer) in picks.iter_mut().zip(self.layers()) {
            *pick = (*pick).min(layer.values.len() - 1);
        }
        let traits = picks
            .iter()
            .zip(self.layers())
            .map(|(&pick, layer)| Trait {
                trait_type: layer.name.clone(),
                value: layer.values[pick].name.clone(),
            })
            .collect();
        Composition { picks, traits }
    }

    /// Layer and value index of a trait.
    fn find(&self, wanted: &Trait) -> Result<(usize, usize)> {
        let unknown = |hint: String| LayersError::UnknownTrait {
            trait_type: wanted.trait_type.clone(),
            value: wanted.value.clone(),
            hint,
        };
        let names = |all: &mut dyn Iterator<Item = &str>| all.collect::<Vec<_>>().join(", ");
        let layer = self
            .layers()
            .iter()
            .position(|layer| layer.name.eq_ignore_ascii_case(&wanted.trait_type))
            .ok_or_else(|| {
                let all = names(&mut self.layers().iter().map(|layer| layer.name.as_str()));
                unknown(format!("the layers are {all}"))
            })?;
        let values = &self.layers()[layer].values;
        let value = values
            .iter()
            .position(|value| value.name.eq_ignore_ascii_case(&wanted.value))
            .ok_or_else(|| {
                let all = names(&mut values.iter().map(|value| value.name.as_str()));
                unknown(format!("the values are {all}"))
            })?;
        Ok((layer, value))
    }
}
