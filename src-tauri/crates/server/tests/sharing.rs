//! The door for guests over real sockets and TLS: who is let in, what each role may, and how it ends.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)] // Helpers fail as tests do.

use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use futures_util::StreamExt as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use salon_domain::{CandidateId, InvitationId, Role, RoundId, Timestamp, Verdict};
use salon_server::{ShareOptions, Sharing, share};
use salon_studio::api::{
    AddCurator, COMMANDS, CloseRound, DecideMany, Invite, Nothing, OpenRound, RevokeInvitation,
};
use salon_studio::{Studio, StudioOptions};
use salon_testkit::TempProject;
use serde_json::{Value, json};

mod http;

use http::Answer;

struct House {
    _planted: TempProject,
    ids: Vec<CandidateId>,
    studio: Studio,
    sharing: Sharing,
    clock: Arc<AtomicI64>,
    client: Arc<ClientConfig>,
}

/// A shared studio with the lead Ada and the jurors Ben, Cleo and Dora.
async fn house() -> House {
    let (mut planted, ids) = TempProject::with_candidates(4);
    planted.close();
    let clock = Arc::new(AtomicI64::new(1_800_000_000_000));
    let told = Arc::clone(&clock);
    let mut options = StudioOptions::to_curate(planted.dir());
    options.models = Vec::new();
    options.clock = Arc::new(move || Timestamp(told.load(Ordering::SeqCst)));
    let studio = Studio::open(options).unwrap();
    for (name, role) in [
        ("Ada", Role::Lead),
        ("Ben", Role::Juror),
        ("Cleo", Role::Juror),
        ("Dora", Role::Juror),
        ("Eve", Role::Artist),
    ] {
        let by = if name == "Ada" { "" } else { "Ada" };
        studio
            .add_curator(AddCurator {
                name: name.into(),
                role,
                pin: None,
                by: by.into(),
            })
            .unwrap();
    }
    let ui = planted.beside("ui");
    std::fs::create_dir(&ui).unwrap();
    std::fs::write(ui.join("index.html"), "<title>Salon</title>").unwrap();
    let options = ShareOptions {
        address: Ipv4Addr::LOCALHOST.into(),
        ui_dir: Some(ui),
        ..ShareOptions::default()
    };
    let sharing = share(studio.clone(), options, std::future::pending())
        .await
        .unwrap();
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from(sharing.certificate.clone()))
        .unwrap();
    let client = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    House {
        _planted: planted,
        ids,
        studio,
        sharing,
        clock,
        client: Arc::new(client),
    }
}

impl House {
    fn address(&self) -> SocketAddr {
        self.sharing.address
    }

