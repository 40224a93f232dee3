//! `trait_table`, `candidate_traits`, `set_traits`: the traits of candidates, who says so, and what a hand says.

use std::collections::{BTreeMap, BTreeSet};

use salon_catalog::{ClaimRecord, HandWord, TraitEdit};
use salon_domain::{Candidate, CandidateId, Trait, TraitClaim, held};
use salon_traits::schema::{Schema, Violation};

use crate::Studio;
use crate::api::{
    ApiError, CandidateRequest, Decided, SetTraitEdit, SetTraits, TraitCell, TraitFilter, TraitRow,
    TraitTable, TraitTableCounts, TraitTableRequest,
};
use crate::studio::Inner;
use crate::trait_order;
use crate::who::Right;

/// Most rows asked for at once.
const MOST_ROWS: u32 = 1000;
/// Most trait types set at once.
const MOST_EDITS: usize = 100;
/// Longest trait type or value, in characters.
const LONGEST: usize = 200;

/// The claims of one candidate as cells: those of the schema in its order, all of them, then others.
fn cells(schema: &Schema, claims: Vec<TraitClaim>) -> Vec<TraitCell> {
    let order: Vec<String> = schema.traits.iter().map(|one| one.name.clone()).collect();
    // Words of other sources may be written otherwise than the schema writes them.
    let claims: Vec<TraitClaim> = claims
        .into_iter()
        .map(|claim| match schema.trait_type(&claim.trait_type) {
            Some(known) => TraitClaim {
                trait_type: known.name.clone(),
                ..claim
            },
            None => claim,
        })
        .collect();
    let mut said: BTreeMap<&str, Vec<TraitClaim>> = BTreeMap::new();
    for claim in &claims {
        said.entry(&claim.trait_type).or_default().push(claim.clone());
    }
    let mut found: Vec<TraitCell> = held(&claims, &order)
        .into_iter()
        .map(|one| {
            let mut claims = said.remove(one.trait_type.as_str()).unwrap_or_default();
            claims.sort_by_key(|claim| claim.source);
            let unsure = claims.iter().map(|claim| claim.confidence).fold(0.0, f32::max);
            TraitCell {
                value: one.claim.as_ref().and_then(|claim| claim.value.clone()),
                source: one.claim.as_ref().map(|claim| claim.source),
                confidence: one.claim.as_ref().map_or(unsure, |claim| claim.confidence),
                disputed: one.disputed,
                uncertain: one.uncertain,
                trait_type: one.trait_type,
                claims,
            }
        })
        .collect();
    for (place, name) in order.iter().enumerate() {
        if !found.iter().any(|cell| cell.trait_type == *name) {
            let empty = TraitCell {
                trait_type: name.clone(),
                value: None,
                source: None,
                confidence: 0.0,
                disputed: false,
                uncertain: false,
                claims: vec![],
            };
            found.insert(place.min(found.len()), empty);
        }
    }
    found
}

fn only_claims(claims: Vec<ClaimRecord>) -> Vec<TraitClaim> {
    claims.into_iter().map(|one| one.claim).collect()
}

/// What a filter asks of one candidate, for one trait type or any.
#[derive(Clone, Copy, Default)]
#[allow(clippy::struct_excessive_bools)] // Each is asked for by itself.
struct Standing {
    disputed: bool,
    uncertain: bool,
    breaking: bool,
    missing: bool,
}

impl Standing {
    fn passes(self, filter: TraitFilter) -> bool {
        match filter {
            TraitFilter::All => true,
            TraitFilter::Disputed => self.disputed,
            TraitFilter::Uncertain => self.uncertain,
            TraitFilter::Breaking => self.breaking,
            TraitFilter::Missing => self.missing,
        }
    }
}

/// What the table is made from, read once.
struct Sheet {
    schema: Schema,
    /// Whether the schema was kept, so that candidates can break it.
    binding: bool,
    said: BTreeMap<CandidateId, Vec<ClaimRecord>>,
}

