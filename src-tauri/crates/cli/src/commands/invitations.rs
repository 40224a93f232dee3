//! `salon invitations`: who may review from another machine.

use salon_studio::api::{Invitation, Invite, Nothing, RevokeInvitation};

use super::curate::signed_in;
use crate::arguments::Invitations;
use crate::open;
use crate::output::{Failure, Output};

/// Carries out `salon invitations …`.
pub fn run(command: Invitations, output: Output) -> Result<(), Failure> {
    match command {
        Invitations::Add {
            project,
            name,
            role,
            hours,
            who,
        } => {
            let studio = open::to_curate(&project.project)?;
            let by = signed_in(&studio, &who)?;
            let invited = studio.invite(Invite {
                name,
                role: role.into(),
                hours: Some(hours),
                by,
            })?;
            output.print(&invited, |invited| {
                format!("{}\n{}", line(&invited.invitation), invited.link)
            });
            output.note(
                "The link is shown only now. Put it behind the address that `salon serve --share` prints.",
            );
        }
        Invitations::List(project) => {
            let studio = open::to_look(&project.project)?;
            output.print(&studio.invitations(Nothing {})?, |invitations| {
                if invitations.is_empty() {
                    return "No invitations. `salon invitations add` makes one.".to_owned();
                }
                let lines: Vec<String> = invitations.iter().map(line).collect();
                lines.join("\n")
            });
        }
        Invitations::Revoke { project, id, who } => {
            let studio = open::to_curate(&project.project)?;
            let by = signed_in(&studio, &who)?;
            output.print(&studio.revoke_invitation(RevokeInvitation { id, by })?, line);
        }
    }
    Ok(())
}

fn line(invitation: &Invitation) -> String {
    let state = match (invitation.holds, invitation.revoked_at) {
        (true, _) => "holds",
        (false, Some(_)) => "revoked",
        (false, None) => "void",
    };
    format!(
        "{:>4}  {}: {}, by {}, {state}",
        invitation.id,
        invitation.name,
        invitation.role.word(),
        invitation.created_by
    )
}
