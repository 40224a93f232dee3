//! UnixFS over dag-pb: files as balanced trees of chunks, folders as sorted links or as a HAMT.
//!
//! Byte forms: UnixFS and dag-pb specifications, with two things they leave open settled as kubo settles them: links
//! come before data, and a shard's bitfield is trimmed of its leading zero bytes.

pub(crate) mod dag;
pub(crate) mod dag_pb;
mod directory;
pub(crate) mod hamt;
pub(crate) mod hashing;
pub(crate) mod metadata;
pub(crate) mod varint;
pub(crate) mod walk;
