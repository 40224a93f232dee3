//! Undo and redo against models: for one hand two stacks, for several hands a stack of acts on every picture.

use std::collections::BTreeMap;

use proptest::prelude::*;
use salon_catalog::MarkChange;
use salon_domain::{CandidateId, Label, Stage, Verdict};
use salon_testkit::TempProject;

#[derive(Debug, Clone)]
enum Step {
    Decide(usize, Verdict),
    Undo,
    Redo,
    Restart,
}

/// What a person expects: undo walks back through the decisions, redo forward, a fresh decision forgets the way forward.
#[derive(Debug, Default)]
struct Model {
    verdicts: Vec<Verdict>,
    done: Vec<(usize, Verdict, Verdict)>,
    undone: Vec<(usize, Verdict, Verdict)>,
}

impl Model {
    fn decide(&mut self, which: usize, verdict: Verdict) -> bool {
        let previous = std::mem::replace(&mut self.verdicts[which], verdict);
        if previous == verdict {
            return false;
        }
        self.done.push((which, previous, verdict));
        self.undone.clear();
        true
    }

    fn undo(&mut self) -> Option<usize> {
        let step = self.done.pop()?;
        self.verdicts[step.0] = step.1;
        self.undone.push(step);
        Some(step.0)
    }

    fn redo(&mut self) -> Option<usize> {
        let step = self.undone.pop()?;
        self.verdicts[step.0] = step.2;
        self.done.push(step);
        Some(step.0)
    }
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let verdict = prop_oneof![
        Just(Verdict::Undecided),
        Just(Verdict::Accepted),
        Just(Verdict::Rejected)
    ];
    let step = prop_oneof![
        6 => (0..3_usize, verdict).prop_map(|(which, verdict)| Step::Decide(which, verdict)),
        4 => Just(Step::Undo),
        3 => Just(Step::Redo),
        1 => Just(Step::Restart),
    ];
    prop::collection::vec(step, 1..40)
}

fn verdicts(planted: &TempProject, ids: &[CandidateId]) -> Vec<Verdict> {
    let rows = planted.project().candidate_rows(ids).unwrap();
    rows.into_iter().map(|row| row.verdict).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_sequence_does_what_two_stacks_do(steps in steps()) {
        let (mut planted, ids) = TempProject::with_candidates(3);
        let mut model = Model { verdicts: vec![Verdict::Undecided; 3], ..Model::default() };
        for step in steps {
            let now = planted.clock.tick();
            match step {
                Step::Decide(which, verdict) => {
                    let outcome = planted.project().decide(ids[which], Stage::Pick, verdict, "Ada", "", now).unwrap();
                    prop_assert_eq!(!outcome.decisions.is_empty(), model.decide(which, verdict));
                }
                Step::Undo => {
                    let outcome = planted.project().undo("Ada", now).unwrap();
                    let returned = outcome.map(|outcome| outcome.candidate);
                    prop_assert_eq!(returned, model.undo().map(|which| ids[which]), "undo returns to its picture");
                }
                Step::Redo => {
                    let outcome = planted.project().redo("Ada", now).unwrap();
                    let returned = outcome.map(|outcome| outcome.candidate);
                    prop_assert_eq!(returned, model.redo().map(|which| ids[which]), "redo returns to its picture");
                }
                Step::Restart => drop(planted.reopen()),
            }
            prop_assert_eq!(&verdicts(&planted, &ids), &model.verdicts);
        }
        prop_assert_eq!(planted.project().check_derived().unwrap(), Vec::<String>::new());
        while planted.project().undo("Ada", planted.clock.tick()).unwrap().is_some() {}
        prop_assert_eq!(verdicts(&planted, &ids), vec![Verdict::Undecided; 3], "undoing everything is the beginning");
        while planted.project().redo("Ada", planted.clock.tick()).unwrap().is_some() {}
        while model.redo().is_some() {}
        prop_assert_eq!(verdicts(&planted, &ids), model.verdicts, "and redoing everything the end");
    }
}

const HANDS: [&str; 3] = ["Ada", "Bea", "Cyd"];

#[derive(Debug, Clone)]
enum Act {
    Decide(Vec<usize>, Verdict),
    Undo,
    Redo,
    Restart,
}

/// One verdict that somebody set; it lies on the picture's stack while it is not taken back.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Laid {
    number: usize,
    verdict: Verdict,
}

