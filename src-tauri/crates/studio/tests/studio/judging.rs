//! The judge in a studio: it looks, learns, orders, sets aside and explains; it unlearns with an undo, and decides nothing.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use image::{Rgb, RgbImage, imageops};
use salon_catalog::FinishedSlot;
use salon_domain::{CandidateId, CandidateQuery, Sort, Verdict};
use salon_studio::api::*;
use salon_studio::{Studio, StudioOptions};
use salon_testkit::TempProject;

/// The models that ship: the house encoder and its critic lie there.
fn models() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../models")
}

/// A number in 0..bound that depends on what it is for.
fn lot(seed: u64, purpose: u64, bound: u32) -> u32 {
    let mut mixed = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ purpose.wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 29)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((mixed >> 33) % u64::from(bound)) as u32
}

/// Two kinds of pictures, no two alike: even numbers are a disc on a warm ground, odd ones stripes on a cold one.
fn drawn(number: u64) -> RgbImage {
    let liked = number.is_multiple_of(2);
    let (x0, y0, size) = (
        30 + lot(number, 1, 36),
        30 + lot(number, 2, 36),
        12 + lot(number, 3, 14),
    );
    let tint = lot(number, 4, 60) as u8;
    let slope = 1 + lot(number, 5, 4);
    RgbImage::from_fn(96, 96, |x, y| {
        let grain = lot(number, u64::from(x * 96 + y) + 9, 14) as u8;
        if liked {
            let inside = (x.abs_diff(x0).pow(2) + y.abs_diff(y0).pow(2)) < size * size;
            let [r, g, b] = if inside {
                [40, 30 + tint, 60]
            } else {
                [225, 150 + tint, 90]
            };
            Rgb([r + grain, g + grain, b + grain])
        } else {
            let stripe = ((x * slope + y * 2) / size).is_multiple_of(2);
            let [r, g, b] = if stripe {
                [30, 60 + tint, 120]
            } else {
                [170, 190, 200 - tint]
            };
            Rgb([r + grain, g + grain, b + grain])
        }
    })
}

fn png(picture: &RgbImage) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    bytes.into_inner()
}

/// A project whose candidates are these pictures, and its studio.
fn planted(pictures: &[RgbImage]) -> (TempProject, Vec<CandidateId>, Studio) {
    let mut planted = TempProject::new();
    let project = planted.project();
    let run = planted.order(pictures.len() as u32);
    let finished = pictures.iter().zip(0..).map(|(picture, index)| FinishedSlot {
        index,
        picture: project
            .store_picture(&png(picture), &salon_catalog::thumbnail(picture).unwrap())
            .unwrap(),
        traits: vec![],
        layers: vec![],
        took_ms: 1,
    });
    let ids = project
        .finish_slots(run.id, finished.collect::<Vec<_>>(), planted.clock.tick())
        .unwrap();
    planted.close();
    let studio = open(&planted, false);
    (planted, ids, studio)
}

fn open(planted: &TempProject, live: bool) -> Studio {
    let mut options = StudioOptions::to_curate(planted.dir());
    options.models = vec![models(), planted.beside("models")];
    options.layers = None;
    options.judge = live;
    let clock = planted.clock.clone();
    options.clock = std::sync::Arc::new(move || clock.tick());
    Studio::open(options).unwrap()
}

fn kinds(count: u64) -> Vec<RgbImage> {
    (0..count).map(drawn).collect()
}

fn decide(studio: &Studio, candidate: CandidateId, verdict: Verdict) {
    studio
        .decide(Decide {
            candidate,
            frame: None,
            verdict,
            by: "Ada".into(),
            why: String::new(),
        })
        .unwrap();
}

/// Accepts what is even and rejects what is odd among these.
fn decide_by_kind(studio: &Studio, ids: &[CandidateId]) {
    for id in ids {
        let verdict = if liked(*id) {
            Verdict::Accepted
        } else {
            Verdict::Rejected
        };
        decide(studio, *id, verdict);
    }
}

/// Candidates count from 1, pictures from 0.
fn liked(id: CandidateId) -> bool {
    id.0 % 2 == 1
}

