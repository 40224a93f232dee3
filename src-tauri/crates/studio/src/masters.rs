//! `make_masters`, `try_master`, `master_sets`: an approved set's pictures as they are sold.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use rayon::prelude::*;
use salon_bundle::{Masters, TokenMaster};
use salon_catalog::{MasterRecord, MasterSetRecord};
use salon_domain::{
    ApprovalId, ApprovedMember, ApprovedSet, CancelToken, CandidateId, Digest, DigitalSource, MasterFormat,
    MasterOrder, MasterSetId, MasterSignature, MasterSize, Timestamp,
};
use salon_masters::{Claim, Credential, CredentialError, Master, MasterError};

use crate::Studio;
use crate::api::{
    ApiError, ErrorCode, MakeMasters, MasterFile, MasterSample, MasterSet, MasterSigner, Nothing, TryMaster,
};
use crate::digital_source::digital_source;
use crate::events::lock;
use crate::export::Count;

/// Masters that become rows together: enough to share the disk's waits, few enough that a kill costs little.
const TOGETHER: usize = 32;
/// Memory that masters in the making may take together, in bytes.
const MEMORY: u64 = 2 << 30;
/// What one takes for every pixel: decoded, enlarged, as the encoder wants it.
const BYTES_PER_PIXEL: u64 = 16;
/// The same of one that becomes AVIF, whose encoder looks at several copies: 32 measured, and more where it is transparent.
const BYTES_PER_PIXEL_OF_AVIF: u64 = 40;

/// Longest file of a certificate's chain or of a key, in bytes.
const LONGEST_PEM: u64 = 1 << 20;

/// How masters are made, and with what they are signed.
struct Maker {
    order: MasterOrder,
    credential: Option<Credential>,
}

impl From<MasterSetRecord> for MasterSet {
    fn from(record: MasterSetRecord) -> Self {
        Self {
            id: record.id,
            approval: record.approval,
            order: record.order,
            ordered_at: record.ordered_at,
            withdrawn_at: record.withdrawn_at,
            made: record.made,
            pictures: record.members,
            bytes: record.bytes,
        }
    }
}

/// The error of one picture, with its token and candidate named.
fn naming(member: &ApprovedMember, mut error: ApiError) -> ApiError {
    error.message = format!(
        "token {} (candidate {}): {}",
        member.position, member.candidate, error.message
    );
    error
}

/// What a member's master says of its source, if it says anything.
fn source_of(order: &MasterOrder, member: &ApprovedMember) -> Option<DigitalSource> {
    let known = digital_source(&member.origin, member.recipe.as_ref());
    let says = order.disclosed || order.signature.is_some();
    known.or(order.unknown_source).filter(|_| says)
}

/// Reads what somebody signs with.
fn credential(signer: &MasterSigner, now: Timestamp) -> Result<Credential, ApiError> {
    let chain = small_file(&signer.certificate)?;
    let key = small_file(&signer.key)?;
    Credential::read(&chain, &key, now).map_err(|fault| {
        let named = match fault {
            CredentialError::NoKey | CredentialError::Kind => &signer.key,
            _ => &signer.certificate,
        };
        ApiError::invalid_request(format!("{}: {fault}", named.display()))
    })
}

fn small_file(path: &Path) -> Result<Vec<u8>, ApiError> {
    let told = |fault: &dyn Display| {
        let hints = ["Name a PEM file that is there and may be read."];
        ApiError::new(
            ErrorCode::NotFound,
            format!("{}: {fault}", path.display()),
            &hints,
        )
    };
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(|fault| told(&fault))?;
    file.take(LONGEST_PEM + 1)
        .read_to_end(&mut bytes)
        .map_err(|fault| told(&fault))?;
    if bytes.len() as u64 > LONGEST_PEM {
        return Err(told(&"it is no PEM file of a certificate or a key"));
    }
    Ok(bytes)
}

fn record(order: &MasterOrder, member: &ApprovedMember, master: &Master, sha256: Digest) -> MasterRecord {
    MasterRecord {
        candidate: member.candidate,
        sha256,
        media: master.media,
        width: master.width,
        height: master.height,
        bytes: master.bytes.len() as u64,
        source: source_of(order, member),
    }
}

fn stopped() -> ApiError {
    let hints = ["What was made is kept; ordering the same again makes the rest."];
    ApiError::new(ErrorCode::Cancelled, "the masters were stopped", &hints)
}

