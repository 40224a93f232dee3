//! From a template and its wildcards to prompts.

use std::collections::BTreeMap;

use super::{
    Alternative, Choice, DEEPEST, LONGEST, MOST_PICKS, Part, Template, TemplateError, Wildcards, parse,
};
use crate::{Draws, TemplateMode, finalised, mix};

/// A template together with the wildcards that it reaches: everything in it can be resolved.
#[derive(Debug, Clone)]
pub struct Bound {
    parts: Vec<Part>,
    wildcards: BTreeMap<String, Bag>,
    combinations: u64,
}

/// Something that was picked for a prompt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pick {
    /// The wildcard that it is a value of; none for an option of a choice.
    pub wildcard: Option<String>,
    /// What it became.
    pub text: String,
}

/// The values of a wildcard and how many prompts they stand for together.
#[derive(Debug, Clone)]
struct Bag {
    values: Vec<Alternative>,
    combinations: u64,
}

impl Bound {
    pub(super) fn new(template: &Template, wildcards: &Wildcards) -> Result<Self, TemplateError> {
        let mut bound = Self {
            parts: template.parts.clone(),
            wildcards: BTreeMap::new(),
            combinations: 0,
        };
        bound.reach(&template.parts, wildcards, &mut Vec::new())?;
        bound.combinations = bound.count(&template.parts);
        Ok(bound)
    }

    /// Brings in every wildcard that the parts name, those that a value names before the wildcard itself.
    fn reach(
        &mut self,
        parts: &[Part],
        wildcards: &Wildcards,
        path: &mut Vec<String>,
    ) -> Result<(), TemplateError> {
        for part in parts {
            match part {
                Part::Text(_) => (),
                Part::Wildcard { name, position } => self.bring(name, *position, wildcards, path)?,
                Part::Choice(choice) => {
                    for option in &choice.options {
                        self.reach(&option.parts, wildcards, path)?;
                    }
                    let options = self.options(choice).len();
                    if choice.most > options {
                        let (position, most) = (choice.position, choice.most);
                        let found = most.to_string();
                        return Err(TemplateError::Count {
                            position,
                            found,
                            options,
                        });
                    }
                }
            }
        }
        Ok(())
    }

    fn bring(
        &mut self,
        name: &str,
        position: usize,
        wildcards: &Wildcards,
        path: &mut Vec<String>,
    ) -> Result<(), TemplateError> {
        let circle = path.iter().any(|passed| passed == name);
        if circle || path.len() == DEEPEST {
            path.push(name.to_owned());
            let path = path.join(" → ");
            return Err(if circle {
                TemplateError::Circle { path }
            } else {
                TemplateError::WildcardsTooDeep { path }
            });
        }
        if self.wildcards.contains_key(name) {
            return Ok(());
        }
        let name = name.to_owned();
        let Some(texts) = wildcards.get(&name) else {
            return Err(TemplateError::UnknownWildcard { position, name });
        };
        path.push(name.clone());
        let mut values = Vec::with_capacity(texts.len());
        for (index, text) in texts.iter().enumerate() {
            let inside = |fault| match fault {
                // These tell the whole way themselves.
                TemplateError::Circle { .. } | TemplateError::WildcardsTooDeep { .. } => fault,
                fault => TemplateError::InWildcard {
                    name: name.clone(),
                    value: index + 1,
                    fault: Box::new(fault),
                },
            };
            let value = parse::value(text).map_err(inside)?;
            if let Some(value) = value {
                self.reach(&value.parts, wildcards, path).map_err(inside)?;
                values.push(value);
            }
        }
        path.pop();
        if values.is_empty() {
            return Err(TemplateError::EmptyWildcard { name });
        }
        let combinations = sum(values.iter().map(|value| self.count(&value.parts)));
        self.wildcards.insert(name, Bag { values, combinations });
        Ok(())
    }

    /// How many prompts it stands for; `u64::MAX` when there are more.
    pub fn combinations(&self) -> u64 {
        self.combinations
    }

    /// The prompt of slot `index`.
    ///
    /// At random, seed and index alone decide: slots may be resolved in any order. Two templates that are resolved
    /// with the same seed and index draw alike; give the negative prompt a seed of its own. Combinatorial,
    /// index counts through the combinations, the last choice turning fastest, and begins again after the last.
    pub fn resolve(&self, mode: TemplateMode, seed: u64, index: u64) -> Result<String, TemplateError> {
        Ok(self.resolve_with_picks(mode, seed, index)?.0)
    }

