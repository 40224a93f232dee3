//! `set_board`, `set_targets`: the set as it grows, beside what it should become.

use std::collections::BTreeMap;

use salon_domain::Trait;

use crate::Studio;
use crate::api::{ApiError, SetBoard, SetBoardRequest, SetTargets, SetTrait, SetTraitValue};
use crate::who::Right;

/// Most quotas.
const MOST_QUOTAS: usize = 2000;

impl Studio {
    /// How the accepted candidates stand to the target and the quotas, and what accepting a candidate would change.
    pub fn set_board(&self, request: SetBoardRequest) -> Result<SetBoard, ApiError> {
        let standing = self.inner.project.standing(request.candidate)?;
        // Where no quota is set, the schema's targets say how many are wanted.
        let mut wished: BTreeMap<Trait, u32> = BTreeMap::new();
        if let (Some(size), Some(schema)) = (standing.target, self.inner.kept_schema()?) {
            // Targets that are more than the set are told where the schema is.
            wished.extend(schema.targets(size).unwrap_or_default());
        }
        let mut counts: BTreeMap<Trait, u32> = standing.traits.into_iter().collect();
        for of in wished.keys() {
            counts.entry(of.clone()).or_default();
        }
        let mut traits: BTreeMap<String, Vec<SetTraitValue>> = BTreeMap::new();
        for (of, count) in counts {
            let wish = wished.get(&of).copied();
            let quota = standing.quotas.iter().find(|quota| quota.of == of);
            let more = u32::from(standing.would_add.contains(&of));
            traits.entry(of.trait_type).or_default().push(SetTraitValue {
                value: of.value,
                count,
                least: quota.map_or(wish, |quota| quota.least),
                most: quota.map_or(wish, |quota| quota.most),
                if_accepted: count + more,
            });
        }
        Ok(SetBoard {
            target: standing.target,
            accepted: standing.accepted,
            traits: traits
                .into_iter()
                .map(|(trait_type, values)| SetTrait { trait_type, values })
                .collect(),
        })
    }

    /// Sets the target and the quotas; what was set before is forgotten.
    pub fn set_targets(&self, request: SetTargets) -> Result<SetBoard, ApiError> {
        if !self.inner.project.curators()?.is_empty() {
            self.may(&request.by, "setting targets", Right::Pick)?;
        }
        if request.quotas.len() > MOST_QUOTAS {
            return Err(ApiError::invalid_request(format!(
                "{} quotas: set at most {MOST_QUOTAS}",
                request.quotas.len()
            )));
        }
        let mut quotas = Vec::with_capacity(request.quotas.len());
        for quota in request.quotas {
            let (trait_type, value) = (quota.trait_type.trim(), quota.value.trim());
            let fault = match (quota.least, quota.most) {
                _ if trait_type.is_empty() || value.is_empty() => {
                    Some("a quota names a trait and a value".to_owned())
                }
                (None, None) => Some(format!(
                    "the quota of {trait_type}: {value} says nothing: give it a least or a most"
                )),
                (Some(least), Some(most)) if least > most => Some(format!(
                    "{trait_type}: {value} cannot be at least {least} and at most {most}"
                )),
                _ => None,
            };
            if let Some(fault) = fault {
                return Err(ApiError::invalid_request(fault));
            }
            quotas.push(salon_catalog::Quota {
                of: Trait::new(trait_type, value),
                least: quota.least,
                most: quota.most,
            });
        }
        self.inner.project.set_targets(request.target, &quotas)?;
        self.set_board(SetBoardRequest::default())
    }
}
