//! `curators`, `add_curator`, `change_curator`, `remove_curator`, `sign_in`, `sign_out`: who takes part.
//!
//! A PIN keeps a hand from signing with another's name on a shared desk; it does not keep anybody out of the files.

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use salon_catalog::CuratorRecord;

use crate::Studio;
use crate::api::{
    AddCurator, ApiError, ChangeCurator, Curator, ErrorCode, Nothing, RemoveCurator, SignIn, SignOut,
};
use crate::events::lock;
use crate::settings::checked_name;
use crate::who::Right;

/// Shortest and longest PIN, in characters.
const PIN_LENGTHS: std::ops::RangeInclusive<usize> = 4..=64;

/// Wrong PINs in a row after which a name must wait, and how long, in milliseconds.
const MOST_WRONG: u32 = 5;
const WAIT_MS: i64 = 30_000;

/// The PIN as it is stored.
fn hashed(pin: &str) -> Result<String, ApiError> {
    if !PIN_LENGTHS.contains(&pin.chars().count()) {
        let (least, most) = (PIN_LENGTHS.start(), PIN_LENGTHS.end());
        return Err(ApiError::invalid_request(format!(
            "a PIN has {least} to {most} characters"
        )));
    }
    phc(pin)
}

/// Argon2id of a secret with a salt of its own, in PHC form.
pub(crate) fn phc(secret: &str) -> Result<String, ApiError> {
    let salt: [u8; 16] = random()?;
    let hash: PasswordHash = Argon2::default()
        .hash_password_with_salt(secret.as_bytes(), &salt)
        .map_err(|fault| ApiError::internal(format!("the secret could not be hashed: {fault}")))?;
    Ok(hash.to_string())
}

/// Random bytes from the operating system.
pub(crate) fn random<const BYTES: usize>() -> Result<[u8; BYTES], ApiError> {
    let mut bytes = [0; BYTES];
    getrandom::fill(&mut bytes).map_err(|fault| {
        ApiError::internal(format!("the operating system gave no random numbers: {fault}"))
    })?;
    Ok(bytes)
}

/// Whether a secret is the one whose hash was stored, in a time that says nothing of where they differ.
pub(crate) fn fits(secret: &str, stored: &str) -> bool {
    PasswordHash::new(stored).is_ok_and(|hash| {
        Argon2::default()
            .verify_password(secret.as_bytes(), &hash)
            .is_ok()
    })
}

impl Studio {
    fn shown(&self, record: &CuratorRecord) -> Curator {
        Curator {
            name: record.name.clone(),
            role: record.role,
            has_pin: record.pin.is_some(),
            signed_in: record.pin.is_none() || lock(&self.inner.signed_in).contains(&record.name),
        }
    }

    /// Every curator, by name; nobody where everybody may do everything.
    pub fn curators(&self, _: Nothing) -> Result<Vec<Curator>, ApiError> {
        let records = self.inner.project.curators()?;
        Ok(records.iter().map(|record| self.shown(record)).collect())
    }

    /// Adds a curator.
    pub fn add_curator(&self, request: AddCurator) -> Result<Curator, ApiError> {
        let name = checked_name(&request.name, "a curator")?;
        if !self.inner.project.curators()?.is_empty() {
            self.may(&request.by, "adding a curator", Right::Lead)?;
        }
        let record = CuratorRecord {
            name: name.into(),
            role: request.role,
            pin: request.pin.as_deref().map(hashed).transpose()?,
            added_at: self.inner.now(),
        };
        self.inner.project.add_curator(&record)?;
        if record.pin.is_some() {
            // Whoever chose the PIN knows it.
            lock(&self.inner.signed_in).insert(name.into());
        }
        Ok(self.shown(&record))
    }

