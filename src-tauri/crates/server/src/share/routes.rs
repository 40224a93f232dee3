//! What a guest reaches, each in the guest's own name and as far as their role goes.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::{DefaultBodyLimit, Path, Query, State};
use axum::http::{Uri, header};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Router};
use salon_domain::{CandidateId, Digest, RoundId, RunId};
use salon_studio::api::BallotRequest;
use salon_studio::{ApiError, ErrorCode, Event, Guest, Studio, dispatch};
use serde_json::{Value, json};

use super::authority::{self, May};
use super::door::{self, Door};
use crate::commands::{carried_out, parsed, refused};
use crate::pictures::{Asked, FOR_NOW, unchanging};
use crate::serve::LARGEST_BODY;
use crate::upload::{self, Named, bring_in};
use crate::{events, interface};

/// Largest request that hands an invitation over.
const LARGEST_ENTRY: usize = 1024;

const JOIN_PAGE: &str = include_str!("join.html");
const JOIN_SCRIPT: &str = include_str!("join.js");

pub(crate) fn routes(door: Arc<Door>) -> Router {
    let kept = Router::new()
        .route("/api/{command}", post(command))
        .route("/events", get(connect))
        .route("/thumb/{id}", get(thumb))
        .route("/picture/{id}", get(picture))
        .route("/stored/{sha256}", get(stored))
        .route("/preview/{run}/{slot}", get(preview))
        .route("/ballot/{round}/{place}", get(on_ballot))
        .route(
            "/upload",
            post(uploaded).layer(DefaultBodyLimit::max(upload::LARGEST_PICTURE)),
        )
        .route("/session", get(door::session).delete(door::leave))
        .layer(from_fn_with_state(Arc::clone(&door), door::require_session));
    let open = Router::new()
        .route(
            "/session",
            post(door::enter).layer(DefaultBodyLimit::max(LARGEST_ENTRY)),
        )
        .route(
            "/join",
            get(|| async { text("text/html; charset=utf-8", JOIN_PAGE) }),
        )
        .route(
            "/join.js",
            get(|| async { text("text/javascript; charset=utf-8", JOIN_SCRIPT) }),
        );
    kept.merge(open)
        .fallback(get(file))
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .layer(from_fn_with_state(Arc::clone(&door), door::guard))
        .with_state(door)
}

