//! Encoders: a picture becomes a vector.
