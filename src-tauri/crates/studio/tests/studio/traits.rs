//! Traits of a project: the schema and its versions, who says what of a picture, and what a hand does about it.

use salon_domain::{CandidateId, Seen, TraitSource};
use salon_studio::api::*;
use salon_studio::{Studio, StudioOptions};
use serde_json::json;

use crate::common::planted;

fn schema(text: serde_json::Value) -> TraitSchema {
    serde_json::from_value(text).unwrap()
}

/// Backgrounds with teal for a quarter, and a headwear that must be there.
fn wished() -> TraitSchema {
    schema(json!({"form": 1, "version": 0, "traits": [
        {"name": "Background", "values": [
            {"name": "teal", "target": {"percent": 25.0}}, {"name": "rust", "target": {"percent": 75.0}}
        ]},
        {"name": "Species", "values": [{"name": "fox"}, {"name": "owl"}]},
        {"name": "Headwear", "required": true, "values": [{"name": "Crown"}, {"name": "Top Hat"}]},
    ], "rules": [
        {"rule": "excludes", "one": {"trait_type": "Species", "value": "owl"},
         "other": {"trait_type": "Headwear", "value": "Crown"}}
    ]}))
}

fn keep(studio: &Studio, schema: TraitSchema, expects: u32) -> Result<TraitSchemaState, ApiError> {
    let by = "Ada".into();
    studio.set_trait_schema(SetTraitSchema { schema, expects, by })
}

fn say(
    studio: &Studio,
    ids: &[CandidateId],
    trait_type: &str,
    value: Option<&str>,
) -> Result<Decided, ApiError> {
    let seen = ids.iter().map(|&candidate| Seen {
        candidate,
        frame: None,
    });
    studio.set_traits(SetTraits {
        seen: seen.collect(),
        traits: vec![SetTraitEdit {
            trait_type: trait_type.into(),
            value: value.map(str::to_owned),
            withdraw: false,
        }],
        by: "Ada".into(),
    })
}

fn held(studio: &Studio, id: CandidateId, trait_type: &str) -> (Option<String>, Option<TraitSource>) {
    let row = studio.candidate_traits(CandidateRequest { id }).unwrap();
    let cell = row.traits.into_iter().find(|cell| cell.trait_type == trait_type);
    cell.map_or((None, None), |cell| (cell.value, cell.source))
}

fn table(studio: &Studio, filter: TraitFilter) -> TraitTable {
    let request = TraitTableRequest {
        filter,
        count: 100,
        ..TraitTableRequest::default()
    };
    studio.trait_table(request).unwrap()
}

#[test]
fn a_schema_is_drafted_kept_in_versions_and_refused_with_all_that_is_wrong() {
    let (_planted, _ids, studio) = planted(4);
    let draft = studio.trait_schema(TraitSchemaRequest::default()).unwrap();
    let names: Vec<&str> = draft.schema.traits.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(
        (draft.kept, names),
        (None, vec!["Background", "Species"]),
        "drafted from what is there"
    );

    let kept = keep(&studio, wished(), 0).unwrap();
    assert_eq!(kept.schema.version, 1, "the first that is kept");
    assert_eq!(
        kept.broken_by[0].candidates, 4,
        "all lack a headwear: {:?}",
        kept.broken_by
    );
    let again = keep(&studio, wished(), 1).unwrap();
    assert_eq!(again.schema.version, 1, "the same is not kept twice");
    let stale = keep(&studio, schema(json!({"form": 1, "version": 0, "traits": []})), 0).unwrap_err();
    assert_eq!(
        stale.code,
        ErrorCode::NotWhatWasSeen,
        "another was kept since: {stale}"
    );

    let wrong = schema(json!({"form": 1, "version": 1, "traits": [
        {"name": "Fur", "values": [{"name": "red"}, {"name": "Red "}]}, {"name": "fur", "values": []}
    ]}));
    let fault = keep(&studio, wrong.clone(), 1).unwrap_err();
    assert_eq!(fault.code, ErrorCode::InvalidRequest);
    assert_eq!(
        fault.hints.len(),
        3,
        "two names, two words, no word: {:?}",
        fault.hints
    );
    let checked = studio
        .check_trait_schema(CheckTraitSchema { schema: wrong })
        .unwrap();
    assert_eq!(checked.problems, fault.hints, "the check says the same");

    let mut grown = wished();
    grown.traits.pop();
    grown.rules.clear();
    keep(&studio, grown, 1).unwrap();
    let history = studio.trait_schemas(Nothing {}).unwrap();
    assert_eq!(
        history
            .iter()
            .map(|one| (one.version, one.traits))
            .collect::<Vec<_>>(),
        [(1, 3), (2, 2)]
    );
    let first = studio
        .trait_schema(TraitSchemaRequest { version: Some(1) })
        .unwrap();
    assert_eq!(first.schema.traits.len(), 3, "old versions stay");
}

