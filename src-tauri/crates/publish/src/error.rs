//! What can go wrong between a bundle and where it goes, with what to do next. No message repeats a key.

use std::io;
use std::path::PathBuf;

use salon_remote::KeyFault;

/// The result of everything in this crate.
pub type Result<T, E = PublishError> = std::result::Result<T, E>;

/// Why a bundle did not arrive.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// An address, a bucket or another term that cannot be used. Nothing was sent.
    #[error("{0}")]
    Terms(String),
    /// The machine could not be reached, or was busy or troubled each time. Going on later may help.
    #[error("{host}: {fault}")]
    Machine {
        /// The machine.
        host: String,
        /// What happened, and what to do.
        fault: String,
    },
    /// The machine does not take the key.
    #[error("{host} does not take the key ({status}): set the right one, with the right to {what}{said}")]
    NotAllowed {
        /// The machine.
        host: String,
        /// Its status.
        status: u16,
        /// What the key must allow.
        what: &'static str,
        /// What the machine said of it; empty where it said nothing.
        said: String,
    },
    /// The machine has no room for it, or wants to be paid.
    #[error("{host} has no room for {bytes} bytes ({status}): {next}{said}")]
    NoSpace {
        /// The machine.
        host: String,
        /// Its status.
        status: u16,
        /// What was sent.
        bytes: u64,
        /// What to do.
        next: &'static str,
        /// What the machine said of it; empty where it said nothing.
        said: String,
    },
    /// The machine refuses for good.
    #[error("{host}: {fault}")]
    Refused {
        /// The machine.
        host: String,
        /// What happened, and what to do.
        fault: String,
    },
    /// The machine has something else under its name.
    #[error(
        "{host} answers the root {found}, and the bundle's is {expected}: do not use what it shows, and ask its keeper"
    )]
    AnotherRoot {
        /// The machine.
        host: String,
        /// The bundle's.
        expected: String,
        /// The machine's.
        found: String,
    },
    /// The next piece would pass the cap.
    #[error(
        "{sent} of at most {cap} bytes may have left already, and the next piece has {next}: nothing more was sent. Raise the \
         cap to go on"
    )]
    Cap {
        /// Bytes that may have left so far.
        sent: u64,
        /// The cap.
        cap: u64,
        /// Bytes of the next piece.
        next: u64,
    },
    /// The CAR is not what it was.
    #[error("{}: {fault}", path.display())]
    Car {
        /// The file.
        path: PathBuf,
        /// What is wrong, and what to do.
        fault: String,
    },
    /// What was reached could not be kept, so nothing more was sent.
    #[error("what was sent could not be written down, so nothing more was: {0}")]
    NotKept(String),
    /// An unfinished upload could not be given up: the store may still have parts of it.
    #[error("{host} may still have parts of {object} in the bucket {bucket}: {fault}")]
    PartsLeft {
        /// The machine.
        host: String,
        /// The bucket.
        bucket: String,
        /// What the object would have been called.
        object: String,
        /// A command line of AWS's own client that removes them.
        command: String,
        /// Why, and what to do.
        fault: Box<PublishError>,
    },
    /// A key cannot be kept.
    #[error(transparent)]
    Key(#[from] KeyFault),
    /// The work was stopped. What was acknowledged stays, and the next go begins there.
    #[error("stopped as asked; what has arrived stays there, and the next go begins from it")]
    Cancelled,
}

impl PublishError {
    pub(crate) fn car(path: &std::path::Path, fault: &io::Error) -> Self {
        Self::Car {
            path: path.into(),
            fault: format!("it cannot be read ({fault}): export the set once more"),
        }
    }
}
