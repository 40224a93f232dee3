//! From a schema to a balanced set: proposed, taken as one gesture, and what is missing ordered from a template.

use crate::common::{Bench, order, rest};
use salon_domain::{CandidateId, Seen, TemplateMode, TraitSource, Verdict};
use salon_studio::Studio;
use salon_studio::api::*;
use serde_json::json;

/// A project of 40 pictures, three in four of them red foxes and owls: teal is drawn hardly ever.
fn made(bench: &Bench) -> (Studio, Vec<CandidateId>) {
    let studio = bench.open("balanced.salon", 8);
    let schema = json!({"form": 1, "version": 0, "traits": [
        {"name": "Fur", "values": [
            {"name": "Red", "target": {"percent": 50.0}}, {"name": "Teal", "target": {"percent": 50.0}}
        ]},
        {"name": "Species", "values": [{"name": "Fox"}, {"name": "Owl"}]},
    ], "rules": []});
    let schema = serde_json::from_value(schema).unwrap();
    studio
        .set_trait_schema(SetTraitSchema {
            schema,
            expects: 0,
            by: "Ada".into(),
        })
        .unwrap();
    studio
        .start_run(StartRun {
            prompt: "a {12::red|teal} {fox|owl}".into(),
            negative_prompt: String::new(),
            template: Some(TemplateMode::Random),
            ..order(40, 7)
        })
        .unwrap();
    rest(&studio);
    let ids = studio.candidate_ids(CandidateQuery::default()).unwrap().ids;
    (studio, ids)
}

fn ask(size: u32) -> BalanceRequest {
    BalanceRequest {
        size: Some(size),
        ..BalanceRequest::default()
    }
}

fn verdicts(studio: &Studio, verdict: Verdict) -> Vec<CandidateId> {
    let query = CandidateQuery {
        verdict: Some(verdict),
        ..CandidateQuery::default()
    };
    studio.candidate_ids(query).unwrap().ids
}

#[test]
fn a_pool_that_cannot_give_it_orders_what_is_missing_and_the_loop_closes() {
    let bench = Bench::new();
    let (studio, ids) = made(&bench);
    let row = studio.candidate_traits(CandidateRequest { id: ids[0] }).unwrap();
    assert_eq!(
        row.traits[0].source,
        Some(TraitSource::Recipe),
        "the template's slots became traits: {row:?}"
    );
    assert!(
        row.traits.iter().all(|cell| cell.value.is_some()),
        "of every type: {row:?}"
    );

    let size = 20;
    let first = studio
        .balance(BalanceRequest {
            exact: true,
            ..ask(size)
        })
        .unwrap();
    let teal = first.goals.iter().find(|goal| goal.value == "Teal").unwrap();
    assert!(teal.pool < 10, "teal was to be rare: {}", teal.pool);
    assert_eq!(
        first.deviation,
        2 * (10 - teal.pool),
        "too few teal ones, too many red ones"
    );
    assert!(
        first.proven,
        "no set deviates by less: {}",
        first.deviation_at_least
    );
    let line = &first.orders[0];
    assert_eq!(
        (line.value.as_str(), line.count),
        ("Teal", 10 - teal.pool),
        "{:?}",
        first.orders
    );

    let run = studio
        .balance_order(OrderBalance {
            trait_type: line.trait_type.clone(),
            value: line.value.clone(),
            count: line.count,
            run: None,
            seed: Some(99),
        })
        .unwrap();
    assert_eq!(run.run.count, line.count);
    rest(&studio);
    let second = studio
        .balance(BalanceRequest {
            exact: true,
            ..ask(size)
        })
        .unwrap();
    assert_eq!(
        (second.deviation, second.broken, second.proven),
        (0, 0, true),
        "the loop closed: {:?}",
        second.goals
    );
    assert!(second.orders.is_empty(), "nothing is missing any more");
}

