//! All pairs of hashes within a few bits of each other, by multi-index hashing (Norouzi, Punjani, Fleet 2012).
//!
//! The 256 bits are cut into sixteen bands of sixteen. Two hashes that differ in at most 31 bits differ in at most one bit of some
//! band, since sixteen bands of two differing bits each make 32. So it is enough to look, for each band, at the hashes with the
//! same band and at those of its sixteen neighbours one bit away. Nothing is missed.

use rayon::prelude::*;

use super::pdq::hamming;

/// Bands of a hash.
const BANDS: usize = 16;
/// The most bits for which the bands leave nothing out.
pub(super) const MOST_BITS: u32 = 31;

/// For each of some distinct hashes, the others within `most_bits` (at most [`MOST_BITS`]): their distance and which, nearest first,
/// at most `most_links` of them.
pub(super) fn near_hashes(hashes: &[[u64; 4]], most_bits: u32, most_links: usize) -> Vec<Vec<(u32, u32)>> {
    let most_bits = most_bits.min(MOST_BITS);
    let bands: Vec<Band> = (0..BANDS)
        .into_par_iter()
        .map(|band| Band::of(hashes, band))
        .collect();
    let looked_at: u64 = bands.iter().map(Band::pairs).sum();
    let all_pairs = (hashes.len() as u64).pow(2);
    // Where hashes crowd into few buckets, the plain way is the quicker one. Both find the same.
    let plainly = looked_at > all_pairs / 2;
    (0..hashes.len())
        .into_par_iter()
        .map(|at| {
            let hash = &hashes[at];
            let mut found: Vec<(u32, u32)> = Vec::new();
            let mut look = |other: u32| {
                let bits = hamming(hash, &hashes[other as usize]);
                if bits <= most_bits && other as usize != at {
                    found.push((bits, other));
                }
            };
            if plainly {
                (0..hashes.len() as u32).for_each(&mut look);
            } else {
                for (band, index) in bands.iter().enumerate() {
                    let key = band_of(hash, band);
                    index.bucket(key).iter().copied().for_each(&mut look);
                    for bit in 0..16 {
                        index.bucket(key ^ (1 << bit)).iter().copied().for_each(&mut look);
                    }
                }
            }
            found.sort_unstable();
            found.dedup();
            found.truncate(most_links);
            found
        })
        .collect()
}

fn band_of(hash: &[u64; 4], band: usize) -> u16 {
    (hash[band / 4] >> (band % 4 * 16)) as u16
}

/// The hashes by one band: those of key `k` are `members[starts[k]..starts[k + 1]]`.
struct Band {
    starts: Vec<u32>,
    members: Vec<u32>,
}

impl Band {
    fn of(hashes: &[[u64; 4]], band: usize) -> Self {
        let mut starts = vec![0_u32; (1 << 16) + 1];
        for hash in hashes {
            starts[usize::from(band_of(hash, band)) + 1] += 1;
        }
        for key in 1..starts.len() {
            starts[key] += starts[key - 1];
        }
        let mut next = starts.clone();
        let mut members = vec![0; hashes.len()];
        for (at, hash) in (0_u32..).zip(hashes) {
            let place = &mut next[usize::from(band_of(hash, band))];
            members[*place as usize] = at;
            *place += 1;
        }
        Self { starts, members }
    }

    fn bucket(&self, key: u16) -> &[u32] {
        let key = usize::from(key);
        &self.members[self.starts[key] as usize..self.starts[key + 1] as usize]
    }

    /// How many hashes all lookups of this band together would touch.
    fn pairs(&self) -> u64 {
        let size = |key: u16| self.bucket(key).len() as u64;
        (0..=u16::MAX)
            .filter(|&key| size(key) > 0)
            .map(|key| size(key) * (size(key) + (0..16).map(|bit| size(key ^ (1 << bit))).sum::<u64>()))
            .sum()
    }
}
