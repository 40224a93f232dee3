//! DEFLATE (RFC 1951) in its zlib wrapping (RFC 1950), for rows of pixels.
//!
//! One pass finds what repeats: in the row above, in the pixel before, and wherever four bytes were last seen. Blocks of tokens
//! are then written with a code of their own.

use super::huffman::{self, Code};

/// Tokens of one block.
const BLOCK: usize = 1 << 15;
const WINDOW: usize = 32_768;
const LONGEST: usize = 258;
const SHORTEST: usize = 4;
const HASH_BITS: u32 = 15;
const END: usize = 256;
/// From here on a match is taken without looking for a better one.
const GOOD: usize = 48;

const LENGTH_BASES: [u16; 29] = [
    3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195,
    227, 258,
];
const LENGTH_EXTRA: [u8; 29] = [
    0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0,
];
/// The order in which lengths of the code of lengths stand.
const ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/// A literal (length 0, the byte in `distance`) or a match.
#[derive(Debug, Clone, Copy)]
struct Token {
    length: u16,
    distance: u16,
}

/// Buffers of one encoder.
#[derive(Debug)]
pub(super) struct Deflate {
    /// Where four bytes of this hash stood last, plus one.
    heads: Vec<u32>,
    tokens: Vec<Token>,
    /// The symbol of every length.
    length_symbols: [u8; LONGEST + 1],
}

impl Default for Deflate {
    fn default() -> Self {
        let mut length_symbols = [0; LONGEST + 1];
        for (symbol, base) in LENGTH_BASES.iter().enumerate() {
            length_symbols[*base as usize..].fill(symbol as u8);
        }
        Self {
            heads: vec![0; 1 << HASH_BITS],
            tokens: Vec::with_capacity(BLOCK),
            length_symbols,
        }
    }
}

/// The symbol of a distance, and how many extra bits it has.
fn distance_symbol(distance: usize) -> (usize, u32) {
    let low = distance as u32 - 1;
    if low < 4 {
        return (low as usize, 0);
    }
    let extra = 30 - low.leading_zeros();
    ((2 * extra + 2 + (low >> extra & 1)) as usize, extra)
}

/// How far `data` is the same at `a` and `b`, at most [`LONGEST`].
#[inline]
fn same(data: &[u8], a: usize, b: usize) -> usize {
    let most = LONGEST.min(data.len() - b);
    let (mut earlier, mut later) = (&data[a..a + most], &data[b..b + most]);
    let mut length = 0;
    while let (Some((x, rest)), Some((y, others))) =
        (earlier.split_first_chunk::<8>(), later.split_first_chunk::<8>())
    {
        let differ = u64::from_le_bytes(*x) ^ u64::from_le_bytes(*y);
        if differ != 0 {
            return length + (differ.trailing_zeros() / 8) as usize;
        }
        length += 8;
        (earlier, later) = (rest, others);
    }
    length + earlier.iter().zip(later).take_while(|(x, y)| x == y).count()
}

fn hash(data: &[u8], at: usize) -> Option<usize> {
    let four = data.get(at..)?.first_chunk::<4>()?;
    Some((u32::from_le_bytes(*four).wrapping_mul(0x9e37_79b1) >> (32 - HASH_BITS)) as usize)
}

impl Deflate {
    /// Appends `data` to `out`, compressed; `stride` bytes make a row, `pixel` bytes a pixel.
    pub fn zlib(&mut self, data: &[u8], stride: usize, pixel: usize, out: &mut Vec<u8>) {
        out.extend_from_slice(&[0x78, 0x5e]);
        self.heads.fill(0);
        self.tokens.clear();
        let mut bits = Bits {
            out,
            held: 0,
            count: 0,
        };
        let mut at = 0;
        while at < data.len() {
            let (length, distance) = self.find(data, at, stride, pixel);
            if length >= SHORTEST {
                self.tokens.push(Token {
                    length: length as u16,
                    // 32,768 does not occur: the window ends one before.
                    distance: distance as u16,
                });
                // The ends of a match are where others begin.
                if length < GOOD {
                    for inside in at + 1..at + length {
                        self.remember(data, inside);
                    }
                } else {
                    self.remember(data, at + length - 1);
                }
                at += length;
            } else {
                self.tokens.push(Token {
                    length: 0,
                    distance: u16::from(data[at]),
                });
                at += 1;
            }
            if self.tokens.len() >= BLOCK {
                self.block(&mut bits, at == data.len());
            }
        }
        if !self.tokens.is_empty() || data.is_empty() {
            self.block(&mut bits, true);
        }
        bits.finish();
        out.extend_from_slice(&simd_adler32::adler32(&data).to_be_bytes());
    }

    fn remember(&mut self, data: &[u8], at: usize) {
        if let Some(hash) = hash(data, at) {
            self.heads[hash] = at as u32 + 1;
        }
    }

    /// The longest of a few likely matches: length and distance.
    #[inline]
    fn find(&mut self, data: &[u8], at: usize, stride: usize, pixel: usize) -> (usize, usize) {
        let mut best = (0, 0);
        if stride < WINDOW && at >= stride {
            best = (same(data, at - stride, at), stride);
            if best.0 >= GOOD {
                return best;
            }
        }
        if at >= pixel {
            let length = same(data, at - pixel, at);
            if length > best.0 {
                best = (length, pixel);
            }
            if best.0 >= GOOD {
                return best;
            }
        }
        if let Some(hash) = hash(data, at) {
            let head = self.heads[hash] as usize;
            self.heads[hash] = at as u32 + 1;
            if head > 0 && at - (head - 1) < WINDOW {
                let length = same(data, head - 1, at);
                // A far match costs more bits than a near one.
                if length > best.0 + usize::from(best.0 >= SHORTEST) {
                    best = (length, at - (head - 1));
                }
            }
        }
        best
    }

