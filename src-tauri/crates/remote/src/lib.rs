//! How another machine is called, by the crates whose work it is: `lore`, `contract`, `publish`.
//!
//! Owns what an address must be, the client (TLS over ring with the certificates of this machine, no redirect followed),
//! how long a busy machine asks to be let alone, and where keys lie: in the keyring of the system, by machine. It is the one
//! crate that names an HTTP client.
//!
//! Calls nobody by itself, and knows no machine: who is called, with what and how often, its callers say.

mod address;
mod client;
mod keys;
mod words;

pub use address::{Address, AddressFault};
pub use client::{Patience, client, retry_after};
pub use keys::{KeyFault, Keys};
pub use ureq::{Agent, Body, Error, SendBody, http};
pub use words::in_words;