    /// The prompt of slot `index`, and what was picked for it, in the order in which it stands there.
    pub fn resolve_with_picks(
        &self,
        mode: TemplateMode,
        seed: u64,
        index: u64,
    ) -> Result<(String, Vec<Pick>), TemplateError> {
        let mut prompt = Prompt::default();
        match mode {
            TemplateMode::Random => self.draw(&self.parts, &mut Stream::new(seed, index), &mut prompt)?,
            TemplateMode::Combinatorial => {
                self.unrank(&self.parts, index % self.combinations.max(1), &mut prompt)?;
            }
        }
        Ok((prompt.text, prompt.picks))
    }

    /// What a choice picks from.
    fn options<'a>(&'a self, choice: &'a Choice) -> Vec<&'a Alternative> {
        let mut options = Vec::with_capacity(choice.options.len());
        for option in &choice.options {
            match option.parts.as_slice() {
                [Part::Wildcard { name, .. }] if choice.counted => options.extend(self.values(name)),
                _ => options.push(option),
            }
        }
        options
    }

    /// Binding has brought in every name.
    fn values(&self, name: &str) -> &[Alternative] {
        self.wildcards.get(name).map_or(&[], |bag| &bag.values)
    }

    fn count(&self, parts: &[Part]) -> u64 {
        parts
            .iter()
            .fold(1, |product, part| product.saturating_mul(self.count_part(part)))
    }

    fn count_part(&self, part: &Part) -> u64 {
        match part {
            Part::Text(_) => 1,
            Part::Wildcard { name, .. } => self.wildcards.get(name).map_or(0, |bag| bag.combinations),
            Part::Choice(choice) => {
                let ways = self.ways(choice, &self.options(choice));
                sum((choice.least..=choice.most).map(|picks| ways[0][picks]))
            }
        }
    }

    /// `ways[i][k]`: in how many ways `k` options can be picked from the `i`-th on, each in all of its own variants.
    fn ways(&self, choice: &Choice, options: &[&Alternative]) -> Vec<[u64; MOST_PICKS + 1]> {
        let mut ways = vec![[0; MOST_PICKS + 1]; options.len() + 1];
        ways[options.len()][0] = 1;
        for (index, option) in options.iter().enumerate().rev() {
            let own = self.count(&option.parts);
            ways[index][0] = 1;
            for picks in 1..=choice.most {
                let with = own.saturating_mul(ways[index + 1][picks - 1]);
                ways[index][picks] = ways[index + 1][picks].saturating_add(with);
            }
        }
        ways
    }

    /// The combination number `rank`, below [`Bound::count`] of the parts.
    fn unrank(&self, parts: &[Part], mut rank: u64, prompt: &mut Prompt) -> Result<(), TemplateError> {
        let mut digits = vec![0; parts.len()];
        for (digit, part) in digits.iter_mut().zip(parts).rev() {
            let radix = self.count_part(part).max(1);
            *digit = rank % radix;
            rank /= radix;
        }
        for (part, rank) in parts.iter().zip(digits) {
            match part {
                Part::Text(text) => prompt.push(text)?,
                Part::Wildcard { name, .. } => {
                    prompt.step()?;
                    let from = prompt.text.len();
                    self.unrank_one(self.values(name), rank, prompt)?;
                    prompt.picked(Some(name), from);
                }
                Part::Choice(choice) => {
                    prompt.step()?;
                    self.unrank_choice(choice, rank, prompt)?;
                }
            }
        }
        Ok(())
    }

    fn unrank_one(
        &self,
        values: &[Alternative],
        mut rank: u64,
        prompt: &mut Prompt,
    ) -> Result<(), TemplateError> {
        for value in values {
            let own = self.count(&value.parts);
            if rank < own {
                return self.unrank(&value.parts, rank, prompt);
            }
            rank -= own;
        }
        Ok(())
    }

