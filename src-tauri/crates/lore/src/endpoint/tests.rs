use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::thread::JoinHandle;

use super::*;

/// What came in: the head, in lower case, and the body.
type Heard = (String, Value);

/// A machine on the loopback interface that answers with these, one connection each, and says what it heard.
fn machine(answers: Vec<String>) -> (String, JoinHandle<Vec<Heard>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}/v1", listener.local_addr().unwrap());
    let heard = std::thread::spawn(move || {
        answers
            .into_iter()
            .map(|answer| {
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
                (head, serde_json::from_slice(&body).unwrap())
            })
            .collect()
    });
    (base, heard)
}

fn http(status: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
}

fn openai_said(text: &str) -> String {
    http(
        "200 OK",
        &json!({"choices": [{"message": {"content": text}, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 100, "completion_tokens": 20}})
        .to_string(),
    )
}

fn endpoint(dialect: Dialect, base: &str) -> Endpoint {
    Endpoint {
        dialect,
        base: base.into(),
        model: "small".into(),
        prices: Prices::default(),
    }
}

fn question() -> Question {
    Question {
        system: "write".into(),
        user: "{\"picture\":{}}".into(),
        schema: json!({"type": "object", "properties": {"name": {"type": "string", "maxLength": 9}}, "required": ["name"]}),
        fields: vec![salon_domain::LoreField::Name],
        seed: 7,
        most_characters: 48,
    }
}

fn ask(answers: Vec<String>) -> (Result<Reply>, Vec<Heard>, Vec<Duration>) {
    let (base, heard) = machine(answers);
    let mut pauses = Vec::new();
    let reply = endpoint(Dialect::OpenAi, &base).ask(&question(), Some("secret"), |pause| {
        pauses.push(pause);
        true
    });
    (reply, heard.join().unwrap(), pauses)
}

#[test]
fn an_endpoint_is_asked_under_the_schema_and_its_tokens_are_counted() {
    let (reply, heard, _) = ask(vec![openai_said("{\"name\":\"Ada\"}")]);
    let reply = reply.unwrap();
    assert_eq!(reply.text, "{\"name\":\"Ada\"}");
    assert_eq!((reply.input_tokens, reply.output_tokens), (100, 20));
    let (head, body) = &heard[0];
    assert!(head.starts_with("post /v1/chat/completions "), "{head}");
    assert!(head.contains("authorization: bearer secret"), "{head}");
    let schema = &body["response_format"]["json_schema"];
    assert_eq!(schema["strict"], true);
    assert_eq!(schema["schema"]["required"], json!(["name"]));
    assert_eq!(
        schema["schema"]["properties"]["name"],
        json!({"type": "string"}),
        "lengths are not every endpoint's"
    );
    assert_eq!((&body["model"], &body["seed"]), (&json!("small"), &json!(7)));
}

#[test]
fn anthropic_is_spoken_to_in_its_own_way() {
    let said = json!({"content": [{"type": "text", "text": "{\"name\":\"Ada\"}"}], "stop_reason": "end_turn",
        "usage": {"input_tokens": 90, "output_tokens": 9}});
    let (base, heard) = machine(vec![http("200 OK", &said.to_string())]);
    let reply = endpoint(Dialect::Anthropic, &base)
        .ask(&question(), Some("secret"), |_| true)
        .unwrap();
    assert_eq!(
        (reply.text.as_str(), reply.output_tokens),
        ("{\"name\":\"Ada\"}", 9)
    );
    let (head, body) = &heard.join().unwrap()[0];
    assert!(head.starts_with("post /v1/messages "), "{head}");
    assert!(
        head.contains("x-api-key: secret") && head.contains("anthropic-version: "),
        "{head}"
    );
    assert_eq!(body["output_config"]["format"]["type"], "json_schema");
    assert_eq!(body["system"], "write");
}

#[test]
fn a_busy_or_troubled_machine_is_asked_again_and_then_named() {
    let busy = "HTTP/1.1 429 Too Many\r\nretry-after: 3\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    let (reply, _, pauses) = ask(vec![
        busy.into(),
        http("500 Oh", "trouble"),
        openai_said("{\"name\":\"Ada\"}"),
    ]);
    assert_eq!(reply.unwrap().text, "{\"name\":\"Ada\"}");
    assert_eq!(
        pauses,
        [Duration::from_secs(3), Duration::from_secs(4)],
        "as it asked, then as we choose"
    );

    let trouble = json!({"error": {"message": "over\ncapacity"}}).to_string();
    let (reply, heard, _) = ask(vec![http("503 No", &trouble); TRIES as usize]);
    let fault = reply.unwrap_err().to_string();
    assert_eq!(heard.len(), TRIES as usize);
    assert!(
        fault.contains("127.0.0.1") && fault.contains("503") && fault.contains("over capacity"),
        "{fault}"
    );
    assert!(!fault.contains("secret"), "no message tells a key");
}

