//! ANS-104: many signed data items in one file, which is uploaded to Arweave as the data of one transaction.
//!
//! An item's id is the SHA-256 of its signature, so that addresses are known as soon as it is signed, and not before. What
//! is signed is a deep hash of everything in the item (SHA-384). Source: the Arweave Network Standards, `ans/ANS-104.md`.

pub(crate) mod item;
pub(crate) mod kept;
pub(crate) mod key;
pub(crate) mod read;
pub(crate) mod write;
