//! Layered compositions painted anew: traits stay with the pictures, the recipe says so, and what a reader sees otherwise is
//! disputed.

use std::path::{Path, PathBuf};

use crate::common::{Bench, order, rest};
use image::{Rgba, RgbaImage};
use salon_domain::{CancelToken, CandidateId, Origin, Trait, TraitClaim, TraitSource};
use salon_studio::Studio;
use salon_studio::api::*;

/// Grounds in two plain colours and hats in two shapes: folders of layers, without any configuration.
fn layers(bench: &Bench) -> PathBuf {
    let folder = bench.folder().join("foxes");
    let variants = [("1 Ground", ["Teal", "Rust"]), ("2 Hat", ["Crown", "Bow"])];
    for (layer, names) in variants {
        for (at, name) in names.iter().enumerate() {
            let picture = RgbaImage::from_fn(64, 64, |x, y| match (layer, at) {
                ("1 Ground", 0) => Rgba([20, 140, 140, 255]),
                ("1 Ground", _) => Rgba([180, 70, 30, 255]),
                (_, 0) if y < 20 => Rgba([250, 210, 60, 255]),
                (_, 1) if x < 20 => Rgba([240, 240, 250, 255]),
                _ => Rgba([0, 0, 0, 0]),
            });
            let mut png = std::io::Cursor::new(Vec::new());
            picture.write_to(&mut png, image::ImageFormat::Png).unwrap();
            bench.write(&format!("foxes/{layer}/{name}.png"), png.into_inner());
        }
    }
    folder
}

fn bring_in(studio: &Studio, bench: &Bench) -> Vec<CandidateId> {
    let request = ImportLayers {
        path: layers(bench),
        count: Some(4),
        seed: Some(1),
        width: None,
    };
    studio.import_layers(request).unwrap();
    let progress = studio.run_until_imported(&CancelToken::new(), |_| ()).unwrap();
    assert_eq!((progress.added, progress.fault), (4, None));
    studio.candidate_ids(CandidateQuery::default()).unwrap().ids
}

fn paint(candidates: Option<Vec<CandidateId>>, count: u32) -> PaintLayers {
    PaintLayers {
        candidates,
        strength: 0.6,
        order: StartRun {
            prompt: "oil on canvas".into(),
            ..order(count, 50)
        },
    }
}

fn traits_of(studio: &Studio, id: CandidateId) -> Vec<Trait> {
    studio
        .candidate(CandidateRequest { id })
        .unwrap()
        .candidate
        .traits
}

