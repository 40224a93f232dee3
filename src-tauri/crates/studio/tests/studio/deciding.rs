//! Deciding with several hands: frames, gestures, roles, a blind round from invitation to signature.

use std::time::Duration;

use salon_domain::{CandidateId, Label, Outcome, Role, Seen, Verdict};
use salon_studio::api::*;
use salon_studio::{Studio, dispatch};
use serde_json::{Value, json};

use crate::common::planted;

/// A command by its name, as every host sends it.
fn call(studio: &Studio, name: &str, payload: Value) -> Result<Value, ErrorCode> {
    dispatch(studio, name, payload).map_err(|error| error.code)
}

fn frames(studio: &Studio, ids: &[CandidateId]) -> Vec<Seen> {
    let rows = studio
        .candidate_rows(CandidateRowsRequest { ids: ids.to_vec() })
        .unwrap();
    rows.into_iter()
        .map(|row| Seen {
            candidate: row.id,
            frame: Some(row.frame),
        })
        .collect()
}

fn many(seen: &[Seen], verdict: Verdict, by: &str) -> DecideMany {
    DecideMany {
        seen: seen.to_vec(),
        verdict,
        by: by.into(),
        why: String::new(),
    }
}

#[test]
fn nothing_is_decided_that_was_not_seen() {
    let (_planted, ids, studio) = planted(3);
    let mut seen = frames(&studio, &ids);
    studio.decide_many(many(&seen, Verdict::Accepted, "Ada")).unwrap();
    seen[2].frame = seen[1].frame;
    let marks = Mark {
        seen: seen.clone(),
        stars: Some(1),
        label: None,
        note: None,
        by: "Ada".into(),
    };
    let family = ResolveFamily {
        candidate: ids[2],
        frame: seen[1].frame,
        by: "Ada".into(),
    };
    let refusals = [
        studio.decide_many(many(&seen, Verdict::Rejected, "Ada")),
        studio.mark(marks),
        studio.resolve_family(family),
    ];
    for refused in refusals {
        assert_eq!(refused.unwrap_err().code, ErrorCode::NotWhatWasSeen);
    }
    let status = studio.project_status(Nothing {}).unwrap();
    assert_eq!(
        status.counts.accepted, 3,
        "one wrong picture, and nothing of the gesture happened"
    );
}

#[test]
fn a_gesture_is_told_once_and_taken_back_whole() {
    let (_planted, ids, studio) = planted(3);
    let events = studio.subscribe();
    let by = || UndoRequest { by: "Ada".into() };
    let decided = studio
        .decide_many(many(&frames(&studio, &ids), Verdict::Rejected, "Ada"))
        .unwrap();
    assert_eq!(
        (decided.candidate, decided.changes.len(), decided.counts.rejected),
        (ids[0], 3, 3)
    );
    let marked = studio
        .mark(Mark {
            seen: frames(&studio, &ids[1..]),
            stars: None,
            label: Some(Label::Blue),
            note: Some(" the paw ".into()),
            by: "Ada".into(),
        })
        .unwrap();
    assert_eq!(
        (marked.decision, marked.verdict, marked.marks.len()),
        (None, Verdict::Rejected, 2),
        "marks decide nothing"
    );
    assert!(marked.marks[0].noted && marked.marks[0].label == Label::Blue);
    let undone = studio.undo(by()).unwrap();
    assert_eq!((undone.marks.len(), undone.marks[0].noted), (2, false));
    let undone = studio.undo(by()).unwrap();
    assert_eq!(
        (undone.changes.len(), undone.verdict, undone.counts.undecided),
        (3, Verdict::Undecided, 3)
    );
    assert_eq!(studio.redo(by()).unwrap().counts.rejected, 3);
    let heard = std::iter::from_fn(|| events.next(Duration::ZERO))
        .filter(|event| matches!(event, Event::Decided(_)))
        .count();
    assert_eq!(heard, 5, "each gesture is one event, whatever it touched");
    let absurd = [
        call(
            &studio,
            "decide_many",
            json!({"seen": [], "verdict": "accepted", "by": "Ada"}),
        ),
        call(
            &studio,
            "mark",
            json!({"seen": [{"candidate": ids[0]}], "by": "Ada"}),
        ),
        call(
            &studio,
            "mark",
            json!({"seen": [{"candidate": ids[0]}], "stars": 6, "by": "Ada"}),
        ),
    ];
    for answer in absurd {
        assert_eq!(answer, Err(ErrorCode::InvalidRequest));
    }
}

