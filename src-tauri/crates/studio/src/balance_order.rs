//! `balance_order`: pictures that a target still needs, ordered from a template that can have the trait.

use salon_domain::{Recipe, RunId, SlotPrompts, TemplateMode, limits};
use salon_traits::schema::{Has, Schema, TraitType};

use crate::Studio;
use crate::api::{ApiError, ErrorCode, OrderBalance, RunSummary};
use crate::recipe_traits::{Phrases, RecipeReader, laid_over};
use crate::studio::Inner;

/// How often a template is drawn at most for each picture that is wanted, and at least in all.
const DRAWS: u64 = 400;
const FEWEST_DRAWS: u64 = 4000;

/// Prompts of one recipe that have the trait.
struct Drawn {
    recipe: Recipe,
    prompts: Vec<SlotPrompts>,
}

impl Inner {
    /// Draws a recipe's template until `order.count` prompts have the trait; fewer where it hardly ever or never has it.
    fn draw_with(&self, recipe: Recipe, schema: &Schema, order: &OrderBalance) -> Result<Drawn, ApiError> {
        let phrases = Phrases::of(schema);
        let reader = RecipeReader::new(schema, &phrases, &recipe, &self.shelf.wildcards()?);
        let of = Has::value(&order.trait_type, &order.value);
        let mut prompts = vec![];
        for index in 0..(u64::from(order.count) * DRAWS).max(FEWEST_DRAWS) {
            let Some((prompt, traits)) = reader.draw(recipe.seed, index) else {
                break;
            };
            if of.holds(&laid_over(traits, self.traits_named_by(&prompt))) {
                // The negative prompt is drawn for the same place, as any slot's is.
                let slot = u32::try_from(index).unwrap_or(u32::MAX);
                let resolved = self.resolve(&recipe, slot..slot.saturating_add(1))?;
                let negative_prompt = resolved.into_iter().next().unwrap_or_default().negative_prompt;
                prompts.push(SlotPrompts {
                    prompt,
                    negative_prompt,
                });
                if prompts.len() == order.count as usize {
                    break;
                }
            }
            // One that never has it is given up early.
            if prompts.is_empty() && index >= FEWEST_DRAWS {
                break;
            }
        }
        Ok(Drawn { recipe, prompts })
    }
}

impl Studio {
    /// Orders pictures with a trait: every slot is painted from a prompt of the template that has it. The loop closes: order,
    /// run, curate, balance.
    pub fn balance_order(&self, request: OrderBalance) -> Result<RunSummary, ApiError> {
        let inner = &self.inner;
        if request.count == 0 || request.count > limits::MAX_COUNT {
            return Err(ApiError::invalid_request(format!(
                "{} pictures: order 1 to {}",
                request.count,
                limits::MAX_COUNT
            )));
        }
        let schema = inner.kept_schema()?.unwrap_or_else(|| {
            // Without a schema the words of the order itself are what is looked for.
            Schema::new(
                vec![TraitType::of_words(&request.trait_type, [request.value.as_str()])],
                vec![],
            )
        });
        let (name, value) = (&request.trait_type, &request.value);
        let known = schema
            .trait_type(name)
            .is_some_and(|one| one.value(value).is_some());
        if !known {
            return Err(ApiError::invalid_request(format!(
                "the schema has no {name} = {value}: add it there, or order another"
            )));
        }
        let mut runs: Vec<(RunId, Recipe)> = match request.run {
            Some(run) => vec![(run, inner.project.run(run)?.run.recipe)],
            None => inner
                .project
                .runs()?
                .into_iter()
                .map(|one| (one.run.id, one.run.recipe))
                .collect(),
        };
        runs.sort_by_key(|(id, _)| std::cmp::Reverse(*id));
        runs.retain(|(_, recipe)| recipe.template.is_some());
        let seed = request.seed.unwrap_or_else(|| (inner.options.seeds)());
        let mut best: Option<Drawn> = None;
        let mut tried: Vec<Recipe> = vec![];
        for (_, mut recipe) in runs {
            recipe.seed = seed;
            recipe.template = Some(TemplateMode::Random);
            // A model that is gone cannot paint it.
            if tried.contains(&recipe)
                || (request.run.is_none() && inner.shelf.path_of(&recipe.model).is_err())
            {
                continue;
            }
            tried.push(recipe.clone());
            let drawn = inner.draw_with(recipe, &schema, &request)?;
            let enough = drawn.prompts.len() == request.count as usize;
            if best
                .as_ref()
                .is_none_or(|best| drawn.prompts.len() > best.prompts.len())
            {
                best = Some(drawn);
            }
            if enough {
                break;
            }
        }
        let Some(mut drawn) = best.filter(|best| !best.prompts.is_empty()) else {
            return Err(ApiError::new(
                ErrorCode::InvalidRequest,
                format!("no template of this project draws {name} = {value}"),
                &[
                    "Order a run whose template can: put the words into a choice such as {a|b}, or into a list.",
                ],
            ));
        };
        // What is drawn hardly ever is painted again from the same prompts, with other seeds.
        let few = drawn.prompts.len();
        let again: Vec<SlotPrompts> = (few..request.count as usize)
            .map(|place| drawn.prompts[place % few].clone())
            .collect();
        drawn.prompts.extend(again);
        inner.shelf.path_of(&drawn.recipe.model)?;
        drawn.recipe.check(request.count)?;
        self.write_down(&drawn.recipe, request.count, &drawn.prompts, false)
    }
}
