//! Prefix codes of limited length, as DEFLATE wants them (RFC 1951, 3.2.2).

/// A code word, its bits in the order in which they are written, and how many there are.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Code {
    pub bits: u32,
    pub length: u32,
}

/// Lengths of at most `longest` bits for symbols that occur `counts` times; 0 for those that do not.
///
/// Huffman's lengths, then cut: words that are too long are shortened, and the budget that this overdraws (Kraft's sum) is
/// earned back by lengthening the rarest of the shorter ones.
pub(super) fn lengths(counts: &[u32], longest: u32, out: &mut [u8]) {
    out.fill(0);
    let mut leaves: Vec<(u32, usize)> = counts
        .iter()
        .enumerate()
        .filter(|(_, count)| **count > 0)
        .map(|(symbol, count)| (*count, symbol))
        .collect();
    if leaves.len() < 2 {
        // A lone symbol still needs a bit, and decoders want the code to be complete or just that.
        if let Some((_, symbol)) = leaves.first() {
            out[*symbol] = 1;
        }
        return;
    }
    leaves.sort_unstable();
    // Two queues: leaves by count, and joined nodes, which come out in order by themselves.
    let count = leaves.len();
    let mut weights: Vec<u64> = leaves.iter().map(|(count, _)| u64::from(*count)).collect();
    let mut parents = vec![0_usize; 2 * count - 1];
    let (mut leaf, mut node) = (0, count);
    for joined in count..2 * count - 1 {
        let mut sum = 0;
        for _ in 0..2 {
            let take_leaf = leaf < count && (node >= joined || weights[leaf] <= weights[node]);
            let taken = if take_leaf { &mut leaf } else { &mut node };
            sum += weights[*taken];
            parents[*taken] = joined;
            *taken += 1;
        }
        weights.push(sum);
    }
    let mut depths = vec![0_u32; 2 * count - 1];
    for node in (0..2 * count - 2).rev() {
        depths[node] = depths[parents[node]] + 1;
    }
    let mut budget = 0_u64;
    for depth in &mut depths[..count] {
        *depth = (*depth).min(longest);
        budget += 1 << (longest - *depth);
    }
    // The rarest stand first.
    while budget > 1 << longest {
        for depth in &mut depths[..count] {
            if *depth < longest && budget > 1 << longest {
                budget -= 1 << (longest - *depth - 1);
                *depth += 1;
            }
        }
    }
    // What is left over goes to the most frequent.
    for depth in depths[..count].iter_mut().rev() {
        while *depth > 1 && budget + (1 << (longest - *depth)) <= 1 << longest {
            budget += 1 << (longest - *depth);
            *depth -= 1;
        }
    }
    for ((_, symbol), depth) in leaves.iter().zip(&depths) {
        out[*symbol] = *depth as u8;
    }
}

/// The canonical code of these lengths.
pub(super) fn codes(lengths: &[u8], out: &mut [Code]) {
    let mut per_length = [0_u32; 16];
    for length in lengths {
        per_length[*length as usize] += 1;
    }
    per_length[0] = 0;
    let mut next = [0_u32; 17];
    for length in 1..16 {
        next[length + 1] = (next[length] + per_length[length]) << 1;
    }
    for (length, out) in lengths.iter().zip(out) {
        let length = u32::from(*length);
        if length == 0 {
            *out = Code::default();
            continue;
        }
        let word = &mut next[length as usize];
        *out = Code {
            bits: word.reverse_bits() >> (32 - length),
            length,
        };
        *word += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_complete_and_limited() {
        let cases: [Vec<u32>; 5] = [
            vec![1, 1],
            vec![0, 5, 0, 1, 1, 1],
            // Fibonacci's numbers make the deepest tree there is.
            (0..30)
                .scan((1, 1), |(a, b), _| {
                    (*a, *b) = (*b, *a + *b);
                    Some(*a)
                })
                .collect(),
            (1..287).collect(),
            vec![1_000_000; 19],
        ];
        for (counts, longest) in cases.iter().flat_map(|counts| [(counts, 15), (counts, 9)]) {
            let mut found = vec![0; counts.len()];
            lengths(counts, longest, &mut found);
            let sum: u64 = found
                .iter()
                .filter(|length| **length > 0)
                .map(|length| 1 << (15 - length))
                .sum();
            assert!(sum <= 1 << 15, "the words must not overlap: {found:?}");
            assert!(
                found.iter().all(|length| u32::from(*length) <= longest),
                "nor be too long: {found:?}"
            );
            assert!(
                counts
                    .iter()
                    .zip(&found)
                    .all(|(count, length)| (*count > 0) == (*length > 0)),
                "every symbol has a word"
            );
        }
    }
}
