//! `write_lore`, `lore_status`, `cancel_lore`: texts written for many candidates, in the background, at low priority.
//!
//! One job at a time. What was written of a candidate is kept before the next one's turn, so that a stop or a kill costs one
//! candidate, and the same order with the same seed goes on where it was.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use salon_catalog::{CatalogError, LoreRecord, LoreSpending};
use salon_domain::{CancelToken, CandidateId, Digest, LoreField, LoreSource};
use salon_lore::model::LanguageModel;
use salon_lore::question::{self, Question};
use salon_lore::{Grammar, LoreError, Subject, Taken, Texts, Voice};

use crate::Studio;
use crate::api::{ApiError, ErrorCode, LoreFailure, LoreProgress, LoreScope, LoreWriter, Nothing, WriteLore};
use crate::lore::{basis, fields_or_all, is_stale};
use crate::lore_endpoint::Kept;
use crate::studio::Inner;

/// Failures that are told; the others are counted only.
const MOST_TOLD: usize = 100;
/// Candidates that a grammar writes about before they are kept.
const TOGETHER: usize = 200;

/// Who writes, ready to.
enum Pen {
    Grammar(Grammar),
    Model(Box<LanguageModel>),
    Endpoint(Box<Asked>),
}

/// An endpoint that may be asked.
struct Asked {
    kept: Kept,
    host: String,
    key: Option<String>,
}

/// All that is needed to write about one candidate.
struct Sheet<'a> {
    subject: &'a Subject,
    fields: &'a [LoreField],
    name: Option<&'a str>,
}

/// Why nothing was written about a candidate.
enum Trouble {
    /// It alone: the others are written about.
    One(ApiError),
    /// Nothing can be written about the others either.
    All(ApiError),
}

impl From<LoreError> for Trouble {
    fn from(error: LoreError) -> Self {
        match error {
            LoreError::Endpoint { .. } | LoreError::Cap { .. } | LoreError::Cancelled => {
                Self::All(error.into())
            }
            _ => Self::One(error.into()),
        }
    }
}

impl From<CatalogError> for Trouble {
    fn from(error: CatalogError) -> Self {
        Self::All(error.into())
    }
}

impl Pen {
    fn source(&self) -> LoreSource {
        match self {
            Self::Grammar(grammar) => grammar.source(),
            Self::Model(model) => model.source(),
            Self::Endpoint(asked) => LoreSource::Endpoint {
                host: asked.host.clone(),
                model: asked.kept.endpoint.model.clone(),
            },
        }
    }

    /// Texts that are kept together: what a model wrote is dear.
    fn together(&self) -> usize {
        match self {
            Self::Grammar(_) => TOGETHER,
            Self::Model(_) | Self::Endpoint(_) => 1,
        }
    }
}

/// Writing under way: what stays the same from candidate to candidate, and how far it is.
struct Job<'a> {
    inner: &'a Inner,
    voice: &'a Voice,
    scope: LoreScope,
    fields: Vec<LoreField>,
    cancel: &'a CancelToken,
    progress: &'a mut LoreProgress,
}

impl Studio {
    /// Begins to write texts, in the background; progress comes as events. Refused while others are being written.
    pub fn write_lore(&self, request: WriteLore) -> Result<LoreProgress, ApiError> {
        if self.acts_for.is_some() && request.writer == LoreWriter::Endpoint {
            return Err(ApiError::new(
                ErrorCode::NotAllowed,
                "the endpoint is paid by whoever sits at the studio",
                &["Write with the grammar or a model, or ask there."],
            ));
        }
        self.inner.begin_lore(request)
    }

    /// How far writing is, or how far the last one came.
    pub fn lore_status(&self, _: Nothing) -> Result<Option<LoreProgress>, ApiError> {
        Ok(self.inner.lore.progress())
    }

    /// Stops what is being written; what is written stays.
    pub fn cancel_lore(&self, _: Nothing) -> Result<Nothing, ApiError> {
        self.inner.lore.cancel();
        Ok(Nothing {})
    }

    /// Writes texts and waits for them; `report` hears of it about ten times a second. For the command line.
    pub fn write_lore_now(
        &self,
        request: WriteLore,
        cancel: &CancelToken,
        mut report: impl FnMut(&LoreProgress),
    ) -> Result<LoreProgress, ApiError> {
        self.inner.begin_lore(request)?;
        loop {
            let ended = self.inner.lore.wait_for_end(Duration::from_millis(100));
            let progress = self.lore_status(Nothing {})?.unwrap_or_default();
            report(&progress);
            if ended {
                return Ok(progress);
            }
            if cancel.is_cancelled() {
                self.cancel_lore(Nothing {})?;
            }
        }
    }
}

