//! The `salon:` protocol: pictures for the window, as bytes and never as base64.
//!
//! `/thumb/<candidate>?frame=<frame>`, `/picture/<candidate>?frame=<frame>`, `/stored/<digest>`, `/master/<digest>`,
//! `/preview/<run>/<slot>` and `/ballot/<round>/<place>?frame=<frame>&by=<juror>`; nothing else is answered, and only
//! numbers, digests and a juror's name are read from an address, so that no file name can be smuggled in.

use salon_domain::{CandidateId, Digest, Frame, Media, RoundId, RunId};
use salon_studio::Studio;
use salon_studio::api::{ApiError, BallotRequest, ErrorCode};
use tauri::http::{Request, Response, StatusCode, header};
use tauri::{Manager, Runtime, UriSchemeContext, UriSchemeResponder, Url, async_runtime};

/// `salon://localhost/…`; `http://salon.localhost/…` on Windows.
pub const SCHEME: &str = "salon";

/// Answers one request, off the thread that draws.
#[allow(clippy::needless_pass_by_value, reason = "the signature that Tauri calls")]
pub fn answer<R: Runtime>(
    context: UriSchemeContext<'_, R>,
    request: Request<Vec<u8>>,
    responder: UriSchemeResponder,
) {
    let studio = context.app_handle().state::<Studio>().inner().clone();
    async_runtime::spawn_blocking(move || {
        responder.respond(respond(&studio, request.uri().path(), request.uri().query()));
    });
}

/// What a path asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Wanted {
    Thumb(CandidateId, Option<Frame>),
    Stored(Digest),
    Master(Digest),
    Picture(CandidateId, Option<Frame>),
    Preview(RunId, u32),
    OnBallot(BallotRequest, u32, Option<Frame>),
}

/// Reads a path and what follows it; a frame that is none is no frame of ours.
fn wanted(path: &str, query: Option<&str>) -> Option<Wanted> {
    let frame = || match query.and_then(|query| query.strip_prefix("frame=")) {
        Some(frame) => frame.parse().ok().map(Some),
        None => Some(None),
    };
    let mut parts = path.strip_prefix('/')?.split('/');
    let wanted = match parts.next()? {
        "thumb" => Wanted::Thumb(CandidateId(parts.next()?.parse().ok()?), frame()?),
        "stored" => Wanted::Stored(parts.next()?.parse().ok()?),
        "master" => Wanted::Master(parts.next()?.parse().ok()?),
        "picture" => Wanted::Picture(CandidateId(parts.next()?.parse().ok()?), frame()?),
        "ballot" => {
            let (round, place) = (RoundId(parts.next()?.parse().ok()?), parts.next()?.parse().ok()?);
            let (by, frame) = juror(query?)?;
            Wanted::OnBallot(BallotRequest { round, by }, place, frame)
        }
        "preview" => Wanted::Preview(RunId(parts.next()?.parse().ok()?), parts.next()?.parse().ok()?),
        _ => return None,
    };
    parts.next().is_none().then_some(wanted)
}

/// The juror that a query names, and the frame if there is one.
fn juror(query: &str) -> Option<(String, Option<Frame>)> {
    let address = Url::parse(&format!("{SCHEME}://localhost/?{query}")).ok()?;
    let value = |name: &str| {
        let mut pairs = address.query_pairs();
        pairs.find(|(key, _)| key == name).map(|(_, value)| value)
    };
    let frame = match value("frame") {
        Some(frame) => Some(frame.parse().ok()?),
        None => None,
    };
    Some((value("by")?.into_owned(), frame))
}

fn respond(studio: &Studio, path: &str, query: Option<&str>) -> Response<Vec<u8>> {
    let Some(wanted) = wanted(path, query) else {
        return plain(StatusCode::NOT_FOUND, "there is no such picture path");
    };
    let bytes = match wanted {
        Wanted::Thumb(id, frame) => studio.read_thumb(id, frame),
        Wanted::Stored(sha256) => studio.read_stored_thumb(&sha256),
        Wanted::Master(sha256) => studio.read_master(&sha256),
        Wanted::Picture(id, frame) => studio.read_picture(id, frame),
        Wanted::Preview(run, slot) => studio.read_preview(run, slot),
        Wanted::OnBallot(request, place, frame) => studio.read_ballot_picture(&request, place, frame),
    };
    match bytes {
        Ok(bytes) => picture(bytes),
        Err(error) => refused(&error),
    }
}

fn picture(bytes: Vec<u8>) -> Response<Vec<u8>> {
    // Two projects have pictures of the same paths, and a web view may keep what it was given from one start to the
    // next; reading a file again is cheaper than ever showing another project's picture.
    Response::builder()
        .header(
            header::CONTENT_TYPE,
            Media::of(&bytes).map_or("application/octet-stream", Media::mime),
        )
        .header(header::CACHE_CONTROL, "no-store")
        .body(bytes)
        .unwrap_or_default()
}

fn refused(error: &ApiError) -> Response<Vec<u8>> {
    let status = match error.code {
        ErrorCode::NotFound => StatusCode::NOT_FOUND,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    };
    plain(status, &error.message)
}

fn plain(status: StatusCode, text: &str) -> Response<Vec<u8>> {
    Response::builder()
        .status(status)
        .header(header::CONTENT_TYPE, "text/plain; charset=utf-8")
        .body(text.as_bytes().to_vec())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_numbered_picture_paths_are_understood() {
        assert_eq!(
            wanted("/thumb/12", None),
            Some(Wanted::Thumb(CandidateId(12), None))
        );
        let digest = Digest::of(b"a picture");
        assert_eq!(
            wanted(&format!("/stored/{digest}"), None),
            Some(Wanted::Stored(digest))
        );
        assert_eq!(
            wanted(&format!("/master/{digest}"), None),
            Some(Wanted::Master(digest))
        );
        let frame = "00c0ffee".parse().unwrap();
        assert_eq!(
            wanted("/picture/7", Some("frame=00c0ffee")),
            Some(Wanted::Picture(CandidateId(7), Some(frame)))
        );
        assert_eq!(
            wanted("/picture/7", Some("frame=?")),
            None,
            "a frame that is none"
        );
        assert_eq!(wanted("/preview/3/0", None), Some(Wanted::Preview(RunId(3), 0)));
        let request = BallotRequest {
            round: RoundId(2),
            by: "Ada Löw".into(),
        };
        assert_eq!(
            wanted("/ballot/2/5", Some("frame=00c0ffee&by=Ada%20L%C3%B6w")),
            Some(Wanted::OnBallot(request, 5, Some(frame)))
        );
        assert_eq!(
            wanted("/ballot/2/5", Some("frame=00c0ffee")),
            None,
            "nobody's ballot"
        );
        for path in [
            "/ballot/2/5",
            "",
            "/",
            "/thumb",
            "/thumb/",
            "/thumb/x",
            "/thumb/1/2",
            "/thumb/../1",
            "/preview/1",
            "/preview/1/-1",
            "/file/1",
            "/stored/1",
            "/stored/../catalog.sqlite",
        ] {
            assert_eq!(wanted(path, None), None, "`{path}` names no picture");
        }
    }
}
