//! A node, spoken to as the Ethereum JSON-RPC specification has it.

use std::time::Duration;

use alloy_primitives::{Address, U256, hex};
use salon_remote::{Agent, Patience, client, in_words, retry_after};
use serde_json::{Value, json};

use crate::error::{ContractError, Result};

/// Waits, and says whether to go on.
pub type Pause = Box<dyn Fn(Duration) -> bool + Send + Sync>;

/// Longest answer, in bytes.
const MOST_BYTES: u64 = 64 << 20;
/// How often a question is asked while a node is busy or troubled.
const TRIES: u32 = 4;
/// Longest pause between two of them.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// Longest wait for an answer.
const PATIENCE: Duration = Duration::from_mins(1);
/// Questions that travel together.
const BATCH: usize = 100;
/// What nodes answer in JSON where others answer 429 (EIP-1474: limit exceeded).
const LIMIT_EXCEEDED: i64 = -32005;

/// A node of some chain.
pub struct Node {
    agent: Agent,
    address: String,
    host: String,
    pause: Pause,
}

/// What a node says of a question that it would not answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) code: i64,
    pub(crate) message: String,
    /// What a contract said, where one spoke.
    pub(crate) data: Option<Vec<u8>>,
}

/// A node's answer to one question.
pub(crate) type Answer = std::result::Result<Value, Fault>;

impl Node {
    /// The node at an address (`https://…`, `http://127.0.0.1:8545`). Nothing is asked yet; `pause` waits between tries.
    pub fn new(address: &str, pause: Pause) -> Result<Self> {
        let named = salon_remote::Address::parse(address).map_err(|fault| {
            // What stands before an `@` is nobody's to read.
            let shown = address.trim().rsplit('@').next().unwrap_or_default();
            wrong(shown, &fault.to_string())
        })?;
        Ok(Self {
            agent: client(&named, Patience::Whole(PATIENCE)).map_err(|fault| wrong(named.host(), &fault))?,
            address: address.trim().to_owned(),
            host: named.host().to_owned(),
            pause,
        })
    }

    /// The machine, with its port; never the path, which may hold a key.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Waits, or stops the work.
    pub(crate) fn wait(&self, pause: Duration) -> Result<()> {
        if (self.pause)(pause) {
            Ok(())
        } else {
            Err(ContractError::Cancelled)
        }
    }

    pub(crate) fn fail(&self, fault: impl Into<String>) -> ContractError {
        ContractError::Node {
            host: self.host.clone(),
            fault: fault.into(),
        }
    }

    /// Asks; what the node would not answer is an error.
    pub(crate) fn ask(&self, method: &str, parameters: &Value) -> Result<Value> {
        self.try_ask(method, parameters)?
            .map_err(|fault| self.fail(format!("`{method}`: {} ({})", fault.message, fault.code)))
    }

    /// Asks; what the node would not answer is part of what it says.
    pub(crate) fn try_ask(&self, method: &str, parameters: &Value) -> Result<Answer> {
        let mut answers = self.exchange(&question(0, method, parameters), TRIES)?;
        self.sort(&mut answers, 1, method)
            .map(|mut sorted| sorted.remove(0))
    }

    /// Asks once and never again: what changes the chain must not happen twice.
    pub(crate) fn ask_once(&self, method: &str, parameters: &Value) -> Result<Answer> {
        let mut answers = self.exchange(&question(0, method, parameters), 1)?;
        self.sort(&mut answers, 1, method)
            .map(|mut sorted| sorted.remove(0))
    }

    /// Asks many questions of one kind, as many together as nodes take; one by one where a node takes no batches.
    pub(crate) fn ask_all(&self, method: &str, parameters: &[Value]) -> Result<Vec<Answer>> {
        let mut answers = Vec::with_capacity(parameters.len());
        let mut together = true;
        for chunk in parameters.chunks(BATCH) {
            if together && chunk.len() > 1 {
                let questions = chunk.iter().enumerate();
                let questions = questions.map(|(id, parameters)| question(id, method, parameters));
                let mut answered = self.exchange(&Value::Array(questions.collect()), TRIES)?;
                if answered.is_array() {
                    answers.extend(self.sort(&mut answered, chunk.len(), method)?);
                    continue;
                }
                together = false;
            }
            for parameters in chunk {
                answers.push(self.try_ask(method, parameters)?);
            }
        }
        Ok(answers)
    }

    /// Answers in the order of their questions, whatever order the node took.
    fn sort(&self, answered: &mut Value, count: usize, method: &str) -> Result<Vec<Answer>> {
        let mut sorted: Vec<Option<Answer>> = vec![None; count];
        let single = std::slice::from_mut(answered);
        let answers = match single {
            [Value::Array(answers)] => answers.as_mut_slice(),
            _ => single,
        };
        for answer in answers {
            let place = match answer["id"].as_u64() {
                Some(id) => usize::try_from(id).ok(),
                // A question that could not be read has no number.
                None if count == 1 && answer["error"].is_object() => Some(0),
                None => None,
            };
            if let (Some(place), Some(answer)) = (place.and_then(|place| sorted.get_mut(place)), read(answer))
            {
                *place = Some(answer);
            }
        }
        let whole: Option<Vec<Answer>> = sorted.into_iter().collect();
        whole.ok_or_else(|| {
            self.fail(format!(
                "its answer to `{method}` is not as JSON-RPC has it: is this the address of a node?"
            ))
        })
    }

