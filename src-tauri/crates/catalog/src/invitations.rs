//! Table `invitations`: who may review from another machine, in which role, until when.

use rusqlite::{OptionalExtension, Row, Transaction, params};
use salon_domain::{InvitationId, Role, Timestamp};

use crate::schema::Migration;
use crate::{CatalogError, Project, Result, rows};

pub(crate) const CREATE: Migration = Migration {
    name: "2026-11-23 invitations",
    sql: "
CREATE TABLE invitations (
    id           INTEGER PRIMARY KEY,
    name         TEXT NOT NULL,
    role         TEXT NOT NULL CHECK (role IN ('artist', 'juror', 'lead')),
    token        TEXT NOT NULL, -- a hash in PHC form, never the token
    created_by   TEXT NOT NULL,
    created_at   INTEGER NOT NULL,
    expires_at   INTEGER NOT NULL CHECK (expires_at > created_at),
    revoked_at   INTEGER,
    last_used_at INTEGER
) STRICT;
CREATE TRIGGER invitations_revoked_once BEFORE UPDATE OF revoked_at ON invitations WHEN OLD.revoked_at IS NOT NULL BEGIN
    SELECT RAISE(ABORT, 'a revoked invitation stays revoked');
END;
CREATE TRIGGER invitations_unchanged
BEFORE UPDATE OF id, name, role, token, created_by, created_at, expires_at ON invitations BEGIN
    SELECT RAISE(ABORT, 'an invitation is revoked, never changed');
END;
CREATE TRIGGER invitations_kept BEFORE DELETE ON invitations BEGIN
    SELECT RAISE(ABORT, 'invitations are never deleted');
END;
",
};

/// An invitation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvitationRecord {
    /// Its row.
    pub id: InvitationId,
    /// The curator it invites.
    pub name: String,
    /// The role it was given for.
    pub role: Role,
    /// The hash of its token.
    pub token: String,
    /// Who invites.
    pub created_by: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when on it is void.
    pub expires_at: Timestamp,
    /// When it was revoked, if it was.
    pub revoked_at: Option<Timestamp>,
    /// When somebody came in with it last.
    pub last_used_at: Option<Timestamp>,
}

/// An invitation about to be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewInvitation<'a> {
    /// The curator it invites; a new one is added in the same transaction.
    pub name: &'a str,
    /// Their role.
    pub role: Role,
    /// The hash of its token.
    pub token: &'a str,
    /// Who invites.
    pub created_by: &'a str,
    /// From when on it is void.
    pub expires_at: Timestamp,
}

fn read(row: &Row<'_>) -> rusqlite::Result<InvitationRecord> {
    Ok(InvitationRecord {
        id: InvitationId(row.get("id")?),
        name: row.get("name")?,
        role: rows::word(row, "role", Role::from_word)?,
        token: row.get("token")?,
        created_by: row.get("created_by")?,
        created_at: Timestamp(row.get("created_at")?),
        expires_at: Timestamp(row.get("expires_at")?),
        revoked_at: row.get::<_, Option<i64>>("revoked_at")?.map(Timestamp),
        last_used_at: row.get::<_, Option<i64>>("last_used_at")?.map(Timestamp),
    })
}

fn find(transaction: &Transaction<'_>, id: InvitationId) -> Result<InvitationRecord> {
    let found = transaction
        .prepare_cached("SELECT * FROM invitations WHERE id = ?1")?
        .query_row([id.0], read)
        .optional()?;
    found.ok_or(CatalogError::NotFound {
        what: "invitation",
        id: id.0,
    })
}

impl Project {
    /// Every invitation, oldest first; also those that are void.
    pub fn invitations(&self) -> Result<Vec<InvitationRecord>> {
        self.read(|transaction| {
            let mut statement = transaction.prepare_cached("SELECT * FROM invitations ORDER BY id")?;
            Ok(statement.query_map([], read)?.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// One invitation.
    pub fn invitation(&self, id: InvitationId) -> Result<InvitationRecord> {
        self.read(|transaction| find(transaction, id))
    }

    /// Makes an invitation, and a curator of that name where there is none. Refused when the curator has another role,
    /// and where nobody is registered: without curators everybody may do everything, also a guest.
    pub fn invite(&self, new: &NewInvitation<'_>, now: Timestamp) -> Result<InvitationRecord> {
        self.write(|transaction| {
            let registered: u32 =
                transaction.query_row("SELECT count(*) FROM curators", [], |row| row.get(0))?;
            if registered == 0 {
                return Err(CatalogError::Refused(
                    "nobody is registered, so a guest could do everything: add yourself as the first curator, a lead"
                        .into(),
                ));
            }
            let role = transaction
                .prepare_cached("SELECT role FROM curators WHERE name = ?1")?
                .query_row([new.name], |row| rows::word(row, "role", Role::from_word))
                .optional()?;
            match role {
                None => {
                    transaction.execute(
                        "INSERT INTO curators (name, role, added_at) VALUES (?1, ?2, ?3)",
                        params![new.name, new.role.word(), now.0],
                    )?;
                }
                Some(role) if role == new.role => {}
                Some(role) => {
                    return Err(CatalogError::Refused(format!(
                        "{} is registered as {}, not as {}: invite them in that role, or change it first",
                        new.name,
                        role.word(),
                        new.role.word()
                    )));
                }
            }
            transaction.execute(
                "INSERT INTO invitations (name, role, token, created_by, created_at, expires_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                params![
                    new.name,
                    new.role.word(),
                    new.token,
                    new.created_by,
                    now.0,
                    new.expires_at.0
                ],
            )?;
            find(transaction, InvitationId(transaction.last_insert_rowid()))
        })
    }

    /// Revokes an invitation; one that was revoked before stays as it is.
    pub fn revoke_invitation(&self, id: InvitationId, now: Timestamp) -> Result<InvitationRecord> {
        self.write(|transaction| {
            let found = find(transaction, id)?;
            if found.revoked_at.is_some() {
                return Ok(found);
            }
            transaction.execute(
                "UPDATE invitations SET revoked_at = ?2 WHERE id = ?1",
                params![id.0, now.0],
            )?;
            find(transaction, id)
        })
    }

    /// Notes that somebody came in with an invitation.
    pub fn invitation_used(&self, id: InvitationId, now: Timestamp) -> Result<()> {
        self.write(|transaction| {
            transaction.execute(
                "UPDATE invitations SET last_used_at = ?2 WHERE id = ?1",
                params![id.0, now.0],
            )?;
            Ok(())
        })
    }
}
