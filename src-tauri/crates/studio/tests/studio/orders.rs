//! What an order can ask for beyond a prompt: templates, sources, variations, saved recipes, and its way back from a PNG.

use std::collections::BTreeSet;

use crate::common::{Bench, order, rest};
use salon_domain::{CandidateId, TemplateMode};
use salon_studio::api::*;
use salon_studio::{ErrorCode, Studio};

fn details(studio: &Studio) -> Vec<CandidateDetail> {
    let ids = studio.candidate_ids(CandidateQuery::default()).unwrap().ids;
    let detail = |id| studio.candidate(CandidateRequest { id }).unwrap();
    ids.into_iter().map(detail).collect()
}

/// Two recipes never give the same file, since each carries its own; the pixels may be the same.
fn pixels(studio: &Studio, detail: &CandidateDetail) -> image::RgbImage {
    let png = studio.read_picture(detail.candidate.id, None).unwrap();
    image::load_from_memory(&png).unwrap().to_rgb8()
}

fn templated(count: u32) -> StartRun {
    StartRun {
        prompt: "a __fur__ fox {with a gold crown|without a crown}".into(),
        negative_prompt: String::new(),
        template: Some(TemplateMode::Combinatorial),
        ..order(count, 7)
    }
}

#[test]
fn every_slot_of_a_template_keeps_the_prompt_it_was_painted_from() {
    let bench = Bench::new();
    bench.write("models/wildcards/fur.txt", "red\nteal\n");
    let studio = bench.open("templates.salon", 3);
    let run = studio.start_run(templated(4)).unwrap().run;
    // What the wildcards become later must not matter: the prompts are stored.
    bench.write("models/wildcards/fur.txt", "white\n");
    rest(&studio);
    let made = details(&studio);
    let prompts: BTreeSet<&str> = made.iter().map(|detail| detail.prompt.as_str()).collect();
    assert_eq!(
        prompts,
        BTreeSet::from([
            "a red fox with a gold crown",
            "a red fox without a crown",
            "a teal fox with a gold crown",
            "a teal fox without a crown",
        ]),
        "every combination once"
    );
    assert!(
        made.iter().all(|detail| detail
            .recipe
            .as_ref()
            .is_some_and(|recipe| *recipe == run.recipe && recipe.prompt.contains("__fur__"))),
        "the recipe keeps the template"
    );
    let again = studio
        .rerun(Rerun {
            run: run.id,
            count: None,
            fresh: false,
        })
        .unwrap();
    rest(&studio);
    let all = details(&studio);
    let pair = |detail: &CandidateDetail| (detail.prompt.clone(), detail.candidate.sha256);
    assert_eq!(
        all[..4].iter().map(pair).collect::<Vec<_>>(),
        all[4..].iter().map(pair).collect::<Vec<_>>(),
        "run {} made the same pictures from the same prompts",
        again.run.id
    );
}

#[test]
fn an_unknown_wildcard_is_refused_before_anything_is_written() {
    let bench = Bench::new();
    let studio = bench.open("unknown.salon", 1);
    let refused = studio.start_run(templated(2)).unwrap_err();
    assert_eq!(refused.code, ErrorCode::InvalidRequest);
    assert!(refused.message.contains("fur"), "{refused} names the wildcard");
    assert!(
        studio.runs(Nothing {}).unwrap().is_empty(),
        "and nothing was ordered"
    );
    let plain = StartRun {
        template: None,
        ..templated(1)
    };
    studio
        .start_run(plain)
        .expect("without a template, braces are letters");
}

#[test]
fn variations_and_sources_name_their_parents_and_parents_their_children() {
    let bench = Bench::new();
    let studio = bench.open("family.salon", 2);
    studio.start_run(order(1, 40)).unwrap();
    rest(&studio);
    let parent = details(&studio).remove(0);
    let id = parent.candidate.id;
    let vary = |strength| StartRun {
        variation: Some(VariationChoice {
            candidate: id,
            strength,
        }),
        width: None,
        height: None,
        ..order(1, 900)
    };
    studio.start_run(vary(0.0)).unwrap();
    studio.start_run(vary(0.5)).unwrap();
    studio
        .start_run(StartRun {
            source: Some(SourceChoice {
                candidate: Some(id),
                sha256: None,
                strength: 0.7,
                mask: None,
                carries_traits: false,
            }),
            width: None,
            height: None,
            ..order(1, 901)
        })
        .unwrap();
    rest(&studio);
    let made = details(&studio);
    assert_eq!(
        made.len(),
        4,
        "each was made: {:?}",
        studio.runs(Nothing {}).unwrap()
    );
    assert_eq!(
        pixels(&studio, &made[1]),
        pixels(&studio, &parent),
        "a variation of strength 0 is its parent again"
    );
    assert_ne!(
        pixels(&studio, &made[2]),
        pixels(&studio, &parent),
        "and one of 0.5 is not"
    );
    assert_eq!(
        (made[3].candidate.width, made[3].candidate.height),
        (64, 64),
        "a picture to start from brings its size"
    );
    for child in &made[1..] {
        assert_eq!(child.parents, [id], "{:?}", child.recipe);
    }
    let children = details(&studio)[0].children.clone();
    assert_eq!(
        children,
        made[1..]
            .iter()
            .map(|child| child.candidate.id)
            .collect::<Vec<_>>()
    );
}

