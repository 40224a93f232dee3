//! `tag_traits`: traits read from recipes, and from pictures by probes that learn from what is known or by the words of the
//! schema (`tag_by_words`).

use std::collections::BTreeMap;

use salon_catalog::ClaimRecord;
use salon_domain::{
    Candidate, CandidateId, CandidateQuery, Origin, Recipe, SlotPrompts, TraitClaim, TraitSource, held,
};
use salon_traits::schema::{Nature, Schema, TraitType};
use salon_traits::tagging::{Example, FEWEST, HeldOut, Reading, learn};

use crate::Studio;
use crate::api::{ApiError, ErrorCode, NamedCount, ProbeReport, TagFrom, TagReport, TagTraits, TaggedType};
use crate::judge::Pool;
use crate::recipe_traits::{Phrases, RecipeReader, laid_over};
use crate::studio::Inner;
use crate::who::Right;

/// Whose word probes learn from, unless others are named.
const CONFIRMED: [TraitSource; 2] = [TraitSource::Hand, TraitSource::Layers];

/// All candidates with everything that is said of them.
pub(crate) struct Said {
    candidates: Vec<Candidate>,
    claims: BTreeMap<CandidateId, Vec<ClaimRecord>>,
}

/// A picture of which a trait type is known.
pub(crate) struct KnownTrait {
    /// Where it stands among those that are read.
    pub(crate) place: usize,
    /// Its value; nothing where it is known to have none.
    pub(crate) word: Option<String>,
    /// Its family, or itself.
    pub(crate) group: i64,
}

impl Said {
    /// What the most trusted of `sources` says of a trait type, in the schema's spelling: nothing, that it has none, or which.
    #[expect(clippy::option_option, reason = "a word may be that there is none")]
    fn word(&self, candidate: &Candidate, of: &TraitType, sources: &[TraitSource]) -> Option<Option<String>> {
        let claims = self.claims.get(&candidate.id)?;
        // What layers say of a picture that was painted over them is what a reader is to find out.
        let painted = matches!(candidate.origin, Origin::Slot { .. });
        let about = |one: &&ClaimRecord| {
            one.claim.sure
                && sources.contains(&one.claim.source)
                && !(painted && one.claim.source == TraitSource::Layers)
                && one.claim.trait_type == of.name
        };
        let found = claims.iter().filter(about).min_by_key(|one| one.claim.source)?;
        match &found.claim.value {
            None => Some(None),
            Some(value) => of.value(value).map(|known| Some(known.name.clone())),
        }
    }

    /// The pictures that have a place among those that are read and of which `sources` know this trait type.
    pub(crate) fn known(
        &self,
        of: &TraitType,
        place: impl Fn(CandidateId) -> Option<usize>,
        sources: &[TraitSource],
    ) -> Vec<KnownTrait> {
        let found = self.candidates.iter().filter_map(|one| {
            Some(KnownTrait {
                place: place(one.id)?,
                word: self.word(one, of, sources)?,
                group: one.family.unwrap_or(one.id).0,
            })
        });
        found.collect()
    }

    /// Of how many claims others are sure of something else.
    fn disputed(&self, of: &TraitType, claims: &[(CandidateId, TraitClaim)]) -> u32 {
        let disputed = |(id, claim): &&(CandidateId, TraitClaim)| {
            let others = self
                .claims
                .get(id)
                .into_iter()
                .flatten()
                .map(|one| one.claim.clone());
            let all: Vec<TraitClaim> = others
                .filter(|one| one.trait_type == of.name && one.source != claim.source)
                .chain([claim.clone()])
                .collect();
            held(&all, &[]).iter().any(|one| one.disputed)
        };
        claims.iter().filter(disputed).count() as u32
    }
}

/// What one type came to: the claims by candidate, and the report.
pub(crate) struct Read {
    claims: Vec<(CandidateId, TraitClaim)>,
    report: TaggedType,
}

