//! Listening: bound first, so that the address can be told; then serving until told to stop.

use std::future::Future;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};
use salon_studio::Studio;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::access::{Token, guard, require_token};
use crate::{commands, events, interface, pictures, upload};

/// Largest request: a picture to start from, in base64. (An approval of 100,000 candidates needs less.)
pub(crate) const LARGEST_BODY: usize = 64 << 20;

/// How to serve.
#[derive(Debug, Clone, Default)]
pub struct ServeOptions {
    /// Port on the loopback interface; 0 takes a free one.
    pub port: u16,
    /// Folder of the built interface; the one built into the program when absent.
    pub ui_dir: Option<PathBuf>,
}

/// Why nothing is served.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The port cannot be had.
    #[error(
        "port {port} of this machine cannot be used: {source}; choose another, or 0 for any that is free"
    )]
    Listen {
        /// The port.
        port: u16,
        /// What the system said.
        source: io::Error,
    },
    /// There is no token without random numbers.
    #[error("the operating system gave no random numbers for the access token: {0}")]
    Random(#[from] getrandom::Error),
}

/// A server that is running.
#[derive(Debug)]
pub struct Serving {
    /// Where it listens.
    pub address: SocketAddr,
    /// The token that opens it.
    pub token: Token,
    task: JoinHandle<io::Result<()>>,
}

/// What the routes share.
#[derive(Clone)]
pub(crate) struct Shared {
    pub(crate) studio: Studio,
    pub(crate) token: Arc<Token>,
    pub(crate) port: u16,
    pub(crate) ui: Option<Arc<PathBuf>>,
    pub(crate) stopping: watch::Receiver<bool>,
}

/// Serves `studio` on the loopback interface until `shutdown` is ready. The address is bound when this returns.
pub async fn serve(
    studio: Studio,
    options: ServeOptions,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<Serving, ServeError> {
    let port = options.port;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await;
    let bound = listener.and_then(|listener| Ok((listener.local_addr()?, listener)));
    let (address, listener) = bound.map_err(|source| ServeError::Listen { port, source })?;
    let token = Token::draw()?;
    let (stop, stopping) = watch::channel(false);
    let shared = Shared {
        studio,
        token: Arc::new(token.clone()),
        port: address.port(),
        ui: options.ui_dir.map(Arc::new),
        stopping,
    };
    let stopped = async move {
        shutdown.await;
        // Open sockets would hold a graceful end up for ever.
        let _ = stop.send(true);
    };
    let routes = routes(shared);
    let task = tokio::spawn(async move {
        axum::serve(listener, routes)
            .with_graceful_shutdown(stopped)
            .await
    });
    tracing::info!(%address, "serving");
    Ok(Serving { address, token, task })
}

impl Serving {
    /// The address to open, with its token.
    pub fn url(&self) -> String {
        format!("http://{}/?token={}", self.address, self.token.text())
    }

    /// Waits until the server has stopped.
    pub async fn stopped(self) -> io::Result<()> {
        self.task
            .await
            .unwrap_or_else(|fault| Err(io::Error::other(fault)))
    }
}

fn routes(shared: Shared) -> Router {
    let kept = Router::new()
        .route("/api/{command}", post(commands::command))
        .route("/events", get(events::connect))
        .route("/thumb/{id}", get(pictures::thumb))
        .route("/stored/{sha256}", get(pictures::stored))
        .route("/master/{sha256}", get(pictures::master))
        .route("/picture/{id}", get(pictures::picture))
        .route("/preview/{run}/{slot}", get(pictures::preview))
        .route("/ballot/{round}/{place}", get(pictures::on_ballot))
        .route(
            "/upload",
            post(upload::upload).layer(DefaultBodyLimit::max(upload::LARGEST_PICTURE)),
        )
        .layer(from_fn_with_state(shared.clone(), require_token));
    kept.fallback(get(interface::file))
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .layer(from_fn_with_state(shared.clone(), guard))
        .with_state(shared)
}
