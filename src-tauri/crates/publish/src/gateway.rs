//! A gateway, asked for single blocks and for files by path. Nothing that it gives is believed before it was hashed, which
//! is its caller's work. Sources: specs.ipfs.tech, Trustless Gateway and Path Gateway.

use std::io::{self, Read};
use std::time::Duration;

use salon_domain::CancelToken;
use salon_remote::http::{Request, Response};
use salon_remote::{Address, Agent, Body, Patience, client, in_words, retry_after};

use crate::error::{PublishError, Result};
use crate::names::encoded;

/// Longest block that is read. IPFS exchanges blocks up to 2 MiB.
const MOST_BLOCK_BYTES: u64 = 4 << 20;
/// How often a block or file is asked for while the gateway is busy or troubled.
const TRIES: u32 = 4;
/// Redirects that are followed: from a path to the root's own name below the same gateway.
const MOST_REDIRECTS: u32 = 3;
/// Longest pause between two tries.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// Why a block or file did not come, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Miss(pub String);

/// A gateway. No key is sent to it.
pub struct Gateway<'a> {
    agent: Agent,
    address: Address,
    pause: &'a (dyn Fn(Duration) -> bool + Sync),
    cancel: &'a CancelToken,
}

impl<'a> Gateway<'a> {
    /// The gateway at an address (`https://ipfs.io`). Nothing is asked yet. `patience` is for every piece of an answer, and for
    /// its beginning; `pause` waits between tries, and says whether to go on.
    pub fn new(
        address: &str,
        patience: Duration,
        pause: &'a (dyn Fn(Duration) -> bool + Sync),
        cancel: &'a CancelToken,
    ) -> Result<Self> {
        let shown = address.trim().rsplit('@').next().unwrap_or_default();
        let wrong = |fault: String| PublishError::Terms(format!("the gateway \"{shown}\": {fault}"));
        let address = Address::parse(address).map_err(|fault| wrong(fault.to_string()))?;
        let patience = Patience::Moving {
            piece: patience,
            answer: patience,
        };
        Ok(Self {
            agent: client(&address, patience).map_err(wrong)?,
            address,
            pause,
            cancel,
        })
    }

    /// The machine, with its port.
    pub fn host(&self) -> &str {
        self.address.host()
    }

    /// Whether it gives single blocks: asked for the root's, it answers with one and says so.
    ///
    /// # Errors
    /// A gateway that cannot be asked at all.
    pub fn gives_blocks(&self, root: &str) -> Result<bool> {
        let asked = self.ask(&block_path(root), Some(BLOCK));
        match asked {
            Ok(response) => {
                let said = response.headers().get("content-type");
                Ok(said.is_some_and(|said| said.to_str().is_ok_and(|said| said.starts_with(BLOCK))))
            }
            Err(Fault::Away(fault)) => Err(PublishError::Machine {
                host: self.host().into(),
                fault,
            }),
            Err(Fault::Stopped) => Err(PublishError::Cancelled),
            // It may give the others.
            Err(Fault::Refused(status, _)) => Ok(!matches!(status, 400 | 406 | 415 | 501)),
        }
    }

    /// The bytes of a block, not hashed yet.
    pub fn block(&self, cid: &str) -> Result<Vec<u8>, Miss> {
        let path = block_path(cid);
        let mut tried = 0;
        loop {
            tried += 1;
            let read = self.ask(&path, Some(BLOCK)).and_then(|mut response| {
                let mut bytes = Vec::new();
                let mut body = response.body_mut().as_reader().take(MOST_BLOCK_BYTES + 1);
                body.read_to_end(&mut bytes)
                    .map_err(|fault| Fault::Away(format!("the answer broke off: {fault}")))?;
                Ok(bytes)
            });
            match read {
                Ok(bytes) if bytes.len() as u64 > MOST_BLOCK_BYTES => {
                    return Err(Miss(format!(
                        "more than {MOST_BLOCK_BYTES} bytes, which no block has"
                    )));
                }
                Ok(bytes) => return Ok(bytes),
                Err(Fault::Away(_)) if tried < TRIES && self.rest(None, tried) => {}
                Err(fault) => return Err(fault.miss()),
            }
        }
    }

