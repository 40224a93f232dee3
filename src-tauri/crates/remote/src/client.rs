//! The client: TLS over ring, the certificates of this machine, no redirect.

use std::sync::Arc;
use std::time::Duration;

use ureq::tls::{Certificate, RootCerts, TlsConfig};
use ureq::{Agent, http};

use crate::address::Address;

/// Longest wait until a machine answers the telephone at all.
const CONNECT: Duration = Duration::from_secs(15);

/// How long a machine may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Patience {
    /// For the question and the whole answer.
    Whole(Duration),
    /// For each piece that is sent and each that comes, and for the beginning of the answer; the whole may take as long as it
    /// moves. For what is large.
    Moving {
        /// For a piece.
        piece: Duration,
        /// For the beginning of the answer, once everything is sent.
        answer: Duration,
    },
}

/// A client for `address`. It follows no redirect, so that neither what is sent nor a key goes elsewhere, and gives every status
/// as an answer. The fault is in words.
pub fn client(address: &Address, patience: Patience) -> Result<Agent, String> {
    let mut config = Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .timeout_connect(Some(CONNECT))
        .user_agent(concat!("salon/", env!("CARGO_PKG_VERSION")));
    config = match patience {
        Patience::Whole(whole) => config.timeout_global(Some(whole)),
        Patience::Moving { piece, answer } => config
            .timeout_send_request(Some(piece))
            .timeout_per_write(Some(piece))
            .timeout_per_read(Some(answer))
            .timeout_recv_response(Some(answer)),
    };
    if address.is_secure() {
        let found = rustls_native_certs::load_native_certs();
        let certificates: Vec<Certificate<'static>> = found
            .certs
            .iter()
            .map(|certificate| Certificate::from_der(certificate).to_owned())
            .collect();
        if certificates.is_empty() {
            return Err("this machine trusts no certificates: install those of its system".into());
        }
        let tls = TlsConfig::builder()
            .root_certs(RootCerts::new_with_certs(&certificates))
            .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .build();
        config = config.tls_config(tls);
    }
    Ok(config.build().new_agent())
}

/// How long the machine asks to be let alone, where it says so in seconds (RFC 9110, Retry-After).
pub fn retry_after<Body>(response: &http::Response<Body>) -> Option<Duration> {
    let said = response.headers().get("retry-after")?.to_str().ok()?;
    said.trim().parse().ok().map(Duration::from_secs)
}
