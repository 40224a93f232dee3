//! salon-testkit
