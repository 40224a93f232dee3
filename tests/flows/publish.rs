//! kill -9 at random points of publishing: to a node, which is sent the CAR anew where it has to be, and to a store, part by
//! part. Each time it goes on to the same root, and no part that the store had comes twice.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use salon_testkit::TempProject;
use salon_testkit::loopback::{Kubo, Store};
use serde_json::Value;

use crate::program::{Delays, kill, must, planted, salon, text};

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

/// Kills `arguments` at so many points of `whole`, which it takes undisturbed, and lets it end; what it said then.
fn killed(arguments: &[&str], whole: Duration, kills: u64, delays: &mut Delays) -> Value {
    for _ in 0..kills {
        let mut child = salon(arguments)
            .env("SALON_PUBLISH_KEY", KEY)
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .expect("salon starts");
        std::thread::sleep(delays.next(whole));
        kill(&mut child);
    }
    document(arguments)
}

fn kills() -> u64 {
    let wished = std::env::var("SALON_KILLS")
        .ok()
        .and_then(|kills| kills.parse().ok());
    wished.unwrap_or(25)
}

#[test]
fn a_publication_that_is_killed_goes_on_to_the_same_root() {
    let (planted, bundle) = with_bundle();
    let project = planted.dir();
    let project = text(&project);
    let car = std::fs::read(bundle.join("bundle.car")).expect("the CAR");
    let mut delays = Delays(11);
    let (mut left, mut round, mut resumed) = (kills(), 0, 0);
    while left > 0 {
        round += 1;
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
        let kills = left.min(5);
        left -= kills;
        let done = killed(&arguments, undisturbed, kills, &mut delays);
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

    let node = Kubo::start([]);
    let address = node.machine.address().to_owned();
    let arguments = ["publish", "kubo", "--project", project, "--to", &address, "--yes"];
    let done = killed(&arguments, Duration::from_millis(300), 5, &mut delays);
    assert_eq!(done["state"], "done", "{done}");
    let root = done["root_cid"].as_str().expect("a root");
    assert_eq!(
        node.pinned(root).as_deref(),
        Some(&*car),
        "the node has it under its root"
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
    let all = all.as_array().expect("a list");
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
