//! What travels between the studio and its hosts. Every type here has a TypeScript twin in `ui/src/api/generated.ts`.

mod balance;
mod bundles;
mod candidates;
mod captions;
mod contracts;
mod deciding;
mod error;
mod imports;
mod invitations;
mod judge;
mod jury;
mod layers;
mod looking;
mod lore;
mod masters;
mod models;
mod project;
mod provenance;
mod publications;
mod rarity;
mod recipes;
mod runs;
mod set_board;
mod tagging;
mod targets;
mod traits;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

pub use balance::*;
pub use bundles::*;
pub use candidates::*;
pub use captions::*;
pub use contracts::*;
pub use deciding::*;
pub use error::*;
pub use imports::*;
pub use invitations::*;
pub use judge::*;
pub use jury::*;
pub use layers::*;
pub use looking::*;
pub use lore::*;
pub use masters::*;
pub use models::*;
pub use project::*;
pub use provenance::*;
pub use publications::*;
pub use rarity::*;
pub use recipes::*;
pub use runs::*;
pub use set_board::*;
pub use tagging::*;
pub use targets::*;
pub use traits::*;

/// A request without fields.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}
