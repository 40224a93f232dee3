//! What a picture can begin with and go through: slots at different steps, variations, source pictures and masks, a
//! second pass, a refiner. On a tiny random model, by properties that hold bit for bit.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use candle_core::{DType, Device, Tensor};
use salon_diffusion::{
    DiffusionError, GenerateRequest, Grey, Item, Pipeline, Rgb, Session, Source, save_tensors, testing,
};
use salon_domain::{CancelToken, SamplerKind, Upscale};

const WIDTH: usize = 64;
const HEIGHT: usize = 72;

fn tiny(seed: u64) -> Pipeline {
    changed(seed, |_| {})
}

/// A tiny model whose files were changed before it was loaded.
fn changed(seed: u64, change: impl FnOnce(&Path)) -> Pipeline {
    let folder = tempfile::tempdir().unwrap();
    testing::write_tiny_model(folder.path(), seed).unwrap();
    change(folder.path());
    Pipeline::load(folder.path(), &Device::Cpu).unwrap()
}

fn edit(file: &Path, change: impl FnOnce(&mut BTreeMap<String, Tensor>)) {
    let tensors = candle_core::safetensors::load(file, &Device::Cpu).unwrap();
    let mut tensors = tensors.into_iter().collect();
    change(&mut tensors);
    save_tensors(&tensors, file, DType::F16).unwrap();
}

fn item(prompt: &str, seed: u64) -> Item {
    Item {
        prompt: prompt.into(),
        seed,
        ..Item::default()
    }
}

fn request(items: Vec<Item>) -> GenerateRequest<'static> {
    GenerateRequest {
        items,
        width: WIDTH,
        height: HEIGHT,
        steps: 6,
        guidance: 5.0,
        ..GenerateRequest::default()
    }
}

fn slots(pipeline: &Pipeline, request: &GenerateRequest) -> Vec<Result<Rgb, DiffusionError>> {
    pipeline
        .generate(request, &mut |_| {}, &CancelToken::new())
        .unwrap()
}

fn paint(pipeline: &Pipeline, request: &GenerateRequest) -> Vec<Rgb> {
    slots(pipeline, request).into_iter().map(Result::unwrap).collect()
}

fn refusal(pipeline: &Pipeline, request: &GenerateRequest) -> String {
    let outcome = pipeline.generate(request, &mut |_| {}, &CancelToken::new());
    outcome.err().unwrap().to_string()
}

/// Pixels of which no two neighbours are alike.
fn source(width: usize, height: usize) -> Rgb {
    let bytes = (0..3 * width * height).map(|index| (index * 97 % 251) as u8);
    Rgb {
        width,
        height,
        bytes: bytes.collect(),
    }
}

/// White in the left half, one grey column, black in the rest.
fn half_mask(width: usize, height: usize) -> Grey {
    let value = |column: usize| match column.cmp(&(width / 2)) {
        std::cmp::Ordering::Less => 255,
        std::cmp::Ordering::Equal => 100,
        std::cmp::Ordering::Greater => 0,
    };
    Grey {
        width,
        height,
        bytes: (0..width * height).map(|index| value(index % width)).collect(),
    }
}

fn even_mask(value: u8) -> Grey {
    Grey {
        width: WIDTH,
        height: HEIGHT,
        bytes: vec![value; WIDTH * HEIGHT],
    }
}

fn from_source(strength: f64, mask: Option<Grey>) -> GenerateRequest<'static> {
    GenerateRequest {
        source: Some(Source {
            picture: source(WIDTH, HEIGHT),
            strength,
            mask,
        }),
        ..request(vec![item("a fox", 5), item("an owl", 6)])
    }
}