#[test]
fn whoever_is_stopped_while_waiting_asks_no_more() {
    let (base, heard) = machine(vec![http("429 Busy", "")]);
    let reply = endpoint(Dialect::OpenAi, &base).ask(&question(), None, |_| false);
    assert!(matches!(reply, Err(LoreError::Cancelled)), "{reply:?}");
    assert!(
        !heard.join().unwrap()[0].0.contains("authorization"),
        "no key, no header"
    );
}

#[test]
fn answers_that_are_none_are_named() {
    let cases = [
        (http("200 OK", ""), "answered with nothing"),
        (http("200 OK", "{\"choices\": [{\"mess"), "no JSON"),
        (http("200 OK", "{}"), "answered with nothing"),
        (openai_said("  "), "answered with nothing"),
        (http("200 OK", "<html>hello"), "is the address that of an API?"),
        (
            http(
                "200 OK",
                &json!({"choices": [{"message": {"content": "{\"na"}, "finish_reason": "length"}]})
                    .to_string(),
            ),
            "cut off",
        ),
        (http("401 No", "{}"), "set another"),
        (http("404 No", "{}"), "check both"),
        (http("302 Found", ""), "is not followed"),
        (
            "HTTP/1.1 200 OK\r\ncontent-length: 500\r\nconnection: close\r\n\r\n{\"choices\"".into(),
            "broke off",
        ),
        ("not even http\r\n\r\n".into(), "cannot be asked"),
    ];
    for (answer, words) in cases {
        let (reply, ..) = ask(vec![answer.clone()]);
        let fault = reply.unwrap_err().to_string();
        assert!(
            fault.contains(words),
            "`{answer}` gave `{fault}`, which should say {words}"
        );
    }
}

#[test]
fn a_key_never_leaves_in_the_clear_and_an_address_is_checked() {
    let far = endpoint(Dialect::OpenAi, "http://192.0.2.1/v1");
    let fault = far
        .ask(&question(), Some("secret"), |_| true)
        .unwrap_err()
        .to_string();
    assert!(fault.contains("https://"), "{fault}");
    for (base, words) in [
        ("ftp://example.com", "https://"),
        ("example.com/v1", "https://"),
        ("https://me:secret@example.com/v1", "password"),
        ("", "address"),
    ] {
        let fault = endpoint(Dialect::OpenAi, base).check().unwrap_err().to_string();
        assert!(fault.contains(words), "`{base}`: {fault}");
    }
    assert_eq!(
        endpoint(Dialect::OpenAi, "https://api.example.com/v1")
            .host()
            .unwrap(),
        "api.example.com"
    );
    for (base, local) in [
        ("http://localhost:1234/v1", true),
        ("http://[::1]:8080/v1", true),
        ("http://127.0.0.2/v1", true),
        ("http://localhost.example.com/v1", false),
    ] {
        assert_eq!(endpoint(Dialect::OpenAi, base).is_local(), local, "{base}");
    }
}

#[test]
fn what_a_question_can_cost_is_known_before_it_is_asked() {
    let mut endpoint = endpoint(Dialect::OpenAi, "https://api.example.com/v1");
    assert_eq!(endpoint.most_cost(&question()), 0, "what costs nothing");
    endpoint.prices = Prices {
        input: 3_000_000,
        output: 15_000_000,
    };
    assert_eq!(endpoint.prices.of(1000, 200), 6000, "0.003 and 0.003");
    assert_eq!(endpoint.prices.of(0, 0), 0);
    assert!(endpoint.most_cost(&question()) > endpoint.prices.of(100, 48));
    assert_eq!(
        Prices { input: 1, output: 0 }.of(1, 0),
        1,
        "rounded up: a cap is never passed"
    );
}