impl Sheet {
    fn standing(&self, candidate: &Candidate, of: Option<&str>, known: &mut Checked) -> Standing {
        let mut standing = Standing::default();
        let about = |name: &str| of.is_none_or(|of| of == name);
        if let Some(claims) = self.said.get(&candidate.id) {
            let claims = only_claims(claims.clone());
            for cell in cells(&self.schema, claims)
                .iter()
                .filter(|cell| about(&cell.trait_type))
            {
                standing.disputed |= cell.disputed;
                standing.uncertain |= cell.uncertain;
            }
        }
        if self.binding {
            let found = known
                .0
                .entry(candidate.traits.clone())
                .or_insert_with(|| self.schema.check(&candidate.traits));
            for violation in found.iter().filter(|one| of.is_none_or(|of| one.concerns(of))) {
                let missing = matches!(violation, Violation::Missing { .. });
                standing.missing |= missing;
                standing.breaking |= !missing;
            }
        }
        standing
    }
}

/// What is wrong with combinations of traits that came up: many candidates share one.
#[derive(Default)]
struct Checked(BTreeMap<Vec<Trait>, Vec<Violation>>);

impl Inner {
    fn sheet(&self) -> Result<Sheet, ApiError> {
        let schema = self.kept_schema()?;
        Ok(Sheet {
            binding: schema.is_some(),
            schema: schema.unwrap_or_default(),
            said: self.project.all_trait_claims()?.into_iter().collect(),
        })
    }

    /// The row of a candidate. Its frame needs its picture, which the candidate knows.
    fn trait_row(&self, candidate: &Candidate, claims: Vec<TraitClaim>, sheet: (&Schema, bool)) -> TraitRow {
        let (schema, binding) = sheet;
        let problems = if binding {
            schema.check(&candidate.traits)
        } else {
            vec![]
        };
        TraitRow {
            candidate: candidate.id,
            frame: self.frames.of(candidate.id, &candidate.sha256),
            verdict: candidate.verdict,
            traits: cells(schema, claims),
            problems: problems.iter().map(ToString::to_string).collect(),
        }
    }

    /// What a hand says, in the words of the schema; refused where it knows no such words.
    fn edit(schema: Option<&Schema>, edit: &SetTraitEdit) -> Result<TraitEdit, ApiError> {
        let (trait_type, value) = (edit.trait_type.trim(), edit.value.as_deref().map(str::trim));
        let long = |word: &str| word.chars().count() > LONGEST;
        if trait_type.is_empty() || value.is_some_and(str::is_empty) {
            return Err(ApiError::invalid_request(
                "a trait has a type and a value: name both, or leave the value out to say that it has none",
            ));
        }
        if long(trait_type) || value.is_some_and(long) {
            return Err(ApiError::invalid_request(format!(
                "{trait_type}: a trait type or value has at most {LONGEST} characters"
            )));
        }
        let (mut name, mut word) = (trait_type.to_owned(), value.map(str::to_owned));
        if let Some(schema) = schema.filter(|_| !edit.withdraw) {
            let said = Trait::new(trait_type, value.unwrap_or_default());
            let about_it = |one: &Violation| match one {
                Violation::UnknownTrait { .. } => true,
                Violation::UnknownValue { .. }
                | Violation::NotANumber { .. }
                | Violation::OutOfLimits { .. } => value.is_some(),
                _ => false,
            };
            if let Some(fault) = schema.check(&[said]).into_iter().find(about_it) {
                return Err(ApiError::invalid_request(fault.to_string()));
            }
            if let Some(known) = schema.trait_type(trait_type) {
                name.clone_from(&known.name);
                let spelt = value.and_then(|value| known.value(value));
                word = spelt.map(|spelt| spelt.name.clone()).or(word);
            }
        }
        Ok(TraitEdit {
            trait_type: name,
            word: match word {
                _ if edit.withdraw => HandWord::Withdrawn,
                Some(word) => HandWord::Value(word),
                None => HandWord::None,
            },
        })
    }
}