#[test]
fn what_an_order_names_must_be_there_and_fit() {
    let bench = Bench::new();
    let studio = bench.open("wrong.salon", 1);
    let source = |candidate, sha256| StartRun {
        source: Some(SourceChoice {
            candidate,
            sha256,
            strength: 0.5,
            mask: None,
            carries_traits: false,
        }),
        ..order(1, 1)
    };
    let cases: [(StartRun, &str); 7] = [
        (
            StartRun {
                width: Some(100),
                ..order(1, 1)
            },
            "multiple of 8",
        ),
        (
            StartRun {
                model: "no-such".into(),
                ..order(1, 1)
            },
            "no model `no-such`",
        ),
        (source(Some(CandidateId(9)), None), "candidate 9"),
        (source(None, None), "one of the two"),
        (source(None, Some(salon_domain::Digest::ZERO)), "picture store"),
        (
            StartRun {
                loras: vec![LoraChoice {
                    name: "ink".into(),
                    weight: 1.0,
                }],
                ..order(1, 1)
            },
            "`ink`",
        ),
        (
            StartRun {
                refiner: Some(RefinerChoice {
                    model: "polish".into(),
                    switch_at: 0.8,
                }),
                ..order(1, 1)
            },
            "`polish`",
        ),
    ];
    for (request, words) in cases {
        let refused = studio.start_run(request).unwrap_err();
        assert!(refused.message.contains(words), "`{refused}` should say {words}");
    }
    assert!(studio.runs(Nothing {}).unwrap().is_empty(), "nothing was ordered");
}

#[test]
fn a_stored_mask_and_source_are_painted_from_and_must_agree() {
    use base64::Engine as _;
    let bench = Bench::new();
    let studio = bench.open("mask.salon", 1);
    let store = |side: u32| {
        let png = salon_testkit::png(3, side);
        let png = base64::engine::general_purpose::STANDARD.encode(png);
        studio
            .store_picture(StorePicture {
                png: Some(png),
                ..StorePicture::default()
            })
            .unwrap()
    };
    let (picture, small) = (store(64), store(32));
    assert_eq!((picture.width, small.height), (64, 32));
    let inpaint = |mask| StartRun {
        source: Some(SourceChoice {
            candidate: None,
            sha256: Some(picture.sha256),
            strength: 0.8,
            mask: Some(mask),
            carries_traits: false,
        }),
        ..order(1, 3)
    };
    let refused = studio.start_run(inpaint(small.sha256)).unwrap_err();
    assert!(refused.message.contains("32 × 32"), "{refused}");
    studio.start_run(inpaint(picture.sha256)).unwrap();
    rest(&studio);
    assert_eq!(
        details(&studio).len(),
        1,
        "{:?}",
        studio.runs(Nothing {}).unwrap()
    );
    let wrong = studio
        .store_picture(StorePicture {
            png: Some("%%%".into()),
            ..StorePicture::default()
        })
        .unwrap_err();
    assert_eq!(wrong.code, ErrorCode::InvalidRequest, "{wrong}");
}

#[test]
fn a_picture_from_disk_has_a_thumbnail_by_its_digest() {
    let bench = Bench::new();
    let studio = bench.open("source.salon", 1);
    bench.write("fox.png", salon_testkit::png(3, 512));
    let stored = studio
        .store_picture(StorePicture {
            path: Some(bench.folder().join("fox.png")),
            png: None,
        })
        .unwrap();
    let thumbnail = image::load_from_memory(&studio.read_stored_thumb(&stored.sha256).unwrap()).unwrap();
    assert_eq!((thumbnail.width(), thumbnail.height()), (256, 256));
    let none = studio.read_stored_thumb(&salon_domain::Digest::ZERO).unwrap_err();
    assert_eq!(none.code, ErrorCode::NotFound, "{none}");
    let missing = StorePicture {
        path: Some(bench.folder().join("no.png")),
        png: None,
    };
    let refused = studio.store_picture(missing).unwrap_err();
    assert!(refused.message.contains("no.png"), "{refused} names the file");
}

