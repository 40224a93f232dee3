//! Connections over TLS and nothing else: a handshake never holds another up, and plain HTTP is told off.

use std::future::pending;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// Connections at the same time; a browser opens about six.
const MOST_CONNECTIONS: usize = 512;

/// Time a connection has to agree on keys.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// Pause after the system gave no connection (out of file handles, most likely).
const BREATH: Duration = Duration::from_millis(200);

/// First byte of a TLS record that begins a handshake.
const HANDSHAKE_RECORD: u8 = 0x16;

/// What a browser that speaks plain HTTP reads.
const PLAIN: &[u8] = b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: 58\r\n\
    Connection: close\r\n\r\nThis studio speaks TLS alone: begin the address with https";

/// Both ends of a connection.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer {
    /// The guest's address.
    pub(crate) remote: SocketAddr,
    /// The address of this machine that the guest reached.
    pub(crate) local: SocketAddr,
}

/// Hands out connections whose handshake is done.
pub(crate) struct TlsListener {
    secured: mpsc::Receiver<(Secured, Peer)>,
    local: SocketAddr,
    task: JoinHandle<()>,
}

/// A connection over TLS, and its place among those that may be open.
pub(crate) struct Secured {
    stream: TlsStream<TcpStream>,
    _place: OwnedSemaphorePermit,
}

impl TlsListener {
    pub(crate) fn start(listener: TcpListener, config: Arc<ServerConfig>) -> io::Result<Self> {
        let local = listener.local_addr()?;
        let (sender, secured) = mpsc::channel(16);
        let places = Arc::new(Semaphore::new(MOST_CONNECTIONS));
        let acceptor = TlsAcceptor::from(config);
        let task = tokio::spawn(async move {
            loop {
                let Ok((stream, remote)) = listener.accept().await else {
                    tokio::time::sleep(BREATH).await;
                    continue;
                };
                // Full: who comes now is turned away, who is in stays served.
                let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
                    continue;
                };
                let (sender, acceptor) = (sender.clone(), acceptor.clone());
                tokio::spawn(async move {
                    match timeout(HANDSHAKE, secure(stream, &acceptor)).await {
                        Ok(Ok(Some((stream, local)))) => {
                            let secured = Secured {
                                stream,
                                _place: place,
                            };
                            let _ = sender.send((secured, Peer { remote, local })).await;
                        }
                        Ok(Ok(None)) => tracing::debug!(%remote, "plain HTTP was refused"),
                        Ok(Err(fault)) => tracing::debug!(%remote, "no handshake: {fault}"),
                        Err(_) => tracing::debug!(%remote, "no handshake in time"),
                    }
                });
            }
        });
        Ok(Self { secured, local, task })
    }
}

/// The handshake; `None` where the other side speaks something else.
async fn secure(
    mut stream: TcpStream,
    acceptor: &TlsAcceptor,
) -> io::Result<Option<(TlsStream<TcpStream>, SocketAddr)>> {
    let local = stream.local_addr()?;
    let mut first = [0];
    if stream.peek(&mut first).await? == 0 {
        return Ok(None);
    }
    if first != [HANDSHAKE_RECORD] {
        stream.write_all(PLAIN).await?;
        stream.shutdown().await?;
        // What was sent is read to its end (or the handshake's time is up), else the answer would be lost.
        tokio::io::copy(&mut stream, &mut tokio::io::sink()).await?;
        return Ok(None);
    }
    stream.set_nodelay(true)?;
    Ok(Some((acceptor.accept(stream).await?, local)))
}

impl Drop for TlsListener {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Listener for TlsListener {
    type Io = Secured;
    type Addr = Peer;

    async fn accept(&mut self) -> (Secured, Peer) {
        match self.secured.recv().await {
            Some(connection) => connection,
            None => pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<Peer> {
        Ok(Peer {
            remote: self.local,
            local: self.local,
        })
    }
}

impl Connected<IncomingStream<'_, TlsListener>> for Peer {
    fn connect_info(stream: IncomingStream<'_, TlsListener>) -> Self {
        *stream.remote_addr()
    }
}

impl AsyncRead for Secured {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Secured {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
