//! Families: copies, near-duplicates and variations of a picture.
