//! The certificate of a studio that is shared: signed by itself, made once, kept with the project for its owner alone.
//!
//! Nobody vouches for it, so a browser warns at the first visit; the fingerprint that is printed lets a guest compare.

use std::fmt::Write as _;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use salon_domain::Digest;
use serde::{Deserialize, Serialize};

/// Where it lies in the project's folder.
const FOLDER: &str = "private";
const FILE: &str = "certificate.json";

/// The longest that browsers take from certificates of our kind.
const LIFE: Duration = Duration::from_hours(24 * 820);

/// Clocks differ: it holds from a day before it was made.
const DAY: Duration = Duration::from_hours(24);

/// It is made anew when it has less left than this.
const RENEWED: Duration = Duration::from_hours(24 * 30);

/// Why there is none.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// A file could not be written.
    #[error("{} cannot be written: {source}; the certificate of the shared studio is kept there", path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It could not be made.
    #[error("no certificate could be made: {0}; names are host names or addresses")]
    Make(#[from] rcgen::Error),
    /// It cannot be served with.
    #[error("the certificate cannot be used: {0}")]
    Use(#[from] rustls::Error),
}

/// What is on disk.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Kept {
    /// The names and addresses it is for.
    names: Vec<String>,
    /// Seconds since the Unix epoch.
    expires_at: u64,
    /// DER in base64.
    certificate: String,
    /// PKCS#8 DER in base64.
    key: String,
}

/// What a TLS server needs, and what a guest compares.
#[derive(Debug)]
pub(crate) struct Identity {
    pub(crate) config: Arc<ServerConfig>,
    pub(crate) certificate: CertificateDer<'static>,
}

/// SHA-256 of a certificate as browsers show it: pairs of upper-case digits between colons.
pub(crate) fn fingerprint(certificate: &[u8]) -> String {
    let mut text = String::new();
    for (place, byte) in Digest::of(certificate).0.iter().enumerate() {
        // Writing to a string cannot fail.
        let _ = write!(text, "{}{byte:02X}", if place == 0 { "" } else { ":" });
    }
    text
}

/// The project's certificate for `names`: the one that is kept, or a new one where there is none, it lacks a name, is
/// about to expire or was open to others.
pub(crate) fn identity(
    project: &Path,
    names: &[String],
    now: SystemTime,
) -> Result<Identity, CertificateError> {
    let folder = project.join(FOLDER);
    let path = folder.join(FILE);
    let kept = kept(&path);
    if let Some(kept) = &kept
        && names.iter().all(|name| kept.names.contains(name))
        && kept.expires_at > seconds(now + RENEWED)
        && let Ok(identity) = used(kept)
    {
        return Ok(identity);
    }
    // A laptop moves between networks: names add up, so that going back changes nothing.
    let mut all = kept.map(|kept| kept.names).unwrap_or_default();
    for name in names {
        if !all.contains(name) {
            all.push(name.clone());
        }
    }
    let made = made(all, now)?;
    write(&folder, &path, &made)?;
    Ok(used(&made)?)
}

fn seconds(at: SystemTime) -> u64 {
    at.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

/// What is kept; nothing where it cannot be read, or others could read it too.
fn kept(path: &Path) -> Option<Kept> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        if fs::metadata(path).ok()?.permissions().mode() & 0o077 != 0 {
            tracing::warn!("others could read the certificate's key: another is made");
            return None;
        }
    }
    serde_json::from_slice(&fs::read(path).ok()?).ok()
}

fn made(names: Vec<String>, now: SystemTime) -> Result<Kept, rcgen::Error> {
    let key = rcgen::KeyPair::generate()?;
    let mut parameters = rcgen::CertificateParams::new(names.clone())?;
    parameters.not_before = time::OffsetDateTime::from(now - DAY);
    parameters.not_after = time::OffsetDateTime::from(now + LIFE);
    let mut subject = rcgen::DistinguishedName::new();
    subject.push(rcgen::DnType::CommonName, "Salon");
    parameters.distinguished_name = subject;
    parameters.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ServerAuth];
    let certificate = parameters.self_signed(&key)?;
    Ok(Kept {
        names,
        expires_at: seconds(now + LIFE),
        certificate: STANDARD.encode(certificate.der()),
        key: STANDARD.encode(key.serialize_der()),
    })
}

fn used(kept: &Kept) -> Result<Identity, rustls::Error> {
    let decoded = |text: &str| {
        STANDARD
            .decode(text)
            .map_err(|fault| rustls::Error::General(format!("it is no base64: {fault}")))
    };
    let certificate = CertificateDer::from(decoded(&kept.certificate)?);
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(decoded(&kept.key)?));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Identity {
        config: Arc::new(config),
        certificate,
    })
}

/// Writes it whole or not at all, readable by its owner alone from its first byte on.
fn write(folder: &Path, path: &Path, kept: &Kept) -> Result<(), CertificateError> {
    let fault = |path: &Path| {
        let path = path.to_path_buf();
        move |source| CertificateError::Write { path, source }
    };
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
        builder.mode(0o700);
        options.mode(0o600);
    }
    builder.create(folder).map_err(fault(folder))?;
    let new = path.with_extension("new");
    match fs::remove_file(&new) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => return Err(fault(&new)(source)),
        _ => {}
    }
    let text = serde_json::to_vec_pretty(kept).map_err(|source| fault(&new)(source.into()))?;
    let written = options.open(&new).and_then(|mut file| {
        file.write_all(&text)?;
        file.sync_all()
    });
    written.map_err(fault(&new))?;
    fs::rename(&new, path).map_err(fault(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).into()).collect()
    }

    #[test]
    fn it_stays_until_a_name_is_missing_or_its_time_is_up() {
        let folder = tempfile::tempdir().unwrap();
        let now = UNIX_EPOCH + Duration::from_hours(500_000);
        let at = |list: &[&str], now| identity(folder.path(), &names(list), now).unwrap().certificate;
        let first = at(&["localhost", "127.0.0.1"], now);
        assert_eq!(at(&["127.0.0.1"], now), first, "the next start keeps it");
        let wider = at(&["192.0.2.4"], now);
        assert_ne!(wider, first, "another address needs another");
        assert_eq!(
            at(&["localhost", "192.0.2.4"], now),
            wider,
            "which knows the old names too"
        );
        assert_ne!(
            at(&["localhost"], now + LIFE - DAY),
            wider,
            "one that ends soon is renewed"
        );
    }

    #[cfg(unix)]
    #[test]
    fn its_key_is_for_its_owner_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let first = identity(folder.path(), &names(&["localhost"]), SystemTime::now()).unwrap();
        let path = folder.path().join(FOLDER).join(FILE);
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        let second = identity(folder.path(), &names(&["localhost"]), SystemTime::now()).unwrap();
        assert_ne!(
            first.certificate, second.certificate,
            "a key that others could read is no key"
        );
        assert_eq!(mode(&path), 0o600, "and the new one is kept well");
    }

    #[test]
    fn a_fingerprint_reads_as_browsers_write_it() {
        let text = fingerprint(b"salon");
        assert_eq!(text.len(), 32 * 3 - 1);
        assert!(
            text.split(':')
                .all(|pair| pair.len() == 2 && pair == pair.to_uppercase())
        );
    }
}
