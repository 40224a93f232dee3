//! The studio over HTTP and WebSocket, for browsers, tests and a second screen on this machine.
//!
//! Owns the routes, who may use them, and the static files of the interface. Every command goes through
//! [`salon_studio::dispatch`]; this crate knows none of them.
//!
//! Must not listen on anything but the loopback interface, answer without the token (static files apart), follow a
//! foreign `Host` or `Origin`, or block a runtime thread with a command.

mod access;
mod commands;
mod events;
mod interface;
mod pictures;
mod serve;
mod upload;

pub use access::Token;
pub use serve::{ServeError, ServeOptions, Serving, serve};
