//! A store that speaks as S3 does: a multipart upload, so that what arrived stays (docs.aws.amazon.com, Amazon S3 API).

mod answer;
mod signature;

use std::collections::BTreeMap;

use salon_domain::Timestamp;
use salon_remote::Address;
use salon_remote::http::request;
use sha2::{Digest as _, Sha256};

use crate::body::Piece;
use crate::destination::Store;
use crate::errand::{Errand, Parcel, Part, Published, Reached, Stage, Upload};
use crate::error::{PublishError, Result};
use crate::machine::{Answer, Machine};
use crate::names::{encoded, hexadecimal};

pub(crate) use answer::text_of;
use signature::{Credentials, Signed};

/// What the key must allow.
const RIGHT: &str = "write objects and list their parts";
/// What it must allow where an upload is given up.
const RIGHT_TO_ABANDON: &str = "abort uploads and list their parts";
/// How often a store is told to drop an upload: a part that was on its way then may have come to rest after it.
const MOST_ABORTS: u32 = 3;

/// A bucket's object on a machine.
struct Object<'a> {
    machine: Machine<'a>,
    /// `/bucket/name`, encoded.
    path: String,
    region: &'a str,
    /// The first half of the key, and the second.
    access: &'a str,
    secret: &'a str,
}

/// Uploads the CAR in parts. Parts that the store has are not sent again.
pub(crate) fn upload(
    address: Address,
    store: &Store,
    parcel: &Parcel<'_>,
    mut reached: Reached,
    errand: &Errand<'_>,
) -> Result<Published> {
    let object = Object::at(address, store, parcel.root_cid, errand)?;
    errand.tell(Stage::Asking, 0, parcel.bytes);
    let known = match reached.upload.take() {
        Some(upload) => object.parts(upload, parcel.bytes)?,
        None => None,
    };
    let mut upload = match known {
        Some(upload) => upload,
        None => {
            // It may have been completed in the moment before it could be written down.
            if let Some(said) = object.whole(parcel, store.import)? {
                return Ok(Published {
                    said,
                    sent: reached.sent,
                });
            }
            Upload {
                id: object.begin(parcel, store.import)?,
                part_bytes: store.part_bytes(parcel.bytes),
                parts: Vec::new(),
            }
        }
    };
    reached.upload = Some(upload.clone());
    errand.keep(&reached)?;
    let count = parcel.bytes.div_ceil(upload.part_bytes).max(1);
    for number in 1..=count as u32 {
        if upload.parts.iter().any(|part| part.number == number) {
            continue;
        }
        let arrived: u64 = upload.parts.len() as u64 * upload.part_bytes;
        let etag = object.send(&upload, number, arrived, parcel, &mut reached)?;
        upload.parts.push(Part { number, etag });
        upload.parts.sort_by_key(|part| part.number);
        reached.upload = Some(upload.clone());
        errand.keep(&reached)?;
    }
    object.complete(&upload)?;
    let said = object.whole(parcel, store.import)?;
    let said = said.ok_or_else(|| {
        object.machine.refuse(
            "it took every part, and does not have the object now: look there, and go on to send it anew",
        )
    })?;
    Ok(Published {
        said,
        sent: reached.sent,
    })
}

/// Has the store drop the parts of an unfinished upload. One that it does not know any more has none.
pub(crate) fn abandon(
    address: Address,
    store: &Store,
    root_cid: &str,
    upload: &Upload,
    errand: &Errand<'_>,
) -> Result<()> {
    let object = Object::at(address, store, root_cid, errand)?;
    errand.tell(Stage::Asking, 0, 0);
    for _ in 0..MOST_ABORTS {
        object.abort(upload)?;
        if object.listed(upload)?.is_none_or(|parts| parts.is_empty()) {
            return Ok(());
        }
    }
    let fault = format!("it was told {MOST_ABORTS} times to drop the upload, and still has parts of it");
    Err(object.machine.refuse(fault))
}

/// What an address has behind its machine.
fn prefix_of(address: &Address) -> String {
    let behind = address.as_str().split_once("://").map_or("", |(_, rest)| rest);
    behind.strip_prefix(address.host()).unwrap_or_default().to_owned()
}

