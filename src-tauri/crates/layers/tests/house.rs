//! The house layers themselves: loaded, drawn, captioned and rendered.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)] // A failed step is a failed test.

use std::path::PathBuf;

use salon_layers::LayerSet;

fn house() -> LayerSet {
    LayerSet::load(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../assets/house")).unwrap()
}

#[test]
fn the_house_has_its_layers_and_traits() {
    let set = house();
    assert!(set.layers().len() >= 8, "a house set has at least 8 layers");
    assert!(set.trait_count() >= 60, "a house set has at least 60 traits");
}

#[test]
fn every_caption_reads_back_as_its_traits() {
    let set = house();
    for index in 0..4000 {
        let composition = set.draw(7, index);
        let text = set.caption(&composition, index);
        assert_eq!(
            set.parse_caption(&text),
            composition.traits,
            "caption {index}: {text}"
        );
        let caption = set.training_caption(&composition, index);
        assert_eq!(
            set.parse_caption(&caption.text),
            caption.traits,
            "training caption {index}: {}",
            caption.text
        );
    }
}

/// Pixels (of 128 × 128) that clearly differ between two pictures.
fn clearly_different(a: &image::RgbImage, b: &image::RgbImage) -> usize {
    a.pixels()
        .zip(b.pixels())
        .filter(|(a, b)| a.0.iter().zip(b.0).any(|(&a, b)| a.abs_diff(b) > 40))
        .count()
}

#[test]
fn every_trait_shows_in_every_company() {
    let set = house();
    for (at, layer) in set.layers().iter().enumerate() {
        let mut least = (usize::MAX, String::new());
        for index in 0..120 {
            let base = set.draw(11, index);
            let pictures: Vec<_> = (0..layer.values.len())
                .map(|value| {
                    let mut picks = base.picks.clone();
                    picks[at] = value;
                    set.render(&set.composition(picks), 128).unwrap()
                })
                .collect();
            for (a, first) in pictures.iter().enumerate() {
                for (b, second) in pictures.iter().enumerate().skip(a + 1) {
                    let different = clearly_different(first, second);
                    if different < least.0 {
                        least = (
                            different,
                            format!(
                                "{} / {} in {:?}",
                                layer.values[a].name, layer.values[b].name, base.traits
                            ),
                        );
                    }
                }
            }
        }
        assert!(
            least.0 >= 60,
            "{}: only {} pixels tell {}",
            layer.name,
            least.0,
            least.1
        );
    }
}
