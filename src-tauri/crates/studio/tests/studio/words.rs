//! Zero-shot tagging in a studio: an encoder that knows words reads traits from pictures, and one that does not says so.

use std::path::{Path, PathBuf};

use image::{Rgb, RgbImage};
use salon_catalog::FinishedSlot;
use salon_domain::{CandidateId, Seen, TraitSource};
use salon_judge::encoder::{Encoder, TextEncoder};
use salon_studio::api::*;
use salon_studio::{Studio, StudioOptions};
use salon_testkit::TempProject;
use salon_traits::tagging::{ENOUGH, ensemble, prompts};

const VALUES: [&str; 3] = ["Teal", "Rust Red", "Plain"];

fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..").join(path)
}

/// Pictures of many tones and patterns, no two alike.
fn drawn(number: u32) -> RgbImage {
    RgbImage::from_fn(48, 48, |x, y| {
        let stripe = ((x * (1 + number % 4) + y * (number % 3)) / (3 + number % 7)).is_multiple_of(2);
        let tone = |shift: u32| (number.wrapping_mul(97 + shift * 31) % 200) as u8;
        if stripe {
            Rgb([tone(0), tone(1), tone(2)])
        } else {
            Rgb([255 - tone(2), tone(3), (x * 5) as u8])
        }
    })
}

fn planted(count: u32) -> (TempProject, Vec<CandidateId>, Studio) {
    let mut planted = TempProject::new();
    let project = planted.project();
    let run = planted.order(count);
    let finished = (0..count).map(|index| {
        let picture = drawn(index);
        let mut png = std::io::Cursor::new(Vec::new());
        picture.write_to(&mut png, image::ImageFormat::Png).unwrap();
        let thumbnail = salon_catalog::thumbnail(&picture).unwrap();
        FinishedSlot {
            index,
            picture: project.store_picture(&png.into_inner(), &thumbnail).unwrap(),
            traits: vec![],
            layers: vec![],
            took_ms: 1,
        }
    });
    let finished: Vec<FinishedSlot> = finished.collect();
    let ids = project
        .finish_slots(run.id, finished, planted.clock.tick())
        .unwrap();
    planted.close();
    let models = planted.beside("models/clip");
    std::fs::create_dir_all(&models).unwrap();
    for entry in std::fs::read_dir(repository("tests/golden/texts/clip")).unwrap() {
        let path = entry.unwrap().path();
        std::fs::copy(&path, models.join(path.file_name().unwrap())).unwrap();
    }
    let mut options = StudioOptions::to_curate(planted.dir());
    options.models = vec![repository("models"), planted.beside("models")];
    options.layers = None;
    options.judge = false;
    let clock = planted.clock.clone();
    options.clock = std::sync::Arc::new(move || clock.tick());
    let studio = Studio::open(options).unwrap();
    let schema = serde_json::json!({"form": 1, "version": 0, "traits": [
        {"name": "Ground", "required": true, "values": VALUES.map(|name| serde_json::json!({ "name": name }))},
        {"name": "Hat", "values": [{"name": "Crown"}]},
        {"name": "Sign", "required": true, "values": [{"name": "Sun"}]},
        {"name": "Age", "display": "number"},
    ], "rules": []});
    studio
        .set_trait_schema(SetTraitSchema {
            schema: serde_json::from_value(schema).unwrap(),
            expects: 0,
            by: "Ada".into(),
        })
        .unwrap();
    (planted, ids, studio)
}

fn tag(studio: &Studio) -> Result<TagReport, ApiError> {
    studio.tag_traits(TagTraits {
        from: TagFrom::Words,
        trait_types: None,
        learn_from: None,
        by: "Ada".into(),
    })
}

fn look_with_clip(studio: &Studio) {
    let encoder = Some("clip".to_owned());
    studio
        .change_judge(JudgeSettings {
            encoder,
            ..JudgeSettings::default()
        })
        .unwrap();
    studio.judge_now(|_, _| true).unwrap();
}

fn cell(studio: &Studio, id: CandidateId, trait_type: &str) -> TraitCell {
    let row = studio.candidate_traits(CandidateRequest { id }).unwrap();
    let found = row.traits.into_iter().find(|cell| cell.trait_type == trait_type);
    found.unwrap()
}

