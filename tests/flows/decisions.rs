//! Killed while deciding. The server acknowledges each decision; what it acknowledged must hold.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, ChildStdout};
use std::sync::mpsc;
use std::time::Duration;

use serde_json::{Value, json};

use crate::KILLS;
use crate::program::{Delays, kill, must, planted, salon, text};

/// Longest time that a server decides before it is killed.
const SPAN: Duration = Duration::from_millis(400);

struct Server {
    child: Child,
    port: u16,
    token: String,
    /// Held open: a server whose reader hung up could notice.
    _out: BufReader<ChildStdout>,
}

/// Starts `salon serve` and reads the address that it prints.
fn serve(project: &Path) -> Server {
    let mut child = salon(&["serve", "--project", text(project), "--port", "0"])
        .spawn()
        .expect("the server starts");
    let mut out = BufReader::new(child.stdout.take().expect("its output is piped"));
    let mut printed = String::new();
    // The document is pretty-printed: it ends with the brace that stands alone.
    while !printed.ends_with("}\n") {
        assert!(
            out.read_line(&mut printed).expect("the server prints") > 0,
            "the server ended: {printed}"
        );
    }
    let document: Value = serde_json::from_str(&printed).expect("the server prints one document");
    let port = document["port"]
        .as_u64()
        .and_then(|port| u16::try_from(port).ok())
        .expect("a port");
    Server {
        child,
        port,
        token: document["token"].as_str().expect("a token").to_owned(),
        _out: out,
    }
}

/// One request on a connection of its own; none when the server died before it answered.
fn decide(port: u16, token: &str, candidate: i64, verdict: &str) -> Option<Value> {
    let body = json!({ "candidate": candidate, "verdict": verdict, "by": "Ada" }).to_string();
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    write!(
        stream,
        "POST /api/decide HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
    .ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    assert!(
        head.starts_with("HTTP/1.1 200"),
        "the decision was refused: {answer}"
    );
    serde_json::from_str(body).ok()
}

#[test]
fn no_acknowledged_decision_is_lost() {
    let (planted, ids) = planted(8);
    let project = planted.dir();
    let mut delays = Delays(2);
    let mut acknowledged: BTreeMap<i64, &str> = BTreeMap::new();
    let mut answered = 0;
    for round in 0..KILLS {
        let mut server = serve(&project);
        let (port, token) = (server.port, server.token.clone());
        let (told, hears) = mpsc::channel();
        let candidates = ids.clone();
        let hand = std::thread::spawn(move || {
            // Verdicts that differ from one round of the loop to the next, so that each is a row of its own.
            for turn in 0_u64.. {
                for &candidate in &candidates {
                    let verdict = if (turn + round) % 2 == 0 {
                        "accepted"
                    } else {
                        "rejected"
                    };
                    // Told before the request: an unacknowledged decision may hold or not.
                    let _ = told.send((candidate, verdict, false));
                    if decide(port, &token, candidate, verdict).is_none() {
                        return;
                    }
                    let _ = told.send((candidate, verdict, true));
                }
            }
        });
        std::thread::sleep(Duration::from_millis(20) + delays.next(SPAN));
        kill(&mut server.child);
        hand.join().expect("the hand sees no refusal");

        let mut in_flight = None;
        for (candidate, verdict, done) in hears {
            if done {
                acknowledged.insert(candidate, verdict);
                answered += 1;
                in_flight = None;
            } else {
                in_flight = Some((candidate, verdict));
            }
        }
        // It verifies, and gives the state that the project shows: the exit code says so.
        must(&["log", "verify", "--project", text(&project)]);
        must(&["log", "replay", "--project", text(&project)]);
        let listed = must(&["list", "--project", text(&project)]);
        for row in listed.as_array().unwrap() {
            let id = row["id"].as_i64().unwrap();
            let verdict = row["verdict"].as_str().unwrap();
            let expected = acknowledged.get(&id).copied().unwrap_or("undecided");
            let fine = verdict == expected || in_flight.is_some_and(|(of, wish)| of == id && wish == verdict);
            assert!(
                fine,
                "round {round}: candidate {id} is {verdict}, but {expected} was acknowledged"
            );
        }
        if let Some((candidate, _)) = in_flight {
            // Whatever became of the last one, it is known now.
            let row = listed
                .as_array()
                .unwrap()
                .iter()
                .find(|row| row["id"] == candidate)
                .unwrap();
            let verdict = if row["verdict"] == "accepted" {
                "accepted"
            } else {
                "rejected"
            };
            if row["verdict"] != "undecided" {
                acknowledged.insert(candidate, verdict);
            }
        }
    }
    assert!(
        answered > KILLS,
        "the rounds decided too little to prove anything: {answered}"
    );
}
