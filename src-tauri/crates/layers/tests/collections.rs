//! Projects of layer engines, read as they lie: what they say, what is wrong with them, and what they come to.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)] // A failed step is a failed test.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use image::{Rgba, RgbaImage};
use salon_domain::CancelToken;
use salon_layers::{ChooseOrder, Collection, CollectionOrder, Edition, Engine, LayersError, Seen, Severity};
use tempfile::TempDir;

const HASHLIPS: &str = r##"const basePath = process.cwd();
const { MODE } = require(`${basePath}/constants/blend_mode.js`);
const { NETWORK } = require(`${basePath}/constants/network.js`);

const network = NETWORK.eth;
const namePrefix = "Fox";
const description = `Foxes of ${1 + 1} worlds`;
const baseUri = "ipfs://NewUriToReplace";

const layerConfigurations = [
  {
    growEditionSizeTo: 6,
    layersOrder: [
      { name: "Background" },
      { name: "Fur", options: { blend: MODE.multiply, opacity: 1 / 2, displayName: "Coat" } },
      { name: "Hat", options: { bypassDNA: true } },
    ],
  },
  { growEditionSizeTo: 9, layersOrder: [{ name: "Background" }, { name: "Bare" }] },
];
const shuffleLayerConfigurations = false;
const format = { width: 8, height: 8, smoothing: false };
const background = { generate: false, brightness: "80%", static: false, default: "#000000" };
const extraMetadata = {};
const rarityDelimiter = "#";
const uniqueDnaTorrance = 10000;
const preview = { imageRatio: format.height / format.width };
module.exports = { format, baseUri, description, layerConfigurations, rarityDelimiter, namePrefix, network };
"##;

fn put(dir: &Path, path: &str, content: impl AsRef<[u8]>) {
    let path = dir.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
}

fn square(dir: &Path, path: &str, side: u32, colour: [u8; 4]) {
    let path = dir.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    RgbaImage::from_pixel(side, side, Rgba(colour))
        .save(path)
        .unwrap();
}

/// A layer of `names`, all different, 8 pixels wide.
fn layer(dir: &Path, layer: &str, names: &[&str]) {
    for (at, name) in (0_u8..).zip(names) {
        square(
            dir,
            &format!("layers/{layer}/{name}.png"),
            8,
            [at * 20, 100, 200, 255],
        );
    }
}

fn hashlips() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    put(dir.path(), "src/config.js", HASHLIPS);
    layer(dir.path(), "Background", &["Red#70", "Blue#20", "Gold#10"]);
    layer(dir.path(), "Fur", &["Plain", "Spots#2"]);
    layer(dir.path(), "Hat", &["None#5", "Top Hat#5"]);
    layer(dir.path(), "Bare", &["Skin", "Bone"]);
    dir
}

fn read(dir: &TempDir) -> Collection {
    Collection::read(dir.path()).unwrap()
}

fn choose(collection: &Collection, count: Option<u64>, seed: u64) -> Vec<Edition> {
    let order = ChooseOrder {
        count,
        seed,
        ..ChooseOrder::default()
    };
    collection.choose(&order, &CancelToken::new()).unwrap()
}

fn trait_of<'a>(edition: &'a Edition, trait_type: &str) -> Option<&'a str> {
    let found = edition.traits.iter().find(|one| one.trait_type == trait_type)?;
    Some(&found.value)
}

/// Problems as `severity place: message`.
fn told(collection: &Collection) -> Vec<String> {
    let word = |severity| {
        if severity == Severity::Fault {
            "fault"
        } else {
            "warning"
        }
    };
    collection
        .problems()
        .iter()
        .map(|one| format!("{} {}: {}", word(one.severity), one.place, one.message))
        .collect()
}

#[track_caller]
fn tells(collection: &Collection, words: &[&str]) {
    let told = told(collection);
    assert!(
        told.iter()
            .any(|line| words.iter().all(|word| line.contains(word))),
        "a problem should say all of {words:?}: {told:#?}"
    );
}

