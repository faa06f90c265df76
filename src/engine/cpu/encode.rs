//! `pre = x W_enc + b_enc` for a batch: the only dense product of a training step.
//!
//! The encoder is packed in panels of 16 latents, `[panel][d_in][16]`, so that the product reads it in order. Tiles
//! are 2 rows × 16 latents: 8 sums, 4 loads and 2 broadcasts stay within the 15 registers that browsers have.
//!
//! Byte images are mostly zeros (81 % of MNIST). With `x = scale·v + shift` the zero pixels contribute
//! `Σ shift·W_enc`, the same for every row, and only the others are multiplied.

use crate::data::Normalisation;
use crate::error::Result;
use crate::simd::{F32x4, Kernel, load, load_first, widest};
use crate::threads::Threads;

/// Latents in a panel.
const PANEL: usize = 16;
type Panel = [[f32; 4]; 4];
/// Bytes that are looked at together for being zeros: a register full.
const ZEROS: usize = 16;

/// The encoder in the order in which the product reads it.
#[derive(Debug, Default)]
pub struct PackedEncoder {
    d_in: usize,
    d_sae: usize,
    /// `[panels, d_in]` of 16 latents each, padded with zeros.
    panels: Vec<Panel>,
    /// `b_enc`, padded.
    bias: Vec<f32>,
    /// `b_enc + Σ_k shift_k W_enc[k]`, padded: pre-activations of an all-zero image.
    zero_bias: Vec<f32>,
}

/// The values of byte rows that are not zero, normalised without the shift.
#[derive(Debug, Default)]
pub struct SparseRows {
    ends: Vec<usize>,
    cols: Vec<u32>,
    values: Vec<f32>,
}

impl SparseRows {
    /// Forgets the rows and keeps the memory.
    pub fn clear(&mut self) {
        self.ends.clear();
        self.cols.clear();
        self.values.clear();
    }

    /// Appends a row of bytes.
    pub fn push(&mut self, bytes: &[u8], normalisation: &Normalisation) {
        let scale = |col: usize| match normalisation {
            Normalisation::Uniform { scale, .. } => *scale,
            Normalisation::PerColumn { scale, .. } => scale[col],
        };
        // Most bytes are zeros, and most of those have only such beside them.
        for (first, bytes) in (0..).step_by(ZEROS).zip(bytes.chunks(ZEROS)) {
            if bytes.iter().all(|&byte| byte == 0) {
                continue;
            }
            for (col, &byte) in (first..).zip(bytes).filter(|(_, byte)| **byte != 0) {
                self.cols.push(col as u32);
                self.values.push(f32::from(byte) * scale(col));
            }
        }
        self.ends.push(self.cols.len());
    }

    #[inline(always)]
    fn row(&self, row: usize) -> (&[u32], &[f32]) {
        let range = if row == 0 { 0 } else { self.ends[row - 1] }..self.ends[row];
        (&self.cols[range.clone()], &self.values[range])
    }
}

impl PackedEncoder {
    /// Packs `w_enc [d_sae, d_in]` and `b_enc [d_sae]`, reusing the memory. With `shifts` (of a data set's
    /// normalisation) [`PackedEncoder::encode_sparse`] can be used too.
    ///
    /// # Errors
    /// If a thread ends.
    pub fn pack(
        &mut self,
        w_enc: &[f32],
        b_enc: &[f32],
        shifts: Option<&Normalisation>,
        threads: Threads,
    ) -> Result<()> {
        (self.d_sae, self.d_in) = (b_enc.len(), w_enc.len() / b_enc.len());
        let (d_in, n_panels) = (self.d_in, self.d_sae.div_ceil(PANEL));
        self.panels.resize(n_panels * d_in, Panel::default());
        self.bias.clear();
        self.bias.extend_from_slice(b_enc);
        self.bias.resize(n_panels * PANEL, 0.0);
        self.zero_bias.clone_from(&self.bias);
        let latents = w_enc.chunks(PANEL * d_in);
        let panels = self.panels.chunks_exact_mut(d_in).zip(self.zero_bias.chunks_exact_mut(PANEL));
        threads.for_each(latents.zip(panels), |(latents, (panel, zero_bias))| {
            interleave(latents, d_in, panel);
            if let Some(normalisation) = shifts {
                add_shifts(panel, normalisation, zero_bias);
            }
        })
    }

    /// `pre [rows, d_sae]` of dense rows `x [rows, d_in]`.
    pub fn encode(&self, x: &[f32], pre: &mut [f32]) {
        widest(Encode { encoder: self, x, pre });
    }

    /// `pre [rows, d_sae]` of sparse byte rows; needs the shifts of their normalisation at packing.
    pub fn encode_sparse(&self, rows: &SparseRows, pre: &mut [f32]) {
        widest(EncodeSparse { encoder: self, rows, pre });
    }