#[test]
fn a_role_does_what_it_is_for_and_a_pin_keeps_a_name() {
    let (planted, ids, studio) = planted(3);
    let add = |name: &str, role: Role, pin: Option<&str>, by: &str| {
        studio.add_curator(AddCurator {
            name: name.into(),
            role,
            pin: pin.map(Into::into),
            by: by.into(),
        })
    };
    add("Lea", Role::Lead, Some("0815"), "").unwrap();
    add("Ada", Role::Artist, None, "Lea").unwrap();
    add("Joe", Role::Juror, None, "Lea").unwrap();
    assert_eq!(
        add("Eve", Role::Lead, None, "Ada").unwrap_err().code,
        ErrorCode::NotAllowed
    );
    let id = ids[0];
    let round = json!({"name": "First", "by": "Ada", "jurors": ["Joe"], "quorum": 1});
    let cases = [
        (
            "decide",
            json!({"candidate": id, "verdict": "accepted", "by": "Ada"}),
            None,
        ),
        (
            "decide",
            json!({"candidate": id, "verdict": "rejected", "by": "Joe"}),
            Some(ErrorCode::NotAllowed),
        ),
        (
            "decide",
            json!({"candidate": id, "verdict": "rejected", "by": "Eve"}),
            Some(ErrorCode::NotAllowed),
        ),
        (
            "mark",
            json!({"seen": [{"candidate": id}], "stars": 1, "by": "Joe"}),
            Some(ErrorCode::NotAllowed),
        ),
        ("undo", json!({"by": "Joe"}), Some(ErrorCode::NotAllowed)),
        ("open_round", round, Some(ErrorCode::NotAllowed)),
        ("approve", json!({"by": "Ada"}), Some(ErrorCode::NotAllowed)),
        (
            "empty_rejects",
            json!({"confirm": true}),
            Some(ErrorCode::InvalidRequest),
        ),
        (
            "empty_rejects",
            json!({"confirm": true, "by": "Joe"}),
            Some(ErrorCode::NotAllowed),
        ),
        (
            "set_targets",
            json!({"quotas": [], "by": "Joe"}),
            Some(ErrorCode::NotAllowed),
        ),
        ("next_duel", json!({"by": "Joe"}), Some(ErrorCode::NotAllowed)),
    ];
    for (name, payload, refused) in cases {
        assert_eq!(
            call(&studio, name, payload.clone()).err(),
            refused,
            "{name} {payload}"
        );
    }
    studio.sign_out(SignOut { name: "Lea".into() }).unwrap();
    let sign = || call(&studio, "approve", json!({"by": "Lea"}));
    assert_eq!(sign(), Err(ErrorCode::SignInNeeded), "a name alone is not enough");
    let sign_in = |pin: &str| call(&studio, "sign_in", json!({"name": "Lea", "pin": pin}));
    assert_eq!(sign_in("0816"), Err(ErrorCode::SignInNeeded), "nor a wrong PIN");
    sign_in("0815").unwrap();
    sign().expect("the lead signs");
    for _ in 0..5 {
        sign_in("0816").unwrap_err();
    }
    assert_eq!(
        sign_in("0815"),
        Err(ErrorCode::SignInNeeded),
        "who tries PINs out has to wait, even for the right one"
    );
    for _ in 0..30 {
        planted.clock.tick();
    }
    sign_in("0815").expect("after half a minute it goes on");
    let shown = serde_json::to_string(&studio.curators(Nothing {}).unwrap()).unwrap();
    assert!(
        !shown.contains("argon2") && !shown.contains("0815"),
        "no answer carries a PIN: {shown}"
    );
}

