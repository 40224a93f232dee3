//! Technical flags: what is measurably wrong with a picture. Never beauty.
