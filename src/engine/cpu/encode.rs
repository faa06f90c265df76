//! `pre = x W_enc + b_enc` for a batch: the only dense product of a training step.
//!
//! The encoder is packed in panels of 32 latents, `[panel][d_in][32]`, so that the product reads it in order. Dense tiles
//! are 2 rows × 16 latents, half a panel: 8 sums, 4 loads and 2 broadcasts stay within the 15 registers that browsers
//! have. Sparse rows have no columns in common: one row × 32 latents are 8 sums too.
//!
//! Byte images are mostly zeros (81 % of MNIST). With `x = scale·v + shift` the zero pixels contribute
//! `Σ shift·W_enc`, the same for every row, and only the others are multiplied.

use crate::data::Normalisation;
use crate::error::Result;
use crate::sae::Sae;
use crate::simd::{F32x4, Kernel, load, load_first, transpose, widest};
use crate::threads::Threads;

/// Latents in a panel.
const PANEL: usize = 32;
/// Latents of a dense tile.
const HALF: usize = PANEL / 2;
type Panel = [[[f32; 4]; HALF / 4]; 2];
/// Bytes that are looked at together for being zeros: a register full.
const ZEROS: usize = 16;

/// The encoder in the order in which the product reads it.
#[derive(Debug, Default)]
pub struct PackedEncoder {
    d_in: usize,
    d_sae: usize,
    /// Whether it is the encoder of now.
    is_current: bool,
    /// Normalisation of byte rows, whose shifts are in `zero_bias`.
    shifts: Option<Normalisation>,
    /// `[panels, d_in]` of 32 latents each, padded with zeros.
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
    /// As long as rows without a zero would make them: what is past the last end means nothing.
    cols: Vec<u32>,
    values: Vec<f32>,
}

impl SparseRows {
    /// Whether it has no row.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Forgets the rows and keeps the memory.
    pub fn clear(&mut self) {
        self.ends.clear();
    }

    /// Appends a row of bytes.
    #[inline(never)]
    pub fn push(&mut self, bytes: &[u8], normalisation: &Normalisation) {
        let first = self.ends.last().copied().unwrap_or(0);
        let most = (first + bytes.len()).max(self.cols.len());
        self.cols.resize(most, 0);
        self.values.resize(most, 0.0);
        let (cols, values) = (&mut self.cols[..most], &mut self.values[..most]);
        let mut end = first;
        for (from, block) in (0..).step_by(ZEROS).zip(bytes.chunks(ZEROS)) {
            // Most bytes are zeros, and most of those have only such beside them.
            if block.try_into().is_ok_and(|block| u128::from_ne_bytes(block) == 0) {
                continue;
            }
            // Without a branch on what a byte is, which a CPU cannot predict.
            for (col, &byte) in (from..).zip(block) {
                cols[end] = col as u32;
                values[end] = f32::from(byte);
                end += usize::from(byte != 0);
            }
        }
        let values = &mut values[first..end];
        match normalisation {
            Normalisation::Uniform { scale, .. } => values.iter_mut().for_each(|value| *value *= scale),
            Normalisation::PerColumn { scale, .. } => {
                values
                    .iter_mut()
                    .zip(&cols[first..end])
                    .for_each(|(value, &col)| *value *= scale[col as usize]);
            }
        }
        self.ends.push(end);
    }

    #[inline(always)]
    fn row(&self, row: usize) -> (&[u32], &[f32]) {
        let range = if row == 0 { 0 } else { self.ends[row - 1] }..self.ends[row];
        (&self.cols[range.clone()], &self.values[range])
    }
}

impl PackedEncoder {
    /// Number of latents.
    pub fn d_sae(&self) -> usize {
        self.d_sae
    }

    /// Says that the encoder has changed.
    pub fn outdate(&mut self) {
        self.is_current = false;
    }

    /// Packs `w_enc [d_sae, d_in]` and `b_enc [d_sae]`, reusing the memory, unless it has them already. With `shifts` (of a
    /// data set's normalisation) [`PackedEncoder::encode_sparse`] can be used too.
    ///
    /// # Errors
    /// If a thread ends.
    pub fn pack(&mut self, sae: &Sae, shifts: Option<&Normalisation>, threads: Threads) -> Result<()> {
        if self.is_current && (shifts.is_none() || shifts == self.shifts.as_ref()) {
            return Ok(());
        }
        self.is_current = false;
        if shifts != self.shifts.as_ref() {
            self.shifts = shifts.cloned();
        }
        (self.d_sae, self.d_in) = (sae.d_sae, sae.d_in);
        let (d_in, n_panels) = (self.d_in, self.d_sae.div_ceil(PANEL));
        self.panels.resize(n_panels * d_in, Panel::default());
        self.bias.clear();
        self.bias.extend_from_slice(&sae.b_enc);
        self.bias.resize(n_panels * PANEL, 0.0);
        self.zero_bias.clone_from(&self.bias);
        let latents = sae.w_enc.chunks(PANEL * d_in);
        let panels = self.panels.chunks_exact_mut(d_in).zip(self.zero_bias.chunks_exact_mut(PANEL));
        threads.for_each(latents.zip(panels), |(latents, (panel, zero_bias))| {
            widest(Interleave { latents, panel });
            if let Some(normalisation) = shifts {
                add_shifts(panel, normalisation, zero_bias);
            }
        })?;
        self.is_current = true;
        Ok(())
    }

    /// `pre [rows, d_sae]` of dense rows `x [rows, d_in]`.
    #[inline(never)]
    pub fn encode(&self, x: &[f32], pre: &mut [f32]) {
        widest(Encode { encoder: self, x, pre });
    }

