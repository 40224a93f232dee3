//! Whole pipelines: trajectories against diffusers (`tests/golden/make_golden.py`), and what a batch, threads, bad
//! requests and bad files do to a tiny random model.

use std::fs;
use std::path::Path;

use candle_core::{DType, Device, Tensor};
use salon_diffusion::pipeline::LARGEST_BATCH;
use salon_diffusion::{DiffusionError, GenerateRequest, Item, Pipeline, Rgb, model, save_tensors, testing};
use salon_domain::{CancelToken, SamplerKind};

fn tiny() -> (tempfile::TempDir, Pipeline) {
    let folder = tempfile::tempdir().unwrap();
    testing::write_tiny_model(folder.path(), 1).unwrap();
    let pipeline = Pipeline::load(folder.path(), &Device::Cpu).unwrap();
    (folder, pipeline)
}

fn item(prompt: &str, negative_prompt: &str, seed: u64) -> Item {
    Item {
        prompt: prompt.into(),
        negative_prompt: negative_prompt.into(),
        seed,
        variation: None,
    }
}

fn request(items: Vec<Item>) -> GenerateRequest<'static> {
    GenerateRequest {
        items,
        width: 64,
        height: 72,
        steps: 4,
        guidance: 5.0,
        sampler: SamplerKind::Ddim,
        ..GenerateRequest::default()
    }
}

fn paint(pipeline: &Pipeline, request: &GenerateRequest) -> Vec<Rgb> {
    let pictures = pipeline
        .generate(request, &mut |_| {}, &CancelToken::new())
        .unwrap();
    pictures.into_iter().map(Result::unwrap).collect()
}

fn refusal(pipeline: &Pipeline, request: &GenerateRequest) -> String {
    pipeline
        .generate(request, &mut |_| {}, &CancelToken::new())
        .err()
        .unwrap()
        .to_string()
}

fn four() -> Vec<Item> {
    vec![
        item("a fox with star eyes", "", 11),
        item("an owl, teal background", "gold crown", 12),
        item("", "an owl", 13),
        item("ein Käuzchen 🦉 with a <|endoftext|> crown", "", 1 << 52),
    ]
}

#[test]
fn a_batch_of_four_is_four_batches_of_one() {
    let (_folder, pipeline) = tiny();
    for sampler in SamplerKind::ALL {
        for guidance in [5.0, 1.0] {
            let whole = GenerateRequest {
                sampler,
                guidance,
                ..request(four())
            };
            let together = paint(&pipeline, &whole);
            assert_eq!(together.len(), 4);
            let pairs = whole.items.chunks(2).flat_map(|items| {
                let items = items.to_vec();
                paint(
                    &pipeline,
                    &GenerateRequest {
                        items,
                        ..whole.clone()
                    },
                )
            });
            assert!(
                pairs.eq(together.iter().cloned()),
                "{sampler:?}, guidance {guidance}: two batches of two are another four pictures"
            );
            for (item, picture) in whole.items.iter().zip(&together) {
                let alone = paint(
                    &pipeline,
                    &GenerateRequest {
                        items: vec![item.clone()],
                        ..whole.clone()
                    },
                );
                let seed = item.seed;
                assert!(
                    alone == [picture.clone()],
                    "{sampler:?}, guidance {guidance}: seed {seed} changed with its batch"
                );
            }
        }
    }
}

#[test]
fn threads_do_not_change_a_picture() {
    let (_folder, pipeline) = tiny();
    for sampler in SamplerKind::ALL {
        let request = GenerateRequest {
            sampler,
            ..request(four())
        };
        let on = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .unwrap();
            pool.install(|| paint(&pipeline, &request))
        };
        let one = on(1);
        assert!(
            on(2) == one && on(4) == one,
            "{sampler:?}: 1, 2 and 4 threads must paint the same bytes"
        );
    }
}

#[test]
fn seed_prompt_negative_prompt_and_sampler_all_matter_and_nothing_else() {
    let (_folder, pipeline) = tiny();
    let base = request(vec![item("a fox", "an owl", 7)]);
    let picture = paint(&pipeline, &base);
    assert_eq!(
        picture,
        paint(&pipeline, &base),
        "the same request, the same bytes"
    );
    assert_eq!(
        (picture[0].width, picture[0].height, picture[0].bytes.len()),
        (64, 72, 64 * 72 * 3)
    );
    let with = |items| GenerateRequest {
        items,
        ..base.clone()
    };
    let others = [
        ("seed", with(vec![item("a fox", "an owl", 8)])),
        ("prompt", with(vec![item("a star", "an owl", 7)])),
        ("negative prompt", with(vec![item("a fox", "a star", 7)])),
        (
            "sampler",
            GenerateRequest {
                sampler: SamplerKind::Euler,
                ..base.clone()
            },
        ),
        (
            "guidance",
            GenerateRequest {
                guidance: 6.0,
                ..base.clone()
            },
        ),
    ];
    for (name, other) in others {
        assert!(paint(&pipeline, &other) != picture, "the {name} must matter");
    }
}