    /// Writes the tokens as one block, and forgets them.
    fn block(&mut self, bits: &mut Bits<'_>, last: bool) {
        let mut literals = [0_u32; 286];
        let mut distances = [0_u32; 30];
        for token in &self.tokens {
            if token.length == 0 {
                literals[token.distance as usize] += 1;
            } else {
                literals[257 + self.length_symbols[token.length as usize] as usize] += 1;
                distances[distance_symbol(token.distance.into()).0] += 1;
            }
        }
        literals[END] += 1;
        // One word for distances must be there, used or not.
        if distances.iter().all(|count| *count == 0) {
            distances[0] = 1;
        }
        let mut lengths = [0_u8; 316];
        let used = |counts: &[u32]| {
            counts
                .iter()
                .rposition(|count| *count > 0)
                .map_or(0, |last| last + 1)
        };
        let (literal_count, distance_count) = (used(&literals).max(257), used(&distances).max(1));
        huffman::lengths(&literals[..literal_count], 15, &mut lengths[..literal_count]);
        huffman::lengths(
            &distances[..distance_count],
            15,
            &mut lengths[literal_count..literal_count + distance_count],
        );
        bits.put(u64::from(last), 1);
        bits.put(2, 2);
        header(bits, &lengths[..literal_count + distance_count], literal_count);
        let mut literal_codes = [Code::default(); 286];
        let mut distance_codes = [Code::default(); 30];
        huffman::codes(&lengths[..literal_count], &mut literal_codes);
        huffman::codes(
            &lengths[literal_count..literal_count + distance_count],
            &mut distance_codes,
        );
        for token in &self.tokens {
            if token.length == 0 {
                let code = literal_codes[token.distance as usize];
                bits.put(code.bits.into(), code.length);
                continue;
            }
            let symbol = self.length_symbols[token.length as usize] as usize;
            let code = literal_codes[257 + symbol];
            let extra = u32::from(LENGTH_EXTRA[symbol]);
            bits.put(
                u64::from(code.bits) | u64::from(token.length - LENGTH_BASES[symbol]) << code.length,
                code.length + extra,
            );
            let (symbol, extra) = distance_symbol(token.distance.into());
            let code = distance_codes[symbol];
            let rest = (u64::from(token.distance) - 1) & ((1 << extra) - 1);
            bits.put(u64::from(code.bits) | rest << code.length, code.length + extra);
        }
        let code = literal_codes[END];
        bits.put(code.bits.into(), code.length);
        self.tokens.clear();
    }
}

/// The lengths of both codes, themselves in runs and with a code (RFC 1951, 3.2.7).
fn header(bits: &mut Bits<'_>, lengths: &[u8], literal_count: usize) {
    // Symbol, extra bits and how many.
    let mut runs: Vec<(usize, u64, u32)> = Vec::with_capacity(lengths.len());
    let mut at = 0;
    while at < lengths.len() {
        let length = lengths[at];
        let run = lengths[at..].iter().take_while(|other| **other == length).count();
        match (length, run) {
            (0, 11..) => {
                let run = run.min(138);
                runs.push((18, run as u64 - 11, 7));
                at += run;
            }
            (0, 3..) => {
                runs.push((17, run as u64 - 3, 3));
                at += run;
            }
            (1.., 4..) => {
                let run = (run - 1).min(6);
                runs.push((length.into(), 0, 0));
                runs.push((16, run as u64 - 3, 2));
                at += run + 1;
            }
            _ => {
                runs.push((length.into(), 0, 0));
                at += 1;
            }
        }
    }
    let mut counts = [0_u32; 19];
    for (symbol, ..) in &runs {
        counts[*symbol] += 1;
    }
    let mut own = [0_u8; 19];
    huffman::lengths(&counts, 7, &mut own);
    // A code of one word is not complete, and some decoders refuse that here.
    if own.iter().filter(|length| **length > 0).count() == 1 {
        let unused = usize::from(own[0] > 0);
        own[unused] = 1;
    }
    let mut codes = [Code::default(); 19];
    huffman::codes(&own, &mut codes);
    let listed = ORDER
        .iter()
        .rposition(|symbol| own[*symbol] > 0)
        .map_or(4, |last| last + 1)
        .max(4);
    bits.put(literal_count as u64 - 257, 5);
    bits.put((lengths.len() - literal_count) as u64 - 1, 5);
    bits.put(listed as u64 - 4, 4);
    for symbol in &ORDER[..listed] {
        bits.put(own[*symbol].into(), 3);
    }
    for (symbol, extra, count) in runs {
        let code = codes[symbol];
        bits.put(u64::from(code.bits) | extra << code.length, code.length + count);
    }
}

/// Bits on their way out, the first in the lowest place.
struct Bits<'out> {
    out: &'out mut Vec<u8>,
    held: u64,
    count: u32,
}

impl Bits<'_> {
    /// Appends the lowest `count` bits of `bits`, at most 32.
    #[inline]
    fn put(&mut self, bits: u64, count: u32) {
        self.held |= bits << self.count;
        self.count += count;
        if self.count >= 32 {
            self.out.extend_from_slice(&(self.held as u32).to_le_bytes());
            self.held >>= 32;
            self.count -= 32;
        }
    }

    fn finish(self) {
        let bytes = self.held.to_le_bytes();
        self.out
            .extend_from_slice(&bytes[..self.count.div_ceil(8) as usize]);
    }
}
