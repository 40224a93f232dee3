//! `salon serve --share`: the door for guests on the same network.

pub(crate) mod authority;
mod certificate;
mod door;
mod limits;
mod listener;
mod routes;
mod sessions;

use std::future::Future;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use salon_studio::Studio;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

pub use certificate::CertificateError;
use door::Door;
use listener::{Peer, TlsListener};

/// How to share.
#[derive(Debug, Clone)]
pub struct ShareOptions {
    /// Address to listen on; all interfaces by default.
    pub address: IpAddr,
    /// Port; 0 takes a free one.
    pub port: u16,
    /// Further names under which guests reach this machine.
    pub names: Vec<String>,
    /// Folder of the built interface; the one built into the program when absent.
    pub ui_dir: Option<PathBuf>,
}

impl Default for ShareOptions {
    fn default() -> Self {
        Self {
            address: Ipv4Addr::UNSPECIFIED.into(),
            port: 0,
            names: Vec::new(),
            ui_dir: None,
        }
    }
}

/// Why nothing is shared.
#[derive(Debug, thiserror::Error)]
pub enum ShareError {
    /// The address cannot be had.
    #[error("{address} cannot be listened on: {source}; choose another port, or an address of this machine")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// There is no certificate.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
}

/// A studio that is shared.
pub struct Sharing {
    /// Where it listens.
    pub address: SocketAddr,
    /// Where guests find it, with the name they would use first.
    pub url: String,
    /// SHA-256 of the certificate, as browsers show it.
    pub fingerprint: String,
    /// The certificate, in DER.
    pub certificate: Vec<u8>,
    studio: Studio,
    task: JoinHandle<io::Result<()>>,
}

/// Shares `studio` with invited guests until `shutdown` is ready. The address is bound when this returns.
pub async fn share(
    studio: Studio,
    options: ShareOptions,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<Sharing, ShareError> {
    let wanted = SocketAddr::new(options.address, options.port);
    let listen = |source| ShareError::Listen {
        address: wanted,
        source,
    };
    let bound = TcpListener::bind(wanted).await.map_err(listen)?;
    let address = bound.local_addr().map_err(listen)?;
    let reached = if address.ip().is_unspecified() {
        outward()
    } else {
        address.ip()
    };
    let mut names = options.names.clone();
    names.push(reached.to_string());
    names.extend(host_names());
    names.extend(["localhost".into(), "127.0.0.1".into()]);
    let identity = certificate::identity(studio.project_folder(), &names, SystemTime::now())?;
    let port = address.port();
    let url = match options.names.first() {
        Some(name) => format!("https://{name}:{port}"),
        None => format!("https://{}", SocketAddr::new(reached, port)),
    };
    studio.shared_at(Some(url.clone()));
    let (stop, stopping) = watch::channel(false);
    let door = Door::new(studio.clone(), names, port, options.ui_dir, stopping);
    let listener = TlsListener::start(bound, identity.config).map_err(listen)?;
    let stopped = async move {
        shutdown.await;
        // Open sockets would hold a graceful end up for ever.
        let _ = stop.send(true);
    };
    let routes = routes::routes(Arc::new(door)).into_make_service_with_connect_info::<Peer>();
    let task = tokio::spawn(async move {
        axum::serve(listener, routes)
            .with_graceful_shutdown(stopped)
            .await
    });
    tracing::info!(%address, "sharing");
    Ok(Sharing {
        address,
        url,
        fingerprint: certificate::fingerprint(&identity.certificate),
        certificate: identity.certificate.to_vec(),
        studio,
        task,
    })
}

impl Sharing {
    /// Waits until nothing is shared any more.
    pub async fn stopped(self) -> io::Result<()> {
        let ended = self
            .task
            .await
            .unwrap_or_else(|fault| Err(io::Error::other(fault)));
        self.studio.shared_at(None);
        ended
    }
}

/// The address under which the network sees this machine: the one that a way out would begin at. Nothing is sent.
fn outward() -> IpAddr {
    let asked = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).and_then(|socket| {
        // An address for documentation: a route to anywhere will do.
        socket.connect((Ipv4Addr::new(192, 0, 2, 1), 9))?;
        socket.local_addr()
    });
    asked.map_or(Ipv4Addr::LOCALHOST.into(), |address| address.ip())
}

/// What this machine is called, alone and as its neighbours call it.
fn host_names() -> Vec<String> {
    #[cfg(unix)]
    let name = rustix::system::uname()
        .nodename()
        .to_string_lossy()
        .to_lowercase();
    #[cfg(not(unix))]
    let name = std::env::var("COMPUTERNAME").unwrap_or_default().to_lowercase();
    let fine = !name.is_empty()
        && name
            .chars()
            .all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '.'));
    if !fine {
        return vec![];
    }
    let neighbours = (!name.contains('.')).then(|| format!("{name}.local"));
    std::iter::once(name).chain(neighbours).collect()
}
