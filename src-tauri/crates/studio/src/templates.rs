//! `resolve_template`: what the slots of a run would be painted from.

use salon_domain::template::{Bound, Template, TemplateError};
use salon_domain::{SlotPrompts, TemplateMode, limits};

use crate::Studio;
use crate::api::{ApiError, ResolveTemplate, ResolvedPrompts};
use crate::shelf::{ModelShelf, Wildcards};

/// Prompts shown of a template.
const SHOWN: u32 = 20;

/// Keeps the negative prompt's draws apart from the prompt's: seeds themselves stay below 2^53.
const NEGATIVE: u64 = 1 << 63;

/// The two templates of a recipe with the wildcards they reach: everything in them can be resolved.
pub(crate) struct Templates {
    prompt: Bound,
    negative_prompt: Bound,
}

impl Templates {
    /// Understands both templates; an unknown wildcard is refused here, before anything is written.
    pub(crate) fn new(prompt: &str, negative_prompt: &str, wildcards: &Wildcards) -> Result<Self, ApiError> {
        let bound = |what: &str, text: &str| {
            Template::parse(text)
                .and_then(|template| template.bind(wildcards))
                .map_err(|fault| refused(what, &fault))
        };
        Ok(Self {
            prompt: bound("prompt", prompt)?,
            negative_prompt: bound("negative prompt", negative_prompt)?,
        })
    }

    /// How many different pairs of prompts there can be, as far as JSON counts exactly.
    pub(crate) fn combinations(&self) -> u64 {
        self.prompt
            .combinations()
            .saturating_mul(self.negative_prompt.combinations())
            .min(limits::MAX_SEED)
    }

    /// What slot `index` is painted from. Combinatorial, the prompt turns faster than the negative prompt.
    pub(crate) fn resolve(&self, mode: TemplateMode, seed: u64, index: u32) -> Result<SlotPrompts, ApiError> {
        let index = u64::from(index);
        let turned = match mode {
            TemplateMode::Random => index,
            TemplateMode::Combinatorial => index / self.prompt.combinations().max(1),
        };
        let resolved = |what: &str, bound: &Bound, seed: u64, index: u64| {
            let text = bound
                .resolve(mode, seed, index)
                .map_err(|fault| refused(what, &fault))?;
            match text.chars().count() {
                found if found > limits::MAX_PROMPT_CHARACTERS => Err(ApiError::invalid_request(format!(
                    "the {what} of a slot becomes {found} characters long: make its template simpler ({} at most)",
                    limits::MAX_PROMPT_CHARACTERS
                ))),
                _ => Ok(text),
            }
        };
        Ok(SlotPrompts {
            prompt: resolved("prompt", &self.prompt, seed, index)?,
            negative_prompt: resolved("negative prompt", &self.negative_prompt, seed | NEGATIVE, turned)?,
        })
    }
}

fn refused(what: &str, fault: &TemplateError) -> ApiError {
    ApiError::invalid_request(format!("the {what}'s template, {fault}"))
}

/// What `request` becomes with the wildcards on `shelf`.
pub(crate) fn resolve_on(shelf: &ModelShelf, request: &ResolveTemplate) -> Result<ResolvedPrompts, ApiError> {
    let templates = Templates::new(&request.prompt, &request.negative_prompt, &shelf.wildcards()?)?;
    let shown = 0..request.count.min(SHOWN);
    let prompts = shown.map(|index| templates.resolve(request.template, request.seed, index));
    Ok(ResolvedPrompts {
        prompts: prompts.collect::<Result<_, _>>()?,
        combinations: templates.combinations(),
    })
}

/// What templates become with the wildcards in `folders`, without a project.
pub fn resolve_template(
    request: &ResolveTemplate,
    folders: &[std::path::PathBuf],
) -> Result<ResolvedPrompts, ApiError> {
    resolve_on(&ModelShelf::new(folders.to_vec()), request)
}

impl Studio {
    /// The first prompts that templates become, and how many there can be.
    pub fn resolve_template(&self, request: ResolveTemplate) -> Result<ResolvedPrompts, ApiError> {
        resolve_on(&self.inner.shelf, &request)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wildcards() -> Wildcards {
        Wildcards::from([("fur".into(), vec!["red".into(), "teal".into()])])
    }

    #[test]
    fn combinatorial_slots_go_through_every_pair_once() {
        let templates =
            Templates::new("a __fur__ fox {with|without} crown", "{owl|wolf}", &wildcards()).unwrap();
        assert_eq!(templates.combinations(), 8);
        let pairs: Vec<SlotPrompts> = (0..9)
            .map(|index| templates.resolve(TemplateMode::Combinatorial, 5, index).unwrap())
            .collect();
        let distinct: std::collections::BTreeSet<(&str, &str)> = pairs
            .iter()
            .map(|pair| (pair.prompt.as_str(), pair.negative_prompt.as_str()))
            .collect();
        assert_eq!(distinct.len(), 8, "every pair once: {pairs:?}");
        assert_eq!(pairs[8], pairs[0], "then again from the start");
        assert_eq!(
            (
                pairs[0].negative_prompt.as_str(),
                pairs[4].negative_prompt.as_str()
            ),
            ("owl", "wolf"),
            "the prompt turns first"
        );
    }

    #[test]
    fn the_same_seed_draws_the_same_and_both_prompts_draw_for_themselves() {
        let same = "{a|b|c|d|e|f|g|h}";
        let templates = Templates::new(same, same, &wildcards()).unwrap();
        let draw = |seed| -> Vec<SlotPrompts> {
            (0..32)
                .map(|index| templates.resolve(TemplateMode::Random, seed, index).unwrap())
                .collect()
        };
        assert_eq!(draw(7), draw(7), "seed and index decide");
        assert_ne!(draw(7), draw(8), "another seed draws otherwise");
        assert!(
            draw(7).iter().any(|pair| pair.prompt != pair.negative_prompt),
            "the negative prompt has draws of its own"
        );
    }

    #[test]
    fn an_unknown_wildcard_is_named_with_its_prompt() {
        let fault = Templates::new("a fox", "__feathers__", &wildcards())
            .err()
            .unwrap();
        assert_eq!(fault.code, crate::ErrorCode::InvalidRequest);
        assert!(
            fault.message.contains("negative prompt") && fault.message.contains("feathers"),
            "{fault}"
        );
    }
}
