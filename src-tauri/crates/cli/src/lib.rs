//! salon-cli
