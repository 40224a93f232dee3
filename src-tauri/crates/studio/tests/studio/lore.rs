//! Lore from the first draft to a locked text, as hosts order it.

use salon_domain::{CancelToken, CandidateId, LoreField, LoreSource, Seen, Verdict};
use salon_studio::Studio;
use salon_studio::api::*;

use crate::common::{Bench, order, planted, rest};

fn write(studio: &Studio, request: WriteLore) -> LoreProgress {
    let progress = studio
        .write_lore_now(request, &CancelToken::new(), |_| {})
        .unwrap();
    assert!(progress.ended, "it waits for the end");
    assert_eq!(progress.fault, None, "nothing stopped it");
    progress
}

fn all(ids: &[CandidateId]) -> WriteLore {
    WriteLore {
        candidates: Some(ids.to_vec()),
        ..WriteLore::default()
    }
}

fn text(studio: &Studio, id: CandidateId, field: LoreField) -> LoreText {
    let request = LoreRequest {
        candidates: Some(vec![id]),
    };
    let lore = studio.lore(request).unwrap().remove(0);
    lore.texts.into_iter().find(|text| text.field == field).unwrap()
}

#[test]
fn the_grammar_writes_drafts_that_a_hand_accepts_edits_and_locks() {
    let (_planted, ids, studio) = planted(3);
    let progress = write(&studio, all(&ids));
    assert_eq!((progress.done, progress.written, progress.seed), (3, 9, 7));
    let name = text(&studio, ids[0], LoreField::Name);
    assert!(matches!(&name.source, LoreSource::Grammar { name, .. } if name == "house grammar"));
    assert!(
        !name.accepted && !name.locked && !name.stale,
        "a fresh draft: {name:?}"
    );

    let edited = studio
        .edit_lore(EditLore {
            candidate: ids[0],
            field: LoreField::Name,
            text: "  The\nFirst   Fox ".into(),
            by: "Ada".into(),
        })
        .unwrap();
    let name = &edited.texts[0];
    assert_eq!(name.text, "The First Fox", "tidied");
    assert!(name.accepted && name.locked, "a hand's word holds");
    assert_eq!(name.source, LoreSource::Hand { by: "Ada".into() });
    assert!(
        edited.texts[1].stale,
        "the description was written when it was called otherwise"
    );

    let again = WriteLore {
        scope: LoreScope::Unlocked,
        seed: Some(99),
        ..all(&ids)
    };
    assert_eq!(write(&studio, again).written, 8, "all but the locked name");
    assert_eq!(text(&studio, ids[0], LoreField::Name).text, "The First Fox");
    let description = text(&studio, ids[0], LoreField::Description);
    assert!(!description.stale, "written anew, for the name it has");
}

#[test]
fn the_same_seed_writes_the_same_and_scopes_hold() {
    let (_planted, ids, studio) = planted(5);
    write(&studio, all(&ids));
    let before = studio.lore(LoreRequest::default()).unwrap();
    assert_eq!(write(&studio, all(&ids)).written, 0, "nothing is missing");
    let open = |seed| WriteLore {
        scope: LoreScope::Open,
        seed: Some(seed),
        ..all(&ids)
    };
    assert_eq!(write(&studio, open(7)).written, 15);
    let same = studio.lore(LoreRequest::default()).unwrap();
    let words = |lore: &[CandidateLore]| -> Vec<String> {
        lore.iter()
            .flat_map(|one| &one.texts)
            .map(|text| text.text.clone())
            .collect()
    };
    assert_eq!(words(&before), words(&same), "the same seed, the same words");
    let mark = MarkLore {
        candidates: ids[..2].to_vec(),
        fields: vec![],
        accepted: Some(true),
        locked: None,
        by: "Ada".into(),
    };
    assert!(
        studio
            .mark_lore(mark)
            .unwrap()
            .iter()
            .flat_map(|one| &one.texts)
            .all(|text| text.accepted)
    );
    assert_eq!(
        write(&studio, open(8)).written,
        9,
        "accepted texts are nobody's draft"
    );
}

