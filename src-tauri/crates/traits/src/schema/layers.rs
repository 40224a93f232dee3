//! A schema from a folder of layers.

use super::{Schema, Target, TraitType, Value};
use crate::{Result, TraitsError};

impl Schema {
    /// A schema whose targets are the shares that weights give: `layers` are names with their (value, weight) in turn. The
    /// value `None`, as layer engines write it, is a value like any other.
    ///
    /// # Errors
    /// [`TraitsError::Weight`] for a weight that is not above 0, [`TraitsError::Schema`] for names that are empty or twice,
    /// and for a layer without values.
    pub fn from_layers(layers: &[(String, Vec<(String, f64)>)]) -> Result<Self> {
        let mut traits = vec![];
        for (layer, values) in layers {
            if let Some((value, weight)) = values
                .iter()
                .find(|(_, weight)| !(weight.is_finite() && *weight > 0.0))
            {
                return Err(TraitsError::Weight {
                    layer: layer.clone(),
                    value: value.clone(),
                    weight: weight.to_string(),
                });
            }
            let total: f64 = values.iter().map(|(_, weight)| weight).sum();
            traits.push(TraitType {
                name: layer.clone(),
                required: true,
                values: values
                    .iter()
                    .map(|(name, weight)| Value {
                        name: name.clone(),
                        target: Some(Target::Percent(100.0 * weight / total)),
                    })
                    .collect(),
                ..TraitType::default()
            });
        }
        Self::new(traits, vec![]).validated()
    }
}