#[test]
fn a_hashlips_project_is_read_unchanged() {
    let dir = hashlips();
    let collection = read(&dir);
    assert_eq!(
        told(&collection),
        Vec::<String>::new(),
        "nothing is wrong with it"
    );
    assert_eq!(collection.engine(), Engine::HashLips);
    assert_eq!(
        (collection.size(), collection.editions()),
        ((8, 8), 9),
        "sizes grow to 9, not by 9"
    );
    let feasible: Vec<u128> = collection.feasible().iter().map(|one| one.editions).collect();
    assert_eq!(feasible, [6, 6], "the hat does not count for the DNA");
    let editions = choose(&collection, None, 3);
    assert_eq!(editions.len(), 9);
    assert_eq!((editions[0].number, editions[0].name.as_str()), (1, "Fox #1"));
    assert_eq!(editions[0].description, "Foxes of 2 worlds");
    let types: Vec<&str> = editions[0]
        .traits
        .iter()
        .map(|one| one.trait_type.as_str())
        .collect();
    assert_eq!(
        types,
        ["Background", "Coat", "Hat"],
        "a layer is called by its display name"
    );
    assert!(
        editions[6..].iter().all(|one| trait_of(one, "Hat").is_none()),
        "the second configuration has no hats"
    );
    let dna: BTreeSet<_> = editions.iter().map(|one| one.dna).collect();
    assert_eq!(dna.len(), 9, "every edition is different");
    assert_eq!(
        editions,
        choose(&collection, None, 3),
        "the same seed, the same collection"
    );
    assert_ne!(
        editions,
        choose(&collection, None, 4),
        "another seed, another one"
    );
}

#[test]
fn weights_come_true() {
    let dir = hashlips();
    layer(
        dir.path(),
        "Fur",
        &(0..40)
            .map(|at| format!("f{at}#1"))
            .collect::<Vec<_>>()
            .iter()
            .map(String::as_str)
            .collect::<Vec<_>>(),
    );
    layer(
        dir.path(),
        "Hat",
        &(0..40)
            .map(|at| format!("h{at}#1"))
            .collect::<Vec<_>>()
            .iter()
            .map(String::as_str)
            .collect::<Vec<_>>(),
    );
    put(
        dir.path(),
        "src/config.js",
        HASHLIPS
            .replace("bypassDNA: true", "bypassDNA: false")
            .replace("growEditionSizeTo: 6", "growEditionSizeTo: 1000")
            .replace("growEditionSizeTo: 9", "growEditionSizeTo: 1001"),
    );
    let collection = read(&dir);
    let editions = choose(&collection, Some(1000), 1);
    let gold = editions
        .iter()
        .filter(|one| trait_of(one, "Background") == Some("Gold"))
        .count();
    let expected = collection.expected(1000);
    let of_gold = expected.iter().find(|one| one.value == "Gold").unwrap();
    assert!(
        (of_gold.expected - 100.0).abs() < 1e-6,
        "a tenth of the weight: {of_gold:?}"
    );
    assert!(
        (70..=130).contains(&gold),
        "and about a tenth of the editions: {gold}"
    );
    let first: Vec<_> = choose(&collection, Some(10), 1);
    assert_eq!(
        first[..],
        editions[..10],
        "the first ten of a thousand are the same as ten"
    );
}

#[test]
fn the_config_is_never_run() {
    let dir = hashlips();
    let config = HASHLIPS.replace("width: 8", "width: Number(process.env.WIDTH)");
    put(dir.path(), "src/config.js", config);
    let collection = read(&dir);
    tells(
        &collection,
        &[
            "fault src/config.js:22",
            "format.width is code (Number(process.env.WIDTH))",
        ],
    );
    let error = collection
        .choose(&ChooseOrder::default(), &CancelToken::new())
        .unwrap_err();
    assert!(
        error.to_string().contains("config.js:22"),
        "nothing is drawn before it is mended: {error}"
    );
}