impl Read {
    /// What a reader of pictures says of all of them: `read` gives the value and the reading of each place among `ids`.
    pub(crate) fn of_all(
        of: &TraitType,
        source: TraitSource,
        said: &Said,
        ids: &[CandidateId],
        probe: Option<ProbeReport>,
        read: impl Fn(usize) -> Option<(Option<String>, Reading)>,
    ) -> Self {
        let claim = |(place, id): (usize, &CandidateId)| {
            let (value, reading) = read(place)?;
            let claim = TraitClaim {
                trait_type: of.name.clone(),
                value,
                source,
                confidence: reading.confidence.clamp(0.0, 1.0),
                sure: reading.sure,
            };
            Some((*id, claim))
        };
        let claims: Vec<_> = ids.iter().enumerate().filter_map(claim).collect();
        let report = TaggedType {
            trait_type: of.name.clone(),
            fault: None,
            read: claims.len() as u32,
            uncertain: claims.iter().filter(|(_, claim)| !claim.sure).count() as u32,
            disputed: said.disputed(of, &claims),
            probe,
        };
        Self { claims, report }
    }
}

/// How a reader did on what is known.
pub(crate) fn report_of(known: &[KnownTrait], held_out: &HeldOut, unlearnt: Vec<String>) -> ProbeReport {
    let mut counts: BTreeMap<&Option<String>, usize> = BTreeMap::new();
    for one in known {
        *counts.entry(&one.word).or_default() += 1;
    }
    let mut examples: Vec<NamedCount> = counts
        .iter()
        .map(|(word, count)| NamedCount {
            name: told(word.as_ref()),
            count: *count as u32,
        })
        .collect();
    examples.sort_by(|one, other| {
        other
            .count
            .cmp(&one.count)
            .then_with(|| one.name.cmp(&other.name))
    });
    ProbeReport {
        examples,
        unlearnt,
        accuracy: held_out.accuracy,
        macro_f1: held_out.macro_f1,
        commonest: held_out.commonest,
        sure: held_out.sure,
        right_when_sure: held_out.right_when_sure,
    }
}

fn told(word: Option<&String>) -> String {
    word.map_or_else(|| "none".into(), Clone::clone)
}

/// Why no reader of pictures can tell this trait type, if that is so.
pub(crate) fn unreadable(of: &TraitType) -> Option<String> {
    if of.display.numeric() {
        return Some(format!("{} holds numbers: pictures are read for words", of.name));
    }
    let free = of.nature == Nature::Free;
    free.then(|| {
        format!(
            "nothing in a picture says its {}: the schema calls it free",
            of.name
        )
    })
}

pub(crate) fn nothing(name: &str, fault: String) -> Read {
    let report = TaggedType {
        trait_type: name.to_owned(),
        fault: Some(fault),
        read: 0,
        uncertain: 0,
        disputed: 0,
        probe: None,
    };
    Read {
        claims: vec![],
        report,
    }
}

/// Learns one trait type from who knows it, and reads it off every vector.
fn probe(of: &TraitType, said: &Said, pool: &Pool, sources: &[TraitSource]) -> Read {
    let known = said.known(of, |id| pool.place(id), sources);
    let mut counts: BTreeMap<&Option<String>, usize> = BTreeMap::new();
    for one in &known {
        *counts.entry(&one.word).or_default() += 1;
    }
    let classes: Vec<Option<String>> = counts
        .iter()
        .filter(|(_, count)| **count >= FEWEST)
        .map(|(word, _)| (*word).clone())
        .collect();
    let few = counts.iter().filter(|(_, count)| **count < FEWEST);
    let unlearnt: Vec<String> = few.map(|(word, _)| told(word.as_ref())).collect();
    let mut examples = vec![];
    let mut places = BTreeMap::new();
    for one in &known {
        if let Some(class) = classes.iter().position(|class| *class == one.word) {
            places.insert(one.place, examples.len());
            examples.push(Example {
                vector: pool.vectors.row(one.place),
                class,
                group: one.group,
            });
        }
    }
    let learnt = match learn(&examples, classes.len()) {
        Ok(learnt) => learnt,
        Err(fault) => {
            return nothing(
                &of.name,
                format!(
                    "{fault}. Of {} {} pictures are known so far",
                    of.name,
                    known.len()
                ),
            );
        }
    };
    let read = |place: usize| {
        // What it learnt from, it is asked without having seen it.
        let reading = match places.get(&place) {
            Some(example) => learnt.held_out.readings.get(*example).copied(),
            None => learnt.probe.read(pool.vectors.row(place)),
        }?;
        Some((classes.get(reading.class).cloned().flatten(), reading))
    };
    let report = report_of(&known, &learnt.held_out, unlearnt);
    Read::of_all(of, TraitSource::Probe, said, &pool.ids, Some(report), read)
}

