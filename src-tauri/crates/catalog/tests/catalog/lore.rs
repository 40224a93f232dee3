//! Texts about candidates: appended, locked, accepted, and what models answered and cost.

use salon_catalog::{LoreRecord, LoreSpending};
use salon_domain::{CandidateId, Digest, LoreField, LoreSource, Timestamp};
use salon_testkit::TempProject;

fn text(candidate: CandidateId, field: LoreField, words: &str) -> LoreRecord {
    LoreRecord {
        candidate,
        field,
        text: words.into(),
        source: LoreSource::Grammar {
            name: "house".into(),
            sha256: Digest([7; 32]),
        },
        seed: Some(u64::MAX),
        basis: Digest([9; 32]),
        accepted: false,
        locked: false,
        written_at: Timestamp(5),
    }
}

#[test]
fn every_kind_of_writer_is_read_back_as_it_was() {
    let (mut planted, ids) = TempProject::with_candidates(4);
    let sources = [
        text(ids[0], LoreField::Name, "").source,
        LoreSource::Model {
            name: "small.gguf".into(),
            sha256: Digest([3; 32]),
        },
        LoreSource::Endpoint {
            host: "127.0.0.1:8080".into(),
            model: "big".into(),
        },
        LoreSource::Hand { by: "Ada".into() },
    ];
    let texts: Vec<LoreRecord> = sources
        .into_iter()
        .zip(&ids)
        .map(|(source, id)| LoreRecord {
            source,
            ..text(*id, LoreField::Lore, "once upon a time")
        })
        .collect();
    assert_eq!(planted.project().write_lore(&texts).unwrap(), 4);
    let project = planted.reopen();
    assert_eq!(project.lore(None).unwrap(), texts, "after closing and opening");
    assert_eq!(
        project.lore(Some(&[ids[2], ids[1], ids[2]])).unwrap(),
        texts[1..3],
        "those asked for, in order, once"
    );
    assert_eq!(project.check_derived().unwrap(), Vec::<String>::new());
}

#[test]
fn what_is_locked_no_machine_writes_over_and_nothing_is_lost() {
    let (planted, ids) = TempProject::with_candidates(2);
    let project = planted.project();
    let first = text(ids[0], LoreField::Name, "First");
    project.write_lore(std::slice::from_ref(&first)).unwrap();
    let by_hand = LoreRecord {
        source: LoreSource::Hand { by: "Ada".into() },
        seed: None,
        accepted: true,
        locked: true,
        ..text(ids[0], LoreField::Name, "By hand")
    };
    project.edit_lore(&by_hand).unwrap();
    let again = [
        text(ids[0], LoreField::Name, "Again"),
        text(ids[1], LoreField::Name, "Other"),
    ];
    assert_eq!(
        project.write_lore(&again).unwrap(),
        1,
        "the locked one is passed over"
    );
    assert_eq!(
        project.lore(Some(&ids[..1])).unwrap(),
        std::slice::from_ref(&by_hand)
    );
    assert_eq!(
        project.lore_history(ids[0], LoreField::Name).unwrap(),
        [by_hand, first],
        "what was replaced is kept"
    );
    let unlocked = project
        .mark_lore(&ids, &[LoreField::Name], None, Some(false))
        .unwrap();
    assert_eq!(unlocked, 1, "only what changes counts");
    assert_eq!(
        project.write_lore(&again).unwrap(),
        2,
        "unlocked, it can be written"
    );
    assert!(
        !project.lore(None).unwrap()[0].accepted,
        "what is new was accepted by nobody"
    );
}

#[test]
fn answers_are_given_once_and_spending_adds_up() {
    let (mut planted, _) = TempProject::with_candidates(1);
    let (key, project) = (Digest([1; 32]), planted.project());
    project
        .keep_lore_answer(&key, "{\"name\":\"Ada\"}", Timestamp(1))
        .unwrap();
    project
        .keep_lore_answer(&key, "{\"name\":\"Eve\"}", Timestamp(2))
        .unwrap();
    for millionths in [1500, 250] {
        let spending = LoreSpending {
            host: "api.example.com".into(),
            model: "big".into(),
            input_tokens: 100,
            output_tokens: 20,
            millionths,
            spent_at: Timestamp(3),
        };
        project.add_lore_spending(&spending).unwrap();
    }
    let project = planted.reopen();
    assert_eq!(
        project.lore_answer(&key).unwrap().as_deref(),
        Some("{\"name\":\"Ada\"}"),
        "the first answer stays"
    );
    assert_eq!(project.lore_answer(&Digest([2; 32])).unwrap(), None);
    assert_eq!(project.lore_spent().unwrap(), 1750);
}
