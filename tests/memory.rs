//! Reading takes no more memory than the content of a file justifies, whatever its header claims.

mod common;

use std::alloc::{GlobalAlloc, Layout, System};
use std::borrow::Cow;
use std::io::Write;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use common::archive::{Part, npy, pytorch, safetensors, zip};
use flate2::Compression;
use flate2::write::GzEncoder;
use splinterp::data::{LoadOptions, Reading, Source, StorageKind, TensorFile, Tokens, read_tensors};

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

/// Most bytes allocated at once while `work` ran, and its result.
fn peak<T>(work: impl FnOnce() -> T) -> (usize, T) {
    let before = NOW.load(Relaxed);
    PEAK.store(before, Relaxed);
    let result = work();
    (PEAK.load(Relaxed) - before, result)
}

/// Whether a file in memory and all that it holds can be read.
fn valid(bytes: &[u8], name: &str) -> bool {
    let Ok(file) = read_tensors(bytes, name) else { return false };
    file.tensors().all(|info| file.dataset(Some(&info.name)).is_ok())
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

/// An npy file of one gigabyte that nothing holds: its elements are made as they are asked for.
struct Gigabyte {
    header: Vec<u8>,
}

const GIGABYTE: usize = 1 << 30;

impl Source for Gigabyte {
    fn length(&self) -> u64 {
        (GIGABYTE + self.header.len()) as u64
    }

    fn read(&self, at: u64, length: usize) -> Reading<'_, Cow<'_, [u8]>> {
        let mut bytes = vec![0; length];
        if let Some(rest) = self.header.get(at as usize..) {
            let shared = rest.len().min(length);
            bytes[..shared].copy_from_slice(&rest[..shared]);
        }
        Box::pin(std::future::ready(Ok(Cow::Owned(bytes))))
    }
}

fn gigabyte(descr: &str, cols: usize, rows: usize, keep: Option<StorageKind>) -> usize {
    let source = Gigabyte { header: npy(descr, &format!("({rows}, {cols})"), &[]) };
    let (peak, dataset) = peak(|| {
        let file = pollster::block_on(TensorFile::open(Box::new(source), "gigabyte.npy")).expect("a header");
        file.dataset_with(None, LoadOptions { keep, ..LoadOptions::default() }).expect("it fits")
    });
    assert_eq!(dataset.rows(), rows);
    peak
}

// One test, as the counter is one for all threads.
#[test]
fn memory_follows_the_content_and_not_the_claims() {
    const CONTENT: usize = 100 << 20;
    const NAME: &str = "claims-idx2-ubyte.gz";
    for (code, rows, ok, most) in [
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
        let bytes = file(code, rows, 100);
        let (peak, read) = peak(|| valid(&bytes, NAME));
        assert_eq!(read, ok, "{code:02x}, {rows} rows");
        assert!(peak <= most, "{code:02x}, {rows} rows: {peak} bytes, at most {most} expected");
    }

    // A gigabyte in slices: as it came, and in half the space.
    let as_it_came = gigabyte("<f4", 256, 1 << 20, None);
    let halved = gigabyte("<f4", 256, 1 << 20, Some(StorageKind::F16));
    println!("1 GB of f32 took {as_it_came} bytes at most, kept as f16 {halved}");
    assert!(as_it_came < GIGABYTE + (16 << 20), "{as_it_came}");
    assert!(halved < GIGABYTE / 2 + (16 << 20), "{halved}");

    lies_cost_nothing();
}

/// Files that claim what they do not hold, or that nothing needs so much of.
fn lies_cost_nothing() {
    let huge = npy("<f8", "(12500000000, 1)", &[0; 64]);
    let zeros = npy("<f4", "(104857600, 1)", &vec![0; 400 << 20]);
    let many = "\"a\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,0]},".repeat(150_000);
    let nested = |pickle: &[u8]| zip(&[Part::stored("a/data.pkl", pickle)]);
    let values =
        |opcode: &[u8]| nested(&[b"(", &opcode.repeat((4 << 20) / opcode.len() - 8)[..], b"t."].concat());
    let deflated = zip(&[Part::deflated("a.npy", &zeros)]);
    drop(zeros);
    for (name, bytes) in [
        ("claims 100 GB.npy", huge.clone()),
        ("claims 100 GB.npz", zip(&[Part::stored("a.npy", &huge)])),
        ("bomb.npz", deflated),
        ("claims 4 GB.pt", pytorch(0, [1 << 15, 1 << 15], [1 << 15, 1], 1 << 30, &[0; 64])),
        (
            "claims 100 GB.safetensors",
            safetensors(
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[25000000000],\"data_offsets\":[0,100000000000]}}",
                &[0; 64],
            ),
        ),
        ("many.safetensors", safetensors(&format!("{{{many}}}"), &[])),
        (
            "opens lists.safetensors",
            safetensors(&format!("{{\"a\":{{\"shape\":[{}1]}}}}", "1,".repeat(3 << 20)), &[]),
        ),
        ("values.pt", values(b"}")),
        ("recalls.pt", nested(&[b"]q\0(", &b"h\0".repeat(2_000_000)[..], b"t."].concat())),
        (
            "remembers.pt",
            nested(
                &[
                    b"]".to_vec(),
                    (0..800_000u32).flat_map(|at| [&b"r"[..], &at.to_le_bytes()].concat()).collect(),
                    b".".to_vec(),
                ]
                .concat(),
            ),
        ),
        ("one line.csv", [b"1".repeat(1 << 20), b",1".repeat(4 << 20)].concat()),
        ("columns.csv", b"1,".repeat(4 << 20)),
    ] {
        let (peak, read) = peak(|| valid(&bytes, name));
        assert!(!read, "{name}");
        assert!(peak <= bytes.len() + ALLOWANCE, "{name}: {peak} bytes for {} of file", bytes.len());
    }
    let tokens = format!("[{}1]", "\"\",".repeat(8 << 20));
    let (peak, read) = peak(|| Tokens::read(tokens.as_bytes(), "tokens.json", 100).is_ok());
    assert!(!read && peak < 1 << 20, "{peak}");
}