#[test]
fn everything_wrong_is_told_by_file() {
    let dir = hashlips();
    fs::create_dir_all(dir.path().join("layers/Empty")).unwrap();
    let config = HASHLIPS
        .replace(
            "{ name: \"Background\" },",
            "{ name: \"Background\" }, { name: \"Empty\" }, { name: \"Nose\" }, { name: \"../up\" },",
        )
        .replace("MODE.multiply", "'multiplied'")
        .replace("growEditionSizeTo: 9", "growEditionSizeTo: 5");
    put(dir.path(), "src/config.js", config);
    put(dir.path(), "layers/Fur/notes.txt", "x");
    put(dir.path(), "layers/Fur/.DS_Store", "x");
    put(dir.path(), "layers/Fur/old.psd", "x");
    put(dir.path(), "layers/Fur/broken#3.png", "not a picture");
    square(dir.path(), "layers/Fur/plain#7.png", 8, [0; 4]);
    square(dir.path(), "layers/Fur/never#0.png", 8, [0; 4]);
    square(dir.path(), "layers/Fur/less#-2.png", 8, [0; 4]);
    square(dir.path(), "layers/Fur/007.png", 8, [0; 4]);
    square(dir.path(), "layers/Fur/wide.webp", 8, [0; 4]);
    square(dir.path(), "layers/Hat/Huge#1.png", 20, [0; 4]);
    let collection = read(&dir);
    tells(&collection, &["fault layers/Empty:", "no pictures"]);
    tells(
        &collection,
        &["fault src/config.js:14", "\"Nose\"", "no folder layers/Nose"],
    );
    tells(&collection, &["fault src/config.js:14", "../up"]);
    tells(&collection, &["warning src/config.js:15", "multiplied", "Fur"]);
    tells(
        &collection,
        &[
            "warning src/config.js:19",
            "makes nothing",
            "counts from the start",
        ],
    );
    tells(&collection, &["warning layers/Fur/notes.txt", "no picture"]);
    tells(&collection, &["fault layers/Fur/old.psd", "PNG"]);
    tells(&collection, &["fault layers/Fur/broken#3.png"]);
    tells(
        &collection,
        &["warning layers/Fur/plain#7.png", "layers/Fur/Plain.png"],
    );
    tells(&collection, &["warning layers/Fur/never#0.png", "never drawn"]);
    tells(&collection, &["fault layers/Fur/less#-2.png", "-2"]);
    tells(&collection, &["warning layers/Fur/007.png", "weight (7)"]);
    tells(&collection, &["warning layers/Fur/wide.webp", "\"wide.\""]);
    tells(
        &collection,
        &["warning layers/Hat/Huge#1.png", "20x20", "scaled to 8x8"],
    );
    assert!(
        !told(&collection).iter().any(|line| line.contains("DS_Store")),
        "hidden files are nobody's problem"
    );
}

#[test]
fn more_editions_than_can_differ_are_refused_before_the_run() {
    let dir = hashlips();
    put(
        dir.path(),
        "src/config.js",
        HASHLIPS.replace("growEditionSizeTo: 6", "growEditionSizeTo: 7"),
    );
    let collection = read(&dir);
    tells(&collection, &["fault src/config.js", "7 editions", "only 6"]);
    let dir = hashlips();
    let collection = read(&dir);
    let order = ChooseOrder {
        count: Some(500),
        ..ChooseOrder::default()
    };
    let error = collection.choose(&order, &CancelToken::new()).unwrap_err();
    assert!(
        matches!(
            error,
            LayersError::Exhausted {
                asked: 494,
                possible: 6,
                ..
            }
        ),
        "{error}"
    );
    assert_eq!(
        choose(&collection, Some(6), 9).len(),
        6,
        "every last combination is found"
    );
}

const NFTCHEF: &str = r#"const layersDir = path.join(basePath, "/layers");
const emptyLayerName = "NONE";
const layerConfigurations = [
  {
    growEditionSizeTo: 8, namePrefix: "Monkey", resetNameIndex: true, nameSuffix: "Set A",
    descriptionOverwrite: "{name} is here",
    layersOrder: [
      { name: "Head" },
      { name: "Hair", trait: "Do", sublayerOptions: { "Special": { blend: "multiply", opacity: 0.5 } } },
      { name: "Hat", options: { bypassDNA: false } },
    ],
  },
];
const incompatible = { Bald: ["Cap", "Crown"] };
const forcedCombinations = { King: ["Crown"] };
const traitValueOverrides = { Cap: "Baseball Cap" };
const extraAttributes = () => [{ trait_type: "Luck", value: Math.random() }];
const format = { width: 8, height: 8 };
const background = { generate: true, brightness: "80%" };
module.exports = { layerConfigurations };
"#;

