//! `GET /thumb/<id>`, `/stored/<digest>`, `/master/<digest>`, `/picture/<id>`, `/preview/<run>/<slot>`, `/ballot/<round>/<place>`.

use axum::extract::{Path, Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use salon_domain::{CandidateId, Digest, Frame, Media, RoundId, RunId};
use salon_studio::api::BallotRequest;
use salon_studio::{ApiError, Studio};
use serde::Deserialize;

use crate::commands::refused;
use crate::serve::Shared;

/// A candidate's picture never changes under its id; only this user's browser may keep it.
const FOREVER: &str = "private, max-age=31536000, immutable";

/// A page keeps what it will need soon, and no longer.
pub(crate) const FOR_NOW: &str = "private, max-age=600";

/// What stands behind a place of a ballot.
#[derive(Debug, Deserialize)]
pub(crate) struct AskedOfBallot {
    pub(crate) frame: Option<Frame>,
    /// The juror.
    pub(crate) by: String,
}

/// What may stand behind a picture's number.
#[derive(Debug, Deserialize)]
pub(crate) struct Asked {
    pub(crate) frame: Option<Frame>,
}

/// The thumbnail of a picture that is named by its digest: one from disk that a recipe starts from.
pub(crate) async fn stored(State(shared): State<Shared>, Path(sha256): Path<Digest>) -> Response {
    unchanging(shared.studio, FOREVER, move |studio| {
        studio.read_stored_thumb(&sha256)
    })
    .await
}

/// A master's file: the one that was tried last, or one that was made.
pub(crate) async fn master(State(shared): State<Shared>, Path(sha256): Path<Digest>) -> Response {
    unchanging(shared.studio, FOREVER, move |studio| studio.read_master(&sha256)).await
}

pub(crate) async fn thumb(
    State(shared): State<Shared>,
    Path(id): Path<i64>,
    Query(asked): Query<Asked>,
) -> Response {
    unchanging(shared.studio, FOREVER, move |studio| {
        studio.read_thumb(CandidateId(id), asked.frame)
    })
    .await
}

pub(crate) async fn picture(
    State(shared): State<Shared>,
    Path(id): Path<i64>,
    Query(asked): Query<Asked>,
) -> Response {
    unchanging(shared.studio, FOREVER, move |studio| {
        studio.read_picture(CandidateId(id), asked.frame)
    })
    .await
}

/// What stands at a place of somebody's ballot.
pub(crate) async fn on_ballot(
    State(shared): State<Shared>,
    Path((round, place)): Path<(i64, u32)>,
    Query(AskedOfBallot { frame, by }): Query<AskedOfBallot>,
) -> Response {
    unchanging(shared.studio, FOR_NOW, move |studio| {
        let round = RoundId(round);
        studio.read_ballot_picture(&BallotRequest { round, by }, place, frame)
    })
    .await
}

pub(crate) async fn preview(State(shared): State<Shared>, Path((run, slot)): Path<(i64, u32)>) -> Response {
    unchanging(shared.studio, "no-store", move |studio| {
        studio.read_preview(RunId(run), slot)
    })
    .await
}

/// Reads on a thread that may block. The token in the address keeps one project's pictures apart from another's.
pub(crate) async fn unchanging(
    studio: Studio,
    cache: &'static str,
    read: impl FnOnce(&Studio) -> Result<Vec<u8>, ApiError> + Send + 'static,
) -> Response {
    match tokio::task::spawn_blocking(move || read(&studio)).await {
        Ok(Ok(bytes)) => answer(bytes, cache),
        Ok(Err(error)) => refused(&error),
        Err(fault) => refused(&ApiError::internal(fault.to_string())),
    }
}

fn answer(bytes: Vec<u8>, cache: &'static str) -> Response {
    (
        [
            (
                header::CONTENT_TYPE,
                Media::of(&bytes).map_or("application/octet-stream", Media::mime),
            ),
            (header::CACHE_CONTROL, cache),
        ],
        bytes,
    )
        .into_response()
}
