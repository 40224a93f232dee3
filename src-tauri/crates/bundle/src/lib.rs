//! Bundles: what leaves the studio for IPFS.
//!
//! Owns the byte forms (UnixFS, dag-pb, CAR, ANS-104), the content identifier of any file or folder, the export of an
//! approved set into a marketplace folder with its CAR, the forms that other marketplaces take, and the verification
//! that reads everything back.
//!
//! Must not know of a database, a model, a window or the network. A bundle is made from a
//! [`salon_domain::ApprovedSet`] and from nothing else; pictures are asked for by their SHA-256. The clock is never
//! read: the same approved set gives the same bytes, whatever the thread count. Random are only the salts of RSA
//! signatures for Arweave. A key is read from the file that its user names, used, and neither kept nor told.

mod agreement;
mod ans104;
mod car;
mod delta;
mod diff;
mod documents;
mod error;
mod export;
mod materials;
mod pack;
mod pictures;
mod positioned;
mod profile;
mod provenance_hash;
mod reading;
mod staging;
mod summary;
mod target;
mod unixfs;
mod verify;
mod watch;

pub use agreement::{Agreement, Answer, Part, TOOLS, Tool, agreement};
pub use car::write::CarVersion;
pub use cid::Cid;
pub use delta::{DeltaReport, write_delta};
pub use diff::{BundleDiff, DiffSide, TokenChange, TokenDiff, diff};
pub use documents::{TokenMaster, TokenText};
pub use error::{BundleError, Result};
pub use export::{CollectionInfo, ExportOrder, ExportReport, Masters, export};
pub use materials::{
    Material, MaterialFacts, MaterialKind, MaterialUse, Materials, TrainingData, Withdrawal, Withdrawn,
    materials, withdraw,
};
pub use pack::{CarFile, CarReport, CidReport, cid_of_path, cid_of_reader};
pub use pictures::PictureSource;
pub use profile::{ParseProfileError, Profile};
pub use provenance_hash::provenance_hash;
pub use summary::BundleSummary;
pub use target::{
    Creator, Row, SignedBundle, Target, TargetFault, TargetOrder, TargetReport, Terms, Uris, check_target,
    write_target,
};
pub use verify::{
    Check, Contents, Difference, Failure, Fetch, Held, VerificationReport, contents, differences,
    token_of_place, verify, verify_blocks,
};
pub use watch::{Progress, Step, Watch};
