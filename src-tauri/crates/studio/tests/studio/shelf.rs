//! The models folders: what appears, what is refused by name, what is copied in and taken out.

use std::path::Path;
use std::time::Duration;

use crate::common::{Bench, order, rest};
use salon_domain::CancelToken;
use salon_studio::api::*;
use salon_studio::{ErrorCode, Studio};

fn names(studio: &Studio) -> Vec<(String, Option<String>)> {
    let models = studio.models(Nothing {}).unwrap().into_iter();
    models.map(|model| (model.name, model.fault)).collect()
}

fn tiny(folder: &Path, seed: u64) {
    std::fs::create_dir_all(folder).unwrap();
    salon_diffusion::testing::write_tiny_model(folder, seed).unwrap();
}

#[test]
fn of_two_models_with_one_name_both_are_listed_and_the_second_says_which_one_wins() {
    let bench = Bench::new();
    tiny(&bench.folder().join("more/tiny"), 9);
    let mut options = bench.options("twins.salon", 1);
    options.models.push(bench.folder().join("more"));
    options.generator = false;
    let studio = Studio::open(options).unwrap();
    let found = studio.models(Nothing {}).unwrap();
    assert_eq!(found.len(), 2, "{found:?}");
    assert_eq!(
        (found[0].name.as_str(), found[0].fault.as_deref()),
        ("tiny", None),
        "the first is used"
    );
    let fault = found[1].fault.as_deref().unwrap();
    assert!(
        fault.contains(&found[0].path.display().to_string()),
        "`{fault}` names the one that wins"
    );
    let ordered = studio.start_run(order(1, 1)).unwrap().run.recipe.model.sha256;
    assert_eq!(Some(ordered), found[0].sha256, "and is ordered from");
}

#[test]
fn a_model_with_a_scheduler_of_an_unknown_class_names_it_and_is_not_ordered_from() {
    let bench = Bench::new();
    let file = "models/tiny/scheduler/scheduler_config.json";
    let config = std::fs::read_to_string(bench.folder().join(file)).unwrap();
    let mut config: serde_json::Value = serde_json::from_str(&config).unwrap();
    config["_class_name"] = "MagicScheduler".into();
    bench.write(file, config.to_string());
    let studio = bench.open("magic.salon", 1);
    let fault = names(&studio).remove(0).1.unwrap();
    assert!(
        fault.contains("MagicScheduler") && fault.contains("scheduler"),
        "`{fault}` names class and file"
    );
    let refused = studio.start_run(order(1, 1)).unwrap_err();
    assert_eq!(refused.code, ErrorCode::Model);
    assert!(
        refused.message.contains("MagicScheduler") && !refused.hints.is_empty(),
        "{refused:?}"
    );
}

#[test]
fn a_models_folder_that_is_made_later_is_watched_too() {
    let bench = Bench::new();
    let mut options = bench.options("later.salon", 1);
    let later = bench.folder().join("later/models");
    options.models = vec![later.clone()];
    options.generator = false;
    let studio = Studio::open(options).unwrap();
    let events = studio.subscribe();
    assert!(names(&studio).is_empty(), "nothing is there yet");
    tiny(&later.join("late"), 3);
    let told = std::iter::from_fn(|| events.next(Duration::from_secs(30))).any(
        |event| matches!(event, Event::Models { models } if models.iter().any(|model| model.name == "late")),
    );
    assert!(told, "a model in a folder that did not exist appears");
}

