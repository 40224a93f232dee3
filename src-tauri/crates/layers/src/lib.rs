//! salon-layers
