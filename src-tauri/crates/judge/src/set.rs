//! A set as a whole: what stands out of it, and what copies something else.
