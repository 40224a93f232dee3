//! kubo's RPC over real sockets, with what can go wrong.
#![allow(clippy::unwrap_used, missing_docs)] // A test that cannot set up must stop.

mod common;

use common::{Car, Desk, busy, destination};
use salon_publish::{Destination, Protocol, PublishError, Stage};
use salon_testkit::loopback::{Kubo, KuboFault, Reply, serve};

fn to(node: &Kubo) -> Destination {
    destination(node.machine.address(), Protocol::Kubo)
}

#[test]
fn a_car_is_imported_pinned_and_never_sent_twice() {
    let (car, node) = (Car::of(40, 50_000), Kubo::start([]));
    let desk = Desk::with_key("secret");
    let published = desk.send(&to(&node), &car.parcel()).unwrap();
    assert!(published.said.contains("40 blocks"), "{}", published.said);
    assert_eq!(
        node.pinned(&car.root).as_deref(),
        Some(&*car.bytes),
        "byte for byte"
    );
    assert_eq!(published.sent, car.bytes.len() as u64, "what left was counted");
    assert_eq!(desk.kept.borrow().sent, published.sent, "and kept");
    assert!(desk.was_told(Stage::Sending) && desk.was_told(Stage::Waiting));
    assert!(
        node.keys().iter().all(|key| key == "Bearer secret"),
        "{:?}",
        node.keys()
    );

    let again = desk.send(&to(&node), &car.parcel()).unwrap();
    assert!(again.said.contains("has it"), "{}", again.said);
    assert_eq!(
        node.imports(),
        (1, car.bytes.len() as u64),
        "a node that has it is sent nothing"
    );
}

#[test]
fn what_passes_is_tried_again_after_the_pause_that_was_asked_for() {
    let car = Car::of(4, 60_000);
    let trouble = Reply::new(
        500,
        "{\"Message\":\"context canceled\",\"Code\":0,\"Type\":\"error\"}",
    );
    let faults = [
        KuboFault::Answer(busy("7")),
        KuboFault::Answer(trouble),
        KuboFault::HalfUpload,
        KuboFault::TruncatedAnswer,
    ];
    let node = Kubo::start(faults);
    let desk = Desk::with_key("secret");
    desk.send(&to(&node), &car.parcel()).unwrap();
    assert_eq!(
        desk.has_paused(),
        [7, 2, 4, 8],
        "as it asks, then longer each time"
    );
    // The import whose answer was cut off was done, and is not repeated.
    assert_eq!(node.imports(), (4, car.bytes.len() as u64));
    assert_eq!(node.pinned(&car.root).as_deref(), Some(&*car.bytes));
}

#[test]
fn an_answer_that_was_lost_is_asked_for_and_not_earned_again() {
    let (car, node) = (Car::of(4, 60_000), Kubo::start([KuboFault::DropBeforeAnswer]));
    let desk = Desk::with_key("secret");
    let published = desk.send(&to(&node), &car.parcel()).unwrap();
    assert!(published.said.contains("has it"), "{}", published.said);
    assert_eq!(node.imports(), (1, car.bytes.len() as u64), "sent once");
}

#[test]
fn what_does_not_pass_is_named_at_once() {
    let car = Car::of(4, 10_000);
    let answer = |status, text: &str| KuboFault::Answer(Reply::new(status, text));
    let message = "{\"Message\":\"repo is full\",\"Code\":0,\"Type\":\"error\"}";
    let other = "bafybeihybsecgcxrj4ifrbj5v2vw2uan34fgw6qy4kuxg3l5ky6etwms4a";
    for (fault, words) in [
        (
            KuboFault::AnotherRoot(other.into()),
            "answers the root bafybeihybs",
        ),
        (
            KuboFault::NotPinned("pin: no space left".into()),
            "did not pin the root",
        ),
        (answer(401, ""), "does not take the key (401)"),
        (answer(403, "403 - Forbidden"), "does not take the key (403)"),
        (answer(402, "pay"), "wants to be paid"),
        (answer(413, ""), "larger uploads"),
        (answer(507, message), "repo is full"),
        (answer(404, ""), "is the address whole"),
        (
            KuboFault::Answer(Reply::new(307, "").with("location", "http://127.0.0.1:1/elsewhere")),
            "is not followed",
        ),
    ] {
        let node = Kubo::start([fault.clone()]);
        let desk = Desk::with_key("very-secret");
        let error = desk.send(&to(&node), &car.parcel()).unwrap_err().to_string();
        assert!(
            error.contains(words),
            "{fault:?} gave `{error}`, which should say `{words}`"
        );
        assert!(error.contains(node.machine.host()), "`{error}` names the machine");
        assert!(!error.contains("very-secret"), "`{error}` tells a key");
        assert!(
            desk.has_paused().is_empty(),
            "asking again would not help: {error}"
        );
    }
}

