//! Families, found among all pictures and laid over their lineages.

use salon_catalog::FamilyLink;
use salon_domain::CandidateId;
use salon_judge::families::{FamilyLimits, Kin, Likeness, families_unless};
use salon_judge::neighbours::Neighbours;

use super::Pool;
use super::encoders::HOUSE;
use crate::api::ApiError;
use crate::settings::read_or;
use crate::studio::Inner;

/// The word that the catalog keeps for a likeness.
fn word(likeness: Likeness) -> &'static str {
    match likeness {
        Likeness::Same => "same",
        Likeness::Copy => "copy",
        Likeness::Near => "near",
        Likeness::Variation => "variation",
    }
}

/// From which cosine on pictures are nearly the same. The house encoder's limit was measured on pictures of the house model:
/// recompressed, resized and cropped copies have cosines from 0.954 on, others up to 0.64.
pub(crate) fn near_cosine(encoder: &str) -> f32 {
    if encoder == HOUSE { 0.95 } else { 0.97 }
}

/// Whoever was made from one another belongs together, however unlike they came out.
fn limits(encoder: &str) -> FamilyLimits {
    FamilyLimits {
        copy_bits: 31,
        copy_quality: 50,
        copy_cosine: 0.9,
        near_cosine: near_cosine(encoder),
        variation_cosine: -1.0,
    }
}

/// Key of whether pictures were looked at since families were found last ("yes").
const UNGROUPED: &str = "judge.ungrouped";

impl Inner {
    /// Whether pictures were looked at since families were found last: a kill may have come between.
    pub(super) fn is_ungrouped(&self) -> Result<bool, ApiError> {
        Ok(read_or(&self.project, UNGROUPED, "")? == "yes")
    }

    /// Remembers that families are to be found.
    pub(super) fn note_ungrouped(&self) -> Result<(), ApiError> {
        Ok(self.project.set_setting(UNGROUPED, "yes")?)
    }

    /// Finds the families among all candidates and keeps them. Gives how many belong elsewhere than before.
    pub(super) fn refresh_families(&self, pool: &Pool) -> Result<u32, ApiError> {
        let all = self.project.lineages()?;
        let width = pool.vectors.width();
        // Usually every picture was looked at: then the rows are those of the pool.
        let whole = all.iter().map(|(candidate, ..)| candidate).eq(&pool.ids);
        let mut rows = Vec::with_capacity(if whole { 0 } else { all.len() * width });
        let mut kin = Vec::with_capacity(all.len());
        for (candidate, digest, lineage) in all {
            let place = pool.place(candidate);
            match place {
                _ if whole => {}
                Some(place) => rows.extend_from_slice(pool.vectors.row(place)),
                None => rows.resize(rows.len() + width, 0.0),
            }
            kin.push(Kin {
                candidate,
                digest,
                pdq: place.map(|place| pool.hashes[place]),
                recipe: lineage.map(|first| first.to_string()),
            });
        }
        let laid_out = if whole {
            None
        } else {
            Some(Neighbours::new(width, rows)?)
        };
        let vectors = laid_out.as_ref().unwrap_or(&pool.vectors);
        let found = families_unless(&kin, Some(vectors), &limits(&pool.encoder), &self.judge.ending)?;
        drop(laid_out);
        let Some(found) = found else {
            // The next start finds them.
            return Ok(0);
        };
        let members: Vec<Vec<CandidateId>> = found
            .iter()
            .map(|family| {
                let members = family.members.iter().map(|member| member.candidate);
                members.chain([family.leader]).collect()
            })
            .collect();
        let links: Vec<FamilyLink> = found
            .iter()
            .flat_map(|family| &family.members)
            .map(|member| FamilyLink {
                candidate: member.candidate,
                to: member.of,
                reason: word(member.likeness).into(),
                distance: f64::from(member.distance),
            })
            .collect();
        let moved = self.project.keep_families(&members, &links)?;
        self.project.set_setting(UNGROUPED, "")?;
        Ok(moved)
    }
}
