//! The approved set: frozen, ordered, content-addressed. The only thing a bundle can be made from.

use serde::Serialize;
use ts_rs::TS;

use crate::{
    ApprovalId, Candidate, CandidateId, CanonicalHasher, Digest, Media, Origin, Recipe, SlotPrompts,
    Timestamp, Trait, Verdict,
};

/// One picture of an approved set, with everything a bundle says of it.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
pub struct ApprovedMember {
    /// Its place in the collection, from 1.
    pub position: u32,
    /// The candidate it was.
    pub candidate: CandidateId,
    /// SHA-256 of its file.
    pub sha256: Digest,
    /// What kind of file that is.
    pub media: Media,
    /// Where it came from.
    pub origin: Origin,
    /// What it was made with; absent for a picture that was brought in without.
    pub recipe: Option<Recipe>,
    /// What the recipe's templates became for it; absent when its prompts are plain.
    pub resolved: Option<SlotPrompts>,
    /// Its traits, in schema order.
    pub traits: Vec<Trait>,
}

/// A candidate on its way into a set: with its recipe, and what the recipe's templates became for it.
pub type Frozen = (Candidate, Option<Recipe>, Option<SlotPrompts>);

/// A frozen, ordered list of accepted candidates, signed by name.
///
/// Fields are private: the only ways to one are [`ApprovedSet::freeze`] (which demands accepted candidates) and
/// [`ApprovedSet::reload`] (which demands the recorded hash).
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
pub struct ApprovedSet {
    id: ApprovalId,
    version: u32,
    by: String,
    at: Timestamp,
    decision_head: Digest,
    members: Vec<ApprovedMember>,
    hash: Digest,
}

/// Why a set cannot be approved.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApprovalError {
    /// No candidate was given.
    #[error("there is nothing to approve: accept at least one candidate first")]
    Empty,
    /// The signature is blank.
    #[error("an approval needs a name: say who signs")]
    Unsigned,
    /// A candidate is not accepted.
    #[error("candidate {0} is {word}, and only accepted candidates can be approved", word = .1.word())]
    NotAccepted(CandidateId, Verdict),
    /// The jury did not pass a candidate.
    #[error(
        "candidate {0} is {word} by the jury, and only what it accepted can be approved: let the lead decide its tie, \
         or open a round for it",
        word = .1.word()
    )]
    NotPassed(CandidateId, Verdict),
    /// A candidate appears twice.
    #[error("candidate {0} appears twice in the set")]
    Twice(CandidateId),
    /// The stored set does not hash to what was signed.
    #[error("approved set {id} was changed after it was signed: it hashes to {found}, not {expected}")]
    Changed {
        /// The set.
        id: ApprovalId,
        /// The hash that was signed.
        expected: Digest,
        /// The hash of what is stored.
        found: Digest,
    },
}

impl ApprovedSet {
    /// Freezes `candidates`, in this order, as version `version`. `decision_head` is the hash of the last decision.
    pub fn freeze(
        id: ApprovalId,
        version: u32,
        by: &str,
        at: Timestamp,
        decision_head: Digest,
        candidates: &[Frozen],
    ) -> Result<Self, ApprovalError> {
        let by = by.trim();
        if by.is_empty() {
            return Err(ApprovalError::Unsigned);
        }
        if candidates.is_empty() {
            return Err(ApprovalError::Empty);
        }
        let mut seen = std::collections::BTreeSet::new();
        for (candidate, ..) in candidates {
            if candidate.verdict != Verdict::Accepted {
                return Err(ApprovalError::NotAccepted(candidate.id, candidate.verdict));
            }
            if !seen.insert(candidate.id) {
                return Err(ApprovalError::Twice(candidate.id));
            }
        }
        let members = candidates
            .iter()
            .zip(1..)
            .map(|((candidate, recipe, resolved), position)| ApprovedMember {
                position,
                candidate: candidate.id,
                sha256: candidate.sha256,
                media: candidate.media,
                origin: candidate.origin.clone(),
                recipe: recipe.clone(),
                resolved: resolved.clone(),
                traits: candidate.traits.clone(),
            })
            .collect();
        let mut set = Self {
            id,
            version,
            by: by.into(),
            at,
            decision_head,
            members,
            hash: Digest::ZERO,
        };
        set.hash = set.compute_hash();
        Ok(set)
    }

    /// A set read back from storage; refused unless it still hashes to `expected`.
    pub fn reload(
        id: ApprovalId,
        version: u32,
        by: String,
        at: Timestamp,
        decision_head: Digest,
        members: Vec<ApprovedMember>,
        expected: Digest,
    ) -> Result<Self, ApprovalError> {
        let mut set = Self {
            id,
            version,
            by,
            at,
            decision_head,
            members,
            hash: expected,
        };
        let found = set.compute_hash();
        if found != expected {
            return Err(ApprovalError::Changed { id, expected, found });
        }
        set.hash = found;
        Ok(set)
    }

