//! HTTP/1.1, one request a connection: enough of it for clients that are tested, with ways to break off.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// A machine on the loopback interface; it stops listening when it is dropped.
pub struct Machine {
    address: String,
    stopped: Arc<AtomicBool>,
}

impl Machine {
    /// `http://127.0.0.1:PORT`.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The machine as errors name it.
    pub fn host(&self) -> &str {
        self.address.trim_start_matches("http://")
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::Release);
        // Wakes the listener, so that it sees it.
        let _ = TcpStream::connect(self.host());
    }
}

/// A request. Its body is read when it is asked for.
pub struct Asked {
    /// `GET`, `POST`, ….
    pub method: String,
    /// The path, as it was sent.
    pub path: String,
    /// The query, as it was sent.
    pub query: BTreeMap<String, String>,
    /// By lower-case name.
    pub headers: BTreeMap<String, String>,
    stream: BufReader<TcpStream>,
}

impl Asked {
    /// The body's length as it was announced.
    pub fn length(&self) -> u64 {
        let length = self.headers.get("content-length");
        length.and_then(|length| length.parse().ok()).unwrap_or_default()
    }

    /// The whole body; none when the other side broke off.
    pub fn body(&mut self) -> Option<Vec<u8>> {
        let length = self.length();
        self.read(length)
    }

    /// So many bytes of the body.
    pub fn read(&mut self, bytes: u64) -> Option<Vec<u8>> {
        if self
            .headers
            .get("expect")
            .is_some_and(|expect| expect == "100-continue")
        {
            let stream = self.stream.get_mut();
            stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").ok()?;
        }
        let mut body = vec![0; bytes as usize];
        self.stream.read_exact(&mut body).ok()?;
        Some(body)
    }

    /// A part of the query; empty when it is not there.
    pub fn asks(&self, name: &str) -> &str {
        self.query.get(name).map_or("", String::as_str)
    }
}

/// What is answered.
#[derive(Debug, Clone, Default)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// Headers beside the length.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// Announces this length instead of the body's own: a `HEAD`, or an answer that is cut off.
    pub length: Option<u64>,
    /// How long it takes to come.
    pub after: Duration,
}

impl Reply {
    /// A status and a text.
    pub fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status,
            body: body.into(),
            ..Self::default()
        }
    }

    /// With one more header.
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Cut off in the middle of its body.
    pub fn cut(mut self) -> Self {
        self.length = Some(self.body.len() as u64);
        self.body.truncate(self.body.len() / 2);
        self
    }
}

/// Answers every request with what `answer` makes of it; none drops the connection without a word.
pub fn serve(answer: impl Fn(&mut Asked) -> Option<Reply> + Send + Sync + 'static) -> Machine {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port on the loopback interface");
    let address = listener.local_addr().expect("it has an address");
    let stopped = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&stopped);
    let answer = Arc::new(answer);
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            if seen.load(Ordering::Acquire) {
                break;
            }
            let answer = Arc::clone(&answer);
            std::thread::spawn(move || converse(stream, answer.as_ref()));
        }
    });
    Machine {
        address: format!("http://{address}"),
        stopped,
    }
}

fn converse(stream: TcpStream, answer: &dyn Fn(&mut Asked) -> Option<Reply>) -> Option<()> {
    // A client that was killed must not hold a thread for ever.
    stream.set_read_timeout(Some(Duration::from_secs(30))).ok()?;
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    stream.read_line(&mut line).ok()?;
    let mut words = line.split_whitespace();
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(':') else {
            break;
        };
        headers.insert(name.to_lowercase(), value.trim().to_owned());
    }
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let query = query.split('&').filter(|pair| !pair.is_empty());
    let query = query.map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (name.to_owned(), value.to_owned())
    });
    let mut asked = Asked {
        method,
        path: path.to_owned(),
        query: query.collect(),
        headers,
        stream,
    };
    let reply = answer(&mut asked)?;
    std::thread::sleep(reply.after);
    let length = reply.length.unwrap_or(reply.body.len() as u64);
    let mut head = format!(
        "HTTP/1.1 {} As Told\r\ncontent-length: {length}\r\nconnection: close\r\n",
        reply.status
    );
    for (name, value) in &reply.headers {
        let _ = write!(head, "{name}: {value}\r\n");
    }
    head.push_str("\r\n");
    let out = asked.stream.get_mut();
    out.write_all(head.as_bytes()).ok()?;
    out.write_all(&reply.body).ok()?;
    out.flush().ok()
}