fn judge_all(studio: &Studio) -> JudgeStatus {
    studio.judge_now(|_, _| true).unwrap()
}

fn listed(studio: &Studio, query: CandidateQuery) -> Vec<CandidateId> {
    studio.candidate_ids(query).unwrap().ids
}

fn undecided(sort: Sort) -> CandidateQuery {
    CandidateQuery {
        verdict: Some(Verdict::Undecided),
        sort,
        ..CandidateQuery::default()
    }
}

#[test]
fn a_taste_is_learnt_orders_the_queue_and_is_unlearnt_by_undo() {
    let (_planted, ids, studio) = planted(&kinds(90));
    let before = judge_all(&studio);
    assert_eq!(
        (before.judged, before.unreadable, before.taste.signal),
        (90, 0, TasteSignal::None)
    );
    assert!(before.taste.quiet.is_some(), "why there is no taste is said");
    assert_eq!(
        listed(&studio, undecided(Sort::Queue)),
        ids,
        "without a taste the queue is by arrival"
    );

    decide_by_kind(&studio, &ids[..50]);
    let mut settings = before.settings.clone();
    settings.explores = false;
    let status = studio.change_judge(settings.clone()).unwrap();
    assert_ne!(
        status.taste.signal,
        TasteSignal::None,
        "two kinds are told apart: {:?}",
        status.taste
    );
    assert_eq!((status.taste.accepted, status.taste.rejected), (25, 25));
    let auc = status.taste.auc.unwrap();
    assert!(
        auc.low <= auc.value && auc.value <= auc.high && auc.value > 0.9,
        "{auc:?}"
    );
    let queue = listed(&studio, undecided(Sort::Queue));
    assert!(
        queue[..18].iter().all(|id| liked(*id)),
        "the liked kind comes first: {queue:?}"
    );

    let list = studio.list(undecided(Sort::Queue)).unwrap();
    assert_eq!(
        list.iter().map(|one| one.id).collect::<Vec<_>>(),
        queue,
        "every way to list has the same order"
    );
    assert!(
        list.iter().all(|one| one.score.is_some()),
        "and tells the chances"
    );

    let chance = |id| studio.judgement(CandidateRequest { id }).unwrap();
    let (good, bad) = (chance(ids[60]), chance(ids[61]));
    assert!(good.chance > bad.chance, "{good:?} {bad:?}");
    assert!(
        good.low <= good.chance && good.chance <= good.high,
        "with its interval"
    );
    let reasons: Vec<_> = good.accepted.iter().map(|one| one.candidate).collect();
    assert!(
        !reasons.is_empty() && reasons.iter().all(|id| liked(*id)),
        "accepted ones as a reason: {reasons:?}"
    );
    assert!(bad.rejected.iter().all(|one| !liked(one.candidate)));
    assert!(
        good.rejected
            .iter()
            .all(|one| one.similarity <= good.accepted[0].similarity)
    );

    for _ in 0..50 {
        studio.undo(UndoRequest { by: "Ada".into() }).unwrap();
    }
    let after = studio.judge_status(Nothing {}).unwrap();
    assert_eq!(
        (after.taste.accepted, after.taste.signal),
        (0, TasteSignal::None),
        "undone is unlearnt"
    );
    assert_eq!(chance(ids[60]).chance, None);
    studio.redo(UndoRequest { by: "Ada".into() }).unwrap();
    assert_eq!(
        studio.judge_status(Nothing {}).unwrap().taste.accepted,
        1,
        "and redone learnt again"
    );
}

#[test]
fn decisions_at_random_give_no_signal_and_hide_nothing() {
    let (_planted, ids, studio) = planted(&kinds(80));
    judge_all(&studio);
    for id in &ids[..60] {
        let verdict = if lot(id.0 as u64, 77, 2) == 0 {
            Verdict::Accepted
        } else {
            Verdict::Rejected
        };
        decide(&studio, *id, verdict);
    }
    let settings = JudgeSettings {
        threshold: Some(0.9),
        ..JudgeSettings::default()
    };
    let status = studio.change_judge(settings).unwrap();
    assert_eq!(status.taste.signal, TasteSignal::None, "{:?}", status.taste);
    assert!(status.threshold.is_none(), "a threshold rests on a taste");
    let shown = CandidateQuery {
        set_aside: Some(false),
        ..undecided(Sort::Queue)
    };
    assert_eq!(
        listed(&studio, shown),
        ids[60..],
        "all are shown, as they arrived"
    );
}

