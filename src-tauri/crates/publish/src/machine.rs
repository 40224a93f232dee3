//! One machine, asked until it answers: a busy or troubled one again after a pause, as long as it asks for.

use std::io::Read;
use std::time::Duration;

use salon_remote::http::{HeaderMap, Request, request};
use salon_remote::{Address, Agent, Body, Patience, SendBody, client, http, in_words, retry_after};

use crate::body::Piece;
use crate::errand::{Errand, Stage};
use crate::error::{PublishError, Result};
use crate::names::said;

/// How often a piece is sent while the machine is busy or troubled.
const TRIES: u32 = 6;
/// Longest pause that we choose between two tries.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// Longest pause that a machine may ask for; beyond it the user decides.
const LONGEST_ASKED: Duration = Duration::from_mins(10);
/// For each piece that moves, and for the beginning of an answer once everything is sent.
const PATIENCE: Patience = Patience::Moving {
    piece: Duration::from_mins(1),
    answer: Duration::from_mins(10),
};
/// Longest answer, in bytes.
const MOST_BYTES: u64 = 16 << 20;

/// An answer.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn is_fine(&self) -> bool {
        (200..300).contains(&self.status)
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// Why there is no answer.
pub(crate) enum Trouble {
    /// Another try may help, after the pause that the machine asks for.
    Passing { fault: String, pause: Option<Duration> },
    /// No other try would.
    Lasting(PublishError),
}

impl From<PublishError> for Trouble {
    fn from(error: PublishError) -> Self {
        Self::Lasting(error)
    }
}

/// A machine that is asked.
pub(crate) struct Machine<'a> {
    agent: Agent,
    pub(crate) address: Address,
    pub(crate) errand: &'a Errand<'a>,
}

impl<'a> Machine<'a> {
    pub(crate) fn new(address: Address, errand: &'a Errand<'a>) -> Result<Self> {
        let agent = client(&address, PATIENCE).map_err(|fault| PublishError::Machine {
            host: address.host().into(),
            fault,
        })?;
        Ok(Self {
            agent,
            address,
            errand,
        })
    }

    pub(crate) fn host(&self) -> String {
        self.address.host().to_owned()
    }

    pub(crate) fn refuse(&self, fault: impl Into<String>) -> PublishError {
        PublishError::Refused {
            host: self.host(),
            fault: fault.into(),
        }
    }

