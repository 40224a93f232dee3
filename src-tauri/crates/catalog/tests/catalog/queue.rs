//! Runs, slots and the order they are made in.

use salon_catalog::CatalogError;
use salon_domain::{CandidateQuery, RunId, RunState, SlotState, Verdict};
use salon_testkit::{TempProject, recipe};

#[test]
fn a_run_is_ordered_made_in_batches_and_finished_with_its_last_slot() {
    let planted = TempProject::new();
    let project = planted.project();
    assert!(
        project.queue_is_empty().unwrap(),
        "a new project has nothing to make"
    );
    let run = planted.order(5);
    assert_eq!((run.state, run.recipe.clone()), (RunState::Queued, recipe(1000)));
    let mut made = Vec::new();
    for (expected, seeds) in [(vec![0, 1], [1000, 1001]), (vec![2, 3], [1002, 1003])] {
        let batch = project.next_batch(2).unwrap().expect("slots are pending");
        assert_eq!(batch.run, run, "the batch names its run");
        let found: Vec<u32> = batch.slots.iter().map(|slot| slot.index).collect();
        assert_eq!(found, expected, "lowest indexes come first");
        assert_eq!(
            [batch.slots[0].seed, batch.slots[1].seed],
            seeds,
            "a slot has its own seed"
        );
        made.extend(planted.make(run.id, 2));
    }
    let record = project.run(run.id).unwrap();
    assert_eq!(
        (record.done, record.failed, record.pending, record.place),
        (4, 0, 1, Some(0))
    );
    made.extend(planted.make(run.id, 2));
    let record = project.run(run.id).unwrap();
    assert_eq!(
        (record.run.state, record.done, record.place),
        (RunState::Finished, 5, None)
    );
    assert!(
        project.next_batch(2).unwrap().is_none(),
        "nothing is left to make"
    );
    let of_run = CandidateQuery {
        run: Some(run.id),
        ..CandidateQuery::default()
    };
    let looked = project.look(&of_run).unwrap();
    assert_eq!(looked.ids, made, "candidates are listed in arrival order");
    let counts = looked.counts;
    assert_eq!((counts.all, counts.undecided), (5, 5));
    assert_eq!(project.check_derived().unwrap(), Vec::<String>::new());
}

#[test]
fn finishing_a_slot_twice_makes_one_candidate() {
    let planted = TempProject::new();
    let run = planted.order(2);
    let finished = planted.finished(0, 1000);
    let now = planted.clock.tick();
    let twice = [finished.clone(), finished.clone()];
    let first = planted.project().finish_slots(run.id, twice, now).unwrap();
    assert_eq!(
        first.len(),
        1,
        "one slot is one candidate, even named twice in one batch"
    );
    let again = planted.project().finish_slots(run.id, [finished], now).unwrap();
    assert_eq!(again, vec![], "a slot that is done is passed over");
    assert_eq!(planted.project().counts().unwrap().all, 1);
    assert_eq!(planted.project().check_derived().unwrap(), Vec::<String>::new());
}

#[test]
fn a_candidate_remembers_where_it_came_from() {
    let (planted, ids) = TempProject::with_candidates(2);
    let record = planted.project().candidate(ids[1]).unwrap();
    assert_eq!(
        record.recipe,
        Some(recipe(1000)),
        "the recipe survives to the last bit"
    );
    assert_eq!(record.took_ms, 120);
    let listed = planted
        .project()
        .candidates(&CandidateQuery {
            verdict: Some(Verdict::Undecided),
            ..CandidateQuery::default()
        })
        .unwrap();
    assert_eq!(listed[1], record.candidate, "list and detail agree");
    assert_eq!(
        listed[1].traits[0].value, "rust",
        "traits keep their order and values"
    );
    let rows = planted
        .project()
        .candidate_rows(&[ids[1], salon_domain::CandidateId(99), ids[0]])
        .unwrap();
    let found: Vec<_> = rows.iter().map(|row| row.id).collect();
    assert_eq!(
        found,
        [ids[1], ids[0]],
        "rows come in the order asked for, without ids that do not exist"
    );
    assert_eq!((rows[0].width, rows[0].height), (64, 64));
    let missing = planted
        .project()
        .candidate(salon_domain::CandidateId(99))
        .unwrap_err();
    assert!(
        matches!(
            missing,
            CatalogError::NotFound {
                what: "candidate",
                id: 99
            }
        ),
        "{missing}"
    );
}

