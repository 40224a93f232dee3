//! `paint_layers`: layered compositions become the starting pictures of runs, and their traits the prompts, so that traits stay
//! exact while the drawing becomes synthesis.
//!
//! The new candidates carry the traits of the layers, and their recipe says so. Whether the painting kept them is found out as
//! everything else: `tag_traits` reads the pictures, and what it sees otherwise is disputed.

use salon_domain::{CandidateId, CandidateQuery, Origin, Recipe, Trait, TraitSource, Verdict};

use crate::Studio;
use crate::api::{ApiError, ErrorCode, PaintLayers, RunSummary, SourceChoice, StartRun};
use crate::layered::{self, LAYERED, LAYERS_TOOL};
use crate::order::Order;
use crate::studio::Inner;

/// Most compositions painted by one order.
const MOST: usize = 1000;

/// A composition's own words, then what else is said.
fn prompt(caption: &str, said: &str) -> String {
    let said = said.trim();
    if said.is_empty() {
        caption.to_owned()
    } else {
        format!("{caption}, {said}")
    }
}

/// The traits as words, where a composition has no caption.
fn words(traits: &[Trait]) -> String {
    let said: Vec<String> = traits
        .iter()
        .map(|one| format!("{} {}", one.value, one.trait_type).to_lowercase())
        .collect();
    said.join(", ")
}

impl Inner {
    /// What the layers say of a candidate's traits.
    fn layers_of(&self, candidate: CandidateId) -> Result<Vec<Trait>, ApiError> {
        let claims = self.project.trait_claims(candidate)?.into_iter();
        let found = claims.filter_map(|one| {
            let by_layers = one.claim.source == TraitSource::Layers && one.claim.sure;
            by_layers.then_some(Trait::new(one.claim.trait_type, one.claim.value?))
        });
        Ok(found.collect())
    }

    /// Every composition that nobody rejected.
    fn compositions(&self) -> Result<Vec<CandidateId>, ApiError> {
        let all = self.project.candidates(&CandidateQuery::default())?.into_iter();
        let composed = all.filter(|one| {
            let layered = matches!(&one.origin, Origin::Imported { tool, .. } if tool == LAYERS_TOOL);
            layered && one.verdict != Verdict::Rejected
        });
        Ok(composed.map(|one| one.id).collect())
    }

    /// The traits that a picture of this recipe carries from the layers it is painted over.
    pub(crate) fn layers_beneath(&self, recipe: &Recipe) -> Result<Vec<Trait>, ApiError> {
        let Some(source) = recipe.source.as_ref().filter(|source| source.carries_traits) else {
            return Ok(vec![]);
        };
        match self.project.candidates_of_pictures(&[source.sha256])?.first() {
            Some(Some(beneath)) => self.layers_of(*beneath),
            _ => Ok(vec![]),
        }
    }

    /// The order that paints one composition.
    fn painting_of(
        &self,
        candidate: CandidateId,
        place: u64,
        request: &PaintLayers,
    ) -> Result<StartRun, ApiError> {
        let record = self.project.candidate(candidate)?;
        let layers = match record.candidate.origin {
            Origin::Imported { .. } => self.layers_of(candidate)?,
            Origin::Slot { .. } => vec![],
        };
        if layers.is_empty() {
            return Err(ApiError::new(
                ErrorCode::InvalidRequest,
                format!(
                    "candidate {candidate} was not put together from layers, so that no traits of theirs could stay"
                ),
                &[
                    "Bring a layer project in first: `salon layers import`.",
                    "Or begin from its picture with a prompt of your own: `salon generate --source`.",
                ],
            ));
        }
        let told = self.project.foreign_metadata(candidate)?.unwrap_or_default();
        let mut texts = told.texts.iter().filter(|(keyword, _)| keyword == LAYERED);
        let caption = texts
            .find_map(|(_, text)| layered::read(text))
            .map(|text| text.caption);
        let order = &request.order;
        Ok(StartRun {
            prompt: prompt(
                &caption
                    .filter(|text| !text.is_empty())
                    .unwrap_or_else(|| words(&layers)),
                &order.prompt,
            ),
            // Every composition has noise of its own.
            seed: order
                .seed
                .map(|seed| seed.saturating_add(place * u64::from(order.count))),
            template: None,
            variation: None,
            source: Some(SourceChoice {
                candidate: Some(candidate),
                sha256: None,
                strength: request.strength,
                mask: None,
                carries_traits: true,
            }),
            ..order.clone()
        })
    }
}

impl Studio {
    /// Orders one run for each composition: `order.count` pictures that begin with it. All of them are looked up and checked
    /// before the first is written down.
    pub fn paint_layers(&self, request: PaintLayers) -> Result<Vec<RunSummary>, ApiError> {
        let candidates = match &request.candidates {
            Some(named) => named.clone(),
            None => self.inner.compositions()?,
        };
        if candidates.is_empty() || candidates.len() > MOST {
            return Err(ApiError::invalid_request(format!(
                "{} compositions to paint: name 1 to {MOST}, of those that `salon layers import` brought in",
                candidates.len()
            )));
        }
        let orders: Vec<Order> = (0..)
            .zip(&candidates)
            .map(|(place, candidate)| {
                let painting = self.inner.painting_of(*candidate, place, &request)?;
                self.inner.order(&painting)
            })
            .collect::<Result<_, _>>()?;
        let ordered = orders
            .into_iter()
            .map(|order| self.write_down(&order.recipe, order.count, &order.resolved, request.order.first));
        ordered.collect()
    }
}
