//! Pictures brought in from files: all formats, all faults, moved folders, restarts, and folders that are watched.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::common::Bench;
use salon_domain::{CancelToken, CandidateQuery, Origin, Verdict};
use salon_studio::Studio;
use salon_studio::api::{
    CandidateRequest, Decide, ImportPictures, ImportProgress, ListedCandidate, Nothing, RecipeWriter,
    WatchFolder, WatchState,
};
use salon_testkit::pixels;

const PATIENCE: Duration = Duration::from_mins(2);

/// A PNG with the text that A1111 writes.
fn with_recipe(seed: u64) -> Vec<u8> {
    let pixels = pixels(seed, 32);
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, 32, 32);
    encoder.set_color(png::ColorType::Rgb);
    let text = "a fox in snow\nNegative prompt: blur\nSteps: 20, Sampler: Euler a, Seed: 5, Model: foxes";
    encoder.add_text_chunk("parameters".into(), text.into()).unwrap();
    encoder
        .write_header()
        .unwrap()
        .write_image_data(pixels.as_raw())
        .unwrap();
    bytes
}

fn encoded(seed: u64, format: image::ImageFormat) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    pixels(seed, 32).write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

fn bring_in(studio: &Studio, path: &Path) -> ImportProgress {
    let paths = vec![path.to_path_buf()];
    studio.import_pictures(ImportPictures { paths }).unwrap();
    studio.run_until_imported(&CancelToken::new(), |_| ()).unwrap()
}

fn listed(studio: &Studio) -> Vec<ListedCandidate> {
    studio.list(CandidateQuery::default()).unwrap()
}

fn counts(progress: &ImportProgress) -> (u32, u32, u32, u32) {
    (progress.found, progress.added, progress.known, progress.refused)
}

