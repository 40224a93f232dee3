//! The Pinning Service API 1.0 (ipfs.github.io/pinning-services-api-spec): the service fetches the blocks by itself.

use std::time::Duration;

use salon_remote::Address;
use serde_json::{Value, json};

use crate::errand::{Errand, Parcel, Published, Reached, Stage};
use crate::error::{PublishError, Result};
use crate::machine::{Answer, Machine};
use crate::names::{encoded, said};

/// What the key must allow.
const RIGHT: &str = "list and add pins";
/// First and longest pause between two looks at a pin that is not there yet.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// How long a pin is waited for in one go. Going on later asks for the same one.
const LONGEST_WAIT: Duration = Duration::from_mins(30);

/// What a service says of a pin.
struct Pin {
    request: String,
    status: String,
    cid: String,
    info: String,
}

/// Asks the service for a pin of the root and waits until it has it. A pin that is there already, or on its way, is taken.
pub(crate) fn pin(
    address: Address,
    parcel: &Parcel<'_>,
    name: Option<&str>,
    origins: &[String],
    mut reached: Reached,
    errand: &Errand<'_>,
) -> Result<Published> {
    let machine = Machine::new(address, errand)?;
    errand.tell(Stage::Asking, 0, 0);
    let kept = reached.request.take();
    let mut pin = match kept
        .map(|request| look(&machine, &request))
        .transpose()?
        .flatten()
    {
        Some(pin) if pin.status != "failed" => pin,
        // One that failed, or that the service has forgotten, is asked for anew.
        _ => match existing(&machine, parcel.root_cid)? {
            Some(pin) => pin,
            None => ask_for(&machine, parcel, name.unwrap_or(parcel.name), origins)?,
        },
    };
    reached.request = Some(pin.request.clone());
    errand.keep(&reached)?;
    let (mut pause, mut waited) = (FIRST_PAUSE, Duration::ZERO);
    loop {
        if pin.cid != parcel.root_cid {
            return Err(PublishError::AnotherRoot {
                host: machine.host(),
                expected: parcel.root_cid.into(),
                found: pin.cid,
            });
        }
        match pin.status.as_str() {
            "pinned" => {
                return Ok(Published {
                    said: "pinned".into(),
                    sent: reached.sent,
                });
            }
            "queued" | "pinning" => {}
            "failed" => {
                return Err(machine.refuse(format!(
                    "the pin failed. The service fetches the blocks by itself: can it reach a node that has them? Go on to ask once \
                     more{}",
                    said(&pin.info)
                )));
            }
            other => {
                return Err(machine.refuse(format!(
                    "it calls the pin \"{other}\", which the Pinning Service API does not know: is this the right address?"
                )));
            }
        }
        if waited >= LONGEST_WAIT {
            return Err(PublishError::Machine {
                host: machine.host(),
                fault: format!(
                    "the pin is still {} after {} minutes. Can the service reach a node that has the blocks? Go on later: it is \
                     asked for the same one",
                    pin.status,
                    LONGEST_WAIT.as_secs() / 60
                ),
            });
        }
        errand.tell(Stage::Waiting, 0, 0);
        errand.wait(pause)?;
        waited += pause;
        pause = (pause * 2).min(LONGEST_PAUSE);
        let request = pin.request;
        pin = look(&machine, &request)?.ok_or_else(|| {
            machine.refuse("it has forgotten the pin that it was asked for: go on to ask once more")
        })?;
    }
}

/// The pin of a request; none where the service does not know it.
fn look(machine: &Machine<'_>, request: &str) -> Result<Option<Pin>> {
    let path = format!("/pins/{}", encoded(request, false));
    let answer = machine.ask(|| (machine.question("GET", &path), String::new()))?;
    if answer.status == 404 {
        return Ok(None);
    }
    let value = document(machine, &answer)?;
    read(machine, &value).map(Some)
}

/// A pin of the root that the service has or works on.
fn existing(machine: &Machine<'_>, root: &str) -> Result<Option<Pin>> {
    let path = format!(
        "/pins?cid={}&status=pinned,pinning,queued&limit=10",
        encoded(root, false)
    );
    let answer = machine.ask(|| (machine.question("GET", &path), String::new()))?;
    let value = document(machine, &answer)?;
    let Some(results) = value["results"].as_array() else {
        return Err(nonsense(machine));
    };
    let mut pins = results
        .iter()
        .map(|result| read(machine, result))
        .collect::<Result<Vec<_>>>()?;
    pins.retain(|pin| pin.cid == root);
    // One that is there before one that may yet come.
    pins.sort_by_key(|pin| pin.status != "pinned");
    Ok(pins.into_iter().next())
}

fn ask_for(machine: &Machine<'_>, parcel: &Parcel<'_>, name: &str, origins: &[String]) -> Result<Pin> {
    let name: String = name.chars().take(255).collect();
    let mut wish = json!({"cid": parcel.root_cid, "name": name});
    if !origins.is_empty() {
        wish["origins"] = json!(origins);
    }
    let question = || {
        let question = machine
            .question("POST", "/pins")
            .header("content-type", "application/json");
        (question, wish.to_string())
    };
    let answer = machine.ask(question)?;
    read(machine, &document(machine, &answer)?)
}

fn document(machine: &Machine<'_>, answer: &Answer) -> Result<Value> {
    if !answer.is_fine() {
        return Err(machine.refusal(answer, RIGHT, 0));
    }
    serde_json::from_str(&answer.text).map_err(|_| nonsense(machine))
}

fn read(machine: &Machine<'_>, value: &Value) -> Result<Pin> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let info = value["info"].as_object();
    let info = info.map(|info| {
        let words = info.values().filter_map(Value::as_str);
        words.collect::<Vec<_>>().join(", ")
    });
    let pin = || {
        Some(Pin {
            request: text(&value["requestid"]).filter(|request| !request.is_empty())?,
            status: text(&value["status"])?,
            cid: text(&value["pin"]["cid"])?,
            info: info.unwrap_or_default(),
        })
    };
    pin().ok_or_else(|| nonsense(machine))
}

fn nonsense(machine: &Machine<'_>) -> PublishError {
    machine.refuse(
        "its answer is not as the Pinning Service API has it: is this the address of one, up to `/pins`?",
    )
}