fn nftchef() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    put(dir.path(), "src/config.js", NFTCHEF);
    layer(dir.path(), "Head", &["King#1", "Bald#2", "Plain#7"]);
    layer(
        dir.path(),
        "Hair",
        &[
            "common#80/Long#1",
            "common#80/Short#3",
            "Special#20/1-lines",
            "Special#20/2-fill",
        ],
    );
    layer(dir.path(), "Hat", &["Cap#4", "Crown#1", "NONE#5"]);
    dir
}

#[test]
fn an_nftchef_project_is_read_with_its_nested_folders() {
    let dir = nftchef();
    let collection = read(&dir);
    assert_eq!(collection.engine(), Engine::NftChef);
    tells(
        &collection,
        &["warning src/config.js", "extraAttributes is a function"],
    );
    assert_eq!(told(&collection).len(), 1, "{:?}", told(&collection));
    // King: 3 hairs with a crown; Bald: 3 hairs without a hat; Plain: 3 hairs with any of 3.
    assert_eq!(collection.feasible()[0].editions, 15);
    let expected: BTreeMap<(String, String), f64> = collection
        .expected(1000)
        .into_iter()
        .map(|one| ((one.trait_type, one.value), one.expected))
        .collect();
    let of = |trait_type: &str, value: &str| expected[&(trait_type.to_owned(), value.to_owned())];
    assert!(
        (of("Do", "Short") - 600.0).abs() < 1e-6,
        "three quarters of 80 %: {expected:?}"
    );
    assert!(
        (of("Head", "King") - 100.0).abs() < 1e-6,
        "who forces keeps the own weight"
    );
    assert!(
        (of("Hat", "Crown") - (100.0 + 70.0)).abs() < 1e-6,
        "all kings and a tenth of the plain ones"
    );
    for edition in choose(&collection, Some(15), 5) {
        let (head, hat) = (trait_of(&edition, "Head").unwrap(), trait_of(&edition, "Hat"));
        match head {
            "King" => assert_eq!(hat, Some("Crown"), "a king has a crown"),
            "Bald" => assert_eq!(
                hat, None,
                "NONE is no trait, and nothing else goes with a bald head"
            ),
            _ => assert!(
                matches!(hat, None | Some("Crown" | "Baseball Cap")),
                "values are overridden: {hat:?}"
            ),
        }
        let number = edition.number;
        assert_eq!(edition.name, format!("Monkey #{number} Set A #{number}"));
        assert_eq!(edition.description, format!("{} is here", edition.name));
        assert!(
            matches!(trait_of(&edition, "Do"), Some("Long" | "Short" | "Special")),
            "{:?}",
            edition.traits
        );
    }
}

#[test]
fn a_layer_of_which_nothing_is_compatible_is_left_out() {
    let dir = nftchef();
    put(
        dir.path(),
        "src/config.js",
        NFTCHEF.replace(
            "Bald: [\"Cap\", \"Crown\"]",
            "Bald: [\"Cap\", \"Crown\", \"NONE\", \"Wig\"]",
        ),
    );
    let collection = read(&dir);
    tells(
        &collection,
        &["warning src/config.js:14", "\"Wig\" is no file or folder"],
    );
    assert_eq!(
        collection.feasible()[0].editions,
        15,
        "a bald head is there, without any hat"
    );
}

