//! `bundle_materials`, `withdraw_source`: what a collection is made of, down to licences and data.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use salon_bundle::{MaterialFacts, TrainingData};
use salon_domain::{ApprovedSet, Digest, Recipe};
use serde::Deserialize;

use crate::Studio;
use crate::api::{
    ApiError, BundleMaterials, BundleRequest, MaterialSummary, MaterialUse, TrainingSource, WithdrawSource,
    Withdrawal, WithdrawnSource,
};
use crate::studio::Inner;

/// Longest card and longest list of data that go into a bundle, in bytes.
const LONGEST_CARD: u64 = 64 << 10;
const LONGEST_DATA: u64 = 8 << 20;

/// What a model folder says of its training, in `provenance.json`.
#[derive(Deserialize)]
struct Training {
    /// SHA-256 of what it learnt from, by file.
    #[serde(default)]
    art: BTreeMap<String, Digest>,
}

impl Inner {
    /// What the models folders say of everything that a set was made with, by its hash. What is no longer there, or is not
    /// what it was, has no entry.
    pub(crate) fn material_facts(&self, set: &ApprovedSet) -> BTreeMap<Digest, MaterialFacts> {
        let mut facts = BTreeMap::new();
        let mut recipes: Vec<&Recipe> = Vec::new();
        for recipe in set.members().iter().filter_map(|member| member.recipe.as_ref()) {
            if recipes.last() != Some(&recipe) {
                recipes.push(recipe);
            }
        }
        for recipe in recipes {
            let refiner = recipe.refiner.as_ref().map(|refiner| &refiner.model);
            for model in std::iter::once(&recipe.model).chain(refiner) {
                facts.entry(model.sha256).or_insert_with(|| {
                    let found = self.shelf.find(&model.name).ok();
                    let exact = found.filter(|found| found.sha256 == Some(model.sha256));
                    exact.map(|found| MaterialFacts {
                        licence: found.licence,
                        card: card_in(&found.path),
                        data: data_in(&found.path),
                    })
                });
            }
            for lora in &recipe.loras {
                facts.entry(lora.sha256).or_insert_with(|| {
                    let path = self.shelf.lora_path(lora).ok()?;
                    let licence = salon_diffusion::weights::sniff(&path)
                        .ok()?
                        .licence()
                        .map(str::to_owned);
                    Some(MaterialFacts {
                        licence: licence.unwrap_or_default(),
                        ..MaterialFacts::default()
                    })
                });
            }
        }
        let known = facts.into_iter();
        known
            .filter_map(|(sha256, facts)| Some((sha256, facts?)))
            .collect()
    }
}

/// A file of a model's folder, where it is one and is not too long.
fn text_in(folder: &Path, name: &str, longest: u64) -> Option<String> {
    let path = folder.join(name);
    let metadata = fs::metadata(&path).ok()?;
    (metadata.is_file() && metadata.len() <= longest).then(|| fs::read_to_string(&path).ok())?
}

fn card_in(folder: &Path) -> Option<String> {
    text_in(folder, "README.md", LONGEST_CARD)
}

fn data_in(folder: &Path) -> Vec<TrainingData> {
    let training = text_in(folder, "provenance.json", LONGEST_DATA);
    let training: Option<Training> = training.and_then(|text| serde_json::from_str(&text).ok());
    let art = training.map(|training| training.art).unwrap_or_default();
    let data = art
        .into_iter()
        .map(|(name, sha256)| TrainingData { name, sha256 });
    data.collect()
}

fn source(data: TrainingData) -> TrainingSource {
    TrainingSource {
        name: data.name,
        sha256: data.sha256,
    }
}

/// The bill of a bundle's materials.
pub fn bundle_materials(request: &BundleRequest) -> Result<BundleMaterials, ApiError> {
    let bill = salon_bundle::materials(&request.path)?;
    let tokens: Vec<u64> = (0..bill.materials.len())
        .map(|place| bill.tokens_with(place))
        .collect();
    let materials = bill
        .materials
        .into_iter()
        .zip(tokens)
        .map(|(one, tokens)| MaterialSummary {
            kind: one.kind.word().into(),
            name: one.name,
            sha256: one.sha256,
            licence: one.licence,
            card: one.card,
            data: one.data.into_iter().map(source).collect(),
            tokens: tokens as u32,
        });
    let uses = bill.uses.into_iter().map(|one| MaterialUse {
        recipe_sha256: one.recipe_sha256,
        materials: one.materials.iter().map(|place| *place as u32).collect(),
        tokens: one.tokens,
    });
    Ok(BundleMaterials {
        approval_hash: bill.approval_hash,
        decision_head: bill.decision_head,
        provenance_hash: bill.provenance_hash,
        materials: materials.collect(),
        uses: uses.collect(),
    })
}

/// Every token of a bundle that a source is in.
pub fn withdraw_source(request: &WithdrawSource) -> Result<Withdrawal, ApiError> {
    let found = salon_bundle::withdraw(&request.bundle, &request.source)?;
    let matched = found.matched.into_iter().map(|one| WithdrawnSource {
        kind: one.kind.word().into(),
        name: one.name,
        sha256: one.sha256,
        data: one.data.map(source),
    });
    Ok(Withdrawal {
        matched: matched.collect(),
        tokens: found.tokens,
    })
}

impl Studio {
    /// The bill of a bundle's materials.
    pub fn bundle_materials(&self, request: BundleRequest) -> Result<BundleMaterials, ApiError> {
        bundle_materials(&request)
    }

    /// Every token of a bundle that a source is in. It tells, and takes nothing out.
    pub fn withdraw_source(&self, request: WithdrawSource) -> Result<Withdrawal, ApiError> {
        withdraw_source(&request)
    }
}