#[test]
fn the_table_is_ordered_as_the_schema_names_its_values() {
    let (_planted, ids, studio) = planted(6);
    keep(
        &studio,
        schema(json!({"form": 1, "version": 0, "traits": [
            {"name": "Species", "values": [{"name": "owl"}, {"name": "fox"}, {"name": "cat"}]},
        ]})),
        0,
    )
    .unwrap();
    say(&studio, &ids[..1], "Species", Some("cat")).unwrap();
    say(&studio, &ids[1..3], "Species", Some("owl")).unwrap();
    say(&studio, &ids[3..4], "Species", Some("fox")).unwrap();
    say(&studio, &ids[4..], "Species", None).unwrap();
    let ordered = |trait_type: &str, descending: bool| -> Vec<CandidateId> {
        let request = TraitTableRequest {
            sort: Some(TraitSort {
                trait_type: trait_type.into(),
                descending,
            }),
            count: 100,
            ..TraitTableRequest::default()
        };
        let table = studio.trait_table(request).unwrap();
        table.rows.iter().map(|row| row.candidate).collect()
    };
    let by_places = |places: [usize; 6]| places.map(|place| ids[place]).to_vec();
    assert_eq!(
        ordered("species", false),
        by_places([1, 2, 3, 0, 4, 5]),
        "owl, fox, cat, none; alike stay as they were"
    );
    assert_eq!(
        ordered("Species", true),
        by_places([0, 3, 1, 2, 4, 5]),
        "the other way round, and none last again"
    );
    assert_eq!(ordered("Unheard of", true), ids, "nobody has one: nothing moves");
}

#[test]
fn a_schema_that_rules_everything_out_is_named_with_its_rules() {
    let (_planted, _ids, studio) = planted(1);
    let impossible = schema(json!({"form": 1, "version": 0, "traits": [
        {"name": "Fur", "required": true, "values": [{"name": "red"}]},
        {"name": "Hat", "required": true, "values": [{"name": "crown"}]},
    ], "rules": [{"rule": "excludes", "one": {"trait_type": "Fur"}, "other": {"trait_type": "Hat"}}]}));
    let fault = keep(&studio, impossible, 0).unwrap_err();
    assert!(
        fault.hints[0].contains("any Fur excludes any Hat"),
        "{:?}",
        fault.hints
    );
}

#[test]
fn schemas_come_from_json_schema_and_what_has_no_place_is_told() {
    let (planted, _ids, studio) = planted(1);
    let file = planted.beside("collection.json");
    let text = json!({"type": "object", "properties": {"Fur": {"enum": ["red", "teal"], "pattern": "x"}}});
    std::fs::write(&file, text.to_string()).unwrap();
    let import = |path, keep_after| ImportTraitSchema {
        path: Some(path),
        text: None,
        keep_after,
        by: "Ada".into(),
    };
    let shown = studio.import_trait_schema(import(file.clone(), None)).unwrap();
    assert_eq!(
        (shown.state.kept, shown.left_out.len()),
        (None, 1),
        "only looked at: {:?}",
        shown.left_out
    );
    let kept = studio.import_trait_schema(import(file, Some(0))).unwrap();
    assert_eq!(kept.state.kept.unwrap().note, "imported from collection.json");
    let gone = studio
        .import_trait_schema(import(planted.beside("nowhere.json"), Some(1)))
        .unwrap_err();
    assert_eq!(gone.code, ErrorCode::NotFound, "{gone}");
    let broken = planted.beside("broken.json");
    std::fs::write(&broken, "{\"properties\": ").unwrap();
    let fault = studio.import_trait_schema(import(broken, None)).unwrap_err();
    assert!(fault.message.contains("broken.json"), "{fault}");
}

