//! Layer folders of other people: plain `HashLips` projects, and everything that can be wrong with one.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)] // A failed step is a failed test.

use std::fs;
use std::path::Path;

use image::{Rgb, Rgba, RgbaImage};
use salon_layers::LayerSet;
use tempfile::TempDir;

const SQUARE: &str = r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 10"><rect width="5" height="10" fill="#ff0000"/></svg>"##;

fn put(dir: &Path, path: &str, content: impl AsRef<[u8]>) {
    let path = dir.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
}

fn folder(files: &[(&str, &str)]) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (path, content) in files {
        put(dir.path(), path, content);
    }
    dir
}

/// The error of loading `files`, which must name all of `named`.
fn refuses(files: &[(&str, &str)], named: &[&str]) {
    let dir = folder(files);
    let error = LayerSet::load(dir.path())
        .expect_err("loading must fail")
        .to_string();
    for name in named {
        assert!(error.contains(name), "the error should name {name:?}: {error}");
    }
}

#[test]
fn a_plain_hashlips_folder_composes() {
    let dir = folder(&[
        ("layers/2-Shape/half#3.svg", SQUARE),
        (
            "layers/2-Shape/more/none#1.svg",
            r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"/>"#,
        ),
        ("layers/2-Shape/.DS_Store", "x"),
        ("layers/2-Shape/notes.txt", "x"),
    ]);
    fs::create_dir_all(dir.path().join("layers/1-Ground")).unwrap();
    let blue = RgbaImage::from_pixel(3, 3, Rgba([0, 0, 255, 255]));
    blue.save(dir.path().join("layers/1-Ground/deep blue.png"))
        .unwrap();
    let set = LayerSet::load(dir.path()).unwrap();
    let names: Vec<_> = set.layers().iter().map(|layer| layer.name.as_str()).collect();
    assert_eq!(names, ["Ground", "Shape"], "stacked by number, named without it");
    let weights: Vec<_> = set.layers()[1]
        .values
        .iter()
        .map(|value| (value.name.as_str(), value.weight))
        .collect();
    assert_eq!(
        weights,
        [("half", 3), ("none", 1)],
        "weights come from the names, nested folders are followed"
    );
    assert_eq!(set.layers()[0].values[0].weight, 1, "no # means a weight of 1");
    let picture = set.render(&set.composition(vec![0, 0]), 64).unwrap();
    assert_eq!(picture.get_pixel(5, 32), &Rgb([255, 0, 0]), "the SVG is in front");
    assert_eq!(
        picture.get_pixel(60, 32),
        &Rgb([0, 0, 255]),
        "the PNG is behind it"
    );
    let composition = set.composition(vec![0, 1]);
    let text = set.caption(&composition, 0);
    assert_eq!(
        set.parse_caption(&text),
        composition.traits,
        "unconfigured captions read back: {text}"
    );
}

#[test]
fn palettes_recolour_and_backs_go_behind() {
    let config = r#"{ "layersOrder": [
        { "name": "Colour", "palette": true, "role": "coat", "noun": "paint" },
        { "name": "Hat", "part": "back" }, { "name": "Head" }, { "name": "Hat" } ] }"#;
    let swatch = |colour: &str| {
        format!(
            r#"<svg xmlns="http://www.w3.org/2000/svg"><style>:root {{ --paint: {colour}; }}</style></svg>"#
        )
    };
    let (red, green) = (swatch("#ff0000"), swatch("#00ff00"));
    let dir = folder(&[
        ("layers.json", config),
        ("layers/Colour/a.svg", &red),
        ("layers/Colour/b.svg", &green),
        (
            "layers/Head/head.svg",
            r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 4 4"><path d="M0 0H3V4H0Z" fill="var(--paint, #123456)"/></svg>"#,
        ),
        (
            "layers/Hat/hat.svg",
            r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 4 4"><g id="back"><path d="M0 0H4V4H0Z" fill="#0000ff"/></g><path d="M0 0H1V4H0Z" fill="#ffff00"/></svg>"##,
        ),
    ]);
    let set = LayerSet::load(dir.path()).unwrap();
    for (pick, paint) in [(0, Rgb([255, 0, 0])), (1, Rgb([0, 255, 0]))] {
        let picture = set.render(&set.composition(vec![pick, 0, 0]), 64).unwrap();
        assert_eq!(
            picture.get_pixel(8, 30),
            &Rgb([255, 255, 0]),
            "the hat's front is on top"
        );
        assert_eq!(
            picture.get_pixel(32, 30),
            &paint,
            "the head wears the palette's colour"
        );
        assert_eq!(
            picture.get_pixel(60, 30),
            &Rgb([0, 0, 255]),
            "the hat's back shows only beside the head"
        );
    }
}

