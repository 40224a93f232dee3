//! Deciding, alone and as a jury.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum, ValueHint};
use salon_domain::{
    CandidateId, DecisionId, DuelId, DuelOutcome, InvitationId, Role, RoundId, Timestamp, Verdict,
};

use super::looking::{LabelName, parse_time};
use super::{ProjectArgument, row_id};

/// Who acts, and the PIN that proves it where one is set.
#[derive(Debug, Clone, Args)]
pub struct Who {
    /// Who acts.
    #[arg(long, value_name = "NAME")]
    pub by: String,
    /// Their PIN, when they have one.
    #[arg(long, value_name = "PIN", env = "SALON_PIN", hide_env_values = true)]
    pub pin: Option<String>,
}

/// `salon decide`.
#[derive(Debug, Args)]
#[command(group(clap::ArgGroup::new("verdicts").required(true).multiple(true).args(["accept", "reject", "reset", "keep"])))]
pub struct Decide {
    #[command(flatten)]
    pub project: ProjectArgument,
    /// Candidates to accept.
    #[arg(long, value_name = "ID", num_args = 1.., value_parser = row_id(CandidateId))]
    pub accept: Vec<CandidateId>,
    /// Candidates to reject.
    #[arg(long, value_name = "ID", num_args = 1.., value_parser = row_id(CandidateId))]
    pub reject: Vec<CandidateId>,
    /// Candidates to make undecided again.
    #[arg(long, value_name = "ID", num_args = 1.., value_parser = row_id(CandidateId))]
    pub reset: Vec<CandidateId>,
    /// A candidate to accept while the rest of its family is rejected.
    #[arg(long, value_name = "ID", value_parser = row_id(CandidateId), conflicts_with_all = ["accept", "reject", "reset"])]
    pub keep: Option<CandidateId>,
    #[command(flatten)]
    pub who: Who,
    /// Why, in your words; kept with the decision.
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub why: String,
}

/// `salon mark`.
#[derive(Debug, Args)]
#[command(group(clap::ArgGroup::new("marks").required(true).multiple(true).args(["stars", "label", "note"])))]
pub struct Mark {
    #[command(flatten)]
    pub project: ProjectArgument,
    /// The candidates.
    #[arg(value_name = "ID", required = true, num_args = 1.., value_parser = row_id(CandidateId))]
    pub candidates: Vec<CandidateId>,
    /// So many stars; 0 takes them away.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(0..=5))]
    pub stars: Option<u8>,
    /// A colour label.
    #[arg(long, value_enum)]
    pub label: Option<LabelName>,
    /// A note; empty clears it.
    #[arg(long, value_name = "TEXT")]
    pub note: Option<String>,
    #[command(flatten)]
    pub who: Who,
}

/// `salon undo` and `salon redo`.
#[derive(Debug, Args)]
pub struct UndoArguments {
    #[command(flatten)]
    pub project: ProjectArgument,
    /// Whose; the project's curator when absent.
    #[arg(long, value_name = "NAME")]
    pub by: Option<String>,
    /// Their PIN, when they have one.
    #[arg(long, value_name = "PIN", env = "SALON_PIN", hide_env_values = true)]
    pub pin: Option<String>,
}

/// `salon approve`.
#[derive(Debug, Args)]
pub struct Approve {
    #[command(flatten)]
    pub project: ProjectArgument,
    #[command(flatten)]
    pub who: Who,
    /// The order to hang them in; arrival order of all accepted candidates when absent.
    #[arg(long, value_name = "ID", num_args = 1.., value_parser = row_id(CandidateId))]
    pub order: Option<Vec<CandidateId>>,
}

/// Roles by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum RoleName {
    /// Picks.
    Artist,
    /// Votes in rounds.
    Juror,
    /// Picks, leads rounds, settles ties, signs.
    Lead,
}

impl From<RoleName> for Role {
    fn from(name: RoleName) -> Self {
        match name {
            RoleName::Artist => Self::Artist,
            RoleName::Juror => Self::Juror,
            RoleName::Lead => Self::Lead,
        }
    }
}

