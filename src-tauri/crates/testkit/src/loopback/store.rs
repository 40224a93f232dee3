//! An S3-compatible store: multipart uploads, `HEAD`, and what Filebase says of an imported CAR.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};

use salon_domain::Digest;

use super::car::root_of;
use super::http::{Asked, Machine, Reply, serve};

/// How a part, or the dropping of an upload, goes wrong.
#[derive(Debug, Clone)]
pub enum StoreFault {
    /// It answers this, before it reads anything.
    Answer(Reply),
    /// It breaks off in the middle of what is sent.
    HalfUpload,
    /// It does what it was told, and breaks off before it says so.
    DropBeforeAnswer,
    /// Told to drop an upload, it says that it has, and still has the part that came in at the same time.
    LatePart,
}

#[derive(Default)]
struct Upload {
    path: String,
    meta: BTreeMap<String, String>,
    parts: BTreeMap<u32, Vec<u8>>,
}

#[derive(Default)]
struct State {
    uploads: BTreeMap<String, Upload>,
    objects: BTreeMap<String, (Vec<u8>, BTreeMap<String, String>)>,
    begun: u64,
    resumed: u64,
    /// How often each part of an upload came whole.
    came: BTreeMap<(String, u32), u64>,
    faults: VecDeque<StoreFault>,
    abort_faults: VecDeque<StoreFault>,
    aborted: u64,
    says_root: Option<String>,
}

/// A store.
pub struct Store {
    /// Where it listens.
    pub machine: Machine,
    state: Arc<Mutex<State>>,
}

impl Store {
    /// A store for this access key, whose parts go wrong in this order, and are well after that. `says_root` is what it calls the
    /// root of what it imports, where that is not the CAR's.
    pub fn start(
        access: &str,
        faults: impl IntoIterator<Item = StoreFault>,
        says_root: Option<&str>,
    ) -> Self {
        let state = Arc::new(Mutex::new(State {
            faults: faults.into_iter().collect(),
            says_root: says_root.map(str::to_owned),
            ..State::default()
        }));
        let (told, access) = (
            Arc::clone(&state),
            format!("AWS4-HMAC-SHA256 Credential={access}/"),
        );
        Self {
            machine: serve(move |asked| answer(asked, &told, &access)),
            state,
        }
    }

    /// The bytes of an object, by `/bucket/name`.
    pub fn object(&self, path: &str) -> Option<Vec<u8>> {
        let state = self.state.lock().expect("a test's lock");
        state.objects.get(path).map(|(bytes, _)| bytes.clone())
    }

    /// How many uploads were begun, and how often the part that came most often came whole.
    pub fn uploads(&self) -> (u64, u64) {
        let state = self.state.lock().expect("a test's lock");
        (
            state.begun,
            state.came.values().copied().max().unwrap_or_default(),
        )
    }

    /// How often somebody asked which parts of an upload are there: whoever goes on with it does.
    pub fn resumed(&self) -> u64 {
        self.state.lock().expect("a test's lock").resumed
    }

    /// How many parts came whole, repeated ones counted again.
    pub fn parts(&self) -> u64 {
        self.state.lock().expect("a test's lock").came.values().sum()
    }

    /// How the next times that it is told to drop an upload go wrong.
    pub fn fail_aborts(&self, faults: impl IntoIterator<Item = StoreFault>) {
        self.state.lock().expect("a test's lock").abort_faults = faults.into_iter().collect();
    }

    /// How many uploads are neither completed nor dropped, and how often it was told to drop one.
    pub fn unfinished(&self) -> (usize, u64) {
        let state = self.state.lock().expect("a test's lock");
        (state.uploads.len(), state.aborted)
    }

    /// Forgets every upload that is not completed, as stores do after a while.
    pub fn forget_uploads(&self) {
        self.state.lock().expect("a test's lock").uploads.clear();
    }
}

fn fault(status: u16, code: &str) -> Reply {
    let text =
        format!("<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>{code} it is</Message></Error>");
    Reply::new(status, text).with("content-type", "application/xml")
}

fn etag(bytes: &[u8]) -> String {
    format!("\"{}\"", &Digest::of(bytes).to_string()[..32])
}