impl Inner {
    fn begin_lore(self: &Arc<Self>, request: WriteLore) -> Result<LoreProgress, ApiError> {
        if let Some(reason) = self.project.read_only() {
            return Err(ApiError::new(ErrorCode::ReadOnly, reason, &[]));
        }
        let (voice, grammar) = self.voice()?;
        let candidates = match &request.candidates {
            Some(named) => named.clone(),
            None => self.project.accepted()?,
        };
        if candidates.is_empty() {
            let hint = "Accept candidates, or name those to write about.";
            let message = "there is nothing to write about: no candidate is accepted";
            return Err(ApiError::new(ErrorCode::InvalidRequest, message, &[hint]));
        }
        let mut progress = LoreProgress {
            total: candidates.len() as u32,
            seed: request.seed.unwrap_or_else(|| (self.options.seeds)()),
            ..LoreProgress::default()
        };
        let begun = progress.clone();
        let inner = Arc::clone(self);
        let work = move |cancel: &CancelToken| {
            let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                let mut pen = inner.pen(&request.writer, grammar)?;
                let mut job = Job {
                    inner: &inner,
                    voice: &voice,
                    scope: request.scope,
                    fields: fields_or_all(&request.fields),
                    cancel,
                    progress: &mut progress,
                };
                job.write_all(&candidates, &mut pen)
            }));
            let outcome =
                outcome.unwrap_or_else(|panic| Err(ApiError::from_panic("writing lore", panic.as_ref())));
            progress.ended = true;
            progress.candidate = None;
            progress.so_far.clear();
            progress.fault = outcome.err().map(|fault| fault.to_string());
            inner.tell_lore(&progress);
        };
        self.lore
            .begin("lore", "lore is already being written", begun.clone(), work)?;
        Ok(begun)
    }

    fn tell_lore(&self, progress: &LoreProgress) {
        self.lore.note(progress);
        self.events.lore(progress);
    }

    fn pen(&self, writer: &LoreWriter, grammar: Grammar) -> Result<Pen, ApiError> {
        Ok(match writer {
            LoreWriter::Grammar => Pen::Grammar(grammar),
            LoreWriter::Model { name } => Pen::Model(Box::new(self.language_model(name)?)),
            LoreWriter::Endpoint => {
                let (kept, key) = self.open_endpoint()?;
                let host = kept.endpoint.host()?;
                Pen::Endpoint(Box::new(Asked { kept, host, key }))
            }
        })
    }
}

