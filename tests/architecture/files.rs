//! How files and folders look: opened by their purpose, short, in their place, and on the map.

use std::fs;
use std::path::{Path, PathBuf};

use crate::metadata::{members, root};

/// All that may stand at the top, beside hidden files of tools and what builds leave behind.
const TOP: &[&str] = &[
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "Makefile",
    "README.md",
    "assets",
    "models",
    "rust-toolchain.toml",
    "src-tauri",
    "tauri.conf.json",
    "tests",
    "ui",
];

/// Left behind by builds; never committed.
const LITTER: &[&str] = &["gen", "target"];

/// Lines a file may have, tests and generated code aside.
const CEILING: usize = 800;

const WRITTEN_BY_HAND: &[&str] = &[
    "rs", "ts", "svelte", "css", "html", "mjs", "js", "py", "sh", "toml", "md",
];

fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("the folder can be read") {
        let path = entry.expect("the entry can be read").path();
        let name = path
            .file_name()
            .expect("an entry has a name")
            .to_string_lossy()
            .into_owned();
        let skipped = name.starts_with('.')
            || ["node_modules", "dist", "target", "gen", "__pycache__"].contains(&name.as_str());
        if skipped {
            continue;
        }
        if path.is_dir() {
            walk(&path, files);
        } else {
            files.push(path);
        }
    }
}

/// Files below the root that people wrote, with their text.
fn written() -> Vec<(String, String)> {
    let root = root();
    let mut files = Vec::new();
    walk(&root, &mut files);
    files.sort();
    files
        .into_iter()
        .filter(|path| {
            path.extension()
                .is_some_and(|ending| WRITTEN_BY_HAND.contains(&ending.to_string_lossy().as_ref()))
        })
        .filter_map(|path| {
            let name = path
                .strip_prefix(&root)
                .expect("it lies below")
                .to_string_lossy()
                .replace('\\', "/");
            fs::read_to_string(&path).ok().map(|text| (name, text))
        })
        .collect()
}

fn is_rust(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|ending| ending == "rs")
}

#[test]
fn the_top_holds_only_what_belongs_there() {
    for entry in fs::read_dir(root()).expect("the root can be read") {
        let name = entry
            .expect("the entry can be read")
            .file_name()
            .to_string_lossy()
            .into_owned();
        let fine = name.starts_with('.') || TOP.contains(&name.as_str()) || LITTER.contains(&name.as_str());
        assert!(fine, "`{name}` does not belong at the top of the repository");
    }
}

#[test]
fn every_crate_takes_the_lints_and_says_what_it_owns() {
    for (name, package) in members() {
        let manifest = fs::read_to_string(&package.manifest_path).expect("a manifest can be read");
        assert!(
            manifest.contains("[lints]\nworkspace = true"),
            "{name} must take the workspace's lints"
        );
        for target in package.targets.iter().filter(|target| !target.is_custom_build()) {
            let text = fs::read_to_string(&target.src_path).expect("a target can be read");
            assert!(
                text.starts_with("//! "),
                "{} must open by saying what it owns",
                target.src_path
            );
        }
    }
}

#[test]
fn every_crate_has_its_paragraph() {
    let path = root().join("src-tauri/ARCHITECTURE.md");
    let map = fs::read_to_string(path).expect("src-tauri/ARCHITECTURE.md is there");
    for (name, package) in members() {
        let folder = package
            .manifest_path
            .parent()
            .and_then(cargo_metadata::camino::Utf8Path::file_name)
            .unwrap_or(name);
        let word = if name == "salon-desktop" { name } else { folder };
        assert!(
            map.contains(&format!("`{word}`")),
            "src-tauri/ARCHITECTURE.md has no paragraph on `{word}`"
        );
    }
}

#[test]
fn no_file_outgrows_the_ceiling() {
    for (name, text) in written() {
        let exempt = name.contains("/tests/")
            || name.starts_with("tests/")
            || name.contains("generated")
            // Written by `salon docs`, and compared in a test.
            || name.ends_with("/CLI.md")
            || name.contains(".test.");
        let lines = text.lines().count();
        assert!(
            exempt || lines <= CEILING,
            "{name} has {lines} lines; {CEILING} is the ceiling. Split it by what it owns"
        );
    }
}

#[test]
fn no_type_hides_behind_a_job_title() {
    for (name, text) in written().into_iter().filter(|(name, _)| is_rust(name)) {
        for line in text.lines() {
            let mut words = line
                .trim_start()
                .trim_start_matches("pub(crate) ")
                .trim_start_matches("pub ")
                .split_whitespace();
            if !matches!(words.next(), Some("struct" | "enum" | "trait")) {
                continue;
            }
            let title: String = words
                .next()
                .unwrap_or_default()
                .chars()
                .take_while(char::is_ascii_alphanumeric)
                .collect();
            for hollow in ["Manager", "Service", "Helper", "Util", "Utils", "Processor"] {
                assert!(
                    !title.ends_with(hollow),
                    "{name}: `{title}` says nothing; name what it is"
                );
            }
        }
    }
}

#[test]
fn only_the_hosts_know_how_the_window_talks() {
    for (name, text) in written()
        .into_iter()
        .filter(|(name, _)| name.starts_with("ui/src/"))
    {
        let fine = name.starts_with("ui/src/host/") || name.contains(".test.");
        for word in ["@tauri-apps", "new WebSocket"] {
            assert!(
                fine || !text.contains(word),
                "{name} says `{word}`; only ui/src/host may"
            );
        }
    }
}

#[test]
fn nothing_is_left_for_later() {
    for (name, text) in written()
        .into_iter()
        .filter(|(name, _)| is_rust(name) && !name.starts_with("tests/architecture"))
    {
        for word in ["todo!(", "unimplemented!(", "dbg!("] {
            assert!(!text.contains(word), "{name} still says `{word}…)`");
        }
    }
}
