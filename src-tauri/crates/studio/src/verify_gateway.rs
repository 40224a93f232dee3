//! `verify_gateway`: whether everything of a bundle can be had through a gateway, and is what it should be.

use std::collections::BTreeSet;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use salon_bundle::{Contents, Failure, Held, Profile, Watch, cid_of_reader, token_of_place};
use salon_domain::CancelToken;
use salon_publish::{Destination, Gateway, Protocol};

use crate::Studio;
use crate::api::{ApiError, ErrorCode, GatewayFault, GatewayReport, VerifyGateway};
use crate::events::lock;
use crate::publish::pause;

/// Blocks or files that are asked for at once.
const TOGETHER: usize = 8;
/// Longest wait for a piece of an answer, unless somebody has more.
const PATIENCE: Duration = Duration::from_secs(30);
/// Faults that are spelt out; the others are counted.
const MOST_FAULTS: usize = 100;

/// Hears how far a look is: the stage, bytes done and of how many.
pub type Tell<'a> = dyn Fn(&str, u64, u64) + Sync + 'a;

/// Asks a gateway for everything under a root, and hashes all of it. What is wrong is in the report, not an error.
pub fn verify_gateway(
    request: &VerifyGateway,
    tell: &Tell<'_>,
    cancel: &CancelToken,
) -> Result<GatewayReport, ApiError> {
    place(request).check()?;
    let rest = |left| pause(cancel, left);
    let gateway = Gateway::new(&request.gateway, PATIENCE, &rest, cancel)?;
    let expected = request
        .path
        .as_deref()
        .map(|path| held(path, tell, cancel))
        .transpose()?;
    let root = match (&request.root, &expected) {
        (Some(root), _) => root.trim().to_owned(),
        (None, Some(expected)) => expected.root_cid.clone(),
        (None, None) => {
            let hints = ["Name the bundle's folder, or a root with --root."];
            let message = "nothing says what the gateway is to be asked for";
            return Err(ApiError::new(ErrorCode::InvalidRequest, message, &hints));
        }
    };
    if gateway.gives_blocks(&root)? {
        by_blocks(&gateway, &root, expected.as_ref(), tell, cancel)
    } else if let Some(expected) = &expected {
        by_files(&gateway, &root, expected, tell, cancel)
    } else {
        let message = format!(
            "{} gives no single blocks, and nothing says which files there are",
            gateway.host()
        );
        let hints = ["Name the bundle's folder too: its files are then asked for by their paths."];
        Err(ApiError::new(ErrorCode::InvalidRequest, message, &hints))
    }
}

/// The gateway as a machine that may be called.
pub(crate) fn place(request: &VerifyGateway) -> Destination {
    Destination {
        address: request.gateway.clone(),
        in_the_clear: request.in_the_clear,
        service: Protocol::Kubo,
    }
}

/// What the bundle holds here, which must be whole.
fn held(path: &Path, tell: &Tell<'_>, cancel: &CancelToken) -> Result<Contents, ApiError> {
    let car = if path.is_dir() {
        path.join("bundle.car")
    } else {
        path.to_path_buf()
    };
    let told = |progress: salon_bundle::Progress| tell("reading the bundle", progress.done, progress.total);
    let (report, contents) = salon_bundle::contents(&car, Watch::new(&told, cancel))?;
    match (report.failures.first(), contents) {
        (None, Some(contents)) => Ok(contents),
        (fault, _) => {
            let fault = fault.map_or_else(|| "it is no CAR".to_owned(), ToString::to_string);
            let message = format!("{} is not whole itself: {fault}", car.display());
            let hints = ["Export the set once more, or ask by root alone with --root."];
            Err(ApiError::new(ErrorCode::InvalidRequest, message, &hints))
        }
    }
}

fn by_blocks(
    gateway: &Gateway<'_>,
    root: &str,
    expected: Option<&Contents>,
    tell: &Tell<'_>,
    cancel: &CancelToken,
) -> Result<GatewayReport, ApiError> {
    let total = expected.map_or(0, |expected| expected.files().map(|(_, held)| held.bytes).sum());
    let told = |progress: salon_bundle::Progress| tell("asking for blocks", progress.done, progress.total);
    let fetch = |cid: &str| gateway.block(cid).map_err(|miss| miss.0);
    let (report, found) =
        salon_bundle::verify_blocks(root, &fetch, TOGETHER, total, Watch::new(&told, cancel))?;
    let checked = report.checks.iter().find(|check| check.name == "blocks");
    let mut faults: Vec<GatewayFault> = report.failures.iter().map(fault_of).collect();
    if let Some(expected) = expected {
        let named: BTreeSet<String> = faults.iter().map(|fault| fault.path.clone()).collect();
        for difference in salon_bundle::differences(expected, &found) {
            if !named.contains(&difference.path) {
                faults.push(GatewayFault {
                    token: token_of_place(&difference.path),
                    path: difference.path,
                    fault: difference.fault,
                });
            }
        }
    }
    let tokens = expected.unwrap_or(&found).tokens();
    let mut finished = finish(gateway, root, "blocks", faults, &tokens);
    finished.checked = checked.map_or(0, |check| check.count);
    finished.more_faults += report.more_failures;
    Ok(finished)
}

