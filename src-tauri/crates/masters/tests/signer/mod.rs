//! Certificates for tests: an authority of our own, and a signer whose certificate it gave.
#![allow(dead_code)] // Not every program that takes this in needs all of it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, SignatureAlgorithm,
};
use time::{Duration, OffsetDateTime};

pub fn pem(label: &str, der: &[u8]) -> String {
    let body = STANDARD.encode(der);
    let lines: Vec<&str> = body
        .as_bytes()
        .chunks(64)
        .map(|line| std::str::from_utf8(line).unwrap())
        .collect();
    format!(
        "-----BEGIN {label}-----\n{}\n-----END {label}-----\n",
        lines.join("\n")
    )
}

fn named(name: &str) -> DistinguishedName {
    let mut names = DistinguishedName::new();
    names.push(DnType::CommonName, name);
    names.push(DnType::OrganizationName, "Night Zoo");
    names
}

/// What can be wrong with a certificate.
#[derive(Clone, Copy, PartialEq)]
pub enum Wrong {
    Nothing,
    Expired,
    Early,
    Itself,
    Purpose,
}

/// A signer's chain and key, as PEM.
pub fn signer(algorithm: &'static SignatureAlgorithm, wrong: Wrong) -> (String, String) {
    let now = OffsetDateTime::now_utc();
    let authority_key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.distinguished_name = named("Night Zoo authority");
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let authority_certificate = authority.self_signed(&authority_key).unwrap();
    let issuer = Issuer::new(authority, authority_key);

    let key = KeyPair::generate_for(algorithm).unwrap();
    let mut own = CertificateParams::new(Vec::new()).unwrap();
    own.distinguished_name = named("Ada Löw");
    own.not_before = now - Duration::days(10);
    own.not_after = now + Duration::days(300);
    match wrong {
        Wrong::Expired => own.not_after = now - Duration::days(1),
        Wrong::Early => own.not_before = now + Duration::days(1),
        _ => {}
    }
    own.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    own.extended_key_usages = vec![if wrong == Wrong::Purpose {
        ExtendedKeyUsagePurpose::ServerAuth
    } else {
        ExtendedKeyUsagePurpose::EmailProtection
    }];
    own.use_authority_key_identifier_extension = true;
    let certificate = if wrong == Wrong::Itself {
        own.self_signed(&key).unwrap()
    } else {
        own.signed_by(&key, &issuer).unwrap()
    };
    let chain = [
        pem("CERTIFICATE", certificate.der()),
        pem("CERTIFICATE", authority_certificate.der()),
    ];
    (chain.concat(), pem("PRIVATE KEY", &key.serialize_der()))
}