    /// One request by hand, over TLS.
    async fn ask(&self, line: &str, headers: &str, body: &str) -> Answer {
        let address = self.address();
        let host = if headers.to_lowercase().contains("host:") {
            String::new()
        } else {
            format!("Host: {address}\r\n")
        };
        let text = format!(
            "{line} HTTP/1.1\r\n{host}{headers}Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        );
        let client = Arc::clone(&self.client);
        let asked = tokio::task::spawn_blocking(move || {
            let name = ServerName::try_from("127.0.0.1").unwrap();
            let stream = TcpStream::connect(address).unwrap();
            stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
            let mut stream = StreamOwned::new(ClientConnection::new(client, name).unwrap(), stream);
            stream.write_all(text.as_bytes()).unwrap();
            Answer::read(stream)
        });
        asked.await.unwrap()
    }

    fn invite(&self, name: &str, role: Role, hours: u32) -> (InvitationId, String) {
        let invited = self
            .studio
            .invite(Invite {
                name: name.into(),
                role,
                hours: Some(hours),
                by: "Ada".into(),
            })
            .unwrap();
        assert_eq!(
            invited.link,
            format!("{}/join#{}", self.sharing.url, invited.token),
            "a link is whole"
        );
        (invited.invitation.id, invited.token)
    }

    async fn enter(&self, token: &str) -> Answer {
        self.ask("POST /session", "", &json!({ "token": token }).to_string())
            .await
    }

    /// The cookie header of a guest.
    async fn guest(&self, name: &str, role: Role) -> (InvitationId, String) {
        let (id, token) = self.invite(name, role, 1);
        let answer = self.enter(&token).await;
        assert_eq!(answer.status, 200, "{}", answer.head);
        let cookie = answer
            .head
            .lines()
            .find_map(|line| line.strip_prefix("set-cookie: "))
            .expect("a cookie");
        for words in ["HttpOnly", "Secure", "SameSite=Strict", "__Host-"] {
            assert!(cookie.contains(words), "{words} in {cookie}");
        }
        let pair = cookie.split(';').next().unwrap();
        (id, format!("Cookie: {pair}\r\n"))
    }

    async fn call(&self, cookie: &str, command: &str, body: &Value) -> Answer {
        self.ask(&format!("POST /api/{command}"), cookie, &body.to_string())
            .await
    }

    /// Opens a round on every candidate.
    fn round(&self) -> RoundId {
        let seen = self
            .ids
            .iter()
            .map(|&candidate| salon_domain::Seen {
                candidate,
                frame: None,
            })
            .collect();
        self.studio
            .decide_many(DecideMany {
                seen,
                verdict: Verdict::Accepted,
                by: "Ada".into(),
                why: String::new(),
            })
            .unwrap();
        let round = self.studio.open_round(OpenRound {
            name: "first".into(),
            by: "Ada".into(),
            candidates: None,
            jurors: ["Ben", "Cleo", "Dora"].map(String::from).to_vec(),
            quorum: 2,
            repeats: 0.05,
        });
        round.unwrap().id
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_but_the_page_is_had_without_an_invitation_that_holds() {
    let house = house().await;
    for line in [
        "POST /api/ballot",
        "GET /thumb/1",
        "GET /events",
        "GET /session",
        "POST /upload",
    ] {
        assert_eq!(house.ask(line, "", "{}").await.status, 401, "{line}");
        let made_up = "Cookie: __Host-salon-session=00\r\n";
        assert_eq!(
            house.ask(line, made_up, "{}").await.status,
            401,
            "{line}, made-up cookie"
        );
    }
    for page in ["GET /", "GET /join", "GET /join.js"] {
        assert_eq!(house.ask(page, "", "").await.status, 200, "{page} is open");
    }
    let (revoked, revoked_token) = house.invite("Ben", Role::Juror, 1);
    let (_, expired_token) = house.invite("Cleo", Role::Juror, 1);
    house
        .studio
        .revoke_invitation(RevokeInvitation {
            id: revoked,
            by: "Ada".into(),
        })
        .unwrap();
    house.clock.fetch_add(3_600_000, Ordering::SeqCst);
    let wrong = format!("{}{}", &expired_token[..expired_token.len() - 1], "x");
    for (token, words) in [
        (wrong.as_str(), "not known"),
        (&revoked_token, "revoked"),
        (&expired_token, "expired"),
    ] {
        let answer = house.enter(token).await;
        assert_eq!(answer.status, 401, "{words}");
        assert!(
            answer.json()["message"].as_str().unwrap().contains(words),
            "{words}: {}",
            answer.json()
        );
        assert!(!answer.head.contains("set-cookie"), "no cookie");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_that_fails_must_wait() {
    let house = house().await;
    for _ in 0..5 {
        assert_eq!(house.enter("1.00").await.status, 401, "a free try");
    }
    let (_, token) = house.invite("Ben", Role::Juror, 1);
    let answer = house.enter(&token).await;
    assert_eq!(answer.status, 429, "now even the right one waits");
    let wait = answer
        .head
        .lines()
        .find_map(|line| line.strip_prefix("retry-after: "));
    assert!(
        wait.and_then(|wait| wait.parse::<u64>().ok())
            .is_some_and(|wait| wait > 0),
        "{}",
        answer.head
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn plain_http_and_foreign_names_are_refused() {
    let house = house().await;
    let address = house.address();
    let plain = tokio::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect(address).unwrap();
        write!(stream, "GET / HTTP/1.1\r\nHost: {address}\r\n\r\n").unwrap();
        Answer::read(stream)
    });
    let plain = plain.await.unwrap();
    assert_eq!(plain.status, 400, "TLS alone");
    assert!(
        !plain.body.windows(7).any(|window| window == b"<title>"),
        "no page"
    );
    let port = address.port();
    for (host, status) in [
        (format!("127.0.0.1:{port}"), 200),
        (format!("localhost:{port}"), 200),
        (format!("evil.example:{port}"), 403),
        ("127.0.0.1".to_owned(), 403),
        (format!("127.0.0.1.evil.example:{port}"), 403),
    ] {
        let answer = house.ask("GET /", &format!("Host: {host}\r\n"), "").await;
        assert_eq!(answer.status, status, "Host: {host}");
    }
    let (_, cookie) = house.guest("Ben", Role::Juror).await;
    for (origin, status) in [
        (format!("https://127.0.0.1:{port}"), 200),
        (format!("http://127.0.0.1:{port}"), 403),
        ("https://evil.example".to_owned(), 403),
        ("null".to_owned(), 403),
    ] {
        let headers = format!("{cookie}Origin: {origin}\r\n");
        let answer = house.ask("POST /api/rounds", &headers, "{}").await;
        assert_eq!(answer.status, status, "Origin: {origin}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_juror_votes_and_does_nothing_else() {
    let house = house().await;
    let first = house.ids[0];
    let (_, cookie) = house.guest("Ben", Role::Juror).await;
    let theirs = ["project_status", "curators", "rounds", "ballot", "vote"];
    for command in COMMANDS.iter().filter(|command| !theirs.contains(command)) {
        let answer = house.call(&cookie, command, &json!({ "by": "Ada" })).await;
        assert_eq!(answer.status, 403, "{command}: {}", answer.head);
        assert_eq!(answer.json()["code"], "not_allowed", "{command}");
    }
    assert_eq!(
        house.call(&cookie, "fly", &json!({})).await.status,
        400,
        "no command"
    );
    let (_, lead) = house.guest("Ada", Role::Lead).await;
    for command in [
        "export",
        "add_model",
        "import_pictures",
        "sign_in",
        "empty_rejects",
    ] {
        assert_eq!(
            house.call(&lead, command, &json!({})).await.status,
            403,
            "{command} of a lead"
        );
    }
    let file = json!({ "path": "/etc/passwd" });
    assert_eq!(
        house.call(&lead, "store_picture", &file).await.status,
        403,
        "a file of the machine"
    );
    let (_, artist) = house.guest("Eve", Role::Artist).await;
    let decision = json!({ "candidate": first, "verdict": "accepted", "by": "Ada" });
    assert_eq!(
        house.call(&artist, "decide", &decision).await.status,
        200,
        "an artist picks"
    );
    let detail = house
        .call(&artist, "candidate", &json!({ "id": first }))
        .await
        .json();
    assert_eq!(
        detail["decisions"][0]["by"], "Eve",
        "whoever they say they are: {detail}"
    );
    let opening = json!({ "name": "x", "jurors": ["Ben"], "quorum": 1, "by": "Ada" });
    assert_eq!(
        house.call(&artist, "open_round", &opening).await.status,
        403,
        "an artist leads nothing"
    );

    let thumb = format!("GET /thumb/{first}");
    let round = house.round();
    assert_eq!(
        house.ask(&thumb, &cookie, "").await.status,
        403,
        "candidates are not a juror's to ask for"
    );
    let ballot = house
        .call(&cookie, "ballot", &json!({ "round": round, "by": "Cleo" }))
        .await
        .json();
    let entry = &ballot["entries"][0];
    let frame = entry["frame"].as_str().unwrap();
    let on_ballot = |query: &str| format!("GET /ballot/{round}/0?{query}");
    for (query, status, words) in [
        (format!("frame={frame}"), 200, "what the ballot shows"),
        (
            format!("frame={frame}&by=Cleo"),
            200,
            "a forged name is overruled",
        ),
        ("frame=00000000".into(), 409, "under another picture's frame"),
    ] {
        let answer = house.ask(&on_ballot(&query), &cookie, "").await;
        assert_eq!(answer.status, status, "{words}");
    }
    assert_eq!(
        house
            .ask(&on_ballot(&format!("frame={frame}")), &lead, "")
            .await
            .status,
        403,
        "nobody looks at another's ballot"
    );
    let vote = json!({ "round": round, "place": 0, "frame": frame, "verdict": "rejected", "by": "Cleo" });
    assert_eq!(house.call(&cookie, "vote", &vote).await.status, 200, "a vote");
    let done: Vec<(String, u32)> = house.studio.rounds(Nothing {}).unwrap()[0]
        .jurors
        .iter()
        .map(|juror| (juror.name.clone(), juror.done))
        .collect();
    assert_eq!(
        done,
        [("Ben".into(), 1), ("Cleo".into(), 0), ("Dora".into(), 0)],
        "a forged name is overruled"
    );
    let rounds = house.call(&cookie, "rounds", &json!({})).await.json();
    assert_eq!(
        rounds[0]["jurors"].as_array().unwrap().len(),
        1,
        "how far others are is not told"
    );
    let status = house.call(&cookie, "project_status", &json!({})).await.json();
    assert_eq!(
        (&status["path"], &status["curator"], &status["counts"]["accepted"]),
        (&json!(""), &json!("Ben"), &json!(0)),
        "{status}"
    );
}

type Socket = tokio_tungstenite::WebSocketStream<tokio_rustls::client::TlsStream<tokio::net::TcpStream>>;

async fn socket(house: &House, cookie: &str) -> Socket {
    use tokio_tungstenite::tungstenite::client::IntoClientRequest;
    let address = house.address();
    let tcp = tokio::net::TcpStream::connect(address).await.unwrap();
    let connector = tokio_rustls::TlsConnector::from(Arc::clone(&house.client));
    let name = ServerName::try_from("127.0.0.1").unwrap();
    let stream = connector.connect(name, tcp).await.unwrap();
    let mut request = format!("wss://{address}/events").into_client_request().unwrap();
    let value = cookie.trim().strip_prefix("Cookie: ").unwrap();
    request.headers_mut().insert("cookie", value.parse().unwrap());
    tokio_tungstenite::client_async(request, stream).await.unwrap().0
}

/// What the socket says until it is closed.
async fn heard(mut socket: Socket) -> Vec<Value> {
    let all = async {
        let mut heard = vec![];
        while let Some(Ok(message)) = socket.next().await {
            if let Ok(event) = serde_json::from_str(message.to_text().unwrap_or_default()) {
                heard.push(event);
            }
        }
        heard
    };
    tokio::time::timeout(Duration::from_secs(30), all)
        .await
        .expect("an invitation that ends closes the socket")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn revoking_and_expiring_end_sessions_and_sockets_at_once() {
    let house = house().await;
    let (revoked, ben) = house.guest("Ben", Role::Juror).await;
    let (_, eve) = house.guest("Eve", Role::Artist).await;
    let (of_ben, of_eve) = (socket(&house, &ben).await, socket(&house, &eve).await);
    house.round();
    house
        .studio
        .revoke_invitation(RevokeInvitation {
            id: revoked,
            by: "Ada".into(),
        })
        .unwrap();
    assert_eq!(
        house.call(&ben, "rounds", &json!({})).await.status,
        401,
        "revoked"
    );
    let of_ben = heard(of_ben).await;
    assert!(
        of_ben.iter().all(|event| event["event"] == "rounds"),
        "a juror hears of their rounds, and nothing of verdicts: {of_ben:?}"
    );
    assert_eq!(
        house.call(&eve, "runs", &json!({})).await.status,
        200,
        "the other is in"
    );
    house.clock.fetch_add(3_600_000, Ordering::SeqCst);
    assert_eq!(house.call(&eve, "runs", &json!({})).await.status, 401, "expired");
    heard(of_eve).await;
    let again = house.invite("Ben", Role::Juror, 1).1;
    assert_eq!(
        house.enter(&again).await.status,
        200,
        "another invitation opens again"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_jurors_finish_a_round_over_tls() {
    let house = house().await;
    let round = house.round();
    for (name, verdict) in [("Ben", "accepted"), ("Cleo", "accepted"), ("Dora", "rejected")] {
        let (_, cookie) = house.guest(name, Role::Juror).await;
        let ballot = house
            .call(&cookie, "ballot", &json!({ "round": round }))
            .await
            .json();
        for entry in ballot["entries"].as_array().unwrap() {
            let (place, frame) = (&entry["place"], entry["frame"].as_str().unwrap());
            let picture = house
                .ask(&format!("GET /ballot/{round}/{place}?frame={frame}"), &cookie, "")
                .await;
            assert_eq!(picture.status, 200, "{name} sees what they vote on");
            let vote = json!({ "round": round, "place": place, "frame": frame, "verdict": verdict });
            assert_eq!(
                house.call(&cookie, "vote", &vote).await.status,
                200,
                "{name} votes"
            );
        }
    }
    let report = house
        .studio
        .close_round(CloseRound {
            round,
            by: "Ada".into(),
        })
        .unwrap();
    assert_eq!(
        report.outcomes.len(),
        house.ids.len(),
        "every candidate has an outcome"
    );
    for outcome in report.outcomes {
        assert_eq!(
            (outcome.votes_for, outcome.against, outcome.verdict),
            (2, 1, Verdict::Accepted),
            "two of three were for it"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_a_juror_gets_tells_which_candidate_it_is() {
    let house = house().await;
    let round = house.round();
    let files: Vec<String> = std::fs::read_dir(house.studio.project_folder().join("pictures"))
        .unwrap()
        .flat_map(|folder| {
            let folder = folder.unwrap().path();
            let inside: Vec<_> = match std::fs::read_dir(&folder) {
                Ok(files) => files.map(|file| file.unwrap().path()).collect(),
                Err(_) => vec![folder],
            };
            inside
        })
        .map(|path| path.file_stem().unwrap().to_string_lossy().into_owned())
        .collect();
    assert_eq!(
        files.len(),
        house.ids.len(),
        "every picture has a file, named by its digest"
    );
    let (_, cookie) = house.guest("Ben", Role::Juror).await;
    let mut told = vec![];
    let mut addresses = vec![];
    for command in ["project_status", "curators", "rounds", "ballot"] {
        let request = if command == "ballot" {
            json!({ "round": round })
        } else {
            json!({})
        };
        let answer = house.call(&cookie, command, &request).await;
        assert_eq!(answer.status, 200, "{command}");
        if command == "ballot" {
            for entry in answer.json()["entries"].as_array().unwrap() {
                let mut keys: Vec<&String> = entry.as_object().unwrap().keys().collect();
                keys.sort();
                assert_eq!(
                    keys,
                    ["frame", "height", "place", "verdict", "width"],
                    "an entry is a place and a seal"
                );
                let (place, frame) = (&entry["place"], entry["frame"].as_str().unwrap());
                addresses.push(format!("GET /ballot/{round}/{place}?frame={frame}"));
                let vote = json!({ "round": round, "place": place, "frame": frame, "verdict": "accepted" });
                told.push(house.call(&cookie, "vote", &vote).await);
                let wrong =
                    json!({ "round": round, "place": place, "frame": "00000000", "verdict": "accepted" });
                told.push(house.call(&cookie, "vote", &wrong).await);
            }
        }
        told.push(answer);
    }
    for address in &addresses {
        told.push(house.ask(address, &cookie, "").await);
    }
    assert_eq!(addresses.len(), house.ids.len() + 1, "one comes twice");
    addresses.sort();
    addresses.dedup();
    assert_eq!(
        addresses.len(),
        house.ids.len() + 1,
        "and under an address of its own"
    );
    for answer in told {
        let all = format!("{}{}", answer.head, String::from_utf8_lossy(&answer.body));
        assert!(!all.contains("\"candidate\""), "a candidate is named: {all}");
        for word in &files {
            assert!(!all.contains(word.as_str()), "a file is named: {all}");
        }
        for text in [&b"tEXt"[..], b"iTXt", b"eXIf"] {
            assert!(
                !answer.body.windows(text.len()).any(|window| window == text),
                "a picture carries words"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_juror_does_not_hear_when_another_votes() {
    let house = house().await;
    let round = house.round();
    let (_, ben) = house.guest("Ben", Role::Juror).await;
    let (invitation, cleo) = house.guest("Cleo", Role::Juror).await;
    let of_cleo = socket(&house, &cleo).await;
    for verdict in ["accepted", "rejected"] {
        let vote = json!({ "round": round, "place": 0, "verdict": verdict });
        assert_eq!(house.call(&ben, "vote", &vote).await.status, 200, "Ben votes");
    }
    let by = "Ada".into();
    house
        .studio
        .revoke_invitation(RevokeInvitation { id: invitation, by })
        .unwrap();
    assert_eq!(
        heard(of_cleo).await,
        Vec::<Value>::new(),
        "Cleo hears nothing of it"
    );
}
