//! Layer projects: checked, rendered into candidates with their traits, stopped and brought in again.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // All of it is tests.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use image::{Rgba, RgbaImage};
use salon_domain::{CancelToken, CandidateQuery, Origin, Trait};
use salon_studio::api::{
    CandidateRequest, CheckLayers, ErrorCode, ImportLayers, ImportProgress, LayersEngine, Nothing,
};
use salon_studio::{Studio, StudioOptions};

const CONFIG: &str = r#"const layerConfigurations = [{ growEditionSizeTo: 12, layersOrder: [{ name: "Ground" }, { name: "Hat" }] }];
const namePrefix = "Foxes"; const format = { width: 24, height: 24 };
"#;

fn project(dir: &Path) -> PathBuf {
    project_of(dir, &[("Ground", 5), ("Hat", 4)], CONFIG)
}

fn project_of(dir: &Path, layers: &[(&str, u8)], config: &str) -> PathBuf {
    let folder = dir.join("foxes");
    for &(layer, count) in layers {
        fs::create_dir_all(folder.join("layers").join(layer)).unwrap();
        for at in 0..count {
            let mut picture = RgbaImage::new(24, 24);
            for (x, y, pixel) in picture.enumerate_pixels_mut() {
                let shown = layer == "Ground" || (x + y) % 7 < 3;
                *pixel = Rgba([at * 20, x as u8 * 9, 255 - at * 15, if shown { 255 } else { 0 }]);
            }
            picture
                .save(folder.join(format!("layers/{layer}/{layer} {at}#{}.png", at + 1)))
                .unwrap();
        }
    }
    fs::create_dir_all(folder.join("src")).unwrap();
    fs::write(folder.join("src/config.js"), config).unwrap();
    folder
}

fn open(dir: &Path) -> Studio {
    let project = dir.join("foxes.salon");
    Studio::create_project(&project, salon_testkit::FixedClock::START).unwrap();
    let mut options = StudioOptions::to_curate(project);
    options.models = vec![];
    options.layers = None;
    Studio::open(options).unwrap()
}

fn bring_in(studio: &Studio, path: PathBuf, count: Option<u32>) -> ImportProgress {
    let request = ImportLayers {
        path,
        count,
        seed: Some(7),
        width: None,
    };
    studio.import_layers(request).unwrap();
    studio.run_until_imported(&CancelToken::new(), |_| ()).unwrap()
}

#[test]
fn a_layer_project_is_checked_without_writing() {
    let dir = tempfile::tempdir().unwrap();
    let folder = project(dir.path());
    let studio = open(dir.path());
    let request = CheckLayers {
        path: folder.clone(),
        count: None,
    };
    let report = studio.check_layers(request.clone()).unwrap();
    assert_eq!(
        (report.engine, report.editions, report.faults),
        (LayersEngine::HashLips, 12, 0),
        "{report:?}"
    );
    assert_eq!(
        (report.width, report.height, report.name.as_str()),
        (24, 24, "Foxes")
    );
    assert_eq!(report.configurations[0].possible, "20");
    let last = report.expected.iter().find(|one| one.value == "Hat 3").unwrap();
    assert!((last.expected - 12.0 * 0.4).abs() < 1e-9, "{last:?}");
    let whole = fs::read(folder.join("layers/Hat/Hat 0#1.png")).unwrap();
    fs::write(folder.join("layers/Hat/Hat 0#1.png"), &whole[..whole.len() - 20]).unwrap();
    let report = studio.check_layers(request).unwrap();
    assert_eq!(
        report.faults, 1,
        "a picture that is cut short is found before anything is rendered: {report:?}"
    );
    assert_eq!(report.problems[0].place, "layers/Hat/Hat 0#1.png");
    assert!(report.expected.is_empty());
    assert!(studio.list(CandidateQuery::default()).unwrap().is_empty());
}

#[test]
fn editions_come_in_with_traits_and_provenance_and_once() {
    let dir = tempfile::tempdir().unwrap();
    let folder = project(dir.path());
    let studio = open(dir.path());
    let progress = bring_in(&studio, folder.clone(), Some(9));
    assert!(progress.done && progress.fault.is_none(), "{progress:?}");
    assert_eq!((progress.found, progress.added, progress.known), (9, 9, 0));
    let listed = studio.list(CandidateQuery::default()).unwrap();
    let names: Vec<_> = listed.iter().map(|one| one.imported.clone().unwrap()).collect();
    assert_eq!(
        names,
        (1..=9).map(|at| format!("{at}.png")).collect::<Vec<_>>(),
        "in the order of their numbers"
    );
    let detail = studio.candidate(CandidateRequest { id: listed[0].id }).unwrap();
    let types: Vec<&str> = detail
        .candidate
        .traits
        .iter()
        .map(|one: &Trait| one.trait_type.as_str())
        .collect();
    assert_eq!(types, ["Ground", "Hat"]);
    assert!(
        matches!(&detail.candidate.origin, Origin::Imported { tool, .. } if tool == "Salon layers"),
        "its traits are known to come from layers: {:?}",
        detail.candidate.origin
    );
    let texts = &detail.foreign.as_ref().unwrap().texts;
    let told: serde_json::Value = serde_json::from_str(
        &texts
            .iter()
            .find(|text| text.name == "salon-layers")
            .unwrap()
            .value,
    )
    .unwrap();
    assert_eq!(
        (told["edition"].as_u64(), told["seed"].as_u64()),
        (Some(1), Some(7)),
        "{told}"
    );
    let layers = told["layers"].as_array().unwrap();
    assert_eq!(layers.len(), 2, "{told}");
    let file = folder.join(layers[1]["file"].as_str().unwrap());
    let digest = salon_domain::Digest::of(&fs::read(file).unwrap()).to_string();
    assert_eq!(
        layers[1]["sha256"],
        digest.as_str(),
        "the layers are named by what is in them"
    );
    assert!(told["caption"].as_str().unwrap().contains("hat"), "{told}");

    // Again, and three more: what is there keeps its place.
    let progress = bring_in(&studio, folder, None);
    assert_eq!(
        (progress.found, progress.added, progress.known),
        (12, 3, 9),
        "{progress:?}"
    );
    studio.close();
}