#[test]
fn a_picture_begun_three_steps_later_is_the_same() {
    let (pipeline, cancel) = (tiny(1), CancelToken::new());
    for sampler in SamplerKind::ALL {
        let request = GenerateRequest {
            sampler,
            ..request(vec![item("a fox", 1), item("an owl", 2), item("a star", 3)])
        };
        let alone: Vec<Rgb> = request
            .items
            .iter()
            .map(|item| {
                let items = vec![item.clone()];
                paint(
                    &pipeline,
                    &GenerateRequest {
                        items,
                        ..request.clone()
                    },
                )
                .remove(0)
            })
            .collect();
        let mut session = Session::new(&pipeline, &request).unwrap();
        let mut slots = vec![session.begin(&request.items[0]).unwrap()];
        for step in 0..9 {
            if step == 3 {
                slots.push(session.begin(&request.items[1]).unwrap());
                slots.push(session.begin(&request.items[2]).unwrap());
            }
            session.advance(&mut slots, &cancel).unwrap();
        }
        assert!(
            slots.iter().all(salon_diffusion::Slot::is_done),
            "six steps for each"
        );
        let together: Vec<Rgb> = session
            .finish(slots, &cancel)
            .unwrap()
            .into_iter()
            .map(Result::unwrap)
            .collect();
        assert!(
            together == alone,
            "{sampler:?}: a picture depends on when the others began"
        );
    }
}

#[test]
fn a_slot_that_fails_leaves_the_others_as_they_are() {
    let (pipeline, cancel) = (tiny(1), CancelToken::new());
    let request = request(vec![item("a fox", 1), item("an owl", 2)]);
    let alone = paint(&pipeline, &request);
    let mut session = Session::new(&pipeline, &request).unwrap();
    let broken = Tensor::full(f32::NAN, (1, 4, HEIGHT / 8, WIDTH / 8), &Device::Cpu).unwrap();
    let mut slots = vec![
        session.begin_with(&request.items[0], vec![broken]).unwrap(),
        session.begin(&request.items[1]).unwrap(),
    ];
    while slots.iter().any(|slot| !slot.is_done()) {
        session.advance(&mut slots, &cancel).unwrap();
    }
    let mut finished = session.finish(slots, &cancel).unwrap().into_iter();
    let failure = finished.next().unwrap().unwrap_err();
    assert!(
        matches!(failure, DiffusionError::NotANumber { seed: 1, step: 1 }),
        "{failure}"
    );
    assert_eq!(
        finished.next().unwrap().unwrap(),
        alone[1],
        "its neighbour is whole"
    );
}

#[test]
fn a_black_picture_is_a_failure() {
    let pipeline = changed(1, |folder| {
        edit(
            &folder.join("vae/diffusion_pytorch_model.safetensors"),
            |tensors| {
                let bias = tensors.get_mut("decoder.conv_out.bias").unwrap();
                *bias = (&*bias - 1000.0).unwrap();
            },
        );
    });
    let failure = slots(&pipeline, &request(vec![item("a fox", 44)]))
        .remove(0)
        .unwrap_err();
    assert!(matches!(failure, DiffusionError::Black { seed: 44 }), "{failure}");
}

#[test]
fn guidance_of_one_or_less_is_off() {
    let pipeline = tiny(1);
    let with = |guidance: f64, negative: &str| {
        let mut request = request(vec![item("a fox", 1)]);
        request.guidance = guidance;
        request.items[0].negative_prompt = negative.into();
        paint(&pipeline, &request)
    };
    assert_eq!(with(1.0, ""), with(0.0, "an owl"), "no negative prompt, no scale");
    assert_ne!(with(1.0, ""), with(1.5, ""), "above one it is on");
}

#[test]
fn a_variation_of_strength_zero_is_its_parent_with_every_sampler() {
    let pipeline = tiny(1);
    for sampler in SamplerKind::ALL {
        let at = |seed: u64, variation: Option<(u64, f64)>| {
            let varied = Item {
                variation,
                ..item("a fox", seed)
            };
            let request = GenerateRequest {
                sampler,
                ..request(vec![varied])
            };
            paint(&pipeline, &request)
        };
        let parent = at(1, None);
        assert_eq!(
            at(2, Some((1, 0.0))),
            parent,
            "{sampler:?}: strength 0 is the parent"
        );
        assert_eq!(
            at(2, Some((1, 1.0))),
            at(2, None),
            "{sampler:?}: strength 1 is its own"
        );
        let between = at(2, Some((1, 0.4)));
        assert!(
            between != parent && between != at(2, None) && between != at(3, Some((1, 0.4))),
            "{sampler:?}: between, every seed is another variation"
        );
    }
}

