//! The provenance hash: one number, published before the first sale, that fixes which pictures there are and in which
//! order. The form is that of the Bored Ape Yacht Club: the SHA-256 of every picture in lower-case hexadecimal digits, one
//! after the other in the initial order, hashed again with SHA-256.

use salon_domain::Digest;
use sha2::{Digest as _, Sha256};

/// The hash of pictures in their initial order.
pub fn provenance_hash<'a>(pictures: impl IntoIterator<Item = &'a Digest>) -> Digest {
    let mut hasher = Sha256::new();
    for picture in pictures {
        hasher.update(picture.to_string());
    }
    Digest(hasher.finalize().into())
}

/// Which token shows a picture: `index` is its place in the initial order, from 0. A collection with a starting index of 0
/// is not shifted. Otherwise token `first + n` shows the picture at `(n + starting index) mod count`, as the contracts of
/// that form have it.
pub(crate) fn token_of(index: u64, count: u64, first: u64, starting_index: u64) -> u64 {
    let shift = starting_index % count.max(1);
    let place = if index >= shift {
        index - shift
    } else {
        index + (count - shift)
    };
    first + place
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_of_the_hexadecimal_digits_in_their_order() {
        let pictures = [Digest::of(b"one"), Digest::of(b"two")];
        let by_hand = format!("{}{}", pictures[0], pictures[1]);
        assert_eq!(
            provenance_hash(&pictures),
            Digest::of(by_hand.as_bytes()),
            "sha256(hex(sha256(one)) + hex(sha256(two)))"
        );
        let other = [pictures[1], pictures[0]];
        assert_ne!(
            provenance_hash(&pictures),
            provenance_hash(&other),
            "order is part of it"
        );
    }

    #[test]
    fn tokens_are_dealt_from_the_starting_index_on() {
        // Token n shows the picture at (n + start) mod count.
        for (count, start) in [(1, 0), (5, 0), (5, 2), (5, 4), (5, 7)] {
            for n in 0..count {
                let picture = (n + start) % count;
                assert_eq!(
                    token_of(picture, count, 10, start),
                    10 + n,
                    "{count} tokens from {start}"
                );
            }
        }
    }
}