/// `salon curators`.
#[derive(Debug, Subcommand)]
pub enum Curators {
    /// List the curators.
    #[command(after_long_help = "JSON: an array of objects with name, role, has_pin, signed_in.")]
    List(ProjectArgument),
    /// Add a curator. The first must be a lead; afterwards a lead adds the others.
    #[command(after_long_help = "JSON keys: name, role, has_pin, signed_in.")]
    Add {
        #[command(flatten)]
        project: ProjectArgument,
        /// The name that will stand on decisions.
        name: String,
        /// What they may do.
        #[arg(long, value_enum)]
        role: RoleName,
        /// A PIN of theirs, 4 to 64 characters.
        #[arg(long, value_name = "PIN")]
        new_pin: Option<String>,
        /// The lead who adds them.
        #[arg(long, value_name = "NAME", default_value = "")]
        by: String,
        /// The lead's PIN.
        #[arg(long, value_name = "PIN", env = "SALON_PIN", hide_env_values = true)]
        pin: Option<String>,
    },
    /// Change a curator's role or PIN.
    #[command(after_long_help = "JSON keys: name, role, has_pin, signed_in.")]
    Change {
        #[command(flatten)]
        project: ProjectArgument,
        /// Whom.
        name: String,
        /// Another role.
        #[arg(long, value_enum)]
        role: Option<RoleName>,
        /// Another PIN; empty takes it away.
        #[arg(long, value_name = "PIN")]
        new_pin: Option<String>,
        #[command(flatten)]
        who: Who,
    },
    /// Remove a curator. What they decided stays.
    #[command(after_long_help = "JSON keys: removed.")]
    Remove {
        #[command(flatten)]
        project: ProjectArgument,
        /// Whom.
        name: String,
        #[command(flatten)]
        who: Who,
    },
}

/// `salon invitations`.
#[derive(Debug, Subcommand)]
pub enum Invitations {
    /// Invite a curator; who is not registered yet is added. The link is shown once.
    #[command(
        after_long_help = "JSON keys: invitation (as in one row of `salon invitations list`), token, link."
    )]
    Add {
        #[command(flatten)]
        project: ProjectArgument,
        /// Whom.
        name: String,
        /// What they may do.
        #[arg(long, value_enum, default_value = "juror")]
        role: RoleName,
        /// For how many hours, 1 to 2160.
        #[arg(long, value_name = "N", default_value_t = 72)]
        hours: u32,
        #[command(flatten)]
        who: Who,
    },
    /// List the invitations, oldest first; also those that are void.
    #[command(
        after_long_help = "JSON: an array of objects with id, name, role, created_by, created_at, expires_at, revoked_at, \
                                 last_used_at, holds."
    )]
    List(ProjectArgument),
    /// Revoke an invitation: whoever came in with it is out at once.
    #[command(after_long_help = "JSON keys: as in one row of `salon invitations list`.")]
    Revoke {
        #[command(flatten)]
        project: ProjectArgument,
        /// Which.
        #[arg(value_name = "ID", value_parser = row_id(InvitationId))]
        id: InvitationId,
        #[command(flatten)]
        who: Who,
    },
}

/// `salon rounds`.
#[derive(Debug, Subcommand)]
pub enum Rounds {
    /// List the rounds, and how far their jurors are.
    #[command(
        after_long_help = "JSON: an array of objects with id, name, quorum, repeats, candidates, jurors (each: name, done, total), \
                                 opened_by, opened_at, closed_by, closed_at."
    )]
    List(ProjectArgument),
    /// Open a blind round: nobody sees another's vote until it is closed.
    #[command(after_long_help = "JSON keys: as in one row of `salon rounds list`.")]
    Open(Box<OpenRound>),
    /// Print a juror's ballot, in the juror's own order. Which candidates stand there is not told.
    #[command(
        after_long_help = "JSON keys: entries (each: place, frame, width, height, verdict), done, total."
    )]
    Ballot {
        #[command(flatten)]
        project: ProjectArgument,
        /// The round.
        #[arg(value_name = "ROUND", value_parser = row_id(RoundId))]
        round: RoundId,
        /// Also write the pictures into this folder, named by their places.
        #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
        pictures: Option<PathBuf>,
        #[command(flatten)]
        who: Who,
    },
    /// Close a round: its outcomes become verdicts of the approve stage.
    #[command(
        after_long_help = "JSON keys: round, outcomes (each: candidate, for, against, outcome, verdict), jurors (each: name, done, \
                                 total, self_agreement, repeats), pairs (each: one, other, kappa, both)."
    )]
    Close {
        #[command(flatten)]
        project: ProjectArgument,
        /// The round.
        #[arg(value_name = "ROUND", value_parser = row_id(RoundId))]
        round: RoundId,
        #[command(flatten)]
        who: Who,
    },
    /// Print what a round came to; while it is open, how far its jurors are.
    #[command(
        after_long_help = "JSON keys: as of `salon rounds close`; outcomes and pairs are empty while it is open."
    )]
    Report {
        #[command(flatten)]
        project: ProjectArgument,
        /// The round.
        #[arg(value_name = "ROUND", value_parser = row_id(RoundId))]
        round: RoundId,
    },
    /// Decide a tie of a closed round, as its lead.
    #[command(after_long_help = "JSON keys: as of `salon rounds close`.")]
    Tie {
        #[command(flatten)]
        project: ProjectArgument,
        /// The round.
        #[arg(value_name = "ROUND", value_parser = row_id(RoundId))]
        round: RoundId,
        /// The candidate.
        #[arg(value_name = "ID", value_parser = row_id(CandidateId))]
        candidate: CandidateId,
        /// The verdict.
        #[arg(value_enum)]
        verdict: VoteName,
        #[command(flatten)]
        who: Who,
    },
}