#[test]
fn rules_hold_whatever_their_order() {
    let wishes = |rules: &str| format!("{{ \"rules\": [{rules}] }}");
    let excludes = r#"{ "rule": "excludes", "one": { "layer": "Hat", "trait": "Top Hat" }, "other": { "layer": "Background", "trait": "gold" } }"#;
    let requires = r#"{ "rule": "requires", "when": { "layer": "Coat", "trait": "Spots" }, "then": { "layer": "Background", "trait": "Blue" } }"#;
    let dir = hashlips();
    put(
        dir.path(),
        "src/config.js",
        HASHLIPS.replace("bypassDNA: true", "bypassDNA: false"),
    );
    let mut counts = Vec::new();
    for rules in [
        format!("{excludes}, {requires}"),
        format!("{requires}, {excludes}"),
    ] {
        put(dir.path(), "collection.json", wishes(&rules));
        let collection = read(&dir);
        counts.push(collection.feasible()[0].editions);
        for edition in choose(&collection, Some(6), 1) {
            let at = |trait_type| trait_of(&edition, trait_type);
            assert!(
                !(at("Hat") == Some("Top Hat") && at("Background") == Some("Gold")),
                "{:?}",
                edition.traits
            );
            assert!(
                at("Coat") != Some("Spots") || at("Background") == Some("Blue"),
                "{:?}",
                edition.traits
            );
        }
    }
    // Plain: 3 × 2 less gold with a hat; Spots: blue, with or without.
    assert_eq!(counts, [7, 7]);
    let nothing = [
        excludes.to_owned(),
        r#"{ "rule": "requires", "when": { "layer": "Hat", "trait": "None" }, "then": { "layer": "Hat", "trait": "Top Hat" } }"#.into(),
        r#"{ "rule": "excludes", "one": { "layer": "Hat", "trait": "Top Hat" }, "other": { "layer": "Fur", "trait": "Plain" } }"#.into(),
        r#"{ "rule": "excludes", "one": { "layer": "Fur", "trait": "Spots" }, "other": { "layer": "Hat", "trait": "Top Hat" } }"#.into(),
    ];
    put(dir.path(), "collection.json", wishes(&nothing.join(",")));
    let collection = read(&dir);
    tells(
        &collection,
        &[
            "fault collection.json",
            "leave nothing",
            "Hat: None requires Hat: Top Hat",
            "Fur: Spots excludes",
        ],
    );
    assert!(
        !told(&collection)[0].contains("gold"),
        "only what is to blame is named: {:?}",
        told(&collection)
    );
    put(
        dir.path(),
        "collection.json",
        wishes(&excludes.replace("gold", "green")),
    );
    tells(
        &read(&dir),
        &["fault collection.json", "Background: green", "no layer has"],
    );
    put(dir.path(), "collection.json", "{ \"rulez\": [] }");
    let error = Collection::read(dir.path()).unwrap_err().to_string();
    assert!(
        error.contains("collection.json") && error.contains("rulez"),
        "{error}"
    );
}

#[test]
fn quotas_are_kept_exactly() {
    let dir = hashlips();
    let many: Vec<String> = (0..30).map(|at| format!("f{at}#1")).collect();
    layer(
        dir.path(),
        "Fur",
        &many.iter().map(String::as_str).collect::<Vec<_>>(),
    );
    put(
        dir.path(),
        "src/config.js",
        HASHLIPS
            .replace("bypassDNA: true", "bypassDNA: false")
            .replace("growEditionSizeTo: 6", "growEditionSizeTo: 60")
            .replace("growEditionSizeTo: 9", "growEditionSizeTo: 60"),
    );
    let quota = r#""quotas": [{ "of": { "layer": "Background", "trait": "Gold" }, "count": 7 }, { "of": { "layer": "Hat", "trait": "Top Hat" }, "count": 31 }]"#;
    let rules = r#""rules": [{ "rule": "excludes", "one": { "layer": "Background", "trait": "Gold" }, "other": { "layer": "Hat", "trait": "Top Hat" } },
        { "rule": "at_most", "of": { "layer": "Background", "trait": "Blue" }, "count": 3 }]"#;
    put(dir.path(), "collection.json", format!("{{ {quota}, {rules} }}"));
    let collection = read(&dir);
    for seed in 0..5 {
        let editions = choose(&collection, None, seed);
        let count = |trait_type: &str, value: &str| {
            editions
                .iter()
                .filter(|one| trait_of(one, trait_type) == Some(value))
                .count()
        };
        assert_eq!(
            (
                editions.len(),
                count("Background", "Gold"),
                count("Hat", "Top Hat")
            ),
            (60, 7, 31),
            "seed {seed}"
        );
        assert!(
            count("Background", "Blue") <= 3,
            "seed {seed}: {}",
            count("Background", "Blue")
        );
        assert!(
            editions
                .iter()
                .all(|one| trait_of(one, "Background") != Some("Gold")
                    || trait_of(one, "Hat") != Some("Top Hat")),
            "rules hold beside quotas"
        );
        let dna: BTreeSet<_> = editions.iter().map(|one| one.dna).collect();
        assert_eq!(dna.len(), 60, "and no two are the same");
    }
    put(dir.path(), "collection.json", r#"{ "exact": true }"#);
    let editions = choose(&read(&dir), None, 1);
    let counts = ["Red", "Blue", "Gold"].map(|value| {
        editions
            .iter()
            .filter(|one| trait_of(one, "Background") == Some(value))
            .count()
    });
    assert_eq!(counts, [42, 12, 6], "weights to the edition");
    put(
        dir.path(),
        "collection.json",
        format!("{{ {quota} }}").replace("31", "90"),
    );
    let error = read(&dir)
        .choose(&ChooseOrder::default(), &CancelToken::new())
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("Hat") && error.contains("90") && error.contains("60"),
        "{error}"
    );
    let whole = quota.replace("31", "60");
    put(dir.path(), "collection.json", format!("{{ {whole}, {rules} }}"));
    let error = read(&dir)
        .choose(&ChooseOrder::default(), &CancelToken::new())
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("Gold") && error.contains("excludes"),
        "what is in each other's way is named: {error}"
    );
}

