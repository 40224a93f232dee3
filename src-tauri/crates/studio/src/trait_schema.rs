//! `trait_schema`, `trait_schemas`, `check_trait_schema`, `set_trait_schema`, `import_trait_schema`: which traits there may be.

use std::collections::BTreeMap;
use std::path::Path;

use salon_catalog::SchemaRecord;
use salon_domain::{Candidate, CandidateQuery, Trait, Verdict};
use salon_layers::Collection;
use salon_traits::TraitsError;
use salon_traits::schema::{Schema, Target, TraitType};

use crate::Studio;
use crate::api::{
    ApiError, CheckTraitSchema, ErrorCode, ImportTraitSchema, ImportedTraitSchema, Nothing, SchemaBreach,
    SetTraitSchema, TraitSchemaRequest, TraitSchemaState, TraitSchemaVersion,
};
use crate::studio::Inner;
use crate::who::Right;

/// Longest schema, as bytes of JSON.
const LONGEST: u64 = 4 << 20;

/// Most ways of breaking a schema that are told.
const MOST_BREACHES: usize = 20;

/// The refusal of a schema, with a hint for everything that is wrong with it.
fn refused(fault: TraitsError) -> ApiError {
    let TraitsError::Schema { problems } = &fault else {
        return fault.into();
    };
    let hints: Vec<String> = problems.iter().map(ToString::to_string).collect();
    let hints: Vec<&str> = hints.iter().map(String::as_str).collect();
    let message = match problems.len() {
        1 => "one thing is wrong with the schema: nothing was changed".to_owned(),
        count => format!("{count} things are wrong with the schema: nothing was changed"),
    };
    ApiError::new(ErrorCode::InvalidRequest, message, &hints)
}

fn parsed(record: &SchemaRecord) -> Result<Schema, ApiError> {
    let mut schema = Schema::from_json(&record.document).map_err(|fault| {
        ApiError::internal(format!(
            "version {} of the schema cannot be read: {fault}",
            record.version
        ))
    })?;
    schema.version = record.version;
    Ok(schema)
}

fn version(record: &SchemaRecord, schema: &Schema) -> TraitSchemaVersion {
    TraitSchemaVersion {
        version: record.version,
        by: record.by.clone(),
        at: record.at,
        note: record.note.clone(),
        traits: schema.traits.len() as u32,
        values: schema.traits.iter().map(|one| one.values.len() as u32).sum(),
        rules: schema.rules.len() as u32,
    }
}

/// A schema of the traits that candidates have, in the order in which they show them.
fn draft(candidates: &[Candidate]) -> Schema {
    let mut names: Vec<&str> = vec![];
    let mut values: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for one in candidates.iter().flat_map(|candidate| &candidate.traits) {
        let known = values.entry(&one.trait_type).or_insert_with(|| {
            names.push(&one.trait_type);
            vec![]
        });
        if let Err(place) = known.binary_search(&one.value.as_str()) {
            known.insert(place, &one.value);
        }
    }
    let traits = names
        .into_iter()
        .map(|name| TraitType::of_words(name, values.get(name).into_iter().flatten().copied()));
    Schema {
        version: 0,
        ..Schema::new(traits.collect(), vec![])
    }
}

/// How candidates break a schema, the most frequent breach first.
fn breaches(schema: &Schema, candidates: &[Candidate]) -> Vec<SchemaBreach> {
    let mut alike: BTreeMap<&[Trait], u32> = BTreeMap::new();
    for candidate in candidates {
        *alike.entry(&candidate.traits).or_default() += 1;
    }
    let mut counts: BTreeMap<String, u32> = BTreeMap::new();
    for (traits, count) in alike {
        for violation in schema.check(traits) {
            *counts.entry(violation.to_string()).or_default() += count;
        }
    }
    let mut found: Vec<SchemaBreach> = counts
        .into_iter()
        .map(|(problem, candidates)| SchemaBreach { problem, candidates })
        .collect();
    found.sort_by(|one, other| {
        other
            .candidates
            .cmp(&one.candidates)
            .then_with(|| one.problem.cmp(&other.problem))
    });
    found.truncate(MOST_BREACHES);
    found
}