#[test]
fn a_hand_speaks_for_many_is_undone_as_one_and_survives_a_restart() {
    let (planted, ids, studio) = planted(3);
    keep(&studio, wished(), 0).unwrap();
    let before = held(&studio, ids[0], "Species");
    assert_eq!(
        before,
        (Some("fox".into()), Some(TraitSource::Recipe)),
        "what it came with"
    );
    let said = say(&studio, &ids, "headwear", Some(" crown")).unwrap();
    assert_eq!(said.traits, ids, "all of them");
    assert_eq!(
        held(&studio, ids[1], "Headwear"),
        (Some("Crown".into()), Some(TraitSource::Hand)),
        "as the schema spells it"
    );
    say(&studio, &ids[..1], "Species", None).unwrap();
    assert_eq!(
        held(&studio, ids[0], "Species"),
        (None, Some(TraitSource::Hand)),
        "it has none"
    );
    let by_trait = CandidateQuery {
        traits: Some(vec![salon_domain::Trait::new("Species", "fox")]),
        ..CandidateQuery::default()
    };
    assert_eq!(
        studio.candidate_ids(by_trait).unwrap().ids,
        ids[1..],
        "lists filter by what holds"
    );

    let undo = || studio.undo(UndoRequest { by: "Ada".into() }).unwrap();
    assert_eq!(undo().traits, ids[..1], "the newest first");
    assert_eq!(
        held(&studio, ids[0], "Species"),
        before,
        "the recipe speaks again"
    );
    assert_eq!(undo().traits, ids, "one undo for all three");
    assert_eq!(held(&studio, ids[1], "Headwear"), (None, None));
    studio.redo(UndoRequest { by: "Ada".into() }).unwrap();
    drop(studio);
    let options = StudioOptions::to_curate(planted.dir());
    let studio = Studio::open(options).unwrap();
    assert_eq!(
        held(&studio, ids[2], "Headwear"),
        (Some("Crown".into()), Some(TraitSource::Hand)),
        "it is on disk"
    );
    drop(studio);
    let project = salon_catalog::Project::open(planted.dir()).unwrap();
    assert_eq!(
        project.check_derived().unwrap(),
        Vec::<String>::new(),
        "nothing came apart"
    );
}

#[test]
fn what_another_has_said_since_is_left_alone() {
    let (_planted, ids, studio) = planted(2);
    say(&studio, &ids, "Headwear", Some("Crown")).unwrap();
    let seen = vec![Seen {
        candidate: ids[1],
        frame: None,
    }];
    let traits = vec![SetTraitEdit {
        trait_type: "Headwear".into(),
        value: None,
        withdraw: false,
    }];
    studio
        .set_traits(SetTraits {
            seen,
            traits,
            by: "Ben".into(),
        })
        .unwrap();
    let undone = studio.undo(UndoRequest { by: "Ada".into() }).unwrap();
    assert_eq!(
        (undone.traits, undone.kept),
        (vec![ids[0]], vec![ids[1]]),
        "Ben spoke last of the second"
    );
}

#[test]
fn words_that_the_schema_does_not_know_are_refused_with_the_nearest() {
    let (_planted, ids, studio) = planted(1);
    keep(&studio, wished(), 0).unwrap();
    for (trait_type, value, near) in [("Headwaer", "Crown", "Headwear"), ("Headwear", "Crowm", "Crown")] {
        let fault = say(&studio, &ids, trait_type, Some(value)).unwrap_err();
        assert!(
            fault.message.contains(&format!("did you mean {near}?")),
            "{fault}"
        );
    }
    for value in ["", "  "] {
        assert_eq!(
            say(&studio, &ids, "Headwear", Some(value)).unwrap_err().code,
            ErrorCode::InvalidRequest
        );
    }
    assert_eq!(
        say(&studio, &[], "Headwear", None).unwrap_err().code,
        ErrorCode::InvalidRequest,
        "nobody is named"
    );
    assert_eq!(
        say(&studio, &[CandidateId(99)], "Headwear", None)
            .unwrap_err()
            .code,
        ErrorCode::NotFound
    );
}

