//! What cargo knows of the workspace and of everything it depends on.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package, PackageId};

/// The repository's root.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../..")
        .canonicalize()
        .expect("the repository's root exists")
}

/// Where Salon runs; `.deny.toml` names the same.
const DESKTOPS: [&str; 4] = [
    "x86_64-unknown-linux-gnu",
    "aarch64-apple-darwin",
    "x86_64-apple-darwin",
    "x86_64-pc-windows-msvc",
];

/// Everything in the lock file. Read once; offline, since the tests run where there is no network.
pub fn metadata() -> &'static Metadata {
    static METADATA: LazyLock<Metadata> = LazyLock::new(|| read(&[]));
    &METADATA
}

/// What of it is built for a desktop.
pub fn on_desktops() -> &'static Metadata {
    static METADATA: LazyLock<Metadata> = LazyLock::new(|| read(&DESKTOPS));
    &METADATA
}

fn read(platforms: &[&str]) -> Metadata {
    let filters = platforms
        .iter()
        .map(|platform| format!("--filter-platform={platform}"));
    let options: Vec<String> = ["--offline".to_owned(), "--locked".to_owned()]
        .into_iter()
        .chain(filters)
        .collect();
    MetadataCommand::new()
        .manifest_path(root().join("Cargo.toml"))
        .other_options(options)
        .exec()
        .expect("cargo metadata reads the workspace")
}

/// The packages of this workspace, by name.
pub fn members() -> BTreeMap<&'static str, &'static Package> {
    metadata()
        .workspace_packages()
        .into_iter()
        .map(|package| (package.name.as_str(), package))
        .collect()
}

/// Names of the packages that `package` depends on directly, of the given kinds.
pub fn direct(package: &Package, kinds: &[DependencyKind]) -> BTreeSet<String> {
    package
        .dependencies
        .iter()
        .filter(|dependency| kinds.contains(&dependency.kind))
        .map(|dependency| dependency.name.clone())
        .collect()
}

/// Names of all packages that end up in what is built from `package`, on a desktop, tests and build scripts aside.
pub fn linked(package: &Package) -> BTreeSet<String> {
    let graph = on_desktops()
        .resolve
        .as_ref()
        .expect("metadata was asked with its graph");
    let nodes: BTreeMap<&PackageId, _> = graph.nodes.iter().map(|node| (&node.id, node)).collect();
    let mut seen = BTreeSet::new();
    let mut open = vec![&package.id];
    while let Some(id) = open.pop() {
        if !seen.insert(id) {
            continue;
        }
        for dependency in &nodes[id].deps {
            if dependency
                .dep_kinds
                .iter()
                .any(|kind| kind.kind == DependencyKind::Normal)
            {
                open.push(&dependency.pkg);
            }
        }
    }
    seen.into_iter()
        .map(|id| on_desktops()[id].name.to_string())
        .collect()
}
