//! Zip archives and files of tensors that say what no honest writer would.

use std::io::Write;

use flate2::write::DeflateEncoder;
use flate2::{Compression, Crc};

/// A file in an archive, and what the archive says of it.
pub struct Part {
    pub name: &'static str,
    /// Its bytes as they lie in the archive.
    pub stored: Vec<u8>,
    pub method: u16,
    pub unpacked: u64,
    pub checksum: u32,
}

impl Part {
    /// Stored as it is.
    pub fn stored(name: &'static str, content: &[u8]) -> Self {
        let checksum = checksum(content);
        Self { name, stored: content.to_vec(), method: 0, unpacked: content.len() as u64, checksum }
    }

    /// Deflated.
    pub fn deflated(name: &'static str, content: &[u8]) -> Self {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(content).expect("writing to memory");
        let stored = encoder.finish().expect("writing to memory");
        Self { stored, method: 8, ..Self::stored(name, content) }
    }
}

fn checksum(content: &[u8]) -> u32 {
    let mut sum = Crc::new();
    sum.update(content);
    sum.sum()
}

/// A zip archive of the parts, with sizes in 32 bits.
pub fn zip(parts: &[Part]) -> Vec<u8> {
    let mut archive = Vec::new();
    let mut directory = Vec::new();
    for part in parts {
        let size = |size: u64| (size as u32).to_le_bytes();
        let fields = [
            &[20, 0, 0, 0][..],
            &part.method.to_le_bytes(),
            &[0; 4],
            &part.checksum.to_le_bytes(),
            &size(part.stored.len() as u64),
            &size(part.unpacked),
            &(part.name.len() as u16).to_le_bytes(),
            &[0; 2],
        ]
        .concat();
        let header = (archive.len() as u32).to_le_bytes();
        directory
            .extend([&b"PK\x01\x02\x14\x00"[..], &fields, &[0; 10], &header, part.name.as_bytes()].concat());
        archive.extend([&b"PK\x03\x04"[..], &fields, part.name.as_bytes(), &part.stored].concat());
    }
    let count = (parts.len() as u16).to_le_bytes();
    let (start, size) = ((archive.len() as u32).to_le_bytes(), (directory.len() as u32).to_le_bytes());
    let end = [&b"PK\x05\x06\0\0\0\0"[..], &count, &count, &size, &start, &[0; 2]].concat();
    [archive, directory, end].concat()
}

/// An npy file of version 1.0 with this type, shape and bytes.
pub fn npy(descr: &str, shape: &str, elements: &[u8]) -> Vec<u8> {
    let header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}\n");
    let length = (header.len() as u16).to_le_bytes();
    [&b"\x93NUMPY\x01\x00"[..], &length, header.as_bytes(), elements].concat()
}

/// A safetensors file with this header and these bytes.
pub fn safetensors(header: &str, bytes: &[u8]) -> Vec<u8> {
    [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), bytes].concat()
}

/// A PyTorch file of one tensor of type f32: its offset, its shape and strides (two each), and its storage.
pub fn pytorch(offset: u32, shape: [u32; 2], strides: [u32; 2], claimed: u32, storage: &[u8]) -> Vec<u8> {
    let int = |value: u32| [&b"J"[..], &value.to_le_bytes()].concat();
    let text = |text: &str| [&b"X"[..], &(text.len() as u32).to_le_bytes(), text.as_bytes()].concat();
    let pair = |[a, b]: [u32; 2]| [int(a), int(b), vec![0x86]].concat();
    let pickle = [
        &b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n(("[..],
        &text("storage"),
        b"ctorch\nFloatStorage\n",
        &text("0"),
        &text("cpu"),
        &int(claimed),
        b"tQ",
        &int(offset),
        &pair(shape),
        &pair(strides),
        b"\x89ccollections\nOrderedDict\n)RtR.",
    ]
    .concat();
    zip(&[Part::stored("a/data.pkl", &pickle), Part::stored("a/data/0", storage)])
}