fn pixel(dir: &Path, number: u64) -> Rgba<u8> {
    *image::open(dir.join(format!("{number}.png")))
        .unwrap()
        .to_rgba8()
        .get_pixel(4, 4)
}

fn order(out: &Path, count: Option<u64>, append: bool) -> CollectionOrder {
    CollectionOrder {
        count,
        seed: 2,
        width: None,
        out_dir: out.to_path_buf(),
        append,
    }
}

#[test]
fn one_of_ones_orders_and_chances_are_carried_out() {
    let dir = tempfile::tempdir().unwrap();
    square(dir.path(), "layers/1-Ground/Red.png", 8, [255, 0, 0, 255]);
    square(dir.path(), "layers/1-Ground/Dark.png", 8, [10, 0, 0, 255]);
    square(dir.path(), "layers/2-Veil/Blue.png", 8, [0, 0, 255, 255]);
    square(dir.path(), "layers/3-Pin/Green.png", 8, [0, 255, 0, 255]);
    square(dir.path(), "gold.png", 8, [250, 200, 0, 255]);
    square(dir.path(), "silver.png", 8, [200, 200, 200, 255]);
    let wishes = r#"{ "editions": 2, "layers": { "Veil": { "blend": "destination-over" }, "Pin": { "chance": 0.5 } },
        "order": [{ "when": { "layer": "Ground", "trait": "Dark" }, "move": "Ground", "side": "above", "of": "Pin" }],
        "ones": [{ "file": "gold.png", "number": 3, "name": "Golden", "traits": [{ "trait_type": "Kind", "value": "Gold" }] }, { "file": "silver.png" }] }"#;
    put(dir.path(), "collection.json", wishes);
    let collection = read(&dir);
    assert_eq!(told(&collection), Vec::<String>::new());
    assert_eq!(collection.size(), (8, 8), "the size of the first picture");
    assert_eq!(collection.feasible()[0].editions, 4, "with and without a pin");
    let out = dir.path().join("out");
    let order = order(&out, Some(6), false);
    let (summary, _) = collection.render(&order, &|_| (), &CancelToken::new()).unwrap();
    assert_eq!((summary.count, summary.kept, summary.first), (6, 0, 1));
    assert_eq!(
        pixel(&out, 3),
        Rgba([250, 200, 0, 255]),
        "the pinned one stands where it was pinned"
    );
    let text = fs::read_to_string(out.join("metadata.jsonl")).unwrap();
    let rows: Vec<serde_json::Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(rows[2]["name"], "Golden");
    let mut silver = 0;
    for (number, row) in (1..).zip(&rows).filter(|(number, _)| *number != 3) {
        let traits = row["traits"].to_string();
        let wanted = match (traits.contains("Dark"), traits.contains("Green")) {
            (true, _) => Rgba([10, 0, 0, 255]),
            (false, true) => Rgba([0, 255, 0, 255]),
            (false, false) if traits.contains("Red") => Rgba([255, 0, 0, 255]),
            _ => {
                silver += 1;
                Rgba([200, 200, 200, 255])
            }
        };
        assert_eq!(pixel(&out, number), wanted, "edition {number}: {traits}");
    }
    assert_eq!(silver, 1, "the other one-of-one stands somewhere");
}

