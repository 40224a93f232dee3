//! kill -9 at random points of publishing: to a node, which is sent the CAR anew where it has to be, and to a store, part by
//! part. Each time it goes on to the same root, and no part that the store had comes twice.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use salon_testkit::TempProject;
use salon_testkit::loopback::{Kubo, Reply, Store, StoreFault};
use serde_json::Value;

use crate::program::{Delays, kill, kills, must, planted, salon, text};

/// Points at which it is killed unless `SALON_KILLS` says otherwise.
const KILLS: u64 = 25;
/// Side of a picture of noise, so that there are parts to be cut off in: 6 MiB.
const SIDE: u32 = 1448;
const KEY: &str = "AKID:secret";

/// A project whose bundle has a CAR of several MiB: one of its pictures is noise.
fn with_bundle() -> (TempProject, PathBuf) {
    let (planted, _) = planted(2);
    let project = planted.dir();
    let project = text(&project);
    let folder = planted.beside("noise");
    std::fs::create_dir(&folder).expect("a folder");
    std::fs::write(folder.join("noise.png"), salon_testkit::noise(7, SIDE)).expect("a picture");
    must(&["import", "--project", project, text(&folder)]);
    let listed = must(&["list", "--project", project]);
    let ids: Vec<String> = listed
        .as_array()
        .expect("a list")
        .iter()
        .map(|candidate| candidate["id"].to_string())
        .collect();
    let mut accept = vec!["decide", "--project", project, "--by", "Ada", "--accept"];
    accept.extend(ids.iter().map(String::as_str));
    must(&accept);
    must(&["approve", "--project", project, "--by", "Grace"]);
    let bundle = planted.beside("bundle");
    must(&[
        "export",
        "--project",
        project,
        "--out",
        text(&bundle),
        "--name",
        "Foxes",
    ]);
    (planted, bundle)
}

fn document(arguments: &[&str]) -> Value {
    let output = salon(arguments)
        .env("SALON_PUBLISH_KEY", KEY)
        .output()
        .expect("salon starts");
    let document: Value = serde_json::from_slice(&output.stdout).expect("a document");
    assert!(output.status.success(), "{document}");
    document
}

/// Kills `arguments` at up to so many points of `whole`, which it takes undisturbed, until one comes too late, and lets it
/// end; what it said then, and how many kills came in time.
fn killed(arguments: &[&str], whole: Duration, kills: u64, delays: &mut Delays) -> (Value, u64) {
    let mut caught = 0;
    while caught < kills {
        let mut child = salon(arguments)
            .env("SALON_PUBLISH_KEY", KEY)
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .expect("salon starts");
        std::thread::sleep(delays.next(whole));
        if !kill(&mut child) {
            break;
        }
        caught += 1;
    }
    (document(arguments), caught)
}

#[test]
fn a_publication_that_is_killed_goes_on_to_the_same_root() {
    let (planted, bundle) = with_bundle();
    let project = planted.dir();
    let project = text(&project);
    let car = std::fs::read(bundle.join("bundle.car")).expect("the CAR");
    let mut delays = Delays(11);
    let kills = kills(KILLS);
    let (mut left, mut round, mut resumed) = (kills, 0, 0);
    while left > 0 {
        round += 1;
        assert!(round <= 10 * kills, "kills come too late, or nothing was tested");
        let object = format!("round-{round}.car");
        let store = Store::start("AKID", [], None);
        let address = store.machine.address().to_owned();
        let s3 = |object: &str| {
            let words = [
                "publish",
                "s3",
                "--project",
                project,
                "--to",
                &address,
                "--bucket",
                "foxes",
                "--object",
                object,
                "--import",
                "--part-mib",
                "1",
                "--yes",
            ];
            words.map(str::to_owned)
        };
        let undisturbed = {
            let arguments = s3("undisturbed.car");
            let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
            let start = Instant::now();
            document(&arguments);
            start.elapsed()
        };
        let arguments = s3(&object);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let (done, caught) = killed(&arguments, undisturbed, left.min(5), &mut delays);
        left -= caught;
        assert_eq!(done["state"], "done", "{done}");
        assert_eq!(
            store.object(&format!("/foxes/{object}")).as_deref(),
            Some(&*car),
            "byte for byte"
        );
        let (_, most) = store.uploads();
        assert_eq!(most, 1, "a part that the store has is not sent again");
        resumed += store.resumed();
    }
    assert!(
        resumed > 0,
        "some of {round} rounds were cut off between two parts, or nothing was tested"
    );
    eprintln!(
        "publish to a store: {kills} runs killed, of {round} uploads, {resumed} goes that asked for parts: all arrived byte for \
         byte"
    );

    let (mut left, mut round) = (kills / 5, 0);
    let mut undisturbed = Duration::from_millis(300);
    while left > 0 {
        round += 1;
        assert!(round <= 10 * kills, "kills come too late, or nothing was tested");
        // Another node each time: one that has it pinned is sent nothing.
        let node = Kubo::start([]);
        let address = node.machine.address().to_owned();
        let arguments = ["publish", "kubo", "--project", project, "--to", &address, "--yes"];
        let start = Instant::now();
        let (done, caught) = if round == 1 {
            (document(&arguments), 0)
        } else {
            killed(&arguments, undisturbed, left.min(5), &mut delays)
        };
        if round == 1 {
            undisturbed = start.elapsed();
        }
        left -= caught;
        assert_eq!(done["state"], "done", "{done}");
        let root = done["root_cid"].as_str().expect("a root");
        assert_eq!(
            node.pinned(root).as_deref(),
            Some(&*car),
            "the node has it under its root"
        );
    }
    eprintln!(
        "publish to a node: {} runs killed, of {} imports: all arrived under the same root",
        kills / 5,
        round - 1
    );
    assert_eq!(
        listed(project, "done"),
        listed(project, ""),
        "nothing is left half done"
    );
}

