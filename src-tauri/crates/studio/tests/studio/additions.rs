//! LoRAs and textual inversions on a tiny model: found by content, painted with, gone again, refused when changed.

use std::collections::BTreeMap;

use crate::common::{Bench, order, rest};
use salon_domain::{Digest, LoraRef};
use salon_studio::Studio;
use salon_studio::api::*;
use serde_json::json;

/// A safetensors file of f32 tensors whose values count up in small steps from `start`.
fn tensors(named: &[(&str, &[usize])], start: f32) -> Vec<u8> {
    let (mut header, mut values) = (BTreeMap::new(), Vec::new());
    for (name, shape) in named {
        let begin = values.len();
        let count: usize = shape.iter().product();
        for index in 0..count {
            values.extend((start + (index % 7) as f32 * 0.05).to_le_bytes());
        }
        let about = json!({"dtype": "F32", "shape": shape, "data_offsets": [begin, values.len()]});
        header.insert(*name, about);
    }
    let header = serde_json::to_vec(&header).unwrap();
    let mut file = (header.len() as u64).to_le_bytes().to_vec();
    file.extend(header);
    file.extend(values);
    file
}

/// A LoRA of rank 2 for a cross attention whose text has `width` values.
fn lora(width: usize, start: f32) -> Vec<u8> {
    let module = "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k";
    let (down, up) = (
        format!("{module}.lora_down.weight"),
        format!("{module}.lora_up.weight"),
    );
    tensors(&[(&down, &[2, width]), (&up, &[8, 2])], start)
}

fn with_lora(name: &str, weight: f64) -> StartRun {
    StartRun {
        loras: vec![LoraChoice {
            name: name.into(),
            weight,
        }],
        ..order(1, 5)
    }
}

/// The pixels of every candidate, in arrival order.
fn pictures(studio: &Studio) -> Vec<image::RgbImage> {
    let ids = studio
        .candidate_ids(CandidateQuery::default())
        .unwrap()
        .ids
        .into_iter();
    ids.map(|id| {
        image::load_from_memory(&studio.read_picture(id, None).unwrap())
            .unwrap()
            .to_rgb8()
    })
    .collect()
}

fn failures(studio: &Studio) -> Vec<String> {
    let runs = studio.runs(Nothing {}).unwrap().into_iter();
    let details = runs.map(|run| studio.run_detail(RunRequest { run: run.run.id }).unwrap());
    details
        .flat_map(|detail| detail.failures)
        .map(|slot| serde_json::to_string(&slot.state).unwrap())
        .collect()
}

#[test]
fn a_lora_changes_the_picture_and_taking_it_away_gives_it_back() {
    let bench = Bench::new();
    bench.write("models/loras/ink.safetensors", lora(16, 0.2));
    let studio = bench.open("lora.salon", 1);
    let listed = studio.loras(Nothing {}).unwrap();
    assert_eq!((listed.len(), listed[0].name.as_str()), (1, "ink"), "{listed:?}");
    assert_eq!(
        (
            listed[0].rank,
            listed[0].fault.as_deref(),
            listed[0].fits.as_slice()
        ),
        (Some(2), None, &["tiny".to_owned()][..]),
        "{listed:?}"
    );
    assert_eq!(
        studio.models(Nothing {}).unwrap()[0].loras,
        ["ink"],
        "the model knows it too"
    );
    studio.start_run(order(1, 5)).unwrap();
    let run = studio.start_run(with_lora("ink", 1.0)).unwrap().run;
    assert_eq!(
        run.recipe.loras,
        [LoraRef {
            name: "ink".into(),
            sha256: Digest::of(&lora(16, 0.2)),
            weight: 1.0,
        }],
        "the recipe holds its hash"
    );
    studio.start_run(order(1, 5)).unwrap();
    studio.start_run(with_lora("ink", 0.5)).unwrap();
    rest(&studio);
    assert_eq!(failures(&studio), [""; 0], "each was made");
    let made = pictures(&studio);
    assert_ne!(made[0], made[1], "the LoRA is painted with");
    assert_eq!(
        made[0], made[2],
        "without it the picture is what it was, to the bit"
    );
    assert_ne!(made[1], made[3], "at its weight");
}

