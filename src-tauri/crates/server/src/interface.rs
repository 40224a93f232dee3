//! The static files of the user interface: from a folder, or as built into the program.

use std::borrow::Cow;
use std::path::{Component, Path, PathBuf};

use axum::extract::State;
use axum::http::{StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use rust_embed::RustEmbed;

use crate::serve::Shared;

/// `ui/dist` at the time this was compiled; a debug build reads it from the disk.
#[derive(RustEmbed)]
#[folder = "../../../ui/dist"]
#[allow_missing = true]
struct Built;

const PAGE: &str = "index.html";

/// Files under this folder have their hash in their name.
const HASHED: &str = "assets/";

/// Answers with a file, or with the page where the path is no file's.
pub(crate) async fn file(State(shared): State<Shared>, uri: Uri) -> Response {
    answer(shared.ui.as_deref().map(PathBuf::as_path), &uri)
}

/// The answer from `folder`, or from what was built into the program.
pub(crate) fn answer(folder: Option<&Path>, uri: &Uri) -> Response {
    let path = uri.path().trim_start_matches('/');
    let path = if path.is_empty() { PAGE } else { path };
    let found = match read(folder, path) {
        Some(bytes) => Some((path, bytes)),
        // A route of the page itself; what looks like a file is missing.
        None if !path.contains('.') => read(folder, PAGE).map(|bytes| (PAGE, bytes)),
        None => None,
    };
    match found {
        Some((path, bytes)) => {
            let cache = if path.starts_with(HASHED) { "public, max-age=31536000, immutable" } else { "no-cache" };
            ([(header::CONTENT_TYPE, media_type(path)), (header::CACHE_CONTROL, cache)], bytes).into_response()
        }
        None if path == PAGE => (
            StatusCode::NOT_FOUND,
            "The interface was not built into this program: run `npm run build` in ui/, or name its folder.\n",
        )
            .into_response(),
        None => (StatusCode::NOT_FOUND, "There is no such file.\n").into_response(),
    }
}

/// The file at `path`, which cannot lead out of the folder.
fn read(folder: Option<&Path>, path: &str) -> Option<Cow<'static, [u8]>> {
    let inside = Path::new(path)
        .components()
        .all(|part| matches!(part, Component::Normal(_)));
    if !inside || path.contains(['\\', '\0']) {
        return None;
    }
    match folder {
        Some(folder) => std::fs::read(folder.join(path)).ok().map(Cow::Owned),
        None => Built::get(path).map(|file| file.data),
    }
}

fn media_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map_or("", |(_, ending)| ending) {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "webp" => "image/webp",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "woff" => "font/woff",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_path_leads_out_of_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        let ui = folder.path().join("ui");
        std::fs::create_dir(&ui).unwrap();
        std::fs::write(ui.join(PAGE), "page").unwrap();
        std::fs::write(folder.path().join("secret"), "secret").unwrap();
        assert_eq!(
            read(Some(&ui), PAGE).as_deref(),
            Some(b"page".as_slice()),
            "a file of the interface"
        );
        let absolute = folder.path().join("secret");
        for path in [
            "../secret",
            "a/../../secret",
            absolute.to_str().unwrap(),
            "..\\secret",
            "./../secret",
            "",
        ] {
            assert_eq!(read(Some(&ui), path), None, "`{path}` must not be read");
        }
    }
}
