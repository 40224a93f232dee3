//! salon-catalog