impl Studio {
    /// Makes the masters of an approved set, the newest when none is named: those that are not made yet. Blocks until it is
    /// done; progress comes as events of an export, and `cancel_export` stops it.
    pub fn make_masters(&self, request: MakeMasters) -> Result<MasterSet, ApiError> {
        self.writable()?;
        let set = self.signed_set(request.approval)?;
        let maker = self.maker(request.order, request.signer.as_ref())?;
        let id = self.at_work(|tell, cancel| {
            let id = self
                .inner
                .project
                .order_masters(set.id(), &maker.order, self.inner.now())?;
            self.make_missing(id, &maker, &set, tell, cancel)?;
            Ok(id)
        })?;
        let sets = self.inner.project.master_sets()?;
        let made = sets.into_iter().find(|one| one.id == id);
        let made = made.ok_or_else(|| ApiError::internal(format!("the masters {id} are not to be found")))?;
        tracing::info!(masters = %id, approval = %made.approval, made = made.made, bytes = made.bytes, "masters made");
        Ok(made.into())
    }

    /// Makes the master of one picture, to look at: it is kept in memory until the next, and written nowhere.
    pub fn try_master(&self, request: TryMaster) -> Result<MasterSample, ApiError> {
        let set = self.signed_set(request.approval)?;
        let position = request.position.unwrap_or(1);
        let Some(member) = set.members().iter().find(|member| member.position == position) else {
            let count = set.members().len();
            let message = format!("the set has no picture {position}: choose 1 to {count}");
            return Err(ApiError::invalid_request(message));
        };
        let maker = self.maker(request.order, request.signer.as_ref())?;
        let started = Instant::now();
        let (before, made) = self.made(&maker, member)?;
        let took = started.elapsed().as_millis() as u64;
        let record = record(&maker.order, member, &made, Digest::of(&made.bytes));
        *lock(&self.inner.master_sample) = Some((record.sha256, made.bytes));
        let (width, height) = salon_catalog::picture_size(&before, "the picture")?;
        let pictures = set.members().len() as u32;
        let side_by_side = self.side_by_side(&maker.order, &[member]) as u64;
        let unknown = set
            .members()
            .iter()
            .filter(|one| digital_source(&one.origin, one.recipe.as_ref()).is_none());
        Ok(MasterSample {
            position,
            candidate: member.candidate,
            before: MasterFile {
                sha256: member.sha256,
                media: member.media,
                width,
                height,
                bytes: before.len() as u64,
            },
            after: MasterFile {
                sha256: record.sha256,
                media: record.media,
                width: record.width,
                height: record.height,
                bytes: record.bytes,
            },
            source: record.source,
            took_ms: took,
            pictures,
            all_ms: took * u64::from(pictures) / side_by_side.max(1),
            unknown_sources: unknown.count() as u32,
        })
    }

    /// The file of a master by its digest: the one that was tried last, or one that was made.
    pub fn read_master(&self, sha256: &Digest) -> Result<Vec<u8>, ApiError> {
        if let Some((_, bytes)) = lock(&self.inner.master_sample)
            .as_ref()
            .filter(|(tried, _)| tried == sha256)
        {
            return Ok(bytes.clone());
        }
        if !self.inner.project.picture_path(sha256).is_file() {
            let message = format!("the master {sha256} is not in the picture store");
            return Err(ApiError::new(ErrorCode::NotFound, message, &[]));
        }
        Ok(self.inner.project.read_stored_picture(sha256)?)
    }

    /// The masters of every approved set, those that were ordered last at the end; those that another order withdrew are
    /// among them.
    pub fn master_sets(&self, _: Nothing) -> Result<Vec<MasterSet>, ApiError> {
        let sets = self.inner.project.master_sets()?;
        Ok(sets.into_iter().map(MasterSet::from).collect())
    }

    /// What an export of `set` has instead of the pictures that were approved: the masters that it has now, unless they are
    /// not `wanted`.
    pub(crate) fn masters_of(
        &self,
        set: &ApprovedSet,
        wanted: Option<bool>,
    ) -> Result<Option<Masters>, ApiError> {
        if wanted == Some(false) {
            return Ok(None);
        }
        let refused =
            |message: String, hint: &str| Err(ApiError::new(ErrorCode::InvalidRequest, message, &[hint]));
        let Some(found) = self.inner.project.masters_in_force(set.id())? else {
            return match wanted {
                Some(true) => refused(
                    format!("version {} has no masters", set.version()),
                    "Make them first, or export the pictures as they were approved.",
                ),
                _ => Ok(None),
            };
        };
        if found.made < found.members {
            return refused(
                format!(
                    "{} of the {} masters of version {} are made",
                    found.made,
                    found.members,
                    set.version()
                ),
                "Make the rest, or export the pictures as they were approved.",
            );
        }
        let made = self.inner.project.masters(found.id)?;
        let of: BTreeMap<CandidateId, TokenMaster> = made
            .into_iter()
            .map(|master| {
                let file = TokenMaster {
                    sha256: master.sha256,
                    media: master.media,
                    width: master.width,
                    height: master.height,
                    source: master.source,
                };
                (master.candidate, file)
            })
            .collect();
        Ok(Some(Masters {
            order: found.order,
            of,
        }))
    }

