//! Pictures that were brought in: stored as they are, named in one transaction, never twice.

use salon_catalog::{
    Arrival, FileMark, ForeignMetadata, ImportOf, NewImport, NewPicture, Project, StoredPicture,
    UnfinishedImport,
};
use salon_domain::{Candidate, CandidateId, Digest, Media, Origin, Stage, Verdict};
use salon_testkit::{TempProject, pixels, thumbnail};

/// A file in each of the three formats.
fn file(seed: u64, media: Media) -> Vec<u8> {
    let format = match media {
        Media::Png => image::ImageFormat::Png,
        Media::Jpeg => image::ImageFormat::Jpeg,
        Media::Webp => image::ImageFormat::WebP,
        Media::Avif => image::ImageFormat::Avif,
    };
    let mut bytes = std::io::Cursor::new(Vec::new());
    pixels(seed, 32).write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

fn import(bytes: &[u8], media: Media, path: &str) -> NewImport {
    NewImport {
        name: path.rsplit('/').next().unwrap().into(),
        tool: "ComfyUI".into(),
        picture: StoredPicture {
            sha256: Digest::of(bytes),
            media,
            width: 32,
            height: 32,
        },
        recipe: None,
        prompt: Some("a fox".into()),
        traits: vec![],
        metadata: ForeignMetadata {
            facts: Some("{}".into()),
            texts: vec![
                ("prompt".into(), "{\"1\": {}}".repeat(1000)),
                ("k".into(), "狐".into()),
            ],
        },
        file: Some(mark(path)),
    }
}

fn mark(path: &str) -> FileMark {
    FileMark {
        path: path.into(),
        bytes: 5,
        modified: 7,
    }
}

fn store(project: &Project, files: &[(Vec<u8>, Media)]) {
    let small = thumbnail(1, 32);
    let pictures: Vec<NewPicture<'_>> = files
        .iter()
        .map(|(bytes, media)| NewPicture {
            bytes,
            sha256: Digest::of(bytes),
            media: *media,
            thumbnail: &small,
        })
        .collect();
    project.store_pictures(&pictures).unwrap();
}

#[test]
fn each_format_is_stored_as_it_is_and_found_again() {
    let mut planted = TempProject::new();
    let files: Vec<(Vec<u8>, Media)> = [Media::Png, Media::Jpeg, Media::Webp]
        .into_iter()
        .map(|media| (file(7, media), media))
        .collect();
    let now = planted.clock.tick();
    store(planted.project(), &files);
    let imports: Vec<NewImport> = files
        .iter()
        .map(|(bytes, media)| import(bytes, *media, &format!("/art/{}", media.word())))
        .collect();
    let arrivals = planted.project().add_imports(&imports, now).unwrap();
    assert_eq!(arrivals, [1, 2, 3].map(|id| Arrival::Added(CandidateId(id))));
    let project = planted.reopen();
    for ((bytes, media), id) in files.iter().zip([1, 2, 3]) {
        let record = project.candidate(CandidateId(id)).unwrap();
        let Candidate {
            origin, media: found, ..
        } = record.candidate;
        assert_eq!(found, *media);
        assert_eq!(record.recipe, None, "nothing is made up");
        let Origin::Imported { name, tool } = origin else {
            panic!("it was brought in, not {origin:?}")
        };
        assert_eq!((name.as_str(), tool.as_str()), (media.word(), "ComfyUI"));
        assert_eq!(
            project.read_picture(CandidateId(id)).unwrap(),
            *bytes,
            "to the byte"
        );
        assert_eq!(
            project.stored_picture_size(&Digest::of(bytes)).unwrap(),
            Some((32, 32))
        );
        let metadata = project.foreign_metadata(CandidateId(id)).unwrap().unwrap();
        assert_eq!(metadata, imports[0].metadata, "every text, to the letter");
    }
    assert_eq!(project.check_derived().unwrap(), Vec::<String>::new());
    assert_eq!(project.sweep_orphans().unwrap().files, 0, "all of them are named");
}

#[test]
fn a_picture_that_is_known_keeps_its_verdict_wherever_its_file_lies() {
    let (planted, ids) = TempProject::with_candidates(1);
    let (project, now) = (planted.project(), planted.clock.tick());
    project
        .decide(ids[0], Stage::Pick, Verdict::Accepted, "ada", "", now)
        .unwrap();
    let bytes = project.read_picture(ids[0]).unwrap();
    let fresh = file(99, Media::Png);
    store(project, &[(fresh.clone(), Media::Png)]);
    let imports = [
        import(&bytes, Media::Png, "/moved/fox.png"),
        import(&fresh, Media::Png, "/moved/new.png"),
        import(&fresh, Media::Png, "/moved/twin.png"),
    ];
    let arrivals = project.add_imports(&imports, now).unwrap();
    let new = CandidateId(ids[0].0 + 1);
    assert_eq!(
        arrivals,
        [Arrival::Known(ids[0]), Arrival::Added(new), Arrival::Known(new)],
        "neither it nor a twin becomes a second candidate"
    );
    assert_eq!(
        project.candidate(ids[0]).unwrap().candidate.verdict,
        Verdict::Accepted
    );
    let paths = project.paths_of(Digest::of(&fresh)).unwrap();
    assert_eq!(
        paths,
        ["/moved/new.png", "/moved/twin.png"],
        "both places are remembered"
    );
    let marks = [
        mark("/moved/fox.png"),
        mark("/other.png"),
        FileMark {
            modified: 8,
            ..mark("/moved/new.png")
        },
    ];
    assert_eq!(
        project.known_files(&marks).unwrap(),
        [true, false, false],
        "by path, size and time together"
    );
}

#[test]
fn what_was_stored_and_never_named_is_swept_and_a_fault_leaves_nothing() {
    let planted = TempProject::new();
    let bytes = file(3, Media::Webp);
    let broken = NewPicture {
        bytes: &bytes,
        sha256: Digest::of(&bytes),
        media: Media::Webp,
        thumbnail: b"no thumbnail",
    };
    assert!(planted.project().store_pictures(&[broken]).is_err());
    assert!(
        !planted.project().picture_path(&broken.sha256).exists(),
        "nothing half stays"
    );
    let left = std::fs::read_dir(planted.dir().join("incoming")).map_or(0, Iterator::count);
    assert_eq!(left, 0, "not even under another name");
    store(planted.project(), &[(bytes.clone(), Media::Webp)]);
    assert_eq!(
        planted.project().sweep_orphans().unwrap().files,
        0,
        "a picture on its way is left alone"
    );
    let mut planted = planted;
    let project = planted.reopen();
    assert_eq!(
        project.sweep_orphans().unwrap().files,
        2,
        "the WebP and its thumbnail"
    );
}

#[test]
fn imports_and_watched_folders_survive_a_restart() {
    let mut planted = TempProject::new();
    let now = planted.clock.tick();
    let project = planted.project();
    let paths = |paths: &[&str]| ImportOf::Paths(paths.iter().map(ToString::to_string).collect());
    let layers = ImportOf::Layers("{\"path\": \"/foxes\"}".into());
    let first = project.begin_import(&paths(&["/a", "/b"]), now).unwrap();
    let second = project.begin_import(&paths(&["/c"]), now).unwrap();
    let third = project.begin_import(&layers, now).unwrap();
    project.end_import(first).unwrap();
    project.watch_folder("/out", now).unwrap();
    project.watch_folder("/out", now).unwrap();
    project.watch_folder("/gone", now).unwrap();
    assert!(project.unwatch_folder("/gone").unwrap());
    assert!(!project.unwatch_folder("/gone").unwrap(), "it was none any more");
    let project = planted.reopen();
    assert_eq!(
        project.unfinished_imports().unwrap(),
        [(second, paths(&["/c"])), (third, layers)].map(|(id, what)| UnfinishedImport { id, what }),
        "oldest first, files and layer projects alike"
    );
    assert_eq!(project.watched_folders().unwrap(), ["/out"]);
}
