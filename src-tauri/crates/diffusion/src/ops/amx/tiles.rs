//! The tile unit itself: a product as a sum of steps, and the instructions that carry it out.

use std::arch::asm;

/// A product as a sum of steps: each step multiplies 16 rows × (2·depth) by (2·depth) × 16.
pub(super) struct Operands<'a> {
    /// bf16, `left_row` apart.
    pub(super) left: &'a [u16],
    pub(super) left_row: usize,
    /// bf16 pairs over the inner dimension, `right_row` apart.
    pub(super) right: &'a [u32],
    pub(super) right_row: usize,
    /// Where each step starts in the left and in the right operand.
    pub(super) steps: &'a [(usize, usize)],
    /// Pairs per step, 1 to 16.
    pub(super) depth: usize,
}

#[repr(C, align(64))]
struct TileConfig {
    palette: u8,
    start_row: u8,
    reserved: [u8; 14],
    row_bytes: [u16; 16],
    rows: [u8; 16],
}

/// `target[16·tall][16·wide] (+)= left · right`, rows of the target `target_row` apart.
pub(super) fn multiply(
    operands: &Operands,
    target: &mut [f32],
    target_row: usize,
    tall: usize,
    wide: usize,
    add: bool,
) {
    let Operands {
        left,
        left_row,
        right,
        right_row,
        steps,
        depth,
    } = *operands;
    // One check for all raw accesses below.
    let (last_left, last_right) = steps.iter().fold((0, 0), |(left, right), step| {
        (left.max(step.0), right.max(step.1))
    });
    assert!((1..=16).contains(&depth) && tall >= 1 && wide >= 1 && !steps.is_empty());
    assert!(
        (16 * tall - 1) * left_row + last_left + 2 * depth <= left.len(),
        "left operand of a tile product"
    );
    assert!(
        (depth - 1) * right_row + last_right + 16 * wide <= right.len(),
        "right operand of a tile product"
    );
    assert!(
        (16 * tall - 1) * target_row + 16 * wide <= target.len(),
        "target of a tile product"
    );

    let mut config = TileConfig {
        palette: 1,
        start_row: 0,
        reserved: [0; 14],
        row_bytes: [0; 16],
        rows: [0; 16],
    };
    for tile in 0..8 {
        (config.rows[tile], config.row_bytes[tile]) = match tile {
            4 | 5 => (16, 4 * depth as u16),
            6 | 7 => (depth as u8, 64),
            _ => (16, 64),
        };
    }
    // SAFETY: `available` has made sure of the instructions, the asserts above of every address, and the tile
    // registers are configured on this thread until they are released at the end.
    unsafe {
        asm!("ldtilecfg [{0}]", in(reg) &raw const config, options(nostack));
        for column in (0..wide).step_by(2) {
            for row in (0..tall).step_by(2) {
                let block = Block {
                    left: left.as_ptr().add(16 * row * left_row),
                    left_bytes: 2 * left_row,
                    right: right.as_ptr().add(16 * column),
                    right_bytes: 4 * right_row,
                    target: target.as_mut_ptr().add(16 * row * target_row + 16 * column),
                    target_bytes: 4 * target_row,
                    steps,
                    add,
                };
                match (row + 1 < tall, column + 1 < wide) {
                    (true, true) => block.run::<true, true>(),
                    (true, false) => block.run::<true, false>(),
                    (false, true) => block.run::<false, true>(),
                    (false, false) => block.run::<false, false>(),
                }
            }
        }
        asm!("tilerelease", options(nostack));
    }
}

struct Block<'a> {
    left: *const u16,
    left_bytes: usize,
    right: *const u32,
    right_bytes: usize,
    target: *mut f32,
    target_bytes: usize,
    steps: &'a [(usize, usize)],
    add: bool,
}

impl Block<'_> {
    /// One, two or four tiles of the target: accumulators 0 to 3, left operand in 4 and 5, right in 6 and 7.
    ///
    /// # Safety
    /// The pointers must be good for every step, and the tile registers configured.
    unsafe fn run<const TALL: bool, const WIDE: bool>(&self) {
        let below = 16 * self.target_bytes / 4;
        let corner = [
            self.target,
            self.target.wrapping_add(16),
            self.target.wrapping_add(below),
            self.target.wrapping_add(below + 16),
        ];
        let bytes = self.target_bytes;
        // SAFETY: by the contract of this function.
        unsafe {
            if self.add {
                asm!("tileloadd tmm0, [{0} + {1}*1]", in(reg) corner[0], in(reg) bytes, options(nostack));
                if WIDE {
                    asm!("tileloadd tmm1, [{0} + {1}*1]", in(reg) corner[1], in(reg) bytes, options(nostack));
                }
                if TALL {
                    asm!("tileloadd tmm2, [{0} + {1}*1]", in(reg) corner[2], in(reg) bytes, options(nostack));
                }
                if TALL && WIDE {
                    asm!("tileloadd tmm3, [{0} + {1}*1]", in(reg) corner[3], in(reg) bytes, options(nostack));
                }
            } else {
                asm!(
                    "tilezero tmm0",
                    "tilezero tmm1",
                    "tilezero tmm2",
                    "tilezero tmm3",
                    options(nostack)
                );
            }
            for &(left, right) in self.steps {
                let left = self.left.add(left);
                let right = self.right.add(right);
                asm!("tileloadd tmm4, [{0} + {1}*1]", in(reg) left, in(reg) self.left_bytes, options(nostack));
                asm!("tileloadd tmm6, [{0} + {1}*1]", "tdpbf16ps tmm0, tmm4, tmm6",
                     in(reg) right, in(reg) self.right_bytes, options(nostack));
                if WIDE {
                    asm!("tileloadd tmm7, [{0} + {1}*1]", "tdpbf16ps tmm1, tmm4, tmm7",
                         in(reg) right.add(16), in(reg) self.right_bytes, options(nostack));
                }
                if TALL {
                    let lower = left.add(8 * self.left_bytes);
                    asm!("tileloadd tmm5, [{0} + {1}*1]", "tdpbf16ps tmm2, tmm5, tmm6",
                         in(reg) lower, in(reg) self.left_bytes, options(nostack));
                }
                if TALL && WIDE {
                    asm!("tdpbf16ps tmm3, tmm5, tmm7", options(nostack));
                }
            }
            asm!("tilestored [{0} + {1}*1], tmm0", in(reg) corner[0], in(reg) bytes, options(nostack));
            if WIDE {
                asm!("tilestored [{0} + {1}*1], tmm1", in(reg) corner[1], in(reg) bytes, options(nostack));
            }
            if TALL {
                asm!("tilestored [{0} + {1}*1], tmm2", in(reg) corner[2], in(reg) bytes, options(nostack));
            }
            if TALL && WIDE {
                asm!("tilestored [{0} + {1}*1], tmm3", in(reg) corner[3], in(reg) bytes, options(nostack));
            }
        }
    }
}