/// The trait types of these names, or all of the schema.
///
/// # Errors
/// [`ErrorCode::InvalidRequest`] for a name that the schema does not have.
pub(crate) fn types_of<'a>(
    schema: &'a Schema,
    names: Option<&[String]>,
) -> Result<Vec<&'a TraitType>, ApiError> {
    let Some(names) = names else {
        return Ok(schema.traits.iter().collect());
    };
    let known = names.iter().map(|name| {
        schema.trait_type(name).ok_or_else(|| {
            ApiError::invalid_request(format!(
                "{name} is no trait type of the schema: add it there, or name another"
            ))
        })
    });
    known.collect()
}

/// Whose word a reader of pictures learns from or is calibrated by.
///
/// # Errors
/// [`ErrorCode::InvalidRequest`] for one that reads pictures itself.
pub(crate) fn teachers(named: Option<Vec<TraitSource>>) -> Result<Vec<TraitSource>, ApiError> {
    let sources = named.unwrap_or_else(|| CONFIRMED.to_vec());
    match sources.iter().find(|source| source.reads_pictures()) {
        Some(reader) => Err(ApiError::invalid_request(format!(
            "`{}` is what was read from pictures: a reader would learn from what readers say. Name hand, layers, import or recipe",
            reader.word()
        ))),
        None => Ok(sources),
    }
}

impl Inner {
    /// The schema that says which traits to read.
    pub(crate) fn schema_to_read(&self) -> Result<Schema, ApiError> {
        self.kept_schema()?.ok_or_else(|| {
            ApiError::new(
                ErrorCode::InvalidRequest,
                "there is no attribute schema yet, so that nothing says which traits to read",
                &["Keep one first: its draft is made of the traits that are there."],
            )
        })
    }

    fn said(&self) -> Result<Said, ApiError> {
        let candidates = self.project.candidates(&CandidateQuery::default())?;
        let mut claims: BTreeMap<CandidateId, Vec<ClaimRecord>> =
            self.project.all_trait_claims()?.into_iter().collect();
        for one in &candidates {
            if let std::collections::btree_map::Entry::Vacant(place) = claims.entry(one.id) {
                place.insert(self.project.trait_claims(one.id)?);
            }
        }
        Ok(Said { candidates, claims })
    }

