//! Encode, decode and forward of any number of rows, for use outside training.

use super::batch::{Batch, decode_row};
use crate::error::{Error, Result};
use crate::sae::{Sae, SparseCodes};

/// Rows at a time: bounds the scratch memory.
const CHUNK: usize = 512;

/// Dense codes `z [n, d_sae]` of `rows [n, d_in]`.
///
/// # Errors
/// If the length is not a multiple of `d_in`.
pub fn encode(sae: &Sae, rows: &[f32]) -> Result<Vec<f32>> {
    let mut z = vec![0.0; whole_rows("rows", rows.len(), sae.d_in)? * sae.d_sae];
    let chunks = z.chunks_mut(CHUNK * sae.d_sae);
    for_each_chunk(sae, rows, chunks, |batch, z| batch.codes.scatter(z));
    Ok(z)
}

/// Reconstructions `x̂ [n, d_in]` of dense codes `z [n, d_sae]`.
///
/// # Errors
/// If the length is not a multiple of `d_sae`.
pub fn decode(sae: &Sae, z: &[f32]) -> Result<Vec<f32>> {
    let mut out = vec![0.0; whole_rows("z", z.len(), sae.d_sae)? * sae.d_in];
    for (z, out) in z.chunks(CHUNK * sae.d_sae).zip(out.chunks_mut(CHUNK * sae.d_in)) {
        decode_codes(sae, &SparseCodes::from_dense(z, sae.d_sae), out);
    }
    Ok(out)
}

/// Reconstructions `x̂ [n, d_in]` of `rows [n, d_in]`.
///
/// # Errors
/// If the length is not a multiple of `d_in`.
pub fn forward(sae: &Sae, rows: &[f32]) -> Result<Vec<f32>> {
    let mut out = vec![0.0; whole_rows("rows", rows.len(), sae.d_in)? * sae.d_in];
    let chunks = out.chunks_mut(CHUNK * sae.d_in);
    for_each_chunk(sae, rows, chunks, |batch, out| decode_codes(sae, &batch.codes, out));
    Ok(out)
}

fn whole_rows(name: &str, len: usize, width: usize) -> Result<usize> {
    if !len.is_multiple_of(width) {
        return Err(Error::shape(
            format!("number of values in {name}"),
            len,
            format!("a multiple of {width}"),
        ));
    }
    Ok(len / width)
}

fn for_each_chunk<'a>(
    sae: &Sae,
    rows: &[f32],
    out: impl Iterator<Item = &'a mut [f32]>,
    mut write: impl FnMut(&Batch, &mut [f32]),
) {
    let mut batch = Batch::default();
    batch.pack(sae, None);
    for (rows, out) in rows.chunks(CHUNK * sae.d_in).zip(out) {
        batch.set(rows, sae.d_in);
        batch.encode(&sae.activation);
        write(&batch, out);
    }
}

fn decode_codes(sae: &Sae, codes: &SparseCodes, out: &mut [f32]) {
    for (row, out) in out.chunks_exact_mut(sae.d_in).enumerate() {
        decode_row(sae, codes, row, out);
    }
}