    /// The approved set, the newest when none is named.
    pub(crate) fn signed_set(&self, approval: Option<ApprovalId>) -> Result<ApprovedSet, ApiError> {
        self.inner.project.approved_set(approval)?.ok_or_else(|| {
            let hints = ["Accept candidates, sign them off on the Approve page, then go on."];
            ApiError::new(ErrorCode::InvalidRequest, "nothing is approved yet", &hints)
        })
    }

    fn make_missing(
        &self,
        id: MasterSetId,
        maker: &Maker,
        set: &ApprovedSet,
        tell: &Count<'_>,
        cancel: &CancelToken,
    ) -> Result<(), ApiError> {
        let project = &self.inner.project;
        let made = project.masters(id)?;
        // A file that was lost is made again, since the same order gives the same bytes; but not one that was signed.
        let signed = maker.credential.is_some();
        let there = made
            .iter()
            .filter(|master| signed || project.picture_path(&master.sha256).is_file());
        let there: BTreeSet<CandidateId> = there.map(|master| master.candidate).collect();
        let missing: Vec<&ApprovedMember> = set
            .members()
            .iter()
            .filter(|member| !there.contains(&member.candidate))
            .collect();
        let total = set.members().len() as u64;
        let done = AtomicU64::new(total - missing.len() as u64);
        let side_by_side = self.side_by_side(&maker.order, &missing);
        let together = if side_by_side < rayon::current_num_threads() {
            side_by_side
        } else {
            TOGETHER.max(side_by_side)
        };
        for some in missing.chunks(together) {
            let made: Vec<Result<MasterRecord, ApiError>> = some
                .par_iter()
                .map(|member| {
                    if cancel.is_cancelled() {
                        return Err(stopped());
                    }
                    let (_, master) = self.made(maker, member)?;
                    let name = format!("the master of token {}", member.position);
                    let sha256 = project.store_file(&master.bytes, &name)?;
                    let record = record(&maker.order, member, &master, sha256);
                    tell("making masters", done.fetch_add(1, Ordering::Relaxed) + 1, total);
                    Ok(record)
                })
                .collect();
            let whole = made.iter().filter_map(|one| one.as_ref().ok().copied());
            project.keep_masters(id, &whole.collect::<Vec<_>>(), self.inner.now())?;
            made.into_iter().collect::<Result<Vec<_>, _>>()?;
        }
        Ok(())
    }

    /// How many masters can be made at once without taking more memory than there should be.
    fn side_by_side(&self, order: &MasterOrder, members: &[&ApprovedMember]) -> usize {
        let pixels = |member: &&ApprovedMember| {
            let size = self.inner.project.stored_picture_size(&member.sha256);
            // What cannot be read is refused when it is made.
            let (width, height) = size.ok().flatten().unwrap_or((1, 1));
            let (width, height) = (u64::from(width), u64::from(height));
            match order.size {
                MasterSize::Keep => width * height,
                MasterSize::Times { factor } => width * height * u64::from(factor).pow(2),
                MasterSize::Longest { pixels } => (width * height).max(u64::from(pixels).pow(2)),
            }
        };
        let most = members.par_iter().map(pixels).max().unwrap_or(1);
        let each = match order.format {
            MasterFormat::Avif { .. } => BYTES_PER_PIXEL_OF_AVIF,
            _ => BYTES_PER_PIXEL,
        };
        let room = (MEMORY / (most * each).max(1)).max(1);
        rayon::current_num_threads().min(usize::try_from(room).unwrap_or(usize::MAX))
    }

    /// An order that can be carried out, with the signer's certificate in it.
    fn maker(&self, mut order: MasterOrder, signer: Option<&MasterSigner>) -> Result<Maker, ApiError> {
        let checked = order.check();
        let checked = checked.and_then(|()| signer.map_or(Ok(()), |_| order.check_signable()));
        checked.map_err(|fault| ApiError::invalid_request(fault.to_string()))?;
        let credential = signer
            .map(|signer| credential(signer, self.inner.now()))
            .transpose()?;
        let signature = signer.zip(credential.as_ref());
        order.signature = signature.map(|(signer, credential)| MasterSignature {
            certificate: credential.fingerprint(),
            training: signer.training,
        });
        Ok(Maker { order, credential })
    }

    /// A member's file and the master of it.
    fn made(&self, maker: &Maker, member: &ApprovedMember) -> Result<(Vec<u8>, Master), ApiError> {
        let bytes = self
            .inner
            .project
            .read_stored_picture(&member.sha256)
            .map_err(|fault| naming(member, fault.into()))?;
        let refused = |fault: MasterError| naming(member, ApiError::invalid_request(fault.to_string()));
        let source = source_of(&maker.order, member);
        let mut master = salon_masters::make(&bytes, &maker.order, source).map_err(refused)?;
        if let Some((signature, credential)) = maker.order.signature.zip(maker.credential.as_ref()) {
            let claim = Claim {
                source,
                training: signature.training,
            };
            master.bytes = salon_masters::sign(&master.bytes, claim, credential).map_err(refused)?;
        }
        Ok((bytes, master))
    }
}
