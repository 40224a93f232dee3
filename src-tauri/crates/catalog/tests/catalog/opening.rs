//! Opening: twice, elsewhere, newer, damaged, foreign.

use std::fs;

use rusqlite::Connection;
use salon_catalog::{CatalogError, DATABASE, Project};
use salon_domain::{Stage, Timestamp, Verdict};
use salon_testkit::{TempProject, recipe};

#[test]
fn a_project_is_made_only_where_nothing_is() {
    let planted = TempProject::new();
    let again = Project::create(planted.dir(), Timestamp(0)).unwrap_err();
    assert!(matches!(again, CatalogError::Occupied { .. }), "{again}");
    let empty = planted.beside("empty");
    fs::create_dir(&empty).unwrap();
    let nothing = Project::open(&empty).unwrap_err();
    assert!(matches!(nothing, CatalogError::NotAProject { .. }), "{nothing}");
    Project::create(&empty, Timestamp(0)).expect("an empty folder will do");
    let nowhere = Project::open(planted.beside("nowhere")).unwrap_err();
    assert!(matches!(nowhere, CatalogError::NotAProject { .. }), "{nowhere}");
    assert!(!planted.beside("nowhere").exists(), "opening makes no folders");
}

#[test]
fn the_second_to_open_reads_and_is_told_who_writes() {
    let (mut planted, ids) = TempProject::with_candidates(2);
    let second = Project::open(planted.dir()).unwrap();
    let reason = second.read_only().expect("only one process writes");
    assert!(
        reason.contains(&std::process::id().to_string()),
        "`{reason}` names the holder"
    );
    let refused = second
        .decide(ids[0], Stage::Pick, Verdict::Accepted, "Ada", "", Timestamp(0))
        .unwrap_err();
    assert!(matches!(&refused, CatalogError::ReadOnly { .. }), "{refused}");
    assert!(
        second.store_picture(b"", b"").is_err() && second.sweep_orphans().is_err(),
        "files are not written either"
    );
    let now = planted.clock.tick();
    planted
        .project()
        .decide(ids[0], Stage::Pick, Verdict::Accepted, "Ada", "", now)
        .unwrap();
    assert_eq!(
        second.counts().unwrap().accepted,
        1,
        "the reader sees what the writer commits"
    );
    assert!(
        !second.read_picture(ids[0]).unwrap().is_empty() && !second.read_thumb(ids[0]).unwrap().is_empty()
    );
    planted.close();
    drop(second);
    assert_eq!(
        planted.reopen().read_only(),
        None,
        "whoever comes after may write"
    );
}

#[test]
fn closing_folds_the_log_in_and_says_goodbye() {
    let (mut planted, _) = TempProject::with_candidates(1);
    assert!(planted.dir().join("project.pid").exists());
    planted.close();
    let left: Vec<_> = fs::read_dir(planted.dir())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with("catalog.sqlite-") || name == "project.pid")
        .collect();
    assert_eq!(
        left,
        Vec::<String>::new(),
        "a closed project is one database file, ready to be copied"
    );
}

#[test]
fn a_copied_folder_is_the_same_project() {
    let (mut planted, ids) = TempProject::with_candidates(2);
    let picture = planted.project().read_picture(ids[1]).unwrap();
    planted.close();
    let copy = planted.beside("Copy of foxes & 100% #1?.salon");
    planted.copy_to(&copy);
    fs::remove_dir_all(planted.dir()).unwrap();
    let project = Project::open(&copy).unwrap();
    assert_eq!(
        project.read_picture(ids[1]).unwrap(),
        picture,
        "nothing refers to where the project was made"
    );
    project
        .insert_run(&recipe(1), 1, false, Timestamp(0))
        .expect("and it goes on from there");
}

#[test]
fn a_newer_project_is_refused_by_name_and_left_alone() {
    let mut planted = TempProject::new();
    planted.close();
    let database = planted.dir().join(DATABASE);
    Connection::open(&database)
        .unwrap()
        .pragma_update(None, "user_version", 4000)
        .unwrap();
    let before = fs::read(&database).unwrap();
    let refused = Project::open(planted.dir()).unwrap_err();
    assert!(
        matches!(refused, CatalogError::NewerVersion { found: 4000, .. }),
        "{refused}"
    );
    let message = refused.to_string();
    assert!(
        message.contains("newer Salon") && message.contains("update Salon"),
        "{message}"
    );
    assert_eq!(
        fs::read(&database).unwrap(),
        before,
        "what is not understood is not touched"
    );
}

#[test]
fn an_older_project_is_upgraded_only_by_who_may_write() {
    let (mut planted, _) = TempProject::with_candidates(3);
    planted.close();
    let database = planted.dir().join(DATABASE);
    let version = |wanted: Option<i64>| -> i64 {
        let connection = Connection::open(&database).unwrap();
        let found = connection
            .pragma_query_value(None, "user_version", |row| row.get(0))
            .unwrap();
        if let Some(wanted) = wanted {
            connection.pragma_update(None, "user_version", wanted).unwrap();
        }
        found
    };
    let newest = version(Some(9));
    // Somebody else holds the lock, so this process may only read.
    let lock = fs::File::options()
        .write(true)
        .open(planted.dir().join("project.lock"))
        .unwrap();
    lock.lock().unwrap();
    let refused = Project::open(planted.dir()).unwrap_err();
    assert!(matches!(refused, CatalogError::UpgradeNeeded { .. }), "{refused}");
    assert_eq!(version(Some(newest)), 9, "and it stays as it was");
    drop(lock);
    planted.reopen();
}

#[test]
fn foreign_and_damaged_databases_are_named() {
    let (mut planted, _) = TempProject::with_candidates(40);
    planted.close();
    let database = planted.dir().join(DATABASE);
    let whole = fs::read(&database).unwrap();

    fs::write(&database, b"this is a text file, and a rather long one at that").unwrap();
    let text = Project::open(planted.dir()).unwrap_err();
    assert!(
        matches!(&text, CatalogError::Corrupt { path, .. } if *path == database),
        "{text}"
    );

    // A kill makes the next open look over the whole file.
    fs::write(planted.dir().join("project.pid"), "1\n").unwrap();
    let mut scrambled = whole.clone();
    let middle = scrambled.len() / 2;
    scrambled[middle..].fill(0xa5);
    fs::write(&database, &scrambled).unwrap();
    let damaged = Project::open(planted.dir()).unwrap_err();
    assert!(
        matches!(&damaged, CatalogError::Corrupt { path, .. } if *path == database),
        "{damaged}"
    );

    fs::remove_file(&database).unwrap();
    Connection::open(&database)
        .unwrap()
        .execute_batch("CREATE TABLE recipes (cake TEXT)")
        .unwrap();
    let foreign = Project::open(planted.dir()).unwrap_err();
    assert!(matches!(foreign, CatalogError::NotAProject { .. }), "{foreign}");

    fs::write(&database, b"").unwrap();
    let fresh =
        Project::open(planted.dir()).expect("an empty database is what a kill while making a project leaves");
    assert_eq!(fresh.counts().unwrap().all, 0);
}