#[test]
fn every_step_is_told_with_previews_and_a_cancel_stops_at_the_next() {
    let (_folder, pipeline) = tiny();
    let cancel = CancelToken::new();
    let mut steps = Vec::new();
    let mut seen = |progress: salon_diffusion::Progress| {
        assert_eq!(progress.previews.len(), 4, "one preview per picture");
        assert!(
            progress
                .previews
                .iter()
                .all(|tiny| (tiny.width, tiny.height, tiny.bytes.len()) == (8, 9, 216))
        );
        steps.push((progress.step, progress.steps));
        if progress.step == 2 {
            cancel.cancel();
        }
    };
    let outcome = pipeline.generate(&request(four()), &mut seen, &cancel);
    assert!(
        matches!(outcome, Err(DiffusionError::Cancelled)),
        "a cancelled batch gives no pictures"
    );
    assert_eq!(steps, [(1, 4), (2, 4)], "no step after the cancel");
    let cancelled_at_once =
        pipeline.generate(&request(four()), &mut |_| panic!("no step may be made"), &cancel);
    assert!(matches!(cancelled_at_once, Err(DiffusionError::Cancelled)));
}

#[test]
fn impossible_requests_are_refused_with_what_is_possible() {
    let (_folder, pipeline) = tiny();
    let base = request(vec![item("a fox", "", 1)]);
    let cases = [
        (
            GenerateRequest {
                width: 100,
                ..base.clone()
            },
            "width 100",
        ),
        (
            GenerateRequest {
                height: 0,
                ..base.clone()
            },
            "height 0",
        ),
        (
            GenerateRequest {
                width: 1 << 40,
                ..base.clone()
            },
            "from 64 to 2048",
        ),
        (
            GenerateRequest {
                steps: 0,
                ..base.clone()
            },
            "1 to 1000",
        ),
        (
            GenerateRequest {
                steps: 1001,
                ..base.clone()
            },
            "1001 steps",
        ),
        (
            GenerateRequest {
                guidance: f64::NAN,
                ..base.clone()
            },
            "guidance NaN",
        ),
        (
            GenerateRequest {
                guidance: -1.0,
                ..base.clone()
            },
            "0 to 50",
        ),
        (request(Vec::new()), "a batch of 0"),
        (
            request(vec![base.items[0].clone(); LARGEST_BATCH + 1]),
            "1 to 256",
        ),
    ];
    for (request, words) in cases {
        let refusal = refusal(&pipeline, &request);
        assert!(refusal.contains(words), "`{refusal}` should say `{words}`");
    }
}

#[test]
fn a_long_prompt_is_read_to_its_end_and_an_endless_one_refused() {
    let (_folder, pipeline) = tiny();
    let long = "fox ".repeat(100);
    let report = pipeline.prompt_report(&long).unwrap();
    assert_eq!(
        (report.tokens, report.chunk_tokens, report.chunks),
        (100, 22, 5),
        "every token has a place"
    );
    let paint_one = |prompt: &str| paint(&pipeline, &request(vec![item(prompt, "", 1)]));
    assert_ne!(
        paint_one(&format!("{long}red")),
        paint_one(&format!("{long}owl")),
        "the last word has an effect"
    );
    let refusal = refusal(&pipeline, &request(vec![item(&"fox ".repeat(2900), "", 1)]));
    assert!(refusal.contains("128 chunks of 22 tokens"), "{refusal}");
}

#[test]
fn a_picture_that_leaves_the_numbers_fails_with_its_seed() {
    let folder = tempfile::tempdir().unwrap();
    testing::write_tiny_model(folder.path(), 1).unwrap();
    let file = folder.path().join("unet/diffusion_pytorch_model.safetensors");
    edit(&file, |tensors| {
        let bias = tensors.get_mut("conv_out.bias").unwrap();
        *bias = (&*bias + f64::NAN).unwrap();
    });
    let pipeline = Pipeline::load(folder.path(), &Device::Cpu).unwrap();
    let request = request(vec![item("a fox", "", 77), item("an owl", "", 78)]);
    let slots = pipeline
        .generate(&request, &mut |_| {}, &CancelToken::new())
        .unwrap();
    let reasons: Vec<String> = slots
        .into_iter()
        .map(|slot| slot.unwrap_err().to_string())
        .collect();
    for (reason, seed) in reasons.iter().zip(["seed 77", "seed 78"]) {
        assert!(
            reason.contains(seed) && reason.contains("step 1"),
            "`{reason}` should name {seed} and the step"
        );
    }
}

fn edit(file: &Path, change: impl FnOnce(&mut std::collections::BTreeMap<String, Tensor>)) {
    let mut tensors = candle_core::safetensors::load(file, &Device::Cpu)
        .unwrap()
        .into_iter()
        .collect();
    change(&mut tensors);
    save_tensors(&tensors, file, DType::F16).unwrap();
}

