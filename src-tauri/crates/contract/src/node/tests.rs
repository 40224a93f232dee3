#![allow(clippy::unwrap_used)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use super::*;

/// How long was waited, in turn.
type Pauses = Arc<Mutex<Vec<Duration>>>;

/// A node on the loopback interface that answers with these, one connection each, and says what it was asked.
fn node(answers: Vec<String>) -> (Node, JoinHandle<Vec<Value>>, Pauses) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/v3/secret-key", listener.local_addr().unwrap());
    let heard = std::thread::spawn(move || {
        let heard = answers.into_iter().map(|answer| {
            let (mut stream, _) = listener.accept().unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let mut head = String::new();
            while !head.ends_with("\r\n\r\n") {
                assert!(reader.read_line(&mut head).unwrap() > 0, "the request is whole");
            }
            let head = head.to_lowercase();
            let length = head.split("content-length: ").nth(1).unwrap();
            let mut body = vec![0; length.split("\r\n").next().unwrap().parse().unwrap()];
            reader.read_exact(&mut body).unwrap();
            stream.write_all(answer.as_bytes()).unwrap();
            serde_json::from_slice(&body).unwrap()
        });
        heard.collect()
    });
    let pauses = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&pauses);
    let pause: Pause = Box::new(move |pause| {
        noted.lock().unwrap().push(pause);
        true
    });
    (Node::new(&address, pause).unwrap(), heard, pauses)
}

fn http(head: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {head}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
}

const CHAIN: &str = r#"{"jsonrpc":"2.0","id":0,"result":"0x7a69"}"#;

#[test]
fn a_busy_node_is_asked_again_and_named_when_it_stays_busy() {
    let (asked, heard, pauses) = node(vec![
        http("429 Too Many Requests\r\nretry-after: 7", "slow down"),
        http("503 Service Unavailable", ""),
        http("200 OK", CHAIN),
    ]);
    assert_eq!(asked.chain().unwrap(), 31337, "the third answer counts");
    assert_eq!(heard.join().unwrap().len(), 3, "each answer was asked for");
    assert_eq!(
        *pauses.lock().unwrap(),
        [Duration::from_secs(7), Duration::from_secs(4)],
        "as long as the node asks, else longer each time"
    );

    let limit = r#"{"jsonrpc":"2.0","id":0,"error":{"code":-32005,"message":"limit exceeded"}}"#;
    for (answer, words) in [
        (http("429 Too Many Requests", ""), "busy each time (429)"),
        (
            http("500 Internal Server Error", "oops"),
            "in trouble each time (500)",
        ),
        (http("200 OK", limit), "over its limit"),
    ] {
        let (asked, heard, _) = node(vec![answer; TRIES as usize]);
        let fault = asked.chain().unwrap_err().to_string();
        assert!(
            fault.contains(words) && fault.contains("another node") && fault.contains("4 times"),
            "{fault}"
        );
        assert!(
            !fault.contains("secret-key"),
            "the key in the address stays unsaid: {fault}"
        );
        heard.join().unwrap();
    }
}

#[test]
fn half_an_answer_and_nonsense_are_named() {
    let half = "HTTP/1.1 200 OK\r\ncontent-length: 400\r\n\r\n{\"jsonrpc\":\"2.0\",".to_owned();
    for (answer, words) in [
        (half, "broke off"),
        (http("200 OK", &CHAIN[..20]), "no whole JSON"),
        (http("200 OK", "<html>hello</html>"), "no whole JSON"),
        (
            http("200 OK", r#"{"jsonrpc":"2.0","id":9,"result":"0x1"}"#),
            "not as JSON-RPC has it",
        ),
        (
            http("200 OK", r#"{"jsonrpc":"2.0","id":0,"result":"fox"}"#),
            "no number",
        ),
        (http("403 Forbidden", "no"), "right key"),
        (http("404 Not Found", "no"), "is the address whole"),
        (
            http("302 Found\r\nlocation: http://elsewhere", ""),
            "sends elsewhere",
        ),
        (
            http(
                "400 Bad Request",
                r#"{"id":null,"error":{"code":-32600,"message":"bad request"}}"#,
            ),
            "bad request (-32600)",
        ),
    ] {
        let (asked, heard, pauses) = node(vec![answer]);
        let fault = asked.chain().unwrap_err().to_string();
        assert!(fault.contains(words), "`{fault}` should say `{words}`");
        assert!(!fault.contains("secret-key"), "{fault}");
        assert!(pauses.lock().unwrap().is_empty(), "asking again would not help");
        heard.join().unwrap();
    }
}

#[test]
fn what_changes_the_chain_is_sent_once() {
    let (asked, heard, _) = node(vec![http("502 Bad Gateway", "")]);
    let fault = asked.ask_once("eth_sendTransaction", &json!([{}])).unwrap_err();
    assert!(fault.to_string().contains("asked once"), "{fault}");
    assert_eq!(heard.join().unwrap().len(), 1, "it may have happened");
}

#[test]
fn many_questions_travel_together_and_answers_find_theirs() {
    let together = r#"[{"id":1,"result":"0xb"},{"id":0,"result":"0xa"},{"id":2,"error":{"code":3,"message":"reverted","data":"0x0102"}}]"#;
    let (asked, heard, _) = node(vec![http("200 OK", together)]);
    let answers = asked
        .ask_all("eth_call", &[json!([1]), json!([2]), json!([3])])
        .unwrap();
    assert_eq!(answers[0], Ok(json!("0xa")), "by number, not by place");
    assert_eq!(answers[1], Ok(json!("0xb")), "by number, not by place");
    assert_eq!(
        answers[2].clone().unwrap_err().data,
        Some(vec![1, 2]),
        "a contract's own words are kept"
    );
    assert_eq!(
        heard.join().unwrap()[0].as_array().unwrap().len(),
        3,
        "one request"
    );

    let refused = r#"{"id":null,"error":{"code":-32600,"message":"no batches"}}"#;
    let (asked, heard, _) = node(vec![
        http("200 OK", refused),
        http("200 OK", CHAIN),
        http("200 OK", CHAIN),
    ]);
    let answers = asked.ask_all("eth_call", &[json!([1]), json!([2])]).unwrap();
    assert_eq!(
        answers.len(),
        2,
        "a node that takes no batches is asked one by one"
    );
    heard.join().unwrap();
}

#[test]
fn addresses_that_cannot_be_asked_are_named_without_what_is_secret() {
    for (address, words) in [
        ("ftp://example.com", "begins with https://"),
        ("mainnet", "begins with https://"),
        ("https://", "begins with https://"),
        ("https://me:secret@example.com/", "leave name and password out"),
    ] {
        let fault = Node::new(address, Box::new(|_| true)).err().unwrap().to_string();
        assert!(fault.contains(words), "`{fault}` should say `{words}`");
        assert!(!fault.contains("secret"), "{fault}");
    }
}