#[test]
fn paintings_carry_the_traits_of_their_layers_and_their_recipe_says_so() {
    let bench = Bench::new();
    let mut options = bench.options("painted.salon", 2);
    let project = options.project.clone();
    options.watch = true;
    let studio = Studio::open(options.clone()).unwrap();
    let compositions = bring_in(&studio, &bench);
    let runs = studio.paint_layers(paint(None, 2)).unwrap();
    assert_eq!(
        runs.iter().map(|run| run.run.count).collect::<Vec<_>>(),
        [2; 4],
        "a run for each composition"
    );
    let seeds: Vec<u64> = runs.iter().map(|run| run.run.recipe.seed).collect();
    assert_eq!(seeds, [50, 52, 54, 56], "each with noise of its own");
    rest(&studio);
    let all = studio.candidate_ids(CandidateQuery::default()).unwrap().ids;
    assert_eq!(all.len(), 12);
    for painted in &all[4..] {
        let detail = studio.candidate(CandidateRequest { id: *painted }).unwrap();
        let Origin::Slot { run, .. } = detail.candidate.origin else {
            panic!("{detail:?}")
        };
        let at = runs.iter().position(|one| one.run.id == run).unwrap();
        let beneath = compositions[at];
        let recipe = detail.recipe.unwrap();
        let source = recipe.source.as_ref().unwrap();
        assert!(source.carries_traits, "its recipe says so: {source:?}");
        let composed = studio.candidate(CandidateRequest { id: beneath }).unwrap();
        assert_eq!(
            source.sha256, composed.candidate.sha256,
            "it begins with the composition"
        );
        let traits = traits_of(&studio, beneath);
        assert_eq!(
            detail.candidate.traits, traits,
            "the traits are those of its layers"
        );
        for one in &traits {
            let word = one.value.to_lowercase();
            assert!(recipe.prompt.contains(&word), "{word} is in {}", recipe.prompt);
        }
        assert!(recipe.prompt.ends_with(", oil on canvas"), "{}", recipe.prompt);
        let row = studio
            .candidate_traits(CandidateRequest { id: *painted })
            .unwrap();
        let sources: Vec<_> = row.traits.iter().map(|cell| cell.source).collect();
        assert_eq!(sources, [Some(TraitSource::Layers); 2], "{row:?}");
    }

    let refused = studio.paint_layers(paint(Some(vec![all[4]]), 1)).unwrap_err();
    assert!(
        refused.message.contains("was not put together from layers"),
        "{refused}"
    );
    assert!(studio.paint_layers(paint(Some(vec![]), 1)).is_err());
    let runs = studio.runs(Nothing {}).unwrap().len();
    let mixed = paint(Some(vec![all[0], all[4]]), 1);
    assert!(studio.paint_layers(mixed).is_err());
    assert_eq!(
        studio.runs(Nothing {}).unwrap().len(),
        runs,
        "nothing is ordered when one of them cannot be"
    );
    studio.close();
    drop(studio);

    // A reader that sees something else than the layers say is listed, and overrules nothing.
    let catalog = salon_catalog::Project::open(&project).unwrap();
    let own = catalog.trait_claims(all[4]).unwrap();
    let hat = own
        .iter()
        .find(|one| one.claim.trait_type.ends_with("Hat"))
        .unwrap();
    let trait_type = hat.claim.trait_type.clone();
    let other = TraitClaim {
        value: None,
        source: TraitSource::Tagged,
        confidence: 0.97,
        sure: true,
        trait_type: trait_type.clone(),
    };
    let said = [(all[4], vec![other])];
    let now = salon_testkit::FixedClock::START;
    catalog
        .keep_trait_claims(
            TraitSource::Tagged,
            std::slice::from_ref(&trait_type),
            &said,
            "a test",
            now,
        )
        .unwrap();
    drop(catalog);
    let studio = Studio::open(options).unwrap();
    let disputed = studio
        .trait_table(TraitTableRequest {
            filter: TraitFilter::Disputed,
            count: 10,
            ..TraitTableRequest::default()
        })
        .unwrap();
    let listed: Vec<_> = disputed.rows.iter().map(|row| row.candidate).collect();
    assert_eq!(listed, [all[4]], "the disagreement is listed");
    let cell = disputed.rows[0]
        .traits
        .iter()
        .find(|cell| cell.trait_type == trait_type)
        .unwrap();
    assert_eq!(
        (cell.source, cell.value.clone()),
        (Some(TraitSource::Layers), hat.claim.value.clone()),
        "and the layers hold until a hand settles it"
    );
    studio.close();
    drop(studio);
    let catalog = salon_catalog::Project::open(&project).unwrap();
    assert_eq!(catalog.check_derived().unwrap(), Vec::<String>::new());
}

#[test]
fn readers_learn_from_compositions_and_not_from_what_is_painted_over_them() {
    let bench = Bench::new();
    let mut options = bench.options("learnt.salon", 4);
    options
        .models
        .push(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../models"));
    options.judge = false;
    let studio = Studio::open(options).unwrap();
    bring_in(&studio, &bench);
    studio.paint_layers(paint(None, 3)).unwrap();
    rest(&studio);
    let draft = studio.trait_schema(TraitSchemaRequest::default()).unwrap().schema;
    studio
        .set_trait_schema(SetTraitSchema {
            schema: draft,
            expects: 0,
            by: "Ada".into(),
        })
        .unwrap();
    studio.judge_now(|_, _| true).unwrap();
    let report = studio
        .tag_traits(TagTraits {
            from: TagFrom::Pictures,
            trait_types: None,
            learn_from: Some(vec![TraitSource::Layers]),
            by: "Ada".into(),
        })
        .unwrap();
    for one in &report.types {
        let fault = one
            .fault
            .as_ref()
            .expect("four compositions are too few to learn from");
        assert!(
            fault.contains("4 pictures are known so far"),
            "twelve paintings carry the trait and teach nothing: {fault}"
        );
    }
    studio.close();
}