#[test]
fn strength_is_the_share_of_steps_that_are_made() {
    let pipeline = tiny(1);
    for (strength, made) in [(1.0, 6), (0.5, 3), (0.99, 5), (0.17, 1)] {
        let mut told = Vec::new();
        let mut seen = |progress: salon_diffusion::Progress| told.push((progress.step, progress.steps));
        pipeline
            .generate(&from_source(strength, None), &mut seen, &CancelToken::new())
            .unwrap();
        let expected: Vec<_> = (1..=made).map(|step| (step, made)).collect();
        assert_eq!(told, expected, "strength {strength}");
    }
    let at = |strength: f64| paint(&pipeline, &from_source(strength, None));
    assert_ne!(at(0.5), at(1.0), "the strength matters");
    let alone = GenerateRequest {
        items: vec![item("an owl", 6)],
        ..from_source(0.5, None)
    };
    assert_eq!(paint(&pipeline, &alone)[0], at(0.5)[1], "a batch changes nothing");
    for (strength, words) in [
        (0.0, "strength 0 changes nothing"),
        (1.5, "choose 0 to 1"),
        (f64::NAN, "NaN"),
    ] {
        let refusal = refusal(&pipeline, &from_source(strength, None));
        assert!(refusal.contains(words), "`{refusal}` should say `{words}`");
    }
}

#[test]
fn a_source_of_another_size_is_scaled() {
    let pipeline = tiny(1);
    let with = |picture: Rgb, mask: Option<Grey>| {
        let mut request = from_source(0.5, None);
        request.source = Some(Source {
            picture,
            strength: 0.5,
            mask,
        });
        request
    };
    let painted = paint(&pipeline, &with(source(200, 33), Some(half_mask(32, 36))));
    assert_eq!((painted[0].width, painted[0].height), (WIDTH, HEIGHT));
    assert_eq!(
        painted,
        paint(&pipeline, &with(source(200, 33), Some(half_mask(32, 36)))),
        "always the same way"
    );
    let short = Rgb {
        bytes: vec![0; 12],
        ..source(8, 8)
    };
    let refusal = refusal(&pipeline, &with(short, None));
    assert!(
        refusal.contains("8×8") && refusal.contains("12 bytes"),
        "{refusal}"
    );
}

#[test]
fn masked_pixels_are_kept_exactly() {
    let pipeline = tiny(1);
    let original = source(WIDTH, HEIGHT);
    for sampler in SamplerKind::ALL {
        for strength in [0.5, 1.0] {
            let halved = GenerateRequest {
                sampler,
                ..from_source(strength, Some(half_mask(WIDTH, HEIGHT)))
            };
            let painted = paint(&pipeline, &halved).remove(0);
            let alike = |column: usize| {
                (0..HEIGHT).all(|row| {
                    let at = 3 * (row * WIDTH + column);
                    painted.bytes[at..at + 3] == original.bytes[at..at + 3]
                })
            };
            assert!(
                (WIDTH / 2 + 1..WIDTH).all(alike),
                "{sampler:?} {strength}: black is kept"
            );
            assert!(
                !(0..WIDTH / 2).any(alike),
                "{sampler:?} {strength}: white is painted anew"
            );
        }
    }
    let kept = paint(&pipeline, &from_source(0.5, Some(even_mask(0))));
    assert_eq!(
        kept,
        [original.clone(), original],
        "a black mask keeps everything"
    );
    assert_eq!(
        paint(&pipeline, &from_source(0.5, Some(even_mask(255)))),
        paint(&pipeline, &from_source(0.5, None)),
        "a white mask is none"
    );
}

