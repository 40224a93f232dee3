//! Steering the generator: what in a recipe raises acceptance, with intervals, and the next run drawn from that.
//!
//! Every picture is a [`Trial`]: the [`Factor`]s of its recipe and its verdict. [`Steering::fit`] learns how each factor
//! moves the logit of acceptance; [`Steering::effects`] says so; [`Steering::draw`] draws assignments by Thompson sampling
//! (Thompson 1933): what works comes often, what is unknown comes sometimes, what fails fades away.

mod choose;
mod draw;
mod factors;
mod model;

pub use draw::{Assignment, Choice};
pub use factors::{Factor, of_recipe, weight_bucket};
pub use model::{Effect, MOST_FACTORS, Steering, Trial};
