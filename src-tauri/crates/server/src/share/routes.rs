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
use salon_domain::{CandidateId, Digest, Role, RunId};
use salon_studio::{ApiError, ErrorCode, Guest, dispatch};

use super::authority::{self, May};
use super::door::{self, Door};
use crate::commands::{carried_out, parsed, refused};
use crate::pictures::{Asked, unchanging};
use crate::serve::LARGEST_BODY;
use crate::upload::{self, Named, bring_in};
use crate::{events, interface};

/// A browser keeps a guest's pictures while they look through them, and not for long after.
const FOR_NOW: &str = "private, max-age=600";

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
        events::forward(studio, stopping, socket, move |event| {
            let guest = door::guest_of(&door, &cookie).ok()?;
            Some(event.is_some_and(|event| authority::hears(guest.role, event)))
        })
        .await;
    })
}

/// A juror looks at what an open ballot of theirs shows; who picks looks at everything.
fn may_look(door: &Door, guest: &Guest, candidate: CandidateId) -> Result<(), ApiError> {
    if guest.role != Role::Juror || door.studio.on_ballot_of(&guest.name, candidate)? {
        Ok(())
    } else {
        Err(not_theirs(guest, "this picture"))
    }
}

async fn thumb(
    State(door): State<Arc<Door>>,
    Extension(guest): Extension<Guest>,
    Path(id): Path<i64>,
    Query(asked): Query<Asked>,
) -> Response {
    unchanging(door.studio.clone(), FOR_NOW, move |studio| {
        may_look(&door, &guest, CandidateId(id))?;
        studio.read_thumb(CandidateId(id), asked.frame)
    })
    .await
}

async fn picture(
    State(door): State<Arc<Door>>,
    Extension(guest): Extension<Guest>,
    Path(id): Path<i64>,
    Query(asked): Query<Asked>,
) -> Response {
    unchanging(door.studio.clone(), FOR_NOW, move |studio| {
        may_look(&door, &guest, CandidateId(id))?;
        studio.read_picture(CandidateId(id), asked.frame)
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