    fn compute_hash(&self) -> Digest {
        let mut hasher = CanonicalHasher::new("salon approved set 1")
            .integer(i64::from(self.version))
            .text(&self.by)
            .integer(self.at.0)
            .bytes(&self.decision_head.0)
            .integer(self.members.len() as i64);
        for member in &self.members {
            hasher = hasher
                .integer(i64::from(member.position))
                .integer(member.candidate.0)
                .bytes(&member.sha256.0);
            hasher = match &member.origin {
                Origin::Slot { run, slot, seed } => hasher
                    .integer(run.0)
                    .integer(i64::from(*slot))
                    .integer(*seed as i64),
                Origin::Imported { name, tool } => hasher
                    .text("imported")
                    .text(member.media.word())
                    .text(name)
                    .text(tool),
            };
            let recipe = member.recipe.as_ref().map(Recipe::digest);
            hasher = hasher
                .optional(recipe.as_ref().map(|digest| &digest.0[..]))
                .integer(member.traits.len() as i64);
            for one in &member.traits {
                hasher = hasher.text(&one.trait_type).text(&one.value);
            }
            // Written only where there is one, so that sets signed before templates keep their hash.
            if let Some(resolved) = &member.resolved {
                hasher = hasher
                    .text("resolved")
                    .text(&resolved.prompt)
                    .text(&resolved.negative_prompt);
            }
        }
        hasher.finish()
    }

    /// Its row.
    pub fn id(&self) -> ApprovalId {
        self.id
    }

    /// 1 for the project's first approval, then counting up.
    pub fn version(&self) -> u32 {
        self.version
    }

    /// Who signed.
    pub fn by(&self) -> &str {
        &self.by
    }

    /// When it was signed.
    pub fn at(&self) -> Timestamp {
        self.at
    }

    /// Hash of the last decision when it was signed.
    pub fn decision_head(&self) -> Digest {
        self.decision_head
    }

    /// The pictures, in collection order.
    pub fn members(&self) -> &[ApprovedMember] {
        &self.members
    }

    /// SHA-256 over everything above.
    pub fn hash(&self) -> Digest {
        self.hash
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ModelRef, RunId};

    fn pair(id: i64, verdict: Verdict) -> Frozen {
        let recipe = Recipe {
            guidance: 3.0,
            seed: 7,
            ..Recipe::plain(
                ModelRef {
                    name: "house".into(),
                    sha256: Digest::ZERO,
                },
                "a fox",
                128,
                128,
            )
        };
        let origin = Origin::Slot {
            run: RunId(1),
            slot: id as u32,
            seed: 7 + id as u64,
        };
        let candidate = Candidate {
            verdict,
            traits: vec![Trait::new("Species", "fox")],
            ..Candidate::arrived(
                CandidateId(id),
                origin,
                Digest::of(&id.to_le_bytes()),
                (128, 128),
                Timestamp(0),
            )
        };
        (candidate, Some(recipe), None)
    }

    fn freeze(pairs: &[Frozen]) -> Result<ApprovedSet, ApprovalError> {
        ApprovedSet::freeze(ApprovalId(1), 1, "Ada", Timestamp(5), Digest::ZERO, pairs)
    }

    #[test]
    fn only_accepted_candidates_once_each_and_signed() {
        assert_eq!(freeze(&[]), Err(ApprovalError::Empty));
        let rejected = pair(2, Verdict::Rejected);
        assert_eq!(
            freeze(&[rejected]),
            Err(ApprovalError::NotAccepted(CandidateId(2), Verdict::Rejected))
        );
        let one = pair(1, Verdict::Accepted);
        assert_eq!(
            freeze(&[one.clone(), one.clone()]),
            Err(ApprovalError::Twice(CandidateId(1)))
        );
        let unsigned = ApprovedSet::freeze(ApprovalId(1), 1, "  ", Timestamp(5), Digest::ZERO, &[one]);
        assert_eq!(unsigned, Err(ApprovalError::Unsigned));
    }

    #[test]
    fn what_a_template_became_is_signed_too() {
        let plain = pair(1, Verdict::Accepted);
        let mut resolved = plain.clone();
        resolved.2 = Some(SlotPrompts {
            prompt: "a red fox".into(),
            negative_prompt: String::new(),
        });
        assert_ne!(
            freeze(&[plain]).unwrap().hash(),
            freeze(&[resolved]).unwrap().hash(),
            "the prompt a picture was painted from is part of what is signed"
        );
    }

    #[test]
    fn where_an_imported_picture_came_from_is_signed_too() {
        let imported = |name: &str| {
            let (mut candidate, ..) = pair(1, Verdict::Accepted);
            candidate.origin = Origin::Imported {
                name: name.into(),
                tool: "ComfyUI".into(),
            };
            freeze(&[(candidate, None, None)]).unwrap().hash()
        };
        assert_ne!(
            imported("a.png"),
            imported("b.png"),
            "its name is part of what is signed"
        );
        let made = freeze(&[pair(1, Verdict::Accepted)]).unwrap().hash();
        assert_ne!(imported("a.png"), made, "and that nobody here made it");
    }

    #[test]
    fn the_hash_covers_order_and_content_and_guards_reloading() {
        let (a, b) = (pair(1, Verdict::Accepted), pair(2, Verdict::Accepted));
        let forward = freeze(&[a.clone(), b.clone()]).unwrap();
        let backward = freeze(&[b, a]).unwrap();
        assert_ne!(forward.hash(), backward.hash(), "order is part of what is signed");
        let mut members = forward.members().to_vec();
        if let Some(recipe) = &mut members[0].recipe {
            recipe.prompt.push('!');
        }
        let reloaded = ApprovedSet::reload(
            ApprovalId(1),
            1,
            "Ada".into(),
            Timestamp(5),
            Digest::ZERO,
            members,
            forward.hash(),
        );
        assert!(
            matches!(reloaded, Err(ApprovalError::Changed { .. })),
            "a changed recipe must be noticed"
        );
    }
}