#[test]
fn a_good_folder_is_described() {
    let (folder, pipeline) = tiny();
    let report = model::check(folder.path()).unwrap();
    assert_eq!(&report, pipeline.report(), "checking and loading must agree");
    assert_eq!(
        (report.native_side, report.side_multiple, report.prompt_tokens),
        (64, 8, 24)
    );
    assert_eq!(report.family, "Stable Diffusion, custom");
    assert!(report.parameters > 10_000 && report.unused.is_empty());
}

/// What is done to a good model folder.
type Damage<'a> = &'a dyn Fn(&Path);

#[test]
fn whatever_is_wrong_with_a_folder_is_named() {
    let unet = "unet/diffusion_pytorch_model.safetensors";
    let replace = |path: &Path, from: &str, to: &str| {
        let text = fs::read_to_string(path).unwrap();
        assert!(text.contains(from), "{} should contain {from}", path.display());
        fs::write(path, text.replace(from, to)).unwrap();
    };
    let cases: [(Damage, &[&str]); 12] = [
        (
            &|model| {
                edit(&model.join(unet), |tensors| {
                    tensors.remove("conv_in.weight");
                });
            },
            &["conv_in.weight", "[8, 4, 3, 3]", "missing", "unet"],
        ),
        (
            &|model| {
                edit(&model.join(unet), |tensors| {
                    let odd = Tensor::zeros((8, 5, 3, 3), DType::F32, &Device::Cpu).unwrap();
                    tensors.insert("conv_in.weight".into(), odd);
                });
            },
            &["conv_in.weight", "[8, 4, 3, 3]", "[8, 5, 3, 3]"],
        ),
        (
            &|model| {
                let bytes = fs::read(model.join(unet)).unwrap();
                fs::write(model.join(unet), &bytes[..bytes.len() - 100]).unwrap();
            },
            &["unet/diffusion_pytorch_model.safetensors", "safetensors"],
        ),
        (
            &|model| fs::write(model.join(unet), b"\x80\x04evil").unwrap(),
            &["unet/diffusion_pytorch_model"],
        ),
        (
            &|model| fs::rename(model.join(unet), model.join("unet/diffusion_pytorch_model.bin")).unwrap(),
            &["diffusion_pytorch_model.bin", "pickle", "safe_serialization"],
        ),
        (
            &|model| fs::remove_file(model.join(unet)).unwrap(),
            &[unet, "missing"],
        ),
        (
            &|model| {
                replace(
                    &model.join("model_index.json"),
                    "StableDiffusionPipeline",
                    "FluxPipeline",
                );
            },
            &["model_index.json", "FluxPipeline"],
        ),
        (
            &|model| {
                replace(
                    &model.join("scheduler/scheduler_config.json"),
                    "DDIMScheduler",
                    "MagicScheduler",
                );
            },
            &["MagicScheduler", "scheduler"],
        ),
        (
            &|model| {
                replace(
                    &model.join("unet/config.json"),
                    "\"sample_size\"",
                    "\"unheard_of\"",
                );
            },
            &["unheard_of", "U-Net"],
        ),
        (
            &|model| fs::write(model.join("vae/config.json"), "{").unwrap(),
            &["vae/config.json", "JSON"],
        ),
        (
            &|model| fs::write(model.join("tokenizer/merges.txt"), "nonsense\n").unwrap(),
            &["merges.txt", "line 1"],
        ),
        (
            &|model| fs::remove_file(model.join("tokenizer/vocab.json")).unwrap(),
            &["tokenizer/vocab.json"],
        ),
    ];
    for (damage, words) in cases {
        let folder = tempfile::tempdir().unwrap();
        testing::write_tiny_model(folder.path(), 1).unwrap();
        damage(folder.path());
        let found = model::check(folder.path())
            .err()
            .map(|error| error.to_string())
            .unwrap_or_default();
        for word in words {
            assert!(found.contains(word), "`{found}` should say `{word}`");
        }
        let loaded = Pipeline::load(folder.path(), &Device::Cpu)
            .err()
            .map(|error| error.to_string());
        assert_eq!(
            loaded.as_deref(),
            Some(found.as_str()),
            "loading must say what checking says"
        );
    }
}

#[test]
fn what_nobody_asks_for_is_listed() {
    let folder = tempfile::tempdir().unwrap();
    testing::write_tiny_model(folder.path(), 1).unwrap();
    edit(
        &folder.path().join("vae/diffusion_pytorch_model.safetensors"),
        |tensors| {
            tensors.insert(
                "stray".into(),
                Tensor::zeros(1, DType::F32, &Device::Cpu).unwrap(),
            );
        },
    );
    assert_eq!(model::check(folder.path()).unwrap().unused, ["vae: stray"]);
}
