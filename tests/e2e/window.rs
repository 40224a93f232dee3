//! One smoke of the real window: open a project under a display of its own, see candidates, press P, find the decision
//! in the project.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a failed check is a panic"
)]
#![cfg(target_os = "linux")]

mod cull;

use std::future::Future;
use std::io::{BufRead, BufReader};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use fantoccini::key::Key;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use salon_domain::Verdict;
use salon_studio::api::{CandidateQuery, Nothing};
use salon_studio::{Studio, StudioOptions};
use salon_testkit::TempProject;

/// Longest wait for one step of the window: a debug build on a busy machine takes its time.
const PATIENCE: Duration = Duration::from_mins(1);

/// A process that ends with the test, however the test ends.
struct Ends(Child);

impl Drop for Ends {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts an X server on a display that it chooses itself, and gives its name.
fn display() -> (Ends, String) {
    let mut server = Command::new("Xvfb")
        .args([
            "-displayfd",
            "1",
            "-screen",
            "0",
            "1280x800x24",
            "-nolisten",
            "tcp",
        ])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("Xvfb starts: install the package xvfb");
    let mut number = String::new();
    let out = server.stdout.take().expect("its output is piped");
    BufReader::new(out)
        .read_line(&mut number)
        .expect("Xvfb names its display");
    (Ends(server), format!(":{}", number.trim()))
}

/// Starts the web driver on a free port; the window is started by it.
fn driver(display: &str, home: &Path) -> (Ends, u16) {
    let port = TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .expect("a free port")
        .port();
    let driver = Command::new("WebKitWebDriver")
        .arg(format!("--port={port}"))
        .env("DISPLAY", display)
        .env_remove("WAYLAND_DISPLAY")
        .env("TAURI_WEBVIEW_AUTOMATION", "true")
        .env("GDK_BACKEND", "x11")
        .env("HOME", home)
        .env("XDG_DATA_HOME", home.join("data"))
        .env("XDG_CACHE_HOME", home.join("cache"))
        .env("NO_AT_BRIDGE", "1")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("WebKitWebDriver starts: install the package webkit2gtk-driver");
    (Ends(driver), port)
}

async fn within<T>(what: &str, step: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, step)
        .await
        .unwrap_or_else(|_| panic!("{what} took longer than {PATIENCE:?}"))
}

async fn connect(port: u16, project: &Path) -> Client {
    let options = serde_json::json!({
        "webkitgtk:browserOptions": { "binary": env!("CARGO_BIN_EXE_salon-desktop"), "args": [project] }
    });
    let capabilities = options.as_object().expect("an object").clone();
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let mut builder = ClientBuilder::new(HttpConnector::new());
    let connecting = builder
        .capabilities(capabilities)
        .connect(&format!("http://127.0.0.1:{port}"))
        .await;
    connecting.unwrap_or_else(|fault| panic!("the window did not open: {fault}"))
}

#[tokio::test]
async fn a_key_in_the_real_window_writes_a_decision() {
    let (mut planted, _) = TempProject::with_candidates(3);
    planted.close();
    let project = planted.dir();
    let (_display, name) = display();
    let (_driver, port) = driver(&name, &planted.beside("home"));
    let window = within("opening the window", connect(port, &project)).await;

    within(
        "the first candidate",
        window
            .wait()
            .at_most(PATIENCE)
            .for_element(Locator::Css("[data-testid^=cell-] img")),
    )
    .await
    .expect("candidates are shown");
    let cells = within("counting", window.find_all(Locator::Css("[data-testid^=cell-]")))
        .await
        .expect("cells are there");
    assert_eq!(cells.len(), 3, "each candidate has its place");

    let body = window.find(Locator::Css("body")).await.expect("a page");
    within("arrow", body.send_keys(&Key::Right.to_string()))
        .await
        .expect("keys are taken");
    let second = Locator::Css("[data-testid=cell-2][data-focused=true]");
    within("the focus", window.wait().at_most(PATIENCE).for_element(second))
        .await
        .expect("the arrow moves the focus");
    // A key acts on the picture that was painted when it went down: give the page its frames.
    let painted =
        "const done = arguments[0]; requestAnimationFrame(() => requestAnimationFrame(() => done()));";
    within("a frame", window.execute_async(painted, Vec::new()))
        .await
        .expect("the page paints");
    within("P", body.send_keys("p")).await.expect("keys are taken");
    within(
        "the mark of acceptance",
        window
            .wait()
            .at_most(PATIENCE)
            .for_element(Locator::Css("[data-testid^=cell-][data-verdict=accepted]")),
    )
    .await
    .expect("the accepted candidate is marked");
    within("closing", window.close())
        .await
        .expect("the window closes");

    let studio = Studio::open(StudioOptions::to_curate(&project)).expect("the project opens again");
    let accepted = studio
        .list(CandidateQuery {
            verdict: Some(Verdict::Accepted),
            ..CandidateQuery::default()
        })
        .expect("candidates are listed");
    assert_eq!(accepted.len(), 1, "P accepted one candidate, on disk");
    assert_eq!(
        studio.project_status(Nothing {}).expect("a status").decisions,
        1,
        "by one row of the log"
    );
}
