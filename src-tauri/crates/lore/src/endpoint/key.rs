//! Keys of endpoints: in the keyring of the system, by machine; in the environment where there is no keyring.

use salon_remote::{KeyFault, Keys};

use crate::error::{LoreError, Result};

const KEYS: Keys = Keys {
    service: "Salon",
    variable: "SALON_LORE_KEY",
};

impl From<KeyFault> for LoreError {
    fn from(fault: KeyFault) -> Self {
        Self::Key {
            host: fault.host,
            fault: fault.fault,
        }
    }
}

/// The key of a machine; none where none was set.
pub fn find_key(host: &str) -> Option<String> {
    KEYS.find(host)
}

/// Keeps the key of a machine; what was kept before is forgotten.
pub fn keep_key(host: &str, key: &str) -> Result<()> {
    Ok(KEYS.keep(host, key)?)
}

/// Forgets the key of a machine.
pub fn forget_key(host: &str) -> Result<()> {
    Ok(KEYS.forget(host)?)
}