fn answer(asked: &mut Asked, state: &Mutex<State>, access: &str) -> Option<Reply> {
    let signed = asked.headers.get("authorization").is_some_and(|said| {
        said.starts_with(access) && said.contains("SignedHeaders=") && said.contains("Signature=")
    });
    if !signed {
        return Some(fault(403, "AccessDenied"));
    }
    let upload = asked.asks("uploadId").to_owned();
    match asked.method.as_str() {
        "PUT" => put(asked, state, &upload),
        "HEAD" => {
            let state = state.lock().expect("a test's lock");
            let Some((bytes, meta)) = state.objects.get(&asked.path) else {
                return Some(Reply::new(404, ""));
            };
            let mut reply = Reply::new(200, "").with("etag", etag(bytes));
            reply.length = Some(bytes.len() as u64);
            for (name, value) in meta {
                reply = reply.with(name, value.clone());
            }
            Some(reply)
        }
        "GET" => {
            let mut state = state.lock().expect("a test's lock");
            state.resumed += 1;
            let Some(upload) = state.uploads.get(&upload) else {
                return Some(fault(404, "NoSuchUpload"));
            };
            let after: u32 = asked.asks("part-number-marker").parse().unwrap_or_default();
            // Two a page, so that pages are turned.
            let page: Vec<_> = upload.parts.range(after + 1..).take(2).collect();
            let last = page.last().map_or(after, |(number, _)| **number);
            let more = upload.parts.range(last + 1..).next().is_some();
            let parts = page.iter().map(|(number, bytes)| {
                format!(
                    "<Part><PartNumber>{number}</PartNumber><ETag>{}</ETag><Size>{}</Size></Part>",
                    etag(bytes).replace('"', "&quot;"),
                    bytes.len()
                )
            });
            let text = format!(
                "<ListPartsResult><NextPartNumberMarker>{last}</NextPartNumberMarker><IsTruncated>{more}</IsTruncated>{}\
                 </ListPartsResult>",
                parts.collect::<String>()
            );
            Some(Reply::new(200, text))
        }
        "POST" if asked.query.contains_key("uploads") => {
            let mut state = state.lock().expect("a test's lock");
            state.begun += 1;
            let id = format!("upload-{}", state.begun);
            let meta = asked
                .headers
                .iter()
                .filter(|(name, _)| name.starts_with("x-amz-meta-"));
            let upload = Upload {
                path: asked.path.clone(),
                meta: meta.map(|(name, value)| (name.clone(), value.clone())).collect(),
                parts: BTreeMap::new(),
            };
            state.uploads.insert(id.clone(), upload);
            let text = format!(
                "<InitiateMultipartUploadResult><UploadId>{id}</UploadId></InitiateMultipartUploadResult>"
            );
            Some(Reply::new(200, text))
        }
        "POST" => complete(asked, state, &upload),
        "DELETE" if !upload.is_empty() => abort(state, &upload),
        _ => Some(fault(405, "MethodNotAllowed")),
    }
}

fn put(asked: &mut Asked, state: &Mutex<State>, id: &str) -> Option<Reply> {
    let fate = state.lock().expect("a test's lock").faults.pop_front();
    match &fate {
        Some(StoreFault::Answer(reply)) => return Some(reply.clone()),
        Some(StoreFault::HalfUpload) => {
            asked.read(asked.length() / 2)?;
            return None;
        }
        _ => {}
    }
    let number: u32 = asked.asks("partNumber").parse().ok()?;
    let bytes = asked.body()?;
    let said = asked.headers.get("x-amz-content-sha256").map(String::as_str);
    if said != Some(Digest::of(&bytes).to_string().as_str()) {
        return Some(fault(400, "XAmzContentSHA256Mismatch"));
    }
    let mut state = state.lock().expect("a test's lock");
    let Some(upload) = state.uploads.get_mut(id) else {
        return Some(fault(404, "NoSuchUpload"));
    };
    let reply = Reply::new(200, "").with("etag", etag(&bytes));
    upload.parts.insert(number, bytes);
    *state.came.entry((id.to_owned(), number)).or_default() += 1;
    (!matches!(fate, Some(StoreFault::DropBeforeAnswer))).then_some(reply)
}

fn abort(state: &Mutex<State>, id: &str) -> Option<Reply> {
    let mut state = state.lock().expect("a test's lock");
    state.aborted += 1;
    let fate = state.abort_faults.pop_front();
    match &fate {
        Some(StoreFault::Answer(reply)) => return Some(reply.clone()),
        Some(StoreFault::HalfUpload) => return None,
        Some(StoreFault::LatePart) => return Some(Reply::new(204, "")),
        _ => {}
    }
    let known = state.uploads.remove(id).is_some();
    match fate {
        Some(StoreFault::DropBeforeAnswer) => None,
        _ if known => Some(Reply::new(204, "")),
        _ => Some(fault(404, "NoSuchUpload")),
    }
}

fn complete(asked: &mut Asked, state: &Mutex<State>, id: &str) -> Option<Reply> {
    let wish = String::from_utf8_lossy(&asked.body()?).replace("&quot;", "\"");
    let mut state = state.lock().expect("a test's lock");
    let Some(upload) = state.uploads.remove(id) else {
        return Some(fault(404, "NoSuchUpload"));
    };
    let whole = upload.parts.iter().all(|(number, bytes)| {
        wish.contains(&format!(
            "<PartNumber>{number}</PartNumber><ETag>{}</ETag>",
            etag(bytes)
        ))
    });
    if !whole || wish.matches("<Part>").count() != upload.parts.len() {
        // As S3 may: 200, and the fault below.
        return Some(fault(200, "InvalidPart"));
    }
    let bytes: Vec<u8> = upload.parts.into_values().flatten().collect();
    let mut meta = upload.meta;
    if meta.get("x-amz-meta-import").is_some_and(|kind| kind == "car") {
        let root = state.says_root.clone().or_else(|| root_of(&bytes));
        meta.insert("x-amz-meta-cid".into(), root.unwrap_or_default());
    }
    let text = format!(
        "<CompleteMultipartUploadResult><ETag>{}</ETag></CompleteMultipartUploadResult>",
        etag(&bytes).replace('"', "&quot;")
    );
    state.objects.insert(upload.path, (bytes, meta));
    Some(Reply::new(200, text))
}
