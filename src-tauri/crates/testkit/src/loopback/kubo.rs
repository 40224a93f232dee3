//! kubo's RPC: `pin/ls` and `dag/import`.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};

use super::car::{blocks, root_of};
use super::http::{Asked, Machine, Reply, serve};

/// How an import goes wrong.
#[derive(Debug, Clone)]
pub enum KuboFault {
    /// It answers this, before it reads anything.
    Answer(Reply),
    /// It breaks off in the middle of what is sent.
    HalfUpload,
    /// It imports, pins, and breaks off before it says so.
    DropBeforeAnswer,
    /// It imports, pins, and its answer is cut off.
    TruncatedAnswer,
    /// It answers another root.
    AnotherRoot(String),
    /// It does not pin.
    NotPinned(String),
}

#[derive(Default)]
struct State {
    /// Roots that are pinned, with what was imported under them.
    pinned: BTreeMap<String, Vec<u8>>,
    faults: VecDeque<KuboFault>,
    imports: u64,
    received: u64,
    keys: Vec<String>,
}

/// A node.
pub struct Kubo {
    /// Where it listens.
    pub machine: Machine,
    state: Arc<Mutex<State>>,
}

impl Kubo {
    /// A node that goes wrong in this order, and is well after that.
    pub fn start(faults: impl IntoIterator<Item = KuboFault>) -> Self {
        let state = Arc::new(Mutex::new(State {
            faults: faults.into_iter().collect(),
            ..State::default()
        }));
        let told = Arc::clone(&state);
        Self {
            machine: serve(move |asked| answer(asked, &told)),
            state,
        }
    }

    /// What was imported under a pinned root.
    pub fn pinned(&self, root: &str) -> Option<Vec<u8>> {
        self.state
            .lock()
            .expect("a test's lock")
            .pinned
            .get(root)
            .cloned()
    }

    /// How often an import was begun, and how many bytes of CARs came in whole.
    pub fn imports(&self) -> (u64, u64) {
        let state = self.state.lock().expect("a test's lock");
        (state.imports, state.received)
    }

    /// The keys that were shown, in turn.
    pub fn keys(&self) -> Vec<String> {
        self.state.lock().expect("a test's lock").keys.clone()
    }
}

fn answer(asked: &mut Asked, state: &Mutex<State>) -> Option<Reply> {
    let key = asked.headers.get("authorization").cloned().unwrap_or_default();
    state.lock().expect("a test's lock").keys.push(key);
    if asked.method != "POST" {
        return Some(Reply::new(405, "405 - Method Not Allowed"));
    }
    match asked.path.as_str() {
        "/api/v0/pin/ls" => {
            let root = asked.asks("arg");
            let held = state.lock().expect("a test's lock").pinned.contains_key(root);
            Some(if held {
                Reply::new(
                    200,
                    format!("{{\"Keys\":{{\"{root}\":{{\"Type\":\"recursive\",\"Name\":\"\"}}}}}}"),
                )
            } else {
                let fault =
                    format!("{{\"Message\":\"path '{root}' is not pinned\",\"Code\":0,\"Type\":\"error\"}}");
                Reply::new(500, fault)
            })
        }
        "/api/v0/dag/import" => import(asked, state),
        _ => Some(Reply::new(404, "404 page not found")),
    }
}

fn import(asked: &mut Asked, state: &Mutex<State>) -> Option<Reply> {
    let fault = {
        let mut state = state.lock().expect("a test's lock");
        state.imports += 1;
        state.faults.pop_front()
    };
    match &fault {
        Some(KuboFault::Answer(reply)) => return Some(reply.clone()),
        Some(KuboFault::HalfUpload) => {
            asked.read(asked.length() / 2)?;
            return None;
        }
        _ => {}
    }
    let body = asked.body()?;
    let Some(car) = inside(asked, &body) else {
        let fault = "{\"Message\":\"file argument 'path' is required\",\"Code\":1,\"Type\":\"error\"}";
        return Some(Reply::new(400, fault));
    };
    let (Some(root), Some(blocks)) = (root_of(car), blocks(car)) else {
        let fault = "{\"Message\":\"mismatch in content integrity\",\"Code\":0,\"Type\":\"error\"}";
        return Some(Reply::new(500, fault));
    };
    let pin_fault = match &fault {
        Some(KuboFault::NotPinned(words)) => words.as_str(),
        _ => "",
    };
    {
        let mut state = state.lock().expect("a test's lock");
        state.received += car.len() as u64;
        if pin_fault.is_empty() && !matches!(fault, Some(KuboFault::AnotherRoot(_))) {
            state.pinned.insert(root.clone(), car.to_vec());
        }
    }
    let said = match &fault {
        Some(KuboFault::AnotherRoot(other)) => other.clone(),
        _ => root,
    };
    let bytes: usize = blocks.iter().map(|block| block.bytes.len()).sum();
    let lines = format!(
        "{{\"Root\":{{\"Cid\":{{\"/\":\"{said}\"}},\"PinErrorMsg\":\"{pin_fault}\"}}}}\n{{\"Stats\":{{\"BlockCount\":{},\
         \"BlockBytesCount\":{bytes}}}}}\n",
        blocks.len()
    );
    let reply = Reply::new(200, lines).with("content-type", "application/json");
    match fault {
        Some(KuboFault::DropBeforeAnswer) => None,
        Some(KuboFault::TruncatedAnswer) => {
            // Whole as HTTP has it, and half a line of JSON.
            let half = reply.body.len() / 3;
            Some(Reply::new(200, &reply.body[..half]))
        }
        _ => Some(reply),
    }
}

/// The one file of a multipart body.
fn inside<'a>(asked: &Asked, body: &'a [u8]) -> Option<&'a [u8]> {
    let kind = asked.headers.get("content-type")?;
    let boundary = format!("--{}", kind.split_once("boundary=")?.1);
    let rest = body.strip_prefix(boundary.as_bytes())?;
    let start = rest.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
    let end = format!("\r\n{boundary}--\r\n");
    rest[start..].strip_suffix(end.as_bytes())
}