#[test]
fn a_second_pass_refines_at_the_larger_size() {
    let pipeline = tiny(1);
    let upscale = Upscale {
        width: 96,
        height: 112,
        strength: 0.5,
    };
    let larger = |items: Vec<Item>| GenerateRequest {
        upscale: Some(upscale),
        ..request(items)
    };
    let items = vec![item("a fox", 1), item("an owl", 2)];
    let mut told = Vec::new();
    let mut seen = |progress: salon_diffusion::Progress| {
        let look = &progress.previews[1];
        told.push((progress.step, progress.steps, (look.width, look.height)));
    };
    let pictures = pipeline
        .generate(&larger(items.clone()), &mut seen, &CancelToken::new())
        .unwrap();
    assert_eq!(told.len(), 9, "six steps, then the last three again");
    assert_eq!((told[5], told[6]), ((6, 9, (8, 9)), (7, 9, (12, 14))));
    let pictures: Vec<Rgb> = pictures.into_iter().map(Result::unwrap).collect();
    assert!(
        pictures
            .iter()
            .all(|picture| (picture.width, picture.height) == (96, 112))
    );
    assert_eq!(
        paint(&pipeline, &larger(vec![items[1].clone()]))[0],
        pictures[1],
        "a batch changes nothing"
    );
    let masked = GenerateRequest {
        upscale: Some(upscale),
        ..from_source(0.5, Some(even_mask(0)))
    };
    let kept = paint(&pipeline, &masked).remove(0);
    assert_eq!((kept.width, kept.bytes.len()), (96, 96 * 112 * 3));
    for (upscale, words) in [
        (
            Upscale {
                width: 100,
                ..upscale
            },
            "width 100",
        ),
        (
            Upscale {
                strength: 0.1,
                ..upscale
            },
            "upscale strength 0.1 changes nothing",
        ),
    ] {
        let mut request = request(items.clone());
        request.upscale = Some(upscale);
        let mut begun = |_| panic!("no step may be made of what cannot be finished");
        let refusal = pipeline
            .generate(&request, &mut begun, &CancelToken::new())
            .err()
            .unwrap();
        assert!(
            refusal.to_string().contains(words),
            "`{refusal}` should say `{words}`"
        );
    }
}

#[test]
fn a_refiner_takes_over_for_the_last_steps() {
    let (pipeline, same, other) = (tiny(1), tiny(1), tiny(2));
    let by = |refiner: Option<(&Pipeline, f64)>, sampler: SamplerKind| {
        let mut request = GenerateRequest {
            sampler,
            ..request(vec![item("a fox", 1)])
        };
        request.items[0].negative_prompt = "an owl".into();
        let request = GenerateRequest { refiner, ..request };
        paint(&pipeline, &request)
    };
    for sampler in [SamplerKind::Ddim, SamplerKind::Euler] {
        let alone = by(None, sampler);
        for switch_at in [0.0, 0.5, 1.0] {
            assert_eq!(
                by(Some((&same, switch_at)), sampler),
                alone,
                "{sampler:?}: the same model goes on as if nothing had happened"
            );
        }
        assert_eq!(
            by(Some((&other, 1.0)), sampler),
            alone,
            "{sampler:?}: never reached"
        );
        let refined = by(Some((&other, 0.5)), sampler);
        assert_ne!(refined, alone, "{sampler:?}: another model makes the last steps");
        assert_ne!(
            refined,
            by(Some((&other, 0.8)), sampler),
            "{sampler:?}: and fewer of them"
        );
    }
}

#[test]
fn a_refiner_of_another_latent_space_is_refused() {
    let pipeline = tiny(1);
    let other = changed(1, |folder| {
        let path = folder.join("vae/config.json");
        let text = std::fs::read_to_string(&path).unwrap();
        let mut json: serde_json::Value = serde_json::from_str(&text).unwrap();
        json["scaling_factor"] = 0.13025.into();
        std::fs::write(&path, json.to_string()).unwrap();
    });
    let request = GenerateRequest {
        refiner: Some((&other, 0.8)),
        ..request(vec![item("a fox", 1)])
    };
    let refusal = refusal(&pipeline, &request);
    assert!(
        refusal.contains("refiner") && refusal.contains("autoencoder"),
        "{refusal}"
    );
}

