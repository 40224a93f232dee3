//! `POST /api/<command>`: JSON in, JSON out.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use salon_studio::{ApiError, ErrorCode, dispatch};
use serde_json::Value;

use crate::serve::Shared;

/// Carries out a command on a thread that may block.
pub(crate) async fn command(State(shared): State<Shared>, Path(name): Path<String>, body: Bytes) -> Response {
    carried_out(move || dispatch(&shared.studio, &name, parsed(&name, &body)?)).await
}

/// The request of the command `name`; without a body that of one who asks for nothing.
pub(crate) fn parsed(name: &str, body: &[u8]) -> Result<Value, ApiError> {
    if body.is_empty() {
        return Ok(serde_json::json!({}));
    }
    serde_json::from_slice(body)
        .map_err(|fault| ApiError::invalid_request(format!("{name}: the request is no JSON: {fault}")))
}

/// Works on a thread that may block, and answers with what came of it.
pub(crate) async fn carried_out(work: impl FnOnce() -> Result<Value, ApiError> + Send + 'static) -> Response {
    match tokio::task::spawn_blocking(work).await {
        Ok(Ok(answer)) => json(StatusCode::OK, &answer),
        Ok(Err(error)) => refused(&error),
        Err(fault) => refused(&ApiError::internal(fault.to_string())),
    }
}

/// An error with the status that says the same to tools that know HTTP alone.
pub(crate) fn refused(error: &ApiError) -> Response {
    let status = match error.code {
        ErrorCode::InvalidRequest => StatusCode::BAD_REQUEST,
        ErrorCode::NotFound => StatusCode::NOT_FOUND,
        ErrorCode::ReadOnly | ErrorCode::NotWhatWasSeen | ErrorCode::NothingToUndo | ErrorCode::Cancelled => {
            StatusCode::CONFLICT
        }
        ErrorCode::SignInNeeded => StatusCode::UNAUTHORIZED,
        ErrorCode::NotAllowed => StatusCode::FORBIDDEN,
        ErrorCode::Model => StatusCode::UNPROCESSABLE_ENTITY,
        ErrorCode::Storage => StatusCode::INSUFFICIENT_STORAGE,
        ErrorCode::Remote | ErrorCode::PartsLeft => StatusCode::BAD_GATEWAY,
        ErrorCode::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    };
    json(status, &serde_json::json!(error))
}

pub(crate) fn json(status: StatusCode, value: &Value) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "application/json"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (status, headers, value.to_string()).into_response()
}
