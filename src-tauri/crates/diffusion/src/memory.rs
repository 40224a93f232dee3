//! A global allocator that keeps large blocks instead of handing them back to the operating system.
//!
//! A network allocates the same few hundred buffers of some megabytes at every step. Fresh pages have to be zeroed by
//! the kernel one by one, which measured 40 % of a training step; blocks that are used again cost nothing.

use std::alloc::{GlobalAlloc, Layout, System};
use std::ptr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// Smaller blocks are left to the system's allocator, which is good at them.
const SMALLEST: usize = 1 << 16;
/// Larger ones too; nobody allocates them twice.
const LARGEST: usize = 1 << 31;
/// Sizes between two powers of two.
const STEPS: usize = 8;
const SHELVES: usize = (31 - 16) * STEPS + 1;
const ALIGNMENT: usize = 64;

/// Bytes that may wait to be used again.
static LIMIT: AtomicUsize = AtomicUsize::new(1 << 30);
/// Bytes that wait now.
static KEPT: AtomicUsize = AtomicUsize::new(0);
static SHELF: [Mutex<Stack>; SHELVES] = [const { Mutex::new(Stack(ptr::null_mut())) }; SHELVES];

/// Free blocks of one size; each begins with the address of the next.
struct Stack(*mut u8);

// SAFETY: the blocks on a stack belong to nobody else.
unsafe impl Send for Stack {}

/// Lets this many bytes of freed blocks be kept for later; a gibibyte at start. Training wants as much as one step
/// uses.
pub fn keep_up_to(bytes: usize) {
    LIMIT.store(bytes, Ordering::Relaxed);
}

/// Hands every kept block back to the operating system, and what the system's own allocator keeps beside them: after work
/// that will not come again soon.
pub fn give_back() {
    empty_shelves();
    trim();
}

/// Asks the system's allocator for the pages that lie free between its blocks. Only glibc has to be asked: it keeps them for
/// every thread that ever ran.
fn trim() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        unsafe extern "C" {
            fn malloc_trim(keep: usize) -> std::ffi::c_int;
        }
        // SAFETY: it takes a number, may be called from any thread, and touches free pages alone.
        unsafe {
            malloc_trim(0);
        }
    }
}

fn empty_shelves() {
    for (index, shelf) in SHELF.iter().enumerate() {
        let Some(layout) = size_on(index).and_then(|size| Layout::from_size_align(size, ALIGNMENT).ok())
        else {
            continue;
        };
        let mut block = std::mem::replace(
            &mut shelf.lock().unwrap_or_else(PoisonError::into_inner).0,
            ptr::null_mut(),
        );
        while !block.is_null() {
            // SAFETY: the whole stack is ours now; each block begins with the address of the next, and came from the system's
            // allocator with the layout of its shelf.
            #[allow(clippy::cast_ptr_alignment)]
            unsafe {
                let next = block.cast::<*mut u8>().read();
                System.dealloc(block, layout);
                block = next;
            }
            KEPT.fetch_sub(layout.size(), Ordering::Relaxed);
        }
    }
}

/// The size of the blocks on a shelf: what [`shelf`] rounds to.
fn size_on(index: usize) -> Option<usize> {
    let Some(above) = index.checked_sub(1) else {
        return Some(SMALLEST);
    };
    let power = 1_usize.checked_shl(16 + u32::try_from(above / STEPS).ok()?)?;
    Some(power + (above % STEPS + 1) * (power / STEPS))
}

/// The allocator; a program opts in with `#[global_allocator]`.
pub struct Recycler;

/// The shelf for blocks of this layout, and their size.
fn shelf(layout: Layout) -> Option<(&'static Mutex<Stack>, Layout)> {
    let size = layout.size();
    if !(SMALLEST..=LARGEST).contains(&size) || layout.align() > ALIGNMENT {
        return None;
    }
    // Rounded up to a power of two and some eighths of it; a power of two is eight eighths of the one below.
    let power = (size - 1).ilog2() as usize;
    let step = (1 << power) / STEPS;
    let steps = (size - (1 << power)).div_ceil(step);
    let rounded = (1 << power) + steps * step;
    let index = if size == SMALLEST {
        0
    } else {
        (power - 16) * STEPS + steps
    };
    let layout = Layout::from_size_align(rounded, ALIGNMENT).ok()?;
    Some((SHELF.get(index)?, layout))
}

