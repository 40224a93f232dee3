//! The certificate and the key that a collection's maker signs with: read, checked against each other and the rules that
//! readers of manifests hold them to (C2PA 2.2, 14.5), and kept in memory alone.

mod certificate;

use std::fmt;

use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PSS_SHA256, RsaKeyPair,
};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use salon_domain::{Digest, Timestamp};

use crate::error::{MasterError, Result};
use certificate::Certificate;

/// Bytes of a signature on a curve of 256 bits.
const CURVE_SIGNATURE: usize = 64;

/// Why nothing can be signed with a certificate and a key, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CredentialError {
    /// No certificate in the file.
    #[error(
        "the certificate's file holds no certificate: name a PEM file that begins with -----BEGIN CERTIFICATE-----"
    )]
    NoCertificate,
    /// No key in the file.
    #[error(
        "the key's file holds no private key in PKCS #8: name a PEM file that begins with -----BEGIN PRIVATE KEY----- \
         (`openssl pkcs8 -topk8 -nocrypt` makes one)"
    )]
    NoKey,
    /// A key of another kind.
    #[error(
        "the key is of a kind that is not signed with here: ES256 (P-256), Ed25519 and PS256 (RSA, 2048 bits or more) are"
    )]
    Kind,
    /// Bytes that are no certificate.
    #[error("the certificate cannot be read: ask for it again from whoever issued it")]
    Unreadable,
    /// The key belongs to another certificate.
    #[error(
        "the key does not belong to the certificate: name the two that were made together, the signer's first in its file"
    )]
    Strangers,
    /// Its time is over, or has not come.
    #[error("the certificate is valid {when}: renew it, or check this machine's clock")]
    Time {
        /// "until …" or "from … on".
        when: String,
    },
    /// Readers refuse certificates that vouch for themselves.
    #[error(
        "the certificate signed itself, which readers of manifests refuse: let an authority, your own for a start, issue it"
    )]
    Itself,
    /// Readers refuse certificates that were not issued for signing documents.
    #[error(
        "the certificate is not issued for this: it needs an authority key identifier, the key usage digitalSignature, and \
         the extended key usage emailProtection, documentSigning or C2PA's own"
    )]
    Purpose,
}

enum Key {
    Es256(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
    Ps256(RsaKeyPair),
}

/// Who signs.
pub struct Credential {
    /// DER, the signer's own first.
    chain: Vec<Vec<u8>>,
    key: Key,
    random: SystemRandom,
}

impl fmt::Debug for Credential {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Credential({})", self.fingerprint())
    }
}

impl Credential {
    /// Reads a chain of certificates (PEM, the signer's own first) and the key of the first (PEM, PKCS #8), and refuses what
    /// readers would refuse at `now`.
    pub fn read(chain: &[u8], key: &[u8], now: Timestamp) -> Result<Self, CredentialError> {
        let chain: Vec<Vec<u8>> = CertificateDer::pem_slice_iter(chain)
            .filter_map(std::result::Result::ok)
            .map(|certificate| certificate.to_vec())
            .collect();
        let first = chain.first().ok_or(CredentialError::NoCertificate)?;
        let key = PrivatePkcs8KeyDer::from_pem_slice(key).map_err(|_| CredentialError::NoKey)?;
        let key = Key::read(key.secret_pkcs8_der()).ok_or(CredentialError::Kind)?;
        let certificate = Certificate::read(first).ok_or(CredentialError::Unreadable)?;
        if certificate.public_key != key.public() {
            return Err(CredentialError::Strangers);
        }
        certificate.check(now)?;
        Ok(Self {
            chain,
            key,
            random: SystemRandom::new(),
        })
    }

    /// SHA-256 of the signer's certificate.
    pub fn fingerprint(&self) -> Digest {
        self.chain.first().map_or(Digest::ZERO, |first| Digest::of(first))
    }

    pub(crate) fn chain(&self) -> &[Vec<u8>] {
        &self.chain
    }

    /// The number of COSE's registry, as `-1 - n`: ES256 is -7, `EdDSA` -8, PS256 -37.
    pub(crate) fn cose_algorithm(&self) -> u64 {
        match self.key {
            Key::Es256(_) => 6,
            Key::Ed25519(_) => 7,
            Key::Ps256(_) => 36,
        }
    }

    /// Bytes of a signature.
    pub(crate) fn signature_length(&self) -> usize {
        match &self.key {
            Key::Es256(_) | Key::Ed25519(_) => CURVE_SIGNATURE,
            Key::Ps256(key) => key.public().modulus_len(),
        }
    }

    pub(crate) fn signature(&self, message: &[u8]) -> Result<Vec<u8>> {
        let refused = |_| MasterError::Unsigned;
        match &self.key {
            Key::Es256(key) => {
                let signature = key.sign(&self.random, message).map_err(refused)?;
                Ok(signature.as_ref().to_vec())
            }
            Key::Ed25519(key) => Ok(key.sign(message).as_ref().to_vec()),
            Key::Ps256(key) => {
                let mut signature = vec![0; key.public().modulus_len()];
                key.sign(&RSA_PSS_SHA256, &self.random, message, &mut signature)
                    .map_err(refused)?;
                Ok(signature)
            }
        }
    }
}

impl Key {
    fn read(pkcs8: &[u8]) -> Option<Self> {
        let random = SystemRandom::new();
        let on_curve = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8, &random);
        on_curve
            .map(Self::Es256)
            .or_else(|_| Ed25519KeyPair::from_pkcs8_maybe_unchecked(pkcs8).map(Self::Ed25519))
            .or_else(|_| RsaKeyPair::from_pkcs8(pkcs8).map(Self::Ps256))
            .ok()
    }

    /// As a certificate has it.
    fn public(&self) -> &[u8] {
        match self {
            Self::Es256(key) => key.public_key().as_ref(),
            Self::Ed25519(key) => key.public_key().as_ref(),
            Self::Ps256(key) => key.public_key().as_ref(),
        }
    }
}