#[test]
fn a_threshold_sets_aside_what_stays_undecided_one_query_away() {
    let (planted, ids, studio) = planted(&kinds(120));
    judge_all(&studio);
    decide_by_kind(&studio, &ids[..60]);
    let settings = JudgeSettings {
        threshold: Some(0.5),
        ..JudgeSettings::default()
    };
    let status = studio.change_judge(settings).unwrap();
    let promise = status.threshold.clone().unwrap();
    assert!(promise.set_aside > 20 && promise.paused.is_none(), "{promise:?}");
    let reading = promise.reading;
    assert!(
        reading.expected_lost < reading.expected_accepted / 2.0 && reading.deviation > 0.0,
        "{reading:?}"
    );
    let query = |aside| CandidateQuery {
        set_aside: Some(aside),
        ..undecided(Sort::Arrival)
    };
    let (shown, aside) = (listed(&studio, query(false)), listed(&studio, query(true)));
    assert_eq!(aside.len(), promise.set_aside as usize);
    assert!(aside.iter().all(|id| !liked(*id)), "the other kind: {aside:?}");
    let mut both = [shown, aside.clone()].concat();
    both.sort();
    assert_eq!(both, ids[60..], "nothing is lost");
    assert_eq!(
        listed(&studio, undecided(Sort::Arrival)),
        ids[60..],
        "who does not ask sees all"
    );
    assert_eq!(
        studio.project_status(Nothing {}).unwrap().counts.rejected,
        30,
        "set aside is not rejected"
    );

    let meter = studio.regret(Nothing {}).unwrap();
    assert_eq!(
        meter.histogram.iter().sum::<u32>(),
        60,
        "every undecided picture is in the histogram"
    );
    assert!(
        meter
            .readings
            .windows(2)
            .all(|pair| pair[0].hidden <= pair[1].hidden),
        "more is hidden further up"
    );

    drop(studio);
    let studio = open(&planted, false);
    assert_eq!(
        listed(&studio, query(true)),
        aside,
        "a restart changes nothing: the lot is kept"
    );
    let bad = studio
        .change_judge(JudgeSettings {
            threshold: Some(1.5),
            ..JudgeSettings::default()
        })
        .unwrap_err();
    assert!(bad.message.contains("0 to 1"), "{bad}");
}

#[test]
fn what_cannot_be_read_is_named_and_the_rest_is_judged() {
    let (planted, ids, studio) = planted(&kinds(8));
    drop(studio);
    let record = planted_picture(&planted, ids[3]);
    let bytes = std::fs::read(&record).unwrap();
    let mut permissions = std::fs::metadata(&record).unwrap().permissions();
    #[allow(clippy::permissions_set_readonly_false)] // A file of a test's own.
    permissions.set_readonly(false);
    std::fs::set_permissions(&record, permissions).unwrap();
    std::fs::write(&record, &bytes[..bytes.len() / 2]).unwrap();
    let studio = open(&planted, false);
    let mut batches = 0;
    let status = studio
        .judge_now(|_, _| {
            batches += 1;
            true
        })
        .unwrap();
    assert_eq!((status.judged, status.unreadable, status.all), (7, 1, 8));
    let said = studio.judgement(CandidateRequest { id: ids[3] }).unwrap();
    assert!(
        said.fault.is_some_and(|fault| !fault.is_empty()),
        "why nothing is said of it"
    );
    assert!(
        studio
            .judgement(CandidateRequest { id: ids[4] })
            .unwrap()
            .fault
            .is_none()
    );
    let again = studio.judge_now(|looked, all| {
        assert_eq!((looked, all), (0, 0), "what was looked at is not looked at again");
        true
    });
    assert_eq!(again.unwrap().judged, 7);
    assert!(batches > 0);
}

