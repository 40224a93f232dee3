//! The commands that the window may invoke.

use std::path::PathBuf;

use salon_studio::Studio;
use salon_studio::api::{ApiError, dispatch};
use serde_json::Value;
use tauri::{State, WebviewWindow, async_runtime};

/// Carries out one command of the studio's API, off the threads that draw.
#[tauri::command]
pub async fn rpc(studio: State<'_, Studio>, command: String, payload: Value) -> Result<Value, ApiError> {
    let studio = studio.inner().clone();
    async_runtime::spawn_blocking(move || dispatch(&studio, &command, payload))
        .await
        .unwrap_or_else(|fault| {
            Err(ApiError::internal(format!(
                "the command did not end well: {fault}"
            )))
        })
}

/// Asks for a folder in the system's own dialog; nothing when the user thinks better of it.
#[tauri::command]
pub async fn choose_folder(window: WebviewWindow, title: String) -> Option<PathBuf> {
    let chosen = rfd::AsyncFileDialog::new()
        .set_title(title)
        .set_parent(&window)
        .pick_folder()
        .await?;
    Some(chosen.path().to_path_buf())
}

/// Asks for a file in the system's own dialog, of those whose names have one of these endings; nothing when the user
/// thinks better of it.
#[tauri::command]
pub async fn choose_file(
    window: WebviewWindow,
    title: String,
    kind: String,
    endings: Vec<String>,
) -> Option<PathBuf> {
    let chosen = rfd::AsyncFileDialog::new()
        .set_title(title)
        .add_filter(kind, &endings)
        .set_parent(&window)
        .pick_file()
        .await?;
    Some(chosen.path().to_path_buf())
}