/// Reads a schema from a text: one that Salon wrote, or JSON Schema.
fn from_text(text: &str) -> Result<(Schema, Vec<String>), ApiError> {
    let json: serde_json::Value = serde_json::from_str(text)
        .map_err(|fault| ApiError::invalid_request(format!("this is no JSON: {fault}")))?;
    if json.get("form").is_some() {
        return Ok((Schema::from_json(text).map_err(refused)?, vec![]));
    }
    let imported = Schema::from_json_schema(text).map_err(refused)?;
    Ok((imported.schema, imported.left_out))
}

/// Reads a schema from a layer project, in any form that `layers` reads: how often each trait is to be expected, by weights,
/// rules and quotas, is its target. What not every edition has is not required.
fn from_layers(folder: &Path) -> Result<Schema, ApiError> {
    let collection = Collection::read(folder)?;
    collection.sound()?;
    let editions = collection.editions();
    let mut layers: Vec<(String, Vec<(String, f64)>)> = vec![];
    // What a rule or a weight of 0 keeps out of every edition is no value of the collection.
    for one in collection
        .expected(editions)
        .into_iter()
        .filter(|one| one.expected > 0.0)
    {
        let value = (one.value, one.expected);
        match layers.iter_mut().find(|(name, _)| *name == one.trait_type) {
            Some((_, values)) => values.push(value),
            None => layers.push((one.trait_type, vec![value])),
        }
    }
    let mut schema = Schema::from_layers(&layers).map_err(refused)?;
    for (of, (_, values)) in schema.traits.iter_mut().zip(&layers) {
        let share = values.iter().map(|(_, expected)| expected).sum::<f64>() / editions as f64;
        if share < 1.0 - f64::EPSILON.sqrt() {
            of.required = false;
            for target in of.values.iter_mut().filter_map(|value| value.target.as_mut()) {
                if let Target::Percent(percent) = target {
                    *percent *= share;
                }
            }
        }
    }
    Ok(schema)
}

fn from_path(path: &Path) -> Result<(Schema, Vec<String>), ApiError> {
    if path.is_dir() {
        return Ok((from_layers(path)?, vec![]));
    }
    let unreadable = |fault: std::io::Error| {
        let code = if fault.kind() == std::io::ErrorKind::NotFound {
            ErrorCode::NotFound
        } else {
            ErrorCode::InvalidRequest
        };
        let hints = ["Name a JSON file, or a folder of layers."];
        ApiError::new(
            code,
            format!("{} cannot be read: {fault}", path.display()),
            &hints,
        )
    };
    let length = std::fs::metadata(path).map_err(unreadable)?.len();
    if length > LONGEST {
        return Err(ApiError::invalid_request(format!(
            "{} has {length} bytes: a schema has at most {LONGEST}",
            path.display()
        )));
    }
    let text = std::fs::read_to_string(path).map_err(unreadable)?;
    from_text(&text).map_err(|fault| ApiError {
        message: format!("{}: {}", path.display(), fault.message),
        ..fault
    })
}

impl Inner {
    /// The newest schema, if one was ever kept.
    pub(crate) fn kept_schema(&self) -> Result<Option<Schema>, ApiError> {
        self.project.trait_schema()?.as_ref().map(parsed).transpose()
    }

    /// Candidates that may come into the set.
    pub(crate) fn not_rejected(&self) -> Result<Vec<Candidate>, ApiError> {
        let mut found = self.project.candidates(&CandidateQuery::default())?;
        found.retain(|one| one.verdict != Verdict::Rejected);
        Ok(found)
    }

    fn schema_state(
        &self,
        schema: Schema,
        record: Option<&SchemaRecord>,
    ) -> Result<TraitSchemaState, ApiError> {
        Ok(state_over(schema, record, &self.not_rejected()?))
    }
}

