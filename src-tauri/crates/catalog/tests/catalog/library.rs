//! What belongs to recipes: prompts of slots, parents and children, saved recipes, remembered hashes, who needs a model.

use salon_catalog::{FileHash, SavedRecipeRecord};
use salon_domain::{
    CandidateId, Digest, LoraRef, ModelRef, Recipe, Refiner, RunId, RunState, SlotPrompts, SourcePicture,
    Stage, TemplateMode, Timestamp, Variation, Verdict,
};
use salon_testkit::{TempProject, model, png, recipe, thumbnail};

fn templated() -> (Recipe, Vec<SlotPrompts>) {
    let order = Recipe {
        prompt: "a {red|teal} fox".into(),
        template: Some(TemplateMode::Combinatorial),
        ..recipe(7)
    };
    let prompts = ["a red fox", "a teal fox"].map(|prompt| SlotPrompts {
        prompt: prompt.into(),
        negative_prompt: String::new(),
    });
    (order, prompts.into())
}

#[test]
fn slots_candidates_and_approvals_keep_what_a_template_became() {
    let mut planted = TempProject::new();
    let (recipe, prompts) = templated();
    let run = planted
        .project()
        .insert_resolved_run(&recipe, &prompts, false, planted.clock.tick())
        .unwrap();
    assert_eq!(run.count, 2, "one slot for each");
    let made = planted.make(run.id, 2);
    let project = planted.project();
    for (candidate, expected) in made.iter().zip(&prompts) {
        assert_eq!(
            project.candidate(*candidate).unwrap().resolved.as_ref(),
            Some(expected)
        );
        project
            .decide(
                *candidate,
                Stage::Pick,
                Verdict::Accepted,
                "Ada",
                "",
                Timestamp(5),
            )
            .unwrap();
    }
    project.approve(None, "Ada", Timestamp(6)).unwrap();
    let set = planted.reopen().approved_set(None).unwrap().unwrap();
    let signed: Vec<_> = set
        .members()
        .iter()
        .map(|member| member.resolved.clone().unwrap())
        .collect();
    assert_eq!(
        signed, prompts,
        "and the signed set, whose hash was checked on the way"
    );
    let plain = planted.order(1);
    let slot = planted.project().slots(plain.id).unwrap().remove(0);
    assert_eq!(slot.resolved, None, "a plain prompt is kept once, in its recipe");
    assert_eq!(slot.prompts(&plain.recipe).prompt, plain.recipe.prompt);
}

#[test]
fn children_are_found_by_source_and_by_variation() {
    let (planted, candidates) = TempProject::with_candidates(2);
    let project = planted.project();
    let pictures = |id: CandidateId| project.candidate(id).unwrap().candidate.sha256;
    let (first, second) = (pictures(candidates[0]), pictures(candidates[1]));
    let source = Recipe {
        source: Some(SourcePicture {
            sha256: first,
            strength: 0.5,
            mask: None,
            carries_traits: false,
        }),
        ..recipe(50)
    };
    let both = Recipe {
        variation: Some(Variation {
            of: second,
            seed: 1,
            strength: 0.2,
        }),
        ..source.clone()
    };
    let mut children = Vec::new();
    for order in [&source, &both] {
        let run = project.insert_run(order, 1, false, planted.clock.tick()).unwrap();
        children.extend(planted.make(run.id, 1));
    }
    assert_eq!(
        project.children(first).unwrap(),
        children,
        "of either kind, in arrival order"
    );
    assert_eq!(project.children(second).unwrap(), children[1..]);
    assert_eq!(
        project.parents(&both).unwrap(),
        candidates,
        "source first, then what is varied"
    );
    assert_eq!(
        project.children(Digest::ZERO).unwrap(),
        [],
        "nothing came of nothing"
    );
    assert_eq!(
        project.candidate_with_picture(second).unwrap(),
        Some(candidates[1])
    );
}