/// `salon rounds open`.
#[derive(Debug, Args)]
pub struct OpenRound {
    #[command(flatten)]
    pub project: ProjectArgument,
    /// Its name.
    pub name: String,
    /// The jurors.
    #[arg(long, value_name = "NAME", num_args = 1.., required = true)]
    pub jurors: Vec<String>,
    /// How many of them must agree.
    #[arg(long, value_name = "K", value_parser = clap::value_parser!(u32).range(1..))]
    pub quorum: u32,
    /// The share of candidates that each juror sees twice, to measure how steady they are: 0 to 0.05.
    #[arg(long, value_name = "SHARE", default_value_t = 0.0)]
    pub repeats: f64,
    /// The candidates; all accepted ones when absent.
    #[arg(long, value_name = "ID", num_args = 1.., value_parser = row_id(CandidateId))]
    pub candidates: Option<Vec<CandidateId>>,
    #[command(flatten)]
    pub who: Who,
}

/// Votes by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum VoteName {
    /// For it.
    Accept,
    /// Against it.
    Reject,
    /// Take the vote back.
    Reset,
}

impl From<VoteName> for Verdict {
    fn from(name: VoteName) -> Self {
        match name {
            VoteName::Accept => Self::Accepted,
            VoteName::Reject => Self::Rejected,
            VoteName::Reset => Self::Undecided,
        }
    }
}

/// `salon vote`.
#[derive(Debug, Args)]
pub struct CastVote {
    #[command(flatten)]
    pub project: ProjectArgument,
    /// The round.
    #[arg(value_name = "ROUND", value_parser = row_id(RoundId))]
    pub round: RoundId,
    /// The place on the ballot, from 0.
    pub place: u32,
    /// The vote.
    #[arg(value_enum)]
    pub vote: VoteName,
    #[command(flatten)]
    pub who: Who,
}

/// `salon log`.
#[derive(Debug, Subcommand)]
pub enum Log {
    /// Print rows of the log, oldest first. Votes of open rounds stay secret.
    #[command(
        after_long_help = "JSON: an array of objects with row, candidate, stage, verdict, previous (both null for a secret vote), by, \
                                 at, why, undoes, gesture, round, hash."
    )]
    Show {
        #[command(flatten)]
        project: ProjectArgument,
        /// The first row; the last ones when absent.
        #[arg(long, value_name = "ROW", value_parser = row_id(DecisionId))]
        from: Option<DecisionId>,
        /// At most so many rows.
        #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1000))]
        limit: u32,
    },
    /// Check the hash chain from the first row to the last, and name the first bad row.
    #[command(
        after_long_help = "JSON keys: rows, head, fault (absent when all is well, else: row, why). Exit code 1 when a row is bad."
    )]
    Verify(ProjectArgument),
    /// Rebuild the state from the log alone, as it is now or was at a moment.
    #[command(
        after_long_help = "JSON keys: rows, verdicts (all, undecided, accepted, rejected), digest, matches_live (absent when newer rows \
                                 were left out). Exit code 1 when the project says something else."
    )]
    Replay {
        #[command(flatten)]
        project: ProjectArgument,
        /// The moment: a date, a date with a time (UTC), or milliseconds since 1970.
        #[arg(long, value_name = "TIME", value_parser = parse_time)]
        at: Option<Timestamp>,
    },
}

/// `salon board`.
#[derive(Debug, Args)]
pub struct Board {
    #[command(flatten)]
    pub project: ProjectArgument,
    /// A candidate: what accepting it would change.
    #[arg(long, value_name = "ID", value_parser = row_id(CandidateId))]
    pub candidate: Option<CandidateId>,
}

/// `salon rarity`.
#[derive(Debug, Args)]
pub struct Rarity {
    #[command(flatten)]
    pub project: ProjectArgument,
    /// Rank the signed set of this version; all that is accepted otherwise.
    #[arg(long, value_name = "VERSION", value_parser = clap::value_parser!(u32).range(1..))]
    pub approved: Option<u32>,
    /// How many tokens to print, the rarest first (JSON has all).
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub count: u32,
}

/// `salon targets`.
#[derive(Debug, Args)]
pub struct Targets {
    #[command(flatten)]
    pub project: ProjectArgument,
    /// How many pictures the set should have.
    #[arg(long, value_name = "N")]
    pub target: Option<u32>,
    /// How many of them should have a trait: `TYPE=VALUE:LEAST..MOST`, either number may be missing. May be given again.
    #[arg(long = "quota", value_name = "QUOTA", value_parser = parse_quota)]
    pub quotas: Vec<QuotaArgument>,
    /// Who sets them; needed where curators are registered.
    #[arg(long, value_name = "NAME", default_value = "")]
    pub by: String,
    /// Their PIN, when they have one.
    #[arg(long, value_name = "PIN", env = "SALON_PIN", hide_env_values = true)]
    pub pin: Option<String>,
}

