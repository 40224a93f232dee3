//! `GET /events`: the studio's events over a WebSocket, one JSON document per message.

use std::time::Duration;

use axum::extract::State;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code};
use axum::response::Response;
use salon_studio::{Event, Studio};
use tokio::sync::{mpsc, watch};

use crate::serve::Shared;

/// Messages between the studio's mailbox and the socket. Few, so that a slow reader's events merge in the mailbox.
const IN_FLIGHT: usize = 4;

/// How often the forwarding thread looks whether its reader is still there.
const BEAT: Duration = Duration::from_millis(500);

/// Nothing is expected from the page but pings and its farewell.
pub(crate) const LONGEST_MESSAGE: usize = 4096;

pub(crate) async fn connect(State(shared): State<Shared>, upgrade: WebSocketUpgrade) -> Response {
    upgrade
        .max_message_size(LONGEST_MESSAGE)
        .on_upgrade(move |socket| forward(shared.studio, shared.stopping, socket, |_| Some(true)))
}

/// Sends events until the page leaves, the studio closes or the server stops. `hears` is asked about every event, and at
/// every beat about none: whether this reader hears it, or `None` when it shall hear nothing any more.
pub(crate) async fn forward(
    studio: Studio,
    mut stopping: watch::Receiver<bool>,
    mut socket: WebSocket,
    mut hears: impl FnMut(Option<&Event>) -> Option<bool> + Send + 'static,
) {
    let (sender, mut events) = mpsc::channel::<String>(IN_FLIGHT);
    let subscription = studio.subscribe();
    drop(studio);
    // The mailbox is read by a thread of its own: waiting there must not hold the runtime up.
    tokio::task::spawn_blocking(move || {
        while !sender.is_closed() {
            let event = subscription.next(BEAT);
            let Some(heard) = hears(event.as_ref()) else {
                return;
            };
            match event {
                Some(_) if !heard => {}
                Some(event) => {
                    let Ok(text) = serde_json::to_string(&event) else {
                        continue;
                    };
                    if sender.blocking_send(text).is_err() {
                        return;
                    }
                }
                None if subscription.is_closed() => return,
                None => {}
            }
        }
    });
    let stopped = async move { stopping.wait_for(|stopping| *stopping).await.is_ok() };
    tokio::pin!(stopped);
    loop {
        tokio::select! {
            event = events.recv() => match event {
                Some(text) => {
                    if socket.send(Message::text(text)).await.is_err() {
                        return;
                    }
                }
                None => break,
            },
            heard = socket.recv() => match heard {
                Some(Ok(_)) => {}
                _ => return,
            },
            _ = &mut stopped => break,
        }
    }
    let farewell = CloseFrame {
        code: close_code::AWAY,
        reason: "the studio was closed, or the invitation has ended".into(),
    };
    let _ = socket.send(Message::Close(Some(farewell))).await;
}