#[test]
fn an_encoder_without_words_is_refused_with_the_next_step() {
    let (_planted, _ids, studio) = planted(2);
    studio.judge_now(|_, _| true).unwrap();
    let refused = tag(&studio).unwrap_err();
    assert!(
        refused.message.contains("`house`") && refused.message.contains("knows no words"),
        "{refused}"
    );
    assert!(refused.hints[0].contains("Models view"), "{:?}", refused.hints);
    let encoder = Some("clip".to_owned());
    let settings = JudgeSettings {
        encoder,
        ..JudgeSettings::default()
    };
    studio.change_judge(settings).unwrap();
    let early = tag(&studio).unwrap_err();
    assert!(
        early.message.contains("has not looked"),
        "its vectors are not there yet: {early}"
    );
}

#[test]
fn every_picture_gets_the_value_whose_words_are_nearest_and_hands_calibrate_it() {
    let (planted, ids, studio) = planted(ENOUGH as u32 + 4);
    look_with_clip(&studio);
    let report = tag(&studio).unwrap();
    assert_eq!(
        (report.from, report.reader.as_str(), report.candidates),
        (TagFrom::Words, "clip", ids.len() as u32)
    );
    let [ground, hat, sign, age] = &report.types[..] else {
        panic!("four types: {report:?}")
    };
    assert_eq!(ground.read, ids.len() as u32, "{ground:?}");
    assert_eq!(ground.probe, None, "nobody has said anything to calibrate it by");
    assert_eq!(
        hat.read,
        ids.len() as u32,
        "a crown is told from there being none: {hat:?}"
    );
    assert!(
        sign.fault.as_ref().unwrap().contains("one value alone"),
        "{sign:?}"
    );
    assert!(age.fault.as_ref().unwrap().contains("numbers"), "{age:?}");

    // The same by hand, from both sides of the encoder.
    let folder = repository("tests/golden/texts/clip");
    let device = salon_judge::processor();
    let words = TextEncoder::open(&folder, &device).unwrap();
    let classes =
        VALUES.map(|value| ensemble(&words.encode(&prompts("Ground", Some(value))).unwrap()).unwrap());
    let pictures: Vec<RgbImage> = (0..ids.len() as u32).map(drawn).collect();
    let seen = Encoder::open(&folder, &device)
        .unwrap()
        .encode(&pictures)
        .unwrap();
    let dot = |one: &[f32], other: &[f32]| one.iter().zip(other).map(|(a, b)| a * b).sum::<f32>();
    let nearest = |picture: &Vec<f32>| {
        let by = |one: &&usize, other: &&usize| {
            dot(&classes[**one], picture).total_cmp(&dot(&classes[**other], picture))
        };
        VALUES[*[0, 1, 2].iter().max_by(by).unwrap()]
    };
    for (id, picture) in ids.iter().zip(&seen) {
        let cell = cell(&studio, *id, "Ground");
        let [claim] = &cell.claims[..] else {
            panic!("one source spoke: {cell:?}")
        };
        assert_eq!(
            (claim.source, claim.value.as_deref()),
            (TraitSource::Tagged, Some(nearest(picture))),
            "candidate {id}"
        );
        assert_eq!(
            cell.uncertain, !claim.sure,
            "what it does not stand by is in the uncertain bucket"
        );
        assert_eq!(cell.value.is_some(), claim.sure, "and does not hold");
    }

    // A hand says what the words say, but for one picture: then they are as good as they are.
    let wrong = VALUES.iter().find(|value| **value != nearest(&seen[0])).unwrap();
    for (at, id) in ids.iter().enumerate().take(ENOUGH) {
        let value = if at == 0 { wrong } else { nearest(&seen[at]) };
        let seen = vec![Seen {
            candidate: *id,
            frame: None,
        }];
        let traits = vec![SetTraitEdit {
            trait_type: "Ground".into(),
            value: Some(value.to_owned()),
            withdraw: false,
        }];
        studio
            .set_traits(SetTraits {
                seen,
                traits,
                by: "Ada".into(),
            })
            .unwrap();
    }
    let report = tag(&studio).unwrap();
    let measured = report.types[0].probe.as_ref().expect("enough are known");
    let right = (ENOUGH - 1) as f64 / ENOUGH as f64;
    assert!((measured.accuracy - right).abs() < 1e-9, "{measured:?}");
    assert!(measured.sure > 0.5, "it may stand by nearly all: {measured:?}");
    assert_eq!(
        cell(&studio, ids[0], "Ground").value.as_deref(),
        Some(*wrong),
        "a hand is never overruled"
    );
    drop(studio);
    let project = salon_catalog::Project::open(planted.dir()).unwrap();
    assert_eq!(
        project.check_derived().unwrap(),
        Vec::<String>::new(),
        "nothing came apart"
    );
}