fn until(what: &str, mut check: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !check() {
        assert!(begun.elapsed() < PATIENCE, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn accept(studio: &Studio, one: &ListedCandidate) {
    let decide = serde_json::json!({"candidate": one.id, "verdict": Verdict::Accepted, "by": "ada"});
    let decide: Decide = serde_json::from_value(decide).unwrap();
    studio.decide(decide).unwrap();
}

#[test]
fn a_folder_comes_in_once_and_each_failure_is_named() {
    let bench = Bench::new();
    let mut options = bench.options("in.salon", 1);
    options.watch = false;
    options.generator = false;
    let studio = Studio::open(options).unwrap();
    bench.write("art/01.png", with_recipe(1));
    bench.write("art/deep/02.jpg", encoded(2, image::ImageFormat::Jpeg));
    bench.write("art/deep/03.WEBP", encoded(3, image::ImageFormat::WebP));
    bench.write("art/04 copy of 1.png", with_recipe(1));
    bench.write("art/05 empty.png", b"");
    bench.write("art/06 text.png", b"these are words");
    let torn = encoded(6, image::ImageFormat::Png);
    bench.write("art/07 torn.png", &torn[..torn.len() / 2]);
    let mut bomb = encoded(7, image::ImageFormat::Png);
    bomb[16..24].copy_from_slice(&[0, 0, 0x3f, 0xff, 0, 0, 0x3f, 0xff]);
    let mut sum = flate2::Crc::new();
    sum.update(&bomb[12..29]);
    bomb[29..33].copy_from_slice(&sum.sum().to_be_bytes());
    bench.write("art/08 bomb.png", bomb);
    let torn = encoded(8, image::ImageFormat::Jpeg);
    bench.write("art/09 torn.jpg", &torn[..torn.len() - 40]);
    bench.write("art/notes.txt", b"not a picture");
    bench.write("art/.hidden.png", encoded(9, image::ImageFormat::Png));
    bench.write("art/Other.salon/catalog.sqlite", b"");
    bench.write(
        "art/Other.salon/pictures/10.png",
        encoded(10, image::ImageFormat::Png),
    );

    let art = bench.folder().join("art");
    let progress = bring_in(&studio, &art);
    assert_eq!(counts(&progress), (9, 3, 1, 5), "{progress:?}");
    assert!(progress.done && progress.fault.is_none() && !progress.cancelled);
    for name in ["05 empty", "06 text", "07 torn", "08 bomb", "09 torn"] {
        let failure = progress.failed.iter().find(|failure| failure.path.contains(name));
        let why = &failure
            .unwrap_or_else(|| panic!("{name} is named: {progress:?}"))
            .why;
        assert!(!why.is_empty(), "{name} says why");
    }
    let all = listed(&studio);
    let names: Vec<_> = all.iter().map(|one| one.imported.as_deref().unwrap()).collect();
    assert_eq!(
        names,
        ["01.png", "02.jpg", "03.WEBP"],
        "in the order of their paths"
    );
    for one in &all {
        assert!(
            !studio.read_thumb(one.id, None).unwrap().is_empty(),
            "each has a thumbnail"
        );
    }
    assert_eq!(
        studio.read_picture(all[1].id, None).unwrap(),
        encoded(2, image::ImageFormat::Jpeg),
        "files keep their bytes"
    );
    let detail = studio.candidate(CandidateRequest { id: all[0].id }).unwrap();
    assert_eq!(
        (detail.prompt.as_str(), detail.negative_prompt.as_str()),
        ("a fox in snow", "blur")
    );
    let foreign = detail.foreign.unwrap();
    assert_eq!(foreign.tool, Some(RecipeWriter::A1111));
    assert_eq!(foreign.paths.len(), 2, "both places are remembered");
    assert!(
        foreign.texts[0].value.starts_with("a fox in snow\nNegative"),
        "to the letter"
    );
    assert!(matches!(detail.candidate.origin, Origin::Imported { .. }));
    let again = studio.order_again(all[0].id).unwrap();
    assert_eq!(
        (again.prompt.as_str(), again.seed),
        ("a fox in snow", Some(5)),
        "and can be ordered"
    );
    let found = studio.list(CandidateQuery {
        words: Some("snow".into()),
        ..CandidateQuery::default()
    });
    assert_eq!(found.unwrap().len(), 1, "its prompt is searched");

    // Moved, it is known by its content; where it is, by its looks.
    accept(&studio, &all[0]);
    fs::rename(&art, bench.folder().join("moved")).unwrap();
    let progress = bring_in(&studio, &bench.folder().join("moved"));
    assert_eq!(counts(&progress), (9, 0, 4, 5), "nothing comes in twice");
    let progress = bring_in(&studio, &bench.folder().join("moved"));
    assert_eq!(counts(&progress), (9, 0, 4, 5));
    assert_eq!(listed(&studio)[0].verdict, Verdict::Accepted, "the verdict stays");
    assert_eq!(listed(&studio).len(), 3);
}

#[test]
fn what_a_kill_cut_short_comes_in_at_the_next_start() {
    let bench = Bench::new();
    for seed in 0..40 {
        bench.write(
            &format!("art/{seed:02}.png"),
            encoded(seed, image::ImageFormat::Png),
        );
    }
    let mut options = bench.options("killed.salon", 1);
    options.generator = false;
    {
        // A kill before the first picture leaves the row and nothing else.
        let project = salon_catalog::Project::open(&options.project).unwrap();
        let art = bench.folder().join("art").to_str().unwrap().to_owned();
        project
            .begin_import(
                &salon_catalog::ImportOf::Paths(vec![art]),
                salon_testkit::FixedClock::START,
            )
            .unwrap();
    }
    let studio = Studio::open(options.clone()).unwrap();
    until("the import to go on", || listed(&studio).len() == 40);
    studio.run_until_imported(&CancelToken::new(), |_| ());
    studio.close();
    drop(studio);
    let studio = Studio::open(options).unwrap();
    assert_eq!(
        studio.import_status(Nothing {}).unwrap(),
        None,
        "nothing is left to do"
    );
}

#[test]
fn a_cancelled_import_keeps_what_came_in_and_is_forgotten() {
    let bench = Bench::new();
    for seed in 0..200 {
        bench.write(
            &format!("art/{seed:03}.png"),
            encoded(seed, image::ImageFormat::Png),
        );
    }
    let mut options = bench.options("cancelled.salon", 1);
    options.generator = false;
    options.watch = false;
    let studio = Studio::open(options).unwrap();
    let paths = vec![bench.folder().join("art")];
    studio
        .import_pictures(ImportPictures { paths: paths.clone() })
        .unwrap();
    studio.import_pictures(ImportPictures { paths }).unwrap();
    let cancel = CancelToken::new();
    cancel.cancel();
    let progress = studio.run_until_imported(&cancel, |_| ()).unwrap();
    assert!(progress.done, "{progress:?}");
    let stayed = listed(&studio).len();
    assert!(stayed <= 200, "{stayed}");
    studio.close();
    let project = bench.folder().join("cancelled.salon");
    drop(studio);
    let project = salon_catalog::Project::open(project).unwrap();
    assert_eq!(project.unfinished_imports().unwrap(), [], "nobody wants the rest");
    assert_eq!(project.check_derived().unwrap(), Vec::<String>::new());
}

#[test]
fn a_watched_folder_brings_whole_files_and_survives_being_unplugged() {
    let bench = Bench::new();
    let mut options = bench.options("watched.salon", 1);
    options.generator = false;
    let studio = Studio::open(options.clone()).unwrap();
    bench.write("out/early.png", encoded(1, image::ImageFormat::Png));
    let out = bench.folder().join("out");
    let folders = studio.watch_folder(WatchFolder { path: out.join("") }).unwrap();
    assert_eq!(
        folders[0].path,
        out.to_str().unwrap(),
        "a slash at the end makes no other folder"
    );
    until("what was there before", || listed(&studio).len() == 1);

    // Written in two pieces: it waits for the second.
    let whole = encoded(2, image::ImageFormat::Png);
    bench.write("out/late.png", &whole[..whole.len() - 20]);
    bench.write("out/whole.jpg", encoded(3, image::ImageFormat::Jpeg));
    until("the whole one", || listed(&studio).len() == 2);
    bench.write("out/late.png", &whole);
    until("the half-written one", || listed(&studio).len() == 3);
    let last = studio.import_status(Nothing {}).unwrap().unwrap();
    assert_eq!(last.refused, 0, "no half file was tried: {last:?}");

    // Unplugged, and back with something new in a folder of its own.
    let state = |studio: &Studio| studio.watched_folders(Nothing {}).unwrap()[0].state;
    fs::rename(&out, bench.folder().join("away")).unwrap();
    until("the folder to be missed", || {
        state(&studio) == WatchState::Missing
    });
    bench.write("away/new/four.png", encoded(4, image::ImageFormat::Png));
    fs::rename(bench.folder().join("away"), &out).unwrap();
    until("the folder to be back", || state(&studio) == WatchState::Watching);
    until("what came with it", || listed(&studio).len() == 4);

    // It is remembered, and no longer watched when nobody wants it.
    studio.close();
    drop(studio);
    bench.write("out/meanwhile.png", encoded(5, image::ImageFormat::Png));
    let studio = Studio::open(options).unwrap();
    until("what came while Salon was closed", || listed(&studio).len() == 5);
    assert_eq!(studio.unwatch_folder(WatchFolder { path: out }).unwrap(), []);
    assert!(
        studio
            .watch_folder(WatchFolder {
                path: bench.folder().join("watched.salon/pictures")
            })
            .is_err(),
        "a project does not watch itself"
    );
}

#[test]
fn an_upload_is_a_candidate_when_it_is_answered() {
    let bench = Bench::new();
    let mut options = bench.options("upload.salon", 1);
    options.generator = false;
    options.watch = false;
    let studio = Studio::open(options).unwrap();
    let first = studio
        .import_upload("..\\..\\folder/fox.png", with_recipe(1))
        .unwrap();
    assert!(!first.known);
    let again = studio.import_upload("other.png", with_recipe(1)).unwrap();
    assert_eq!((again.candidate, again.known), (first.candidate, true));
    assert_eq!(
        listed(&studio)[0].imported.as_deref(),
        Some("fox.png"),
        "a name, never a path"
    );
    let refused = studio.import_upload("words.png", b"words".to_vec()).unwrap_err();
    assert!(refused.message.contains("words.png"), "{refused}");
}