#[test]
fn what_cannot_be_rendered_says_why() {
    let dir = tempfile::tempdir().unwrap();
    let folder = project(dir.path());
    let studio = open(dir.path());
    let nowhere = ImportLayers {
        path: dir.path().join("nowhere"),
        ..ImportLayers::default()
    };
    let fault = studio.import_layers(nowhere).unwrap_err();
    assert_eq!(fault.code, ErrorCode::InvalidRequest);
    fs::write(folder.join("src/config.js"), CONFIG.replace("Hat", "Scarf")).unwrap();
    let progress = bring_in(&studio, folder.clone(), None);
    let fault = progress.fault.unwrap();
    assert!(
        fault.message.contains("config.js:1") && fault.message.contains("Scarf"),
        "{fault:?}"
    );
    fs::write(folder.join("src/config.js"), CONFIG).unwrap();
    let progress = bring_in(&studio, folder, Some(50));
    let fault = progress.fault.unwrap();
    assert!(fault.message.contains("20 combinations"), "{fault:?}");
    assert_eq!(studio.import_status(Nothing {}).unwrap().unwrap().added, 0);
}

/// Editions of the import that is killed.
const MANY: u32 = 200;
/// Names the folder to the child that is killed.
const FOLDER: &str = "SALON_TEST_LAYERS";

fn many() -> ImportLayers {
    ImportLayers {
        path: PathBuf::from(std::env::var_os(FOLDER).unwrap_or_default()).join("foxes"),
        count: Some(MANY),
        seed: Some(3),
        width: Some(512),
    }
}

/// Brings editions in until it is killed; says when the first are there.
#[test]
#[ignore = "the next test starts it"]
fn renderer() {
    let Some(dir) = std::env::var_os(FOLDER) else {
        return;
    };
    let studio = Studio::open(StudioOptions::to_curate(PathBuf::from(dir).join("foxes.salon"))).unwrap();
    studio.import_layers(many()).unwrap();
    let mut told = false;
    studio.run_until_imported(&CancelToken::new(), |progress| {
        if progress.added > 0 && !told {
            told = true;
            let mut out = std::io::stdout().lock();
            writeln!(out, "\nsome came in").unwrap();
            out.flush().unwrap();
        }
    });
}

#[test]
fn a_killed_import_of_layers_is_taken_up_again_and_makes_every_edition_once() {
    let dir = tempfile::tempdir().unwrap();
    let config = CONFIG
        .replace("growEditionSizeTo: 12", "growEditionSizeTo: 200")
        .replace(
            "[{ name: \"Ground\" }",
            "[{ name: \"Ground\" }, { name: \"Coat\" }",
        );
    project_of(dir.path(), &[("Ground", 12), ("Coat", 8), ("Hat", 12)], &config);
    open(dir.path()).close();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["renderer", "--exact", "--ignored", "--nocapture"])
        .env(FOLDER, dir.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(
        out.any(|line| line.unwrap() == "some came in"),
        "the child brings editions in"
    );
    child.kill().unwrap();
    child.wait().unwrap();

    let path = dir.path().join("foxes.salon");
    let killed = salon_catalog::Project::open(&path).unwrap();
    let came = killed.candidates(&CandidateQuery::default()).unwrap().len();
    assert_eq!(
        killed.unfinished_imports().unwrap().len(),
        1,
        "the order was written down, and {came} came in before the kill"
    );
    drop(killed);
    let mut options = StudioOptions::to_curate(&path);
    (options.models, options.layers) = (vec![], None);
    options.watch = true;
    let studio = Studio::open(options).unwrap();
    let progress = studio.run_until_imported(&CancelToken::new(), |_| ()).unwrap();
    assert!(progress.fault.is_none(), "{progress:?}");
    assert_eq!(
        (progress.found, progress.added + progress.known),
        (MANY, MANY),
        "{progress:?}"
    );
    let listed = studio.list(CandidateQuery::default()).unwrap();
    let names: Vec<_> = listed.iter().map(|one| one.imported.clone().unwrap()).collect();
    assert_eq!(
        names,
        (1..=MANY).map(|at| format!("{at}.png")).collect::<Vec<_>>(),
        "every edition once, in the order of their numbers"
    );
    studio.close();
    drop(studio);
    let project = salon_catalog::Project::open(&path).unwrap();
    assert_eq!(project.unfinished_imports().unwrap(), [], "nothing is left to do");
    assert_eq!(project.check_derived().unwrap(), Vec::<String>::new());
}

#[test]
fn an_order_of_layers_that_cannot_begin_is_not_tried_at_every_start() {
    let dir = tempfile::tempdir().unwrap();
    let folder = project(dir.path());
    let studio = open(dir.path());
    fs::write(folder.join("src/config.js"), CONFIG.replace("Hat", "Scarf")).unwrap();
    assert!(bring_in(&studio, folder, None).fault.is_some());
    studio.close();
    drop(studio);
    let project = salon_catalog::Project::open(dir.path().join("foxes.salon")).unwrap();
    assert_eq!(
        project.unfinished_imports().unwrap(),
        [],
        "a hand mends it and orders again"
    );
}
