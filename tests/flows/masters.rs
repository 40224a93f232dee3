//! From the command line: one master is tried, all are made, and the bundle has them.

use std::fs;

use serde_json::json;

use crate::program::{attempt, must, planted, salon, text};

#[test]
fn masters_are_tried_made_listed_and_exported() {
    let (planted, ids) = planted(3);
    let project = planted.dir();
    let project = text(&project);
    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    let mut accept = vec!["decide", "--project", project, "--by", "Ada", "--accept"];
    accept.extend(ids.iter().map(String::as_str));
    must(&accept);
    let (fine, refused) = attempt(&["masters", "make", "--project", project]);
    assert!(
        !fine && refused["error"]["code"] == "invalid_request",
        "nothing is signed yet: {refused}"
    );
    must(&["approve", "--project", project, "--by", "Grace"]);

    let tried = planted.beside("tried.png");
    let how = ["--times", "4", "--format", "png", "--clean", "--disclose"];
    let mut arguments = vec!["masters", "try", "--project", project, "--out", text(&tried)];
    arguments.extend(how);
    let sample = must(&arguments);
    assert_eq!(sample["source"], "trained_algorithmic_media", "{sample}");
    assert_eq!(
        fs::metadata(&tried).unwrap().len(),
        sample["after"]["bytes"].as_u64().unwrap(),
        "what was tried can be looked at"
    );
    assert_eq!(
        must(&["masters", "list", "--project", project]),
        json!([]),
        "and orders nothing"
    );

    let mut arguments = vec!["masters", "make", "--project", project];
    arguments.extend(how);
    let made = must(&arguments);
    assert_eq!(
        (&made["made"], &made["pictures"]),
        (&json!(3), &json!(3)),
        "{made}"
    );
    let out = planted.beside("sold");
    must(&["export", "--project", project, "--out", text(&out)]);
    assert_eq!(must(&["verify", text(&out)])["ok"], true);
    assert_eq!(
        fs::read(out.join("images/1.png")).unwrap(),
        fs::read(&tried).unwrap(),
        "what was tried is what is sold"
    );
    let plain = planted.beside("plain");
    must(&[
        "export",
        "--project",
        project,
        "--without-masters",
        "--out",
        text(&plain),
    ]);
    assert_ne!(
        must(&["cid", text(&plain)])["cid"],
        must(&["cid", text(&out)])["cid"]
    );

    // A certificate without its key is wrong usage; one that is not there is named.
    let certificate = [
        "masters",
        "make",
        "--project",
        project,
        "--certificate",
        "nowhere.pem",
    ];
    assert_eq!(salon(&certificate).output().unwrap().status.code(), Some(2));
    let mut both = certificate.to_vec();
    both.extend(["--key", "nowhere.key"]);
    let (fine, refused) = attempt(&both);
    assert!(!fine && refused["error"]["code"] == "not_found", "{refused}");
    assert!(
        refused["error"]["message"]
            .as_str()
            .unwrap()
            .contains("nowhere.pem"),
        "{refused}"
    );
}
