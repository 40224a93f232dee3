//! Who may use the server: whoever has the token, from a page of ours, on this machine.

use std::fmt::{self, Write};
use std::hint::black_box;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::serve::Shared;

/// What a page may do. Styles in attributes are the grid's; previews and thumbnails come from here.
const CONTENT_SECURITY_POLICY: &str = "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' blob: data:; font-src 'self' data:; connect-src 'self' ws:; object-src 'none'; base-uri 'none'; \
    form-action 'none'; frame-ancestors 'none'";

/// Name of the cookie that may carry the token.
const COOKIE: &str = "salon-token";

/// 32 random bytes as hexadecimal digits. Shown only where somebody asked for the address.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// A new token from the operating system's random numbers.
    pub fn draw() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes)?;
        let mut text = String::with_capacity(2 * bytes.len());
        for byte in bytes {
            // Writing to a string cannot fail.
            let _ = write!(text, "{byte:02x}");
        }
        Ok(Self(text))
    }

    /// The token's text.
    pub fn text(&self) -> &str {
        &self.0
    }

    /// Whether `given` is this token, in a time that says nothing of where they differ.
    fn matches(&self, given: &str) -> bool {
        let (ours, given) = (self.0.as_bytes(), given.as_bytes());
        if ours.len() != given.len() {
            return false;
        }
        let difference = ours
            .iter()
            .zip(given)
            .fold(0, |sum, (a, b)| black_box(sum | (a ^ b)));
        difference == 0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Token(…)")
    }
}

/// Refuses foreign hosts (a name that an attacker lets point here: DNS rebinding) and writes the headers that keep a
/// page to itself. For every route.
pub(crate) async fn guard(State(shared): State<Shared>, request: Request, next: Next) -> Response {
    if !ours(request.headers(), &header::HOST, shared.port) {
        return refuse(
            StatusCode::FORBIDDEN,
            "this server answers only to its own address",
        );
    }
    kept_to_itself(next.run(request).await, CONTENT_SECURITY_POLICY)
}

/// Writes the headers that keep a page to itself.
pub(crate) fn kept_to_itself(mut response: Response, policy: &'static str) -> Response {
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_FRAME_OPTIONS, "DENY"),
    ] {
        headers.insert(name, axum::http::HeaderValue::from_static(value));
    }
    headers.insert(
        "cross-origin-resource-policy",
        axum::http::HeaderValue::from_static("same-origin"),
    );
    response
}

/// Refuses whoever lacks the token, and pages of other origins. For everything but the static files.
pub(crate) async fn require_token(State(shared): State<Shared>, request: Request, next: Next) -> Response {
    if request.headers().contains_key(header::ORIGIN)
        && !ours(request.headers(), &header::ORIGIN, shared.port)
    {
        return refuse(StatusCode::FORBIDDEN, "this server answers only to its own pages");
    }
    if !given_tokens(request.headers(), request.uri()).any(|given| shared.token.matches(given)) {
        return refuse(
            StatusCode::UNAUTHORIZED,
            "the access token is missing or wrong: open the address that was printed",
        );
    }
    next.run(request).await
}

/// The tokens that a request carries: as a bearer, in the address, in a cookie.
fn given_tokens<'a>(headers: &'a HeaderMap, uri: &'a Uri) -> impl Iterator<Item = &'a str> {
    let bearer = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    let bearer = bearer.and_then(|value| value.strip_prefix("Bearer "));
    let query = uri
        .query()
        .unwrap_or_default()
        .split('&')
        .filter_map(|pair| pair.strip_prefix("token="));
    let cookies = headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok());
    let cookies = cookies
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='));
    bearer.into_iter().chain(query).chain(
        cookies
            .filter(|(name, _)| *name == COOKIE)
            .map(|(_, value)| value),
    )
}

/// Whether the header names this server: `127.0.0.1`, `localhost` or `[::1]`, at our port.
fn ours(headers: &HeaderMap, name: &header::HeaderName, port: u16) -> bool {
    let mut values = headers.get_all(name).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return false;
    };
    let Ok(value) = value.to_str() else { return false };
    let value = if *name == header::ORIGIN {
        let Some(rest) = value.strip_prefix("http://") else {
            return false;
        };
        rest
    } else {
        value
    };
    ["127.0.0.1", "localhost", "[::1]"]
        .iter()
        .any(|host| value == format!("{host}:{port}"))
}

pub(crate) fn refuse(status: StatusCode, words: &str) -> Response {
    (status, words.to_owned()).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_matches_itself_alone() {
        let token = Token::draw().unwrap();
        let mut other = token.text().to_owned();
        other.replace_range(63.., if other.ends_with('0') { "1" } else { "0" });
        assert_eq!(token.text().len(), 64, "32 bytes in hexadecimal");
        assert!(token.matches(token.text()), "itself");
        for wrong in ["", &token.text()[..63], other.as_str()] {
            assert!(!token.matches(wrong), "`{wrong}` is another");
        }
        assert_ne!(token, Token::draw().unwrap(), "no two servers share a token");
    }

    #[test]
    fn tokens_are_found_where_hosts_put_them() {
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, "Bearer one".parse().unwrap());
        headers.insert(header::COOKIE, "theme=dark; salon-token=three".parse().unwrap());
        let uri: Uri = "/thumb/1?v=2&token=two".parse().unwrap();
        let found: Vec<_> = given_tokens(&headers, &uri).collect();
        assert_eq!(found, ["one", "two", "three"], "bearer, address, cookie");
    }
}