/// Where a candidate's picture lies.
fn planted_picture(planted: &TempProject, id: CandidateId) -> PathBuf {
    let project = salon_catalog::Project::open(planted.dir()).unwrap();
    let digest = project.picture_of(id).unwrap();
    let mut waiting = vec![planted.dir()];
    while let Some(folder) = waiting.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                waiting.push(path);
            } else if path.extension().is_some_and(|ending| ending == "png")
                && salon_domain::Digest::of(&std::fs::read(&path).unwrap()) == digest
            {
                return path;
            }
        }
    }
    panic!("candidate {id} has no picture");
}

#[test]
fn a_look_that_was_stopped_goes_on_where_it_stood() {
    let (planted, _, studio) = planted(&kinds(70));
    let status = studio.judge_now(|looked, _| looked == 0).unwrap();
    assert!(
        status.judged > 0 && status.judged < 70,
        "one batch: {}",
        status.judged
    );
    drop(studio);
    let studio = open(&planted, false);
    let mut first = None;
    let whole = studio
        .judge_now(|_, all| {
            first.get_or_insert(all);
            true
        })
        .unwrap();
    assert_eq!((first, whole.judged), (Some(70 - status.judged), 70));
}

#[test]
fn copies_become_families_and_more_like_this_finds_them() {
    let mut pictures = kinds(12);
    let small = imageops::resize(&pictures[4], 64, 64, imageops::FilterType::Triangle);
    pictures.push(imageops::resize(&small, 96, 96, imageops::FilterType::CatmullRom));
    let (_planted, ids, studio) = planted(&pictures);
    judge_all(&studio);
    let families = studio.families(Nothing {}).unwrap();
    let family = families.iter().find(|one| one.family == ids[4]).unwrap();
    let members: Vec<_> = family.members.iter().map(|one| one.candidate).collect();
    assert_eq!(members, [ids[4], ids[12]], "{families:?}");
    // One of the two was put with the other.
    let tie = |id| studio.judgement(CandidateRequest { id }).unwrap().family;
    let (tie, to) = match (tie(ids[4]), tie(ids[12])) {
        (Some(tie), None) => (tie, ids[12]),
        (None, Some(tie)) => (tie, ids[4]),
        both => panic!("one tie holds a pair together: {both:?}"),
    };
    assert_eq!((tie.to, tie.likeness.as_str()), (to, "copy"), "{tie:?}");
    let similar = studio
        .similar(SimilarRequest {
            candidate: ids[4],
            count: Some(3),
        })
        .unwrap();
    assert_eq!((similar.len(), similar[0].candidate), (3, ids[12]), "{similar:?}");
    let like = CandidateQuery {
        like: Some(ids[4]),
        sort: Sort::Score,
        descending: true,
        ..CandidateQuery::default()
    };
    assert_eq!(
        listed(&studio, like)[..2],
        [ids[4], ids[12]],
        "itself, then what is most like it"
    );
    let far = studio
        .similar(SimilarRequest {
            candidate: ids[4],
            count: Some(5000),
        })
        .unwrap_err();
    assert!(far.message.contains("1000"), "{far}");
}

#[test]
fn a_black_picture_is_flagged_and_can_be_asked_for() {
    let mut pictures = kinds(10);
    pictures[6] = RgbImage::new(96, 96);
    let (_planted, ids, studio) = planted(&pictures);
    judge_all(&studio);
    let flags = studio.judgement(CandidateRequest { id: ids[6] }).unwrap().flags;
    assert!(
        flags
            .iter()
            .any(|flag| flag.kind == "black" && !flag.hint && !flag.sentence.is_empty()),
        "{flags:?}"
    );
    let flagged = |word: &str| CandidateQuery {
        flagged: Some(word.into()),
        ..CandidateQuery::default()
    };
    assert!(listed(&studio, flagged("any")).contains(&ids[6]));
    assert_eq!(listed(&studio, flagged("black")), [ids[6]]);
    let black = |query: CandidateQuery| {
        let counts = studio.facets(query).unwrap().flagged;
        counts
            .into_iter()
            .find(|one| one.name == "black")
            .map(|one| one.count)
    };
    assert_eq!(black(CandidateQuery::default()), Some(1), "it is counted");
    assert_eq!(black(flagged("any")), Some(1), "whatever other flag is asked for");
    decide(&studio, ids[6], Verdict::Rejected);
    let undecided = CandidateQuery {
        verdict: Some(Verdict::Undecided),
        ..CandidateQuery::default()
    };
    assert_eq!(
        black(undecided),
        None,
        "among those that pass the other conditions"
    );
    let unknown = studio.candidate_ids(flagged("ugly")).unwrap_err();
    assert!(
        unknown.message.contains("`blurred`"),
        "what could be asked for is named: {unknown}"
    );
}

