//! Invitations: reviewing from another machine.

use salon_domain::{InvitationId, Role, Timestamp};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Invites a curator to review from another machine; who is not registered yet is added.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct Invite {
    /// Whom.
    pub name: String,
    /// What they may do; must be the role they are registered with.
    pub role: Role,
    /// For how many hours, 1 to 2160; three days when absent.
    #[serde(default)]
    #[ts(optional)]
    pub hours: Option<u32>,
    /// The lead who invites.
    pub by: String,
}

/// An invitation that was just made: its token is shown now and never again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Invited {
    /// The invitation.
    pub invitation: Invitation,
    /// What opens the door. Only its hash is kept.
    pub token: String,
    /// The address to hand to the guest: whole while the studio is shared, else what to put behind the address that it
    /// will be shared under.
    pub link: String,
}

/// An invitation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Invitation {
    /// Its row.
    pub id: InvitationId,
    /// Whom it invites.
    pub name: String,
    /// In which role.
    pub role: Role,
    /// Who invites.
    pub created_by: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when on it is void.
    pub expires_at: Timestamp,
    /// When it was revoked; null while it was not.
    pub revoked_at: Option<Timestamp>,
    /// When somebody came in with it last; null before the first time.
    pub last_used_at: Option<Timestamp>,
    /// Whether it opens the door now.
    pub holds: bool,
}

/// Revokes an invitation: whoever came in with it is out at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct RevokeInvitation {
    /// Which.
    pub id: InvitationId,
    /// The lead.
    pub by: String,
}