#[test]
fn a_lora_that_changed_since_the_order_or_is_for_another_family_is_refused_by_name() {
    let bench = Bench::new();
    // Found by content, also outside `loras`.
    bench.write("models/ink.safetensors", lora(16, 0.2));
    bench.write("models/loras/foreign.safetensors", lora(768, 0.2));
    bench.write("models/loras/broken.safetensors", b"no tensors");
    let studio = bench.open("changed.salon", 1);
    let refused = |name: &str| studio.start_run(with_lora(name, 1.0)).unwrap_err().message;
    let foreign = refused("foreign");
    assert!(
        foreign.contains("`foreign`") && foreign.contains("Stable Diffusion 1"),
        "{foreign}"
    );
    assert!(refused("broken").contains("`broken`"), "{}", refused("broken"));
    studio.pause_queue(Nothing {}).unwrap();
    studio.start_run(with_lora("ink", 1.0)).unwrap();
    bench.write("models/ink.safetensors", lora(16, 0.3));
    studio.resume_queue(Nothing {}).unwrap();
    rest(&studio);
    let failed = failures(&studio);
    assert!(
        failed.len() == 1 && failed[0].contains("`ink`") && failed[0].contains("ordered with"),
        "{failed:?}"
    );
}

#[test]
fn which_lora_fits_which_model_is_told_key_by_key() {
    let module = "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k";
    let keys = [
        format!("{module}.lora_down.weight"),
        format!("{module}.lora_up.weight"),
        format!("{module}_stray.lora_down.weight"),
        format!("{module}_stray.lora_up.weight"),
    ];
    let (down, up): (&[usize], &[usize]) = (&[2, 16], &[8, 2]);
    let partly = tensors(
        &[(&keys[0], down), (&keys[1], up), (&keys[2], down), (&keys[3], up)],
        0.2,
    );
    let bench = Bench::new();
    bench.write("models/loras/partly.safetensors", &partly);
    bench.write("models/loras/foreign.safetensors", lora(768, 0.2));
    let studio = bench.open("fits.salon", 1);
    let listed = studio.loras(Nothing {}).unwrap();
    let (foreign, found) = (&listed[0], &listed[1]);
    assert_eq!(foreign.fits, [""; 0], "{foreign:?}");
    let reason = foreign.models[0].reason.as_deref().unwrap();
    assert!(reason.contains("made for Stable Diffusion 1"), "{reason}");
    let expected = LoraFit {
        model: "tiny".into(),
        keys: 4,
        unmatched: keys[2..].to_vec(),
        reason: None,
    };
    assert_eq!(
        (&found.fits[..], &found.models[..]),
        (&["tiny".into()][..], &[expected][..])
    );
    let model = studio.models(Nothing {}).unwrap().remove(0);
    assert_eq!(model.loras, ["partly"], "only what fits");
    assert!(
        model
            .notes
            .iter()
            .any(|note| note.contains("`partly`") && note.contains("2 of its 4 keys")),
        "{:?}",
        model.notes
    );
    studio.start_run(with_lora("partly", 1.0)).unwrap();
    rest(&studio);
    assert_eq!(failures(&studio), [""; 0], "it is painted with");

    bench.write("models/loras/partly.safetensors", lora(16, 0.2));
    let whole = studio.loras(Nothing {}).unwrap().remove(1).models;
    assert_eq!(
        (whole[0].keys, whole[0].unmatched.len()),
        (2, 0),
        "what changed is looked at again"
    );

    let path = bench.folder().join("elsewhere.safetensors");
    std::fs::write(&path, &partly).unwrap();
    let check = |lora: &str, model: Option<&str>| {
        salon_studio::check_lora(lora, model, &[bench.folder().join("models")])
    };
    let elsewhere = check(path.to_str().unwrap(), Some("tiny")).unwrap();
    assert_eq!(
        elsewhere.models[0].unmatched,
        keys[2..],
        "also of a file that lies elsewhere"
    );
    let missing = check("no-such", None).unwrap_err();
    assert!(missing.message.contains("no-such"), "{missing}");
    let model = check("partly", Some("no-such")).unwrap_err();
    assert!(model.message.contains("no model `no-such`"), "{model}");
}

#[test]
fn an_embedding_is_used_by_its_word() {
    let bench = Bench::new();
    bench.write(
        "models/embeddings/gilded.safetensors",
        tensors(&[("emb_params", &[2, 16])], 0.4),
    );
    let studio = bench.open("words.salon", 1);
    let found = studio.embeddings(Nothing {}).unwrap();
    assert_eq!(
        (
            found[0].name.as_str(),
            found[0].tokens,
            found[0].width,
            found[0].fault.as_deref()
        ),
        ("gilded", 2, 16, None)
    );
    let says = |prompt: &str| StartRun {
        prompt: prompt.into(),
        ..order(1, 5)
    };
    let without = studio.start_run(says("a fox")).unwrap().run.recipe;
    let with = studio.start_run(says("a Gilded fox")).unwrap().run.recipe;
    assert_eq!(
        without.embeddings,
        [],
        "a prompt that does not name it does not use it"
    );
    assert_eq!(with.embeddings[0].name, "gilded");
    rest(&studio);
    assert_eq!(failures(&studio), [""; 0]);
    let made = pictures(&studio);
    assert_ne!(made[0], made[1], "the word says something");
}