    /// Reads a file by its path below the root: `take` gets the bytes as they come, not hashed yet, and at most one more than
    /// `bytes`.
    pub fn file<Taken>(
        &self,
        root: &str,
        path: &str,
        bytes: u64,
        mut take: impl FnMut(&mut dyn Read) -> io::Result<Taken>,
    ) -> Result<Taken, Miss> {
        let path = format!("/ipfs/{root}/{}", encoded(path, true));
        let mut tried = 0;
        loop {
            tried += 1;
            let taken = self.ask(&path, None).and_then(|mut response| {
                let mut body = response.body_mut().as_reader().take(bytes.saturating_add(1));
                take(&mut body).map_err(|fault| Fault::Away(format!("the answer broke off: {fault}")))
            });
            match taken {
                Ok(taken) => return Ok(taken),
                Err(Fault::Away(_)) if tried < TRIES && self.rest(None, tried) => {}
                Err(fault) => return Err(fault.miss()),
            }
        }
    }

    /// Waits before the next try; whether there is to be one.
    fn rest(&self, asked: Option<Duration>, tried: u32) -> bool {
        let pause = asked.unwrap_or(Duration::from_secs(1 << (tried - 1)));
        !self.cancel.is_cancelled() && (self.pause)(pause.min(LONGEST_PAUSE))
    }

    /// Asks, and follows the gateway to a name below its own. A busy or troubled one is asked again.
    fn ask(&self, path: &str, accept: Option<&str>) -> Result<Response<Body>, Fault> {
        let mut uri = format!("{}{path}", self.address.as_str());
        let (mut tried, mut followed) = (0, 0);
        loop {
            if self.cancel.is_cancelled() {
                return Err(Fault::Stopped);
            }
            tried += 1;
            let mut question = Request::builder().method("GET").uri(&uri);
            if let Some(accept) = accept {
                question = question.header("accept", accept);
            }
            let question = question
                .body(())
                .map_err(|fault| Fault::Away(format!("it cannot be asked: {fault}")))?;
            let response = self.agent.run(question);
            let response =
                response.map_err(|fault| Fault::Away(format!("no answer: {}", in_words(&fault))))?;
            let status = response.status().as_u16();
            match status {
                200 => return Ok(response),
                301 | 302 | 303 | 307 | 308 => {
                    let place = response.headers().get("location");
                    let place = place.and_then(|place| place.to_str().ok()).unwrap_or_default();
                    let next = self.below(place).filter(|_| followed < MOST_REDIRECTS);
                    uri = next.ok_or_else(|| {
                        Fault::Refused(
                            status,
                            "it points to another machine, which is not followed".into(),
                        )
                    })?;
                    followed += 1;
                    tried = 0;
                }
                429 | 500 | 502 | 503 if tried < TRIES => {
                    if !self.rest(retry_after(&response), tried) {
                        return Err(Fault::Stopped);
                    }
                }
                404 | 410 => return Err(Fault::Refused(status, format!("it does not have it ({status})"))),
                504 => {
                    let words = "it did not find it in its time (504)";
                    return Err(Fault::Refused(status, words.into()));
                }
                429 => return Err(Fault::Refused(status, "it is busy each time (429)".into())),
                _ => return Err(Fault::Refused(status, format!("it answers {status}"))),
            }
        }
    }

    /// Where a redirect leads, when that is this gateway or a name below it, called in the same way.
    fn below(&self, place: &str) -> Option<String> {
        if place.starts_with('/') && !place.starts_with("//") {
            let scheme = self.address.as_str().split("://").next()?;
            return Some(format!("{scheme}://{}{place}", self.host()));
        }
        let next = Address::parse(place).ok()?;
        let (host, own) = (next.host(), self.host());
        let inside = host == own || host.ends_with(&format!(".{own}"));
        (inside && next.is_secure() == self.address.is_secure()).then(|| place.to_owned())
    }
}

/// The media type of a block.
const BLOCK: &str = "application/vnd.ipld.raw";

fn block_path(cid: &str) -> String {
    format!("/ipfs/{cid}?format=raw")
}

/// Why there is no answer.
enum Fault {
    /// It cannot be reached, or broke off.
    Away(String),
    /// It answers with this status.
    Refused(u16, String),
    /// The work was stopped.
    Stopped,
}

impl Fault {
    fn miss(self) -> Miss {
        match self {
            Self::Away(words) | Self::Refused(_, words) => Miss(words),
            Self::Stopped => Miss("stopped as asked".into()),
        }
    }
}
