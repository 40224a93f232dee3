//! salon-bundle
