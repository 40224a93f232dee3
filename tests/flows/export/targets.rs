//! Killed, or out of room, while a bundle is written in another form or its delta is: whole or not there, and the same bytes
//! the next time. `SALON_KILLS` sets how often it is killed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::program::{Delays, attempt, files_below, kill_after, kills, models, must, planted, text, timed};

/// Points at which each is killed unless `SALON_KILLS` says otherwise.
const KILLS: u64 = 25;

/// Two bundles of one project: the later lacks a picture.
fn two_bundles() -> (salon_testkit::TempProject, PathBuf, PathBuf) {
    let (planted, ids) = planted(40);
    let project = planted.dir();
    let project = text(&project);
    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    let decide = |verdict: &str, ids: &[String]| {
        let mut arguments = vec!["decide", "--project", project, "--by", "Ada", verdict];
        arguments.extend(ids.iter().map(String::as_str));
        must(&arguments);
    };
    let export = |name: &str| {
        let out = planted.beside(name);
        must(&["approve", "--project", project, "--by", "Grace"]);
        must(&[
            "export",
            "--project",
            project,
            "--out",
            text(&out),
            "--name",
            "Foxes",
        ]);
        out
    };
    decide("--accept", &ids);
    let first = export("first");
    decide("--reject", &ids[20..21]);
    let second = export("second");
    (planted, first, second)
}

fn bytes_below(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let files = files_below(folder).into_iter().map(|path| {
        let bytes = std::fs::read(&path).expect("it can be read");
        let name = path.strip_prefix(folder).expect("it lies there").to_path_buf();
        (name, bytes)
    });
    files.collect()
}

#[test]
fn a_target_and_a_delta_are_there_whole_or_not_at_all() {
    let (planted, first, second) = two_bundles();
    let (first, second) = (text(&first), text(&second));
    let mut delays = Delays(17);

    // A key with which the same is signed the same again.
    let key = Path::new(env!("CARGO_MANIFEST_DIR")).join("../bundle/tests/keys/ed25519.json");
    for target in ["opensea", "erc721-both", "arweave"] {
        let reference = planted.beside(&format!("{target}-reference"));
        let order = [
            "target",
            "write",
            first,
            "--for",
            target,
            "--key",
            text(&key),
            "--out",
        ];
        let usual = timed(&[&order[..], &[text(&reference)]].concat());
        let expected = bytes_below(&reference);
        for round in 0..kills(KILLS) {
            let out = planted.beside(&format!("{target}-{round}"));
            let words = [&order[..], &[text(&out)]].concat();
            kill_after(&words, delays.next(usual));
            if !out.exists() {
                must(&words);
            }
            assert!(
                bytes_below(&out) == expected,
                "{target}, round {round}: whole, and the same bytes"
            );
        }
    }

    let reference = planted.beside("reference.car");
    let order = ["diff", first, second, "--delta"];
    let usual = timed(&[&order[..], &[text(&reference)]].concat());
    let expected = std::fs::read(&reference).expect("it was written");
    for round in 0..kills(KILLS) {
        let out = planted.beside(&format!("delta-{round}.car"));
        let words = [&order[..], &[text(&out)]].concat();
        kill_after(&words, delays.next(usual));
        if !out.exists() {
            must(&words);
        }
        let found = std::fs::read(&out).expect("it was written");
        assert!(
            found == expected,
            "round {round}: the delta is whole, and the same bytes"
        );
    }
}

/// What a full disk says of a file, a limit on the length of files says too.
#[cfg(unix)]
#[test]
fn where_there_is_no_room_nothing_is_left_and_the_next_step_is_said() {
    let (planted, first, second) = two_bundles();
    let (first, second) = (text(&first), text(&second));
    let project = planted.dir();
    let (form, delta, bundle) = (
        planted.beside("form"),
        planted.beside("delta.car"),
        planted.beside("third"),
    );
    let orders: [(&Path, Vec<&str>); 3] = [
        (
            &form,
            vec!["target", "write", first, "--for", "erc721", "--out", text(&form)],
        ),
        (&delta, vec!["diff", first, second, "--delta", text(&delta)]),
        (
            &bundle,
            vec!["export", "--project", text(&project), "--out", text(&bundle)],
        ),
    ];
    for (out, words) in orders {
        let before = names_beside(out);
        let output = Command::new("/bin/sh")
            // In blocks of 512 bytes. The signal is ignored, so that writing fails as on a full disk.
            .args([
                "-c",
                "trap '' XFSZ; ulimit -f 16; exec \"$0\" \"$@\" --json",
                env!("CARGO_BIN_EXE_salon"),
            ])
            .args(&words)
            .env_remove("SALON_PROJECT")
            .env("SALON_MODELS", models())
            .stdin(Stdio::null())
            .output()
            .expect("a shell starts");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(!output.status.success(), "{words:?} has no room: {said}");
        assert!(
            said.contains("free some space") || said.contains("has room"),
            "{words:?} says what to do: {said}"
        );
        assert_eq!(names_beside(out), before, "{words:?} leaves nothing behind");
        let (fine, document) = attempt(&words);
        assert!(fine && out.exists(), "with room it goes: {document}");
    }
}

#[cfg(unix)]
fn names_beside(path: &Path) -> Vec<std::ffi::OsString> {
    let folder = path.parent().expect("it lies in a folder");
    let entries = std::fs::read_dir(folder).expect("the folder can be read");
    let mut names: Vec<_> = entries
        .map(|entry| entry.expect("an entry").file_name())
        .collect();
    names.sort();
    names
}