#[test]
fn a_voice_is_kept_and_held_to() {
    let (_planted, ids, studio) = planted(4);
    let mut voice = studio.lore_voice(Nothing {}).unwrap();
    voice.banned = vec![" fox ".into(), String::new()];
    voice.grammar = Some(
        r##"{"name": "mine", "rules": {"name": ["Fox", "Vixen", "Reynard", "Tod"], "description": ["#name# stands in the garden"],
            "lore": ["#name# has a story that is forty characters long"]}}"##
            .into(),
    );
    let voice = studio.set_lore_voice(voice).unwrap();
    assert_eq!(voice.banned, ["fox"], "trimmed, and nothing empty");
    write(&studio, all(&ids));
    let lore = studio.lore(LoreRequest::default()).unwrap();
    let mut names: Vec<&str> = lore.iter().map(|one| one.texts[0].text.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), 4, "no double among {names:?}");
    assert!(!names.contains(&"Fox"), "banned: {names:?}");

    let refused = LoreVoice {
        grammar: Some("{}".into()),
        ..voice
    };
    assert_eq!(
        studio.set_lore_voice(refused).unwrap_err().code,
        ErrorCode::InvalidRequest,
        "a grammar that says nothing"
    );
}

#[test]
fn what_cannot_be_written_is_named_and_the_rest_is_written() {
    let (_planted, ids, studio) = planted(3);
    let mut voice = studio.lore_voice(Nothing {}).unwrap();
    voice.grammar = Some(
        r#"{"name": "mine", "rules": {"name": ["Ada"], "description": ["the only thing there is to say"], "lore": ["x"]}}"#.into(),
    );
    studio.set_lore_voice(voice).unwrap();
    let order = WriteLore {
        fields: vec![LoreField::Description],
        ..all(&ids)
    };
    let progress = write(&studio, order);
    assert_eq!((progress.written, progress.failed.len()), (1, 2));
    assert!(
        progress.failed[0].why.contains("another picture"),
        "{:?}",
        progress.failed
    );

    let nobody = studio
        .write_lore_now(WriteLore::default(), &CancelToken::new(), |_| {})
        .unwrap_err();
    assert!(nobody.message.contains("nothing to write about"), "{nobody}");
}

/// A machine on the loopback interface that names as many pictures as it is asked to, and then is gone.
fn machine(requests: usize) -> (String, std::thread::JoinHandle<Vec<String>>) {
    use std::io::{BufRead, BufReader, Read, Write};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}/v1", listener.local_addr().unwrap());
    let asked = std::thread::spawn(move || {
        (0..requests)
            .map(|request| {
                let (mut stream, _) = listener.accept().unwrap();
                let mut reader = BufReader::new(stream.try_clone().unwrap());
                let mut head = String::new();
                while !head.ends_with("\r\n\r\n") {
                    reader.read_line(&mut head).unwrap();
                }
                let length = head.to_lowercase();
                let length = length.split("content-length: ").nth(1).unwrap();
                let mut body = vec![0; length.split("\r\n").next().unwrap().parse().unwrap()];
                reader.read_exact(&mut body).unwrap();
                let said = format!("{{\"name\": \"Picture {request}\"}}");
                let answer =
                    serde_json::json!({"choices": [{"message": {"content": said}, "finish_reason": "stop"}],
                    "usage": {"prompt_tokens": 1000, "completion_tokens": 10}})
                    .to_string();
                let head = format!(
                    "HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                    answer.len()
                );
                stream.write_all(format!("{head}{answer}").as_bytes()).unwrap();
                String::from_utf8(body).unwrap()
            })
            .collect()
    });
    (base, asked)
}