fn state_over(schema: Schema, record: Option<&SchemaRecord>, candidates: &[Candidate]) -> TraitSchemaState {
    TraitSchemaState {
        kept: record.map(|record| version(record, &schema)),
        problems: schema.problems().iter().map(ToString::to_string).collect(),
        broken_by: breaches(&schema, candidates),
        schema,
    }
}

impl Studio {
    /// The attribute schema, or a draft of one from the traits that candidates have.
    pub fn trait_schema(&self, request: TraitSchemaRequest) -> Result<TraitSchemaState, ApiError> {
        let inner = &self.inner;
        let record = match request.version {
            None => inner.project.trait_schema()?,
            Some(version) => {
                let found = inner
                    .project
                    .trait_schemas()?
                    .into_iter()
                    .find(|one| one.version == version);
                Some(found.ok_or_else(|| {
                    let message = format!("there is no version {version} of the schema");
                    ApiError::new(ErrorCode::NotFound, message, &["The history lists them."])
                })?)
            }
        };
        match record {
            Some(record) => inner.schema_state(parsed(&record)?, Some(&record)),
            None => {
                let candidates = inner.not_rejected()?;
                Ok(state_over(draft(&candidates), None, &candidates))
            }
        }
    }

    /// Every version of the schema, oldest first.
    pub fn trait_schemas(&self, _: Nothing) -> Result<Vec<TraitSchemaVersion>, ApiError> {
        let records = self.inner.project.trait_schemas()?;
        records
            .iter()
            .map(|record| Ok(version(record, &parsed(record)?)))
            .collect()
    }

    /// What is wrong with a schema, and how candidates would break it. Keeps nothing.
    pub fn check_trait_schema(&self, request: CheckTraitSchema) -> Result<TraitSchemaState, ApiError> {
        self.inner.schema_state(request.schema, None)
    }

    /// Keeps a schema as the next version. One that says the same as the newest is not kept twice.
    pub fn set_trait_schema(&self, request: SetTraitSchema) -> Result<TraitSchemaState, ApiError> {
        self.keep_schema(request.schema, request.expects, &request.by, "")
    }

    fn keep_schema(
        &self,
        schema: Schema,
        expects: u32,
        by: &str,
        note: &str,
    ) -> Result<TraitSchemaState, ApiError> {
        let by = self.may(by, "changing the schema", Right::Lead)?;
        let mut schema = schema.validated().map_err(refused)?;
        schema.form = salon_traits::schema::FORM;
        schema.version = expects + 1;
        let project = &self.inner.project;
        let same = |kept: &Schema| kept.traits == schema.traits && kept.rules == schema.rules;
        let unchanged = self
            .inner
            .kept_schema()?
            .is_some_and(|kept| kept.version == expects && same(&kept));
        if !unchanged {
            let document = schema.to_json();
            project.keep_trait_schema(&document, expects, by, note, self.inner.now())?;
            self.inner.events.traits();
        }
        self.trait_schema(TraitSchemaRequest::default())
    }

    /// Reads a schema from a file, a folder of layers or a text; keeps it when asked to.
    pub fn import_trait_schema(&self, request: ImportTraitSchema) -> Result<ImportedTraitSchema, ApiError> {
        let ((schema, left_out), note) = match (&request.path, &request.text) {
            (Some(path), None) => {
                let name = path
                    .file_name()
                    .unwrap_or(path.as_os_str())
                    .to_string_lossy()
                    .into_owned();
                (from_path(path)?, format!("imported from {name}"))
            }
            (None, Some(text)) => (from_text(text)?, "imported".to_owned()),
            _ => {
                return Err(ApiError::invalid_request(
                    "nothing to import, or two things: give either a path or a text",
                ));
            }
        };
        let state = match request.keep_after {
            Some(expects) => self.keep_schema(schema, expects, &request.by, &note)?,
            None => self.inner.schema_state(schema, None)?,
        };
        Ok(ImportedTraitSchema { state, left_out })
    }
}