    /// A question to a path of the machine, with its key where it has one.
    pub(crate) fn question(&self, method: &str, path: &str) -> request::Builder {
        let question = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.address.as_str()));
        match self.errand.key {
            Some(key) => question.header("authorization", format!("Bearer {key}")),
            None => question,
        }
    }

    /// Asks once.
    pub(crate) fn once(&self, question: request::Builder, text: &str) -> Result<Answer, Trouble> {
        self.errand.check()?;
        let built = question
            .body(text.to_owned())
            .map_err(|fault| self.unspeakable(&fault))?;
        let answered = match built.method().as_str() {
            "GET" | "HEAD" | "DELETE" => self.agent.run(built.map(drop)),
            // Also one without a body has a length.
            _ => self.agent.run(built),
        };
        self.hear(answered)
    }

    /// Sends a piece once.
    pub(crate) fn send(
        &self,
        question: request::Builder,
        piece: &Piece<'_>,
        arrived: u64,
        total: u64,
    ) -> Result<Answer, Trouble> {
        self.errand.check()?;
        let mut sending = piece.sending(self.errand, arrived, total)?;
        let question = question
            .header("content-length", piece.length())
            // A machine that would refuse says so before it gets gigabytes.
            .header("expect", "100-continue");
        let answered = {
            let body = SendBody::from_reader(&mut sending);
            let built = question.body(body).map_err(|fault| self.unspeakable(&fault))?;
            self.agent.run(built)
        };
        if sending.is_ours() {
            return Err(Trouble::Lasting(PublishError::Car {
                path: piece.car.into(),
                fault: "it changed or could not be read while it was sent: export the set once more".into(),
            }));
        }
        self.errand.tell(Stage::Waiting, arrived + piece.bytes, total);
        self.hear(answered)
    }

    fn unspeakable(&self, fault: &http::Error) -> Trouble {
        Trouble::Lasting(self.refuse(format!("it cannot be asked: {fault}. Is the address right?")))
    }

    fn hear(
        &self,
        answered: std::result::Result<http::Response<Body>, salon_remote::Error>,
    ) -> Result<Answer, Trouble> {
        self.errand.check()?;
        let passing = |fault: String| Trouble::Passing { fault, pause: None };
        let mut response = answered.map_err(|fault| {
            passing(format!(
                "it cannot be reached, or broke off: {}",
                in_words(&fault)
            ))
        })?;
        let status = response.status().as_u16();
        let pause = retry_after(&response);
        let mut bytes = Vec::new();
        let mut body = response.body_mut().as_reader().take(MOST_BYTES + 1);
        let read = body.read_to_end(&mut bytes);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if status == 429 || status == 408 || matches!(status, 500 | 502..=504) {
            let fault = if status == 429 {
                format!("it is busy (429){}", said(&text))
            } else {
                format!("it is in trouble ({status}){}", said(&text))
            };
            return Err(Trouble::Passing { fault, pause });
        }
        read.map_err(|fault| passing(format!("its answer broke off: {fault}")))?;
        if bytes.len() as u64 > MOST_BYTES {
            return Err(Trouble::Lasting(self.refuse(format!(
                "its answer has more than {MOST_BYTES} bytes: is this the right address?"
            ))));
        }
        Ok(Answer {
            status,
            headers: response.headers().clone(),
            text,
        })
    }

    /// Waits before the next try; gives the error when there is to be none.
    pub(crate) fn again(&self, trouble: Trouble, tried: u32, done: u64, total: u64) -> Result<()> {
        let (fault, pause) = match trouble {
            Trouble::Lasting(error) => return Err(error),
            Trouble::Passing { fault, pause } => (fault, pause),
        };
        let asked = pause.filter(|pause| *pause > LONGEST_ASKED);
        if tried >= TRIES || asked.is_some() {
            let next = match asked {
                Some(pause) => format!(
                    "It asks to be let alone for {} minutes: go on then",
                    pause.as_secs().div_ceil(60)
                ),
                None => format!("It was asked {tried} times: go on later, what has arrived stays there"),
            };
            return Err(PublishError::Machine {
                host: self.host(),
                fault: format!("{fault}. {next}"),
            });
        }
        let pause = pause.unwrap_or(Duration::from_secs(1 << (tried - 1)).min(LONGEST_PAUSE));
        self.errand.tell(Stage::Pausing(pause.as_secs()), done, total);
        self.errand.wait(pause)
    }

    /// Asks until there is an answer.
    pub(crate) fn ask(&self, question: impl Fn() -> (request::Builder, String)) -> Result<Answer> {
        let mut tried = 0;
        loop {
            tried += 1;
            let (built, text) = question();
            match self.once(built, &text) {
                Ok(answer) => return Ok(answer),
                Err(trouble) => self.again(trouble, tried, 0, 0)?,
            }
        }
    }

    /// What a status that is none of the expected means.
    pub(crate) fn refusal(&self, answer: &Answer, what: &'static str, bytes: u64) -> PublishError {
        let (host, status, said) = (self.host(), answer.status, said(&reason(&answer.text)));
        let next = match status {
            401 | 403 => {
                return PublishError::NotAllowed {
                    host,
                    status,
                    what,
                    said,
                };
            }
            402 => "it wants to be paid first",
            413 => "ask its keeper to allow larger uploads, or use another",
            507 => "free some of its space, or use another",
            300..=399 => {
                return self.refuse(format!(
                    "it points elsewhere ({status}), and is not followed, since a key would go there too: name the address that \
                     it means"
                ));
            }
            404 | 405 => {
                return self.refuse(format!(
                    "there is no such service at this address ({status}): is the address whole?{said}"
                ));
            }
            _ => return self.refuse(format!("it refuses with status {status}{said}")),
        };
        PublishError::NoSpace {
            host,
            status,
            bytes,
            next,
            said,
        }
    }
}

/// Why, as kubo (`Message`), the Pinning Service API (`error.details`, `error.reason`) or S3 (`<Message>`) put it.
fn reason(text: &str) -> String {
    if let Ok(said) = serde_json::from_str::<serde_json::Value>(text) {
        let places = [
            &said["Message"],
            &said["error"]["details"],
            &said["error"]["reason"],
            &said["error"],
            &said["message"],
        ];
        return places
            .iter()
            .find_map(|place| place.as_str())
            .unwrap_or_default()
            .to_owned();
    }
    crate::s3::text_of(text, "Message").unwrap_or_default()
}
