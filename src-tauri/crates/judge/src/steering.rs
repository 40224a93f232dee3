//! Steering the generator: what in a recipe raises acceptance.
