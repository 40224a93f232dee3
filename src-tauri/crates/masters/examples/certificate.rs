//! Writes a certificate with the authority that gave it, and its key, for tests: `certificate CHAIN KEY`. Nobody trusts it.
#![allow(clippy::unwrap_used)] // A tool for tests stops where it cannot go on.

#[path = "../tests/signer/mod.rs"]
mod signer;

use std::fs;

use rcgen::PKCS_ECDSA_P256_SHA256;

fn main() {
    let mut paths = std::env::args().skip(1);
    let (chain, key) = signer::signer(&PKCS_ECDSA_P256_SHA256, signer::Wrong::Nothing);
    fs::write(paths.next().unwrap(), chain).unwrap();
    fs::write(paths.next().unwrap(), key).unwrap();
}
