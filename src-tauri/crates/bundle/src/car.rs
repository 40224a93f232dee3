//! CAR v1: a header, then one section per block; CAR v2: the same with an index. Source: ipld.io, transport/car/carv1.
//!
//! What is written is one byte-exact file per graph: depth-first from the root, the root first, every block once.

pub(crate) mod header;
pub(crate) mod index;
pub(crate) mod one_pass;
pub(crate) mod read;
pub(crate) mod write;
