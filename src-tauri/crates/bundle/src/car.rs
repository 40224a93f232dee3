//! CAR v1: a header, then one section per block. Source: ipld.io, transport/car/carv1.
//!
//! What is written is one byte-exact file per graph: depth-first from the root, the root first, every block once.

pub(crate) mod header;
pub(crate) mod one_pass;
pub(crate) mod read;
pub(crate) mod write;