impl Job<'_> {
    fn write_all(&mut self, candidates: &[CandidateId], pen: &mut Pen) -> Result<(), ApiError> {
        let project = &self.inner.project;
        let mut taken = Taken::default();
        let mut known: BTreeMap<CandidateId, Vec<LoreRecord>> = BTreeMap::new();
        for text in project.lore(None)? {
            taken.take(text.field, &text.text);
            known.entry(text.candidate).or_default().push(text);
        }
        let mut written = Vec::new();
        let mut ended = Ok(());
        for id in candidates {
            if self.cancel.is_cancelled() {
                break;
            }
            self.progress.candidate = Some(*id);
            let texts = known.remove(id).unwrap_or_default();
            match self.write_about(*id, &texts, pen, &mut taken) {
                Ok(mut records) => written.append(&mut records),
                Err(Trouble::All(fault)) => {
                    if fault.code != ErrorCode::Cancelled {
                        ended = Err(fault);
                    }
                    break;
                }
                Err(Trouble::One(fault)) => {
                    if self.progress.failed.len() < MOST_TOLD {
                        self.progress.failed.push(LoreFailure {
                            candidate: *id,
                            why: fault.to_string(),
                        });
                    }
                }
            }
            self.progress.done += 1;
            if written.len() >= pen.together() {
                self.progress.written += project.write_lore(&written)? as u32;
                written.clear();
            }
            self.progress.so_far.clear();
            self.inner.tell_lore(self.progress);
        }
        self.progress.written += project.write_lore(&written)? as u32;
        ended
    }

    /// The texts that are due for one candidate.
    fn write_about(
        &mut self,
        id: CandidateId,
        texts: &[LoreRecord],
        pen: &mut Pen,
        taken: &mut Taken,
    ) -> Result<Vec<LoreRecord>, Trouble> {
        let record = self
            .inner
            .project
            .candidate(id)
            .map_err(|fault| Trouble::One(fault.into()))?;
        let candidate = record.candidate;
        let held = |field| texts.iter().find(|text| text.field == field);
        let name = held(LoreField::Name).map(|text| text.text.as_str());
        let scope = self.scope;
        let is_due = |field: &LoreField| {
            held(*field).is_none_or(|text| match scope {
                LoreScope::Missing => false,
                LoreScope::Stale => !text.locked && is_stale(text, &candidate, name),
                LoreScope::Open => !text.locked && !text.accepted,
                LoreScope::Unlocked => !text.locked,
            })
        };
        let due: Vec<LoreField> = self.fields.iter().copied().filter(is_due).collect();
        if due.is_empty() {
            return Ok(vec![]);
        }
        let prompt = record.resolved.map(|prompts| prompts.prompt);
        let caption = prompt.or_else(|| record.recipe.map(|recipe| recipe.prompt));
        let caption = caption.unwrap_or_default();
        let seen = if caption.trim().is_empty() {
            let described = self.inner.caption_of(&candidate.sha256);
            described.map_err(Trouble::One)?.map(|caption| caption.text)
        } else {
            None
        };
        let subject = Subject {
            picture: candidate.sha256,
            traits: candidate.traits.clone(),
            caption,
            seen: seen.unwrap_or_default(),
        };
        let replaced = || due.iter().filter_map(|field| held(*field));
        for text in replaced() {
            taken.give_back(text.field, &text.text);
        }
        let sheet = Sheet {
            subject: &subject,
            fields: &due,
            name: name.filter(|_| !due.contains(&LoreField::Name)),
        };
        let written = match self.write(&sheet, pen, taken) {
            Ok(written) => written,
            Err(trouble) => {
                for text in replaced() {
                    taken.take(text.field, &text.text);
                }
                return Err(trouble);
            }
        };
        let called = written
            .get(&LoreField::Name)
            .map(String::as_str)
            .or(name)
            .map(str::to_owned);
        let now = self.inner.now();
        let source = pen.source();
        let seed = self.progress.seed;
        Ok(written
            .into_iter()
            .map(|(field, text)| LoreRecord {
                candidate: id,
                field,
                text,
                source: source.clone(),
                seed: Some(seed),
                basis: basis(&candidate, field, called.as_deref()),
                accepted: false,
                locked: false,
                written_at: now,
            })
            .collect())
    }

    fn write(&mut self, sheet: &Sheet<'_>, pen: &mut Pen, taken: &mut Taken) -> Result<Texts, Trouble> {
        let (voice, seed) = (self.voice, self.progress.seed);
        let &Sheet {
            subject,
            fields,
            name,
        } = sheet;
        // What went wrong while an answer was sought, which is more than the question can say of it.
        let mut trouble = None;
        let written = match pen {
            Pen::Grammar(grammar) => grammar.write(subject, fields, name, voice, seed, taken),
            Pen::Model(model) => question::write(subject, fields, name, voice, seed, taken, |question| {
                let key = question.key(&model.key());
                self.kept_or(&key, question, &mut trouble, |job| {
                    let answered = model.answer(question, |so_far| {
                        so_far.clone_into(&mut job.progress.so_far);
                        job.inner.tell_lore(job.progress);
                        !job.cancel.is_cancelled()
                    });
                    Ok(answered?.0)
                })
            }),
            Pen::Endpoint(asked) => question::write(subject, fields, name, voice, seed, taken, |question| {
                let endpoint = &asked.kept.endpoint;
                let key = question.key(&format!("{} at {}", endpoint.model, endpoint.base));
                self.kept_or(&key, question, &mut trouble, |job| job.ask(asked, question))
            }),
        };
        match trouble {
            Some(trouble) => Err(trouble),
            None => Ok(written?),
        }
    }

    /// The answer that is kept under `key`, else that of `answer`, which is kept where it is one.
    fn kept_or(
        &mut self,
        key: &Digest,
        question: &Question,
        trouble: &mut Option<Trouble>,
        answer: impl FnOnce(&mut Self) -> Result<String, Trouble>,
    ) -> Result<String, LoreError> {
        let outcome = match self.inner.project.lore_answer(key) {
            Ok(Some(kept)) => return Ok(kept),
            Ok(None) => answer(self),
            Err(fault) => Err(fault.into()),
        };
        let kept = outcome.and_then(|answer| {
            if question::read(&answer, &question.fields).is_ok() {
                let now = self.inner.now();
                self.inner.project.keep_lore_answer(key, &answer, now)?;
            }
            Ok(answer)
        });
        kept.map_err(|fault| {
            *trouble = Some(fault);
            LoreError::Cancelled
        })
    }

    /// Asks the endpoint, unless the cap could be passed by it, and writes down what it cost.
    fn ask(&mut self, asked: &Asked, question: &Question) -> Result<String, Trouble> {
        let project = &self.inner.project;
        let endpoint = &asked.kept.endpoint;
        let spent = project.lore_spent()?;
        let next = endpoint.most_cost(question);
        if next > 0 && spent.saturating_add(next) > asked.kept.cap {
            let amount = |millionths: u64| format!("{:.4}", millionths as f64 / 1e6);
            return Err(Trouble::from(LoreError::Cap {
                spent: amount(spent),
                cap: amount(asked.kept.cap),
                next: amount(next),
            }));
        }
        let cancel = self.cancel;
        let reply = endpoint.ask(question, asked.key.as_deref(), |pause| {
            let until = Instant::now() + pause;
            while Instant::now() < until && !cancel.is_cancelled() {
                std::thread::sleep(Duration::from_millis(50));
            }
            !cancel.is_cancelled()
        })?;
        // A machine that does not count is taken to have used all it could.
        let counted = endpoint.prices.of(reply.input_tokens, reply.output_tokens);
        project.add_lore_spending(&LoreSpending {
            host: asked.host.clone(),
            model: endpoint.model.clone(),
            input_tokens: reply.input_tokens,
            output_tokens: reply.output_tokens,
            millionths: if reply.output_tokens == 0 { next } else { counted },
            spent_at: self.inner.now(),
        })?;
        Ok(reply.text)
    }
}
