//! What in prompts raises acceptance, and a run drawn from that.

use crate::common::{Bench, order, rest};
use salon_domain::{CandidateId, TemplateMode, Verdict};
use salon_studio::api::*;
use salon_studio::{ErrorCode, Studio};

fn templated(count: u32) -> StartRun {
    StartRun {
        prompt: "a {red|teal|grey} {fox|owl}".into(),
        negative_prompt: String::new(),
        template: Some(TemplateMode::Random),
        ..order(count, 7)
    }
}

fn prompts(studio: &Studio, run: salon_domain::RunId) -> Vec<(CandidateId, String)> {
    let query = CandidateQuery {
        run: Some(run),
        ..CandidateQuery::default()
    };
    let ids = studio.candidate_ids(query).unwrap().ids;
    ids.into_iter()
        .map(|id| (id, studio.candidate(CandidateRequest { id }).unwrap().prompt))
        .collect()
}

#[test]
fn what_is_liked_is_found_in_the_prompts_and_ordered_more_often() {
    let bench = Bench::new();
    let studio = bench.open("steered.salon", 8);
    let run = studio.start_run(templated(60)).unwrap().run;
    rest(&studio);
    let quiet = studio.steering(Nothing {}).unwrap();
    assert!(
        quiet.quiet.is_some() && quiet.factors.is_empty(),
        "nothing was decided: {quiet:?}"
    );

    let made = prompts(&studio, run.id);
    for (candidate, prompt) in &made {
        let liked = prompt.contains("teal") && prompt.contains("owl");
        studio
            .decide(Decide {
                candidate: *candidate,
                frame: None,
                verdict: if liked {
                    Verdict::Accepted
                } else {
                    Verdict::Rejected
                },
                by: "Ada".into(),
                why: String::new(),
            })
            .unwrap();
    }
    let liked = |prompts: &[(CandidateId, String)]| {
        prompts
            .iter()
            .filter(|(_, prompt)| prompt.contains("teal") && prompt.contains("owl"))
            .count()
    };
    let before = liked(&made);
    let report = studio.steering(Nothing {}).unwrap();
    assert_eq!((report.decided, report.quiet), (60, None));
    let odds = |value: &str| {
        let factor = report.factors.iter().find(|factor| factor.value.contains(value));
        factor
            .unwrap_or_else(|| panic!("nothing is said of {value}: {:?}", report.factors))
            .odds
    };
    assert!(odds("teal").low > 1.0, "teal helps, surely: {:?}", odds("teal"));
    assert!(
        odds("red").high < odds("teal").value,
        "red does not: {:?}",
        odds("red")
    );

    let steered = studio
        .order_steered(OrderSteered {
            run: run.id,
            count: 60,
            seed: Some(11),
        })
        .unwrap()
        .run;
    rest(&studio);
    let after = prompts(&studio, steered.id);
    assert_eq!(after.len(), 60);
    assert!(
        liked(&after) >= 2 * before,
        "{before} of 60 were of the liked kind, {} are",
        liked(&after)
    );
}

#[test]
fn a_plain_prompt_leaves_nothing_to_choose() {
    let bench = Bench::new();
    let studio = bench.open("plain.salon", 2);
    let run = studio.start_run(order(2, 1)).unwrap().run;
    rest(&studio);
    let refused = studio
        .order_steered(OrderSteered {
            run: run.id,
            count: 2,
            seed: None,
        })
        .unwrap_err();
    assert_eq!(refused.code, ErrorCode::InvalidRequest);
    assert!(
        refused.message.contains("{fox|owl}"),
        "what would help is said: {refused}"
    );
}
