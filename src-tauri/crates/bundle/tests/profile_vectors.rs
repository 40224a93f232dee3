//! The ten vectors that kubo publishes for the two profiles of IPIP-0499, regenerated from their recipe: file content
//! and file names are the `ChaCha20` keystream whose key is the SHA-256 of a seed.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)] // A test that cannot set up must stop.

mod common;

use std::fs;
use std::io::Read;
use std::path::Path;

use common::Keystream;
use salon_bundle::{Profile, Watch, cid_of_reader};
use salon_domain::CancelToken;

const KIB: u64 = 1024;
const MIB: u64 = 1024 * KIB;

fn cid_of_stream(stream: impl Read, profile: Profile) -> String {
    let cancel = CancelToken::new();
    let watch = Watch::new(&|_| (), &cancel);
    cid_of_reader(stream, Path::new("stream"), profile, watch)
        .unwrap()
        .to_string()
}

/// A folder of `count` files holding "x", named by the keystream of `seed`; the last name has its own length.
fn cid_of_folder(
    seed: &str,
    count: usize,
    name_length: usize,
    last_name_length: usize,
    profile: Profile,
) -> String {
    const ALPHABET: &[u8; 39] = b"abcdefghijklmnopqrstuvwxyz01234567890-_";
    let folder = tempfile::tempdir().unwrap();
    let mut keystream = Keystream::new(seed, MIB);
    for index in 0..count {
        let length = if index + 1 == count {
            last_name_length
        } else {
            name_length
        };
        let mut bytes = vec![0; length];
        keystream.read_exact(&mut bytes).unwrap();
        let name: String = bytes
            .iter()
            .map(|&byte| char::from(ALPHABET[usize::from(byte) % ALPHABET.len()]))
            .collect();
        fs::write(folder.path().join(name), "x").unwrap();
    }
    common::pack(folder.path(), profile, None).cid
}

#[test]
fn small_files() {
    let content = b"hello world".as_slice();
    assert_eq!(
        cid_of_stream(content, Profile::UnixfsV0),
        "Qmf412jQZiuVUtdgnB36FXFX7xg5V6KEbSJ4dpQuhkLyfD"
    );
    assert_eq!(
        cid_of_stream(content, Profile::UnixfsV1),
        "bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e"
    );
}

#[test]
fn files_at_the_width_of_a_node_and_one_chunk_over() {
    let cases = [
        (
            Profile::UnixfsV0,
            "v0-seed",
            174 * 256 * KIB,
            "QmUbBALi174SnogsUzLpYbD4xPiBSFANF4iztWCsHbMKh2",
        ),
        (
            Profile::UnixfsV0,
            "v0-seed",
            175 * 256 * KIB,
            "QmepeWtdmS1hHXx1oZXsPUv6bMrfRRKfZcoPPU4eEfjnbf",
        ),
        (
            Profile::UnixfsV1,
            "v1-2025-seed",
            1024 * MIB,
            "bafybeihmf37wcuvtx4hpu7he5zl5qaf2ineo2lqlfrapokkm5zzw7zyhvm",
        ),
        (
            Profile::UnixfsV1,
            "v1-2025-seed",
            1025 * MIB,
            "bafybeihmzokxxjqwxjcryerhp5ezpcog2wcawfryb2xm64xiakgm4a5jue",
        ),
    ];
    for (profile, seed, length, expected) in cases {
        let found = cid_of_stream(Keystream::new(seed, length), profile);
        assert_eq!(found, expected, "{length} bytes of `{seed}` under {profile}");
    }
}

#[test]
fn folders_at_the_sharding_threshold_and_one_byte_over() {
    let cases = [
        (
            Profile::UnixfsV0,
            4096,
            30,
            30,
            "QmX5GtRk3TSSEHtdrykgqm4eqMEn3n2XhfkFAis5fjyZmN",
        ),
        (
            Profile::UnixfsV0,
            4033,
            31,
            31,
            "QmeMiJzmhpJAUgynAcxTQYek5PPKgdv3qEvFsdV3XpVnvP",
        ),
        (
            Profile::UnixfsV1,
            4766,
            11,
            21,
            "bafybeic3h7rwruealwxkacabdy45jivq2crwz6bufb5ljwupn36gicplx4",
        ),
        (
            Profile::UnixfsV1,
            4766,
            11,
            22,
            "bafybeiegvuterwurhdtkikfhbxcldohmxp566vpjdofhzmnhv6o4freidu",
        ),
    ];
    for (profile, count, length, last, expected) in cases {
        let found = cid_of_folder(&format!("hamt-{profile}"), count, length, last, profile);
        assert_eq!(
            found, expected,
            "{count} names of {length} bytes (last {last}) under {profile}"
        );
    }
}
