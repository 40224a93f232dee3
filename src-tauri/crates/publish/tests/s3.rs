//! An S3-compatible store over real sockets, with what can go wrong.
#![allow(clippy::unwrap_used, missing_docs)] // A test that cannot set up must stop.

mod common;

use common::{Car, Desk, busy, destination};
use salon_publish::{Destination, Protocol, PublishError, Store as Bucket};
use salon_testkit::loopback::{Reply, Store, StoreFault};

const KEY: &str = "AKID:c2VjcmV0/secret+half";
const PART: usize = 1 << 20;

fn to(store: &Store, import: bool) -> Destination {
    destination(
        store.machine.address(),
        Protocol::S3(Bucket {
            region: "us-east-1".into(),
            bucket: "foxes".into(),
            object: Some("a b/föx.car".into()),
            import,
            part_mib: 1,
        }),
    )
}

const OBJECT: &str = "/foxes/a%20b/f%C3%B6x.car";

#[test]
fn a_car_arrives_in_parts_and_its_root_is_held_against_ours() {
    let (car, store) = (Car::of(7, 700_000), Store::start("AKID", [], None));
    let desk = Desk::with_key(KEY);
    let published = desk.send(&to(&store, true), &car.parcel()).unwrap();
    assert!(published.said.contains("same root"), "{}", published.said);
    assert_eq!(
        store.object(OBJECT).as_deref(),
        Some(&*car.bytes),
        "byte for byte"
    );
    let parts = car.bytes.len().div_ceil(PART) as u64;
    assert_eq!(
        (store.uploads(), store.parts()),
        ((1, 1), parts),
        "every part once"
    );
    assert_eq!(published.sent, car.bytes.len() as u64);

    desk.kept.borrow_mut().upload = None;
    let again = desk.send(&to(&store, true), &car.parcel()).unwrap();
    assert_eq!(
        store.parts(),
        parts,
        "what is there is not sent again: {}",
        again.said
    );

    let other = "bafybeihybsecgcxrj4ifrbj5v2vw2uan34fgw6qy4kuxg3l5ky6etwms4a";
    let store = Store::start("AKID", [], Some(other));
    let error = Desk::with_key(KEY)
        .send(&to(&store, true), &car.parcel())
        .unwrap_err();
    assert!(
        matches!(&error, PublishError::AnotherRoot { found, .. } if found == other),
        "{error}"
    );
}

#[test]
fn what_passes_is_tried_again_and_no_part_that_came_comes_twice() {
    let car = Car::of(7, 700_000);
    let faults = [
        StoreFault::Answer(busy("5")),
        StoreFault::HalfUpload,
        StoreFault::Answer(Reply::new(
            503,
            "<Error><Code>SlowDown</Code><Message>Reduce</Message></Error>",
        )),
    ];
    let store = Store::start("AKID", faults, None);
    let desk = Desk::with_key(KEY);
    desk.send(&to(&store, false), &car.parcel()).unwrap();
    assert_eq!(desk.has_paused(), [5, 2, 4]);
    assert_eq!(store.uploads(), (1, 1), "one upload, every part once");
    assert_eq!(store.object(OBJECT).as_deref(), Some(&*car.bytes));
}

#[test]
fn an_upload_that_was_stopped_goes_on_with_the_parts_that_are_missing() {
    let car = Car::of(7, 700_000);
    let fine = || StoreFault::Answer(busy("1"));
    let store = Store::start("AKID", [fine(), StoreFault::DropBeforeAnswer], None);
    let mut desk = Desk::with_key(KEY);
    // The first try is told to wait, the second has its part kept and its answer lost; there it is stopped.
    desk.stop_at_pause = Some(2);
    let error = desk.send(&to(&store, false), &car.parcel()).unwrap_err();
    assert!(matches!(error, PublishError::Cancelled), "{error}");
    assert!(
        desk.kept
            .borrow()
            .upload
            .as_ref()
            .is_some_and(|upload| upload.parts.is_empty())
    );
    desk.stop_at_pause = None;
    desk.send(&to(&store, false), &car.parcel()).unwrap();
    assert_eq!(
        store.uploads(),
        (1, 1),
        "the part whose answer was lost was asked for, not sent again"
    );
    assert_eq!(store.object(OBJECT).as_deref(), Some(&*car.bytes));
}

#[test]
fn an_upload_that_the_store_forgot_begins_anew() {
    let car = Car::of(7, 700_000);
    let store = Store::start("AKID", [StoreFault::Answer(busy("1"))], None);
    let mut desk = Desk::with_key(KEY);
    desk.stop_at_pause = Some(1);
    desk.send(&to(&store, false), &car.parcel()).unwrap_err();
    store.forget_uploads();
    desk.stop_at_pause = None;
    desk.send(&to(&store, false), &car.parcel()).unwrap();
    assert_eq!(store.uploads().0, 2, "a second upload");
    assert_eq!(store.object(OBJECT).as_deref(), Some(&*car.bytes));
}