impl Studio {
    /// A part of the table of candidates and their traits.
    pub fn trait_table(&self, request: TraitTableRequest) -> Result<TraitTable, ApiError> {
        if request.count > MOST_ROWS {
            return Err(ApiError::invalid_request(format!(
                "{} rows at once: ask for at most {MOST_ROWS}",
                request.count
            )));
        }
        let inner = &self.inner;
        let candidates = match &request.query {
            Some(query) => inner.project.candidates_over(query, &inner.overlay(query)?)?,
            None => inner.not_rejected()?,
        };
        let sheet = inner.sheet()?;
        let of = request.trait_type.as_deref();
        let mut known = Checked::default();
        let mut counts = TraitTableCounts::default();
        let mut through: Vec<&Candidate> = vec![];
        let mut others: BTreeSet<&str> = BTreeSet::new();
        for candidate in &candidates {
            let standing = sheet.standing(candidate, of, &mut known);
            counts.all += 1;
            counts.disputed += u32::from(standing.disputed);
            counts.uncertain += u32::from(standing.uncertain);
            counts.breaking += u32::from(standing.breaking);
            counts.missing += u32::from(standing.missing);
            if standing.passes(request.filter) {
                through.push(candidate);
            }
            let unknown = |one: &&Trait| sheet.schema.trait_type(&one.trait_type).is_none();
            others.extend(
                candidate
                    .traits
                    .iter()
                    .filter(unknown)
                    .map(|one| one.trait_type.as_str()),
            );
        }
        if let Some(sort) = &request.sort {
            trait_order::sort(&mut through, sort, &sheet.schema);
        }
        let shown = through
            .iter()
            .skip(request.from as usize)
            .take(request.count as usize);
        let mut rows = Vec::new();
        for candidate in shown {
            let claims = match sheet.said.get(&candidate.id) {
                Some(claims) => claims.clone(),
                None => inner.project.trait_claims(candidate.id)?,
            };
            rows.push(inner.trait_row(candidate, only_claims(claims), (&sheet.schema, sheet.binding)));
        }
        let columns = sheet.schema.traits.iter().map(|one| one.name.clone());
        Ok(TraitTable {
            columns: columns.chain(others.into_iter().map(str::to_owned)).collect(),
            total: through.len() as u32,
            counts,
            rows,
        })
    }

    /// One candidate's traits, with everything that is said of them.
    pub fn candidate_traits(&self, request: CandidateRequest) -> Result<TraitRow, ApiError> {
        let inner = &self.inner;
        let record = inner.project.candidate(request.id)?;
        let claims = only_claims(inner.project.trait_claims(request.id)?);
        let schema = inner.kept_schema()?;
        let binding = schema.is_some();
        Ok(inner.trait_row(&record.candidate, claims, (&schema.unwrap_or_default(), binding)))
    }

    /// Says what traits candidates have, as one gesture. It is on disk when this returns; what a hand said is what holds.
    pub fn set_traits(&self, request: SetTraits) -> Result<Decided, ApiError> {
        let by = self.may(&request.by, "a trait", Right::Pick)?;
        if request.traits.is_empty() || request.traits.len() > MOST_EDITS {
            return Err(ApiError::invalid_request(format!(
                "{} trait types: name 1 to {MOST_EDITS}",
                request.traits.len()
            )));
        }
        let schema = self.inner.kept_schema()?;
        let mut edits: Vec<TraitEdit> = vec![];
        for edit in &request.traits {
            let edit = Inner::edit(schema.as_ref(), edit)?;
            if edits.iter().any(|before| before.trait_type == edit.trait_type) {
                return Err(ApiError::invalid_request(format!(
                    "{} is named twice: say once what it is",
                    edit.trait_type
                )));
            }
            edits.push(edit);
        }
        let candidates = self.seen(&request.seen)?;
        let outcome = self
            .inner
            .project
            .set_traits(&candidates, &edits, by, self.inner.now())?;
        self.remember_curator(by)?;
        self.told(outcome, None)
    }
}
