//! Who came in: a session stands for an invitation whose token was verified once.
//!
//! Only digests of the cookies are kept, and they are what is looked up: how long that takes says nothing of a cookie.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use axum::http::{HeaderMap, HeaderValue, header};
use salon_domain::{Digest, InvitationId, Timestamp};
use salon_studio::Guest;

use crate::access::Token;

/// Name of the cookie. The prefix makes browsers insist on TLS, on this very host and on no wider one.
const COOKIE: &str = "__Host-salon-session";

/// Browsers that one invitation opens at the same time; beyond it the oldest is out.
const MOST_OF_ONE: usize = 8;

struct Session {
    invitation: InvitationId,
    /// Counts up: which came first.
    turn: u64,
}

#[derive(Default)]
struct Open {
    by_cookie: BTreeMap<Digest, Session>,
    turns: u64,
}

/// Every open session.
#[derive(Default)]
pub(crate) struct Sessions(Mutex<Open>);

impl Sessions {
    /// Opens a session for `invitation`; gives the cookie's value.
    pub(crate) fn open(&self, invitation: InvitationId) -> Result<Token, getrandom::Error> {
        let token = Token::draw()?;
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let of_this: Vec<(u64, Digest)> = open
            .by_cookie
            .iter()
            .filter(|(_, session)| session.invitation == invitation)
            .map(|(cookie, session)| (session.turn, *cookie))
            .collect();
        if of_this.len() >= MOST_OF_ONE
            && let Some((_, oldest)) = of_this.iter().min()
        {
            open.by_cookie.remove(oldest);
        }
        open.turns += 1;
        let turn = open.turns;
        open.by_cookie
            .insert(Digest::of(token.text().as_bytes()), Session { invitation, turn });
        Ok(token)
    }

    /// The invitation of the session that a cookie's digest names.
    pub(crate) fn find(&self, cookie: &Digest) -> Option<InvitationId> {
        let open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        open.by_cookie.get(cookie).map(|session| session.invitation)
    }

    /// Ends a session.
    pub(crate) fn close(&self, cookie: &Digest) {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        open.by_cookie.remove(cookie);
    }
}

/// The digest of the session cookie that a request carries.
pub(crate) fn cookie_of(headers: &HeaderMap) -> Option<Digest> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, _)| *name == COOKIE)
        .map(|(_, value)| Digest::of(value.as_bytes()))
}

fn cookie(value: &str, seconds: i64) -> Option<HeaderValue> {
    let text = format!("{COOKIE}={value}; Path=/; Max-Age={seconds}; HttpOnly; Secure; SameSite=Strict");
    HeaderValue::from_str(&text).ok()
}

/// The header that gives a guest the cookie until their invitation expires.
pub(crate) fn given(token: &Token, guest: &Guest, now: Timestamp) -> Option<HeaderValue> {
    cookie(token.text(), ((guest.expires_at.0 - now.0) / 1000).max(0))
}

/// The header that takes the cookie away.
pub(crate) fn taken() -> Option<HeaderValue> {
    cookie("", 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_found_by_its_cookie_alone_and_old_ones_make_room() {
        let sessions = Sessions::default();
        let digest = |token: &Token| Digest::of(token.text().as_bytes());
        let first = sessions.open(InvitationId(1)).unwrap();
        let other = sessions.open(InvitationId(2)).unwrap();
        assert_eq!(sessions.find(&digest(&first)), Some(InvitationId(1)));
        assert_eq!(sessions.find(&Digest::ZERO), None, "a made-up cookie");
        for _ in 0..MOST_OF_ONE {
            sessions.open(InvitationId(1)).unwrap();
        }
        assert_eq!(sessions.find(&digest(&first)), None, "the oldest went");
        assert_eq!(
            sessions.find(&digest(&other)),
            Some(InvitationId(2)),
            "another's stays"
        );
        sessions.close(&digest(&other));
        assert_eq!(sessions.find(&digest(&other)), None, "who leaves is out");
    }

    #[test]
    fn the_cookie_is_for_this_host_over_tls_alone() {
        let header = cookie("x", 5).unwrap();
        assert_eq!(
            header.to_str().unwrap(),
            "__Host-salon-session=x; Path=/; Max-Age=5; HttpOnly; Secure; SameSite=Strict"
        );
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, "a=b; __Host-salon-session=x".parse().unwrap());
        assert_eq!(cookie_of(&headers), Some(Digest::of(b"x")));
    }
}
