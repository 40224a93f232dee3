//! Every migration that was ever shipped, in order, and the runner that applies them.
//!
//! Each table module owns its migrations; this module only lists them. A shipped migration is frozen: a test pins
//! the digest of each, so that a changed one fails the build. To change a table, append a migration with its date.

use std::path::Path;

use rusqlite::Connection;
use rusqlite_migration::{M, Migrations};

use crate::{CatalogError, Result};
use crate::{
    approvals, audits, bundles, candidates, captions, curators, decisions, duels, encoders, families,
    file_hashes, foreign_metadata, gateway_checks, gestures, heads, import_paths, imports, invitations, lore,
    lore_answers, lore_spending, marks, masters, measurements, models, prompts, protected_pictures,
    publications, recipes, rejects, rounds, runs, saved_recipes, saved_views, settings, slots, targets,
    trait_claims, trait_schemas, traits, watched_folders, words,
};

/// One step of the database's format.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Migration {
    /// Date and purpose ("2026-11-22 settings").
    pub(crate) name: &'static str,
    /// What it does; may hold several statements. A table may be made anew: no reference is looked at until the end of
    /// the transaction, and then all are.
    pub(crate) sql: &'static str,
}

/// Marks the file as Salon's ("SALN"), so that a foreign SQLite database is never mistaken for a project.
pub(crate) const APPLICATION_ID: i32 = 0x5341_4c4e;

/// The format's history. Only ever append.
pub(crate) const MIGRATIONS: &[Migration] = &[
    settings::CREATE,
    models::CREATE,
    recipes::CREATE,
    runs::CREATE,
    candidates::CREATE,
    slots::CREATE,
    decisions::CREATE,
    approvals::CREATE,
    bundles::CREATE,
    slots::ADD_PROMPTS,
    approvals::ADD_PROMPTS,
    recipes::INDEX_PARENTS,
    saved_recipes::CREATE,
    file_hashes::CREATE,
    prompts::CREATE,
    candidates::LOOK_THROUGH,
    approvals::ADD_IMPORTED,
    traits::CREATE,
    words::CREATE,
    saved_views::CREATE,
    import_paths::CREATE,
    imports::CREATE,
    foreign_metadata::CREATE,
    watched_folders::CREATE,
    gestures::CREATE,
    rounds::CREATE,
    decisions::ADD_GESTURES,
    marks::CREATE,
    curators::CREATE,
    duels::CREATE,
    targets::CREATE,
    rejects::CREATE,
    traits::COUNT,
    invitations::CREATE,
    encoders::CREATE,
    measurements::CREATE,
    audits::CREATE,
    families::ADD_LINEAGE,
    heads::CREATE,
    protected_pictures::CREATE,
    protected_pictures::EMBEDDINGS,
    trait_schemas::CREATE,
    trait_claims::CREATE,
    lore::CREATE,
    lore_answers::CREATE,
    lore_spending::CREATE,
    imports::ADD_LAYERS,
    captions::CREATE,
    masters::CREATE,
    bundles::ADD_ORDERS,
    publications::CREATE,
    masters::ADD_AVIF,
    gateway_checks::CREATE,
];

/// The newest format this version knows.
pub(crate) const NEWEST: i64 = MIGRATIONS.len() as i64;

/// Brings the database at `path` to the newest format, in one transaction.
pub(crate) fn migrate(connection: &mut Connection, path: &Path) -> Result<()> {
    let migrations = Migrations::new(
        MIGRATIONS
            .iter()
            .map(|step| M::up(step.sql).comment(step.name).foreign_key_check())
            .collect(),
    );
    migrations.to_latest(connection).map_err(|fault| match fault {
        rusqlite_migration::Error::RusqliteError { err, .. } => CatalogError::Database(err).at(path),
        other => CatalogError::corrupt(path, &other),
    })
}