#[test]
fn a_collection_is_appended_to_without_clashes() {
    let dir = hashlips();
    put(
        dir.path(),
        "src/config.js",
        HASHLIPS.replace("bypassDNA: true", "bypassDNA: false"),
    );
    let collection = read(&dir);
    let out = dir.path().join("out");
    let render =
        |count, append| collection.render(&order(&out, Some(count), append), &|_| (), &CancelToken::new());
    render(5, false).unwrap();
    let error = render(3, false).unwrap_err().to_string();
    assert!(
        error.contains("metadata.jsonl") && error.contains("already"),
        "nothing is overwritten: {error}"
    );
    let before = fs::read_to_string(out.join("metadata.jsonl")).unwrap();
    let (summary, _) = render(6, true).unwrap();
    assert_eq!((summary.count, summary.kept, summary.first), (6, 5, 6));
    let text = fs::read_to_string(out.join("metadata.jsonl")).unwrap();
    assert!(text.starts_with(&before), "what was there stays");
    let rows: Vec<serde_json::Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let dna: BTreeSet<_> = rows.iter().map(|row| row["dna"].to_string()).collect();
    let traits: BTreeSet<_> = rows.iter().map(|row| row["traits"].to_string()).collect();
    assert_eq!((dna.len(), traits.len()), (11, 11), "no two are alike");
    // The same from another engine's metadata, which hashes its editions in its own way.
    let foreign: Vec<serde_json::Value> = rows
        .iter()
        .map(|row| serde_json::json!({ "edition": row["edition"], "dna": "x", "attributes": row["traits"] }))
        .collect();
    let seen = Seen::read(&serde_json::to_string(&foreign).unwrap()).unwrap();
    let order = ChooseOrder {
        count: Some(1),
        seed: 77,
        seen,
    };
    let editions = collection.choose(&order, &CancelToken::new()).unwrap();
    assert_eq!(editions[0].number, 12);
    let new = serde_json::to_string(&editions[0].traits).unwrap();
    assert!(
        !traits.contains(&new),
        "the twelfth is the last one that is left: {new}"
    );
}

#[test]
fn sheets_and_films_show_the_editions() {
    let dir = hashlips();
    let collection = read(&dir);
    let editions = choose(&collection, None, 3);
    let cancel = CancelToken::new();
    let sheet = collection.sheet(&editions, 4, 16, &cancel).unwrap();
    assert_eq!(
        sheet.dimensions(),
        (64, 48),
        "nine in rows of four, the last one not full"
    );
    assert_eq!(sheet.get_pixel(40, 40).0[3], 0, "nothing stands behind the last");
    let path = dir.path().join("film.gif");
    collection.film(&editions, 16, 500, &path, &cancel).unwrap();
    let mut decoder = gif::DecodeOptions::new();
    decoder.set_color_output(gif::ColorOutput::RGBA);
    let mut decoder = decoder.read_info(fs::File::open(&path).unwrap()).unwrap();
    let mut frames = 0;
    while let Some(frame) = decoder.read_next_frame().unwrap() {
        assert_eq!((frame.width, frame.height, frame.delay), (16, 16, 50));
        let at = (frames % 4 * 16 + 8, frames / 4 * 16 + 8);
        let wanted = sheet.get_pixel(at.0, at.1).0;
        let shown = &frame.buffer[(8 * 16 + 8) * 4..][..3];
        let near = shown.iter().zip(wanted).all(|(a, b)| a.abs_diff(b) < 12);
        assert!(near, "edition {frames}: {shown:?} for {wanted:?}");
        frames += 1;
    }
    assert_eq!(frames, 9);
}

#[test]
fn a_cancelled_run_says_so() {
    let dir = hashlips();
    let cancel = CancelToken::new();
    cancel.cancel();
    let error = read(&dir)
        .render(&order(&dir.path().join("out"), None, false), &|_| (), &cancel)
        .unwrap_err();
    assert!(matches!(error, LayersError::Cancelled { .. }), "{error}");
}