/// What a gesture did to one picture, and the act that lay on top before.
#[derive(Debug, Clone, Copy)]
struct Touch {
    which: usize,
    act: Laid,
    below: Option<usize>,
}

/// Every picture has a stack of acts. An undo takes an act off only where it lies on top; a redo lays it back only where
/// the act is on top that was there before.
#[derive(Debug, Default)]
struct Table {
    pictures: Vec<Vec<Laid>>,
    done: BTreeMap<usize, Vec<Vec<Touch>>>,
    undone: BTreeMap<usize, Vec<Vec<Touch>>>,
    acts: usize,
}

impl Table {
    fn verdict(&self, which: usize) -> Verdict {
        self.pictures[which]
            .last()
            .map_or(Verdict::Undecided, |act| act.verdict)
    }

    fn top(&self, which: usize) -> Option<usize> {
        self.pictures[which].last().map(|act| act.number)
    }

    fn decide(&mut self, hand: usize, which: &[usize], verdict: Verdict) {
        let mut touches = Vec::new();
        for &which in which {
            if self.verdict(which) == verdict {
                continue;
            }
            self.acts += 1;
            let act = Laid {
                number: self.acts,
                verdict,
            };
            touches.push(Touch {
                which,
                act,
                below: self.top(which),
            });
            self.pictures[which].push(act);
        }
        if !touches.is_empty() {
            self.done.entry(hand).or_default().push(touches);
            self.undone.entry(hand).or_default().clear();
        }
    }

    /// Gives the pictures that were left alone; none when there was nothing to take back.
    fn undo(&mut self, hand: usize) -> Option<Vec<usize>> {
        let touches = self.done.entry(hand).or_default().pop()?;
        let (taken, kept): (Vec<_>, Vec<_>) = touches
            .into_iter()
            .partition(|touch| self.top(touch.which) == Some(touch.act.number));
        for touch in &taken {
            self.pictures[touch.which].pop();
        }
        self.undone.entry(hand).or_default().push(taken);
        Some(kept.into_iter().map(|touch| touch.which).collect())
    }

    fn redo(&mut self, hand: usize) -> Option<Vec<usize>> {
        let touches = self.undone.entry(hand).or_default().pop()?;
        let (laid, kept): (Vec<_>, Vec<_>) = touches
            .into_iter()
            .partition(|touch| self.top(touch.which) == touch.below);
        for touch in &laid {
            self.pictures[touch.which].push(touch.act);
        }
        self.done.entry(hand).or_default().push(laid);
        Some(kept.into_iter().map(|touch| touch.which).collect())
    }
}

fn acts() -> impl Strategy<Value = Vec<(usize, Act)>> {
    let verdict = prop_oneof![
        1 => Just(Verdict::Undecided),
        2 => Just(Verdict::Accepted),
        2 => Just(Verdict::Rejected)
    ];
    let some = prop::sample::subsequence(vec![0_usize, 1, 2], 1..=3);
    let act = prop_oneof![
        6 => (some, verdict).prop_map(|(which, verdict)| Act::Decide(which, verdict)),
        5 => Just(Act::Undo),
        4 => Just(Act::Redo),
        1 => Just(Act::Restart),
    ];
    prop::collection::vec((0..HANDS.len(), act), 1..40)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn hands_never_overwrite_each_other(acts in acts()) {
        let (mut planted, ids) = TempProject::with_candidates(3);
        let mut table = Table { pictures: vec![vec![]; 3], ..Table::default() };
        let named = |which: Vec<usize>| which.into_iter().map(|which| ids[which]).collect::<Vec<_>>();
        for (hand, act) in acts {
            let (by, now) = (HANDS[hand], planted.clock.tick());
            match act {
                Act::Decide(which, verdict) => {
                    table.decide(hand, &which, verdict);
                    planted.project().decide_many(&named(which), Stage::Pick, verdict, by, "", now).unwrap();
                }
                Act::Undo => {
                    let kept = planted.project().undo(by, now).unwrap().map(|outcome| outcome.kept);
                    prop_assert_eq!(kept, table.undo(hand).map(named), "an undo of {}", by);
                }
                Act::Redo => {
                    let kept = planted.project().redo(by, now).unwrap().map(|outcome| outcome.kept);
                    prop_assert_eq!(kept, table.redo(hand).map(named), "a redo of {}", by);
                }
                Act::Restart => drop(planted.reopen()),
            }
            let expected: Vec<_> = (0..3).map(|which| table.verdict(which)).collect();
            prop_assert_eq!(&verdicts(&planted, &ids), &expected);
        }
        prop_assert_eq!(planted.project().check_derived().unwrap(), Vec::<String>::new());
        let replay = planted.project().replay_log(None).unwrap();
        prop_assert_eq!(replay.matches_live, Some(true), "the log alone gives the same state");
        let earlier = planted.project().replay_log(Some(planted.clock.now())).unwrap();
        prop_assert_eq!(earlier.digest, replay.digest, "until now is all of it");
    }
}