/// Every answer that a program could read something of a vote from.
fn all_that_can_be_read(studio: &Studio, ids: &[CandidateId]) -> String {
    let mut questions: Vec<(&str, Value)> = vec![
        ("rounds", json!({})),
        ("round_report", json!({"round": 1})),
        ("ballot", json!({"round": 1, "by": "Bea"})),
        ("log", json!({"limit": 1000})),
        ("log_replay", json!({})),
        ("project_status", json!({})),
        ("set_board", json!({})),
        ("ranking", json!({})),
        ("curators", json!({})),
        ("approvals", json!({})),
        ("facets", json!({})),
        ("candidate_ids", json!({})),
        ("candidate_rows", json!({ "ids": ids })),
        ("list", json!({})),
    ];
    questions.extend(ids.iter().map(|id| ("candidate", json!({ "id": id }))));
    let answers: Vec<String> = questions
        .into_iter()
        .map(|(name, payload)| {
            let mut answer = call(studio, name, payload).unwrap_or_else(|code| panic!("{name}: {code:?}"));
            hide_hashes(&mut answer);
            format!("{name}: {answer}")
        })
        .collect();
    answers.join("\n")
}

/// Hashes cover a random salt, frames a key of the open studio: they differ whatever a vote says. So do folders.
fn hide_hashes(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (key, field) in fields.iter_mut() {
                if ["hash", "frame", "path", "model_folders"].contains(&key.as_str()) {
                    *field = Value::Null;
                }
                hide_hashes(field);
            }
        }
        Value::Array(row) if row.len() == 11 && row[10].is_string() => row[10] = Value::Null,
        Value::Array(items) => items.iter_mut().for_each(hide_hashes),
        _ => {}
    }
}

#[test]
fn no_answer_tells_what_a_juror_voted_while_the_round_is_open() {
    // Two projects, alike but for what Ada votes: whoever asks must read the same of both.
    let read = |verdict: &str| {
        let (_planted, ids, studio) = planted(4);
        let events = studio.subscribe();
        studio
            .decide_many(many(&frames(&studio, &ids), Verdict::Accepted, "Art"))
            .unwrap();
        while events.next(Duration::ZERO).is_some() {}
        let open =
            json!({"name": "First", "by": "Lea", "jurors": ["Ada", "Bea"], "quorum": 2, "repeats": 0.05});
        call(&studio, "open_round", open).unwrap();
        let ballot = studio
            .ballot(BallotRequest {
                round: salon_domain::RoundId(1),
                by: "Ada".into(),
            })
            .unwrap();
        for entry in &ballot.entries {
            let vote = json!({
                "round": 1, "place": entry.place, "frame": entry.frame, "verdict": verdict, "by": "Ada"
            });
            call(&studio, "vote", vote).unwrap();
        }
        let told: Vec<Event> = std::iter::from_fn(|| events.next(Duration::ZERO)).collect();
        assert_eq!(
            told,
            [Event::Rounds],
            "that something happened is told, and not what"
        );
        all_that_can_be_read(&studio, &ids)
    };
    let (accepting, rejecting) = (read("accepted"), read("rejected"));
    assert!(
        accepting.contains("\"done\":5"),
        "how far somebody is may be read"
    );
    for (one, other) in accepting.lines().zip(rejecting.lines()) {
        assert_eq!(one, other, "what they said may not, until the round is closed");
    }
}

