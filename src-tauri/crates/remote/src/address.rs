//! The address of another machine, as somebody wrote it down.

use std::net::IpAddr;

use ureq::http::Uri;

/// Why an address cannot be called. No message repeats the address: it may hold a key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressFault {
    /// It is none.
    #[error("an address begins with https://, or http:// on this machine, as in https://api.example.com/v1")]
    Scheme,
    /// It names somebody.
    #[error("leave name and password out of the address")]
    Credentials,
    /// It names no machine.
    #[error("it names no machine")]
    Nobody,
}

/// An address that can be called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    text: String,
    host: String,
    secure: bool,
    stays_here: bool,
}

impl Address {
    /// Reads `https://…` or `http://…`; what stands after the machine is kept, without a slash at the end.
    pub fn parse(text: &str) -> Result<Self, AddressFault> {
        let text = text.trim().trim_end_matches('/');
        let uri: Uri = text.parse().map_err(|_| AddressFault::Scheme)?;
        let secure = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return Err(AddressFault::Scheme),
        };
        let host = uri.authority().map(ToString::to_string).unwrap_or_default();
        if host.contains('@') {
            return Err(AddressFault::Credentials);
        }
        if uri.host().is_none_or(str::is_empty) {
            return Err(AddressFault::Nobody);
        }
        let bare = uri.host().unwrap_or_default();
        let bare = bare.trim_start_matches('[').trim_end_matches(']');
        let loopback = bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
        Ok(Self {
            text: text.to_owned(),
            secure,
            stays_here: bare == "localhost" || loopback,
            host,
        })
    }

    /// The machine, with the port where one is named. Never the path, which may hold a key.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The whole address, without a slash at the end.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it is called over TLS.
    pub fn is_secure(&self) -> bool {
        self.secure
    }

    /// Whether what is sent stays on this machine.
    pub fn stays_here(&self) -> bool {
        self.stays_here
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_a_machine_and_nobody() {
        for (text, host, stays_here) in [
            ("https://api.example.com/v1/", "api.example.com", false),
            ("http://127.0.0.1:5001", "127.0.0.1:5001", true),
            ("http://localhost:1234/v1", "localhost:1234", true),
            ("http://[::1]:8080", "[::1]:8080", true),
            ("http://localhost.example.com", "localhost.example.com", false),
            ("http://192.0.2.1", "192.0.2.1", false),
        ] {
            let address = Address::parse(text).expect(text);
            assert_eq!(
                (address.host(), address.stays_here()),
                (host, stays_here),
                "{text}"
            );
            assert!(!address.as_str().ends_with('/'), "{text}");
        }
        for (text, fault) in [
            ("", AddressFault::Scheme),
            ("example.com/v1", AddressFault::Scheme),
            ("ftp://example.com", AddressFault::Scheme),
            ("https://", AddressFault::Scheme),
            ("https://me:secret@example.com", AddressFault::Credentials),
        ] {
            assert_eq!(Address::parse(text), Err(fault), "{text}");
        }
    }
}
