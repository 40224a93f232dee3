//! Keys of endpoints: in the keyring of the system, by machine; in the environment where there is no keyring. They are
//! never written to a project, a log or a message.

use keyring::{Entry, Error};

use crate::error::{LoreError, Result};

/// What the keyring lists them under.
const SERVICE: &str = "Salon";
/// Read where the keyring has none.
const VARIABLE: &str = "SALON_LORE_KEY";

fn wrong(host: &str, fault: &Error) -> LoreError {
    let fault = match fault {
        Error::NoDefaultStore | Error::NoStorageAccess(_) | Error::PlatformFailure(_) => {
            format!("this system has no keyring that can be used: set {VARIABLE} before Salon starts")
        }
        // The messages of others name what was stored; this says nothing of it.
        _ => "the keyring does not hold it as it should: set it again".into(),
    };
    LoreError::Key {
        host: host.into(),
        fault,
    }
}

/// The key of a machine; none where none was set.
pub fn find_key(host: &str) -> Option<String> {
    let kept = Entry::new(SERVICE, host).and_then(|entry| entry.get_password());
    kept.ok()
        .or_else(|| std::env::var(VARIABLE).ok())
        .map(|key| key.trim().to_owned())
        .filter(|key| !key.is_empty())
}

/// Keeps the key of a machine; what was kept before is forgotten.
pub fn keep_key(host: &str, key: &str) -> Result<()> {
    let key = key.trim();
    if key.is_empty() || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(LoreError::Key {
            host: host.into(),
            fault: "a key is one word of letters, digits and signs: copy it again".into(),
        });
    }
    let kept = Entry::new(SERVICE, host).and_then(|entry| entry.set_password(key));
    kept.map_err(|fault| wrong(host, &fault))
}

/// Forgets the key of a machine.
pub fn forget_key(host: &str) -> Result<()> {
    match Entry::new(SERVICE, host).and_then(|entry| entry.delete_credential()) {
        Ok(()) | Err(Error::NoEntry) => Ok(()),
        Err(fault) => Err(wrong(host, &fault)),
    }
}
