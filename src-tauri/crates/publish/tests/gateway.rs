//! A gateway over real sockets: what it does instead of giving what it was asked for.
#![allow(clippy::unwrap_used, missing_docs)] // A test that cannot set up must stop.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use salon_domain::CancelToken;
use salon_publish::Gateway;
use salon_testkit::loopback::{Reply, serve};

const ROOT: &str = "bafybeihybsecgcxrj4ifrbj5v2vw2uan34fgw6qy4kuxg3l5ky6etwms4a";

fn raw(body: &str) -> Reply {
    Reply::new(200, body).with("content-type", "application/vnd.ipld.raw")
}

/// Asks a gateway that gives these answers in turn, the last of them again and again, for a block and a file.
fn ask(replies: Vec<Option<Reply>>, look: impl Fn(&Gateway<'_>)) -> Vec<u64> {
    let replies = Mutex::new((replies, 0));
    let machine = serve(move |asked| {
        assert!(
            !asked.headers.contains_key("authorization"),
            "no key goes to a gateway"
        );
        let mut replies = replies.lock().unwrap();
        let at = replies.1.min(replies.0.len() - 1);
        replies.1 += 1;
        replies.0[at].clone()
    });
    let pauses = Mutex::new(Vec::new());
    let pause = |pause: Duration| {
        pauses.lock().unwrap().push(pause.as_secs());
        true
    };
    let cancel = CancelToken::new();
    look(&Gateway::new(machine.address(), Duration::from_millis(300), &pause, &cancel).unwrap());
    pauses.into_inner().unwrap()
}

#[test]
fn blocks_are_given_where_they_are_offered() {
    let pauses = ask(vec![Some(raw("block"))], |gateway| {
        assert!(gateway.gives_blocks(ROOT).unwrap());
        assert_eq!(gateway.block(ROOT).unwrap(), b"block");
    });
    assert!(pauses.is_empty());
    ask(
        vec![Some(Reply::new(200, "<html>").with("content-type", "text/html"))],
        |gateway| {
            assert!(!gateway.gives_blocks(ROOT).unwrap(), "a page is no block");
        },
    );
    ask(vec![Some(Reply::new(406, ""))], |gateway| {
        assert!(!gateway.gives_blocks(ROOT).unwrap(), "it says that it does not");
    });
    ask(vec![Some(Reply::new(404, ""))], |gateway| {
        assert!(gateway.gives_blocks(ROOT).unwrap(), "it may have the others");
    });
}

#[test]
fn a_busy_one_is_asked_again_and_what_is_missing_is_said() {
    let busy = Reply::new(429, "").with("retry-after", "4");
    let pauses = ask(
        vec![Some(busy), Some(Reply::new(502, "")), None, Some(raw("block"))],
        |gateway| assert_eq!(gateway.block(ROOT).unwrap(), b"block"),
    );
    assert_eq!(
        pauses,
        [4, 2, 1],
        "as it asks, as we choose, and once more for what broke off"
    );
    for (reply, words) in [
        (Some(Reply::new(404, "")), "does not have it (404)"),
        (Some(Reply::new(504, "")), "in its time (504)"),
        (Some(Reply::new(429, "")), "busy each time (429)"),
        (Some(Reply::new(418, "")), "answers 418"),
        (None, "no answer"),
        (Some(raw("a block that is cut off").cut()), "broke off"),
        (
            Some(Reply::new(302, "").with("location", "http://127.0.0.2:1/ipfs")),
            "another machine",
        ),
    ] {
        ask(vec![reply], |gateway| {
            let miss = gateway.block(ROOT).unwrap_err().0;
            assert!(miss.contains(words), "`{miss}` should say `{words}`");
        });
    }
}

#[test]
fn one_that_hangs_is_not_waited_for_and_one_that_never_ends_is_cut() {
    let slow = Reply {
        after: Duration::from_secs(5),
        ..raw("block")
    };
    let began = Instant::now();
    ask(vec![Some(slow)], |gateway| {
        let miss = gateway.block(ROOT).unwrap_err().0;
        assert!(miss.contains("no answer") && miss.contains("timeout"), "{miss}");
    });
    assert!(
        began.elapsed() < Duration::from_secs(5),
        "each try ends after its time"
    );
    let endless = raw(&"x".repeat(5 << 20));
    ask(vec![Some(endless)], |gateway| {
        let miss = gateway.block(ROOT).unwrap_err().0;
        assert!(miss.contains("which no block has"), "{miss}");
        let read = gateway.file(ROOT, "images/1.png", 1000, |input| {
            let mut bytes = Vec::new();
            input.read_to_end(&mut bytes)
        });
        assert_eq!(
            read.unwrap(),
            1001,
            "one byte more than there should be, and no more"
        );
    });
}

#[test]
fn a_gateway_may_point_to_a_path_of_its_own() {
    let machine = serve(|asked| {
        Some(if asked.path.starts_with("/ipfs/") {
            Reply::new(301, "").with("location", "/own/block")
        } else {
            raw("block")
        })
    });
    let cancel = CancelToken::new();
    let gateway = Gateway::new(machine.address(), Duration::from_secs(5), &|_| true, &cancel).unwrap();
    assert_eq!(gateway.block(ROOT).unwrap(), b"block");
    let round = serve(|_| Some(Reply::new(301, "").with("location", "/ipfs/round")));
    let gateway = Gateway::new(round.address(), Duration::from_secs(5), &|_| true, &cancel).unwrap();
    let miss = gateway.block(ROOT).unwrap_err().0;
    assert!(miss.contains("not followed"), "no circle is run for ever: {miss}");
}

#[test]
fn a_gateway_that_is_none_is_named_and_a_stop_is_heard() {
    let cancel = CancelToken::new();
    let patience = Duration::from_secs(5);
    for (address, words) in [
        ("ftp://example.com", "https://"),
        ("https://me:secret@x", "password"),
    ] {
        let error = Gateway::new(address, patience, &|_| true, &cancel)
            .err()
            .unwrap()
            .to_string();
        assert!(error.contains(words) && !error.contains("secret"), "{error}");
    }
    let gone = Gateway::new("http://127.0.0.1:1", patience, &|_| true, &cancel).unwrap();
    let error = gone.gives_blocks(ROOT).unwrap_err().to_string();
    assert!(error.contains("127.0.0.1:1"), "{error}");
    cancel.cancel();
    assert!(gone.block(ROOT).unwrap_err().0.contains("stopped"));
}