impl<'a> Object<'a> {
    /// The object that a CAR of this root becomes. Refused without a key of two halves.
    fn at(address: Address, store: &'a Store, root_cid: &str, errand: &'a Errand<'a>) -> Result<Self> {
        let Some((access, secret)) = errand.key.and_then(|key| key.split_once(':')) else {
            return Err(PublishError::Refused {
                host: address.host().into(),
                fault: "it needs a key of two halves, ID:SECRET: set it".into(),
            });
        };
        let prefix = prefix_of(&address);
        let name = encoded(&store.object_name(root_cid), true);
        Ok(Self {
            path: format!("{prefix}/{}/{name}", store.bucket),
            machine: Machine::new(address, errand)?,
            region: &store.region,
            access,
            secret,
        })
    }

    /// A signed question about the object. `payload` is the SHA-256 of what is sent.
    fn question(
        &self,
        method: &str,
        query: &[(&str, String)],
        extra: &[(&str, &str)],
        payload: &[u8; 32],
    ) -> request::Builder {
        let now: Timestamp = (self.machine.errand.now)();
        let mut headers: BTreeMap<String, String> = extra
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        headers.insert("host".into(), self.machine.host());
        let signed = Signed {
            method,
            path: &self.path,
            query,
            headers,
            payload: hexadecimal(payload),
        };
        let credentials = Credentials {
            access: self.access,
            secret: self.secret,
            region: self.region,
            service: "s3",
        };
        let address = self.machine.address.as_str();
        let scheme = address.split_once("://").map_or("https", |(scheme, _)| scheme);
        let (query_text, headers) = signed.headers(&credentials, now);
        let mut uri = format!("{scheme}://{}{}", self.machine.host(), self.path);
        if !query_text.is_empty() {
            uri.push('?');
            uri.push_str(&query_text);
        }
        let question = request::Builder::new().method(method).uri(uri);
        headers
            .into_iter()
            .filter(|(name, _)| name != "host")
            .fold(question, |question, (name, value)| question.header(name, value))
    }

    fn ask(
        &self,
        method: &str,
        query: &[(&str, String)],
        extra: &[(&str, &str)],
        text: &str,
    ) -> Result<Answer> {
        let payload: [u8; 32] = Sha256::digest(text).into();
        self.machine
            .ask(|| (self.question(method, query, extra, &payload), text.to_owned()))
    }

    /// Begins an upload; what the store calls it.
    fn begin(&self, parcel: &Parcel<'_>, import: bool) -> Result<String> {
        let mut extra = vec![
            ("content-type", "application/vnd.ipld.car"),
            ("x-amz-meta-root", parcel.root_cid),
        ];
        if import {
            extra.push(("x-amz-meta-import", "car"));
        }
        let answer = self.ask("POST", &[("uploads", String::new())], &extra, "")?;
        if !answer.is_fine() {
            return Err(self.machine.refusal(&answer, RIGHT, parcel.bytes));
        }
        text_of(&answer.text, "UploadId").ok_or_else(|| self.nonsense())
    }

    /// The upload with the parts that the store has of it; none where it does not know it any more.
    fn parts(&self, upload: Upload, whole: u64) -> Result<Option<Upload>> {
        let Some(listed) = self.listed(&upload)? else {
            return Ok(None);
        };
        let mut parts = Vec::new();
        for (number, etag, size) in listed {
            // A part of another length is sent again.
            let from = u64::from(number.saturating_sub(1)) * upload.part_bytes;
            if number > 0 && size == upload.part_bytes.min(whole.saturating_sub(from)) {
                parts.push(Part { number, etag });
            }
        }
        Ok(Some(Upload { parts, ..upload }))
    }

    /// Number, name of the content and length of each part that the store has; none where it does not know the upload.
    fn listed(&self, upload: &Upload) -> Result<Option<Vec<(u32, String, u64)>>> {
        let mut parts = Vec::new();
        let mut after = String::new();
        loop {
            let mut query = vec![("max-parts", "1000".to_owned()), ("uploadId", upload.id.clone())];
            if !after.is_empty() {
                query.insert(1, ("part-number-marker", after.clone()));
            }
            let answer = self.ask("GET", &query, &[], "")?;
            if answer.status == 404 {
                return Ok(None);
            }
            if !answer.is_fine() {
                return Err(self.machine.refusal(&answer, RIGHT, 0));
            }
            parts.extend(answer::parts(&answer.text).ok_or_else(|| self.nonsense())?);
            let next = text_of(&answer.text, "NextPartNumberMarker").unwrap_or_default();
            if text_of(&answer.text, "IsTruncated").as_deref() != Some("true") || next == after {
                break;
            }
            after = next;
        }
        Ok(Some(parts))
    }