/// The format of the database, from `PRAGMA user_version`.
pub(crate) fn version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use salon_domain::Digest;

    /// Digest of every shipped migration. Never change a line: append one.
    const SHIPPED: &[(&str, &str)] = &[
        (
            "2026-11-22 settings",
            "95abed3869e3d1d1572168e948a380d65fe3bb958b70bc3546b08a1d86e7427a",
        ),
        (
            "2026-11-22 models",
            "d8e73b9d9c3857eb3b5d2f2d4de904a49951f8c7edddc5312547d5c61fe1fd2e",
        ),
        (
            "2026-11-22 recipes",
            "236d3036fe0656dbb93fd8628352dde0fac25a6eb1a6aa88efb6e55de43aa956",
        ),
        (
            "2026-11-22 runs",
            "012aa2c2b3712bd5f51f83e231093306388e6df0b2570fd9bc0a90995a2acb3d",
        ),
        (
            "2026-11-22 candidates",
            "da1cbe23205c2694bc30ab61d3b215f1bbce813334a876af5a4bf87a21f6a496",
        ),
        (
            "2026-11-22 slots",
            "11e742dd0a35f2f9b0c4677040f1494826c73b599728f1cf0899ea0a7dff7c9e",
        ),
        (
            "2026-11-22 decisions",
            "afd23c15a08b838e2427fb36d59b93ba27838eafd385d3091a43fc8e6dc70e66",
        ),
        (
            "2026-11-22 approvals",
            "281d1c78c5ac7b294c9b483b6c674a35daeb8448ffd2887a070508c0e05b9c35",
        ),
        (
            "2026-11-22 bundles",
            "f68ee5768dc64ad237b8a6face00eb3d553424dd8806c593bfaa072b93102db1",
        ),
        (
            "2026-11-23 slot prompts",
            "167cb88a1859f394c631953d93a4db93b5894187d39f56d0f4e087107af2d065",
        ),
        (
            "2026-11-23 approved prompts",
            "52f279de1e10590551634a2c9573498e856bbae97c36b43ecfeb682ea4f11743",
        ),
        (
            "2026-11-23 recipes by parent",
            "7a3ba3d11661ecf2a1868de3fb4c3e34a48e15e32bdbe88257c41b4a5f6f5248",
        ),
        (
            "2026-11-23 saved recipes",
            "36579ffe6b4cddc0d158e4d3545387e89a93b7cc16a681b7c4bd17aff25ce009",
        ),
        (
            "2026-11-23 file hashes",
            "ec600ce6621a327f9941d5812078c7ddce6148274b6116ccf53a29e2bd18a8d0",
        ),
        (
            "2026-11-23 prompts",
            "c99e8f10f970cc83074d663352e85d9e3e6a6754cdf220fb4fc4194748197ffe",
        ),
        (
            "2026-11-23 candidates to look through",
            "16f5f58a0f0563ae83f971cfe3620f5c2ef2b9ec4a4157ec81f92064dab295d8",
        ),
        (
            "2026-11-23 approved imports",
            "9ebed6db7d2cd04b38a7e4a054f437e5e09d579aba2bc19a5dbc986ba4a56982",
        ),
        (
            "2026-11-23 traits",
            "e1c4b635ca284f4e1bc315939c7b68306ec111831dc94f9499b9d1ff52a7b786",
        ),
        (
            "2026-11-23 words",
            "94e9e9a7f70ff3b7aa7805fc79ccdddf2cb87bd0b01e09085a1c3d1780764726",
        ),
        (
            "2026-11-23 saved views",
            "11e9f3c0fdf3db63b05a2216d908e6f0a7bd7ce268c5383f2dcd4932c6222fbf",
        ),
        (
            "2026-11-23 import paths",
            "9aae64ee1e14c0b71dfa8662c508ddc6aad3dadac64c5adeda4f1a990fed7585",
        ),
        (
            "2026-11-23 imports",
            "6e0aea7978899b9ef302804e638a7285b33738d7795137c94c4030fa3ab8e0f7",
        ),
        (
            "2026-11-23 foreign metadata",
            "5c23059fb4d93f4b3b727aa02688cdce7d85f2011d19e514397f584133d166ad",
        ),
        (
            "2026-11-23 watched folders",
            "cb34ac87d0f9e8f5ce8fbad2fad4a8cb66ed601713c0734069ad903a3343fbba",
        ),
        (
            "2026-11-23 gestures",
            "240b18aa39c8b5610a58e0b566533481cc2180354c140ddb2d2918c7f81342fc",
        ),
        (
            "2026-11-23 rounds",
            "3135cb2c1c18d47fdc633f0c5dc62865d33a42fc5fb02c9e735a324439353c3b",
        ),
        (
            "2026-11-23 decisions by gesture",
            "06e4fd1accf7a2686db7fcc8f67b43d3759507cf14e4230b8d62dac400fc0fc4",
        ),
        (
            "2026-11-23 marks",
            "c54eb6009db16fa00e2d067760ff52cd2d3746ba55d24456a2290e62bdef4168",
        ),
        (
            "2026-11-23 curators",
            "018fc35e6536c25696e362706c8447f1d636dc83df81e5f64c95c9d4197b6901",
        ),
        (
            "2026-11-23 duels",
            "9bb59d16d7575154a8144f74d77c56022863816decde98497551dfb14413d4ce",
        ),
        (
            "2026-11-23 quotas",
            "df4184193eaadc91ee3b12c9a832fe163e494edd6ef0e58fad2eca0dc3628620",
        ),
        (
            "2026-11-23 emptied rejects",
            "180b302e14c63dbe3deef288f83bcda9ede9cb74edf66e7d8f1592f63d82b04b",
        ),
        (
            "2026-11-23 trait counts",
            "118159ea7121b9ccaaf0b678d09dab12059f5fd6aa32b5302012ccd0e2d436a8",
        ),
        (
            "2026-11-23 invitations",
            "05c73323163557754894484c6c80baa8831c4f49d4e0c2cd7ad11c7560c77753",
        ),
        (
            "2026-11-23 embeddings",
            "833c6d98b1a08bbc44f40433d48fcd5d3eed07a2d6a6ea748afc7d51eb7cf28a",
        ),
        (
            "2026-11-23 measurements",
            "d7708596922d79bef7ac6ec9d7a33797ae4fe2f4a22ec83f4fcf6de90aed2a87",
        ),
        (
            "2026-11-23 audits",
            "836210bd9a10caaee4251784f485065a83e74ba6b07ef544a12e5aceb80cca3f",
        ),
        (
            "2026-11-23 lineage and likeness",
            "01b918ab5278e54f5694596f64bb69c7526e24e2be269590cdc7cab281077e57",
        ),
        (
            "2026-11-23 aesthetic scores",
            "c0fa2f64dca51a2d27de6ba1139ed86f787abec2fe328ad619616ec02efbaba2",
        ),
        (
            "2026-11-23 protected pictures",
            "d6f38874f2caebf79037c4bf45540b2b9a04894d83e0ef63f1800f3af9267816",
        ),
        (
            "2026-11-23 protected embeddings",
            "be8a8100522b70848cad174b2e8239d128f89fc48252d737e016a49eefead778",
        ),
        (
            "2026-11-23 trait schemas",
            "4f331b071f15f8eb1a09754975085c08f6f46f1f0e17add7ac2c69193a153593",
        ),
        (
            "2026-11-23 trait claims",
            "fcced1d55a02fb8285026c1f3467a84325226ec8298c8f888fe791aa75e92836",
        ),
        (
            "2026-11-23 lore",
            "892c90fef06fd88a5806f5571edfe50c6c6c837d27971a757f1171df89b82eb5",
        ),
        (
            "2026-11-23 lore answers",
            "bf34063ba4e07c7b8fc42acdf6f5bdc45a5b41e5b9a13ecbafe8370ea9338080",
        ),
        (
            "2026-11-23 lore spending",
            "2c5444bdcae9595f2dbfc17593674924b9b91bf893eb3e3ddcf6573d62008157",
        ),
        (
            "2026-11-23 imports of layers",
            "26f64818b7748a0b78afdada08c30fd9ecac8c9b8c681bc57a1d0d376085fee0",
        ),
        (
            "2026-11-24 captions",
            "466cf3160fd07d939dd3f43229475dfaca59d77881ba5b6a496b443f5172935d",
        ),
        (
            "2026-11-24 masters",
            "0fef61c3d904e4b35782aff96d8f6a5de753f46afb2cfcf9eaffc3d34b8e470d",
        ),
        (
            "2026-11-24 bundle orders",
            "85763e2d0be09d6b54ad6d0ace7ba6bcc469a3597092811ff2b68e260c645478",
        ),
        (
            "2026-11-24 publications",
            "a0776b9b18745c95ab17fcf654a59883b96daf5672a407398874f40bd0e15a79",
        ),
        (
            "2026-11-24 masters in AVIF",
            "6531d5241eddf16c6dd0379556d3e9839cdbc94025880ed6ea78e46c3587f9c9",
        ),
        (
            "2026-11-24 gateway checks",
            "966018aa5cabc1a8041676b9fdfe56efe0fbef11613c4f5b3d435f87c776f8c8",
        ),
    ];

    #[test]
    fn shipped_migrations_are_frozen() {
        let found: Vec<(&str, String)> = MIGRATIONS
            .iter()
            .map(|step| (step.name, Digest::of(step.sql.as_bytes()).to_string()))
            .collect();
        let shipped: Vec<(&str, String)> = SHIPPED
            .iter()
            .map(|(name, hash)| (*name, (*hash).into()))
            .collect();
        assert_eq!(
            found, shipped,
            "a shipped migration was changed: put it back and append a new one"
        );
    }

    #[test]
    fn the_runner_accepts_every_migration_at_once() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection, Path::new("memory")).unwrap();
        assert_eq!(
            version(&connection),
            Ok(NEWEST),
            "the format counts its migrations"
        );
    }

    /// What a project of the first day holds: a fox, a variation of it, a copy of it, and one signed set. Digests are
    /// given as one repeated byte.
    pub(crate) fn first_day(database: &Path) {
        let connection = Connection::open(database).unwrap();
        for step in &MIGRATIONS[..9] {
            connection.execute_batch(step.sql).unwrap();
        }
        connection.pragma_update(None, "user_version", 9).unwrap();
        let model = salon_domain::ModelRef {
            name: "house".into(),
            sha256: Digest::ZERO,
        };
        let fox = salon_domain::Recipe::plain(model, "a red fox", 64, 64);
        let varied = salon_domain::Recipe {
            variation: Some(salon_domain::Variation {
                of: Digest([1; 32]),
                seed: 7,
                strength: 0.5,
            }),
            prompt: "a fox, varied".into(),
            ..fox.clone()
        };
        connection
            .execute("INSERT INTO models VALUES (1, 'house', zeroblob(32))", [])
            .unwrap();
        for (run, recipe, count) in [(1, &fox, 2), (2, &varied, 1)] {
            connection
                .execute(
                    "INSERT INTO recipes VALUES (?1, 1, ?2)",
                    rusqlite::params![recipe.digest().0, serde_json::to_string(recipe).unwrap()],
                )
                .unwrap();
            connection
                .execute(
                    "INSERT INTO runs (id, recipe, count, state, turn, ordered_at, done, failed, pending)
                     VALUES (?1, ?2, ?3, 'finished', 0, 0, ?3, 0, 0)",
                    rusqlite::params![run, recipe.digest().0, count],
                )
                .unwrap();
        }
        for (id, run, slot, picture) in [(1, 1, 0, 1_u8), (2, 2, 0, 2), (3, 1, 1, 1)] {
            let recipe = if run == 1 { &fox } else { &varied };
            connection
                .execute(
                    "INSERT INTO candidates (id, origin, run, slot, seed, recipe, sha256, width, height, made_at, took_ms,
                         traits)
                     VALUES (?1, 'slot', ?2, ?3, 7, ?4, ?5, 64, 64, 0, 9,
                         '[{\"trait_type\":\"Species\",\"value\":\"fox\"}]')",
                    rusqlite::params![id, run, slot, recipe.digest().0, [picture; 32]],
                )
                .unwrap();
            connection
                .execute(
                    "INSERT INTO slots (run, slot, seed, state, candidate) VALUES (?1, ?2, 7, 'done', ?3)",
                    [run, slot, id],
                )
                .unwrap();
        }
        let decision = salon_domain::DecisionDraft {
            candidate: salon_domain::CandidateId(2),
            stage: salon_domain::Stage::Pick,
            verdict: salon_domain::Verdict::Accepted,
            previous: salon_domain::Verdict::Undecided,
            by: "Ada".into(),
            at: salon_domain::Timestamp(5),
            why: String::new(),
            undoes: None,
            gesture: None,
            round: None,
            showing: None,
            salt: None,
        }
        .seal(salon_domain::DecisionId(1), Digest::ZERO);
        connection
            .execute(
                "INSERT INTO decisions VALUES (1, 2, 'pick', 'accepted', 'undecided', 'Ada', 5, '', NULL, ?1, ?2, 'set')",
                rusqlite::params![decision.previous_hash.0, decision.hash.0],
            )
            .unwrap();
        connection
            .execute("UPDATE candidates SET verdict = 'accepted' WHERE id = 2", [])
            .unwrap();
    }

    #[test]
    fn a_project_of_the_first_day_opens_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let project = crate::Project::create(folder.path(), salon_domain::Timestamp(0)).unwrap();
        drop(project);
        let database = folder.path().join(crate::DATABASE);
        std::fs::remove_file(&database).unwrap();
        first_day(&database);

        let project = crate::Project::open(folder.path()).unwrap();
        assert_eq!(
            project.check_derived().unwrap(),
            Vec::<String>::new(),
            "nothing came apart"
        );
        let record = |id| project.candidate(salon_domain::CandidateId(id)).unwrap();
        let varied = record(2);
        assert_eq!(
            varied.candidate.verdict,
            salon_domain::Verdict::Accepted,
            "a verdict stays"
        );
        assert_eq!(varied.recipe.unwrap().prompt, "a fox, varied", "a recipe stays");
        assert_eq!(varied.candidate.traits.len(), 1, "traits stay");
        let families: Vec<_> = (1..=3)
            .map(|id| record(id).candidate.family.map(|family| family.0))
            .collect();
        assert_eq!(
            families,
            [Some(1); 3],
            "a variation and a copy are of the fox's family"
        );
        let query = |query: &str| -> Vec<i64> {
            let query = serde_json::from_str(query).unwrap();
            project
                .look(&query)
                .unwrap()
                .ids
                .into_iter()
                .map(|id| id.0)
                .collect()
        };
        assert_eq!(query(r#"{"words":"RED fo"}"#), [1, 3], "prompts can be searched");
        assert_eq!(
            query(r#"{"curator":"Ada"}"#),
            [2],
            "whose verdict it is was worked out"
        );
        let fox = r#"{"traits":[{"trait_type":"Species","value":"fox"}]}"#;
        assert_eq!(query(fox), [1, 2, 3], "traits can be filtered by");
    }
}
