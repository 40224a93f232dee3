//! Where a bundle goes. Holds no key, so that it can be kept and shown.

use salon_remote::Address;
use serde::{Deserialize, Serialize};

use crate::error::{PublishError, Result};

/// Bytes of a mebibyte, in which parts are counted.
const MEBIBYTE: u64 = 1024 * 1024;
/// Largest part that S3 takes, in MiB.
const MOST_PART_MIB: u32 = 5 * 1024;
/// Longest name of a pin (Pinning Service API).
const LONGEST_NAME: usize = 255;
/// Most addresses at which a pinning service may ask for the blocks (Pinning Service API).
const MOST_ORIGINS: usize = 20;

/// Where a bundle goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Destination {
    /// The machine's address: `https://api.example.com/psa`, `http://127.0.0.1:5001`.
    pub address: String,
    /// Whether it may be called without TLS although it is not this machine.
    #[serde(default)]
    pub in_the_clear: bool,
    /// How it is spoken to.
    pub service: Protocol,
}

/// How a machine is spoken to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Protocol {
    /// kubo's RPC, and what speaks like it: `POST /api/v0/dag/import`.
    Kubo,
    /// The Pinning Service API: it fetches the blocks itself from wherever they can be reached.
    Pinning {
        /// What the pin is called; the collection's name where it is absent.
        name: Option<String>,
        /// Multiaddresses of nodes that have the blocks.
        origins: Vec<String>,
    },
    /// A store that speaks as S3 does.
    S3(Store),
}

/// A bucket of an S3-compatible store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Store {
    /// The region that signatures name.
    pub region: String,
    /// The bucket.
    pub bucket: String,
    /// The object's name; `<root>.car` where it is absent.
    pub object: Option<String>,
    /// Whether the store is asked to import the CAR as IPFS blocks (Filebase: `x-amz-meta-import: car`).
    pub import: bool,
    /// MiB of a part; 0 for as small as the store's 10,000 parts allow, and at least 8.
    pub part_mib: u32,
}

/// The kinds of services, by the names under which they are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServiceKind {
    /// kubo's RPC.
    Kubo,
    /// The Pinning Service API.
    Pinning,
    /// An S3-compatible store.
    S3,
}

impl ServiceKind {
    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Kubo => "kubo",
            Self::Pinning => "pinning",
            Self::S3 => "s3",
        }
    }
}

impl Destination {
    /// What kind of service it is.
    pub fn kind(&self) -> ServiceKind {
        match &self.service {
            Protocol::Kubo => ServiceKind::Kubo,
            Protocol::Pinning { .. } => ServiceKind::Pinning,
            Protocol::S3(_) => ServiceKind::S3,
        }
    }

    /// The machine that is called, with its port.
    pub fn host(&self) -> Result<String> {
        Ok(self.check()?.host().to_owned())
    }

    /// Bytes of a bundle that leave for it: a pinning service fetches them by itself.
    pub fn bytes_of(&self, car_bytes: u64) -> u64 {
        match &self.service {
            Protocol::Pinning { .. } => 0,
            Protocol::Kubo | Protocol::S3(_) => car_bytes,
        }
    }

    /// Whether what is sent stays on this machine.
    pub fn stays_here(&self) -> bool {
        Address::parse(&self.address).is_ok_and(|address| address.stays_here())
    }

    /// Refuses what cannot be called, or would travel in the clear unasked.
    pub fn check(&self) -> Result<Address> {
        let shown = self.address.trim().rsplit('@').next().unwrap_or_default();
        let address = Address::parse(&self.address)
            .map_err(|fault| PublishError::Terms(format!("the address \"{shown}\": {fault}")))?;
        if !address.is_secure() && !address.stays_here() && !self.in_the_clear {
            return Err(PublishError::Terms(format!(
                "{} would be called in the clear, where everybody on the way reads the key: name it with https://, or say that \
                 it may be",
                address.host()
            )));
        }
        match &self.service {
            Protocol::Kubo => {}
            Protocol::Pinning { name, origins } => {
                let longest = name.as_ref().map_or(0, |name| name.chars().count());
                if longest > LONGEST_NAME {
                    return Err(PublishError::Terms(format!(
                        "a pin's name has at most {LONGEST_NAME} letters, and this has {longest}: shorten it"
                    )));
                }
                if origins.len() > MOST_ORIGINS {
                    return Err(PublishError::Terms(format!(
                        "a pinning service takes at most {MOST_ORIGINS} origins, and these are {}: name fewer",
                        origins.len()
                    )));
                }
                if let Some(wrong) = origins.iter().find(|origin| !origin.starts_with('/')) {
                    return Err(PublishError::Terms(format!(
                        "the origin \"{wrong}\" is no multiaddress: it looks like /dns4/example.com/tcp/4001/p2p/12D3…"
                    )));
                }
            }
            Protocol::S3(store) => store.check()?,
        }
        Ok(address)
    }
}