#[test]
fn one_gesture_is_taken_back_whole_and_only_where_nobody_decided_since() {
    let (planted, ids) = TempProject::with_candidates(4);
    let project = planted.project();
    let tick = || planted.clock.tick();
    let reject = |ids: &[CandidateId], by: &str| {
        project
            .decide_many(ids, Stage::Pick, Verdict::Rejected, by, "blurred", tick())
            .unwrap()
    };
    let outcome = reject(&[ids[0], ids[1], ids[2], ids[0]], "Ada");
    assert_eq!(
        outcome.decisions.len(),
        3,
        "one row for each picture, however often it is named"
    );
    project
        .decide(ids[1], Stage::Pick, Verdict::Accepted, "Bea", "", tick())
        .unwrap();
    let undone = project.undo("Ada", tick()).unwrap().unwrap();
    assert_eq!(
        (undone.candidate, undone.kept),
        (ids[0], vec![ids[1]]),
        "Bea's stays and is named"
    );
    assert_eq!(
        verdicts(&planted, &ids[..3]),
        [Verdict::Undecided, Verdict::Accepted, Verdict::Undecided]
    );
    assert_eq!(project.undo("Ada", tick()).unwrap(), None, "Ada has no other");
    project.undo("Bea", tick()).unwrap().unwrap();
    assert_eq!(
        verdicts(&planted, &ids[1..2]),
        [Verdict::Rejected],
        "under Bea's lay Ada's, that her own undo had left alone"
    );
    project.redo("Ada", tick()).unwrap().unwrap();
    assert_eq!(verdicts(&planted, &ids[..3]), [Verdict::Rejected; 3]);
    let missing = project.decide_many(
        &[ids[3], CandidateId(99)],
        Stage::Pick,
        Verdict::Accepted,
        "Ada",
        "",
        tick(),
    );
    assert!(missing.is_err(), "there is no candidate 99");
    assert_eq!(
        verdicts(&planted, &ids[3..]),
        [Verdict::Undecided],
        "so nothing of the gesture happened"
    );
}

#[test]
fn marks_are_set_taken_back_and_never_over_somebody_elses() {
    let (mut planted, ids) = TempProject::with_candidates(2);
    let clock = planted.clock.clone();
    let project = planted.project();
    let stars = |stars| MarkChange {
        stars: Some(stars),
        ..MarkChange::default()
    };
    let both = MarkChange {
        stars: Some(3),
        label: Some(Label::Green),
        note: Some("the paw".into()),
    };
    let outcome = project.mark(&ids, &both, "Ada", clock.tick()).unwrap();
    assert_eq!(outcome.marks.len(), 2, "both are marked");
    assert_eq!(
        project.mark(&ids, &both, "Ada", clock.tick()).unwrap().gesture,
        None,
        "a setter: nothing changed, nothing to take back"
    );
    project.mark(&ids[..1], &stars(5), "Bea", clock.tick()).unwrap();
    let undone = project.undo("Ada", clock.tick()).unwrap().unwrap();
    assert_eq!(undone.kept, [ids[0]], "Bea's stars stay");
    let of = |project: &salon_catalog::Project, id| {
        let candidate = project.candidate(id).unwrap().candidate;
        (candidate.stars, candidate.label, candidate.note)
    };
    assert_eq!(of(project, ids[0]), (5, Label::None, String::new()));
    assert_eq!(of(project, ids[1]), (0, Label::None, String::new()));
    let project = planted.reopen();
    project.redo("Ada", clock.tick()).unwrap().unwrap();
    assert_eq!(of(project, ids[0]), (5, Label::Green, "the paw".into()));
    assert_eq!(of(project, ids[1]), (3, Label::Green, "the paw".into()));
    assert_eq!(project.check_derived().unwrap(), Vec::<String>::new());
}