#[test]
fn failed_slots_are_named_and_tried_again_with_the_same_seeds() {
    let planted = TempProject::new();
    let project = planted.project();
    let run = planted.order(3);
    project
        .fail_slots(
            run.id,
            &[(1, "out of memory"), (1, "named twice"), (7, "no such slot")],
        )
        .unwrap();
    planted.make(run.id, 3);
    let record = project.run(run.id).unwrap();
    assert_eq!(
        (record.run.state, record.done, record.failed),
        (RunState::Finished, 2, 1)
    );
    let failed = project.failed_slots(run.id).unwrap();
    let reason = SlotState::Failed {
        reason: "out of memory".into(),
    };
    assert_eq!(
        (failed.len(), failed[0].index, &failed[0].state),
        (1, 1, &reason),
        "the first reason stays"
    );
    let record = project.retry_run(run.id).unwrap();
    assert_eq!(
        (record.run.state, record.failed, record.pending),
        (RunState::Queued, 0, 1)
    );
    let batch = project
        .next_batch(8)
        .unwrap()
        .expect("the failed slot is pending again");
    assert_eq!(
        (batch.slots.len(), batch.slots[0].seed),
        (1, 1001),
        "a retried slot keeps its seed"
    );
    planted.make(run.id, 1);
    assert_eq!(
        project.retry_run(run.id).unwrap().run.state,
        RunState::Finished,
        "nothing failed: nothing to retry"
    );
    assert_eq!(project.check_derived().unwrap(), Vec::<String>::new());
}

#[test]
fn the_queue_keeps_its_order_and_lets_a_run_go_first() {
    let planted = TempProject::new();
    let project = planted.project();
    let (a, b) = (planted.order(1).id, planted.order(1).id);
    let c = project
        .insert_run(&recipe(5), 1, true, planted.clock.tick())
        .unwrap()
        .id;
    let order = || -> Vec<RunId> {
        let mut waiting: Vec<_> = project
            .runs()
            .unwrap()
            .into_iter()
            .filter(|record| record.place.is_some())
            .collect();
        waiting.sort_by_key(|record| record.place);
        waiting.into_iter().map(|record| record.run.id).collect()
    };
    assert_eq!(order(), [c, a, b], "`first` goes before those that wait");
    project.put_run_first(b).unwrap();
    project.put_run_first(b).unwrap();
    assert_eq!(order(), [b, c, a]);
    project.set_run_state(b, RunState::Paused).unwrap();
    assert_eq!(order(), [b, c, a], "a run that is held back keeps its place");
    assert_eq!(
        project.next_batch(1).unwrap().unwrap().run.id,
        c,
        "and is passed over meanwhile"
    );
    project.set_run_state(b, RunState::Queued).unwrap();
    assert_eq!(project.next_batch(1).unwrap().unwrap().run.id, b);
}

#[test]
fn a_cancelled_run_keeps_what_was_made_and_makes_no_more() {
    let planted = TempProject::new();
    let project = planted.project();
    let run = planted.order(4).id;
    planted.make(run, 1);
    let in_flight = planted.finished(1, 1001);
    let record = project.set_run_state(run, RunState::Cancelled).unwrap();
    assert_eq!(
        (record.run.state, record.done, record.pending),
        (RunState::Cancelled, 1, 0)
    );
    let late = project
        .finish_slots(run, [in_flight], planted.clock.tick())
        .unwrap();
    assert_eq!(
        late,
        vec![],
        "a picture that comes after the cancel is not wanted any more"
    );
    assert!(project.queue_is_empty().unwrap());
    let refused = project.set_run_state(run, RunState::Queued).unwrap_err();
    assert!(
        matches!(refused, CatalogError::Run { .. }),
        "an ended run stays ended: {refused}"
    );
    assert!(project.put_run_first(run).is_err(), "an ended run has no place");
    assert_eq!(
        project.cancel_run(run).unwrap().run.state,
        RunState::Cancelled,
        "cancelling twice is harmless"
    );
    assert_eq!(project.slots(run).unwrap()[3].state, SlotState::Cancelled);
    assert_eq!(project.check_derived().unwrap(), Vec::<String>::new());
}

#[test]
fn impossible_orders_and_unknown_runs_are_refused_by_name() {
    let planted = TempProject::new();
    let project = planted.project();
    let none = project
        .insert_run(&recipe(1), 0, false, planted.clock.now())
        .unwrap_err();
    assert!(matches!(none, CatalogError::Recipe(_)), "{none}");
    for fault in [
        project.run(RunId(9)).map(drop),
        project
            .next_batch(1)
            .map(drop)
            .and(project.retry_run(RunId(9)).map(drop)),
        project.cancel_run(RunId(9)).map(drop),
        project.put_run_first(RunId(9)).map(drop),
        project.failed_slots(RunId(9)).map(drop),
        project.fail_slots(RunId(9), &[(0, "x")]),
        project.finish_slots(RunId(9), [], planted.clock.now()).map(drop),
    ] {
        let fault = fault.unwrap_err();
        assert!(
            matches!(fault, CatalogError::NotFound { what: "run", id: 9 }),
            "{fault}"
        );
    }
    assert!(
        project.runs().unwrap().is_empty(),
        "a refused order leaves nothing behind"
    );
}

#[test]
fn models_and_settings_are_kept() {
    let mut planted = TempProject::new();
    planted.order(1);
    planted.order(1);
    assert_eq!(
        planted.project().models_used().unwrap(),
        [salon_testkit::model()],
        "each model is listed once"
    );
    assert_eq!(planted.project().setting("curator").unwrap(), None);
    planted.project().set_setting("curator", "Ada").unwrap();
    planted.project().set_setting("curator", "Grace").unwrap();
    assert_eq!(
        planted.reopen().setting("curator").unwrap().as_deref(),
        Some("Grace")
    );
}
