//! kubo's RPC: `POST /api/v0/dag/import` (docs.ipfs.tech, Kubo RPC API).

use salon_remote::Address;
use serde_json::Value;

use crate::body::Piece;
use crate::errand::{Errand, Parcel, Published, Reached, Stage};
use crate::error::{PublishError, Result};
use crate::machine::{Answer, Machine, Trouble};
use crate::names::said;

/// What the key must allow.
const RIGHT: &str = "import CARs";

/// Imports the CAR and pins its root. A node that has it pinned already is sent nothing.
pub(crate) fn import(
    address: Address,
    parcel: &Parcel<'_>,
    mut reached: Reached,
    errand: &Errand<'_>,
) -> Result<Published> {
    let machine = Machine::new(address, errand)?;
    // No file holds the root that it hashes into, so this stands nowhere in the CAR.
    let boundary = format!("salon-{}", parcel.root_cid);
    let piece = Piece {
        car: parcel.car,
        from: 0,
        bytes: parcel.bytes,
        before: format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"bundle.car\"\r\n\
             Content-Type: application/octet-stream\r\n\r\n"
        )
        .into_bytes(),
        after: format!("\r\n--{boundary}--\r\n").into_bytes(),
    };
    let mut tried = 0;
    loop {
        tried += 1;
        errand.tell(Stage::Asking, 0, parcel.bytes);
        // An answer that was lost may have been the last word of an import that was done.
        if is_pinned(&machine, parcel)? {
            return Ok(Published {
                said: "the node has it, and keeps it pinned".into(),
                sent: reached.sent,
            });
        }
        errand.reserve(&mut reached, piece.bytes)?;
        let question = machine
            .question(
                "POST",
                "/api/v0/dag/import?pin-roots=true&stats=true&allow-big-block=false",
            )
            .header(
                "content-type",
                format!("multipart/form-data; boundary={boundary}"),
            );
        let outcome = machine
            .send(question, &piece, 0, parcel.bytes)
            .and_then(|answer| read(&machine, parcel, &answer));
        match outcome {
            Ok(said) => {
                return Ok(Published {
                    said,
                    sent: reached.sent,
                });
            }
            Err(trouble) => machine.again(trouble, tried, 0, parcel.bytes)?,
        }
    }
}

/// Whether the node keeps the root pinned. What else it answers says that it does not; whether it can be reached shows next.
fn is_pinned(machine: &Machine<'_>, parcel: &Parcel<'_>) -> Result<bool> {
    let root = parcel.root_cid;
    let path = format!("/api/v0/pin/ls?arg={root}&type=recursive");
    match machine.once(machine.question("POST", &path), "") {
        Ok(answer) if answer.is_fine() => {
            let said: Value = serde_json::from_str(&answer.text).unwrap_or_default();
            Ok(said["Keys"][root]["Type"] == "recursive")
        }
        Ok(answer) if matches!(answer.status, 401 | 403) => {
            Err(machine.refusal(&answer, "list pins and import CARs", parcel.bytes))
        }
        // kubo says in a 500 that something is not pinned.
        Ok(_) | Err(Trouble::Passing { .. }) => Ok(false),
        Err(Trouble::Lasting(error)) => Err(error),
    }
}

/// Reads the answer, line by line; gives what it says, in words.
fn read(machine: &Machine<'_>, parcel: &Parcel<'_>, answer: &Answer) -> Result<String, Trouble> {
    if !answer.is_fine() {
        return Err(Trouble::Lasting(machine.refusal(answer, RIGHT, parcel.bytes)));
    }
    let broken = || Trouble::Passing {
        fault: "its answer broke off before it named the root".into(),
        pause: None,
    };
    let (mut pinned, mut blocks) = (false, None);
    for line in answer.text.lines().filter(|line| !line.trim().is_empty()) {
        let line: Value = serde_json::from_str(line).map_err(|_| broken())?;
        if let Some(found) = line["Root"]["Cid"]["/"].as_str() {
            if found != parcel.root_cid {
                return Err(Trouble::Lasting(PublishError::AnotherRoot {
                    host: machine.host(),
                    expected: parcel.root_cid.into(),
                    found: found.into(),
                }));
            }
            let fault = line["Root"]["PinErrorMsg"].as_str().unwrap_or_default();
            if !fault.is_empty() {
                return Err(Trouble::Lasting(machine.refuse(format!(
                    "it took the blocks and did not pin the root, so that it may drop them at any time. Mend that there, and go \
                     on{}",
                    said(fault)
                ))));
            }
            pinned = true;
        } else if let Some(count) = line["Stats"]["BlockCount"].as_u64() {
            blocks = Some(count);
        } else if line["Type"] == "error" || line["Message"].is_string() {
            let fault = line["Message"].as_str().unwrap_or_default();
            return Err(Trouble::Passing {
                fault: format!("the import stopped{}", said(fault)),
                pause: None,
            });
        }
    }
    match (pinned, blocks) {
        (true, Some(blocks)) => Ok(format!("{blocks} blocks imported, the root pinned")),
        // The numbers were asked for, and stand at the end.
        _ => Err(broken()),
    }
}