    /// Has the store drop the upload (`AbortMultipartUpload`). What it does not know, it has dropped.
    fn abort(&self, upload: &Upload) -> Result<()> {
        let answer = self.ask("DELETE", &[("uploadId", upload.id.clone())], &[], "")?;
        // Any other 404 says nothing of the upload: the address may be wrong.
        let code = text_of(&answer.text, "Code").unwrap_or_default();
        let gone = answer.status == 404 && matches!(code.as_str(), "NoSuchUpload" | "NoSuchBucket");
        if gone || answer.is_fine() {
            return Ok(());
        }
        Err(self.machine.refusal(&answer, RIGHT_TO_ABANDON, 0))
    }

    /// Sends one part; what the store calls its content.
    fn send(
        &self,
        upload: &Upload,
        number: u32,
        arrived: u64,
        parcel: &Parcel<'_>,
        reached: &mut Reached,
    ) -> Result<String> {
        let (machine, errand) = (&self.machine, self.machine.errand);
        let from = u64::from(number - 1) * upload.part_bytes;
        let piece = Piece {
            car: parcel.car,
            from,
            bytes: upload.part_bytes.min(parcel.bytes - from),
            before: Vec::new(),
            after: Vec::new(),
        };
        // The signature holds the part's hash, so that the store refuses one that was damaged on the way.
        let payload = piece.sha256(errand)?;
        let query = [
            ("partNumber", number.to_string()),
            ("uploadId", upload.id.clone()),
        ];
        let mut tried = 0;
        loop {
            tried += 1;
            errand.reserve(reached, piece.length())?;
            let question = self.question("PUT", &query, &[], &payload);
            match machine.send(question, &piece, arrived, parcel.bytes) {
                Ok(answer) if answer.is_fine() => {
                    let etag = answer.header("etag").filter(|etag| !etag.is_empty());
                    return etag.map(str::to_owned).ok_or_else(|| self.nonsense());
                }
                Ok(answer) if answer.status == 404 => {
                    return Err(machine.refuse(format!(
                        "it has forgotten the upload ({}): go on to begin anew",
                        answer.status
                    )));
                }
                Ok(answer) => return Err(machine.refusal(&answer, RIGHT, piece.bytes)),
                Err(trouble) => machine.again(trouble, tried, arrived, parcel.bytes)?,
            }
        }
    }

    /// Makes the object of its parts. A store may answer 200 and tell of its failure below.
    fn complete(&self, upload: &Upload) -> Result<()> {
        let query = [("uploadId", upload.id.clone())];
        let text = answer::completion(&upload.parts);
        let answer = self.ask("POST", &query, &[("content-type", "application/xml")], &text)?;
        // What was completed in a go that was cut off is not there any more: whether the object is, shows next.
        if answer.status == 404 || (answer.is_fine() && text_of(&answer.text, "ETag").is_some()) {
            return Ok(());
        }
        Err(self.machine.refusal(&answer, RIGHT, 0))
    }

    /// What the store says of the object, where it has the whole of it under this root.
    fn whole(&self, parcel: &Parcel<'_>, import: bool) -> Result<Option<String>> {
        let answer = self.ask("HEAD", &[], &[], "")?;
        if answer.status == 404 {
            return Ok(None);
        }
        if !answer.is_fine() {
            return Err(self.machine.refusal(&answer, "read the object's head", 0));
        }
        let length = answer
            .header("content-length")
            .and_then(|length| length.parse().ok());
        let ours = answer.header("x-amz-meta-root") == Some(parcel.root_cid);
        if length != Some(parcel.bytes) || !ours {
            return Ok(None);
        }
        // A store that imports the CAR says which root it found; one that keeps it as a file has nothing to say of that.
        match answer.header("x-amz-meta-cid").filter(|_| import) {
            Some(found) if found != parcel.root_cid => Err(PublishError::AnotherRoot {
                host: self.machine.host(),
                expected: parcel.root_cid.into(),
                found: found.into(),
            }),
            Some(_) => Ok(Some("stored, and imported under the same root".into())),
            None if import => Ok(Some(
                "stored; it does not say yet under which root it imported it".into(),
            )),
            None => Ok(Some("stored".into())),
        }
    }

    fn nonsense(&self) -> PublishError {
        self.machine.refuse(
            "its answer is not as S3's API has it: is this the address of a store, without the bucket?",
        )
    }
}