    fn exchange(&self, body: &Value, tries: u32) -> Result<Value> {
        let mut tried = 0;
        loop {
            tried += 1;
            let request = self
                .agent
                .post(&self.address)
                .header("content-type", "application/json");
            let answered = request.send(body.to_string());
            let mut response =
                answered.map_err(|fault| self.fail(format!("it cannot be asked: {}", in_words(&fault))))?;
            let status = response.status().as_u16();
            let wait = retry_after(&response);
            let text = response
                .body_mut()
                .with_config()
                .limit(MOST_BYTES)
                .lossy_utf8(true)
                .read_to_string()
                .map_err(|fault| {
                    self.fail(format!(
                        "its answer broke off: {fault}. Try again, or name another node"
                    ))
                })?;
            let said: std::result::Result<Value, _> = serde_json::from_str(&text);
            let limited = matches!(&said, Ok(said) if said["error"]["code"] == LIMIT_EXCEEDED);
            if status == 200 && !limited {
                return said.map_err(|fault| {
                    self.fail(format!(
                        "its answer is no whole JSON ({fault}): try again, or name another node"
                    ))
                });
            }
            let busy = limited || status == 429 || (500..600).contains(&status);
            if !busy
                && let Ok(said) = said
                && said["error"].is_object()
            {
                // Some nodes answer 400 where the JSON says all there is to say.
                return Ok(said);
            }
            if !busy || tried >= tries {
                return Err(self.fail(refusal(status, limited, tried)));
            }
            self.wait(wait.unwrap_or(Duration::from_secs(1 << tried)).min(LONGEST_PAUSE))?;
        }
    }

    /// Asks for a number.
    pub(crate) fn number(&self, method: &str, parameters: &Value) -> Result<U256> {
        let said = self.ask(method, parameters)?;
        quantity(&said).ok_or_else(|| self.fail(format!("`{method}` answers {said}, which is no number")))
    }

    /// The chain that the node is of (EIP-155).
    pub fn chain(&self) -> Result<u64> {
        let id = self.number("eth_chainId", &json!([]))?;
        u64::try_from(id).map_err(|_| self.fail(format!("{id} is no chain's number")))
    }

    /// Accounts that the node itself signs for.
    pub fn unlocked(&self) -> Result<Vec<Address>> {
        // Public nodes do not know the question.
        let said = self.try_ask("eth_accounts", &json!([]))?.unwrap_or_default();
        let accounts = said.as_array().into_iter().flatten();
        Ok(accounts
            .filter_map(|account| account.as_str()?.parse().ok())
            .collect())
    }

    pub(crate) fn code(&self, address: Address, block: &str) -> Result<Vec<u8>> {
        let said = self.ask("eth_getCode", &json!([address, block]))?;
        bytes(&said).ok_or_else(|| self.fail("`eth_getCode` answers what is no code"))
    }
}

fn question(id: usize, method: &str, parameters: &Value) -> Value {
    json!({"jsonrpc": "2.0", "id": id, "method": method, "params": parameters})
}

fn read(answer: &mut Value) -> Option<Answer> {
    if answer["error"].is_object() {
        let error = &answer["error"];
        // The contract's words lie in `data`, or one deeper with some nodes.
        let data = [&error["data"], &error["data"]["data"]]
            .into_iter()
            .find_map(bytes);
        return Some(Err(Fault {
            code: error["code"].as_i64().unwrap_or_default(),
            message: error["message"].as_str().unwrap_or("no reason given").to_owned(),
            data,
        }));
    }
    let fields = answer.as_object_mut()?;
    Some(Ok(fields.remove("result")?))
}

/// A number as JSON-RPC writes it.
pub(crate) fn quantity(said: &Value) -> Option<U256> {
    let digits = said.as_str()?.strip_prefix("0x")?;
    U256::from_str_radix(digits, 16).ok()
}

/// Bytes as JSON-RPC writes them.
pub(crate) fn bytes(said: &Value) -> Option<Vec<u8>> {
    hex::decode(said.as_str()?.strip_prefix("0x")?).ok()
}

fn refusal(status: u16, limited: bool, tried: u32) -> String {
    let times = if tried == 1 {
        "once".to_owned()
    } else {
        format!("{tried} times")
    };
    match status {
        _ if limited => format!("asked {times}, it was over its limit each time: wait, or name another node"),
        429 => format!("asked {times}, it was busy each time (429): wait, or name another node"),
        500..=599 => {
            format!("asked {times}, it was in trouble each time ({status}): wait, or name another node")
        }
        401 | 403 => format!("it refuses to answer ({status}): does its address hold the right key?"),
        300..=399 => format!("it sends elsewhere ({status}): name that address itself"),
        404 => "there is no node at this path (404): is the address whole?".to_owned(),
        _ => format!("it answers {status}: is this the address of a node?"),
    }
}

fn wrong(address: &str, fault: &str) -> ContractError {
    ContractError::NodeAddress {
        address: address.to_owned(),
        fault: fault.to_owned(),
    }
}

#[cfg(test)]
mod tests;
