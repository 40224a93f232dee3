//! `steering`, `order_steered`: what in recipes raises acceptance, and a run that makes use of it.

use std::collections::BTreeMap;

use salon_domain::{SlotPrompts, TemplateMode};
use salon_judge::steering::{Steering, Trial, of_recipe};

use crate::Studio;
use crate::api::{ApiError, Estimated, Nothing, OrderSteered, RunSummary, SteeringFactor, SteeringReport};

/// Fewest decided pictures of each verdict from which something can be said.
const FEWEST: usize = 5;
/// What a template could become, from among which each slot's prompt is chosen.
const DRAWN: u32 = 48;
/// Factors that are told.
const MOST_FACTORS: usize = 60;

impl Studio {
    fn trials(&self) -> Result<Vec<Trial>, ApiError> {
        let (decided, recipes) = self.inner.project.decided_prompts()?;
        let trials = decided.into_iter().filter_map(|one| {
            Some(Trial {
                id: one.candidate.0,
                factors: of_recipe(recipes.get(&one.recipe)?, &BTreeMap::new(), &one.prompt),
                accepted: one.accepted,
                weight: 1.0,
            })
        });
        Ok(trials.collect())
    }

    /// What in recipes raised or lowered acceptance, the surest effect first.
    pub fn steering(&self, _: Nothing) -> Result<SteeringReport, ApiError> {
        let trials = self.trials()?;
        let accepted = trials.iter().filter(|trial| trial.accepted).count();
        let quiet = (accepted < FEWEST || trials.len() - accepted < FEWEST).then(|| {
            format!(
                "{accepted} accepted and {} rejected pictures were ordered here: {FEWEST} of each are needed",
                trials.len() - accepted
            )
        });
        let mut factors = Vec::new();
        if quiet.is_none() {
            let mut effects = Steering::fit(&trials)?.effects();
            let surety = |low: f64, high: f64| low.max(-high);
            effects.sort_by(|one, other| surety(other.low, other.high).total_cmp(&surety(one.low, one.high)));
            factors.extend(
                effects
                    .into_iter()
                    .take(MOST_FACTORS)
                    .map(|effect| SteeringFactor {
                        about: effect.factor.slot,
                        value: effect.factor.option,
                        decided: effect.trials as u32,
                        odds: Estimated {
                            value: effect.mean.exp(),
                            low: effect.low.exp(),
                            high: effect.high.exp(),
                        },
                    }),
            );
        }
        Ok(SteeringReport {
            decided: trials.len() as u32,
            accepted_share: accepted as f64 / trials.len().max(1) as f64,
            factors,
            quiet,
        })
    }

    /// Orders a run of the same recipe whose prompts are drawn by Thompson sampling: of what the template could become, each
    /// slot gets what is best under one draw from what is believed. What was never tried can be drawn, too.
    pub fn order_steered(&self, request: OrderSteered) -> Result<RunSummary, ApiError> {
        let inner = &self.inner;
        let mut recipe = inner.project.run(request.run)?.run.recipe;
        inner.shelf.path_of(&recipe.model)?;
        if recipe.template.is_none() {
            return Err(ApiError::invalid_request(format!(
                "run {} has a plain prompt, which leaves nothing to choose: order one with a template such as \
                 {{fox|owl}} first",
                request.run
            )));
        }
        let trials = self.trials()?;
        let steering = Steering::fit(&trials)?;
        recipe.seed = request.seed.unwrap_or_else(|| (inner.options.seeds)());
        // Whatever the first run's mode was, what the template may become is sampled here.
        recipe.template = Some(TemplateMode::Random);
        recipe.check(request.count)?;
        let mut chosen: Vec<SlotPrompts> = Vec::with_capacity(request.count as usize);
        for slot in 0..request.count {
            let first = slot.saturating_mul(DRAWN);
            let mut options = inner.resolve(&recipe, first..first.saturating_add(DRAWN))?;
            let factors: Vec<_> = options
                .iter()
                .map(|prompts| of_recipe(&recipe, &BTreeMap::new(), &prompts.prompt))
                .collect();
            let best = steering.best_of(&factors, u64::from(slot), recipe.seed)?;
            chosen.push(options.swap_remove(best));
        }
        self.write_down(&recipe, request.count, &chosen, false)
    }
}
