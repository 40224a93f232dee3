//! The bytecode that ships is what its source gives, built anew by the committed script.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)] // A test that cannot set up must stop.

use std::path::Path;
use std::process::Command;

#[test]
fn the_source_gives_the_bytecode_that_ships() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("solidity");
    assert!(
        folder.join("node_modules/solc").is_dir(),
        "the compiler is not installed: run `make set-up`, or `npm ci` in {}",
        folder.display()
    );
    let built = Command::new("node")
        .args(["build.mjs", "--check"])
        .current_dir(&folder)
        .output()
        .expect("node 20 or newer must be on the path");
    let (said, complained) = (
        String::from_utf8_lossy(&built.stdout),
        String::from_utf8_lossy(&built.stderr),
    );
    assert!(built.status.success(), "{said}{complained}");
    let sha256 = &salon_contract::artifact()
        .expect("what ships is whole")
        .bytecode_sha256;
    assert!(
        said.contains(sha256.as_str()),
        "{said} names the bytecode that is linked in"
    );
}