#[test]
fn a_model_is_copied_in_whole_and_taken_out_alone() {
    let bench = Bench::new();
    let source = bench.folder().join("downloads/fine");
    tiny(&source, 4);
    std::fs::write(source.join("unet/diffusion_pytorch_model.bin"), b"\x80\x02evil").unwrap();
    let studio = bench.open("add.salon", 1);
    let add = |name: Option<&str>| {
        studio.add_model(AddModel {
            path: source.clone(),
            name: name.map(str::to_owned),
        })
    };
    let added = add(None).unwrap();
    assert_eq!((added.kind.as_str(), added.name.as_str()), ("model", "fine"));
    assert_eq!(
        names(&studio),
        [("fine".into(), None), ("tiny".into(), None)],
        "and can be used"
    );
    assert!(
        !added.path.join("unet/diffusion_pytorch_model.bin").exists(),
        "a pickle is left behind"
    );
    let taken = add(None).unwrap_err();
    assert!(taken.message.contains("already"), "{taken}");
    for name in ["../evil", "a/b", ".hidden", ""] {
        assert_eq!(
            add(Some(name)).unwrap_err().code,
            ErrorCode::InvalidRequest,
            "`{name}` is no name"
        );
    }

    studio.pause_queue(Nothing {}).unwrap();
    let run = studio
        .start_run(StartRun {
            model: "fine".into(),
            ..order(1, 1)
        })
        .unwrap();
    let remove = || studio.remove_model(RemoveModel { name: "fine".into() });
    let refused = remove().unwrap_err();
    assert!(
        refused.message.contains(&format!("run {}", run.run.id)),
        "{refused} names the run that needs it"
    );
    studio.cancel_run(RunRequest { run: run.run.id }).unwrap();
    remove().unwrap();
    assert_eq!(
        names(&studio),
        [("tiny".into(), None)],
        "it is gone, and nothing else"
    );
    assert!(
        source.join("model_index.json").exists(),
        "the original stays where it was"
    );
    let left = std::fs::read_dir(bench.folder().join("models")).unwrap().count();
    assert_eq!(left, 1, "nothing is left behind");
}

#[test]
fn a_copy_that_is_stopped_or_refused_leaves_nothing() {
    let bench = Bench::new();
    let models = bench.folder().join("models");
    let source = bench.folder().join("downloads/fine");
    tiny(&source, 4);
    let order = |path: &Path| AddModel {
        path: path.into(),
        name: None,
    };
    let stop = CancelToken::new();
    let mut heard = 0;
    let stopped = salon_studio::add_model(
        &order(&source),
        std::slice::from_ref(&models),
        &mut |progress| {
            heard += 1;
            assert!(progress.done <= progress.total, "{progress:?}");
            stop.cancel();
        },
        &stop,
    );
    assert_eq!(stopped.unwrap_err().code, ErrorCode::Cancelled);
    assert_eq!(heard, 1, "it stopped at the next look");
    let pickle = bench.folder().join("downloads/old.ckpt");
    std::fs::write(&pickle, b"\x80\x02evil").unwrap();
    let refused = salon_studio::add_model(
        &order(&pickle),
        std::slice::from_ref(&models),
        &mut |_| (),
        &CancelToken::new(),
    );
    let refused = refused.unwrap_err().message;
    assert!(
        refused.contains("pickle") && refused.contains("save_pretrained"),
        "{refused}"
    );
    std::fs::remove_file(source.join("vae/config.json")).unwrap();
    let broken = salon_studio::add_model(
        &order(&source),
        std::slice::from_ref(&models),
        &mut |_| (),
        &CancelToken::new(),
    );
    assert!(
        broken.unwrap_err().message.contains("vae/config.json"),
        "a broken model is named, not copied"
    );
    assert_eq!(
        std::fs::read_dir(&models).unwrap().count(),
        1,
        "only `tiny` is there"
    );
}

#[test]
fn what_a_model_made_last_is_its_thumbnail() {
    let bench = Bench::new();
    let studio = bench.open("thumbs.salon", 2);
    assert_eq!(
        studio.models(Nothing {}).unwrap()[0].thumbnail,
        None,
        "nothing was made yet"
    );
    studio.start_run(order(3, 1)).unwrap();
    rest(&studio);
    let latest = studio
        .candidate_ids(CandidateQuery::default())
        .unwrap()
        .ids
        .into_iter()
        .max();
    assert_eq!(studio.models(Nothing {}).unwrap()[0].thumbnail, latest);
}
