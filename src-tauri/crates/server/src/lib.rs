//! The studio over HTTP and WebSocket: for browsers, tests and a second screen on this machine; and, where somebody shares
//! it, for invited guests on the same network.
//!
//! Two doors. [`serve`] listens on the loopback interface; whoever has its token is the one who sits here, and may
//! everything. [`share`] listens on the network, over TLS alone; whoever comes in has an invitation, acts under the name it
//! was made out to, and may what `share::authority` says of their role. Every command goes through
//! [`salon_studio::dispatch`]; what a command means is known there alone.
//!
//! Must not listen on anything but the loopback interface without being told to share, answer without the token or a session
//! (static files apart), follow a foreign `Host` or `Origin`, or block a runtime thread with a command.

mod access;
mod commands;
mod events;
mod interface;
mod pictures;
mod serve;
mod share;
mod upload;

pub use access::Token;
pub use serve::{ServeError, ServeOptions, Serving, serve};
pub use share::{CertificateError, ShareError, ShareOptions, Sharing, share};
