//! Curators, and blind rounds from opening to signing.

use salon_catalog::{CatalogError, CuratorRecord, NewRound, NewVote};
use salon_domain::{ApprovalError, CandidateId, Digest, Outcome, Role, RoundId, Stage, Timestamp, Verdict};
use salon_testkit::TempProject;

const JURORS: [&str; 3] = ["Ada", "Bea", "Cyd"];

fn opened(count: u32, repeats: f64) -> (TempProject, Vec<CandidateId>, RoundId) {
    let (planted, ids) = TempProject::with_candidates(count);
    let now = planted.clock.tick();
    planted
        .project()
        .decide_many(&ids, Stage::Pick, Verdict::Accepted, "Art", "", now)
        .unwrap();
    let jurors = JURORS.map(String::from);
    let round = NewRound {
        name: "First",
        by: "Lea",
        candidates: None,
        jurors: &jurors,
        quorum: 2,
        repeats,
        seed: 7,
    };
    let now = planted.clock.tick();
    let id = planted.project().open_round(&round, now).unwrap().id;
    (planted, ids, id)
}

/// Every juror votes on every place of the ballot as `judge` says.
fn vote_all(planted: &TempProject, round: RoundId, judge: impl Fn(&str, CandidateId) -> bool) {
    for juror in JURORS {
        let ballot = planted.project().ballot(round, juror).unwrap();
        for (entry, place) in ballot.iter().zip(0..) {
            let verdict = if judge(juror, entry.candidate) {
                Verdict::Accepted
            } else {
                Verdict::Rejected
            };
            cast(planted, round, place, entry.candidate, verdict, juror).unwrap();
        }
    }
}

fn cast(
    planted: &TempProject,
    round: RoundId,
    place: u32,
    candidate: CandidateId,
    verdict: Verdict,
    by: &str,
) -> Result<(u32, u32), CatalogError> {
    let now = planted.clock.tick();
    let vote = NewVote {
        round,
        place,
        candidate,
        verdict,
        by,
        salt: Digest::of(&now.0.to_le_bytes()),
    };
    planted.project().vote(&vote, now)
}

#[test]
fn three_jurors_vote_blindly_and_only_what_they_pass_is_signed() {
    let (mut planted, ids, round) = opened(4, 0.0);
    // 1: all for. 2: two for. 3: one for. 4: nobody.
    vote_all(&planted, round, |juror, id| {
        JURORS.iter().position(|name| *name == juror).unwrap() as i64 + id.0 <= 3
    });
    planted.reopen();
    let project = planted.project();
    assert_eq!(
        project.round_progress(round).unwrap(),
        JURORS.map(|name| (name.to_owned(), 4, 4)),
        "votes survive a restart"
    );
    assert!(
        matches!(project.round_results(round), Err(CatalogError::Refused(_))),
        "nothing is counted before it is closed"
    );
    project
        .close_round(round, "Lea", Timestamp(i64::MAX / 2))
        .unwrap();
    let (outcomes, votes) = project.round_results(round).unwrap();
    let counted: Vec<_> = outcomes
        .iter()
        .map(|outcome| (outcome.votes_for, outcome.against, outcome.outcome))
        .collect();
    assert_eq!(
        counted,
        [
            (3, 0, Outcome::Accepted),
            (2, 1, Outcome::Accepted),
            (1, 2, Outcome::Rejected),
            (0, 3, Outcome::Rejected)
        ]
    );
    assert_eq!(votes.len(), 12);
    let foreign = project.approve(Some(&ids[1..3]), "Lea", planted.clock.tick());
    assert!(
        matches!(
            foreign,
            Err(CatalogError::Approval(ApprovalError::NotPassed(id, Verdict::Rejected))) if id == ids[2]
        ),
        "what the jury rejected is not signed: {foreign:?}"
    );
    let set = project.approve(None, "Lea", planted.clock.tick()).unwrap();
    let members: Vec<_> = set.members().iter().map(|member| member.candidate).collect();
    assert_eq!(members, ids[..2], "without an order, what the jury passed");
    assert_eq!(project.check_derived().unwrap(), Vec::<String>::new());
    assert_eq!(project.replay_log(None).unwrap().matches_live, Some(true));
    let again = cast(&planted, round, 0, ids[0], Verdict::Accepted, "Ada");
    assert!(
        matches!(again, Err(CatalogError::Refused(_))),
        "a closed round takes no vote: {again:?}"
    );
}

