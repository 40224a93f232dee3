//! The house layers themselves: loaded, drawn, captioned and rendered.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)] // A failed step is a failed test.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use image::RgbImage;
use salon_domain::{CancelToken, Trait};
use salon_layers::{LayerSet, LayersError, RenderOrder, contact_sheet, render_many};

fn house() -> LayerSet {
    LayerSet::load(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../assets/house")).unwrap()
}

fn traits(named: &[(&str, &str)]) -> Vec<Trait> {
    named
        .iter()
        .map(|&(trait_type, value)| Trait {
            trait_type: trait_type.into(),
            value: value.into(),
        })
        .collect()
}

const FOX: [(&str, &str); 9] = [
    ("Background", "Teal Hills"),
    ("Fur", "Orange"),
    ("Accent", "Scarlet"),
    ("Outfit", "Hoodie"),
    ("Neckwear", "Bell"),
    ("Species", "Fox"),
    ("Eyes", "Star"),
    ("Mouth", "Smile"),
    ("Headwear", "Crown"),
];

#[test]
fn the_house_has_its_layers_and_traits() {
    let set = house();
    let classes: Vec<(&str, usize)> = set
        .layers()
        .iter()
        .map(|layer| (layer.name.as_str(), layer.values.len()))
        .collect();
    let expected = [
        ("Background", 8),
        ("Fur", 8),
        ("Accent", 6),
        ("Outfit", 6),
        ("Neckwear", 7),
        ("Species", 8),
        ("Eyes", 8),
        ("Mouth", 7),
        ("Headwear", 9),
    ];
    assert_eq!(
        classes, expected,
        "the house model was trained on these classes in this order"
    );
    assert_eq!(set.trait_count(), 67, "and on this many traits");
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
            "training caption: {}",
            caption.text
        );
    }
}

#[test]
fn prompts_in_a_persons_words_are_understood() {
    let set = house();
    let found = set
        .parse_caption("A FOX with orange fur, star eyes and a gold crown, teal background; ignore this hat");
    let expected = traits(&[
        ("Background", "Teal Hills"),
        ("Fur", "Orange"),
        ("Species", "Fox"),
        ("Eyes", "Star"),
        ("Headwear", "Crown"),
    ]);
    assert_eq!(found, expected, "the words of the README's prompt");
    assert_eq!(
        set.parse_caption("a flower crown, then a crown"),
        traits(&[("Headwear", "Wreath")]),
        "the longest phrase wins, and the first mention of a layer"
    );
    assert_eq!(
        set.parse_caption(&"blah ".repeat(5000)),
        vec![],
        "a long prompt of unknown words names nothing"
    );
    assert_eq!(set.parse_caption(""), vec![], "and neither does an empty one");
}

#[test]
fn captions_say_a_or_an_and_keep_their_manner() {
    let set = house();
    let composition = set.compose(&traits(&FOX)).unwrap();
    let all: Vec<String> = (0..64).map(|style| set.caption(&composition, style)).collect();
    assert!(
        all.iter().any(|text| text.starts_with("a fox with orange fur, ")),
        "a list: {all:?}"
    );
    assert!(
        all.iter().any(|text| text.starts_with("an orange fox with ")),
        "a sentence: {all:?}"
    );
    assert!(
        all.iter().any(|text| text.starts_with("orange fox, ")),
        "tags: {all:?}"
    );
    assert_eq!(
        set.caption(&composition, 5),
        set.caption(&composition, 5),
        "a style always says the same"
    );
    assert_eq!(
        set.caption_subset(&composition, &[], 0),
        "a portrait",
        "naming nothing still is a caption"
    );
}

#[test]
fn a_picture_depends_only_on_seed_and_index() {
    let set = house();
    let other = house();
    for index in [0, 1, 77, u64::MAX] {
        let composition = set.draw(3, index);
        assert_eq!(composition, other.draw(3, index), "two loads draw the same");
        // The second set renders with a cold cache and after other work.
        other.render(&other.draw(9, index), 128).unwrap();
        assert!(
            set.render(&composition, 128).unwrap() == other.render(&composition, 128).unwrap(),
            "picture {index} differs between two renderings"
        );
    }
    assert_ne!(
        set.draw(3, 0),
        set.draw(4, 0),
        "another seed draws another picture"
    );
}

fn render_with(threads: usize, dir: &Path) -> u64 {
    let set = house();
    let heard = AtomicU64::new(0);
    let order = RenderOrder {
        count: 24,
        seed: 5,
        size: 128,
        out_dir: dir.to_path_buf(),
    };
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .unwrap();
    let report = |done: u64| {
        heard.fetch_max(done, Ordering::Relaxed);
    };
    pool.install(|| render_many(&set, &order, &report, &CancelToken::new()))
        .unwrap();
    heard.load(Ordering::Relaxed)
}

