//! What a collection is made of: the bill of its materials, from every token to its recipe, to the models, LoRAs and
//! pictures in that, to the data they learnt from, to the licences of all of them.

use std::collections::BTreeMap;
use std::path::Path;

use salon_domain::{Digest, Origin};
use serde::{Deserialize, Serialize};

use crate::documents::{MATERIALS, Provenance, TokenProvenance, open_provenance};
use crate::error::{BundleError, Result};
use crate::provenance_hash::provenance_hash;
use crate::reading::{MAX_PROVENANCE, read_json};

/// First words of `materials.json`.
const FORMAT: &str = "salon materials 1";
/// Fewest digits of a hash that name something.
const FEWEST_DIGITS: usize = 8;

/// What something is to a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MaterialKind {
    /// A model that painted it, or refined it.
    Model,
    /// A low-rank adaptation of the model.
    Lora,
    /// A textual inversion that its prompt names.
    Embedding,
    /// A picture that it was made from.
    Picture,
    /// The program it was brought in from.
    Program,
}

impl MaterialKind {
    /// The word for people.
    pub fn word(self) -> &'static str {
        match self {
            Self::Model => "model",
            Self::Lora => "LoRA",
            Self::Embedding => "embedding",
            Self::Picture => "picture",
            Self::Program => "program",
        }
    }
}

/// What is known of a model, a LoRA or an embedding beside its hash.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MaterialFacts {
    /// Its licence as its card or its metadata name it; empty where they name none.
    pub licence: String,
    /// Its card, where it has one.
    pub card: Option<String>,
    /// What it learnt from, as far as it says.
    pub data: Vec<TrainingData>,
}

/// Something that a model learnt from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TrainingData {
    /// Its file.
    pub name: String,
    /// SHA-256 of it.
    pub sha256: Digest,
}

/// Something that pictures of the collection were made with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Material {
    /// What it is.
    pub kind: MaterialKind,
    /// Its name; empty for a picture, and for a program that named itself nowhere.
    pub name: String,
    /// SHA-256 of it; absent for a program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<Digest>,
    /// Its licence; empty where none is known.
    pub licence: String,
    /// Its card.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub card: Option<String>,
    /// What it learnt from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub data: Vec<TrainingData>,
}

/// Tokens that were made with the same recipe.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MaterialUse {
    /// The recipe; absent for pictures that were brought in without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recipe_sha256: Option<Digest>,
    /// Places of its materials in [`Materials::materials`].
    pub materials: Vec<usize>,
    /// The tokens, ascending.
    pub tokens: Vec<u64>,
}

/// `materials.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Materials {
    format: String,
    /// Hash of the approved set.
    pub approval_hash: Digest,
    /// Head of the decision log when it was signed.
    pub decision_head: Digest,
    /// Hash of all pictures in the order that was signed.
    pub provenance_hash: Digest,
    /// Everything, by kind, name and hash.
    pub materials: Vec<Material>,
    /// Who was made with what.
    pub uses: Vec<MaterialUse>,
}

/// Kind, name and hash: one material.
type Key = (MaterialKind, String, Option<Digest>);

impl Materials {
    /// The bill of a bundle's tokens.
    pub(crate) fn of(provenance: &Provenance, facts: &BTreeMap<Digest, MaterialFacts>) -> Self {
        let mut groups: BTreeMap<(Option<Digest>, Vec<Key>), Vec<u64>> = BTreeMap::new();
        for token in &provenance.tokens {
            let group = (token.recipe_sha256, keys_of(token));
            groups.entry(group).or_default().push(token.token);
        }
        let mut keys: Vec<&Key> = groups.keys().flat_map(|(_, keys)| keys).collect();
        keys.sort();
        keys.dedup();
        let uses = groups.iter().map(|((recipe, used), tokens)| {
            let mut tokens = tokens.clone();
            tokens.sort_unstable();
            MaterialUse {
                recipe_sha256: *recipe,
                materials: used
                    .iter()
                    .filter_map(|key| keys.binary_search(&key).ok())
                    .collect(),
                tokens,
            }
        });
        let materials = keys.iter().map(|(kind, name, sha256)| {
            let known = sha256.and_then(|sha256| facts.get(&sha256)).cloned();
            let known = known.unwrap_or_default();
            Material {
                kind: *kind,
                name: name.clone(),
                sha256: *sha256,
                licence: known.licence,
                card: known.card,
                data: known.data,
            }
        });
        Self {
            format: FORMAT.into(),
            approval_hash: provenance.approval.hash,
            decision_head: provenance.approval.decision_head,
            provenance_hash: provenance_hash(provenance.pictures()),
            materials: materials.collect(),
            uses: uses.collect(),
        }
    }