#[test]
fn three_jurors_finish_a_round_and_the_lead_signs() {
    let (_planted, ids, studio) = planted(40);
    studio
        .decide_many(many(&frames(&studio, &ids), Verdict::Accepted, "Art"))
        .unwrap();
    let jurors = ["Ada", "Bea", "Cyd"];
    let round = studio
        .open_round(OpenRound {
            name: "First".into(),
            by: "Lea".into(),
            candidates: None,
            jurors: jurors.map(String::from).to_vec(),
            quorum: 2,
            repeats: 0.05,
        })
        .unwrap();
    assert_eq!(round.candidates, 40);
    let pictures: std::collections::BTreeMap<Vec<u8>, CandidateId> = ids
        .iter()
        .map(|&id| (studio.read_picture(id, None).unwrap(), id))
        .collect();
    let orders = jurors.map(|by| {
        let ballot = studio
            .ballot(BallotRequest {
                round: round.id,
                by: by.into(),
            })
            .unwrap();
        assert_eq!(ballot.total, 42, "two of forty come twice");
        let request = BallotRequest {
            round: round.id,
            by: by.into(),
        };
        let seen: Vec<CandidateId> = ballot
            .entries
            .iter()
            .map(|entry| {
                let picture = studio.read_ballot_picture(&request, entry.place, Some(entry.frame));
                pictures[&picture.unwrap()]
            })
            .collect();
        for (entry, candidate) in ballot.entries.iter().zip(&seen) {
            // Ada accepts the even ones, Bea too; Cyd accepts all at first sight and nothing later on.
            let accepts = match by {
                "Cyd" => entry.place < 30,
                _ => candidate.0 % 2 == 0,
            };
            let verdict = if accepts {
                Verdict::Accepted
            } else {
                Verdict::Rejected
            };
            let vote = CastVote {
                round: round.id,
                place: entry.place,
                frame: Some(entry.frame),
                verdict,
                by: by.into(),
            };
            studio.vote(vote).unwrap();
        }
        seen
    });
    assert!(
        orders[0] != orders[1] && orders[1] != orders[2],
        "everybody sees an order of their own"
    );
    let report = studio
        .close_round(CloseRound {
            round: round.id,
            by: "Lea".into(),
        })
        .unwrap();
    for outcome in &report.outcomes {
        let expected = if outcome.candidate.0 % 2 == 0 {
            Outcome::Accepted
        } else {
            Outcome::Rejected
        };
        assert_eq!(
            outcome.outcome, expected,
            "two agree on candidate {}",
            outcome.candidate
        );
    }
    let juror = |name: &str| report.jurors.iter().find(|juror| juror.name == name).unwrap();
    assert_eq!(
        (juror("Ada").self_agreement, juror("Ada").repeats),
        (Some(1.0), 2),
        "Ada says the same twice"
    );
    assert_eq!(
        juror("Cyd").self_agreement,
        Some(0.0),
        "Cyd tires, and the lead can see it"
    );
    let kappa = |one: &str, other: &str| {
        let pair = report
            .pairs
            .iter()
            .find(|pair| pair.one == one && pair.other == other)
            .unwrap();
        (pair.kappa, pair.both)
    };
    assert_eq!(kappa("Ada", "Bea"), (Some(1.0), 40));
    assert!(
        kappa("Ada", "Cyd").0.unwrap() < 0.5,
        "{:?} is little more than chance",
        kappa("Ada", "Cyd")
    );
    let set = studio
        .approve(Approve {
            by: "Lea".into(),
            order: None,
        })
        .unwrap();
    assert_eq!(set.count, 20, "what the jury passed");
    assert_eq!(studio.log_verify(Nothing {}).unwrap().fault, None);
    let replay = studio.log_replay(LogReplayRequest::default()).unwrap();
    assert_eq!(replay.matches_live, Some(true));
}

#[test]
fn the_board_counts_what_a_recount_counts_and_says_what_accepting_changes() {
    let (_planted, ids, studio) = planted(30);
    studio
        .set_targets(SetTargets {
            target: Some(10),
            quotas: vec![
                Quota {
                    trait_type: "Background".into(),
                    value: "teal".into(),
                    least: Some(2),
                    most: Some(5),
                },
                Quota {
                    trait_type: "Hat".into(),
                    value: "crown".into(),
                    least: Some(1),
                    most: None,
                },
            ],
            by: String::new(),
        })
        .unwrap();
    let mut state = 1_u64;
    for step in 0..200 {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let id = ids[(state >> 33) as usize % ids.len()];
        if step % 3 == 2 {
            let _ = studio.undo(UndoRequest { by: "Ada".into() });
        } else {
            let verdict = [Verdict::Accepted, Verdict::Rejected][(state >> 40) as usize % 2];
            let seen = Seen {
                candidate: id,
                frame: None,
            };
            studio.decide_many(many(&[seen], verdict, "Ada")).unwrap();
        }
        let board = studio.set_board(SetBoardRequest { candidate: Some(id) }).unwrap();
        let accepted: Vec<_> = studio
            .list(CandidateQuery {
                verdict: Some(Verdict::Accepted),
                ..CandidateQuery::default()
            })
            .unwrap();
        let focused = studio.candidate(CandidateRequest { id }).unwrap().candidate;
        assert_eq!(
            (board.target, board.accepted as usize),
            (Some(10), accepted.len())
        );
        for known in &board.traits {
            for value in &known.values {
                let of = salon_domain::Trait::new(&*known.trait_type, &*value.value);
                let counted = accepted.iter().filter(|row| row.traits.contains(&of)).count();
                assert_eq!(value.count as usize, counted, "{of:?} after step {step}");
                let adds = focused.verdict != Verdict::Accepted && focused.traits.contains(&of);
                assert_eq!(
                    value.if_accepted,
                    value.count + u32::from(adds),
                    "{of:?} after step {step}"
                );
            }
        }
    }
    let board = studio.set_board(SetBoardRequest::default()).unwrap();
    let hat = board
        .traits
        .iter()
        .find(|known| known.trait_type == "Hat")
        .unwrap();
    assert_eq!(
        (hat.values[0].count, hat.values[0].least),
        (0, Some(1)),
        "a quota nobody meets yet is shown"
    );
}

