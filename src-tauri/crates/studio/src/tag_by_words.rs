//! `tag_traits` from words: an encoder that knows words as well as pictures says which values of the schema a picture is nearest
//! to. What hands and layers said calibrates it, where they said enough.

use salon_domain::TraitSource;
use salon_judge::encoder::{TextEncoder, WITH_WORDS};
use salon_traits::schema::TraitType;
use salon_traits::tagging::{Example, compare, ensemble, prompts};

use crate::api::{ApiError, ErrorCode, TagFrom, TagReport};
use crate::judge::Pool;
use crate::studio::Inner;
use crate::tag_traits::{Read, Said, nothing, report_of};

/// The values of a trait type that pictures are told apart by; that there is none is one of them, unless every picture must have
/// one or a value says so itself.
pub(crate) fn classes(of: &TraitType) -> Vec<Option<String>> {
    let values = of.values.iter().map(|value| Some(value.name.clone()));
    let none = !of.required && !of.values.iter().any(|value| says_none(&value.name));
    values.chain(none.then_some(None)).collect()
}

/// Whether a value is a word for nothing, as layer projects have it.
pub(crate) fn says_none(value: &str) -> bool {
    ["none", "nothing", "no", "empty"].contains(&value.trim().to_lowercase().as_str())
}

/// The vectors of classes: the mean of what each is called.
fn said_by(
    encoder: &TextEncoder,
    of: &TraitType,
    classes: &[Option<String>],
) -> Result<Vec<Vec<f32>>, ApiError> {
    let mut vectors = Vec::with_capacity(classes.len());
    for class in classes {
        let value = class.as_deref().filter(|value| !says_none(value));
        let said = encoder.encode(&prompts(&of.name, value))?;
        vectors.push(ensemble(&said).ok_or_else(|| {
            ApiError::internal(format!(
                "the words of {} cancel each other out",
                class.as_deref().unwrap_or("none")
            ))
        })?);
    }
    Ok(vectors)
}

/// Compares every picture with the words of one trait type.
fn read(
    encoder: &TextEncoder,
    of: &TraitType,
    said: &Said,
    pool: &Pool,
    sources: &[TraitSource],
) -> Result<Read, ApiError> {
    let classes = classes(of);
    let vectors = said_by(encoder, of, &classes)?;
    let class_of = |word: &Option<String>| classes.iter().position(|class| class == word);
    let mut known = said.known(of, |id| pool.place(id), sources);
    known.retain(|one| class_of(&one.word).is_some());
    let examples: Vec<Example<'_>> = known
        .iter()
        .filter_map(|one| {
            Some(Example {
                vector: pool.vectors.row(one.place),
                class: class_of(&one.word)?,
                group: one.group,
            })
        })
        .collect();
    let compared = match compare(vectors, encoder.scale(), &examples) {
        Ok(compared) => compared,
        Err(fault) => return Ok(nothing(&of.name, fault.to_string())),
    };
    let report = compared
        .known
        .as_ref()
        .map(|measured| report_of(&known, measured, vec![]));
    let read = |place: usize| {
        let reading = compared.words.read(pool.vectors.row(place))?;
        Some((classes.get(reading.class).cloned().flatten(), reading))
    };
    Ok(Read::of_all(
        of,
        TraitSource::Tagged,
        said,
        &pool.ids,
        report,
        read,
    ))
}

impl Inner {
    /// Compares all pictures with the words of these types.
    pub(crate) fn tag_by_words(
        &self,
        types: &[&TraitType],
        sources: &[TraitSource],
    ) -> Result<TagReport, ApiError> {
        let found = self.encoder_of(&self.judge_settings()?)?;
        if !WITH_WORDS.contains(&found.kind.as_str()) {
            return Err(ApiError::new(
                ErrorCode::InvalidRequest,
                format!(
                    "the judge's encoder `{}` ({}) sees pictures and knows no words, so that it cannot compare them",
                    found.name, found.kind
                ),
                &[
                    "Lay a CLIP or SigLIP with its text_model and tokenizer.json into a models folder and choose it in the Models view.",
                    "Or let probes learn from traits that you confirm: they need no words.",
                ],
            ));
        }
        let pool = self.pooled("there is nothing to read")?;
        if pool.encoder != found.name {
            return Err(ApiError::new(
                ErrorCode::InvalidRequest,
                format!(
                    "`{}` has not looked at the pictures yet: the judge still knows them by `{}`",
                    found.name, pool.encoder
                ),
                &["Wait for it, or run `salon judge`."],
            ));
        }
        let encoder = TextEncoder::open(&found.path, &salon_judge::processor())?;
        let by = (TagFrom::Words, TraitSource::Tagged);
        self.keep_read(by, types, &pool.encoder, |of, said| {
            read(&encoder, of, said, &pool, sources)
        })
    }
}
