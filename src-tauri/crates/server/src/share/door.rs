//! Who is let in: the address asked for, the invitation handed over once, the session at every turn.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use axum::Extension;
use axum::body::Bytes;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use salon_domain::Digest;
use salon_studio::{ApiError, ErrorCode, Guest, Studio};
use serde::Deserialize;
use tokio::sync::{Semaphore, watch};

use super::authority;
use super::limits::Limits;
use super::listener::Peer;
use super::sessions::{self, Sessions};
use crate::access::{kept_to_itself, refuse};
use crate::commands::{json, refused};

/// What a guest's page may do: reach this server and nothing else.
const CONTENT_SECURITY_POLICY: &str = "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' blob: data:; font-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'none'; \
    form-action 'none'; frame-ancestors 'none'";

/// Tokens verified at the same time: each takes memory and a core for a while.
const VERIFIED_AT_ONCE: usize = 2;

/// What the routes share.
pub(crate) struct Door {
    pub(crate) studio: Studio,
    pub(crate) ui: Option<PathBuf>,
    pub(crate) stopping: watch::Receiver<bool>,
    /// Names of this machine, besides the address that a connection reached.
    names: Vec<String>,
    port: u16,
    sessions: Sessions,
    limits: Limits,
    verifying: Semaphore,
}

impl Door {
    pub(crate) fn new(
        studio: Studio,
        names: Vec<String>,
        port: u16,
        ui: Option<PathBuf>,
        stopping: watch::Receiver<bool>,
    ) -> Self {
        Self {
            studio,
            ui,
            stopping,
            names,
            port,
            sessions: Sessions::default(),
            limits: Limits::default(),
            verifying: Semaphore::new(VERIFIED_AT_ONCE),
        }
    }

    /// Whether `host` is what this server is called by whoever reached `local`.
    fn is_ours(&self, host: &str, local: SocketAddr) -> bool {
        let reached = SocketAddr::new(local.ip().to_canonical(), self.port);
        host == reached.to_string()
            || host.rsplit_once(':').is_some_and(|(name, port)| {
                port.parse() == Ok(self.port) && self.names.iter().any(|ours| ours.eq_ignore_ascii_case(name))
            })
    }
}

/// The one value of a header; nothing where there is none, several or no text.
fn single<'a>(headers: &'a HeaderMap, name: &header::HeaderName) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().ok(),
        _ => None,
    }
}

/// Refuses foreign hosts and pages of other origins, and writes the headers that keep a page to itself. For every route.
pub(crate) async fn guard(
    State(door): State<Arc<Door>>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    request: Request,
    next: Next,
) -> Response {
    let headers = request.headers();
    if !single(headers, &header::HOST).is_some_and(|host| door.is_ours(host, peer.local)) {
        let words = "this server answers only to its own address";
        return refuse(StatusCode::FORBIDDEN, words);
    }
    let origin = single(headers, &header::ORIGIN).and_then(|origin| origin.strip_prefix("https://"));
    if headers.contains_key(header::ORIGIN) && !origin.is_some_and(|host| door.is_ours(host, peer.local)) {
        return refuse(StatusCode::FORBIDDEN, "this server answers only to its own pages");
    }
    kept_to_itself(next.run(request).await, CONTENT_SECURITY_POLICY)
}

fn needed() -> ApiError {
    ApiError::new(
        ErrorCode::SignInNeeded,
        "nobody is known by this browser here",
        &["Open the invitation's link."],
    )
}

/// The guest of a cookie, asked of the studio at every turn: an invitation that has ended ends every session at once. Its
/// cookie is remembered, so that a page that is loaded again is told why.
pub(crate) fn guest_of(door: &Door, cookie: &Digest) -> Result<Guest, ApiError> {
    let invitation = door.sessions.find(cookie).ok_or_else(needed)?;
    door.studio.guest(invitation)
}

/// Refuses whoever has no session; hands the guest on. For everything but the static files and the door itself.
pub(crate) async fn require_session(
    State(door): State<Arc<Door>>,
    mut request: Request,
    next: Next,
) -> Response {
    let Some(cookie) = sessions::cookie_of(request.headers()) else {
        return refused(&needed());
    };
    let asked = tokio::task::spawn_blocking(move || guest_of(&door, &cookie));
    match asked.await {
        Ok(Ok(guest)) => {
            request.extensions_mut().insert(guest);
            request.extensions_mut().insert(cookie);
            next.run(request).await
        }
        Ok(Err(error)) => refused(&error),
        Err(fault) => refused(&ApiError::internal(fault.to_string())),
    }
}

fn with_cookie(mut response: Response, cookie: Option<HeaderValue>) -> Response {
    if let Some(cookie) = cookie {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    token: String,
}

/// `POST /session`: an invitation's token for a cookie.
pub(crate) async fn enter(
    State(door): State<Arc<Door>>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    body: Bytes,
) -> Response {
    let address = peer.remote.ip();
    if let Err(wait) = door.limits.attempt(address, Instant::now()) {
        let seconds = wait.as_secs().max(1);
        tracing::warn!(%address, seconds, "too many tries to come in");
        let words = format!("too many tries: wait {seconds} seconds");
        return (
            StatusCode::TOO_MANY_REQUESTS,
            [(header::RETRY_AFTER, seconds.to_string())],
            words,
        )
            .into_response();
    }
    let Ok(Entry { token }) = serde_json::from_slice(&body) else {
        return refused(&ApiError::invalid_request(
            "an invitation's token is expected: {\"token\": …}",
        ));
    };
    let Ok(_turn) = door.verifying.acquire().await else {
        return refused(&ApiError::internal("nobody is let in any more: the server ends"));
    };
    let studio = door.studio.clone();
    let welcomed = tokio::task::spawn_blocking(move || studio.welcome(&token));
    match welcomed.await {
        Ok(Ok(guest)) => match door.sessions.open(guest.invitation) {
            Ok(cookie) => {
                door.limits.succeeded(address);
                tracing::info!(%address, invitation = %guest.invitation, "a guest came in");
                let cookie = sessions::given(&cookie, &guest, door.studio.now());
                with_cookie(json(StatusCode::OK, &told(&guest)), cookie)
            }
            Err(fault) => refused(&ApiError::internal(format!(
                "the operating system gave no random numbers: {fault}"
            ))),
        },
        Ok(Err(error)) => refused(&error),
        Err(fault) => refused(&ApiError::internal(fault.to_string())),
    }
}

/// Who a guest is, and which commands are theirs: the page shows nothing that would be refused.
fn told(guest: &Guest) -> serde_json::Value {
    serde_json::json!({
        "name": guest.name,
        "role": guest.role,
        "expires_at": guest.expires_at,
        "commands": authority::commands_of(guest.role),
    })
}

/// `GET /session`: who this browser is here.
pub(crate) async fn session(Extension(guest): Extension<Guest>) -> Response {
    json(StatusCode::OK, &told(&guest))
}

/// `DELETE /session`: the guest leaves; the invitation stays.
pub(crate) async fn leave(State(door): State<Arc<Door>>, Extension(cookie): Extension<Digest>) -> Response {
    door.sessions.close(&cookie);
    with_cookie(json(StatusCode::OK, &serde_json::json!({})), sessions::taken())
}