#[test]
fn an_endpoint_is_asked_only_when_it_is_on_within_its_cap_and_once() {
    let (_planted, ids, studio) = planted(2);
    let order = |scope| WriteLore {
        fields: vec![LoreField::Name],
        writer: LoreWriter::Endpoint,
        scope,
        seed: Some(3),
        ..all(&ids)
    };
    let tried = |scope| {
        studio
            .write_lore_now(order(scope), &CancelToken::new(), |_| {})
            .unwrap()
    };
    let off = tried(LoreScope::Missing);
    assert!(
        off.fault.unwrap().contains("nothing leaves this machine"),
        "off until it is turned on"
    );

    let (base, asked) = machine(2);
    let set = |on, cap| {
        let endpoint = LoreEndpoint {
            on,
            dialect: LoreDialect::OpenAi,
            base: base.clone(),
            model: "small".into(),
            input_price: 1.0,
            output_price: 10.0,
            cap,
        };
        studio
            .set_lore_endpoint(SetLoreEndpoint { endpoint, key: None })
            .unwrap()
    };
    assert!(!set(false, 1.0).endpoint.unwrap().on);
    assert!(
        tried(LoreScope::Missing)
            .fault
            .unwrap()
            .contains("nothing leaves this machine"),
        "set, but off"
    );
    set(true, 0.0001);
    let capped = tried(LoreScope::Missing);
    assert!(
        capped.fault.unwrap().contains("nothing was sent"),
        "the cap could be passed"
    );
    assert!(studio.lore_endpoint(Nothing {}).unwrap().spent < 1e-9);

    let status = set(true, 1.0);
    assert!(status.stays_here && !status.endpoint.unwrap().base.is_empty());
    assert_eq!(write(&studio, order(LoreScope::Missing)).written, 2);
    let bodies = asked.join().unwrap();
    assert!(
        bodies.iter().all(|body| body.contains("Species")),
        "it heard of the traits: {bodies:?}"
    );
    let spent = studio.lore_endpoint(Nothing {}).unwrap().spent;
    assert!(
        (spent - 2.0 * 0.0011).abs() < 1e-9,
        "1,000 tokens at 1 and 10 at 10, twice: {spent}"
    );
    let name = text(&studio, ids[1], LoreField::Name);
    assert_eq!(name.text, "Picture 1");
    assert!(matches!(name.source, LoreSource::Endpoint { model, .. } if model == "small"));

    // The machine is gone; what it answered is not.
    assert_eq!(
        write(&studio, order(LoreScope::Unlocked)).written,
        2,
        "the same question, the same answer"
    );
    assert_eq!(text(&studio, ids[1], LoreField::Name).text, "Picture 1");
    let other = WriteLore {
        seed: Some(4),
        ..order(LoreScope::Unlocked)
    };
    let gone = studio.write_lore_now(other, &CancelToken::new(), |_| {}).unwrap();
    assert!(
        gone.fault.unwrap().contains("cannot be asked"),
        "another seed is another question"
    );
    assert_eq!(
        text(&studio, ids[1], LoreField::Name).text,
        "Picture 1",
        "nothing is lost by that"
    );
}

#[test]
fn a_model_that_is_not_there_is_named() {
    let (_planted, ids, studio) = planted(1);
    assert_eq!(studio.lore_models(Nothing {}).unwrap(), []);
    let order = WriteLore {
        writer: LoreWriter::Model {
            name: "small.gguf".into(),
        },
        ..all(&ids)
    };
    let progress = studio.write_lore_now(order, &CancelToken::new(), |_| {}).unwrap();
    assert!(progress.fault.unwrap().contains("no language model `small.gguf`"));
    assert_eq!(progress.written, 0);
}

#[test]
fn accepted_lore_goes_out_with_the_set_and_drafts_stay() {
    let (planted, ids, studio) = planted(2);
    write(&studio, all(&ids));
    let mark = MarkLore {
        candidates: vec![ids[0]],
        fields: vec![],
        accepted: Some(true),
        locked: None,
        by: "Ada".into(),
    };
    studio.mark_lore(mark).unwrap();
    for candidate in &ids {
        studio
            .decide(Decide {
                candidate: *candidate,
                frame: None,
                verdict: salon_domain::Verdict::Accepted,
                by: "Ada".into(),
                why: String::new(),
            })
            .unwrap();
    }
    studio
        .approve(Approve {
            by: "Lea".into(),
            order: Some(ids.clone()),
        })
        .unwrap();
    let out = planted.beside("bundle");
    let report = studio
        .export(Export {
            approval: None,
            out: out.clone(),
            name: Some("Foxes".into()),
            description: "All of them.".into(),
            starting_index: 0,
            masters: None,
        })
        .unwrap();
    assert!(report.verification.ok, "{:?}", report.verification.failures);
    let metadata = |token: u32| -> serde_json::Value {
        let written = ["", ".json"].map(|ending| out.join(format!("metadata/{token}{ending}")));
        let file = written
            .iter()
            .find(|file| file.is_file())
            .expect("the token has metadata");
        serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap()
    };
    let (told, untold) = (metadata(1), metadata(2));
    for (field, key) in [
        (LoreField::Name, "name"),
        (LoreField::Description, "description"),
        (LoreField::Lore, "lore"),
    ] {
        let accepted = text(&studio, ids[0], field).text;
        assert_eq!(told[key], accepted.as_str(), "the accepted {key} is in {told}");
        let draft = text(&studio, ids[1], field).text;
        assert_ne!(
            untold[key],
            draft.as_str(),
            "a draft is nobody's word yet: {untold}"
        );
    }
    assert!(
        untold.get("lore").is_none(),
        "without lore there is no such key: {untold}"
    );
}

