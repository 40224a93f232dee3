//! What comes in may be given on under MIT or Apache-2.0. The same list stands in `.deny.toml`.

use crate::metadata::{metadata, on_desktops, root};

const ALLOWED: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "ISC",
    "MIT",
    "MIT-0",
    "MPL-2.0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// Whether an SPDX expression leaves a way that is allowed. `/` is the `OR` of old manifests.
fn allowed(expression: &str) -> bool {
    let spaced = expression
        .replace('(', " ( ")
        .replace(')', " ) ")
        .replace('/', " OR ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut place = 0;
    either(&words, &mut place) && place == words.len()
}

fn either(words: &[&str], place: &mut usize) -> bool {
    let mut fine = both(words, place);
    while words.get(*place) == Some(&"OR") {
        *place += 1;
        fine |= both(words, place);
    }
    fine
}

fn both(words: &[&str], place: &mut usize) -> bool {
    let mut fine = single(words, place);
    while words.get(*place) == Some(&"AND") {
        *place += 1;
        fine &= single(words, place);
    }
    fine
}

fn single(words: &[&str], place: &mut usize) -> bool {
    let Some(word) = words.get(*place) else {
        return false;
    };
    *place += 1;
    if *word == "(" {
        let fine = either(words, place);
        let closed = words.get(*place) == Some(&")");
        *place += 1;
        return fine && closed;
    }
    if words.get(*place) == Some(&"WITH") {
        let exception = words.get(*place + 1).copied().unwrap_or_default();
        *place += 2;
        return ALLOWED.contains(&format!("{word} WITH {exception}").as_str());
    }
    ALLOWED.contains(word)
}

#[test]
fn expressions_are_read_as_spdx_means_them() {
    for fine in [
        "MIT",
        "MIT/Apache-2.0",
        "GPL-3.0 OR MIT",
        "(MIT OR GPL-2.0) AND ISC",
        "Apache-2.0 WITH LLVM-exception",
    ] {
        assert!(allowed(fine), "`{fine}` leaves an allowed way");
    }
    for wrong in [
        "",
        "GPL-3.0",
        "AGPL-3.0-only",
        "MIT AND GPL-2.0",
        "(MIT",
        "MIT WITH surprise",
        "LGPL-2.1 OR SSPL-1.0",
    ] {
        assert!(!allowed(wrong), "`{wrong}` leaves no allowed way");
    }
}

#[test]
fn every_dependency_may_be_given_on() {
    // What only stands in the lock file, such as what rav1e is fuzzed with, is in nothing that is given on.
    for package in &on_desktops().packages {
        let licence = package.license.as_deref().unwrap_or_default();
        assert!(
            allowed(licence),
            "{} {} is under `{licence}`, which is not allowed",
            package.name,
            package.version
        );
    }
}

#[test]
fn every_dependency_comes_from_the_registry_or_from_here() {
    for package in &metadata().packages {
        let fine = package
            .source
            .as_ref()
            .is_none_or(cargo_metadata::Source::is_crates_io);
        assert!(
            fine,
            "{} comes from {:?}; only crates.io is trusted",
            package.name, package.source
        );
    }
}

#[test]
fn the_two_lists_agree() {
    let configured = std::fs::read_to_string(root().join(".deny.toml")).expect(".deny.toml is there");
    for licence in ALLOWED {
        assert!(
            configured.contains(&format!("\"{licence}\"")),
            ".deny.toml does not allow {licence}, this test does"
        );
    }
}

#[test]
fn both_licences_are_in_the_repository() {
    for name in ["LICENSE-MIT", "LICENSE-APACHE"] {
        let text = std::fs::read_to_string(root().join(name)).unwrap_or_default();
        assert!(text.len() > 1000, "{name} must hold the licence's whole text");
    }
}
