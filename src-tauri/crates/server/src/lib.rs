//! salon-server