#[test]
fn what_stands_out_of_the_set_is_shown_with_its_neighbours() {
    let mut pictures: Vec<RgbImage> = (0..24).map(|number| drawn(2 * number)).collect();
    pictures.push(drawn(1));
    let (_planted, ids, studio) = planted(&pictures);
    judge_all(&studio);
    for id in &ids {
        decide(&studio, *id, Verdict::Accepted);
    }
    let outliers = studio.coherence(Nothing {}).unwrap();
    let first = &outliers[0];
    assert_eq!(first.candidate, ids[24], "stripes among discs: {outliers:?}");
    assert!(!first.reasons.is_empty() && !first.nearest.is_empty() && first.strength > 0.0);
}

#[test]
fn what_comes_too_close_to_a_protected_picture_is_named() {
    let (planted, ids, studio) = planted(&kinds(10));
    judge_all(&studio);
    let folder = planted.beside("protected");
    std::fs::create_dir_all(folder.join("deep")).unwrap();
    let copy = imageops::resize(&drawn(5), 80, 80, imageops::FilterType::Triangle);
    std::fs::write(folder.join("deep/work.png"), png(&copy)).unwrap();
    std::fs::write(
        folder.join("other.png"),
        png(&RgbImage::from_pixel(64, 64, Rgb([90, 10, 200]))),
    )
    .unwrap();
    std::fs::write(folder.join("broken.png"), b"no picture").unwrap();
    let protect = |forget| ProtectFolder {
        path: folder.clone(),
        forget,
    };
    assert_eq!(
        studio.protect_folder(protect(false)).unwrap()[0].pictures,
        2,
        "what can be read"
    );
    let all = CopyRiskRequest { accepted: false };
    let risks = studio.copy_risks(all.clone()).unwrap();
    assert_eq!(risks.len(), 1, "{risks:?}");
    assert_eq!(risks[0].candidate, ids[5]);
    assert!(
        risks[0].path.ends_with("work.png") && risks[0].similarity.unwrap() > 0.9,
        "{risks:?}"
    );
    assert_eq!(
        studio.copy_risks(all.clone()).unwrap(),
        risks,
        "the second time from what was kept"
    );
    assert!(
        studio
            .copy_risks(CopyRiskRequest { accepted: true })
            .unwrap()
            .is_empty(),
        "nothing is accepted"
    );
    assert!(studio.protect_folder(protect(true)).unwrap().is_empty());
    assert!(studio.copy_risks(all).unwrap().is_empty(), "forgotten");
    let nowhere = ProtectFolder {
        path: planted.beside("nowhere"),
        forget: false,
    };
    assert_eq!(
        studio.protect_folder(nowhere).unwrap_err().code,
        ErrorCode::NotFound
    );
}

