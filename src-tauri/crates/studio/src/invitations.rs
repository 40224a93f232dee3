//! `invite`, `invitations`, `revoke_invitation`, and what a host of guests needs: who comes in, and what they may see.

use std::fmt::Write as _;
use std::sync::Arc;

use salon_catalog::{InvitationRecord, NewInvitation};
use salon_domain::{InvitationId, Role, Timestamp};

use crate::Studio;
use crate::api::{ApiError, ErrorCode, Invitation, Invite, Invited, Nothing, RevokeInvitation};
use crate::curators::{fits, phc, random};
use crate::events::lock;
use crate::settings::checked_name;
use crate::who::Right;

/// Hours that an invitation holds when nothing is said.
const USUAL_HOURS: u32 = 72;

/// Shortest and longest life of an invitation, in hours.
const HOURS: std::ops::RangeInclusive<u32> = 1..=90 * 24;

const HOUR_MS: i64 = 3_600_000;

/// Longest text that is looked at as a token.
const LONGEST_TOKEN: usize = 128;

/// Who came in with an invitation that holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guest {
    /// The invitation.
    pub invitation: InvitationId,
    /// The curator.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// From when on they may not any more.
    pub expires_at: Timestamp,
}

/// The row and the secret that a token is made of: `12.` and 64 hexadecimal digits.
fn parts(token: &str) -> Option<(InvitationId, &str)> {
    if token.len() > LONGEST_TOKEN {
        return None;
    }
    let (id, secret) = token.trim().split_once('.')?;
    Some((InvitationId(id.parse().ok()?), secret))
}

fn refused(message: String) -> ApiError {
    ApiError::new(
        ErrorCode::SignInNeeded,
        message,
        &["Ask the lead for another invitation."],
    )
}

impl Studio {
    /// Invites a curator to review from another machine. The answer alone holds the token.
    pub fn invite(&self, request: Invite) -> Result<Invited, ApiError> {
        let by = self.may(&request.by, "an invitation", Right::Lead)?;
        let name = checked_name(&request.name, "an invitation")?;
        let hours = request.hours.unwrap_or(USUAL_HOURS);
        if !HOURS.contains(&hours) {
            return Err(ApiError::invalid_request(format!(
                "{hours} hours: an invitation holds for {} to {}",
                HOURS.start(),
                HOURS.end()
            )));
        }
        let mut secret = String::with_capacity(64);
        for byte in random::<32>()? {
            // Writing to a string cannot fail.
            let _ = write!(secret, "{byte:02x}");
        }
        let now = self.inner.now();
        let new = NewInvitation {
            name,
            role: request.role,
            token: &phc(&secret)?,
            created_by: by,
            expires_at: Timestamp(now.0 + i64::from(hours) * HOUR_MS),
        };
        let record = self.inner.project.invite(&new, now)?;
        tracing::info!(invitation = %record.id, role = record.role.word(), "a curator was invited");
        let token = format!("{}.{secret}", record.id);
        let address = lock(&self.inner.shared_at).clone().unwrap_or_default();
        Ok(Invited {
            link: format!("{address}/join#{token}"),
            invitation: self.told_invitation(record)?,
            token,
        })
    }

    /// Every invitation, oldest first; also those that are void.
    pub fn invitations(&self, _: Nothing) -> Result<Vec<Invitation>, ApiError> {
        let records = self.inner.project.invitations()?;
        records
            .into_iter()
            .map(|record| self.told_invitation(record))
            .collect()
    }

    /// Revokes an invitation; whoever came in with it is out at once.
    pub fn revoke_invitation(&self, request: RevokeInvitation) -> Result<Invitation, ApiError> {
        self.may(&request.by, "revoking an invitation", Right::Lead)?;
        let now = self.inner.now();
        let record = self.inner.project.revoke_invitation(request.id, now)?;
        tracing::info!(invitation = %record.id, "an invitation was revoked");
        self.told_invitation(record)
    }

    fn told_invitation(&self, record: InvitationRecord) -> Result<Invitation, ApiError> {
        let holds = self.why_void(&record)?.is_none();
        Ok(Invitation {
            id: record.id,
            name: record.name,
            role: record.role,
            created_by: record.created_by,
            created_at: record.created_at,
            expires_at: record.expires_at,
            revoked_at: record.revoked_at,
            last_used_at: record.last_used_at,
            holds,
        })
    }

    /// Why an invitation opens nothing now; `None` where it does. It ends with the curator: who was removed, registered
    /// anew or given another role needs another.
    fn why_void(&self, record: &InvitationRecord) -> Result<Option<String>, ApiError> {
        let name = &record.name;
        if record.revoked_at.is_some() {
            return Ok(Some(format!("the invitation of {name} was revoked")));
        }
        if record.expires_at <= self.inner.now() {
            return Ok(Some(format!("the invitation of {name} has expired")));
        }
        let curators = self.inner.project.curators()?;
        let fits = curators.iter().any(|curator| {
            curator.name == *name && curator.role == record.role && curator.added_at <= record.created_at
        });
        Ok((!fits).then(|| format!("{name} is registered otherwise than when they were invited")))
    }

    /// The guest whose invitation `token` belongs to. Slow on purpose: hosts ask once and remember who it was.
    pub fn welcome(&self, token: &str) -> Result<Guest, ApiError> {
        let unknown = || refused("this invitation is not known".into());
        let (id, secret) = parts(token).ok_or_else(unknown)?;
        let record = match self.inner.project.invitation(id) {
            Ok(record) => record,
            Err(salon_catalog::CatalogError::NotFound { .. }) => return Err(unknown()),
            Err(fault) => return Err(fault.into()),
        };
        if !fits(secret, &record.token) {
            return Err(unknown());
        }
        if let Some(why) = self.why_void(&record)? {
            return Err(refused(why));
        }
        self.inner.project.invitation_used(id, self.inner.now())?;
        Ok(guest(record))
    }

    /// The guest of an invitation, as long as it holds; quick, to be asked at every turn.
    pub fn guest(&self, invitation: InvitationId) -> Result<Guest, ApiError> {
        let record = self.inner.project.invitation(invitation)?;
        match self.why_void(&record)? {
            None => Ok(guest(record)),
            Some(why) => Err(refused(why)),
        }
    }

    /// This studio in the hands of a guest: acts under that name alone, and asks for no PIN, since the invitation has
    /// told who it is.
    pub fn on_behalf_of(&self, guest: &Guest) -> Self {
        let mut studio = self.clone();
        studio.acts_for = Some(Arc::from(guest.name.as_str()));
        studio
    }

    /// The project's folder, for what a host keeps there.
    pub fn project_folder(&self) -> &std::path::Path {
        self.inner.project.dir()
    }

    /// The instant that this studio lives in.
    pub fn now(&self) -> Timestamp {
        self.inner.now()
    }

    /// Tells the studio where guests find it, so that links to invitations are whole; `None` when it is shared no more.
    pub fn shared_at(&self, address: Option<String>) {
        *lock(&self.inner.shared_at) = address;
    }
}

fn guest(record: InvitationRecord) -> Guest {
    Guest {
        invitation: record.id,
        name: record.name,
        role: record.role,
        expires_at: record.expires_at,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_a_row_and_a_secret() {
        assert_eq!(parts("12.abc"), Some((InvitationId(12), "abc")));
        let long = format!("1.{}", "a".repeat(LONGEST_TOKEN));
        for wrong in ["", "12", "x.abc", ".abc", long.as_str()] {
            assert_eq!(parts(wrong), None, "`{wrong}` is no token");
        }
    }
}
