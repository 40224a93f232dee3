//! Bakes the capabilities and permissions of `src-tauri/` into the shell.

use tauri_build::{AppManifest, Attributes};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    for path in [
        "tauri.conf.json",
        "src-tauri/capabilities",
        "src-tauri/permissions",
        "ui/dist",
    ] {
        println!("cargo:rerun-if-changed={path}");
    }
    // The permissions are written by hand: generated ones would be strewn over the repository's root.
    let manifest = AppManifest::new().permissions_path_pattern("./src-tauri/permissions/**/*.toml");
    let attributes = Attributes::new()
        .capabilities_path_pattern("./src-tauri/capabilities/**/*.json")
        .app_manifest(manifest);
    Ok(tauri_build::try_build(attributes)?)
}