#[test]
fn a_waiting_run_needs_its_model_its_refiner_and_its_parts() {
    let planted = TempProject::new();
    let project = planted.project();
    let named = |name: &str| ModelRef {
        name: name.into(),
        sha256: Digest::ZERO,
    };
    let order = Recipe {
        refiner: Some(Refiner {
            model: named("polish"),
            switch_at: 0.8,
        }),
        loras: vec![LoraRef {
            name: "ink".into(),
            sha256: Digest::ZERO,
            weight: 1.0,
        }],
        ..recipe(1)
    };
    let run = project
        .insert_run(&order, 1, false, planted.clock.tick())
        .unwrap()
        .id;
    let needed = || {
        (
            project.run_that_needs_model("house").unwrap(),
            project.run_that_needs_model("polish").unwrap(),
            project.run_that_needs_part("ink").unwrap(),
        )
    };
    assert_eq!(needed(), (Some(run), Some(run), Some(run)));
    assert_eq!(
        project.run_that_needs_model("ink").unwrap(),
        None,
        "a LoRA is no model"
    );
    project.set_run_state(run, RunState::Paused).unwrap();
    assert_eq!(needed().0, Some(run), "a run that is held back still needs it");
    project.cancel_run(run).unwrap();
    assert_eq!(
        needed(),
        (None, None, None::<RunId>),
        "one that has ended does not"
    );
}

#[test]
fn the_latest_candidate_of_each_model_is_known() {
    let (planted, candidates) = TempProject::with_candidates(3);
    let latest = planted.project().latest_by_model().unwrap();
    assert_eq!(latest, [(model(), candidates[2])]);
    planted.order(4);
    assert_eq!(
        planted.project().latest_by_model().unwrap(),
        latest,
        "what is not made yet does not count"
    );
}

#[test]
fn a_saved_recipe_keeps_its_pictures_from_being_swept() {
    let mut planted = TempProject::new();
    let project = planted.project();
    let stored = [1, 2, 3].map(|seed| {
        let stored = project.store_picture(&png(seed, 64), &thumbnail(seed, 64));
        stored.unwrap().sha256
    });
    let request = format!(
        r#"{{"source":{{"sha256":"{}","mask":"{}"}}}}"#,
        stored[0], stored[1]
    );
    let record = SavedRecipeRecord {
        name: "inpaint".into(),
        request_json: request,
        saved_at: Timestamp(1),
    };
    project.save_recipe(&record).unwrap();
    let project = planted.reopen();
    project.sweep_orphans().unwrap();
    let there = stored.map(|picture| project.stored_picture_size(&picture).unwrap().is_some());
    assert_eq!(
        there,
        [true, true, false],
        "source and mask stay, what nobody names goes"
    );
}

#[test]
fn saved_recipes_and_hashes_are_kept_by_name_and_path() {
    let mut planted = TempProject::new();
    let record = |name: &str, count: u32, at: i64| SavedRecipeRecord {
        name: name.into(),
        request_json: format!("{{\"count\":{count}}}"),
        saved_at: Timestamp(at),
    };
    let hash = |path: &str, bytes: u64, content: &[u8]| FileHash {
        path: path.into(),
        bytes,
        modified: 1_700_000_000_123_456_789,
        sha256: Digest::of(content),
    };
    let project = planted.project();
    for saved in [record("owls", 1, 1), record("foxes", 2, 2), record("owls", 3, 3)] {
        project.save_recipe(&saved).unwrap();
    }
    project
        .remember_file_hashes(&[hash("/b", 5 << 30, b"b"), hash("/a", 1, b"a")])
        .unwrap();
    project.remember_file_hashes(&[hash("/a", 2, b"c")]).unwrap();
    let project = planted.reopen();
    assert_eq!(
        project.saved_recipes().unwrap(),
        [record("foxes", 2, 2), record("owls", 3, 3)],
        "the newest of each name"
    );
    assert_eq!(
        project.file_hashes().unwrap(),
        [hash("/a", 2, b"c"), hash("/b", 5 << 30, b"b")],
        "the newest of each path, sizes beyond 32 bits and times to the nanosecond"
    );
    assert!(project.remove_recipe("owls").unwrap() && !project.remove_recipe("owls").unwrap());
}