#[test]
fn what_is_wrong_is_named() {
    refuses(&[("readme.md", "x")], &["layer folders"]);
    refuses(&[("layers/Eyes/readme.md", "x")], &["Eyes", "pictures"]);
    refuses(
        &[("layers/Eyes/round#many.svg", SQUARE)],
        &["round#many.svg", "\"many\" is not a weight"],
    );
    refuses(
        &[("layers/Eyes/round#-3.svg", SQUARE)],
        &["round#-3.svg", "weight"],
    );
    refuses(&[("layers/Eyes/round#99999999.svg", SQUARE)], &["99999999"]);
    refuses(&[("layers/Eyes/#3.svg", SQUARE)], &["#3.svg", "name"]);
    refuses(&[("layers/Eyes/round#0.svg", SQUARE)], &["Eyes", "weights are 0"]);
    refuses(
        &[
            ("layers/Eyes/a/Round.svg", SQUARE),
            ("layers/Eyes/round#2.svg", SQUARE),
        ],
        &["Round.svg", "round#2.svg"],
    );
    refuses(&[("layers/Eyes/round.jpg", "x")], &["round.jpg", "SVG or PNG"]);
    refuses(&[("layers/Eyes/round.svg", "<svg")], &["round.svg", "not an SVG"]);
    refuses(&[("layers/Eyes/round.svg", "<html/>")], &["round.svg", "<svg>"]);
    refuses(&[("layers/Eyes/round.png", "not a picture")], &["round.png"]);
    let token = SQUARE.replace("#ff0000", "var(--fur)");
    refuses(
        &[("layers/Eyes/round.svg", &token)],
        &["round.svg", "--fur", "fallback"],
    );
    refuses(
        &[("layers/Eyes/round.svg", &SQUARE.replace("#ff0000", "var(--fur"))],
        &["round.svg", "not closed"],
    );
}

#[test]
fn what_is_wrong_with_the_configuration_is_named() {
    let eyes = ("layers/Eyes/round.svg", SQUARE);
    let with = |config: &'static str, named: &[&str]| refuses(&[("layers.json", config), eyes], named);
    with("{", &["layers.json"]);
    with(
        r#"{ "layersOrder": [], "colour": 1 }"#,
        &["layers.json", "colour"],
    );
    with(r#"{ "layersOrder": [] }"#, &["layer folders"]);
    with(
        r#"{ "layersOrder": [{ "name": "Nose" }] }"#,
        &["Nose", "no folder"],
    );
    with(r#"{ "layersOrder": [{ "name": "../Eyes" }] }"#, &["../Eyes"]);
    with(
        r#"{ "layersOrder": [{ "name": "Eyes" }, { "name": "Eyes" }] }"#,
        &["Eyes", "twice"],
    );
    with(
        r#"{ "layersOrder": [{ "name": "Eyes", "words": { "square": {} } }] }"#,
        &["square", "no such trait"],
    );
    with(
        r#"{ "layersOrder": [{ "name": "Eyes", "part": "back" }] }"#,
        &["Eyes", "layer itself"],
    );
    with(
        r#"{ "layersOrder": [{ "name": "Eyes", "palette": true }] }"#,
        &["round.svg", "colours"],
    );
    with(
        r#"{ "layersOrder": [{ "name": "Eyes", "tints": "Nose" }] }"#,
        &["Eyes", "Nose"],
    );
    refuses(
        &[
            (
                "layers.json",
                r#"{ "layersOrder": [{ "name": "A", "role": "coat" }, { "name": "B", "role": "tint" }] }"#,
            ),
            ("layers/A/red.svg", SQUARE),
            ("layers/B/red.svg", SQUARE),
        ],
        &["red", "A: red", "B: red"],
    );
}

#[test]
fn an_svg_with_parts_that_cannot_be_drawn_is_refused() {
    for (part, advice) in [
        (r#"<image href="secret.png" width="8" height="8"/>"#, "PNG"),
        ("<g><text>hello</text></g>", "paths"),
        (
            r#"<filter id="f"><feImage href="secret.svg"/></filter>"#,
            "shapes",
        ),
    ] {
        let svg = format!(r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8">{part}</svg>"#);
        refuses(
            &[("layers/Eyes/spy.svg", &svg)],
            &["spy.svg", "would not be drawn", advice],
        );
    }
}
