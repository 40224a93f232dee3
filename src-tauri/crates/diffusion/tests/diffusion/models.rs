//! Models on disk: folders of every family in every form of weight files, single files, and what is refused.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use candle_core::{DType, Device, Tensor};
use salon_diffusion::model::{self, ModelReport};
use salon_diffusion::schedule::Prediction;
use salon_diffusion::{Pipeline, save_tensors};
use serde_json::{Value, json};
use tempfile::TempDir;

const UNET: &str = "unet/diffusion_pytorch_model";

fn golden(family: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../../tests/golden")
        .join(family)
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// A copy that can be damaged.
fn model_of(family: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    copy(&golden(family), folder.path());
    folder
}

fn edit_json(path: &Path, change: impl FnOnce(&mut Value)) {
    let mut json = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    change(&mut json);
    fs::write(path, serde_json::to_vec(&json).unwrap()).unwrap();
}

fn tensors(path: &Path) -> BTreeMap<String, Tensor> {
    let all = candle_core::safetensors::load(path, &Device::Cpu).unwrap();
    all.into_iter().collect()
}

fn report(family: &str) -> ModelReport {
    model::check(&golden(family)).unwrap_or_else(|fault| panic!("{family}: {fault}"))
}

fn refusal(path: &Path) -> String {
    let checked = model::check(path).expect_err("must be refused").to_string();
    let loaded = Pipeline::load(path, &Device::Cpu).err().unwrap().to_string();
    assert_eq!(checked, loaded, "checking and loading must agree");
    checked
}

#[test]
fn every_family_is_checked_and_loaded_alike() {
    for family in ["sd2", "turbo", "lcm", "inpaint", "sdxl", "refiner"] {
        let report = report(family);
        assert_eq!(report.unused, Vec::<String>::new(), "{family}");
        assert_eq!(report.notes, Vec::<String>::new(), "{family}");
        assert_eq!((report.side_multiple, report.native_side), (8, 64), "{family}");
        assert_eq!(report.prompt_tokens, 77, "{family}");
        let pipeline = Pipeline::load(&golden(family), &Device::Cpu).unwrap();
        assert_eq!(
            pipeline.report(),
            &report,
            "{family}: checking and loading must agree"
        );
    }
}

#[test]
fn what_a_model_can_do_is_told() {
    let can = |family: &str| report(family).capabilities;
    let plain = can("turbo");
    assert_eq!(plain.input_channels, 4);
    assert!(
        !(plain.inpaint || plain.refiner || plain.latent_consistency || plain.pooled_text || plain.time_ids)
    );
    assert!(plain.clip_skip && plain.guidance_embedding.is_none() && !plain.aesthetic_score);

    assert!(can("inpaint").inpaint);
    assert_eq!(can("inpaint").input_channels, 9);
    assert!(can("lcm").latent_consistency);
    assert_eq!(can("lcm").guidance_embedding, Some(32));
    let (sdxl, refiner) = (can("sdxl"), can("refiner"));
    assert!(sdxl.pooled_text && sdxl.time_ids && !sdxl.aesthetic_score && !sdxl.refiner);
    assert!(refiner.pooled_text && refiner.time_ids && refiner.aesthetic_score && refiner.refiner);

    assert_eq!(report("sd2").prediction, Prediction::VPrediction);
    assert_eq!(report("turbo").prediction, Prediction::Epsilon);
    assert!(
        report("inpaint").family.contains("inpainting"),
        "the family says it"
    );
}

#[test]
fn pipelines_of_other_names_are_the_same_networks() {
    for (family, names) in [
        (
            "sd2",
            ["StableDiffusionImg2ImgPipeline", "StableDiffusionInpaintPipeline"],
        ),
        (
            "sdxl",
            [
                "StableDiffusionXLImg2ImgPipeline",
                "StableDiffusionXLInpaintPipeline",
            ],
        ),
        (
            "lcm",
            ["LatentConsistencyModelImg2ImgPipeline", "StableDiffusionPipeline"],
        ),
    ] {
        let folder = model_of(family);
        for name in names {
            edit_json(&folder.path().join("model_index.json"), |json| {
                json["_class_name"] = name.into();
            });
            assert_eq!(
                model::check(folder.path()).unwrap(),
                report(family),
                "{family} as {name}"
            );
        }
    }
}

#[test]
fn weights_may_be_whole_in_shards_or_a_variant() {
    let right = report("sdxl");
    let folder = model_of("sdxl");
    let at = |ending: &str| folder.path().join(format!("{UNET}{ending}"));
    let whole = tensors(&at(".safetensors"));

    fs::rename(at(".safetensors"), at(".fp16.safetensors")).unwrap();
    assert_eq!(
        model::check(folder.path()).unwrap(),
        right,
        "a variant alone is taken"
    );

    // Two shards and their index, as diffusers writes them; the first tensors in one, the rest in the other.
    for variant in ["", ".fp16"] {
        fs::remove_file(at(".fp16.safetensors")).unwrap_or_default();
        let half = whole.len() / 2;
        let mut map = BTreeMap::new();
        for (number, shard) in [(1, 0..half), (2, half..whole.len())] {
            let file = format!("diffusion_pytorch_model{variant}-{number:05}-of-00002.safetensors");
            let part: BTreeMap<String, Tensor> = whole
                .iter()
                .skip(shard.start)
                .take(shard.len())
                .map(|(k, v)| (k.clone(), v.clone()))
                .collect();
            map.extend(part.keys().map(|name| (name.clone(), file.clone())));
            save_tensors(&part, &folder.path().join("unet").join(file), DType::F16).unwrap();
        }
        let index = at(&format!(".safetensors.index{variant}.json"));
        fs::write(&index, json!({"metadata": {}, "weight_map": map}).to_string()).unwrap();
        assert_eq!(
            model::check(folder.path()).unwrap(),
            right,
            "shards of variant `{variant}`"
        );
        let second = folder
            .path()
            .join(format!("{UNET}{variant}-00002-of-00002.safetensors"));
        fs::remove_file(&second).unwrap();
        let message = refusal(folder.path());
        assert!(
            message.contains("00002-of-00002") && message.contains("missing"),
            "a missing shard is named: {message}"
        );
        edit_json(&index, |json| {
            json["weight_map"]["conv_in.bias"] = "../../elsewhere.safetensors".into();
        });
        let message = refusal(folder.path());
        assert!(
            message.contains("elsewhere"),
            "a file outside is not opened: {message}"
        );
        fs::remove_file(&index).unwrap();
    }
}

#[test]
fn pickles_are_refused_with_the_way_out() {
    for ending in ["bin", "ckpt", "fp16.bin", "pt"] {
        let folder = model_of("turbo");
        let pickle = folder.path().join(format!("{UNET}.{ending}"));
        fs::rename(folder.path().join(format!("{UNET}.safetensors")), &pickle).unwrap();
        let message = refusal(folder.path());
        for word in [ending, "pickle", "run code", "save_pretrained"] {
            assert!(
                message.contains(word),
                "{ending}: `{message}` should say `{word}`"
            );
        }
    }
    let folder = model_of("turbo");
    let text = folder.path().join("text_encoder");
    fs::rename(text.join("model.safetensors"), text.join("pytorch_model.bin")).unwrap();
    assert!(
        refusal(folder.path()).contains("pytorch_model.bin"),
        "transformers' own name for it"
    );

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("dream.ckpt");
    fs::write(&file, b"PK\x03\x04").unwrap();
    for path in [file.as_path(), folder.path()] {
        let message = refusal(path);
        assert!(
            message.contains("dream.ckpt") && message.contains("pickle"),
            "{message}"
        );
    }
}

#[test]
fn what_is_left_aside_is_noted_and_what_is_unknown_is_refused() {
    let folder = model_of("turbo");
    let index = folder.path().join("model_index.json");
    edit_json(&index, |json| {
        json["safety_checker"] = json!(["stable_diffusion", "StableDiffusionSafetyChecker"]);
        json["feature_extractor"] = json!(["transformers", "CLIPImageProcessor"]);
        json["image_encoder"] = json!([null, null]);
    });
    let notes = model::check(folder.path()).unwrap().notes;
    assert_eq!(notes.len(), 2, "{notes:?}");
    assert!(
        notes
            .iter()
            .any(|note| note.starts_with("safety_checker is not run")),
        "{notes:?}"
    );

    for (field, value, words) in [
        (
            "controlnet",
            json!(["diffusers", "ControlNetModel"]),
            "controlnet",
        ),
        (
            "text_encoder",
            json!(["transformers", "T5EncoderModel"]),
            "T5EncoderModel",
        ),
        ("_class_name", json!("FluxPipeline"), "FluxPipeline"),
        ("_class_name", json!("OnnxStableDiffusionPipeline"), "ONNX"),
        ("_class_name", Value::Null, "nameless"),
        (
            "_class_name",
            json!("StableDiffusionXLPipeline"),
            "text_encoder_2",
        ),
    ] {
        let folder = model_of("turbo");
        edit_json(&folder.path().join("model_index.json"), |json| {
            json[field] = value.clone();
        });
        let message = refusal(folder.path());
        assert!(
            message.contains(words),
            "{field} {value}: `{message}` should name {words}"
        );
    }
}

#[test]
fn parts_that_do_not_belong_together_are_named() {
    type Change = fn(&mut Value);
    let cases: [(&str, &str, Change, &[&str]); 7] = [
        (
            "sdxl",
            "unet",
            |c| c["cross_attention_dim"] = 12.into(),
            &["cross_attention_dim", "both text encoders", "32"],
        ),
        (
            "sd2",
            "unet",
            |c| c["in_channels"] = 5.into(),
            &["in_channels", "5", "inpainting"],
        ),
        (
            "sd2",
            "unet",
            |c| c["out_channels"] = 8.into(),
            &["out_channels", "8"],
        ),
        (
            "sd2",
            "vae",
            |c| c["latent_channels"] = 3.into(),
            &["in_channels", "latent_channels"],
        ),
        (
            "sd2",
            "vae",
            |c| c["out_channels"] = 1.into(),
            &["out_channels", "colours"],
        ),
        (
            "sdxl",
            "unet",
            |c| c["addition_embed_type"] = Value::Null,
            &["addition_embed_type", "SDXL"],
        ),
        (
            "sdxl",
            "text_encoder_2",
            |c| c["architectures"] = json!(["CLIPTextModel"]),
            &["text_encoder_2", "projection"],
        ),
    ];
    for (family, part, change, words) in cases {
        let folder = model_of(family);
        edit_json(&folder.path().join(part).join("config.json"), change);
        let message = refusal(folder.path());
        for word in words {
            assert!(
                message.contains(word),
                "{family}/{part}: `{message}` should say `{word}`"
            );
        }
    }
    let folder = model_of("sd2");
    edit_json(&folder.path().join("model_index.json"), |json| {
        json["_class_name"] = "StableDiffusionPipeline".into();
    });
    fs::copy(
        golden("sdxl").join("unet/config.json"),
        folder.path().join("unet/config.json"),
    )
    .unwrap();
    assert!(
        refusal(folder.path()).contains("cross_attention_dim"),
        "networks of two models"
    );
}

#[test]
fn a_part_that_is_missing_is_named() {
    for (family, missing) in [
        ("sdxl", "unet"),
        ("sdxl", "vae"),
        ("sdxl", "text_encoder_2"),
        ("refiner", "text_encoder_2"),
        ("sd2", "scheduler"),
        ("sd2", "text_encoder/config.json"),
        ("sd2", "model_index.json"),
    ] {
        let folder = model_of(family);
        let path = folder.path().join(missing);
        if path.is_dir() {
            fs::remove_dir_all(path).unwrap();
        } else {
            fs::remove_file(path).unwrap();
        }
        let message = refusal(folder.path());
        assert!(
            message.contains(missing) && message.contains("missing"),
            "{family}: `{message}` should name {missing}"
        );
    }
    let nowhere = golden("nowhere");
    assert!(
        refusal(&nowhere).contains("nowhere"),
        "a path that leads nowhere is named"
    );
}

#[test]
fn without_a_tokenizer_a_model_is_loaded_and_the_lack_is_noted() {
    let folder = model_of("sdxl");
    fs::remove_dir_all(folder.path().join("tokenizer")).unwrap();
    fs::remove_dir_all(folder.path().join("tokenizer_2")).unwrap();
    let pipeline = Pipeline::load(folder.path(), &Device::Cpu).unwrap();
    let notes = &pipeline.report().notes;
    assert_eq!(notes.len(), 2, "{notes:?}");
    assert!(
        notes[0].contains("tokenizer") && notes[1].contains("tokenizer_2"),
        "{notes:?}"
    );
}

#[test]
fn tensors_that_nobody_asks_for_are_listed() {
    let folder = model_of("sd2");
    let file = folder.path().join(format!("{UNET}.safetensors"));
    let mut all = tensors(&file);
    all.insert("spare.weight".to_owned(), all["conv_in.bias"].clone());
    save_tensors(&all, &file, DType::F16).unwrap();
    assert_eq!(
        model::check(folder.path()).unwrap().unused,
        ["unet: spare.weight"]
    );
}
