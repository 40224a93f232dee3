//! Keys of other machines: in the keyring of the system, by machine; in the environment where there is no keyring. They are
//! never written to a project, a log or a message.

use keyring::{Entry, Error};

/// The keys of one craft.
#[derive(Debug, Clone, Copy)]
pub struct Keys {
    /// What the keyring lists them under.
    pub service: &'static str,
    /// The environment's variable that is read where the keyring has none.
    pub variable: &'static str,
}

/// Why a key could not be kept: the machine, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the key of {host}: {fault}")]
pub struct KeyFault {
    /// The machine.
    pub host: String,
    /// What happened, and what to do.
    pub fault: String,
}

impl Keys {
    fn wrong(self, host: &str, fault: &Error) -> KeyFault {
        let variable = self.variable;
        let fault = match fault {
            Error::NoDefaultStore | Error::NoStorageAccess(_) | Error::PlatformFailure(_) => {
                format!("this system has no keyring that can be used: set {variable} before Salon starts")
            }
            // The messages of others name what was stored; this says nothing of it.
            _ => "the keyring does not hold it as it should: set it again".into(),
        };
        KeyFault {
            host: host.into(),
            fault,
        }
    }

    /// The key of a machine; none where none was set.
    pub fn find(self, host: &str) -> Option<String> {
        let kept = Entry::new(self.service, host).and_then(|entry| entry.get_password());
        kept.ok()
            .or_else(|| std::env::var(self.variable).ok())
            .map(|key| key.trim().to_owned())
            .filter(|key| !key.is_empty())
    }

    /// Keeps the key of a machine; what was kept before is forgotten.
    pub fn keep(self, host: &str, key: &str) -> Result<(), KeyFault> {
        let key = key.trim();
        if key.is_empty() || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(KeyFault {
                host: host.into(),
                fault: "a key is one word of letters, digits and signs: copy it again".into(),
            });
        }
        let kept = Entry::new(self.service, host).and_then(|entry| entry.set_password(key));
        kept.map_err(|fault| self.wrong(host, &fault))
    }

    /// Forgets the key of a machine.
    pub fn forget(self, host: &str) -> Result<(), KeyFault> {
        match Entry::new(self.service, host).and_then(|entry| entry.delete_credential()) {
            Ok(()) | Err(Error::NoEntry) => Ok(()),
            Err(fault) => Err(self.wrong(host, &fault)),
        }
    }
}
