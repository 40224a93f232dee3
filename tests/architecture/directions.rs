//! `shell, cli, server → studio → {diffusion, layers, judge, traits, bundle, catalog, …} → domain`, and where the heavy libraries
//! live. Beside `domain` lies `remote`, under the crafts that call other machines.

use cargo_metadata::DependencyKind;

use crate::metadata::{direct, linked, members};

/// Every package with the packages of this workspace that it may name.
const MAY_SEE: &[(&str, &[&str])] = &[
    ("salon-domain", &[]),
    ("salon-bundle", &["salon-domain"]),
    ("salon-catalog", &["salon-domain"]),
    ("salon-contract", &["salon-domain", "salon-remote"]),
    ("salon-diffusion", &["salon-domain"]),
    ("salon-judge", &["salon-domain"]),
    ("salon-layers", &["salon-domain"]),
    ("salon-lore", &["salon-domain", "salon-remote"]),
    ("salon-masters", &["salon-domain"]),
    ("salon-publish", &["salon-domain", "salon-remote"]),
    ("salon-remote", &[]),
    ("salon-traits", &["salon-domain"]),
    (
        "salon-studio",
        &[
            "salon-bundle",
            "salon-catalog",
            "salon-contract",
            "salon-diffusion",
            "salon-domain",
            "salon-judge",
            "salon-layers",
            "salon-lore",
            "salon-masters",
            "salon-publish",
            "salon-traits",
        ],
    ),
    ("salon-server", &["salon-domain", "salon-studio"]),
    ("salon-cli", &["salon-domain", "salon-server", "salon-studio"]),
    ("salon-desktop", &["salon-domain", "salon-studio"]),
    ("salon-testkit", &["salon-catalog", "salon-domain"]),
];

/// Every library that has one home, with the packages that may name it.
const HOMES: &[(&str, &[&str])] = &[
    ("rusqlite", &["salon-catalog"]),
    ("rusqlite_migration", &["salon-catalog"]),
    // Language models run in `lore`.
    (
        "candle-core",
        &["salon-diffusion", "salon-judge", "salon-lore", "salon-traits"],
    ),
    ("candle-transformers", &["salon-lore"]),
    ("llguidance", &["salon-lore"]),
    ("candle-nn", &["salon-diffusion", "salon-judge", "salon-traits"]),
    ("resvg", &["salon-layers"]),
    ("microlp", &["salon-traits"]),
    ("cid", &["salon-bundle"]),
    ("tauri", &["salon-desktop"]),
    ("tauri-build", &["salon-desktop"]),
    ("rfd", &["salon-desktop"]),
    ("axum", &["salon-server"]),
    ("clap", &["salon-cli"]),
    ("notify", &["salon-studio"]),
    ("ureq", &["salon-remote"]),
    ("rustls-native-certs", &["salon-remote"]),
    ("hmac", &["salon-publish"]),
    ("alloy-primitives", &["salon-contract"]),
    ("alloy-sol-types", &["salon-contract"]),
    // Only what is sold is signed.
    ("ring", &["salon-bundle", "salon-masters"]),
    ("keyring", &["salon-remote"]),
];

/// Whatever else could call out. One client is enough, and it has one home: `remote`, for `lore`, which asks the endpoint that
/// its user turned on, `contract`, which asks the node that its user named, and `publish`, which sends what its user agreed to.
const CLIENTS: &[&str] = &[
    "reqwest",
    "curl",
    "isahc",
    "attohttpc",
    "awc",
    "hyper-rustls",
    "native-tls",
];

const SHIPPED: &[DependencyKind] = &[DependencyKind::Normal, DependencyKind::Build];

#[test]
fn every_crate_sees_only_what_lies_below_it() {
    for (name, package) in members() {
        let (_, allowed) = MAY_SEE
            .iter()
            .find(|(listed, _)| *listed == name)
            .unwrap_or_else(|| panic!("{name} is not on the map: give it its place in MAY_SEE"));
        for dependency in direct(package, SHIPPED)
            .iter()
            .filter(|dependency| dependency.starts_with("salon-"))
        {
            assert!(
                allowed.contains(&dependency.as_str()),
                "{name} must not depend on {dependency}; it may see {allowed:?}. Pass through the studio instead"
            );
        }
    }
}

#[test]
fn tests_of_the_middle_row_see_no_neighbour_either() {
    let below_studio = [
        "salon-bundle",
        "salon-catalog",
        "salon-contract",
        "salon-diffusion",
        "salon-layers",
        "salon-lore",
        "salon-masters",
        "salon-publish",
        "salon-remote",
        "salon-traits",
        "salon-domain",
    ];
    for (name, package) in members()
        .into_iter()
        .filter(|(name, _)| below_studio.contains(name))
    {
        for dependency in direct(package, &[DependencyKind::Development]) {
            let fine = !dependency.starts_with("salon-")
                || ["salon-domain", "salon-testkit"].contains(&dependency.as_str());
            assert!(fine, "the tests of {name} must not need {dependency}");
        }
    }
}

#[test]
fn the_testkit_is_for_tests_only() {
    for (name, package) in members() {
        assert!(
            !direct(package, SHIPPED).contains("salon-testkit"),
            "{name} must take salon-testkit as a dev-dependency only"
        );
    }
}

#[test]
fn each_heavy_library_has_one_home() {
    for (name, package) in members() {
        let dependencies = direct(package, SHIPPED);
        for (library, homes) in HOMES {
            assert!(
                homes.contains(&name) || !dependencies.contains(*library),
                "{library} belongs in {homes:?}, not in {name}"
            );
        }
    }
}

#[test]
fn the_command_line_links_no_web_view() {
    let members = members();
    let linked = linked(members["salon-cli"]);
    assert!(
        linked.contains("salon-studio"),
        "the graph was read: the command line stands on the studio"
    );
    for library in ["tauri", "wry", "tao", "webkit2gtk", "gtk", "rfd"] {
        assert!(
            !linked.contains(library),
            "salon-cli must stay free of {library}: it runs where there is no display"
        );
    }
}

#[test]
fn other_machines_are_called_by_those_whose_work_it_is() {
    for (name, package) in members() {
        let allowed = ["salon-contract", "salon-lore", "salon-publish"];
        assert!(
            allowed.contains(&name) || !direct(package, SHIPPED).contains("salon-remote"),
            "{name} must not call another machine: {allowed:?} do, where their user named it"
        );
    }
}

#[test]
fn nothing_else_that_ships_can_call_out() {
    for (name, package) in members() {
        let linked = linked(package);
        for client in CLIENTS {
            assert!(
                !linked.contains(*client),
                "{name} links {client}, but nothing may leave this machine unasked"
            );
        }
    }
}

#[test]
fn the_words_of_the_domain_do_no_io() {
    let members = members();
    let allowed = ["serde", "serde_json", "sha2", "thiserror", "ts-rs"];
    for dependency in direct(members["salon-domain"], SHIPPED) {
        assert!(
            allowed.contains(&dependency.as_str()),
            "salon-domain is types and rules; it must not need {dependency}"
        );
    }
}
