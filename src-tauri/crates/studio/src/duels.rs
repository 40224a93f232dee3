//! `next_duel`, `settle_duel`, `ranking`: blind pairs around the cut line, and the order they give.

use salon_catalog::{DuelSide, OpenDuel};
use salon_domain::{CandidateId, Strength, next_pair, ranked, strengths};

use crate::Studio;
use crate::api::{ApiError, Duel, DuelPicture, NextDuel, Nothing, SettleDuel, SettledDuel};
use crate::who::Right;

impl Studio {
    /// The pair that would tell most about who belongs above the cut line: the target size, or half of what is accepted.
    /// None with fewer than two accepted candidates.
    pub fn next_duel(&self, request: NextDuel) -> Result<Option<Duel>, ApiError> {
        let by = self.may(&request.by, "a duel", Right::Pick)?;
        if let Some(open) = self.inner.project.open_duel(by)? {
            return Ok(Some(self.pictured(&open)));
        }
        let (candidates, settled) = self.inner.project.duels()?;
        let cut = match self.inner.project.target()? {
            Some(target) if (target as usize) < candidates.len() => target as usize,
            _ => candidates.len() / 2,
        };
        let ranking = ranked(strengths(&candidates, &settled));
        let Some((left, right)) = next_pair(&ranking, cut, &settled) else {
            return Ok(None);
        };
        let open = self.inner.project.start_duel(left, right, by, self.inner.now())?;
        Ok(Some(self.pictured(&open)))
    }

    fn pictured(&self, duel: &OpenDuel) -> Duel {
        let side = |side: &DuelSide| DuelPicture {
            candidate: side.candidate,
            frame: self.inner.frames.of(side.candidate, &side.sha256),
            width: side.width,
            height: side.height,
        };
        Duel {
            duel: duel.id,
            left: side(&duel.left),
            right: side(&duel.right),
        }
    }

    /// Settles a duel. It is on disk when this returns.
    pub fn settle_duel(&self, request: SettleDuel) -> Result<SettledDuel, ApiError> {
        let by = self.may(&request.by, "a duel", Right::Pick)?;
        let now = self.inner.now();
        let (left, right) = self
            .inner
            .project
            .settle_duel(request.duel, request.outcome, by, now)?;
        let (mut candidates, settled) = self.inner.project.duels()?;
        for side in [left, right] {
            if !candidates.contains(&side) {
                candidates.push(side);
            }
        }
        let found = strengths(&candidates, &settled);
        Ok(SettledDuel {
            left: strength_of(&found, left)?,
            right: strength_of(&found, right)?,
        })
    }

    /// The accepted candidates, strongest first.
    pub fn ranking(&self, _: Nothing) -> Result<Vec<Strength>, ApiError> {
        let (candidates, settled) = self.inner.project.duels()?;
        Ok(ranked(strengths(&candidates, &settled)))
    }
}

fn strength_of(found: &[Strength], candidate: CandidateId) -> Result<Strength, ApiError> {
    let strength = found.iter().find(|one| one.candidate == candidate).copied();
    strength.ok_or_else(|| ApiError::internal(format!("candidate {candidate} has no strength")))
}