    fn tag_from_recipes(&self, schema: &Schema, types: &[&TraitType]) -> Result<TagReport, ApiError> {
        let phrases = Phrases::of(schema);
        let wildcards = self.shelf.wildcards()?;
        let mut said = vec![];
        let mut counts: BTreeMap<&str, u32> = BTreeMap::new();
        let mut last: Option<(Recipe, RecipeReader<'_>)> = None;
        for candidate in self.project.candidates(&CandidateQuery::default())? {
            let record = self.project.candidate(candidate.id)?;
            let Some(recipe) = record.recipe else { continue };
            let prompt = SlotPrompts::of(&recipe, record.resolved.as_ref()).prompt;
            let slot = match candidate.origin {
                Origin::Slot { slot, .. } => Some(slot),
                Origin::Imported { .. } => None,
            };
            if last.as_ref().is_none_or(|(known, _)| *known != recipe) {
                let reader = RecipeReader::new(schema, &phrases, &recipe, &wildcards);
                last = Some((recipe, reader));
            }
            let Some((_, reader)) = &last else { continue };
            let traits = laid_over(reader.read(slot, &prompt), self.traits_named_by(&prompt));
            let mut claims = vec![];
            for one in traits {
                let Some(of) = types.iter().find(|of| of.name == one.trait_type) else {
                    continue;
                };
                *counts.entry(&of.name).or_default() += 1;
                claims.push(TraitClaim {
                    trait_type: one.trait_type,
                    value: Some(one.value),
                    source: TraitSource::Recipe,
                    confidence: 1.0,
                    sure: true,
                });
            }
            said.push((candidate.id, claims));
        }
        let names: Vec<String> = types.iter().map(|one| one.name.clone()).collect();
        let changed =
            self.project
                .keep_trait_claims(TraitSource::Recipe, &names, &said, "recipes", self.now())?;
        let report = |name: &String| TaggedType {
            trait_type: name.clone(),
            fault: None,
            read: counts.get(name.as_str()).copied().unwrap_or(0),
            uncertain: 0,
            disputed: 0,
            probe: None,
        };
        Ok(TagReport {
            from: TagFrom::Recipes,
            reader: "recipes".into(),
            types: names.iter().map(report).collect(),
            candidates: said.len() as u32,
            changed: changed.len() as u32,
        })
    }

    /// Reads these types off the pictures, one after the other, and keeps what was read.
    pub(crate) fn keep_read(
        &self,
        (from, source): (TagFrom, TraitSource),
        types: &[&TraitType],
        reader: &str,
        read: impl Fn(&TraitType, &Said) -> Result<Read, ApiError>,
    ) -> Result<TagReport, ApiError> {
        let said = self.said()?;
        let mut by_candidate: BTreeMap<CandidateId, Vec<TraitClaim>> = BTreeMap::new();
        let (mut reports, mut names) = (vec![], vec![]);
        for of in types {
            let read = match unreadable(of) {
                Some(why) => nothing(&of.name, why),
                None => read(of, &said)?,
            };
            if read.report.fault.is_none() {
                names.push(of.name.clone());
            }
            for (id, claim) in read.claims {
                by_candidate.entry(id).or_default().push(claim);
            }
            reports.push(read.report);
        }
        let claims: Vec<_> = by_candidate.into_iter().collect();
        let by = format!("{} on {reader}", source.word());
        let changed = if names.is_empty() {
            vec![]
        } else {
            self.project
                .keep_trait_claims(source, &names, &claims, &by, self.now())?
        };
        Ok(TagReport {
            from,
            reader: reader.to_owned(),
            types: reports,
            candidates: claims.len() as u32,
            changed: changed.len() as u32,
        })
    }

    fn tag_from_pictures(
        &self,
        types: &[&TraitType],
        sources: &[TraitSource],
    ) -> Result<TagReport, ApiError> {
        let pool = self.pooled("there is nothing to read")?;
        let by = (TagFrom::Pictures, TraitSource::Probe);
        self.keep_read(by, types, &pool.encoder, |of, said| {
            Ok(probe(of, said, &pool, sources))
        })
    }
}

impl Studio {
    /// Reads traits of all candidates, from their recipes or from their pictures, and keeps what was read beside what others
    /// say.
    pub fn tag_traits(&self, request: TagTraits) -> Result<TagReport, ApiError> {
        self.may(&request.by, "reading traits", Right::Pick)?;
        let inner = &self.inner;
        let schema = inner.schema_to_read()?;
        let types = types_of(&schema, request.trait_types.as_deref())?;
        let report = match request.from {
            TagFrom::Recipes => inner.tag_from_recipes(&schema, &types)?,
            TagFrom::Pictures => inner.tag_from_pictures(&types, &teachers(request.learn_from)?)?,
            TagFrom::Words => inner.tag_by_words(&types, &teachers(request.learn_from)?)?,
            TagFrom::Captions => {
                return Err(ApiError::invalid_request(
                    "a captioner takes seconds for each picture: `describe_pictures` begins it and says how far it is",
                ));
            }
        };
        inner.events.traits();
        Ok(report)
    }
}