    /// `pre [rows, d_sae]` of sparse byte rows; needs the shifts of their normalisation at packing.
    #[inline(never)]
    pub fn encode_sparse(&self, rows: &SparseRows, pre: &mut [f32]) {
        widest(EncodeSparse { encoder: self, rows, pre });
    }

    #[inline(always)]
    fn encode_inline(&self, x: &[f32], pre: &mut [f32]) {
        let panels = self.panels.chunks_exact(self.d_in).zip(self.bias.as_chunks::<PANEL>().0);
        for (index, (panel, bias)) in panels.enumerate() {
            for half in 0..2 {
                let first = index * PANEL + half * HALF;
                let Some(width) = self.d_sae.checked_sub(first).filter(|left| *left > 0) else { break };
                let (width, bias) = (width.min(HALF), load_first(&bias[half * HALF..]));
                let pairs = x.chunks_exact(2 * self.d_in);
                let last = pairs.remainder();
                let mut out = pre.chunks_exact_mut(2 * self.d_sae);
                for (pair, out) in pairs.zip(&mut out) {
                    let (x0, x1) = pair.split_at(self.d_in);
                    let [sums0, sums1] = tile([x0, x1], panel, half);
                    store(sums0, bias, &mut out[first..first + width]);
                    store(sums1, bias, &mut out[self.d_sae + first..self.d_sae + first + width]);
                }
                if !last.is_empty() {
                    let [sums] = tile([last], panel, half);
                    store(sums, bias, &mut out.into_remainder()[first..first + width]);
                }
            }
        }
    }

    #[inline(always)]
    fn encode_sparse_inline(&self, rows: &SparseRows, pre: &mut [f32]) {
        let panels = self.panels.chunks_exact(self.d_in).zip(self.zero_bias.as_chunks::<PANEL>().0);
        for (index, (panel, bias)) in panels.enumerate() {
            let first = index * PANEL;
            let width = PANEL.min(self.d_sae - first);
            for (row, out) in pre.chunks_exact_mut(self.d_sae).enumerate() {
                let (cols, values) = rows.row(row);
                let mut sums = [F32x4::zero(); PANEL / 4];
                for (&col, &value) in cols.iter().zip(values) {
                    let (value, weights) = (F32x4::splat(value), panel[col as usize].as_flattened());
                    // A loop and not `from_fn`, which is not inlined for so many, and then not compiled for AVX2.
                    for (sum, weights) in sums.iter_mut().zip(weights) {
                        *sum = *sum + value * F32x4::load(weights);
                    }
                }
                store(sums, load_first(bias), &mut out[first..first + width]);
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
    let mut sums = [F32x4::zero(); PANEL / 4];
    for (col, weights) in panel.iter().enumerate() {
        let shift = F32x4::splat(match normalisation {
            Normalisation::Uniform { shift, .. } => *shift,
            Normalisation::PerColumn { shift, .. } => shift[col],
        });
        let weights = weights.as_flattened();
        for (sum, weights) in sums.iter_mut().zip(weights) {
            *sum = *sum + shift * F32x4::load(weights);
        }
    }
    store(sums, load_first(bias), bias);
}

/// Up to 32 latents `[n, d_in]` → `[d_in][32]`, padded with zeros.
struct Interleave<'a> {
    latents: &'a [f32],
    panel: &'a mut [Panel],
}

impl Kernel for Interleave<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Self { latents, panel } = self;
        let d_in = panel.len();
        let zeros = vec![0.0; if latents.len() < PANEL * d_in { d_in } else { 0 }];
        let mut rows = latents.chunks_exact(d_in);
        let rows: [&[f32]; PANEL] = std::array::from_fn(|_| rows.next().unwrap_or(&zeros));
        let blocks = rows.map(|row| row.as_chunks::<4>().0);
        let (panels, rest) = panel.as_chunks_mut::<4>();
        for (at, panels) in panels.iter_mut().enumerate() {
            for (group, blocks) in blocks.as_chunks::<4>().0.iter().enumerate() {
                let cols = transpose(blocks.map(|block| F32x4::load(&block[at])));
                for (panel, col) in panels.iter_mut().zip(cols) {
                    panel.as_flattened_mut()[group] = col.lanes();
                }
            }
        }
        for (col, panel) in (d_in - rest.len()..).zip(rest) {
            let values: [f32; PANEL] = std::array::from_fn(|row| rows[row][col]);
            *panel = bytemuck::must_cast(values);
        }
    }
}

/// Products of `R` rows with half a panel. Each sum runs over `d_in` in order, whatever the tile.
#[inline(always)]
fn tile<const R: usize>(rows: [&[f32]; R], panel: &[Panel], half: usize) -> [[F32x4; HALF / 4]; R] {
    let rows: [&[f32]; R] = std::array::from_fn(|r| &rows[r][..panel.len()]);
    let mut sums = [[F32x4::zero(); HALF / 4]; R];
    for (k, weights) in panel.iter().enumerate() {
        let weights = load(&weights[half]);
        for r in 0..R {
            let x = F32x4::splat(rows[r][k]);
            sums[r] = std::array::from_fn(|i| sums[r][i] + x * weights[i]);
        }
        // Keeps the compiler from batching the broadcasts of several k, which spills the sums.
        std::hint::black_box(());
    }
    sums
}

/// Writes sums with the bias added to `out`, which may be shorter.
#[inline(always)]
fn store<const N: usize>(sums: [F32x4; N], bias: [F32x4; N], out: &mut [f32]) {
    let lanes: [[f32; 4]; N] = std::array::from_fn(|i| (sums[i] + bias[i]).lanes());
    let lanes = lanes.as_flattened();
    out.copy_from_slice(&lanes[..out.len()]);
}
