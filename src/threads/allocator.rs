//! The allocator of a module with threads: that of the standard library, whose own lock would be waited for without end
//! where the browser ended a worker in the midst of an allocation. The standard library itself goes past this one where a
//! thread first uses a thread-local value that has a destructor; the page's worker has done so when its run begins.

use std::alloc::{GlobalAlloc, Layout, System};
use std::ptr;
use std::sync::atomic::{AtomicBool, Ordering};

use super::bounded::wait_for;
use super::pool::NO_ANSWER;

const PAGE: usize = 1 << 16;

struct Allocator {
    locked: AtomicBool,
    /// The thread that held the lock has ended. What it was changing may be half written, so that nothing is allocated or
    /// freed there any more.
    is_lost: AtomicBool,
}

#[global_allocator]
static ALLOCATOR: Allocator = Allocator { locked: AtomicBool::new(false), is_lost: AtomicBool::new(false) };

struct Held;

impl Drop for Held {
    fn drop(&mut self) {
        ALLOCATOR.locked.store(false, Ordering::Release);
    }
}

impl Allocator {
    /// None once the lock is lost. The first who finds that panics, which ends the module.
    #[inline(never)]
    fn hold(&self) -> Option<Held> {
        if self.is_lost.load(Ordering::Relaxed) {
            return None;
        }
        let is_free = || !self.locked.load(Ordering::Relaxed) && !self.locked.swap(true, Ordering::Acquire);
        let held = wait_for(&mut || is_free().then(|| Held));
        if held.is_none() && !self.is_lost.swap(true, Ordering::Relaxed) {
            panic!("{NO_ANSWER}");
        }
        held
    }
}

/// Memory of its own pages, for the message of the panic and the error that says it.
fn pages_for(layout: Layout) -> *mut u8 {
    let pages = layout.size().div_ceil(PAGE);
    match core::arch::wasm32::memory_grow::<0>(pages) {
        usize::MAX => ptr::null_mut(),
        first => ptr::without_provenance_mut(first * PAGE),
    }
}

// SAFETY: System is called with what the caller promises; new pages are nobody else's, zeroed, and aligned to 65 536 bytes,
// more than any layout here asks for. A panic unwinds nothing here: it aborts, or its hook throws to JavaScript.
unsafe impl GlobalAlloc for Allocator {
    #[inline(never)]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        match self.hold() {
            // SAFETY: as the caller promises.
            Some(_held) => unsafe { System.alloc(layout) },
            None => pages_for(layout),
        }
    }

    #[inline(never)]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        match self.hold() {
            // SAFETY: as the caller promises.
            Some(_held) => unsafe { System.alloc_zeroed(layout) },
            None => pages_for(layout),
        }
    }

    #[inline(never)]
    unsafe fn dealloc(&self, ptr: *mut u8, layout: Layout) {
        if let Some(_held) = self.hold() {
            // SAFETY: as the caller promises. What `pages_for` made comes only after the lock was lost.
            unsafe { System.dealloc(ptr, layout) }
        }
    }

    #[inline(never)]
    unsafe fn realloc(&self, ptr: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if let Some(_held) = self.hold() {
            // SAFETY: as the caller promises, and as for `dealloc`.
            return unsafe { System.realloc(ptr, layout, size) };
        }
        // SAFETY: the caller promises that the size does not overflow with the alignment.
        let new = pages_for(unsafe { Layout::from_size_align_unchecked(size, layout.align()) });
        if !new.is_null() {
            // SAFETY: both hold as many bytes, and new pages do not overlap with anything.
            unsafe { ptr::copy_nonoverlapping(ptr, new, layout.size().min(size)) };
        }
        new
    }
}