/// A failure of the walk, in words that say what became of a block.
fn fault_of(failure: &Failure) -> GatewayFault {
    let path = failure.place.split(" part ").next().unwrap_or_default();
    let path = path.split(" link ").next().unwrap_or_default().to_owned();
    let fault = match failure.expected.strip_prefix("block ") {
        Some(cid) if failure.found.starts_with("bytes that hash") => {
            format!("changed: block {cid} came as {}", failure.found)
        }
        Some(cid) => format!("missing: block {cid}: {}", failure.found),
        None => format!("changed: expected {}, found {}", failure.expected, failure.found),
    };
    GatewayFault {
        token: token_of_place(&path),
        path,
        fault,
    }
}

/// Counts the bytes that go through it.
struct Counted<'a> {
    input: &'a mut dyn Read,
    count: u64,
}

impl Read for Counted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.input.read(buffer)?;
        self.count += count as u64;
        Ok(count)
    }
}

fn by_files(
    gateway: &Gateway<'_>,
    root: &str,
    expected: &Contents,
    tell: &Tell<'_>,
    cancel: &CancelToken,
) -> Result<GatewayReport, ApiError> {
    let files: Vec<(&String, &Held)> = expected.files().collect();
    let total = files.iter().map(|(_, held)| held.bytes).sum();
    let (next, done, fine) = (AtomicUsize::new(0), AtomicU64::new(0), AtomicU64::new(0));
    let faults: Mutex<Vec<GatewayFault>> = Mutex::default();
    std::thread::scope(|scope| {
        for _ in 0..TOGETHER.min(files.len()) {
            scope.spawn(|| {
                while let Some((path, held)) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if cancel.is_cancelled() {
                        break;
                    }
                    match look_at(gateway, root, path, held, cancel) {
                        Ok(()) => {
                            fine.fetch_add(1, Ordering::Relaxed);
                        }
                        Err(fault) => lock(&faults).push(GatewayFault {
                            token: token_of_place(path),
                            path: (*path).clone(),
                            fault,
                        }),
                    }
                    let done = done.fetch_add(held.bytes, Ordering::Relaxed) + held.bytes;
                    tell("asking for files", done, total);
                }
            });
        }
    });
    if cancel.is_cancelled() {
        return Err(salon_publish::PublishError::Cancelled.into());
    }
    let faults = std::mem::take(&mut *lock(&faults));
    let mut finished = finish(gateway, root, "files", faults, &expected.tokens());
    finished.checked = fine.into_inner();
    Ok(finished)
}

/// One file by its path, hashed into the CID that the bundle has for it; what is wrong otherwise.
fn look_at(
    gateway: &Gateway<'_>,
    root: &str,
    path: &str,
    held: &Held,
    cancel: &CancelToken,
) -> Result<(), String> {
    let hashed = gateway.file(root, path, held.bytes, |input| {
        let mut input = Counted { input, count: 0 };
        let quiet = Watch::new(&|_| (), cancel);
        let cid = cid_of_reader(&mut input, Path::new(path), Profile::default(), quiet);
        Ok((cid.map_err(io::Error::other)?.to_string(), input.count))
    });
    let (cid, bytes) = hashed.map_err(|miss| format!("missing: {}", miss.0))?;
    if bytes > held.bytes {
        return Err(format!("changed: it has more than its {} bytes", held.bytes));
    }
    if cid != held.cid {
        return Err(format!("changed: it came as {cid}, and is {}", held.cid));
    }
    Ok(())
}

fn finish(
    gateway: &Gateway<'_>,
    root: &str,
    by: &str,
    mut faults: Vec<GatewayFault>,
    tokens: &[u64],
) -> GatewayReport {
    let of_kind = |kind: &str| {
        faults
            .iter()
            .filter(|fault| fault.fault.starts_with(kind))
            .count() as u64
    };
    let (missing, extra) = (of_kind("missing"), of_kind("extra"));
    let changed = faults.len() as u64 - missing - extra;
    faults.sort_by(|one, next| (one.token, &one.path).cmp(&(next.token, &next.path)));
    let broken: BTreeSet<u64> = faults.iter().filter_map(|fault| fault.token).collect();
    let whole = tokens.iter().filter(|token| !broken.contains(token)).count() as u64;
    let ok = faults.is_empty();
    let more_faults = faults.len().saturating_sub(MOST_FAULTS) as u64;
    faults.truncate(MOST_FAULTS);
    GatewayReport {
        ok,
        host: gateway.host().into(),
        root_cid: root.into(),
        by: by.into(),
        checked: 0,
        tokens: tokens.len() as u64,
        whole,
        missing,
        changed,
        extra,
        faults,
        more_faults,
    }
}

impl Studio {
    /// Asks a gateway for everything under a root, and hashes all of it. Progress comes as that of a publication, and
    /// `cancel_publication` stops it. What it found is kept with the bundle, also that the gateway could not be reached.
    pub fn verify_gateway(&self, request: VerifyGateway) -> Result<GatewayReport, ApiError> {
        let outcome = self.publishing(None, |telling, cancel| {
            let tell = |stage: &str, done, total| telling.tell(stage, done, total);
            verify_gateway(&request, &tell, cancel)
        });
        self.keep_check(&request, &outcome)?;
        outcome
    }
}