fn golden(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../../tests/golden")
        .join(name)
}

#[test]
fn loras_and_inversions_come_and_go_without_a_trace() {
    let mut pipeline = Pipeline::load(&golden("sdxl"), &Device::Cpu).unwrap();
    let request = request(vec![item("a fox with orange fur", 1)]);
    let plain = paint(&pipeline, &request);
    let lora = golden("lora/kohya_xl.safetensors");
    let report = pipeline.adapt(&[(lora.clone(), 0.7)], &[]).unwrap();
    assert!(report.changed > 0 && report.unmatched.is_empty(), "{report:?}");
    let adapted = paint(&pipeline, &request);
    assert_ne!(adapted, plain, "a LoRA changes the picture");
    let stacked = [(lora.clone(), 0.3), (lora.clone(), 0.4)];
    pipeline.adapt(&stacked, &[]).unwrap();
    assert_ne!(paint(&pipeline, &request), plain, "so do two");
    assert_eq!(pipeline.adapt(&[(lora.clone(), 0.7)], &[]).unwrap(), report);
    assert_eq!(
        paint(&pipeline, &request),
        adapted,
        "the same files, the same picture"
    );
    pipeline.adapt(&[], &[]).unwrap();
    assert_eq!(
        paint(&pipeline, &request),
        plain,
        "without it the first picture, bit for bit"
    );

    let folder = tempfile::tempdir().unwrap();
    let word = folder.path().join("orange.safetensors");
    let vectors = |width: usize| Tensor::ones((2, width), DType::F32, &Device::Cpu).unwrap();
    let tensors = [
        ("clip_l".to_owned(), vectors(12)),
        ("clip_g".to_owned(), vectors(20)),
    ];
    save_tensors(&tensors.into(), &word, DType::F32).unwrap();
    pipeline.adapt(&[], std::slice::from_ref(&word)).unwrap();
    assert_ne!(
        paint(&pipeline, &request),
        plain,
        "the word stands for other vectors now"
    );
    pipeline.adapt(&[], &[]).unwrap();
    assert_eq!(paint(&pipeline, &request), plain, "and for its tokens again");

    let foreign = golden("lora/kohya.safetensors");
    let refusal = pipeline.adapt(&[(foreign, 1.0)], &[]).unwrap_err().to_string();
    assert!(
        refusal.contains("kohya.safetensors"),
        "`{refusal}` should name the file"
    );
    assert_eq!(
        paint(&pipeline, &request),
        plain,
        "what is refused changes nothing"
    );
}

#[test]
fn prompts_of_any_length_share_a_batch() {
    let pipeline = tiny(1);
    let long = "a fox with star eyes, ".repeat(12);
    let mut request = request(vec![item("a fox", 1), item(&long, 2), item("an owl", 3)]);
    request.items[2].negative_prompt = long;
    let together = paint(&pipeline, &request);
    for (item, picture) in request.items.iter().zip(&together) {
        let items = vec![item.clone()];
        let alone = paint(
            &pipeline,
            &GenerateRequest {
                items,
                ..request.clone()
            },
        );
        assert_eq!(
            alone,
            std::slice::from_ref(picture),
            "seed {}: longer neighbours change nothing",
            item.seed
        );
    }
}

#[test]
fn a_tiled_picture_is_of_the_same_size() {
    let pipeline = tiny(1);
    let whole = GenerateRequest {
        width: 128,
        height: 160,
        ..request(vec![item("a fox", 1)])
    };
    let tiled = GenerateRequest {
        tiled_decode: true,
        ..whole.clone()
    };
    let (whole, tiled) = (
        paint(&pipeline, &whole).remove(0),
        paint(&pipeline, &tiled).remove(0),
    );
    assert_eq!((tiled.width, tiled.height), (whole.width, whole.height));
    assert_ne!(tiled, whole, "its tiles see less");
}
