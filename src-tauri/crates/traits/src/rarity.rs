//! Rarity: how surprising a token's traits are among the tokens of its collection.
//!
//! Every formula starts from the same counts ([`Collection`]), so that they differ by arithmetic alone, and every ranking is
//! a function of the set: after a token was removed, count again. With `p` the share of the tokens that have the same value
//! (or, where a token lacks a trait type that others have, the share that lacks it too):
//!
//! | method | score of a token | rarer is |
//! |---|---|---|
//! | [`Method::OpenRarity`] | Σ log₂(1/p) ÷ H, ranked after the number of traits that no other token has | higher |
//! | [`Method::RarityTools`] | Σ 1/p | higher |
//! | [`Method::Statistical`] | Π p | lower |
//! | [`Method::Average`] | mean of p | lower |
//! | [`Method::Arithmetic`] | weighted mean of 1/p | higher |
//! | [`Method::Harmonic`] | 1 ÷ weighted mean of p | higher |
//!
//! Sources: the `OpenRarity` methodology and its reference package `open-rarity` 0.7.5 (information content, the null
//! attribute, the trait count, ranks, and the means over 1/p); rarity.tools, "Ranking Rarity: Understanding Rarity
//! Calculation Methods" (rarity score, statistical rarity, average trait rarity, normalisation).

mod agreement;
mod collection;
mod rank;

pub use agreement::{Agreement, agreements, kendall_tau_b};
pub use collection::{Collection, TRAIT_COUNT, TraitType, Value};
pub use rank::{Method, Ranking, Weighting, rank};