#[test]
fn no_key_follows_a_redirect_to_another_machine() {
    let elsewhere = Kubo::start([]);
    let place = format!("{}/api/v0/dag/import", elsewhere.machine.address());
    let redirect = serve(move |asked| {
        let _ = asked.body();
        Some(Reply::new(307, "").with("location", place.clone()))
    });
    let car = Car::of(2, 100);
    let error = Desk::with_key("secret")
        .send(&destination(redirect.address(), Protocol::Kubo), &car.parcel())
        .unwrap_err();
    assert!(error.to_string().contains("is not followed"), "{error}");
    assert!(elsewhere.keys().is_empty(), "nobody else was asked");
}

#[test]
fn trouble_that_stays_is_named_and_a_long_pause_is_the_users() {
    let car = Car::of(2, 100);
    let trouble = || KuboFault::Answer(Reply::new(503, "maintenance"));
    let node = Kubo::start(std::iter::repeat_with(trouble).take(20));
    let desk = Desk::with_key("secret");
    let error = desk.send(&to(&node), &car.parcel()).unwrap_err().to_string();
    assert!(
        error.contains("503") && error.contains("maintenance") && error.contains("6 times"),
        "{error}"
    );
    assert_eq!(desk.has_paused(), [1, 2, 4, 8, 16]);

    let node = Kubo::start([KuboFault::Answer(busy("3600"))]);
    let desk = Desk::with_key("secret");
    let error = desk.send(&to(&node), &car.parcel()).unwrap_err().to_string();
    assert!(error.contains("60 minutes"), "{error}");
    assert!(desk.has_paused().is_empty(), "nobody waits for an hour unasked");

    let gone = destination("http://127.0.0.1:1", Protocol::Kubo);
    let error = Desk::with_key("secret")
        .send(&gone, &car.parcel())
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("127.0.0.1:1") && error.contains("cannot be reached"),
        "{error}"
    );
}

#[test]
fn no_byte_leaves_beyond_the_cap_also_over_several_goes() {
    let car = Car::of(4, 10_000);
    let whole = car.bytes.len() as u64;
    let node = Kubo::start([KuboFault::HalfUpload, KuboFault::HalfUpload]);
    let mut desk = Desk::with_key("secret");
    desk.at_most = Some(whole - 1);
    let error = desk.send(&to(&node), &car.parcel()).unwrap_err();
    assert!(matches!(error, PublishError::Cap { sent: 0, .. }), "{error}");
    assert_eq!(node.imports().0, 0, "nothing was begun");

    desk.at_most = Some(whole);
    let error = desk.send(&to(&node), &car.parcel()).unwrap_err();
    assert!(
        matches!(error, PublishError::Cap { .. }),
        "the second try would pass it: {error}"
    );
    assert_eq!((node.imports().0, desk.kept.borrow().sent), (1, whole));
    let error = desk.send(&to(&node), &car.parcel()).unwrap_err();
    assert!(
        matches!(error, PublishError::Cap { .. }),
        "another go counts on: {error}"
    );

    desk.at_most = Some(3 * whole);
    desk.send(&to(&node), &car.parcel()).unwrap();
    assert_eq!(desk.kept.borrow().sent, 3 * whole);
}

#[test]
fn a_stop_is_heard_and_a_changed_file_is_named() {
    let car = Car::of(4, 10_000);
    let node = Kubo::start([KuboFault::Answer(busy("9"))]);
    let mut desk = Desk::with_key("secret");
    desk.stop_at_pause = Some(1);
    let error = desk.send(&to(&node), &car.parcel()).unwrap_err();
    assert!(matches!(error, PublishError::Cancelled), "{error}");
    assert_eq!(node.imports().0, 1, "no second try");

    let desk = Desk::with_key("secret");
    desk.cancel.cancel();
    let error = desk.send(&to(&node), &car.parcel()).unwrap_err();
    assert!(matches!(error, PublishError::Cancelled), "{error}");

    std::fs::write(&car.path, b"short").unwrap();
    let error = Desk::with_key("secret")
        .send(&to(&node), &car.parcel())
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("bundle.car") && error.contains("changed"),
        "{error}"
    );
}