/// Every file below a folder, by its path there.
fn files(folder: &std::path::Path) -> std::collections::BTreeMap<String, Vec<u8>> {
    let mut found = std::collections::BTreeMap::new();
    let mut open = vec![(folder.to_path_buf(), String::new())];
    while let Some((path, prefix)) = open.pop() {
        for entry in std::fs::read_dir(path).unwrap() {
            let entry = entry.unwrap();
            let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
            if entry.path().is_dir() {
                open.push((entry.path(), format!("{name}/")));
            } else {
                found.insert(name, std::fs::read(entry.path()).unwrap());
            }
        }
    }
    found
}

#[test]
fn a_past_bundle_is_made_again_byte_for_byte_whatever_was_written_or_learnt_since() {
    let bench = Bench::new();
    bench.write("models/tiny/README.md", "---\nlicense: mit\n---\n# Foxes\n");
    let studio = bench.open("Foxes.salon", 2);
    studio.start_run(order(2, 5)).unwrap();
    rest(&studio);
    let ids = studio.candidate_ids(CandidateQuery::default()).unwrap().ids;
    let say = |text: &str| {
        let edit = EditLore {
            candidate: ids[0],
            field: LoreField::Name,
            text: text.into(),
            by: "Ada".into(),
        };
        studio.edit_lore(edit).unwrap();
    };
    let seen = |candidate| Seen {
        candidate,
        frame: None,
    };
    let decide = |verdict| {
        let all = DecideMany {
            seen: ids.iter().map(|id| seen(*id)).collect(),
            verdict,
            by: "Ada".into(),
            why: String::new(),
        };
        studio.decide_many(all).unwrap();
    };
    write(&studio, all(&ids));
    say("The First Fox");
    decide(Verdict::Accepted);
    let by = "Lea".into();
    studio.approve(Approve { by, order: None }).unwrap();
    let approval = studio.approvals(Nothing {}).unwrap()[0].id;
    let request = |name: &str| Export {
        approval: Some(approval),
        out: bench.folder().join(name),
        name: Some("Foxes".into()),
        description: "All of them.".into(),
        starting_index: 1,
        masters: None,
    };
    let first = studio.export(request("first")).unwrap();

    // Then everything goes on: words, traits, verdicts, another set, and what the model's card says.
    say("Another Name");
    let traits = SetTraits {
        seen: vec![seen(ids[1])],
        traits: vec![SetTraitEdit {
            trait_type: "Mood".into(),
            value: Some("calm".into()),
            withdraw: false,
        }],
        by: "Ada".into(),
    };
    studio.set_traits(traits).unwrap();
    decide(Verdict::Rejected);
    bench.write(
        "models/tiny/README.md",
        "---\nlicense: apache-2.0\n---\n# Other foxes\n",
    );
    let now = files(&studio.export(request("now")).unwrap().out);

    let again = RebuildBundle {
        bundle: first.bundle,
        out: bench.folder().join("again"),
    };
    let rebuilt = studio.rebuild_bundle(again.clone()).unwrap();
    let (before, after) = (files(&first.out), files(&rebuilt.out));
    assert_eq!(
        before.keys().collect::<Vec<_>>(),
        after.keys().collect::<Vec<_>>(),
        "the same files"
    );
    for (name, bytes) in &before {
        assert!(*bytes == after[name], "{name} is made again byte for byte");
    }
    assert!(
        before["metadata/1"] != now["metadata/1"] || before["metadata/2"] != now["metadata/2"],
        "an export of today says what holds today"
    );
    assert_ne!(
        before["materials.json"], now["materials.json"],
        "and what the card says today"
    );

    let refused = studio.rebuild_bundle(again).unwrap_err();
    assert_eq!(
        refused.code,
        ErrorCode::InvalidRequest,
        "nothing is overwritten: {refused}"
    );
    let missing = RebuildBundle {
        bundle: salon_domain::BundleId(99),
        out: bench.folder().join("missing"),
    };
    assert_eq!(
        studio.rebuild_bundle(missing).unwrap_err().code,
        ErrorCode::NotFound
    );
}