#[test]
fn a_candidate_as_an_order_makes_its_picture_again() {
    let bench = Bench::new();
    bench.write("models/wildcards/fur.txt", "red\nteal\n");
    let studio = bench.open("again.salon", 2);
    studio.start_run(templated(3)).unwrap();
    rest(&studio);
    let third = details(&studio).remove(2);
    let again = studio.order_again(third.candidate.id).unwrap();
    assert_eq!((again.count, again.prompt.as_str()), (1, third.prompt.as_str()));
    studio.start_run(again).unwrap();
    rest(&studio);
    assert_eq!(pixels(&studio, &details(&studio)[3]), pixels(&studio, &third));
}

#[test]
fn the_recipe_in_a_picture_orders_that_picture_again() {
    let bench = Bench::new();
    bench.write("models/wildcards/fur.txt", "red\nteal\n");
    let studio = bench.open("import.salon", 2);
    studio.start_run(templated(3)).unwrap();
    rest(&studio);
    let third = details(&studio).remove(2);
    let path = bench.folder().join("third.png");
    std::fs::write(&path, studio.read_picture(third.candidate.id, None).unwrap()).unwrap();
    let other = bench.open("other.salon", 1);
    let imported = other
        .import_recipe(ImportRecipe {
            path: Some(path),
            png: None,
        })
        .unwrap();
    assert_eq!(imported.from, RecipeWriter::Salon);
    assert_eq!(
        imported.request.prompt, third.prompt,
        "the prompt that this picture was painted from"
    );
    assert!(
        imported.notes.iter().any(|note| note.contains("__fur__")),
        "{:?}",
        imported.notes
    );
    other.start_run(imported.request).unwrap();
    rest(&other);
    assert_eq!(
        pixels(&other, &details(&other)[0]),
        pixels(&studio, &third),
        "and makes the same picture in another project"
    );
    let none = other
        .import_recipe(ImportRecipe {
            path: Some(bench.folder().join("no.png")),
            png: None,
        })
        .unwrap_err();
    assert!(none.message.contains("no.png"), "{none}");
}

#[test]
fn recipes_are_saved_replaced_and_removed_by_name() {
    let bench = Bench::new();
    let save = |studio: &Studio, name: &str, count| {
        studio.save_recipe(SaveRecipe {
            name: name.into(),
            request: order(count, 1),
        })
    };
    let studio = bench.open("saved.salon", 1);
    save(&studio, "foxes", 4).unwrap();
    save(&studio, "owls", 2).unwrap();
    save(&studio, " foxes ", 8).unwrap();
    let nameless = save(&studio, "  ", 1).unwrap_err();
    assert_eq!(nameless.code, ErrorCode::InvalidRequest, "a name is needed");
    drop(studio);
    let studio = bench.open("saved.salon", 1);
    let saved: Vec<(String, u32)> = studio
        .saved_recipes(Nothing {})
        .unwrap()
        .into_iter()
        .map(|saved| (saved.name, saved.request.count))
        .collect();
    assert_eq!(
        saved,
        [("foxes".into(), 8), ("owls".into(), 2)],
        "by name, the newest of each"
    );
    let remove = |name: &str| studio.remove_recipe(RemoveRecipe { name: name.into() });
    remove("owls").unwrap();
    assert_eq!(remove("owls").unwrap_err().code, ErrorCode::NotFound, "once");
}

#[test]
fn a_paused_queue_is_still_paused_after_a_restart() {
    let bench = Bench::new();
    let studio = bench.open("paused.salon", 1);
    studio.pause_queue(Nothing {}).unwrap();
    studio.start_run(order(1, 1)).unwrap();
    studio.close();
    drop(studio);
    let studio = bench.open("paused.salon", 1);
    assert!(
        studio.queue_status(Nothing {}).unwrap().paused,
        "until somebody resumes it"
    );
    rest(&studio);
    assert!(details(&studio).is_empty(), "nothing was made meanwhile");
    studio.resume_queue(Nothing {}).unwrap();
    rest(&studio);
    assert_eq!(details(&studio).len(), 1);
}
