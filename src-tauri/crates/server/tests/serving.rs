//! The server over real sockets: who is let in, what is answered, which events arrive.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)] // Helpers fail as tests do.

use std::io::Write as _;
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use salon_domain::CandidateId;
use salon_server::{ServeOptions, Serving, serve};
use salon_studio::{Studio, StudioOptions};
use salon_testkit::TempProject;
use tokio::sync::oneshot;

mod http;

use http::Answer;

struct House {
    planted: TempProject,
    ids: Vec<CandidateId>,
    studio: Studio,
    serving: Serving,
    stop: oneshot::Sender<()>,
}

async fn house() -> House {
    let (mut planted, ids) = TempProject::with_candidates(2);
    planted.close();
    let mut options = StudioOptions::to_curate(planted.dir());
    options.models = Vec::new();
    let studio = Studio::open(options).unwrap();
    let ui = planted.beside("ui");
    std::fs::create_dir(&ui).unwrap();
    std::fs::write(ui.join("index.html"), "<title>Salon</title>").unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let options = ServeOptions {
        port: 0,
        ui_dir: Some(ui),
    };
    let serving = serve(studio.clone(), options, async move { drop(stopped.await) })
        .await
        .unwrap();
    House {
        planted,
        ids,
        studio,
        serving,
        stop,
    }
}

/// One request by hand: a client library would not send what an attacker sends.
async fn ask(address: SocketAddr, head: String, body: String) -> Answer {
    let asked = tokio::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let length = body.len();
        // A server may answer and close before it has read a body that it refuses.
        let _ = write!(
            stream,
            "{head}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
        );
        Answer::read(stream)
    });
    asked.await.unwrap()
}

impl House {
    async fn get(&self, path: &str) -> Answer {
        let address = self.serving.address;
        ask(
            address,
            format!("GET {path} HTTP/1.1\r\nHost: {address}\r\n"),
            String::new(),
        )
        .await
    }

    fn with_token(&self, path: &str) -> String {
        let joint = if path.contains('?') { '&' } else { '?' };
        format!("{path}{joint}token={}", self.serving.token.text())
    }

