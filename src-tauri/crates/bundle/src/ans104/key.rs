//! The user's own key: read from the file that they name, used, and neither copied nor told.

use std::io::Read;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::rsa::{KeyPairComponents, PublicKeyComponents};
use ring::signature::{
    ED25519, Ed25519KeyPair, KeyPair as _, RSA_PSS_2048_8192_SHA256, RSA_PSS_SHA256, RsaKeyPair,
    UnparsedPublicKey,
};
use serde::Deserialize;

use super::item::Id;
use crate::error::{BundleError, Result};
use crate::reading::open_regular;

/// Longest key file. One of RSA with 4096 bits has about 3 KB.
const LONGEST: u64 = 64 << 10;
/// Bytes of the modulus of Arweave's RSA keys, which is their public half; all have the exponent 65537.
const MODULUS: usize = 512;
const EXPONENT: [u8; 3] = [1, 0, 1];

/// How an item is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// RSA-PSS with 4096 bits and SHA-256: a wallet of Arweave's. Every signature is another.
    Arweave,
    /// Ed25519. The same item has the same signature.
    Ed25519,
}

impl Kind {
    /// Its number in an item's head.
    pub(crate) fn number(self) -> u16 {
        match self {
            Self::Arweave => 1,
            Self::Ed25519 => 2,
        }
    }

    /// The kind of that number, where Salon knows it.
    pub(crate) fn of(number: u16) -> Option<Self> {
        [Self::Arweave, Self::Ed25519]
            .into_iter()
            .find(|kind| kind.number() == number)
    }

    /// Bytes of a signature.
    pub(crate) fn signature_bytes(self) -> usize {
        match self {
            Self::Arweave => MODULUS,
            Self::Ed25519 => 64,
        }
    }

    /// Bytes of the public key.
    pub(crate) fn owner_bytes(self) -> usize {
        match self {
            Self::Arweave => MODULUS,
            Self::Ed25519 => 32,
        }
    }

    /// Whether the owner signed the message. Of RSA only signatures with a salt as long as the hash are known, as Salon
    /// makes them.
    pub(crate) fn verifies(self, owner: &[u8], message: &[u8], signature: &[u8]) -> bool {
        let verified = match self {
            Self::Arweave => PublicKeyComponents {
                n: owner,
                e: &EXPONENT[..],
            }
            .verify(&RSA_PSS_2048_8192_SHA256, message, signature),
            Self::Ed25519 => UnparsedPublicKey::new(&ED25519, owner).verify(message, signature),
        };
        verified.is_ok()
    }
}

enum Pair {
    Rsa(Box<RsaKeyPair>),
    Ed25519(Box<Ed25519KeyPair>),
}

/// A key that signs.
pub(crate) struct Key {
    pair: Pair,
    owner: Vec<u8>,
    /// For the salts of RSA-PSS.
    random: SystemRandom,
}

/// A key in JSON (RFC 7517): RSA as Arweave's wallets have it (RFC 7518), or Ed25519 (RFC 8037).
#[derive(Default, Deserialize)]
#[serde(default)]
struct Jwk {
    kty: String,
    crv: String,
    n: String,
    e: String,
    d: String,
    p: String,
    q: String,
    dp: String,
    dq: String,
    qi: String,
    x: String,
}

impl Key {
    /// Reads the key in a file.
    ///
    /// # Errors
    /// What is wrong with it, never what is in it.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let refused = |why: &str| BundleError::Key {
            path: path.into(),
            why: why.into(),
        };
        let mut bytes = Vec::new();
        open_regular(path)
            .and_then(|file| file.take(LONGEST).read_to_end(&mut bytes))
            .map_err(BundleError::read(path))?;
        // What the parser says might quote the file.
        let jwk: Jwk = serde_json::from_slice(&bytes).map_err(|_| refused("it is no key in JSON (JWK)"))?;
        match (jwk.kty.as_str(), jwk.crv.as_str()) {
            ("RSA", _) => rsa(&jwk).map_err(refused),
            ("OKP", "Ed25519") => ed25519(&jwk).map_err(refused),
            _ => Err(refused("its kty must be RSA, or OKP with the crv Ed25519")),
        }
    }

    /// How it signs.
    pub(crate) fn kind(&self) -> Kind {
        match self.pair {
            Pair::Rsa(_) => Kind::Arweave,
            Pair::Ed25519(_) => Kind::Ed25519,
        }
    }

    /// The public half.
    pub(crate) fn owner(&self) -> &[u8] {
        &self.owner
    }

    /// The wallet's address: the SHA-256 of the public half.
    pub(crate) fn address(&self) -> Id {
        Id::of(&self.owner)
    }

    /// Signs a message; `None` where the system gives no random numbers.
    pub(crate) fn sign(&self, message: &[u8]) -> Option<Vec<u8>> {
        match &self.pair {
            Pair::Rsa(pair) => {
                let mut signature = vec![0; MODULUS];
                pair.sign(&RSA_PSS_SHA256, &self.random, message, &mut signature)
                    .ok()?;
                Some(signature)
            }
            Pair::Ed25519(pair) => Some(pair.sign(message).as_ref().to_vec()),
        }
    }
}

fn part(text: &str) -> std::result::Result<Vec<u8>, &'static str> {
    match URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')) {
        Ok(bytes) if !bytes.is_empty() => Ok(bytes),
        _ => Err("a part of the private key is missing or is not in base64url"),
    }
}

fn rsa(jwk: &Jwk) -> std::result::Result<Key, &'static str> {
    let owner = part(&jwk.n)?;
    if owner.len() != MODULUS || part(&jwk.e)? != EXPONENT {
        return Err("Arweave's RSA keys have 4096 bits and the exponent 65537 (AQAB)");
    }
    let pair = RsaKeyPair::from_components(&KeyPairComponents {
        public_key: PublicKeyComponents {
            n: owner.as_slice(),
            e: &EXPONENT,
        },
        d: part(&jwk.d)?,
        p: part(&jwk.p)?,
        q: part(&jwk.q)?,
        dP: part(&jwk.dp)?,
        dQ: part(&jwk.dq)?,
        qInv: part(&jwk.qi)?,
    });
    Ok(Key {
        pair: Pair::Rsa(Box::new(pair.map_err(|_| "its parts do not fit together")?)),
        owner,
        random: SystemRandom::new(),
    })
}

fn ed25519(jwk: &Jwk) -> std::result::Result<Key, &'static str> {
    let pair = Ed25519KeyPair::from_seed_and_public_key(&part(&jwk.d)?, &part(&jwk.x)?)
        .map_err(|_| "its two halves do not fit together")?;
    Ok(Key {
        owner: pair.public_key().as_ref().to_vec(),
        pair: Pair::Ed25519(Box::new(pair)),
        random: SystemRandom::new(),
    })
}
