//! A language model that is asked over the network: any endpoint that speaks as `OpenAI`'s does, and Anthropic's.
//!
//! It calls the address that its user wrote down, when its user orders texts from it, with the question and nothing else; no
//! redirect is followed, so that neither question nor key goes elsewhere. A key travels over TLS only, unless it stays on this machine.

mod key;
mod reply;

use std::time::Duration;

use salon_remote::{Address, AddressFault, Patience, client, in_words, retry_after};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::error::{LoreError, Result};
use crate::question::Question;

pub use key::{find_key, forget_key, keep_key};
pub use reply::Reply;

/// Longest answer, in bytes.
const MOST_BYTES: u64 = 4 << 20;
/// How often a request is sent while the machine is busy or troubled.
const TRIES: u32 = 4;
/// Longest pause between two of them.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// Longest wait for an answer.
const PATIENCE: Duration = Duration::from_mins(3);

/// How an endpoint is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dialect {
    /// `POST …/chat/completions`: `OpenAI`, llama.cpp, Ollama, vLLM, LM Studio.
    OpenAi,
    /// `POST …/messages`.
    Anthropic,
}

/// What tokens cost, in millionths of a currency for a million tokens, which is the price of one million in that currency.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prices {
    /// Of tokens that are sent.
    pub input: u64,
    /// Of tokens that come back.
    pub output: u64,
}

impl Prices {
    /// What so many tokens cost, in millionths, rounded up.
    pub fn of(self, input_tokens: u64, output_tokens: u64) -> u64 {
        let whole = u128::from(self.input) * u128::from(input_tokens)
            + u128::from(self.output) * u128::from(output_tokens);
        u64::try_from(whole.div_ceil(1_000_000)).unwrap_or(u64::MAX)
    }
}

/// An endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoint {
    /// How it is spoken to.
    pub dialect: Dialect,
    /// Its address up to the version (`https://api.example.com/v1`).
    pub base: String,
    /// The model's name there.
    pub model: String,
    /// What it costs; 0 where it costs nothing.
    pub prices: Prices,
}

impl Endpoint {
    /// Refuses an address that cannot be asked.
    pub fn check(&self) -> Result<()> {
        self.host()?;
        if self.model.trim().is_empty() {
            return Err(self.wrong("it needs the model's name"));
        }
        Ok(())
    }

    /// The machine that it names, with the port where one is named.
    pub fn host(&self) -> Result<String> {
        Ok(self.address()?.host().to_owned())
    }

    fn address(&self) -> Result<Address> {
        Address::parse(&self.base).map_err(|fault| match fault {
            AddressFault::Credentials => self.wrong(&format!("{fault}; the key is kept apart")),
            _ => self.wrong(&fault.to_string()),
        })
    }

    /// Whether what is sent stays on this machine.
    pub fn is_local(&self) -> bool {
        self.address().is_ok_and(|address| address.stays_here())
    }

    fn wrong(&self, fault: &str) -> LoreError {
        LoreError::Endpoint {
            host: self.base.clone(),
            fault: fault.into(),
        }
    }

    /// The most that a question can cost, in millionths: no token is shorter than a byte.
    pub fn most_cost(&self, question: &Question) -> u64 {
        let sent = question.system.len() + question.user.len() + question.schema.to_string().len();
        self.prices
            .of(sent as u64 + 512, u64::from(most_tokens(question)))
    }

    /// Asks. A busy (429) or troubled (5xx) machine is asked again after a pause; `pause` waits, and says whether to go on.
    pub fn ask(
        &self,
        question: &Question,
        key: Option<&str>,
        mut pause: impl FnMut(Duration) -> bool,
    ) -> Result<Reply> {
        let named = self.address()?;
        let fail = |fault: String| LoreError::Endpoint {
            host: named.host().into(),
            fault,
        };
        if key.is_some() && !named.is_secure() && !named.stays_here() {
            return Err(fail("a key is sent over https:// only".into()));
        }
        let agent = client(&named, Patience::Whole(PATIENCE)).map_err(&fail)?;
        let (path, body) = match self.dialect {
            Dialect::OpenAi => ("chat/completions", self.openai_body(question)),
            Dialect::Anthropic => ("messages", self.anthropic_body(question)),
        };
        let address = format!("{}/{path}", named.as_str());
        let mut tried = 0;
        loop {
            tried += 1;
            let mut request = agent.post(&address).header("content-type", "application/json");
            request = match (self.dialect, key) {
                (Dialect::OpenAi, Some(key)) => request.header("authorization", format!("Bearer {key}")),
                (Dialect::Anthropic, Some(key)) => request.header("x-api-key", key),
                (_, None) => request,
            };
            if self.dialect == Dialect::Anthropic {
                request = request.header("anthropic-version", "2023-06-01");
            }
            let answered = request.send(body.to_string());
            let mut response =
                answered.map_err(|fault| fail(format!("it cannot be asked: {}", in_words(&fault))))?;
            let status = response.status().as_u16();
            let wait = retry_after(&response);
            let text = response
                .body_mut()
                .with_config()
                .limit(MOST_BYTES)
                .lossy_utf8(true)
                .read_to_string()
                .map_err(|fault| fail(format!("its answer broke off: {fault}")))?;
            if status == 200 {
                return match self.dialect {
                    Dialect::OpenAi => reply::openai(&text),
                    Dialect::Anthropic => reply::anthropic(&text),
                }
                .map_err(fail);
            }
            let busy = status == 429 || status == 529 || (500..600).contains(&status);
            if !busy || tried == TRIES {
                return Err(fail(reply::refusal(status, &text, tried)));
            }
            let wait = wait.unwrap_or(Duration::from_secs(1 << tried)).min(LONGEST_PAUSE);
            if !pause(wait) {
                return Err(LoreError::Cancelled);
            }
        }
    }

    fn openai_body(&self, question: &Question) -> Value {
        json!({
            "model": self.model,
            "messages": [
                {"role": "system", "content": question.system},
                {"role": "user", "content": question.user},
            ],
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "lore", "strict": true, "schema": shape(&question.schema)},
            },
            "seed": question.seed,
            "max_tokens": most_tokens(question),
        })
    }

    fn anthropic_body(&self, question: &Question) -> Value {
        json!({
            "model": self.model,
            "system": question.system,
            "messages": [{"role": "user", "content": question.user}],
            "output_config": {"format": {"type": "json_schema", "schema": shape(&question.schema)}},
            "max_tokens": most_tokens(question),
        })
    }
}

/// The schema without lengths, which not every endpoint takes; the instructions say them, and the answer is held to them.
fn shape(schema: &Value) -> Value {
    let mut shape = schema.clone();
    if let Some(properties) = shape["properties"].as_object_mut() {
        for property in properties.values_mut() {
            if let Some(property) = property.as_object_mut() {
                property.remove("minLength");
                property.remove("maxLength");
            }
        }
    }
    shape
}

/// Tokens that an answer may have: no text has more tokens than bytes, and most have a quarter.
fn most_tokens(question: &Question) -> u32 {
    question.most_characters + 128
}

#[cfg(test)]
mod tests;
