//! Masters: pictures as they are sold.
//!
//! Owns how an approved picture becomes the file that is exported: its size (exactly enlarged, or by a smooth filter), its
//! kind of file, what becomes of the texts in it, and the word in it that says from what kind of source it came. Where
//! about the pixels changes, the pixels' bytes stay as they lie. And the manifest that its maker may sign it with.
//!
//! Must not know of projects, files, clocks or threads. Pure: the same bytes under the same order give the same bytes, on
//! every machine of one kind and with any number of threads.
//!
//! The path of one picture: `decode` → `scale` → `encode` → `container`, which takes texts out and puts words in; or
//! `container` alone.

mod c2pa;
mod container;
mod credential;
mod decode;
mod encode;
mod error;
mod make;
mod scale;
mod xmp;

pub use c2pa::{Claim, sign};
pub use credential::{Credential, CredentialError};
pub use error::{MasterError, Result};
pub use make::{Master, make};