    fn unrank_choice(
        &self,
        choice: &Choice,
        mut rank: u64,
        prompt: &mut Prompt,
    ) -> Result<(), TemplateError> {
        let options = self.options(choice);
        let ways = self.ways(choice, &options);
        let mut left = choice.least;
        while left < choice.most && rank >= ways[0][left] {
            rank -= ways[0][left];
            left += 1;
        }
        let mut first = true;
        for (index, option) in options.iter().enumerate() {
            if left == 0 {
                break;
            }
            let rest = ways[index + 1][left - 1];
            let with = self.count(&option.parts).saturating_mul(rest);
            if rank < with {
                prompt.join(&mut first, &choice.separator)?;
                let from = prompt.text.len();
                self.unrank(&option.parts, rank / rest, prompt)?;
                prompt.picked(None, from);
                rank %= rest;
                left -= 1;
            } else {
                rank -= with;
            }
        }
        Ok(())
    }

    fn draw(&self, parts: &[Part], stream: &mut Stream, prompt: &mut Prompt) -> Result<(), TemplateError> {
        for part in parts {
            match part {
                Part::Text(text) => prompt.push(text)?,
                Part::Wildcard { name, .. } => {
                    prompt.step()?;
                    let values: Vec<&Alternative> = self.values(name).iter().collect();
                    let from = prompt.text.len();
                    if let Some(index) = stream.pick(&values) {
                        self.draw(&values[index].parts, stream, prompt)?;
                    }
                    prompt.picked(Some(name), from);
                }
                Part::Choice(choice) => {
                    prompt.step()?;
                    let options = self.options(choice);
                    let mut left = options.clone();
                    let mut places: Vec<usize> = (0..options.len()).collect();
                    let count = choice.least + stream.below(choice.most - choice.least + 1);
                    let mut picked = Vec::with_capacity(count);
                    for _ in 0..count {
                        if let Some(index) = stream.pick(&left) {
                            left.remove(index);
                            picked.push(places.remove(index));
                        }
                    }
                    picked.sort_unstable();
                    let mut first = true;
                    for place in picked {
                        prompt.join(&mut first, &choice.separator)?;
                        let from = prompt.text.len();
                        self.draw(&options[place].parts, stream, prompt)?;
                        prompt.picked(None, from);
                    }
                }
            }
        }
        Ok(())
    }
}

fn sum(numbers: impl Iterator<Item = u64>) -> u64 {
    numbers.fold(0, u64::saturating_add)
}

/// A prompt that is being written, within its bounds.
#[derive(Default)]
struct Prompt {
    text: String,
    steps: usize,
    picks: Vec<Pick>,
}

impl Prompt {
    /// What was written since `from` was picked.
    fn picked(&mut self, wildcard: Option<&String>, from: usize) {
        let text = self.text.get(from..).unwrap_or_default().to_owned();
        self.picks.push(Pick {
            wildcard: wildcard.cloned(),
            text,
        });
    }

    fn push(&mut self, text: &str) -> Result<(), TemplateError> {
        if self.text.len() + self.steps + text.len() > LONGEST {
            return Err(TemplateError::TooLong);
        }
        self.text.push_str(text);
        Ok(())
    }

    /// One more choice or wildcard: wildcards without any text would otherwise go on for ever.
    fn step(&mut self) -> Result<(), TemplateError> {
        self.steps += 1;
        self.push("")
    }

    fn join(&mut self, first: &mut bool, separator: &str) -> Result<(), TemplateError> {
        if std::mem::take(first) {
            return Ok(());
        }
        self.push(separator)
    }
}

/// The draws of a prompt, keyed by seed and index.
struct Stream(Draws);

impl Stream {
    fn new(seed: u64, index: u64) -> Self {
        Self(Draws::new(finalised(mix(seed) ^ index)))
    }

    /// Uniform below `count`, which is small enough for the remainder to be as good as even.
    fn below(&mut self, count: usize) -> usize {
        if count < 2 {
            return 0; // Nothing is drawn where there is nothing to choose.
        }
        (self.0.draw() % count as u64) as usize
    }

    /// One of them, by weight; `None` of nothing.
    fn pick(&mut self, from: &[&Alternative]) -> Option<usize> {
        let total: f64 = from.iter().map(|option| option.weight).sum();
        let mut left = self.0.unit() * total;
        for (index, option) in from.iter().enumerate() {
            left -= option.weight;
            if left < 0.0 {
                return Some(index);
            }
        }
        from.len().checked_sub(1)
    }
}