    /// Changes a curator's role or PIN.
    pub fn change_curator(&self, request: ChangeCurator) -> Result<Curator, ApiError> {
        let name = checked_name(&request.name, "a curator")?;
        let own_pin = request.by.trim() == name && request.role.is_none();
        let right = if own_pin { Right::Vote } else { Right::Lead };
        self.may(&request.by, "changing a curator", right)?;
        let pin = match request.pin.as_deref() {
            None => None,
            Some("") => Some(None),
            Some(pin) => Some(Some(hashed(pin)?)),
        };
        let pin = pin.as_ref().map(Option::as_deref);
        let record = self.inner.project.change_curator(name, request.role, pin)?;
        if pin.is_some() && !own_pin {
            lock(&self.inner.signed_in).remove(name);
        } else if own_pin && record.pin.is_some() {
            lock(&self.inner.signed_in).insert(name.into());
        }
        Ok(self.shown(&record))
    }

    /// Removes a curator. What they decided stays.
    pub fn remove_curator(&self, request: RemoveCurator) -> Result<Nothing, ApiError> {
        self.may(&request.by, "removing a curator", Right::Lead)?;
        let name = checked_name(&request.name, "a curator")?;
        self.inner.project.remove_curator(name)?;
        lock(&self.inner.signed_in).remove(name);
        Ok(Nothing {})
    }

    /// Signs a curator in until the studio closes. In a project without curators every name is welcome.
    pub fn sign_in(&self, request: SignIn) -> Result<Curator, ApiError> {
        let name = checked_name(&request.name, "signing in")?;
        let curators = self.inner.project.curators()?;
        let Some(record) = curators.iter().find(|record| record.name == name) else {
            if curators.is_empty() {
                return Ok(Curator {
                    name: name.into(),
                    role: salon_domain::Role::Lead,
                    has_pin: false,
                    signed_in: true,
                });
            }
            return Err(ApiError::new(
                ErrorCode::NotFound,
                format!("{name} is no curator of this project"),
                &["A lead adds curators."],
            ));
        };
        if let Some(stored) = &record.pin {
            self.check_pin(name, request.pin.as_deref().unwrap_or_default(), stored)?;
        }
        lock(&self.inner.signed_in).insert(name.into());
        Ok(self.shown(record))
    }

    /// Refuses a wrong PIN, and after several in a row any PIN for a while: four digits are soon tried out.
    fn check_pin(&self, name: &str, pin: &str, stored: &str) -> Result<(), ApiError> {
        let now = self.inner.now();
        let refused = |message: String, hint| ApiError::new(ErrorCode::SignInNeeded, message, &[hint]);
        let wrong = lock(&self.inner.wrong_pins).get(name).copied();
        if let Some((count, last)) = wrong
            && count >= MOST_WRONG
            && (last.0..last.0 + WAIT_MS).contains(&now.0)
        {
            return Err(refused(
                format!("{count} wrong PINs of {name} in a row"),
                "Wait half a minute, then try again.",
            ));
        }
        if fits(pin, stored) {
            lock(&self.inner.wrong_pins).remove(name);
            return Ok(());
        }
        let count = wrong.map_or(0, |(count, _)| count) + 1;
        lock(&self.inner.wrong_pins).insert(name.into(), (count, now));
        Err(refused(
            format!("that is not the PIN of {name}"),
            "Try again, or let a lead set another.",
        ))
    }

    /// Signs a curator out.
    pub fn sign_out(&self, request: SignOut) -> Result<Nothing, ApiError> {
        lock(&self.inner.signed_in).remove(request.name.trim());
        Ok(Nothing {})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pin_is_stored_as_a_salted_hash_and_fits_only_itself() {
        let (one, other) = (hashed("0815").unwrap(), hashed("0815").unwrap());
        assert!(one.starts_with("$argon2id$"), "{one}");
        assert_ne!(one, other, "each has a salt of its own");
        assert!(fits("0815", &one) && fits("0815", &other), "the PIN fits");
        assert!(!fits("0816", &one) && !fits("", &one), "another does not");
        assert!(!fits("0815", "0815"), "a PIN stored plainly is no hash");
        assert_eq!(hashed("123").unwrap_err().code, ErrorCode::InvalidRequest);
    }
}
