//! Taste: what a curator will accept, learnt from decisions, with its uncertainty.
