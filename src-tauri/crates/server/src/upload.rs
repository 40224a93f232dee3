//! `POST /upload?name=<file name>`: one picture file as the body, brought in when this answers.

use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use salon_studio::{ApiError, Studio};
use serde::Deserialize;
use tokio::sync::Semaphore;

use crate::commands::{json, refused};
use crate::serve::Shared;

/// Largest picture file that is taken, in bytes.
pub(crate) const LARGEST_PICTURE: usize = 256 << 20;

/// Pictures decoded at the same time, whatever a browser sends.
static AT_ONCE: Semaphore = Semaphore::const_new(2);

#[derive(Deserialize)]
pub(crate) struct Named {
    /// The file's name.
    #[serde(default)]
    pub(crate) name: String,
}

/// Brings the picture in; answers with its candidate and whether it was one already.
pub(crate) async fn upload(
    State(shared): State<Shared>,
    Query(Named { name }): Query<Named>,
    body: Bytes,
) -> Response {
    bring_in(shared.studio, name, body).await
}

pub(crate) async fn bring_in(studio: Studio, name: String, body: Bytes) -> Response {
    let Ok(_turn) = AT_ONCE.acquire().await else {
        return refused(&ApiError::internal("no more pictures are taken: the server ends"));
    };
    let worked = tokio::task::spawn_blocking(move || studio.import_upload(&name, body.into()));
    match worked.await {
        Ok(Ok(picture)) => json(StatusCode::OK, &serde_json::json!(picture)),
        Ok(Err(error)) => refused(&error),
        Err(fault) => refused(&ApiError::internal(fault.to_string())),
    }
}
