//! Machines on the loopback interface that speak as the published documents of their APIs have it, over real sockets, and
//! fail as they are told to: kubo's RPC, a pinning service, an S3-compatible store, a gateway.

mod car;
mod gateway;
mod http;
mod kubo;
mod pinning;
mod store;

pub use car::{Block, blocks, car_of, root_of};
pub use gateway::{Gateway, Tampered};
pub use http::{Asked, Machine, Reply, serve};
pub use kubo::{Kubo, KuboFault};
pub use pinning::Pinning;
pub use store::{Store, StoreFault};