fn text(media_type: &'static str, text: &'static str) -> Response {
    let headers = [
        (header::CONTENT_TYPE, media_type),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    (headers, text).into_response()
}

async fn file(State(door): State<Arc<Door>>, uri: Uri) -> Response {
    interface::answer(door.ui.as_deref(), &uri)
}

fn not_theirs(guest: &Guest, what: &str) -> ApiError {
    ApiError::new(
        ErrorCode::NotAllowed,
        format!("{what} is not for a {} from another machine", guest.role.word()),
        &["Ask the lead, who sits at the studio."],
    )
}

fn check(guest: &Guest, may: May, what: &str) -> Result<(), ApiError> {
    if may.lets(guest.role) {
        Ok(())
    } else {
        Err(not_theirs(guest, what))
    }
}

/// Carries out a command in the guest's name.
async fn command(
    State(door): State<Arc<Door>>,
    Extension(guest): Extension<Guest>,
    Path(name): Path<String>,
    body: Bytes,
) -> Response {
    carried_out(move || {
        let rule = authority::rule_of(&name)
            .ok_or_else(|| ApiError::invalid_request(format!("there is no command `{name}`")))?;
        check(&guest, rule.may, rule.command)?;
        let request = authority::overruled(rule, &guest, parsed(&name, &body)?)
            .map_err(|words| ApiError::new(ErrorCode::NotAllowed, words, &[]))?;
        let answer = dispatch(&door.studio.on_behalf_of(&guest), &name, request)?;
        Ok(authority::cut_down(&name, &guest, answer))
    })
    .await
}

/// The events that the guest's role hears, until their invitation ends.
async fn connect(
    State(door): State<Arc<Door>>,
    Extension(cookie): Extension<Digest>,
    upgrade: WebSocketUpgrade,
) -> Response {
    let upgrade = upgrade.max_message_size(events::LONGEST_MESSAGE);
    upgrade.on_upgrade(move |socket| async move {
        let (studio, stopping) = (door.studio.clone(), door.stopping.clone());
        let mut rounds = rounds_of(&door, &cookie);
        events::forward(studio, stopping, socket, move |event| {
            let guest = door::guest_of(&door, &cookie).ok()?;
            Some(match event {
                // Told where something changed that they may see: not that, and when, another juror votes.
                Some(Event::Rounds) => {
                    let before = std::mem::replace(&mut rounds, rounds_of(&door, &cookie));
                    before != rounds
                }
                Some(event) => authority::hears(guest.role, event),
                None => false,
            })
        })
        .await;
    })
}

/// The rounds as a guest sees them; null where nothing can be read.
fn rounds_of(door: &Door, cookie: &Digest) -> Value {
    let read = || {
        let guest = door::guest_of(door, cookie)?;
        let rounds = dispatch(&door.studio.on_behalf_of(&guest), "rounds", json!({}))?;
        Ok::<_, ApiError>(authority::cut_down("rounds", &guest, rounds))
    };
    read().unwrap_or_default()
}

/// A candidate's picture or thumbnail, for whoever picks; jurors have their ballots.
async fn of_candidate(
    door: &Door,
    guest: Guest,
    read: impl FnOnce(&Studio) -> Result<Vec<u8>, ApiError> + Send + 'static,
) -> Response {
    unchanging(door.studio.clone(), FOR_NOW, move |studio| {
        check(&guest, May::Pick, "this picture")?;
        read(studio)
    })
    .await
}

async fn thumb(
    State(door): State<Arc<Door>>,
    Extension(guest): Extension<Guest>,
    Path(id): Path<i64>,
    Query(Asked { frame }): Query<Asked>,
) -> Response {
    of_candidate(&door, guest, move |studio| {
        studio.read_thumb(CandidateId(id), frame)
    })
    .await
}

async fn picture(
    State(door): State<Arc<Door>>,
    Extension(guest): Extension<Guest>,
    Path(id): Path<i64>,
    Query(Asked { frame }): Query<Asked>,
) -> Response {
    of_candidate(&door, guest, move |studio| {
        studio.read_picture(CandidateId(id), frame)
    })
    .await
}

/// What stands at a place of the guest's own ballot, whoever they say they are.
async fn on_ballot(
    State(door): State<Arc<Door>>,
    Extension(guest): Extension<Guest>,
    Path((round, place)): Path<(i64, u32)>,
    Query(Asked { frame }): Query<Asked>,
) -> Response {
    let studio = door.studio.on_behalf_of(&guest);
    unchanging(studio, FOR_NOW, move |studio| {
        let (round, by) = (RoundId(round), guest.name);
        studio.read_ballot_picture(&BallotRequest { round, by }, place, frame)
    })
    .await
}

async fn stored(
    State(door): State<Arc<Door>>,
    Extension(guest): Extension<Guest>,
    Path(sha256): Path<Digest>,
) -> Response {
    unchanging(door.studio.clone(), FOR_NOW, move |studio| {
        check(&guest, May::Lead, "this picture")?;
        studio.read_stored_thumb(&sha256)
    })
    .await
}

async fn preview(
    State(door): State<Arc<Door>>,
    Extension(guest): Extension<Guest>,
    Path((run, slot)): Path<(i64, u32)>,
) -> Response {
    unchanging(door.studio.clone(), "no-store", move |studio| {
        check(&guest, May::Lead, "a preview")?;
        studio.read_preview(RunId(run), slot)
    })
    .await
}

async fn uploaded(
    State(door): State<Arc<Door>>,
    Extension(guest): Extension<Guest>,
    Query(Named { name }): Query<Named>,
    body: Bytes,
) -> Response {
    match check(&guest, May::Lead, "bringing pictures in") {
        Ok(()) => bring_in(door.studio.clone(), name, body).await,
        Err(error) => refused(&error),
    }
}