/// One quota.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuotaArgument {
    /// What the trait describes.
    pub trait_type: String,
    /// The value.
    pub value: String,
    /// At least so many.
    pub least: Option<u32>,
    /// At most so many.
    pub most: Option<u32>,
}

fn parse_quota(text: &str) -> Result<QuotaArgument, String> {
    let fault = || "write it as TYPE=VALUE:LEAST..MOST, for example Background=teal:5..20".to_owned();
    let (of, numbers) = text.rsplit_once(':').ok_or_else(fault)?;
    let (trait_type, value) = of.split_once('=').ok_or_else(fault)?;
    let (least, most) = numbers.split_once("..").ok_or_else(fault)?;
    let number = |text: &str| match text.trim() {
        "" => Ok(None),
        digits => digits.parse().map(Some).map_err(|_| fault()),
    };
    Ok(QuotaArgument {
        trait_type: trait_type.trim().into(),
        value: value.trim().into(),
        least: number(least)?,
        most: number(most)?,
    })
}

/// Ends of a duel by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DuelOutcomeName {
    /// The left picture.
    Left,
    /// The right picture.
    Right,
    /// Both alike good.
    Both,
    /// Both alike poor.
    Neither,
    /// No answer.
    Skip,
}

impl From<DuelOutcomeName> for DuelOutcome {
    fn from(name: DuelOutcomeName) -> Self {
        match name {
            DuelOutcomeName::Left => Self::Left,
            DuelOutcomeName::Right => Self::Right,
            DuelOutcomeName::Both => Self::Both,
            DuelOutcomeName::Neither => Self::Neither,
            DuelOutcomeName::Skip => Self::Skip,
        }
    }
}

/// `salon duel`.
#[derive(Debug, Subcommand)]
pub enum Duel {
    /// Print the pair that would tell most about the cut line.
    #[command(
        after_long_help = "JSON: null with fewer than two accepted candidates, else keys duel, left, right (each: candidate, frame, \
                                 width, height)."
    )]
    Next {
        #[command(flatten)]
        project: ProjectArgument,
        #[command(flatten)]
        who: Who,
    },
    /// Settle a duel.
    #[command(after_long_help = "JSON keys: left, right (each: candidate, strength, uncertainty, duels).")]
    Settle {
        #[command(flatten)]
        project: ProjectArgument,
        /// The duel.
        #[arg(value_name = "DUEL", value_parser = row_id(DuelId))]
        duel: DuelId,
        /// How it ended.
        #[arg(value_enum)]
        outcome: DuelOutcomeName,
        #[command(flatten)]
        who: Who,
    },
    /// Print the accepted candidates, strongest first.
    #[command(after_long_help = "JSON: an array of objects with candidate, strength, uncertainty, duels.")]
    Ranking(ProjectArgument),
}

/// `salon rejects`.
#[derive(Debug, Subcommand)]
pub enum Rejects {
    /// List the files of rejected pictures, and why some of them stay; remove them with --yes.
    #[command(
        after_long_help = "Members of an approved set, pictures that another candidate shows and pictures that a recipe begins with \
                                 stay. Thumbnails stay too. A stop in between is finished the next time.\n\n\
                                 JSON keys: items (each: candidate, file, bytes, refused: why it stays, absent when it goes), bytes, done."
    )]
    Empty {
        #[command(flatten)]
        project: ProjectArgument,
        /// Remove the files.
        #[arg(long)]
        yes: bool,
        /// Who removes them; the project's curator when absent.
        #[arg(long, value_name = "NAME")]
        by: Option<String>,
        /// Their PIN, when they have one.
        #[arg(long, value_name = "PIN", env = "SALON_PIN", hide_env_values = true)]
        pin: Option<String>,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotas_are_read_as_people_write_them() {
        let quota = |least, most| QuotaArgument {
            trait_type: "Hat".into(),
            value: "a: red one".into(),
            least,
            most,
        };
        for (text, expected) in [
            ("Hat=a: red one:5..20", quota(Some(5), Some(20))),
            ("Hat = a: red one :5..", quota(Some(5), None)),
            ("Hat=a: red one:..20", quota(None, Some(20))),
        ] {
            assert_eq!(parse_quota(text), Ok(expected), "{text}");
        }
        for wrong in ["Hat", "Hat=red", "Hat=red:5", "Hat=red:x..y"] {
            let fault = parse_quota(wrong).unwrap_err();
            assert!(fault.contains("TYPE=VALUE"), "`{wrong}`: {fault}");
        }
    }
}
