//! A captioner in a studio: it describes drawings that it never saw, says which words of the schema go with each, and knows where it
//! does not know. `tests/golden/captions/house` learnt from drawings of another seed (`tests/golden/train_captioner.py`): it has the
//! words of five layers, and learnt to see backgrounds.

use std::path::{Path, PathBuf};

use salon_catalog::FinishedSlot;
use salon_domain::{CancelToken, CandidateId, Digest, Seen, TraitSource};
use salon_layers::{Composition, LayerSet};
use salon_studio::api::*;
use salon_studio::{Studio, StudioOptions};
use salon_testkit::TempProject;

/// Drawings of this seed were not learnt from.
const UNSEEN: u64 = 7;
const DRAWN: u32 = 128;
const TYPES: [&str; 3] = ["Background", "Fur", "Headwear"];

fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..").join(path)
}

/// A project with drawings of the house, and what each shows.
struct Planted {
    project: TempProject,
    ids: Vec<CandidateId>,
    drawn: Vec<Composition>,
    house: LayerSet,
}

impl Planted {
    fn new(count: u32) -> Self {
        let house = LayerSet::load(repository("assets/house")).unwrap();
        let mut planted = TempProject::new();
        let project = planted.project();
        let run = planted.order(count);
        let drawn: Vec<Composition> = (0..u64::from(count)).map(|at| house.draw(UNSEEN, at)).collect();
        let finished = (0..).zip(&drawn).map(|(index, composition)| {
            let picture = house.render(composition, DRAWN).unwrap();
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
        Self {
            project: planted,
            ids,
            drawn,
            house,
        }
    }

    /// Lays a captioner among the models, without one file if one is named.
    fn teach(&self, name: &str, from: &str, left_out: Option<&str>) {
        let folder = self.project.beside(&format!("models/{name}"));
        std::fs::create_dir_all(&folder).unwrap();
        for entry in std::fs::read_dir(repository("tests/golden/captions").join(from)).unwrap() {
            let path = entry.unwrap().path();
            let file = path.file_name().unwrap();
            if left_out.is_none_or(|left_out| file != left_out) {
                std::fs::copy(&path, folder.join(file)).unwrap();
            }
        }
    }

    fn open(&self) -> Studio {
        let mut options = StudioOptions::to_curate(self.project.dir());
        options.models = vec![self.project.beside("models")];
        options.layers = None;
        options.judge = false;
        let clock = self.project.clock.clone();
        options.clock = std::sync::Arc::new(move || clock.tick());
        Studio::open(options).unwrap()
    }

    /// What the schema calls it, that a drawing has of a trait type; nothing for none.
    fn shown(&self, at: usize, trait_type: &str) -> Option<&str> {
        let found = self.drawn[at]
            .traits
            .iter()
            .find(|one| one.trait_type == trait_type);
        found
            .map(|one| one.value.as_str())
            .filter(|value| *value != "None")
    }

    /// The schema of three layers, a type of one value and one of numbers.
    fn keep_schema(&self, studio: &Studio) {
        let values = |layer: &str| -> Vec<serde_json::Value> {
            let layer = self.house.layers().iter().find(|one| one.name == layer).unwrap();
            let named = layer.values.iter().filter(|value| value.name != "None");
            named
                .map(|value| serde_json::json!({"name": value.name}))
                .collect()
        };
        let mut traits: Vec<serde_json::Value> = TYPES
            .iter()
            .map(|name| {
                let required = *name != "Headwear";
                serde_json::json!({"name": name, "required": required, "values": values(name)})
            })
            .collect();
        traits.push(serde_json::json!({"name": "Sign", "required": true, "values": [{"name": "Sun"}]}));
        traits.push(serde_json::json!({"name": "Age", "display": "number"}));
        let schema = serde_json::json!({"form": 1, "version": 0, "traits": traits, "rules": []});
        studio
            .set_trait_schema(SetTraitSchema {
                schema: serde_json::from_value(schema).unwrap(),
                expects: 0,
                by: "Ada".into(),
            })
            .unwrap();
    }
}

fn ask() -> DescribePictures {
    DescribePictures {
        by: "Ada".into(),
        ..DescribePictures::default()
    }
}

fn describe(studio: &Studio, request: DescribePictures) -> Result<DescribeProgress, ApiError> {
    studio.describe_pictures_now(request, &CancelToken::new(), |_| {})
}

fn cell(studio: &Studio, id: CandidateId, trait_type: &str) -> TraitCell {
    let row = studio.candidate_traits(CandidateRequest { id }).unwrap();
    let found = row.traits.into_iter().find(|cell| cell.trait_type == trait_type);
    found.unwrap()
}

fn caption(studio: &Studio, id: CandidateId) -> Option<PictureCaption> {
    studio.candidate(CandidateRequest { id }).unwrap().caption
}

#[test]
fn drawings_that_it_never_saw_get_their_words_or_stay_uncertain() {
    const COUNT: u32 = 96;
    let planted = Planted::new(COUNT);
    planted.teach("teller", "house", None);
    let studio = planted.open();
    planted.keep_schema(&studio);
    let progress = describe(&studio, ask()).unwrap();
    assert_eq!(
        (
            progress.done,
            progress.total,
            progress.written,
            progress.fault.as_deref()
        ),
        (COUNT, COUNT, COUNT, None),
        "{progress:?}"
    );
    let report = progress.report.as_ref().expect("traits were read");
    assert_eq!(
        (report.from, report.reader.as_str(), report.candidates),
        (TagFrom::Captions, "teller", COUNT)
    );
    for (at, trait_type) in TYPES.iter().enumerate() {
        let (mut right, mut sure, mut right_when_sure) = (0, 0, 0);
        for (place, id) in planted.ids.iter().enumerate() {
            let cell = cell(&studio, *id, trait_type);
            let [claim] = &cell.claims[..] else {
                panic!("one source spoke: {cell:?}")
            };
            assert_eq!(claim.source, TraitSource::Caption);
            let is_right = claim.value.as_deref() == planted.shown(place, trait_type);
            right += u32::from(is_right);
            sure += u32::from(claim.sure);
            right_when_sure += u32::from(claim.sure && is_right);
            assert_eq!(
                cell.uncertain, !claim.sure,
                "what it does not stand by is uncertain"
            );
            assert_eq!(cell.source.is_some(), claim.sure, "and does not hold");
        }
        let told = format!(
            "{trait_type}: {right} of {COUNT} right, sure of {sure}, of which {right_when_sure} right"
        );
        println!("{told}");
        // The tiny captioner learnt backgrounds, and next to nothing of the rest: of that it must not be sure.
        if *trait_type == "Background" {
            assert!(right * 100 >= COUNT * 95, "{told}");
            assert!(sure > COUNT / 4 && right_when_sure * 100 >= sure * 95, "{told}");
        } else {
            assert!(sure * 20 <= COUNT, "it knows where it does not know: {told}");
        }
        assert_eq!(report.types[at].uncertain, COUNT - sure);
        assert_eq!(
            report.types[at].probe, None,
            "nobody has said anything to calibrate it by"
        );
    }
    assert!(
        report.types[3]
            .fault
            .as_ref()
            .unwrap()
            .contains("one value alone")
    );
    assert!(report.types[4].fault.as_ref().unwrap().contains("numbers"));
    let mut named = 0;
    for (place, id) in planted.ids.iter().enumerate() {
        let caption = caption(&studio, *id).expect("it was described");
        assert_eq!(caption.model, "teller");
        let shown = planted.shown(place, "Background").unwrap().to_lowercase();
        named += u32::from(caption.text.contains(&shown));
    }
    assert!(
        named * 100 >= COUNT * 90,
        "captions name the background: {named} of {COUNT}"
    );

    // A hand is never overruled; what it says calibrates the next reading.
    for (place, id) in planted.ids.iter().enumerate().take(40) {
        studio
            .set_traits(SetTraits {
                seen: vec![Seen {
                    candidate: *id,
                    frame: None,
                }],
                traits: vec![SetTraitEdit {
                    trait_type: "Background".into(),
                    value: planted.shown(place, "Background").map(str::to_owned),
                    withdraw: false,
                }],
                by: "Ada".into(),
            })
            .unwrap();
    }
    let only = DescribePictures {
        trait_types: Some(vec!["Background".into()]),
        ..ask()
    };
    let again = describe(&studio, only).unwrap();
    assert_eq!(again.written, 0, "each picture is described once");
    let measured = again.report.unwrap().types.remove(0).probe.expect("40 are known");
    assert!(measured.accuracy >= 0.9, "{measured:?}");
}

#[test]
fn a_stop_keeps_what_was_read_and_the_next_goes_on() {
    let planted = Planted::new(40);
    planted.teach("teller", "house", None);
    let studio = planted.open();
    planted.keep_schema(&studio);
    let begun = studio.describe_pictures(ask()).unwrap();
    assert_eq!(
        (begun.model.as_str(), begun.total, begun.ended),
        ("teller", 40, false)
    );
    let busy = studio.describe_pictures(ask()).unwrap_err();
    assert!(busy.message.contains("already"), "{busy}");
    loop {
        let status = studio.describe_status(Nothing {}).unwrap().unwrap();
        if status.done >= 5 || status.ended {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    studio.cancel_describing(Nothing {}).unwrap();
    let stopped = loop {
        let status = studio.describe_status(Nothing {}).unwrap().unwrap();
        if status.ended {
            break status;
        }
        std::thread::sleep(std::time::Duration::from_millis(2));
    };
    assert!(
        stopped.stopped && stopped.done >= 5 && stopped.done < 40,
        "{stopped:?}"
    );
    let read = stopped.report.unwrap().candidates;
    assert_eq!(read, stopped.done, "what was read is kept");
    for (place, id) in planted.ids.iter().enumerate() {
        let is_read = place < read as usize;
        assert_eq!(caption(&studio, *id).is_some(), is_read, "picture {place}");
        assert_eq!(
            !cell(&studio, *id, "Fur").claims.is_empty(),
            is_read,
            "picture {place}"
        );
    }
    let only = DescribePictures {
        captions_only: true,
        ..ask()
    };
    let rest = describe(&studio, only).unwrap();
    assert_eq!(
        (rest.done, rest.written, rest.report),
        (40, 40 - read, None),
        "those that have one keep it"
    );
    studio.close();
    drop(studio);
    let project = salon_catalog::Project::open(planted.project.dir()).unwrap();
    assert_eq!(
        project.check_derived().unwrap(),
        Vec::<String>::new(),
        "nothing came apart"
    );
}

#[test]
fn what_stands_in_the_way_is_named_before_anything_is_looked_at() {
    let planted = Planted::new(2);
    let studio = planted.open();
    let refused = |request: DescribePictures| describe(&studio, request).unwrap_err();
    let early = refused(ask());
    assert!(early.message.contains("no attribute schema"), "{early}");
    planted.keep_schema(&studio);
    let none = refused(ask());
    assert_eq!(none.code, ErrorCode::NotFound);
    assert!(none.hints[0].contains("BLIP"), "{none:?}");
    assert_eq!(studio.captioners(Nothing {}).unwrap(), vec![]);

    planted.teach("broken", "house", Some("tokenizer.json"));
    planted.teach("teller", "house", None);
    planted.teach("tiny", "blip", None);
    let found = studio.captioners(Nothing {}).unwrap();
    let names: Vec<&str> = found.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["broken", "teller", "tiny"]);
    let fault = found[0].fault.as_ref().unwrap();
    assert!(
        fault.contains("tokenizer.json") && fault.contains("missing"),
        "{fault}"
    );
    assert_eq!(found[0].sha256, None);
    assert!(
        found[1].parameters > 100_000 && found[1].side == 48,
        "{:?}",
        found[1]
    );
    assert_ne!(
        found[1].sha256, found[2].sha256,
        "other files are another captioner"
    );
    assert_eq!(
        found,
        studio.captioners(Nothing {}).unwrap(),
        "the same files are the same"
    );

    let named = |name: &str| DescribePictures {
        model: Some(name.into()),
        ..ask()
    };
    let broken = refused(named("broken"));
    assert!(
        broken.message.contains("`broken`") && broken.message.contains("tokenizer.json"),
        "{broken}"
    );
    let unknown = refused(named("fox"));
    assert!(unknown.hints[0].contains("broken, teller, tiny"), "{unknown:?}");
    let of = |trait_types: &str| DescribePictures {
        trait_types: Some(vec![trait_types.into()]),
        ..named("teller")
    };
    assert!(refused(of("Wings")).message.contains("Wings is no trait type"));
    let circle = DescribePictures {
        learn_from: Some(vec![TraitSource::Caption]),
        ..ask()
    };
    assert!(refused(circle).message.contains("read from pictures"));
    let stranger = DescribePictures {
        candidates: Some(vec![CandidateId(99)]),
        ..ask()
    };
    assert!(refused(stranger).message.contains("99"));
    let at_once = studio.tag_traits(TagTraits {
        from: TagFrom::Captions,
        trait_types: None,
        learn_from: None,
        by: "Ada".into(),
    });
    assert!(at_once.unwrap_err().message.contains("describe_pictures"));
}

#[test]
fn a_picture_that_cannot_be_read_is_named_and_the_others_are_described() {
    let planted = Planted::new(3);
    planted.teach("teller", "house", None);
    let studio = planted.open();
    let detail = studio.candidate(CandidateRequest { id: planted.ids[1] }).unwrap();
    let digest: Digest = detail.candidate.sha256;
    let name = digest.to_string();
    let file = planted
        .project
        .dir()
        .join("pictures")
        .join(&name[..2])
        .join(format!("{name}.png"));
    assert!(file.is_file(), "{}", file.display());
    std::fs::write(&file, b"no picture").unwrap();
    let only = DescribePictures {
        captions_only: true,
        ..ask()
    };
    let progress = describe(&studio, only).unwrap();
    assert_eq!((progress.done, progress.written, progress.fault), (3, 2, None));
    let [failed] = &progress.failed[..] else {
        panic!("one failed: {:?}", progress.failed)
    };
    assert_eq!(failed.candidate, planted.ids[1]);
    assert!(!failed.why.is_empty());
    assert!(caption(&studio, planted.ids[0]).is_some() && caption(&studio, planted.ids[1]).is_none());
}