#[test]
fn encoders_and_heads_that_cannot_be_used_are_refused_when_they_are_chosen() {
    let (planted, _, studio) = planted(&kinds(2));
    let beside = planted.beside("models");
    std::fs::create_dir_all(beside.join("half")).unwrap();
    std::fs::write(beside.join("half/config.json"), r#"{"model_type": "clip"}"#).unwrap();
    std::fs::create_dir_all(beside.join("heads")).unwrap();
    std::fs::write(beside.join("heads/wide.safetensors"), b"nothing").unwrap();
    let names: Vec<String> = studio
        .encoders(Nothing {})
        .unwrap()
        .into_iter()
        .map(|one| one.name)
        .collect();
    assert_eq!(names, ["house", "half"]);
    let heads = studio.heads(Nothing {}).unwrap();
    assert!(heads.len() == 1 && heads[0].fault.is_some(), "{heads:?}");
    let named = |encoder: Option<&str>, head: Option<&str>| JudgeSettings {
        encoder: encoder.map(Into::into),
        head: head.map(Into::into),
        ..JudgeSettings::default()
    };
    for (settings, word) in [
        (named(Some("none"), None), "`none`"),
        (named(Some("half"), None), "preprocessor_config.json"),
        (named(None, Some("wide")), "wide.safetensors"),
        (named(None, Some("gone")), "`gone`"),
    ] {
        let said = studio.change_judge(settings).unwrap_err().to_string();
        assert!(said.contains(word), "\"{said}\" should name {word}");
    }
    assert_eq!(
        studio.judge_status(Nothing {}).unwrap().settings,
        JudgeSettings::default(),
        "nothing was changed"
    );
}

#[test]
fn another_encoder_can_be_chosen_and_vectors_of_two_are_never_mixed() {
    let (planted, ids, studio) = planted(&kinds(12));
    judge_all(&studio);
    // A CLIP of transformers, tiny and random.
    let clip = planted.beside("models/clip");
    std::fs::create_dir_all(&clip).unwrap();
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../tests/golden/encoders/clip");
    for entry in std::fs::read_dir(golden).unwrap() {
        let path = entry.unwrap().path();
        std::fs::copy(&path, clip.join(path.file_name().unwrap())).unwrap();
    }
    let nearest = || {
        let request = SimilarRequest {
            candidate: ids[0],
            count: Some(11),
        };
        studio.similar(request).unwrap()
    };
    let by_house = nearest();
    let chosen = |encoder: Option<&str>| JudgeSettings {
        encoder: encoder.map(Into::into),
        ..JudgeSettings::default()
    };
    studio.change_judge(chosen(Some("clip"))).unwrap();
    let early = studio.similar(SimilarRequest {
        candidate: ids[0],
        count: None,
    });
    assert!(
        early.is_err(),
        "what the new one has not seen is not taken from the old one"
    );
    let status = judge_all(&studio);
    assert_eq!((status.encoder.as_str(), status.judged), ("clip", 12));
    assert_ne!(nearest(), by_house, "other vectors, other neighbours");
    let encoders = studio.encoders(Nothing {}).unwrap();
    let seen: Vec<_> = encoders
        .iter()
        .map(|one| (one.name.as_str(), one.seen, one.active))
        .collect();
    assert_eq!(seen, [("house", 12, false), ("clip", 12, true)]);
    studio.change_judge(chosen(None)).unwrap();
    assert_eq!(
        nearest(),
        by_house,
        "going back costs nothing: its vectors were kept"
    );
}

#[test]
fn a_critic_can_be_trained_on_a_projects_own_decisions() {
    let (planted, ids, studio) = planted(&kinds(60));
    judge_all(&studio);
    let out = planted.beside("models/critics/mine.safetensors");
    std::fs::create_dir_all(out.parent().unwrap()).unwrap();
    let early = studio.train_critic(&out).unwrap_err();
    assert!(early.message.contains("needs 20 of each"), "{early}");
    decide_by_kind(&studio, &ids[..50]);
    let trained = studio.train_critic(&out).unwrap();
    assert_eq!((trained.sound, trained.damaged), (25, 25));
    assert!(
        trained.auc > 0.9,
        "on examples it had not learnt from: {}",
        trained.auc
    );
    assert!(out.is_file());
}

#[test]
fn an_open_studio_looks_learns_and_tells_by_itself() {
    let (planted, ids, studio) = planted(&kinds(60));
    drop(studio);
    let studio = open(&planted, true);
    let events = studio.subscribe();
    let until = |what: &str, done: &dyn Fn(&JudgeStatus) -> bool| {
        let patience = Instant::now() + Duration::from_mins(2);
        loop {
            if let Some(Event::Judge(status)) = events.next(Duration::from_millis(200))
                && done(&status)
            {
                return status;
            }
            assert!(Instant::now() < patience, "{what} was never told");
        }
    };
    until("that all were looked at", &|status| {
        status.judged == 60 && !status.working
    });
    decide_by_kind(&studio, &ids[..40]);
    let learnt = until("a taste", &|status| {
        status.taste.signal != TasteSignal::None && status.taste.accepted == 20
    });
    for _ in 0..40 {
        studio.undo(UndoRequest { by: "Ada".into() }).unwrap();
    }
    let unlearnt = until("that it was undone", &|status| status.taste.accepted == 0);
    assert!(
        unlearnt.version > learnt.version,
        "whoever shows an order hears that it is old"
    );
}

#[test]
fn probes_learn_traits_from_hands_read_the_rest_and_find_what_was_set_wrongly() {
    let pictures: Vec<RgbImage> = (0..60).map(drawn).collect();
    let (planted, ids, studio) = planted(&pictures);
    let schema = serde_json::json!({"form": 1, "version": 0, "traits": [
        {"name": "Motif", "values": [{"name": "Disc"}, {"name": "Stripes"}]},
        {"name": "Mood", "nature": "free", "values": [{"name": "Calm"}]},
    ], "rules": []});
    let schema = serde_json::from_value(schema).unwrap();
    let by = "Ada".to_owned();
    studio
        .set_trait_schema(SetTraitSchema {
            schema,
            expects: 0,
            by: by.clone(),
        })
        .unwrap();
    let ask = || TagTraits {
        from: TagFrom::Pictures,
        trait_types: None,
        learn_from: None,
        by: "Ada".into(),
    };
    let unseen = studio.tag_traits(ask()).unwrap_err();
    assert!(unseen.message.contains("has not looked"), "{unseen}");
    studio.judge_now(|_, _| true).unwrap();
    let few = studio.tag_traits(ask()).unwrap();
    let faults: Vec<&str> = few.types.iter().filter_map(|one| one.fault.as_deref()).collect();
    assert!(faults[0].contains("too little to learn from"), "{faults:?}");
    assert!(faults[1].contains("calls it free"), "{faults:?}");

    let say = |id: CandidateId, value: &str| {
        let seen = vec![salon_domain::Seen {
            candidate: id,
            frame: None,
        }];
        let traits = vec![SetTraitEdit {
            trait_type: "Motif".into(),
            value: Some(value.into()),
            withdraw: false,
        }];
        studio
            .set_traits(SetTraits {
                seen,
                traits,
                by: "Ada".into(),
            })
            .unwrap();
    };
    let motif = |number: usize| {
        if number.is_multiple_of(2) {
            "Disc"
        } else {
            "Stripes"
        }
    };
    for (number, id) in ids.iter().enumerate().take(40) {
        say(*id, motif(number));
    }
    let report = studio.tag_traits(ask()).unwrap();
    let found = &report.types[0];
    let probe = found.probe.as_ref().expect("it was learnt");
    assert!(
        probe.accuracy >= 0.9,
        "discs and stripes are told apart: {probe:?}"
    );
    assert!(report.changed >= 15, "of twenty that nobody had set: {report:?}");
    for (number, id) in ids.iter().enumerate().skip(40) {
        let row = studio.candidate_traits(CandidateRequest { id: *id }).unwrap();
        let cell = row.traits.iter().find(|cell| cell.trait_type == "Motif").unwrap();
        if let Some(value) = &cell.value {
            assert_eq!(value, motif(number), "candidate {id} was read: {cell:?}");
        }
    }
    let all = VisualWeightRequest {
        pool: Some(BalancePool::NotRejected),
    };
    let weight = studio.visual_weight(all).unwrap();
    assert_eq!(
        (weight.tokens.len(), weight.left_out),
        (60, 0),
        "all were looked at"
    );
    assert!(
        weight.tokens.iter().all(|one| (0.0..=1.0).contains(&one.weight)),
        "weights are percentiles"
    );
    drop(studio);
    let project = salon_catalog::Project::open(planted.dir()).unwrap();
    assert_eq!(
        project.check_derived().unwrap(),
        Vec::<String>::new(),
        "nothing came apart"
    );
}
