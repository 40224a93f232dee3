//! CAR files whose every block hashes rightly and which are wrong all the same: what `verify` says of links, sizes,
//! names and shards, and that it takes no more time or memory than the file has bytes.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)] // A test that cannot set up must stop.

mod common;

use std::fs;

use common::verify;
use salon_bundle::VerificationReport;
use salon_domain::Digest;

const DIRECTORY: &[u8] = &[0x08, 0x01];

fn put_length(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn field(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    put_length(&mut out, content.len() as u64);
    out.extend_from_slice(content);
    out
}

/// A block, its CID (version 1, raw or dag-pb) and its cumulative size.
#[derive(Clone)]
struct Block {
    cid: Vec<u8>,
    bytes: Vec<u8>,
    tsize: u64,
}

fn block(codec: u8, bytes: Vec<u8>, tsize: u64) -> Block {
    let cid = [&[0x01, codec, 0x12, 0x20][..], &Digest::of(&bytes).0].concat();
    Block { cid, bytes, tsize }
}

fn raw(content: &[u8]) -> Block {
    block(0x55, content.to_vec(), content.len() as u64)
}

/// A dag-pb block over named children; `lie` is added to every size it tells.
fn node(children: &[(&str, &Block)], data: &[u8], lie: u64) -> Block {
    let mut bytes = Vec::new();
    let mut below = 0_u64;
    for (name, child) in children {
        let told = child.tsize.saturating_add(lie);
        below = below.saturating_add(told);
        let mut size = vec![0x18];
        put_length(&mut size, told);
        let link = [field(0x0a, &child.cid), field(0x12, name.as_bytes()), size].concat();
        bytes.extend_from_slice(&field(0x12, &link));
    }
    bytes.extend_from_slice(&field(0x0a, data));
    let tsize = below.saturating_add(bytes.len() as u64);
    block(0x70, bytes, tsize)
}

fn shard_data(bitfield: &[u8]) -> Vec<u8> {
    [
        &[0x08, 0x05][..],
        &field(0x12, bitfield),
        &[0x28, 0x22, 0x30, 0x80, 0x02],
    ]
    .concat()
}

/// Verifies a CAR of `blocks`, the first of which is the root.
fn verify_blocks(blocks: &[Block]) -> VerificationReport {
    let mut root = vec![0];
    root.extend_from_slice(&blocks[0].cid);
    let header = [
        b"\xa2\x65roots\x81\xd8\x2a\x58",
        &[root.len() as u8][..],
        &root,
        b"\x67version\x01",
    ]
    .concat();
    let mut car = Vec::new();
    put_length(&mut car, header.len() as u64);
    car.extend_from_slice(&header);
    for block in blocks {
        put_length(&mut car, (block.cid.len() + block.bytes.len()) as u64);
        car.extend_from_slice(&block.cid);
        car.extend_from_slice(&block.bytes);
    }
    let work = tempfile::tempdir().unwrap();
    let path = work.path().join("hostile.car");
    fs::write(&path, car).unwrap();
    verify(&path)
}

/// Asserts that `links` failed, with `expected` in what it expected.
fn refused(blocks: &[Block], expected: &str) {
    let report = verify_blocks(blocks);
    let named =
        |failure: &salon_bundle::Failure| failure.what == "links" && failure.expected.contains(expected);
    assert!(
        !report.ok && report.failures.iter().any(named),
        "`{expected}` should be in {:#?}",
        report.failures
    );
}

#[test]
fn an_honest_graph_passes_so_the_others_fail_for_their_fault() {
    let file = raw(b"x");
    let root = node(&[("a", &file), ("b", &file)], DIRECTORY, 0);
    let report = verify_blocks(&[root, file]);
    assert!(report.ok, "{:?}", report.failures);
}

#[test]
fn links_that_lie_or_lead_nowhere() {
    let file = raw(b"x");
    refused(&[node(&[("a", &file)], DIRECTORY, 1), file.clone()], "Tsize 1");
    refused(&[node(&[("a", &file)], DIRECTORY, 0)], "block bafk");
    refused(
        &[node(&[], DIRECTORY, 0), file.clone()],
        "only blocks below the root",
    );
    let parts = [0x08, 0x02, 0x18, 0x02, 0x20, 0x02];
    refused(
        &[node(&[("", &file)], &parts, 0), file.clone()],
        "2 bytes of content",
    );
    let folder = node(&[], DIRECTORY, 0);
    let parts = [0x08, 0x02, 0x18, 0x00, 0x20, 0x00];
    refused(
        &[node(&[("", &folder)], &parts, 0), folder],
        "a block that fits its place",
    );
    refused(&[node(&[], &[0x08, 0x63], 0)], "a UnixFS node");
}

#[test]
fn names_that_no_folder_has() {
    let file = raw(b"x");
    for name in ["", ".", "..", "a/b"] {
        refused(
            &[node(&[(name, &file)], DIRECTORY, 0), file.clone()],
            "names that a file can have",
        );
    }
    refused(
        &[node(&[("b", &file), ("a", &file)], DIRECTORY, 0), file.clone()],
        "ascending order",
    );
    refused(
        &[node(&[("a", &file), ("a", &file)], DIRECTORY, 0), file.clone()],
        "each once",
    );
}

#[test]
fn shards_with_entries_in_the_wrong_place() {
    // hello.txt belongs at DF: bit 223, the top bit of the 28th byte from the end.
    let file = raw(b"hello\n");
    let trimmed = [&[0x80][..], &[0; 27]].concat();
    let honest = node(&[("DFhello.txt", &file)], &shard_data(&trimmed), 0);
    assert!(
        verify_blocks(&[honest, file.clone()]).ok,
        "the published shard must pass"
    );
    let padded = [&[0; 4][..], &trimmed].concat();
    refused(
        &[
            node(&[("DFhello.txt", &file)], &shard_data(&padded), 0),
            file.clone(),
        ],
        "bitfield",
    );
    refused(
        &[
            node(&[("00hello.txt", &file)], &shard_data(&[1]), 0),
            file.clone(),
        ],
        "its hash gives",
    );
    refused(
        &[
            node(&[("dfhello.txt", &file)], &shard_data(&trimmed), 0),
            file.clone(),
        ],
        "upper-case",
    );
    // A shard may not hang below itself in another place, however deep.
    let inner = node(&[("DFhello.txt", &file)], &shard_data(&trimmed), 0);
    let outer = node(&[("00", &inner)], &shard_data(&[1]), 0);
    refused(&[outer, inner, file], "its hash gives");
}

#[test]
fn graphs_that_unfold_without_end_are_walked_once_per_block() {
    // 2^50 paths over 51 blocks, each size told rightly.
    let mut blocks = vec![raw(b"x")];
    for _ in 0..50 {
        let below = &blocks[blocks.len() - 1];
        blocks.push(node(&[("a", below), ("b", below)], DIRECTORY, 0));
    }
    blocks.reverse();
    let report = verify_blocks(&blocks);
    assert!(report.ok, "it is well formed, only large: {:?}", report.failures);
    assert_eq!(report.checks[0].count, 51, "every block once");
}

#[test]
fn sizes_beyond_64_bits_and_endless_nesting_are_refused() {
    let mut blocks = vec![raw(b"x")];
    for _ in 0..70 {
        let below = &blocks[blocks.len() - 1];
        blocks.push(node(&[("a", below), ("b", below)], DIRECTORY, 0));
    }
    blocks.reverse();
    refused(&blocks, "a UnixFS node");
    let mut blocks = vec![raw(b"x")];
    for _ in 0..20_000 {
        let below = &blocks[blocks.len() - 1];
        blocks.push(node(&[("a", below)], DIRECTORY, 0));
    }
    blocks.reverse();
    refused(&blocks, "a path of at most");
}