impl Store {
    /// What a CAR of this root is called there.
    pub(crate) fn object_name(&self, root_cid: &str) -> String {
        self.object.clone().unwrap_or_else(|| format!("{root_cid}.car"))
    }

    fn check(&self) -> Result<()> {
        let plain = |text: &str| {
            text.bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_'))
        };
        if self.bucket.is_empty() || !plain(&self.bucket) {
            return Err(PublishError::Terms(format!(
                "\"{}\" is no bucket's name: it has letters, digits, dots and hyphens",
                self.bucket
            )));
        }
        if self.region.is_empty() || !plain(&self.region) {
            return Err(PublishError::Terms(format!(
                "\"{}\" is no region: it looks like us-east-1",
                self.region
            )));
        }
        if let Some(object) = &self.object
            && (object.is_empty() || object.starts_with('/') || object.chars().any(char::is_control))
        {
            return Err(PublishError::Terms(format!(
                "\"{object}\" is no object's name: it looks like collections/foxes.car"
            )));
        }
        if self.part_mib > MOST_PART_MIB {
            return Err(PublishError::Terms(format!(
                "a part has at most {MOST_PART_MIB} MiB, and not {}",
                self.part_mib
            )));
        }
        Ok(())
    }

    /// Bytes of every part but the last, so that there are at most 10,000 of them.
    pub(crate) fn part_bytes(&self, whole: u64) -> u64 {
        const MOST_PARTS: u64 = 10_000;
        const USUAL: u64 = 8;
        let least = whole.div_ceil(MOST_PARTS).div_ceil(MEBIBYTE);
        let wished = if self.part_mib == 0 {
            USUAL
        } else {
            u64::from(self.part_mib)
        };
        wished.max(least) * MEBIBYTE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(address: &str, service: Protocol) -> Destination {
        Destination {
            address: address.into(),
            in_the_clear: false,
            service,
        }
    }

    fn store() -> Store {
        Store {
            region: "us-east-1".into(),
            bucket: "foxes".into(),
            object: None,
            import: false,
            part_mib: 0,
        }
    }

    #[test]
    fn a_far_machine_is_called_in_the_clear_only_when_told() {
        let mut far = at("http://192.0.2.1:5001", Protocol::Kubo);
        let fault = far.check().unwrap_err().to_string();
        assert!(
            fault.contains("in the clear") && fault.contains("192.0.2.1"),
            "{fault}"
        );
        far.in_the_clear = true;
        far.check().unwrap();
        at("http://127.0.0.1:5001", Protocol::Kubo).check().unwrap();
        at("https://api.example.com", Protocol::Kubo).check().unwrap();
    }

    #[test]
    fn what_a_service_would_not_take_is_refused_before_anything_is_sent() {
        let name = Some("x".repeat(256));
        let origins = vec!["/ip4/127.0.0.1".to_owned(); 21];
        let pinning = |name: Option<String>, origins: Vec<String>| Protocol::Pinning { name, origins };
        let bucket = Store {
            bucket: "a/b".into(),
            ..store()
        };
        let object = Store {
            object: Some("/x".into()),
            ..store()
        };
        for (service, words) in [
            (pinning(name, vec![]), "255 letters"),
            (pinning(None, origins), "20 origins"),
            (pinning(None, vec!["example.com".into()]), "multiaddress"),
            (Protocol::S3(bucket), "bucket"),
            (Protocol::S3(object), "object"),
        ] {
            let fault = at("https://example.com", service)
                .check()
                .unwrap_err()
                .to_string();
            assert!(fault.contains(words), "`{fault}` should say `{words}`");
        }
        let fault = at("https://me:secret@example.com", Protocol::Kubo)
            .check()
            .unwrap_err();
        assert!(!fault.to_string().contains("secret"), "{fault}");
    }

    #[test]
    fn no_upload_has_more_parts_than_a_store_takes() {
        assert_eq!(store().part_bytes(1), 8 * MEBIBYTE, "the usual");
        let small = Store {
            part_mib: 5,
            ..store()
        };
        assert_eq!(small.part_bytes(1), 5 * MEBIBYTE, "as wished");
        let whole = 1_000_000 * MEBIBYTE;
        assert!(
            whole.div_ceil(small.part_bytes(whole)) <= 10_000,
            "as far as it can be"
        );
    }
}