// SAFETY: every block comes from the system's allocator with the layout that `shelf` computes from the caller's, and
// goes back with the same; a block on a shelf is handed to one caller only.
unsafe impl GlobalAlloc for Recycler {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let Some((shelf, rounded)) = shelf(layout) else {
            // SAFETY: the caller's promise.
            return unsafe { System.alloc(layout) };
        };
        let mut stack = shelf.lock().unwrap_or_else(PoisonError::into_inner);
        let block = stack.0;
        if block.is_null() {
            drop(stack);
            // SAFETY: the size is not zero.
            return unsafe { System.alloc(rounded) };
        }
        // SAFETY: a block on a shelf begins with the address of the next; blocks are aligned to 64 bytes.
        #[allow(clippy::cast_ptr_alignment)]
        unsafe {
            stack.0 = block.cast::<*mut u8>().read();
        }
        KEPT.fetch_sub(rounded.size(), Ordering::Relaxed);
        block
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        let Some((shelf, rounded)) = shelf(layout) else {
            // SAFETY: the caller's promise; such a layout was handed to the system by `alloc`, too.
            return unsafe { System.dealloc(block, layout) };
        };
        if KEPT.fetch_add(rounded.size(), Ordering::Relaxed) + rounded.size() > LIMIT.load(Ordering::Relaxed)
        {
            KEPT.fetch_sub(rounded.size(), Ordering::Relaxed);
            // SAFETY: `alloc` asked the system for this rounded layout.
            return unsafe { System.dealloc(block, rounded) };
        }
        let mut stack = shelf.lock().unwrap_or_else(PoisonError::into_inner);
        // SAFETY: the block is ours now, and large enough for an address.
        #[allow(clippy::cast_ptr_alignment)]
        unsafe {
            block.cast::<*mut u8>().write(stack.0);
        }
        stack.0 = block;
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if shelf(layout).is_none() {
            // SAFETY: the caller's promise.
            return unsafe { System.alloc_zeroed(layout) };
        }
        // SAFETY: the block is at least as large as the layout says.
        unsafe {
            let block = self.alloc(layout);
            if !block.is_null() {
                block.write_bytes(0, layout.size());
            }
            block
        }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        let Ok(wanted) = Layout::from_size_align(size, layout.align()) else {
            return ptr::null_mut();
        };
        match (shelf(layout), shelf(wanted)) {
            // SAFETY: the caller's promise; neither layout is ours.
            (None, None) => unsafe { System.realloc(block, layout, size) },
            (Some((_, before)), Some((_, after))) if before == after => block,
            // SAFETY: the new block is as large as `wanted`, and the two do not overlap.
            _ => unsafe {
                let moved = self.alloc(wanted);
                if !moved.is_null() {
                    ptr::copy_nonoverlapping(block, moved, layout.size().min(size));
                    self.dealloc(block, layout);
                }
                moved
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(size: usize) -> Layout {
        Layout::from_size_align(size, 4).unwrap()
    }

    #[test]
    fn every_size_has_a_shelf_of_its_own_that_is_large_enough() {
        let mut seen = std::collections::BTreeMap::new();
        for size in
            (16..31).flat_map(|power| (0..64).map(move |part| (1 << power) + part * (1 << power) / 64 + part))
        {
            let (shelf, rounded) = shelf(layout(size)).unwrap();
            assert!(
                rounded.size() >= size && rounded.size() <= size + size / 8 + 8,
                "{size} → {}",
                rounded.size()
            );
            let before = seen.insert(ptr::from_ref(shelf) as usize, rounded.size());
            assert!(
                before.is_none_or(|before| before == rounded.size()),
                "two sizes share a shelf"
            );
        }
        for (index, shelved) in SHELF.iter().enumerate() {
            let size = size_on(index).unwrap();
            let (found, rounded) = shelf(layout(size)).unwrap();
            assert!(
                ptr::eq(found, shelved) && rounded.size() == size,
                "shelf {index} has blocks of {size}"
            );
        }
        assert!(shelf(layout(SMALLEST - 1)).is_none() && shelf(layout(LARGEST + 1)).is_none());
    }

    #[test]
    fn a_freed_block_is_used_again_and_zeroed_when_asked() {
        // SAFETY: blocks are used within their layouts and freed once.
        unsafe {
            let size = layout(3_333_333);
            let first = Recycler.alloc(size);
            first.write_bytes(7, size.size());
            Recycler.dealloc(first, size);
            let second = Recycler.alloc_zeroed(layout(3_333_300));
            assert_eq!(first, second, "the block must be used again");
            assert!(
                (0..3_333_300).all(|at| second.add(at).read() == 0),
                "what is asked for zeroed must be zero"
            );
            second.write(9);
            let grown = Recycler.realloc(second, layout(3_333_300), 9_000_000);
            assert_eq!(grown.read(), 9, "a block that grows keeps its content");
            Recycler.dealloc(grown, layout(9_000_000));
            assert!(KEPT.load(Ordering::Relaxed) > 9_000_000, "freed blocks wait");
            give_back();
            assert_eq!(KEPT.load(Ordering::Relaxed), 0, "nothing waits any more");
        }
    }
}
