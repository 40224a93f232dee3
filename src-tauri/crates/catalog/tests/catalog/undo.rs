//! Undo and redo against a model that is two stacks.

use proptest::prelude::*;
use salon_domain::{CandidateId, Stage, Verdict};
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
                    prop_assert_eq!(outcome.decision.is_some(), model.decide(which, verdict));
                }
                Step::Undo => {
                    let outcome = planted.project().undo("Ada", now).unwrap();
                    let returned = outcome.map(|outcome| outcome.decision.candidate);
                    prop_assert_eq!(returned, model.undo().map(|which| ids[which]), "undo returns to its picture");
                }
                Step::Redo => {
                    let outcome = planted.project().redo("Ada", now).unwrap();
                    let returned = outcome.map(|outcome| outcome.decision.candidate);
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
