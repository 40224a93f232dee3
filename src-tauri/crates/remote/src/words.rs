//! What became of a call that was not answered, in words.

use std::io::ErrorKind;

use ureq::Error;

/// Why there was no answer, and what to look at.
pub fn in_words(fault: &Error) -> String {
    match fault {
        Error::Io(io) => match io.kind() {
            ErrorKind::ConnectionRefused => {
                "nothing listens there: is it running, and is the address right?".into()
            }
            ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted | ErrorKind::BrokenPipe => {
                format!("it hung up ({io})")
            }
            ErrorKind::NetworkUnreachable | ErrorKind::HostUnreachable => {
                format!("no way leads there ({io}): is this machine on the network?")
            }
            _ => io.to_string(),
        },
        Error::HostNotFound => {
            "there is no machine of that name: is the address right, and is this machine on the network?"
                .into()
        }
        Error::Timeout(_) => format!("it took too long ({fault})"),
        Error::Tls(_) | Error::Rustls(_) => {
            format!(
                "no safe connection ({fault}): is its certificate good, and does it speak TLS at that address?"
            )
        }
        _ => fault.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Address, Patience, client};

    #[test]
    fn where_nothing_listens_that_is_said() {
        let address = Address::parse("http://127.0.0.1:1").unwrap();
        let agent = client(&address, Patience::Whole(std::time::Duration::from_secs(5))).unwrap();
        let fault = agent.get(address.as_str()).call().unwrap_err();
        assert!(in_words(&fault).starts_with("nothing listens there"), "{fault}");
    }

    #[test]
    fn what_is_not_foreseen_keeps_its_own_words() {
        let odd = std::io::Error::other("the cable smells of burning");
        assert_eq!(in_words(&Error::Io(odd)), "the cable smells of burning");
        assert!(in_words(&Error::HostNotFound).contains("no machine of that name"));
    }
}