    #[inline(always)]
    fn encode_inline(&self, x: &[f32], pre: &mut [f32]) {
        let panels = self.panels.chunks_exact(self.d_in).zip(self.bias.as_chunks::<PANEL>().0);
        for (index, (panel, bias)) in panels.enumerate() {
            let first = index * PANEL;
            let (width, bias) = (PANEL.min(self.d_sae - first), load_first(bias));
            let pairs = x.chunks_exact(2 * self.d_in);
            let last = pairs.remainder();
            let mut out = pre.chunks_exact_mut(2 * self.d_sae);
            for (pair, out) in pairs.zip(&mut out) {
                let (x0, x1) = pair.split_at(self.d_in);
                let [sums0, sums1] = tile([x0, x1], panel);
                store(sums0, bias, &mut out[first..first + width]);
                store(sums1, bias, &mut out[self.d_sae + first..self.d_sae + first + width]);
            }
            if !last.is_empty() {
                let [sums] = tile([last], panel);
                store(sums, bias, &mut out.into_remainder()[first..first + width]);
            }
        }
    }

    #[inline(always)]
    fn encode_sparse_inline(&self, rows: &SparseRows, pre: &mut [f32]) {
        let panels = self.panels.chunks_exact(self.d_in).zip(self.zero_bias.as_chunks::<PANEL>().0);
        for (index, (panel, bias)) in panels.enumerate() {
            let first = index * PANEL;
            let (width, bias) = (PANEL.min(self.d_sae - first), load_first(bias));
            for (row, out) in pre.chunks_exact_mut(self.d_sae).enumerate() {
                let (cols, values) = rows.row(row);
                let mut sums = [F32x4::zero(); 4];
                for (&col, &value) in cols.iter().zip(values) {
                    let (value, weights) = (F32x4::splat(value), load(&panel[col as usize]));
                    sums = std::array::from_fn(|i| sums[i] + value * weights[i]);
                }
                store(sums, bias, &mut out[first..first + width]);
            }
        }
    }
}

/// Of dense rows.
struct Encode<'a> {
    encoder: &'a PackedEncoder,
    x: &'a [f32],
    pre: &'a mut [f32],
}

impl Kernel for Encode<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        self.encoder.encode_inline(self.x, self.pre);
    }
}

/// Of sparse rows.
struct EncodeSparse<'a> {
    encoder: &'a PackedEncoder,
    rows: &'a SparseRows,
    pre: &'a mut [f32],
}

impl Kernel for EncodeSparse<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        self.encoder.encode_sparse_inline(self.rows, self.pre);
    }
}

/// Adds `Σ_k shift_k W_enc[k]` to the bias of a panel.
fn add_shifts(panel: &[Panel], normalisation: &Normalisation, bias: &mut [f32]) {
    let mut sums = [F32x4::zero(); 4];
    for (col, weights) in panel.iter().enumerate() {
        let shift = F32x4::splat(match normalisation {
            Normalisation::Uniform { shift, .. } => *shift,
            Normalisation::PerColumn { shift, .. } => shift[col],
        });
        let weights = load(weights);
        sums = std::array::from_fn(|i| sums[i] + shift * weights[i]);
    }
    store(sums, load_first(bias), bias);
}

/// Up to 16 latents `[n, d_in]` → `[d_in][16]`.
fn interleave(latents: &[f32], d_in: usize, panel: &mut [Panel]) {
    let zeros = vec![0.0; if latents.len() < PANEL * d_in { d_in } else { 0 }];
    let mut rows = latents.chunks_exact(d_in);
    let rows: [&[f32]; PANEL] = std::array::from_fn(|_| rows.next().unwrap_or(&zeros));
    for (col, out) in panel.iter_mut().enumerate() {
        *out = bytemuck::must_cast::<[f32; PANEL], Panel>(std::array::from_fn(|i| rows[i][col]));
    }
}

/// Products of `R` rows with a panel. Each sum runs over `d_in` in order, whatever the tile.
#[inline(always)]
fn tile<const R: usize>(rows: [&[f32]; R], panel: &[Panel]) -> [[F32x4; 4]; R] {
    let rows: [&[f32]; R] = std::array::from_fn(|r| &rows[r][..panel.len()]);
    let mut sums = [[F32x4::zero(); 4]; R];
    for (k, weights) in panel.iter().enumerate() {
        let weights = load(weights);
        for r in 0..R {
            let x = F32x4::splat(rows[r][k]);
            sums[r] = std::array::from_fn(|i| sums[r][i] + x * weights[i]);
        }
        // Keeps the compiler from batching the broadcasts of several k, which spills the sums.
        std::hint::black_box(());
    }
    sums
}

#[inline(always)]
fn store(sums: [F32x4; 4], bias: [F32x4; 4], out: &mut [f32]) {
    let lanes: [[f32; 4]; 4] = std::array::from_fn(|i| (sums[i] + bias[i]).lanes());
    let lanes: [f32; PANEL] = bytemuck::must_cast(lanes);
    match <&mut [f32; PANEL]>::try_from(&mut *out) {
        Ok(out) => *out = lanes,
        Err(_) => out.copy_from_slice(&lanes[..out.len()]),
    }
}