#[test]
fn nobody_sees_a_vote_while_the_round_is_open() {
    let (planted, ids, round) = opened(3, 0.0);
    let project = planted.project();
    let before = project.decision_count().unwrap();
    let place = project
        .ballot(round, "Ada")
        .unwrap()
        .iter()
        .position(|entry| entry.candidate == ids[1])
        .unwrap() as u32;
    cast(&planted, round, place, ids[1], Verdict::Rejected, "Ada").unwrap();
    assert!(
        project
            .decisions_of(ids[1])
            .unwrap()
            .iter()
            .all(|decision| decision.stage == Stage::Pick),
        "a candidate's decisions tell nothing of it"
    );
    let bea = project.ballot(round, "Bea").unwrap();
    assert!(
        bea.iter().all(|entry| entry.verdict == Verdict::Undecided),
        "nor another's ballot"
    );
    let row = project
        .log(salon_domain::DecisionId(i64::from(before) + 1), 1)
        .unwrap()
        .remove(0);
    assert!(row.secret, "the log says that there is a vote");
    assert_eq!(
        (row.decision.verdict, row.decision.previous, row.decision.salt),
        (Verdict::Undecided, Verdict::Undecided, None),
        "but not what it says"
    );
    let guesses = [Verdict::Accepted, Verdict::Rejected].map(|verdict| {
        let mut guess = row.decision.clone();
        guess.verdict = verdict;
        guess.compute_hash()
    });
    assert!(
        !guesses.contains(&row.decision.hash),
        "and its hash cannot be tried out"
    );
    let picked = project
        .picks_after(salon_domain::DecisionId(i64::from(before)))
        .unwrap();
    assert_eq!(picked, [], "nobody who follows is told");
    assert_eq!(
        project.verdict_of(ids[1]).unwrap(),
        Verdict::Accepted,
        "the pick stays"
    );
    project.close_round(round, "Lea", planted.clock.tick()).unwrap();
    let shown = project.decisions_of(ids[1]).unwrap();
    assert!(
        shown
            .iter()
            .any(|decision| decision.stage == Stage::Jury && decision.verdict == Verdict::Rejected),
        "closing opens the votes"
    );
}

#[test]
fn ties_go_to_the_lead_and_another_round_starts_anew() {
    let (planted, ids, round) = opened(2, 0.0);
    let project = planted.project();
    // One for, one against, one silent.
    for (juror, verdict) in [("Ada", Verdict::Accepted), ("Bea", Verdict::Rejected)] {
        let ballot = project.ballot(round, juror).unwrap();
        for (entry, place) in ballot.iter().zip(0..) {
            cast(&planted, round, place, entry.candidate, verdict, juror).unwrap();
        }
    }
    project.close_round(round, "Lea", planted.clock.tick()).unwrap();
    assert!(
        project.approve(None, "Lea", planted.clock.tick()).is_err(),
        "a tie is not passed"
    );
    project
        .decide_tie(round, ids[0], Verdict::Accepted, "Lea", planted.clock.tick())
        .unwrap();
    let set = project.approve(None, "Lea", planted.clock.tick()).unwrap();
    assert_eq!(
        (set.version(), set.members().len()),
        (1, 1),
        "what the lead accepted"
    );
    // Reopened: the next round's tie takes the lead's word back, the signed set stays.
    let jurors = JURORS.map(String::from);
    let again = NewRound {
        name: "Second",
        by: "Lea",
        candidates: Some(&ids),
        jurors: &jurors,
        quorum: 3,
        repeats: 0.0,
        seed: 8,
    };
    let second = project.open_round(&again, planted.clock.tick()).unwrap().id;
    vote_all(&planted, second, |_, id| id == ids[1]);
    project.close_round(second, "Lea", planted.clock.tick()).unwrap();
    let settled = project.decide_tie(second, ids[1], Verdict::Rejected, "Lea", planted.clock.tick());
    assert!(
        matches!(settled, Err(CatalogError::Refused(_))),
        "the jury was of one mind: {settled:?}"
    );
    let next = project.approve(None, "Lea", planted.clock.tick()).unwrap();
    let members: Vec<_> = next.members().iter().map(|member| member.candidate).collect();
    assert_eq!(
        (next.version(), members),
        (2, vec![ids[1]]),
        "another version of other members"
    );
    assert_eq!(
        project.approvals().unwrap(),
        [set, next],
        "the old one stays as it was signed"
    );
}