/// How many publications stand so; all of them for no word.
fn listed(project: &str, state: &str) -> usize {
    let all = must(&["publish", "list", "--project", project]);
    let all = all["publications"].as_array().expect("a list");
    all.iter()
        .filter(|one| state.is_empty() || one["state"] == state)
        .count()
}

#[test]
fn nobody_is_sent_anything_without_a_yes() {
    let (planted, _) = with_bundle();
    let project = planted.dir();
    let node = Kubo::start([]);
    let arguments = [
        "publish",
        "kubo",
        "--project",
        text(&project),
        "--to",
        node.machine.address(),
    ];
    let output = salon(&arguments).output().expect("salon starts");
    let document: Value = serde_json::from_slice(&output.stdout).expect("a document");
    assert!(!output.status.success(), "{document}");
    let message = document["error"]["message"].as_str().expect("a message");
    assert!(
        message.contains("nothing was sent") && message.contains(node.machine.host()),
        "{message}"
    );
    assert!(node.keys().is_empty(), "nobody was asked");
}

/// What a command says with a key, or without one, and whether it succeeded.
fn said(arguments: &[&str], key: Option<&str>) -> (bool, Value) {
    let mut command = salon(arguments);
    command.env_remove("SALON_PUBLISH_KEY");
    if let Some(key) = key {
        command.env("SALON_PUBLISH_KEY", key);
    }
    let output = command.output().expect("salon starts");
    let document = serde_json::from_slice(&output.stdout).expect("a document");
    (output.status.success(), document)
}

#[test]
fn an_upload_that_is_forgotten_leaves_no_parts_unless_that_is_said() {
    let (planted, _) = with_bundle();
    let project = planted.dir();
    let project = text(&project);
    let refused = || StoreFault::Answer(Reply::new(403, ""));
    let stop = [
        StoreFault::DropBeforeAnswer,
        refused(),
        StoreFault::DropBeforeAnswer,
        refused(),
    ];
    let store = Store::start("AKID", stop, None);
    let publish = [
        "publish",
        "s3",
        "--project",
        project,
        "--to",
        store.machine.address(),
        "--bucket",
        "foxes",
        "--part-mib",
        "1",
        "--yes",
    ];
    let forget = ["publish", "forget", "1", "--project", project];
    let (fine, document) = said(&publish, Some(KEY));
    assert!(!fine, "it stops at its second part: {document}");
    assert_eq!(
        (store.unfinished(), store.parts()),
        ((1, 0), 1),
        "a part is there"
    );

    store.fail_aborts([refused()]);
    for (key, words) in [
        (Some(KEY), "does not take the key (403)"),
        (None, "it needs a key of two halves"),
    ] {
        let (fine, document) = said(&forget, key);
        assert!(!fine && document["error"]["code"] == "parts_left", "{document}");
        let told = document.to_string();
        for words in [
            words,
            "may still have parts",
            "abort-multipart-upload",
            "--leave-parts",
        ] {
            assert!(told.contains(words), "`{told}` should say `{words}`");
        }
        assert!(!told.contains("secret"), "{told}");
        assert_eq!(listed(project, "stopped"), 1, "it is not forgotten");
        assert_eq!(store.unfinished().0, 1);
    }
    let (fine, left) = said(&forget, Some(KEY));
    assert!(fine, "{left}");
    assert_eq!(left, serde_json::json!([]), "it is forgotten");
    assert_eq!(store.unfinished(), (0, 2), "and the store has no part of it");

    assert!(!said(&publish, Some(KEY)).0, "another stops as the first did");
    let leave = [&forget[..], &["--leave-parts"]].concat();
    let (fine, left) = said(&leave, Some(KEY));
    assert!(fine, "{left}");
    assert_eq!(
        (listed(project, ""), store.unfinished()),
        (0, (1, 2)),
        "nobody was asked"
    );
}