#[test]
fn the_table_finds_what_breaks_the_schema_and_what_is_missing() {
    let (_planted, ids, studio) = planted(5);
    assert_eq!(
        table(&studio, TraitFilter::Missing).total,
        0,
        "without a schema nothing can be missing"
    );
    keep(&studio, wished(), 0).unwrap();
    assert_eq!(
        table(&studio, TraitFilter::Missing).total,
        5,
        "a headwear is required"
    );
    say(&studio, &ids[..2], "Headwear", Some("Crown")).unwrap();
    say(&studio, &ids[..1], "Species", Some("owl")).unwrap();
    let breaking = table(&studio, TraitFilter::Breaking);
    assert_eq!(
        breaking.rows.iter().map(|row| row.candidate).collect::<Vec<_>>(),
        ids[..1],
        "an owl with a crown"
    );
    assert!(
        breaking.rows[0].problems[0].contains("excludes"),
        "{:?}",
        breaking.rows[0].problems
    );
    assert_eq!((breaking.counts.missing, breaking.counts.all), (3, 5));
    assert_eq!(breaking.columns, ["Background", "Species", "Headwear"]);
    let of_species = studio.trait_table(TraitTableRequest {
        filter: TraitFilter::Missing,
        trait_type: Some("Species".into()),
        count: 10,
        ..TraitTableRequest::default()
    });
    assert_eq!(of_species.unwrap().total, 0, "no species is missing");
    let page = studio
        .trait_table(TraitTableRequest {
            from: 3,
            count: 2,
            ..TraitTableRequest::default()
        })
        .unwrap();
    assert_eq!(
        (page.total, page.rows.len(), page.rows[0].candidate),
        (5, 2, ids[3]),
        "a page of it"
    );
}

/// A `HashLips` project of three editions, two of which wear a coat.
fn layered(folder: &std::path::Path) {
    let config = r##"const layerConfigurations = [
  { growEditionSizeTo: 2, layersOrder: [{ name: "Background" }, { name: "Fur", options: { displayName: "Coat" } }] },
  { growEditionSizeTo: 3, layersOrder: [{ name: "Background" }, { name: "Bare" }] },
];
const format = { width: 8, height: 8, smoothing: false };
const rarityDelimiter = "#";
module.exports = { format, layerConfigurations, rarityDelimiter };
"##;
    std::fs::create_dir_all(folder.join("src")).unwrap();
    std::fs::write(folder.join("src/config.js"), config).unwrap();
    for file in [
        "Background/Red#75",
        "Background/Blue#25",
        "Fur/Plain#1",
        "Fur/Spots#2",
        "Bare/Skin",
    ] {
        let path = folder.join(format!("layers/{file}.png"));
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        salon_testkit::pixels(file.len() as u64, 8).save(path).unwrap();
    }
}

#[test]
fn a_schema_comes_from_a_hashlips_project_with_what_its_weights_lead_to() {
    let (_planted, _ids, studio) = planted(1);
    let folder = tempfile::tempdir().unwrap();
    layered(folder.path());
    let import = || ImportTraitSchema {
        path: Some(folder.path().to_owned()),
        text: None,
        keep_after: None,
        by: "Ada".into(),
    };
    let read = studio.import_trait_schema(import()).unwrap();
    let said: Vec<(&str, bool, Vec<String>)> = read
        .state
        .schema
        .traits
        .iter()
        .map(|of| {
            let values = of.values.iter().map(|value| match value.target {
                Some(TraitTarget::Percent(percent)) => format!("{} {percent:.1}", value.name),
                _ => format!("{} without a share", value.name),
            });
            (of.name.as_str(), of.required, values.collect())
        })
        .collect();
    assert_eq!(
        said,
        [
            ("Background", true, vec!["Blue 25.0".into(), "Red 75.0".into()]),
            ("Coat", false, vec!["Plain 22.2".into(), "Spots 44.4".into()]),
            ("Bare", false, vec!["Skin 33.3".into()]),
        ]
    );
    std::fs::remove_dir_all(folder.path().join("layers/Fur")).unwrap();
    let fault = studio.import_trait_schema(import()).unwrap_err();
    assert!(fault.message.contains("Fur"), "the layer is named: {fault}");
}
