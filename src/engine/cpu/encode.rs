//! `pre = x W_enc + b_enc` for a batch: the only dense product of a training step. Where TopK asks for few of the
//! pre-activations, [`Screen`] finds them without the others.
//!
//! The encoder is packed in panels. Sparse rows have no columns in common: one row × 32 latents are 8 sums, as in a dense
//! tile.
//!
//! Byte images are mostly zeros (81 % of MNIST). With `x = scale·v + shift` the zero pixels contribute
//! `Σ shift·W_enc`, the same for every row, and only the others are multiplied.

use super::panels::{HALF, PANEL, Panel, Sums, TileRows, interleave, multiply, store};
use super::screen::{self, Screen};
use super::sparse_rows::SparseRows;
use crate::data::Normalisation;
use crate::error::Result;
use crate::sae::Sae;
use crate::simd::{F32x4, Kernel, load, load_first, widest};
use crate::threads::Threads;

/// The encoder in the order in which the product reads it.
#[derive(Debug, Default)]
pub struct PackedEncoder {
    d_in: usize,
    d_sae: usize,
    /// Whether it is the encoder of now.
    is_current: bool,
    /// Whether the screen is packed, and the panels are not.
    is_screened: bool,
    screen: Screen,
    /// Normalisation of byte rows, whose shifts are in `zero_bias`.
    shifts: Option<Normalisation>,
    /// `[panels, d_in]` of 32 latents each, padded with zeros.
    panels: Vec<Panel>,
    /// `b_enc`, padded.
    bias: Vec<f32>,
    /// `b_enc + Σ_k shift_k W_enc[k]`, padded: pre-activations of an all-zero image.
    zero_bias: Vec<f32>,
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
    /// data set's normalisation) [`PackedEncoder::encode_sparse`] can be used too. Unless all pre-activations are asked for
    /// (`whole`), there may be a [`PackedEncoder::screen`] instead. Returns whether it had to.
    ///
    /// # Errors
    /// If a thread ends.
    pub fn pack(
        &mut self,
        sae: &Sae,
        shifts: Option<&Normalisation>,
        whole: bool,
        threads: Threads,
    ) -> Result<bool> {
        let may_screen = screen::OFFERED && !whole && shifts.is_none();
        let serves =
            if self.is_screened { may_screen } else { shifts.is_none() || shifts == self.shifts.as_ref() };
        if self.is_current && serves {
            return Ok(false);
        }
        self.is_current = false;
        (self.d_sae, self.d_in) = (sae.d_sae, sae.d_in);
        self.is_screened = may_screen && self.screen.pack(sae, threads)?;
        if !self.is_screened {
            self.pack_panels(sae, shifts, threads)?;
        }
        self.is_current = true;
        Ok(true)
    }

    fn pack_panels(&mut self, sae: &Sae, shifts: Option<&Normalisation>, threads: Threads) -> Result<()> {
        if shifts != self.shifts.as_ref() {
            self.shifts = shifts.cloned();
        }
        let (d_in, n_panels) = (self.d_in, self.d_sae.div_ceil(PANEL));
        self.panels.resize(n_panels * d_in, Panel::default());
        self.bias.clear();
        self.bias.extend_from_slice(&sae.b_enc);
        self.bias.resize(n_panels * PANEL, 0.0);
        self.zero_bias.clone_from(&self.bias);
        let latents = sae.w_enc.chunks(PANEL * d_in);
        let panels = self.panels.chunks_exact_mut(d_in).zip(self.zero_bias.chunks_exact_mut(PANEL));
        threads.for_each(latents.zip(panels), |(latents, (panel, zero_bias))| {
            interleave(latents, panel);
            if let Some(normalisation) = shifts {
                add_shifts(panel, normalisation, zero_bias);
            }
        })
    }

    /// What finds the k largest pre-activations of a row, if that is what the encoder is packed for.
    pub fn screen(&self) -> Option<&Screen> {
        (screen::OFFERED && self.is_screened).then_some(&self.screen)
    }

    /// `pre [rows, d_sae]` of dense rows `x [rows, d_in]`.
    #[inline(never)]
    pub fn encode(&self, x: &[f32], pre: &mut [f32]) {
        let rows = DenseRows { x, d_in: self.d_in };
        multiply(rows, (&self.panels, self.d_in), &self.bias, self.d_sae, pre);
    }

    /// `pre [rows, d_sae]` of sparse byte rows; needs the shifts of their normalisation at packing.
    pub fn encode_sparse(&self, rows: &SparseRows<u32, f32>, pre: &mut [f32]) {
        let panels = self.panels.chunks_exact(self.d_in).zip(self.zero_bias.as_chunks::<PANEL>().0);
        for (index, (panel, bias)) in panels.enumerate() {
            encode_panel(EncodePanel { panel, bias, first: index * PANEL, d_sae: self.d_sae, rows, pre });
        }
    }
}

/// `x [rows, d_in]`.
struct DenseRows<'a> {
    x: &'a [f32],
    d_in: usize,
}

impl TileRows for DenseRows<'_> {
    /// Each sum runs over `d_in` in order, whatever the tile.
    #[inline(always)]
    fn tile(&self, rows: [usize; 2], panel: &[Panel], half: usize) -> [Sums; 2] {
        let [first, second] = rows.map(|row| &self.x[row * self.d_in..][..panel.len()]);
        let mut sums = [[F32x4::zero(); HALF / 4]; 2];
        for ((weights, &first), &second) in panel.iter().zip(first).zip(second) {
            let weights = load(&weights[half]);
            for (sums, x) in sums.iter_mut().zip([first, second].map(F32x4::splat)) {
                *sums = std::array::from_fn(|i| sums[i] + x * weights[i]);
            }
            // Keeps the compiler from batching the broadcasts of several k, which spills the sums.
            std::hint::black_box(());
        }
        sums
    }
}

/// What [`multiply`] does with a panel, of sparse rows; as there a function by itself.
#[inline(never)]
fn encode_panel(kernel: EncodePanel<'_>) {
    widest(kernel);
}

struct EncodePanel<'a> {
    panel: &'a [Panel],
    bias: &'a [f32; PANEL],
    /// The first latent of the panel.
    first: usize,
    d_sae: usize,
    rows: &'a SparseRows<u32, f32>,
    pre: &'a mut [f32],
}

impl Kernel for EncodePanel<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Self { panel, bias, first, d_sae, rows, pre } = self;
        let width = PANEL.min(d_sae - first);
        for (row, out) in pre.chunks_exact_mut(d_sae).enumerate() {
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
