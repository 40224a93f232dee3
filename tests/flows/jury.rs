//! A blind round from the command line: three jurors, a tie, a signature, and a log that proves all of it.

use salon_domain::Digest;
use serde_json::Value;

use crate::program::{attempt, must, planted, salon, text};

/// `salon ARGUMENTS` as somebody with a PIN.
fn with_pin(arguments: &[&str], pin: &str) -> Value {
    let output = salon(arguments)
        .env("SALON_PIN", pin)
        .output()
        .expect("salon starts");
    serde_json::from_slice(&output.stdout).expect("salon prints a document")
}

#[test]
fn three_jurors_vote_the_lead_settles_signs_and_the_log_proves_it() {
    let (planted, ids) = planted(4);
    let folder = planted.dir();
    let project = text(&folder);
    let words: Vec<String> = ids.iter().map(ToString::to_string).collect();
    let mut accept = vec![
        "decide",
        "--project",
        project,
        "--by",
        "Art",
        "--why",
        "a fine paw",
        "--accept",
    ];
    accept.extend(words.iter().map(String::as_str));
    let decided = must(&accept);
    assert_eq!(decided["counts"]["accepted"], 4, "{decided}");
    must(&["undo", "--project", project, "--by", "Art"]);
    let redone = must(&["redo", "--project", project, "--by", "Art"]);
    assert_eq!(
        redone["changes"].as_array().map(Vec::len),
        Some(4),
        "four candidates were one gesture: {redone}"
    );

    let add = |name: &str, role: &str, more: &[&str]| {
        let mut arguments = vec!["curators", "add", "--project", project, name, "--role", role];
        arguments.extend(more);
        with_pin(&arguments, "0815")
    };
    add("Lea", "lead", &["--new-pin", "0815"]);
    for juror in ["Ada", "Bea", "Cyd"] {
        let added = add(juror, "juror", &["--by", "Lea"]);
        assert_eq!(added["role"], "juror", "{added}");
    }
    let open = [
        "rounds",
        "open",
        "--project",
        project,
        "First",
        "--quorum",
        "2",
        "--by",
        "Lea",
        "--jurors",
        "Ada",
        "Bea",
        "Cyd",
    ];
    let (fine, refused) = attempt(&open);
    assert_eq!(
        (fine, &refused["error"]["code"]),
        (false, &"sign_in_needed".into()),
        "a lead with a PIN gives it"
    );
    let round = with_pin(&open, "0815");
    assert_eq!(round["candidates"], 4, "{round}");

    let listed = must(&["list", "--project", project]);
    let listed = listed.as_array().expect("rows");
    // 1: all for it. 2: one for, one against, one silent. 3 and 4: all against.
    for (juror, place_of) in [("Ada", 2), ("Bea", 1), ("Cyd", 0)] {
        let hung = planted.beside(juror);
        let ballot = must(&[
            "rounds",
            "ballot",
            "--project",
            project,
            "1",
            "--pictures",
            text(&hung),
            "--by",
            juror,
        ]);
        for entry in ballot["entries"].as_array().expect("entries") {
            assert!(entry.get("candidate").is_none(), "a ballot names nobody: {entry}");
            let picture = hung.join(format!("{:05}.png", entry["place"].as_u64().expect("a place")));
            let digest = Digest::of(&std::fs::read(picture).expect("a picture for every place")).to_string();
            let shown = listed.iter().find(|row| row["sha256"] == digest.as_str());
            let candidate = shown.and_then(|row| row["id"].as_i64()).expect("one of ours");
            let vote = match (candidate - ids[0], place_of) {
                (0, _) | (1, 2) => "accept",
                (1, 0) => continue,
                _ => "reject",
            };
            let place = entry["place"].to_string();
            must(&["vote", "--project", project, "1", &place, vote, "--by", juror]);
        }
    }
    let open = must(&["rounds", "report", "--project", project, "1"]);
    assert_eq!(open["outcomes"], Value::Array(vec![]), "nothing is told yet");
    assert_eq!(open["jurors"][2]["done"], 3, "but how far each is: {open}");
    let closed = with_pin(
        &["rounds", "close", "--project", project, "1", "--by", "Lea"],
        "0815",
    );
    let outcomes: Vec<_> = closed["outcomes"]
        .as_array()
        .expect("outcomes")
        .iter()
        .map(|outcome| outcome["outcome"].as_str().expect("an outcome"))
        .collect();
    assert_eq!(outcomes, ["accepted", "tie", "rejected", "rejected"]);
    with_pin(
        &[
            "rounds",
            "tie",
            "--project",
            project,
            "1",
            &words[1],
            "accept",
            "--by",
            "Lea",
        ],
        "0815",
    );
    let signed = with_pin(&["approve", "--project", project, "--by", "Lea"], "0815");
    assert_eq!(signed["count"], 2, "what the jury and the lead passed: {signed}");

    let verified = must(&["log", "verify", "--project", project]);
    assert!(verified.get("fault").is_none(), "{verified}");
    let replayed = must(&["log", "replay", "--project", project]);
    assert_eq!(replayed["matches_live"], true, "{replayed}");

    let database = folder.join("catalog.sqlite");
    let mut bytes = std::fs::read(&database).expect("the database can be read");
    let places: Vec<usize> = (0..bytes.len())
        .filter(|&place| bytes[place..].starts_with(b"a fine paw"))
        .collect();
    assert!(places.len() >= 4, "the reasons stand in the file");
    for place in places {
        bytes[place] = b'A';
    }
    std::fs::write(&database, bytes).expect("the database can be written");
    let (fine, verified) = attempt(&["log", "verify", "--project", project]);
    assert!(!fine, "a forged log ends with a failure");
    assert_eq!(
        verified["fault"]["row"], 1,
        "and the first bad row is named: {verified}"
    );
}
