//! Names in addresses: percent-encoded as RFC 3986 has it, which is what signatures of S3 want too.

use std::fmt::Write as _;

/// `text` with all but letters, digits and `-._~` encoded; slashes stay where `path`.
pub(crate) fn encoded(text: &str, path: bool) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        let plain = byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
        if plain || (path && byte == b'/') {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// `text` as one word of a POSIX shell.
pub(crate) fn quoted(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'/');
    if !text.is_empty() && text.bytes().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// Bytes in lower-case hexadecimal.
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut out, byte| {
            let _ = write!(out, "{byte:02x}");
            out
        })
}

/// What a machine said, in one short line that ends nothing: " It says: …", or nothing.
pub(crate) fn said(text: &str) -> String {
    const LONGEST: usize = 200;
    let mut line = String::new();
    for word in text.split_whitespace() {
        if line.chars().count() + word.chars().count() > LONGEST {
            line.push('…');
            break;
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.extend(word.chars().filter(|letter| !letter.is_control()));
    }
    if line.is_empty() {
        line
    } else {
        format!(". It says: {line}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_encoded_and_words_shortened() {
        assert_eq!(encoded("a b/ü+~.png", true), "a%20b/%C3%BC%2B~.png", "a path");
        assert_eq!(encoded("a/b", false), "a%2Fb", "a part of a query");
        assert_eq!(quoted("a/b-1.car"), "a/b-1.car", "as it is");
        assert_eq!(quoted("it's $1"), "'it'\\''s $1'", "nothing in it means anything");
        assert_eq!(hexadecimal(&[0, 171]), "00ab");
        assert_eq!(said(" no\nroom "), ". It says: no room");
        assert_eq!(said(""), "");
        assert!(said(&"word ".repeat(100)).chars().count() < 230, "short");
        let long = said(&"x".repeat(500));
        assert_eq!(long, ". It says: …", "one word too long for a line");
    }
}