#[test]
fn a_batch_is_the_same_for_any_number_of_threads() {
    let (one, many) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    assert_eq!(render_with(1, one.path()), 24, "every picture is reported");
    render_with(3, many.path());
    let mut names: Vec<_> = fs::read_dir(one.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    names.sort();
    assert_eq!(names.len(), 26, "24 pictures, metadata.jsonl and traits.json");
    for name in names {
        let same = fs::read(one.path().join(&name)).unwrap() == fs::read(many.path().join(&name)).unwrap();
        assert!(same, "{} depends on the number of threads", name.display());
    }
    let metadata = fs::read_to_string(one.path().join("metadata.jsonl")).unwrap();
    let set = house();
    for (line, index) in metadata.lines().zip(0..) {
        let row: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(
            row["file_name"],
            format!("{}.png", index + 1),
            "lines are in picture order"
        );
        let named = set.parse_caption(row["text"].as_str().unwrap());
        assert_eq!(
            named,
            set.draw(5, index).traits,
            "the text names the picture's traits"
        );
        assert_eq!(
            row["traits"][0]["trait_type"], "Background",
            "traits travel as trait_type and value"
        );
    }
}

#[test]
fn a_cancelled_batch_says_how_far_it_came() {
    let dir = tempfile::tempdir().unwrap();
    let order = RenderOrder {
        count: 10_000,
        seed: 5,
        size: 128,
        out_dir: dir.path().join("out"),
    };
    let token = CancelToken::new();
    let error = render_many(
        &house(),
        &order,
        &|done| {
            if done >= 5 {
                token.cancel();
            }
        },
        &token,
    )
    .unwrap_err();
    assert!(
        matches!(error, LayersError::Cancelled { done, count: 10_000 } if done >= 5),
        "{error}"
    );
}

#[test]
fn absurd_orders_are_refused() {
    let (set, dir) = (house(), tempfile::tempdir().unwrap());
    let composition = set.draw(1, 1);
    for size in [0, 1, 2049, u32::MAX] {
        let error = set.render(&composition, size).unwrap_err();
        assert!(error.to_string().contains("choose a size"), "{size}: {error}");
    }
    for (count, size) in [(0, 128), (u64::MAX, 128), (1, 127), (1, 4096)] {
        let out_dir = dir.path().join("never");
        let order = RenderOrder {
            count,
            seed: 1,
            size,
            out_dir: out_dir.clone(),
        };
        let error = render_many(&set, &order, &|_| (), &CancelToken::new()).unwrap_err();
        assert!(error.to_string().contains("choose"), "{error}");
        assert!(!out_dir.exists(), "a refused order leaves nothing behind");
    }
    assert!(
        contact_sheet(&set, 0, 1, 64).is_err(),
        "an empty sheet is refused"
    );
    assert_eq!(
        set.render(&composition, 2048).unwrap().dimensions(),
        (2048, 2048),
        "the largest size renders"
    );
}

#[test]
fn choices_are_checked_by_name() {
    let set = house();
    let mut chosen = traits(&FOX);
    assert!(
        set.compose(&chosen).is_ok(),
        "one trait of each layer is a picture"
    );
    chosen[8].value = "fez".into();
    let error = set.compose(&chosen).unwrap_err().to_string();
    assert!(
        error.contains("Headwear: fez") && error.contains("Wizard Hat"),
        "names it and what there is: {error}"
    );
    chosen[8] = chosen[7].clone();
    let error = set.compose(&chosen).unwrap_err().to_string();
    assert!(error.contains("exactly one \"Mouth\""), "{error}");
}

#[test]
fn draws_follow_the_weights_and_reach_everything() {
    let set = house();
    let draws = 20_000_u64;
    let mut counts: Vec<Vec<f64>> = set
        .layers()
        .iter()
        .map(|layer| vec![0.0; layer.values.len()])
        .collect();
    for index in 0..draws {
        for (count, &pick) in counts.iter_mut().zip(&set.draw(21, index).picks) {
            count[pick] += 1.0;
        }
    }
    for (layer, counts) in set.layers().iter().zip(&counts) {
        let total: u32 = layer.values.iter().map(|value| value.weight).sum();
        let mut chi_square = 0.0;
        for (value, count) in layer.values.iter().zip(counts) {
            assert!(*count > 0.0, "{}: {} is never drawn", layer.name, value.name);
            let expected = draws as f64 * f64::from(value.weight) / f64::from(total);
            chi_square += (count - expected).powi(2) / expected;
        }
        // 8 degrees of freedom at most: 30 is beyond the 99.97th percentile.
        assert!(
            chi_square < 30.0,
            "{}: chi-square {chi_square:.1} says the weights are not kept",
            layer.name
        );
    }
}

/// Pixels that clearly differ between two pictures.
fn clearly_different(a: &RgbImage, b: &RgbImage) -> usize {
    a.pixels()
        .zip(b.pixels())
        .filter(|(a, b)| a.0.iter().zip(b.0).any(|(&a, b)| a.abs_diff(b) > 40))
        .count()
}

#[test]
fn every_trait_shows_in_every_company() {
    let set = house();
    for (at, layer) in set.layers().iter().enumerate() {
        for index in 0..60 {
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
                    let (a, b) = (&layer.values[a].name, &layer.values[b].name);
                    let different = clearly_different(first, second);
                    assert!(
                        different >= 60,
                        "{}: {different} pixels of 128 × 128 tell {a} from {b} in {:?}",
                        layer.name,
                        base.traits
                    );
                }
            }
        }
    }
}

#[test]
fn the_fox_looks_as_it_did() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/fox.png");
    let set = house();
    let found = set.render(&set.compose(&traits(&FOX)).unwrap(), 64).unwrap();
    if std::env::var_os("SALON_BLESS").is_some() {
        found.save(&golden).unwrap();
    }
    let expected = image::open(&golden).unwrap().to_rgb8();
    assert_eq!(found.dimensions(), expected.dimensions(), "same size");
    let sum: u64 = found
        .iter()
        .zip(expected.iter())
        .map(|(&a, &b)| u64::from(a.abs_diff(b)))
        .sum();
    let mean = sum as f64 / found.len() as f64;
    assert!(
        mean < 1.0,
        "the fox changed by {mean:.2} of 255 on average; look at it, then run with SALON_BLESS=1"
    );
}
