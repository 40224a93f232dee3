//! The Pinning Service API over real sockets, with what can go wrong.
#![allow(clippy::unwrap_used, missing_docs)] // A test that cannot set up must stop.

mod common;

use common::{Car, Desk, busy, destination};
use salon_publish::{Destination, Protocol, PublishError};
use salon_testkit::loopback::{Pinning, Reply};

fn to(service: &Pinning) -> Destination {
    destination(
        service.machine.address(),
        Protocol::Pinning {
            name: None,
            origins: vec!["/ip4/127.0.0.1/tcp/4001".into()],
        },
    )
}

#[test]
fn a_pin_is_asked_for_waited_for_and_taken_again() {
    let service = Pinning::start(
        "secret",
        [["queued", "pinning", "pinning", "pinned"].as_slice()],
        [],
    );
    let (car, desk) = (Car::of(1, 100), Desk::with_key("secret"));
    let published = desk.send(&to(&service), &car.parcel()).unwrap();
    assert_eq!(
        (published.said.as_str(), published.sent),
        ("pinned", 0),
        "it fetches by itself"
    );
    assert_eq!(
        desk.has_paused(),
        [1, 2, 4],
        "one look after the other, ever rarer"
    );
    let wish = &service.posted()[0];
    assert!(
        wish.contains(&car.root) && wish.contains("\"Foxes\"") && wish.contains("/tcp/4001"),
        "{wish}"
    );
    assert_eq!(
        desk.kept.borrow().request.as_deref(),
        Some("r0"),
        "the number is kept"
    );

    desk.send(&to(&service), &car.parcel()).unwrap();
    Desk::with_key("secret")
        .send(&to(&service), &car.parcel())
        .unwrap();
    assert_eq!(service.pins(), 1, "the pin that is there is taken, known or not");
}

#[test]
fn a_pin_that_fails_is_named_and_asked_for_anew() {
    let service = Pinning::start("secret", [["queued", "failed"].as_slice(), &[]], []);
    let (car, desk) = (Car::of(1, 100), Desk::with_key("secret"));
    let error = desk.send(&to(&service), &car.parcel()).unwrap_err().to_string();
    assert!(
        error.contains("the pin failed") && error.contains("queue position 7"),
        "{error}"
    );
    desk.send(&to(&service), &car.parcel()).unwrap();
    assert_eq!(service.pins(), 2, "a failed one is not waited for again");
}

#[test]
fn what_passes_is_tried_again_and_what_does_not_is_named() {
    let replies = [
        Some(busy("3")),
        None,
        Some(Reply::new(500, "{\"error\":{\"reason\":\"INTERNAL\"}}")),
    ];
    let service = Pinning::start("secret", [], replies);
    let (car, desk) = (Car::of(1, 100), Desk::with_key("secret"));
    desk.send(&to(&service), &car.parcel()).unwrap();
    assert_eq!(desk.has_paused(), [3, 2, 4]);

    let service = Pinning::start("another", [], []);
    let error = Desk::with_key("secret")
        .send(&to(&service), &car.parcel())
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("does not take the key (401)") && error.contains("UNAUTHORIZED it is"),
        "{error}"
    );
    for (reply, words) in [
        (
            Reply::new(200, "<html>hello"),
            "not as the Pinning Service API has it",
        ),
        (
            Reply::new(200, "{\"count\":1}"),
            "not as the Pinning Service API has it",
        ),
        (Reply::new(402, ""), "wants to be paid"),
        (
            Reply::new(301, "").with("location", "http://127.0.0.1:1"),
            "is not followed",
        ),
    ] {
        let service = Pinning::start("secret", [], [Some(reply)]);
        let error = Desk::with_key("secret")
            .send(&to(&service), &car.parcel())
            .unwrap_err()
            .to_string();
        assert!(error.contains(words), "`{error}` should say `{words}`");
    }
}

#[test]
fn a_pin_that_takes_too_long_is_left_and_taken_up_later() {
    const SLOW: &[&str] = &["pinning"; 200];
    let service = Pinning::start("secret", [SLOW], []);
    let (car, desk) = (Car::of(1, 100), Desk::with_key("secret"));
    let error = desk.send(&to(&service), &car.parcel()).unwrap_err();
    assert!(
        matches!(&error, PublishError::Machine { fault, .. } if fault.contains("still pinning")),
        "{error}"
    );
    let waited: u64 = desk.has_paused().iter().sum();
    assert!((1800..1860).contains(&waited), "half an hour, and not {waited} s");
    while desk.send(&to(&service), &car.parcel()).is_err() {}
    assert_eq!(service.pins(), 1, "the same one was asked for");
}
