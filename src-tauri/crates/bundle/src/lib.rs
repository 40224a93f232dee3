//! Bundles: what leaves the studio for IPFS.
//!
//! Owns the byte forms (UnixFS, dag-pb, CAR v1), the content identifier of any file or folder, the export of an
//! approved set into a marketplace folder with its CAR, the forms that other marketplaces take, and the verification
//! that reads everything back.
//!
//! Must not know of a database, a model, a window or the network. A bundle is made from a
//! [`salon_domain::ApprovedSet`] and from nothing else; pictures are asked for by their SHA-256. The clock is never
//! read and no random number is drawn: the same approved set gives the same bytes, whatever the thread count.

mod car;
mod documents;
mod error;
mod export;
mod pack;
mod pictures;
mod positioned;
mod profile;
mod reading;
mod staging;
mod target;
mod unixfs;
mod verify;
mod watch;

pub use cid::Cid;
pub use documents::TokenText;
pub use error::{BundleError, Result};
pub use export::{CollectionInfo, ExportOrder, ExportReport, export};
pub use pack::{CarReport, CidReport, cid_of_path, cid_of_reader};
pub use pictures::PictureSource;
pub use profile::{ParseProfileError, Profile};
pub use target::{
    Creator, Row, Target, TargetFault, TargetOrder, TargetReport, Terms, Uris, check_target, write_target,
};
pub use verify::{Check, Failure, VerificationReport, verify};
pub use watch::{Progress, Step, Watch};
