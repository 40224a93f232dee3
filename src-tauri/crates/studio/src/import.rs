//! Pictures coming in from files: found, read, stored and made candidates in the background, at low priority.
//!
//! ```text
//! paths ─▶ gather: files, in order ─▶ read: hash, what is known already, decode, thumbnail, texts   (all processors)
//!                                        ─▶ store: files to disk, then one transaction               (one thread)
//! ```
//!
//! A file is decoded once, for the check and the thumbnail together, and stored as it is. A picture that is a candidate
//! already stays that candidate with its verdict, wherever its file lies now. An import is written down when it begins
//! and forgotten when it ends, so that a kill loses nothing; what came in stays in.

mod gather;
mod layers;
mod progress;
mod read;
mod store;
mod watch;
mod work;

pub(crate) use gather::absolute;
pub(crate) use watch::{Folders, Watch, start as start_watching};
pub(crate) use work::{Imports, Task};