    /// Whether it is the bill of these tokens. What it says of licences and data nobody can check from outside.
    pub(crate) fn is_of(&self, provenance: &Provenance) -> bool {
        let facts = self.materials.iter().filter_map(|one| {
            let facts = MaterialFacts {
                licence: one.licence.clone(),
                card: one.card.clone(),
                data: one.data.clone(),
            };
            Some((one.sha256?, facts))
        });
        Self::of(provenance, &facts.collect()) == *self
    }

    /// Tokens that a material is in.
    pub fn tokens_with(&self, material: usize) -> u64 {
        let with = self.uses.iter().filter(|one| one.materials.contains(&material));
        with.map(|one| one.tokens.len() as u64).sum()
    }
}

/// What a token was made with, in the order of kinds.
fn keys_of(token: &TokenProvenance) -> Vec<Key> {
    let mut keys = Vec::new();
    if let Some(recipe) = &token.recipe {
        let refiner = recipe.refiner.as_ref().map(|refiner| &refiner.model);
        for model in std::iter::once(&recipe.model).chain(refiner) {
            keys.push((MaterialKind::Model, model.name.clone(), Some(model.sha256)));
        }
        for lora in &recipe.loras {
            keys.push((MaterialKind::Lora, lora.name.clone(), Some(lora.sha256)));
        }
        for one in &recipe.embeddings {
            keys.push((MaterialKind::Embedding, one.name.clone(), Some(one.sha256)));
        }
    }
    for parent in &token.parents {
        keys.push((MaterialKind::Picture, String::new(), Some(*parent)));
    }
    if let Origin::Imported { tool, .. } = &token.origin {
        keys.push((MaterialKind::Program, tool.clone(), None));
    }
    keys.sort();
    keys.dedup();
    keys
}

/// The bill of a bundle; of one from before there were bills, what follows from its provenance.
pub fn materials(bundle: &Path) -> Result<Materials> {
    let provenance = open_provenance(bundle)?;
    let path = bundle.join(MATERIALS);
    if !path.exists() {
        return Ok(Materials::of(&provenance, &BTreeMap::new()));
    }
    let refused = |why: String| BundleError::NotABundle {
        path: bundle.into(),
        why: format!("{MATERIALS}: {why}"),
    };
    let found: Materials = read_json(&path, MAX_PROVENANCE).map_err(|fault| refused(fault.to_string()))?;
    if found.is_of(&provenance) {
        return Ok(found);
    }
    Err(refused(
        "it is not the bill of the tokens that were signed".into(),
    ))
}

/// A source to be withdrawn, and what it takes with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Withdrawal {
    /// What was found under the words that were given.
    pub matched: Vec<Withdrawn>,
    /// Every token that was made with any of it, ascending.
    pub tokens: Vec<u64>,
}

/// Something that is to be withdrawn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Withdrawn {
    /// The material itself, or the one that learnt from it.
    pub kind: MaterialKind,
    /// Its name.
    pub name: String,
    /// Its hash.
    pub sha256: Option<Digest>,
    /// The training data that was named, where it is not the material itself.
    pub data: Option<TrainingData>,
}

/// Every token that `source` is in: a model, a LoRA, an embedding, a picture, a program or something that a model learnt
/// from, by its name or by the first digits (eight at least) of its SHA-256.
pub fn withdraw(bundle: &Path, source: &str) -> Result<Withdrawal> {
    let bill = materials(bundle)?;
    let source = source.trim();
    let digits = source.to_ascii_lowercase();
    let is_hash = digits.len() >= FEWEST_DIGITS && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    let named = |name: &str, sha256: Option<&Digest>| {
        (!source.is_empty() && name == source)
            || (is_hash && sha256.is_some_and(|sha256| sha256.to_string().starts_with(&digits)))
    };
    let (mut matched, mut places) = (Vec::new(), Vec::new());
    for (place, material) in bill.materials.iter().enumerate() {
        let withdrawn = |data: Option<&TrainingData>| Withdrawn {
            kind: material.kind,
            name: material.name.clone(),
            sha256: material.sha256,
            data: data.cloned(),
        };
        let before = matched.len();
        if named(&material.name, material.sha256.as_ref()) {
            matched.push(withdrawn(None));
        }
        let data = material.data.iter();
        let learnt = data.filter(|data| named(&data.name, Some(&data.sha256)));
        matched.extend(learnt.map(|data| withdrawn(Some(data))));
        if matched.len() > before {
            places.push(place);
        }
    }
    let uses = bill.uses.iter();
    let affected = uses.filter(|one| places.iter().any(|place| one.materials.contains(place)));
    let mut tokens: Vec<u64> = affected.flat_map(|one| one.tokens.iter().copied()).collect();
    tokens.sort_unstable();
    Ok(Withdrawal { matched, tokens })
}