    async fn call(&self, command: &str, body: &str, extra: &str) -> Answer {
        let (address, token) = (self.serving.address, self.serving.token.text());
        let head = format!(
            "POST /api/{command} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\n{extra}"
        );
        ask(address, head, body.into()).await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_but_the_page_is_had_without_the_token() {
    let house = house().await;
    for path in [
        "/thumb/1",
        "/picture/1",
        "/preview/1/0",
        "/events",
        "/thumb/1?token=",
        "/thumb/1?token=0123",
    ] {
        assert_eq!(house.get(path).await.status, 401, "{path}");
    }
    let address = house.serving.address;
    let post = format!("POST /api/project_status HTTP/1.1\r\nHost: {address}\r\n");
    assert_eq!(
        ask(address, post, "{}".into()).await.status,
        401,
        "a command without the token"
    );
    let page = house.get("/").await;
    assert_eq!(
        (page.status, page.body.as_slice()),
        (200, b"<title>Salon</title>".as_slice()),
        "the page itself is open"
    );
    assert_eq!(house.get("/approve").await.status, 200, "and so are its routes");
    assert_eq!(
        house.get("/missing.js").await.status,
        404,
        "but no file that is not there"
    );
    for header in [
        "content-security-policy: default-src 'self'",
        "x-content-type-options: nosniff",
    ] {
        assert!(page.head.contains(header), "{header} in\n{}", page.head);
    }
    assert!(address.ip().is_loopback(), "only this machine is listened to");
    assert!(
        house.serving.url().contains(house.serving.token.text()),
        "the printed address opens it"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn foreign_hosts_and_origins_are_refused_even_with_the_token() {
    let house = house().await;
    let (address, token) = (house.serving.address, house.serving.token.text().to_owned());
    for host in [
        "evil.example",
        "127.0.0.1",
        "127.0.0.1:1",
        "127.0.0.1.evil.example:80",
    ] {
        let head = format!("GET /?token={token} HTTP/1.1\r\nHost: {host}\r\n");
        assert_eq!(
            ask(address, head, String::new()).await.status,
            403,
            "Host: {host}"
        );
    }
    for (origin, status) in [
        ("http://evil.example".to_owned(), 403),
        ("null".to_owned(), 403),
        (format!("https://{address}"), 403),
        (format!("http://{address}"), 200),
        (format!("http://localhost:{}", address.port()), 200),
    ] {
        let answer = house
            .call("project_status", "{}", &format!("Origin: {origin}\r\n"))
            .await;
        assert_eq!(answer.status, status, "Origin: {origin}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commands_answer_json_and_errors_keep_their_code() {
    let house = house().await;
    let status = house.call("project_status", "{}", "").await;
    let status: serde_json::Value = status.json();
    assert_eq!(status["counts"]["all"], 2, "{status}");
    for (command, body, expected, code) in [
        (
            "decide",
            r#"{"candidate":99,"verdict":"accepted","by":"Ada"}"#.to_owned(),
            404,
            "not_found",
        ),
        ("decide", "{".to_owned(), 400, "invalid_request"),
        ("fly", "{}".to_owned(), 400, "invalid_request"),
        ("undo", r#"{"by":"Ada"}"#.to_owned(), 409, "nothing_to_undo"),
        (
            "start_run",
            r#"{"model":"x","prompt":"a fox","count":1}"#.to_owned(),
            422,
            "model",
        ),
    ] {
        let answer = house.call(command, &body, "").await;
        let error: serde_json::Value = answer.json();
        assert_eq!(
            (answer.status, error["code"].as_str()),
            (expected, Some(code)),
            "{command} {body}: {error}"
        );
    }
    // Masks and sources travel in requests, so the bound is generous.
    let huge = house.call("project_status", &" ".repeat(65 << 20), "").await;
    assert_eq!(huge.status, 413, "a request is bounded");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pictures_come_as_bytes_that_a_browser_may_keep() {
    let house = house().await;
    let id = house.ids[0];
    let picture = house.get(&house.with_token(&format!("/picture/{id}"))).await;
    assert_eq!(picture.status, 200, "{}", picture.head);
    assert_eq!(
        picture.body,
        house.studio.read_picture(id, None).unwrap(),
        "the file, byte for byte"
    );
    for words in ["content-type: image/png", "immutable"] {
        assert!(picture.head.contains(words), "{words} in\n{}", picture.head);
    }
    let thumb = house.get(&house.with_token(&format!("/thumb/{id}"))).await;
    assert!(thumb.head.contains("content-type: image/jpeg"), "{}", thumb.head);
    assert_eq!(
        house.get(&house.with_token("/picture/99")).await.status,
        404,
        "no such candidate"
    );
    assert_eq!(
        house.get(&house.with_token("/picture/x")).await.status,
        400,
        "only numbers are read from a path"
    );
    assert_eq!(
        house.get(&house.with_token("/preview/1/0?v=3")).await.status,
        404,
        "nothing is being made"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_arrive_over_the_socket_beginning_with_the_queue() {
    use tokio_tungstenite::tungstenite::{Message, client::IntoClientRequest};
    let house = house().await;
    let address = house.serving.address;
    let url = format!("ws://{address}{}", house.with_token("/events"));
    let mut foreign = url.as_str().into_client_request().unwrap();
    foreign
        .headers_mut()
        .insert("origin", "http://evil.example".parse().unwrap());
    assert!(
        tokio_tungstenite::connect_async(foreign).await.is_err(),
        "a foreign page gets no socket"
    );

    let (mut socket, _) = tokio_tungstenite::connect_async(url.as_str()).await.unwrap();
    let first = next_text(&mut socket).await;
    assert_eq!(
        first["event"], "queue",
        "the first message is the state of the queue: {first}"
    );
    let body = format!(
        r#"{{"candidate":{},"verdict":"accepted","by":"Ada"}}"#,
        house.ids[1]
    );
    assert_eq!(house.call("decide", &body, "").await.status, 200, "a decision");
    let second = next_text(&mut socket).await;
    assert_eq!(
        (&second["event"], &second["candidate"]),
        (&"decided".into(), &house.ids[1].0.into()),
        "{second}"
    );

    let House {
        planted,
        stop,
        serving,
        studio,
        ..
    } = house;
    stop.send(()).unwrap();
    let farewell = tokio::time::timeout(Duration::from_secs(30), next_message(&mut socket))
        .await
        .unwrap();
    assert!(
        matches!(farewell, Some(Message::Close(_)) | None),
        "an open socket is told that the server stops"
    );
    drop(socket);
    let stopped = tokio::time::timeout(Duration::from_secs(30), serving.stopped()).await;
    assert!(matches!(stopped, Ok(Ok(()))), "and does not hold its end up");
    drop((studio, planted));
}

type Socket = tokio_tungstenite::WebSocketStream<tokio_tungstenite::MaybeTlsStream<tokio::net::TcpStream>>;

async fn next_message(socket: &mut Socket) -> Option<tokio_tungstenite::tungstenite::Message> {
    use futures_util::StreamExt as _;
    socket.next().await.and_then(Result::ok)
}

async fn next_text(socket: &mut Socket) -> serde_json::Value {
    let message = tokio::time::timeout(Duration::from_secs(30), next_message(socket)).await;
    let message = message
        .expect("a message within the half minute")
        .expect("an open socket");
    serde_json::from_str(message.to_text().unwrap()).unwrap()
}
