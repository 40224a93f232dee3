//! Traits by a model that writes captions: which words of the schema each picture makes likelier than they are anyway. Nothing is
//! read from what the model writes by itself, so that it cannot say a value that the schema does not have.

use std::collections::BTreeMap;
use std::ops::Range;

use salon_domain::{CandidateId, TraitSource};
use salon_judge::captioner::{Captioner, Look, Phrase};
use salon_traits::schema::{Schema, TraitType};
use salon_traits::tagging::{evidence, phrases, weigh, without};

use crate::api::{ApiError, TagFrom, TagReport};
use crate::studio::Inner;
use crate::tag_by_words::{classes, says_none};
use crate::tag_traits::{Read, Said, nothing, report_of, unreadable};

/// What is asked of every picture for one trait type; or why nothing can be.
struct Asked {
    trait_type: String,
    classes: Vec<Option<String>>,
    /// How many phrases each class has, in their order.
    counts: Vec<usize>,
    /// Where they stand among all.
    place: Range<usize>,
    fault: Option<String>,
}

/// The phrases of all trait types, with what each is worth without a picture.
pub(crate) struct Questions {
    asked: Vec<Asked>,
    phrases: Vec<Phrase>,
    without: Vec<f64>,
}

/// What speaks for the classes of each trait type of one picture, in the order of the questions.
pub(crate) type Answers = Vec<Option<Vec<f64>>>;

/// The phrases of a type's classes in the captioner's tokens.
fn phrases_of(captioner: &Captioner, of: &TraitType, class: Option<&str>) -> Result<Vec<Phrase>, String> {
    let value = class.filter(|value| !says_none(value));
    let said = phrases(&of.name, value);
    let read = said.iter().map(|text| captioner.phrase(text));
    read.collect::<Result<_, _>>().map_err(|fault| fault.to_string())
}

impl Questions {
    /// What to ask `captioner` for these trait types.
    pub(crate) fn new(captioner: &Captioner, types: &[&TraitType]) -> Result<Self, ApiError> {
        let (mut asked, mut all) = (Vec::new(), Vec::new());
        for of in types {
            let classes = classes(of);
            let begin = all.len();
            let said = match unreadable(of) {
                Some(why) => Err(why),
                None => match weigh(classes.len(), &[]) {
                    Err(fault) => Err(fault.to_string()),
                    Ok(_) => classes
                        .iter()
                        .map(|class| phrases_of(captioner, of, class.as_deref()))
                        .collect::<Result<Vec<_>, _>>(),
                },
            };
            let (said, fault) = match said {
                Ok(said) => (said, None),
                Err(fault) => (vec![], Some(fault)),
            };
            let counts = said.iter().map(Vec::len).collect();
            all.extend(said.into_iter().flatten());
            asked.push(Asked {
                trait_type: of.name.clone(),
                classes,
                counts,
                place: begin..all.len(),
                fault,
            });
        }
        let without = if all.is_empty() {
            vec![]
        } else {
            let seen = captioner.nothing()?;
            let rows = seen.iter().map(|look| captioner.likelihoods(look, &all));
            without(&rows.collect::<Result<Vec<_>, _>>()?)
        };
        Ok(Self {
            asked,
            phrases: all,
            without,
        })
    }

    /// What a picture answers.
    pub(crate) fn ask(&self, captioner: &Captioner, look: &Look) -> Result<Answers, ApiError> {
        let found = captioner.likelihoods(look, &self.phrases)?;
        let answer = |asked: &Asked| {
            let place = asked.place.clone();
            evidence(&found[place.clone()], &self.without[place], &asked.counts)
        };
        Ok(self.asked.iter().map(answer).collect())
    }

    /// Weighs the answers of one trait type.
    fn read(
        &self,
        of: &TraitType,
        said: &Said,
        answers: &[(CandidateId, &Answers)],
        sources: &[TraitSource],
    ) -> Read {
        let at = self.asked.iter().position(|one| one.trait_type == of.name);
        let Some((at, asked)) = at.map(|at| (at, &self.asked[at])) else {
            return nothing(&of.name, "it was not asked for".into());
        };
        if let Some(fault) = &asked.fault {
            return nothing(&of.name, fault.clone());
        }
        let answer = |place: usize| answers.get(place).and_then(|(_, answers)| answers[at].as_deref());
        let places: BTreeMap<CandidateId, usize> = answers.iter().map(|(id, _)| *id).zip(0..).collect();
        let class_of = |word: &Option<String>| asked.classes.iter().position(|class| class == word);
        let mut known = said.known(of, |id| places.get(&id).copied(), sources);
        known.retain(|one| class_of(&one.word).is_some() && answer(one.place).is_some());
        let examples: Vec<(&[f64], usize)> = known
            .iter()
            .filter_map(|one| Some((answer(one.place)?, class_of(&one.word)?)))
            .collect();
        let weighed = match weigh(asked.classes.len(), &examples) {
            Ok(weighed) => weighed,
            Err(fault) => return nothing(&of.name, fault.to_string()),
        };
        let report = weighed
            .known
            .as_ref()
            .map(|measured| report_of(&known, measured, vec![]));
        let ids: Vec<CandidateId> = answers.iter().map(|(id, _)| *id).collect();
        Read::of_all(of, TraitSource::Caption, said, &ids, report, |place| {
            let reading = weighed.captions.read(answer(place)?)?;
            Some((asked.classes.get(reading.class).cloned().flatten(), reading))
        })
    }
}

impl Inner {
    /// Keeps what these pictures answered as claims, and says what came of it.
    pub(crate) fn keep_answers(
        &self,
        schema: &Schema,
        questions: &Questions,
        answers: &[(CandidateId, &Answers)],
        sources: &[TraitSource],
        reader: &str,
    ) -> Result<TagReport, ApiError> {
        let asked = questions.asked.iter();
        let types: Vec<&TraitType> = asked
            .filter_map(|one| schema.trait_type(&one.trait_type))
            .collect();
        let by = (TagFrom::Captions, TraitSource::Caption);
        let report = self.keep_read(by, &types, reader, |of, said| {
            Ok(questions.read(of, said, answers, sources))
        })?;
        self.events.traits();
        Ok(report)
    }
}
