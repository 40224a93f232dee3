//! salon-studio