#[test]
fn duels_are_blind_resumed_and_settled_once() {
    let (_planted, ids, studio) = planted(6);
    let next = || studio.next_duel(NextDuel { by: "Ada".into() }).unwrap();
    assert_eq!(next(), None, "a duel needs accepted candidates");
    studio
        .decide_many(many(&frames(&studio, &ids), Verdict::Accepted, "Ada"))
        .unwrap();
    let first = next().unwrap();
    assert_eq!(next(), Some(first), "an unanswered duel is shown again");
    let settle = |duel, outcome: &str, by: &str| {
        call(
            &studio,
            "settle_duel",
            json!({"duel": duel, "outcome": outcome, "by": by}),
        )
    };
    assert_eq!(
        settle(first.duel, "left", "Bea"),
        Err(ErrorCode::NotAllowed),
        "it was shown to Ada"
    );
    let settled = settle(first.duel, "left", "Ada").unwrap();
    assert!(
        settled["left"]["strength"].as_f64() > settled["right"]["strength"].as_f64(),
        "{settled}"
    );
    assert_eq!(
        settle(first.duel, "right", "Ada"),
        Err(ErrorCode::InvalidRequest),
        "settled is settled"
    );
    for _ in 0..30 {
        let duel = next().unwrap();
        let outcome = if duel.left.candidate > duel.right.candidate {
            "left"
        } else {
            "right"
        };
        settle(duel.duel, outcome, "Ada").unwrap();
    }
    let ranking = studio.ranking(Nothing {}).unwrap();
    assert_eq!(ranking.len(), 6);
    let top: Vec<_> = ranking[..3].iter().map(|one| one.candidate.0).collect();
    assert!(
        top.iter().all(|id| *id > 3 || *id == first.left.candidate.0),
        "the higher numbers won: {ranking:?}"
    );
    assert!(
        ranking.iter().any(|one| one.uncertainty < 1.0),
        "and something is known of somebody"
    );
}

#[test]
fn rarity_is_counted_among_what_is_accepted_or_signed() {
    let (_planted, ids, studio) = planted(24);
    assert!(
        studio.rarity(RarityRequest::default()).unwrap().tokens.is_empty(),
        "nothing is accepted yet"
    );
    let seen = frames(&studio, &ids);
    studio.decide_many(many(&seen, Verdict::Accepted, "Ada")).unwrap();
    let whole = studio.rarity(RarityRequest::default()).unwrap();
    assert_eq!(whole.tokens.len(), 24);
    assert_eq!((whole.methods.len(), whole.agreements.len()), (6, 15));
    let ranks: Vec<u32> = whole.tokens.iter().map(|token| token.ranks[0]).collect();
    assert!(ranks.is_sorted() && ranks[0] == 1, "the rarest first: {ranks:?}");

    let approve = json!({"by": "Lea"});
    call(&studio, "approve", approve).unwrap();
    studio.undo(UndoRequest { by: "Ada".into() }).unwrap();
    let rest = frames(&studio, &ids[..5]);
    studio.decide_many(many(&rest, Verdict::Accepted, "Ada")).unwrap();
    let fewer = studio.rarity(RarityRequest::default()).unwrap();
    assert_eq!(fewer.tokens.len(), 5, "who left the set left the counts");
    let signed = studio.rarity(RarityRequest { approved: Some(1) }).unwrap();
    assert_eq!(signed, whole, "what was signed stays as rare as it was");
    let error = studio.rarity(RarityRequest { approved: Some(2) }).unwrap_err();
    assert!(error.hints[0].contains("version 1"), "{error:?}");
}