#[test]
fn what_does_not_pass_is_named() {
    let car = Car::of(2, 700_000);
    let answer = |status, text: &str| StoreFault::Answer(Reply::new(status, text));
    for (fault, words) in [
        (
            answer(403, "<Error><Message>no rights</Message></Error>"),
            "does not take the key (403)",
        ),
        (
            answer(400, "<Error><Message>EntityTooSmall</Message></Error>"),
            "EntityTooSmall",
        ),
        (answer(413, ""), "larger uploads"),
        (answer(404, ""), "forgotten the upload"),
        (
            StoreFault::Answer(Reply::new(307, "").with("location", "http://127.0.0.1:1")),
            "is not followed",
        ),
    ] {
        let store = Store::start("AKID", [fault], None);
        let error = Desk::with_key(KEY)
            .send(&to(&store, false), &car.parcel())
            .unwrap_err()
            .to_string();
        assert!(error.contains(words), "`{error}` should say `{words}`");
        assert!(!error.contains("secret+half"), "{error}");
    }
    let store = Store::start("OTHER", [], None);
    let error = Desk::with_key(KEY)
        .send(&to(&store, false), &car.parcel())
        .unwrap_err()
        .to_string();
    assert!(error.contains("does not take the key (403)"), "{error}");
    let error = Desk::with_key("half")
        .send(&to(&store, false), &car.parcel())
        .unwrap_err()
        .to_string();
    assert!(error.contains("ID:SECRET"), "{error}");
}

/// An upload that was stopped with a part at the store, and the desk that keeps it.
fn stopped(store: &Store, car: &Car) -> Desk {
    let mut desk = Desk::with_key(KEY);
    desk.stop_at_pause = Some(1);
    desk.send(&to(store, false), &car.parcel()).unwrap_err();
    assert_eq!(store.unfinished(), (1, 0), "an upload was begun");
    assert_eq!(store.parts(), 1, "and a part of it is there");
    desk.stop_at_pause = None;
    desk.pauses.borrow_mut().clear();
    desk
}

#[test]
fn an_upload_that_is_given_up_leaves_no_parts() {
    let car = Car::of(7, 700_000);
    for (faults, told, pauses) in [
        (vec![], 1, vec![]),
        (vec![StoreFault::Answer(busy("3"))], 2, vec![3]),
        // Its answer is lost: told again, it knows no such upload.
        (vec![StoreFault::DropBeforeAnswer], 2, vec![1]),
        // A part came in while it was being dropped.
        (vec![StoreFault::LatePart], 2, vec![]),
    ] {
        let store = Store::start("AKID", [StoreFault::DropBeforeAnswer], None);
        let desk = stopped(&store, &car);
        store.fail_aborts(faults.clone());
        desk.abandon(&to(&store, false), &car.parcel()).unwrap();
        assert_eq!(store.unfinished(), (0, told), "{faults:?}: the parts are gone");
        assert_eq!(desk.has_paused(), pauses, "{faults:?}");
    }
    let store = Store::start("AKID", [StoreFault::DropBeforeAnswer], None);
    let desk = stopped(&store, &car);
    store.forget_uploads();
    desk.abandon(&to(&store, false), &car.parcel()).unwrap();
    let idle = Desk::with_key(KEY);
    idle.abandon(&to(&store, false), &car.parcel()).unwrap();
    assert_eq!(store.unfinished().1, 1, "where nothing was begun nobody is asked");
}

#[test]
fn where_parts_may_be_left_it_is_said_how_to_remove_them() {
    let car = Car::of(7, 700_000);
    let answer = |status, text: &str| StoreFault::Answer(Reply::new(status, text));
    for (faults, words) in [
        (vec![answer(403, "")], "does not take the key (403)"),
        (vec![answer(404, "no such page")], "is the address whole?"),
        (vec![StoreFault::LatePart; 3], "still has parts of it"),
        (vec![StoreFault::HalfUpload; 6], "It was asked 6 times"),
    ] {
        let store = Store::start("AKID", [StoreFault::DropBeforeAnswer], None);
        let desk = stopped(&store, &car);
        store.fail_aborts(faults);
        let error = desk.abandon(&to(&store, false), &car.parcel()).unwrap_err();
        let said = error.to_string();
        assert!(said.contains("may still have parts of a b/föx.car"), "{said}");
        assert!(said.contains(words) && !said.contains("secret"), "{said}");
        let expected = format!(
            "aws s3api abort-multipart-upload --endpoint-url {} --bucket foxes --key 'a b/föx.car' --upload-id upload-1",
            store.machine.address()
        );
        assert!(
            matches!(&error, PublishError::PartsLeft { command, .. } if *command == expected),
            "{error:?}"
        );
        assert_eq!(store.unfinished().0, 1, "they are there");
    }
    let store = Store::start("AKID", [StoreFault::DropBeforeAnswer], None);
    let mut desk = stopped(&store, &car);
    let there = to(&store, false);
    desk.key = None;
    let said = desk.abandon(&there, &car.parcel()).unwrap_err().to_string();
    assert!(said.contains("ID:SECRET"), "{said}");
    desk.key = Some(KEY.into());
    drop(store);
    let said = desk.abandon(&there, &car.parcel()).unwrap_err().to_string();
    assert!(said.contains("cannot be reached"), "{said}");
    desk.cancel.cancel();
    let error = desk.abandon(&there, &car.parcel()).unwrap_err();
    assert!(matches!(error, PublishError::Cancelled), "{error}");
}
