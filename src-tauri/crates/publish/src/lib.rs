//! Getting a bundle's CAR to where its user said, and proving that it arrived.
//!
//! Owns the three ways in (kubo's RPC, the Pinning Service API, an S3-compatible store with its signatures), what each of
//! them has acknowledged, so that a kill costs one piece, and the reading of single blocks and files through a gateway.
//! The root is known before anything is sent; a machine that answers another one is an error.
//!
//! Must not know a bundle's insides, a database or a window: what is kept between two goes, its caller keeps. Sends nothing
//! but the CAR, its root and its name, to the one machine that was named; follows no redirect there; counts every byte
//! before it leaves, under the cap that was set. The clock is an argument.

mod body;
mod destination;
mod errand;
mod error;
mod gateway;
mod kubo;
mod machine;
mod names;
mod pinning;
mod s3;

pub use destination::{Destination, Protocol, ServiceKind, Store};
pub use errand::{Errand, Parcel, Part, Progress, Published, Reached, Stage, Upload};
pub use error::{PublishError, Result};
pub use gateway::{Gateway, Miss};
pub use salon_remote::{KeyFault, Keys};

use names::quoted;

/// Keys of the machines that bundles are sent to.
pub const KEYS: Keys = Keys {
    service: "Salon publishing",
    variable: "SALON_PUBLISH_KEY",
};

/// Has the machine drop what an unfinished publication of this root left there: the parts of an upload (S3). Other services
/// hold nothing that is unfinished, and are not asked.
///
/// # Errors
/// [`PublishError::PartsLeft`] where parts may still be there, with how to remove them; [`PublishError::Cancelled`].
pub fn abandon(
    destination: &Destination,
    root_cid: &str,
    reached: &Reached,
    errand: &Errand<'_>,
) -> Result<()> {
    let (Protocol::S3(store), Some(upload)) = (&destination.service, &reached.upload) else {
        return Ok(());
    };
    let address = destination.check()?;
    let (host, secure) = (address.host().to_owned(), address.is_secure());
    s3::abandon(address, store, root_cid, upload, errand).map_err(|fault| match fault {
        PublishError::Cancelled => PublishError::Cancelled,
        fault => {
            let object = store.object_name(root_cid);
            let scheme = if secure { "https" } else { "http" };
            let command = format!(
                "aws s3api abort-multipart-upload --endpoint-url {scheme}://{host} --bucket {} --key {} --upload-id {}",
                store.bucket,
                quoted(&object),
                quoted(&upload.id)
            );
            PublishError::PartsLeft {
                host,
                bucket: store.bucket.clone(),
                object,
                command,
                fault: Box::new(fault),
            }
        }
    })
}

/// Sends `parcel` to `destination`, or goes on with it from what was `reached`. Blocks until the machine has it.
///
/// # Errors
/// Whatever stopped it, with what to do. All that was acknowledged has been kept by then, and calling it again goes on.
pub fn publish(
    destination: &Destination,
    parcel: &Parcel<'_>,
    reached: Reached,
    errand: &Errand<'_>,
) -> Result<Published> {
    let address = destination.check()?;
    parcel.check()?;
    match &destination.service {
        Protocol::Kubo => kubo::import(address, parcel, reached, errand),
        Protocol::Pinning { name, origins } => {
            pinning::pin(address, parcel, name.as_deref(), origins, reached, errand)
        }
        Protocol::S3(store) => s3::upload(address, store, parcel, reached, errand),
    }
}
