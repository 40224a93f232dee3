//! The Pinning Service API: `POST /pins`, `GET /pins`, `GET /pins/{requestid}`.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use super::http::{Asked, Machine, Reply, serve};

#[derive(Default)]
struct State {
    /// The pins, by number: CID, and the statuses that are still to come.
    pins: Vec<(String, VecDeque<String>)>,
    fates: VecDeque<Vec<String>>,
    replies: VecDeque<Option<Reply>>,
    asked: Vec<String>,
}

/// A pinning service.
pub struct Pinning {
    /// Where it listens.
    pub machine: Machine,
    state: Arc<Mutex<State>>,
}

impl Pinning {
    /// A service that takes this key. `fates` are the statuses that each new pin goes through, one a look; `replies` are given
    /// to the first requests instead of what it would answer, where none drops the connection.
    pub fn start(
        key: &str,
        fates: impl IntoIterator<Item = &'static [&'static str]>,
        replies: impl IntoIterator<Item = Option<Reply>>,
    ) -> Self {
        let fates = fates.into_iter();
        let state = Arc::new(Mutex::new(State {
            fates: fates
                .map(|fate| fate.iter().map(ToString::to_string).collect())
                .collect(),
            replies: replies.into_iter().collect(),
            ..State::default()
        }));
        let (told, key) = (Arc::clone(&state), format!("Bearer {key}"));
        Self {
            machine: serve(move |asked| answer(asked, &told, &key)),
            state,
        }
    }

    /// How many pins were asked for.
    pub fn pins(&self) -> usize {
        self.state.lock().expect("a test's lock").pins.len()
    }

    /// What was posted, in turn.
    pub fn posted(&self) -> Vec<String> {
        self.state.lock().expect("a test's lock").asked.clone()
    }
}

fn status_of(number: usize, pin: &(String, VecDeque<String>)) -> String {
    let (cid, statuses) = pin;
    let status = statuses.front().map_or("pinned", String::as_str);
    format!(
        "{{\"requestid\":\"r{number}\",\"status\":\"{status}\",\"created\":\"2026-11-23T12:00:00Z\",\"pin\":{{\"cid\":\"{cid}\"}},\
         \"delegates\":[\"/ip4/127.0.0.1/tcp/4001/p2p/QmServicePeerId\"],\"info\":{{\"status_details\":\"queue position 7\"}}}}"
    )
}

fn fault(status: u16, reason: &str) -> Reply {
    let text = format!("{{\"error\":{{\"reason\":\"{reason}\",\"details\":\"{reason} it is\"}}}}");
    Reply::new(status, text)
}

fn answer(asked: &mut Asked, state: &Mutex<State>, key: &str) -> Option<Reply> {
    let body = if asked.method == "POST" {
        asked.body()?
    } else {
        Vec::new()
    };
    let mut state = state.lock().expect("a test's lock");
    if let Some(reply) = state.replies.pop_front() {
        return reply;
    }
    if asked.headers.get("authorization").map(String::as_str) != Some(key) {
        return Some(fault(401, "UNAUTHORIZED"));
    }
    match (asked.method.as_str(), asked.path.as_str()) {
        ("POST", "/pins") => {
            let text = String::from_utf8_lossy(&body).into_owned();
            let cid = text
                .split("\"cid\":\"")
                .nth(1)
                .and_then(|rest| rest.split('"').next());
            let Some(cid) = cid.map(str::to_owned) else {
                return Some(fault(400, "BAD_REQUEST"));
            };
            state.asked.push(text);
            let fate = state.fates.pop_front().unwrap_or_default();
            state.pins.push((cid, fate.into()));
            let number = state.pins.len() - 1;
            Some(Reply::new(202, status_of(number, &state.pins[number])))
        }
        ("GET", "/pins") => {
            let wanted = asked.asks("cid");
            let found = state.pins.iter().enumerate().filter(|(_, (cid, statuses))| {
                cid == wanted && statuses.front().is_none_or(|status| status != "failed")
            });
            let found: Vec<String> = found.map(|(number, pin)| status_of(number, pin)).collect();
            let text = format!("{{\"count\":{},\"results\":[{}]}}", found.len(), found.join(","));
            Some(Reply::new(200, text))
        }
        ("GET", path) => {
            let number = path
                .strip_prefix("/pins/r")
                .and_then(|number| number.parse().ok());
            let Some(pin) = number.and_then(|number: usize| state.pins.get_mut(number)) else {
                return Some(fault(404, "NOT_FOUND"));
            };
            if pin.1.len() > 1 || pin.1.front().is_some_and(|status| status != "failed") {
                pin.1.pop_front();
            }
            let text = status_of(number.unwrap_or_default(), pin);
            Some(Reply::new(200, text))
        }
        _ => Some(fault(404, "NOT_FOUND")),
    }
}
