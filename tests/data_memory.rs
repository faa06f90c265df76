//! Reading takes no more memory than the content of a file justifies, whatever its header claims.

use std::alloc::{GlobalAlloc, Layout, System};
use std::io::Write;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use flate2::Compression;
use flate2::write::GzEncoder;
use splinterp::data::read_tensors;

/// What reading may take above the content of a file.
const ALLOWANCE: usize = 64 << 20;

/// The system's allocator, counting.
struct Counting;

static NOW: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call is handed to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        PEAK.fetch_max(NOW.fetch_add(layout.size(), Relaxed) + layout.size(), Relaxed);
        // SAFETY: the caller keeps the contract of `alloc`, which is that of the system's.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        NOW.fetch_sub(layout.size(), Relaxed);
        // SAFETY: the pointer came from `alloc` above with this layout, hence from the system's.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Most bytes allocated at once while the file was read, and whether it could be.
fn peak(bytes: &[u8]) -> (usize, bool) {
    let before = NOW.load(Relaxed);
    PEAK.store(before, Relaxed);
    let valid = read_tensors(bytes, "claims-idx2-ubyte.gz").and_then(|file| file.dataset(None)).is_ok();
    (PEAK.load(Relaxed) - before, valid)
}

/// A gzipped IDX file that claims `[rows, 1024]` elements and holds `megabytes` of bytes, one in 64 of them not 0.
fn file(code: u8, rows: u32, megabytes: usize) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    let header = [&[0, 0, code, 2][..], &rows.to_be_bytes(), &1024u32.to_be_bytes()].concat();
    encoder.write_all(&header).expect("writing to memory");
    let mut megabyte = vec![0u8; 1 << 20];
    for (at, byte) in (0u32..).zip(megabyte.iter_mut().step_by(64)) {
        *byte = (at.wrapping_mul(2_654_435_761) >> 24) as u8 & 0x3f;
    }
    (0..megabytes).for_each(|_| encoder.write_all(&megabyte).expect("writing to memory"));
    encoder.finish().expect("writing to memory")
}

// One test, as the counter is one for all threads.
#[test]
fn memory_follows_the_content_and_not_the_claims() {
    const CONTENT: usize = 100 << 20;
    for (code, rows, valid, most) in [
        // 100 MB as they are, as bytes and as 64-bit floats kept in half the space.
        (0x08, 100 << 10, true, CONTENT + (1 << 20)),
        (0x0e, 100 << 7, true, CONTENT / 2 + (1 << 20)),
        // Signed bytes become floats.
        (0x09, 100 << 10, true, 4 * CONTENT + (1 << 20)),
        // A claim of 16 MB, of 101 MB, and of 4 GB in 8 bytes each, which nothing could unpack to.
        (0x08, 16 << 10, false, ALLOWANCE),
        (0x08, 101 << 10, false, ALLOWANCE),
        (0x0e, 1 << 29, false, ALLOWANCE),
    ] {
        let (peak, read) = peak(&file(code, rows, 100));
        assert_eq!(read, valid, "{code:02x}, {rows} rows");
        assert!(peak <= most, "{code:02x}, {rows} rows: {peak} bytes, at most {most} expected");
    }
}