#[test]
fn votes_are_for_what_was_seen_by_whom_it_was_shown_to() {
    let (planted, ids, round) = opened(5, 0.05);
    let project = planted.project();
    let ballot = project.ballot(round, "Ada").unwrap();
    assert_eq!(ballot.len(), 6, "one picture comes twice");
    let other = ballot
        .iter()
        .map(|entry| entry.candidate)
        .find(|id| *id != ballot[0].candidate)
        .unwrap();
    let wrong = cast(&planted, round, 0, other, Verdict::Accepted, "Ada");
    assert!(
        matches!(wrong, Err(CatalogError::NotWhatWasSeen(id)) if id == other),
        "{wrong:?}"
    );
    let beyond = cast(&planted, round, 6, ids[0], Verdict::Accepted, "Ada");
    assert!(
        matches!(beyond, Err(CatalogError::NotWhatWasSeen(_))),
        "{beyond:?}"
    );
    let stranger = cast(&planted, round, 0, ids[0], Verdict::Accepted, "Art");
    assert!(
        matches!(stranger, Err(CatalogError::NotAllowed(_))),
        "{stranger:?}"
    );
    let (twice, first) = (0..6)
        .find_map(|place| {
            let before = (0..place).find(|before| ballot[*before].candidate == ballot[place].candidate)?;
            Some((place, before))
        })
        .unwrap();
    let candidate = ballot[first].candidate;
    cast(&planted, round, first as u32, candidate, Verdict::Accepted, "Ada").unwrap();
    let (done, total) = cast(&planted, round, twice as u32, candidate, Verdict::Rejected, "Ada").unwrap();
    assert_eq!((done, total), (2, 6), "each showing has a vote of its own");
    cast(
        &planted,
        round,
        first as u32,
        candidate,
        Verdict::Undecided,
        "Ada",
    )
    .unwrap();
    let ballot = project.ballot(round, "Ada").unwrap();
    assert_eq!(
        (ballot[first].verdict, ballot[twice].verdict),
        (Verdict::Undecided, Verdict::Rejected),
        "a vote can be taken back while the round is open"
    );
}

#[test]
fn somebody_always_leads() {
    let planted = TempProject::new();
    let project = planted.project();
    let curator = |name: &str, role| CuratorRecord {
        name: name.into(),
        role,
        pin: None,
        added_at: Timestamp(0),
    };
    assert!(
        project.add_curator(&curator("Ada", Role::Artist)).is_err(),
        "the first must lead"
    );
    assert_eq!(project.curators().unwrap(), [], "and nothing is left of the try");
    project.add_curator(&curator("Lea", Role::Lead)).unwrap();
    project.add_curator(&curator("Ada", Role::Artist)).unwrap();
    assert!(
        project.add_curator(&curator("Ada", Role::Juror)).is_err(),
        "a name is one person"
    );
    assert!(
        project.change_curator("Lea", Some(Role::Juror), None).is_err()
            && project.remove_curator("Lea").is_err(),
        "the last lead stays"
    );
    let changed = project
        .change_curator("Ada", Some(Role::Lead), Some(Some("$hash")))
        .unwrap();
    assert_eq!(
        (changed.role, changed.pin.as_deref()),
        (Role::Lead, Some("$hash"))
    );
    project.remove_curator("Lea").unwrap();
    assert!(matches!(
        project.remove_curator("Lea"),
        Err(CatalogError::Unknown { .. })
    ));
}
