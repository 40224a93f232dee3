//! From what kind of source a picture came, in the words of IPTC's vocabulary.

use salon_domain::{DigitalSource, Origin, Recipe};

use crate::layered::LAYERS_TOOL;

/// What is known of a picture's source from its origin and recipe; nothing where nobody wrote down how it was made.
pub(crate) fn digital_source(origin: &Origin, recipe: Option<&Recipe>) -> Option<DigitalSource> {
    match (origin, recipe) {
        // Painted over another picture or into one, and what that was itself its recipe does not say.
        (_, Some(recipe)) if recipe.source.is_some() => {
            Some(DigitalSource::CompositeWithTrainedAlgorithmicMedia)
        }
        (_, Some(_)) => Some(DigitalSource::TrainedAlgorithmicMedia),
        (Origin::Imported { tool, .. }, None) if tool == LAYERS_TOOL => Some(DigitalSource::Composite),
        // Whatever else names itself as the program is one that generates.
        (Origin::Imported { tool, .. }, None) if !tool.is_empty() => {
            Some(DigitalSource::TrainedAlgorithmicMedia)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use salon_domain::{Digest, ModelRef, SourcePicture};

    #[test]
    fn only_what_was_written_down_is_said() {
        let model = ModelRef {
            name: "house".into(),
            sha256: Digest::ZERO,
        };
        let plain = Recipe::plain(model, "a fox", 128, 128);
        let painted_over = Recipe {
            source: Some(SourcePicture {
                sha256: Digest::ZERO,
                strength: 0.5,
                mask: None,
                carries_traits: false,
            }),
            ..plain.clone()
        };
        let from = |tool: &str| Origin::Imported {
            name: "fox.png".into(),
            tool: tool.into(),
        };
        for (tool, recipe, expected) in [
            ("", None, None),
            ("ComfyUI", None, Some(DigitalSource::TrainedAlgorithmicMedia)),
            (LAYERS_TOOL, None, Some(DigitalSource::Composite)),
            ("", Some(&plain), Some(DigitalSource::TrainedAlgorithmicMedia)),
            (
                "",
                Some(&painted_over),
                Some(DigitalSource::CompositeWithTrainedAlgorithmicMedia),
            ),
        ] {
            assert_eq!(digital_source(&from(tool), recipe), expected, "{tool}");
        }
    }
}