#[test]
fn a_proposal_is_taken_as_one_gesture_and_given_back_by_one_undo() {
    let bench = Bench::new();
    let (studio, ids) = made(&bench);
    let seen: Vec<Seen> = ids[..12]
        .iter()
        .map(|&candidate| Seen {
            candidate,
            frame: None,
        })
        .collect();
    let accept = DecideMany {
        seen,
        verdict: Verdict::Accepted,
        by: "Ada".into(),
        why: String::new(),
    };
    studio.decide_many(accept).unwrap();
    let report = studio
        .balance(BalanceRequest {
            drop: vec![ids[0]],
            ..ask(8)
        })
        .unwrap();
    assert_eq!(report.chosen.len(), 8);
    assert!(report.laid_back.contains(&ids[0]), "who must not be in it is not");
    assert_eq!(
        verdicts(&studio, Verdict::Accepted).len(),
        12,
        "asking decides nothing"
    );

    let apply = |log_rows| ApplyBalance {
        chosen: report.chosen.clone(),
        log_rows,
        by: "Ada".into(),
    };
    let stale = studio.balance_apply(apply(report.log_rows - 1)).unwrap_err();
    assert_eq!(
        stale.code,
        ErrorCode::NotWhatWasSeen,
        "somebody decided since: {stale}"
    );
    studio.balance_apply(apply(report.log_rows)).unwrap();
    assert_eq!(
        verdicts(&studio, Verdict::Accepted),
        report.chosen,
        "exactly the proposal"
    );
    assert!(
        verdicts(&studio, Verdict::Rejected).is_empty(),
        "nothing was rejected"
    );
    let again = studio.balance_apply(apply(report.log_rows)).unwrap_err();
    assert_eq!(again.code, ErrorCode::NotWhatWasSeen, "not twice");
    studio.undo(UndoRequest { by: "Ada".into() }).unwrap();
    assert_eq!(verdicts(&studio, Verdict::Accepted), ids[..12], "one undo");
}

#[test]
fn what_cannot_be_is_said_in_words() {
    let bench = Bench::new();
    let studio = bench.open("empty.salon", 8);
    let without = studio.balance(ask(5)).unwrap_err();
    assert!(without.message.contains("no attribute schema"), "{without}");
    drop(studio);
    let (studio, ids) = made(&bench);
    let unsized_set = studio.balance(BalanceRequest::default()).unwrap_err();
    assert!(unsized_set.message.contains("how many"), "{unsized_set}");
    studio
        .set_targets(SetTargets {
            target: Some(6),
            quotas: vec![],
            by: "Ada".into(),
        })
        .unwrap();
    assert_eq!(
        studio.balance(BalanceRequest::default()).unwrap().size,
        6,
        "the set board's target is the size"
    );
    let board = studio.set_board(SetBoardRequest::default()).unwrap();
    let fur = board.traits.iter().find(|one| one.trait_type == "Fur").unwrap();
    assert!(
        fur.values.iter().all(|value| value.least == Some(3)),
        "the schema feeds the set board: {fur:?}"
    );

    let large = studio.balance(ask(50)).unwrap();
    assert_eq!((large.chosen.len(), large.broken), (40, 10), "all that there are");
    assert!(
        large
            .conflict
            .iter()
            .any(|one| one.contains("the set has 50 of the pool's 40")),
        "{:?}",
        large.conflict
    );
    let strict = studio
        .balance(BalanceRequest {
            within: Some(0),
            exact: true,
            ..ask(30)
        })
        .unwrap();
    assert!(
        strict.conflict.iter().any(|one| one.contains("Fur = ")),
        "{:?}",
        strict.conflict
    );
    let none = studio
        .balance(BalanceRequest {
            keep: vec![CandidateId(99)],
            ..ask(5)
        })
        .unwrap_err();
    assert!(none.message.contains("candidate 99"), "{none}");
    let seconds = BalanceRequest {
        exact: true,
        seconds: Some(-1.0),
        ..ask(5)
    };
    assert_eq!(
        studio.balance(seconds).unwrap_err().code,
        ErrorCode::InvalidRequest
    );

    let order = |value: &str, count| OrderBalance {
        trait_type: "Fur".into(),
        value: value.into(),
        count,
        run: None,
        seed: Some(1),
    };
    let unknown = studio.balance_order(order("Gold", 3)).unwrap_err();
    assert!(unknown.message.contains("Fur = Gold"), "{unknown}");
    assert_eq!(
        studio.balance_order(order("Teal", 0)).unwrap_err().code,
        ErrorCode::InvalidRequest
    );
    let mut schema = studio.trait_schema(TraitSchemaRequest::default()).unwrap().schema;
    schema.traits[0].values[0].name = "Gold".into();
    studio
        .set_trait_schema(SetTraitSchema {
            schema,
            expects: 1,
            by: "Ada".into(),
        })
        .unwrap();
    let never = studio.balance_order(order("Gold", 3)).unwrap_err();
    assert!(
        never
            .message
            .contains("no template of this project draws Fur = Gold"),
        "{never}"
    );
    let tagged = TagTraits {
        from: TagFrom::Recipes,
        trait_types: None,
        learn_from: None,
        by: "Ada".into(),
    };
    let report = studio.tag_traits(tagged).unwrap();
    assert_eq!(
        (report.candidates, report.types.len()),
        (40, 2),
        "read again by the new words"
    );
    let row = studio.candidate_traits(CandidateRequest { id: ids[0] }).unwrap();
    assert!(
        row.traits[1].value.is_some(),
        "the species is still read: {row:?}"
    );
}
