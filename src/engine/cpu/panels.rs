//! The encoder in panels of 32 latents, `[panel][depth][32]`, so that products read it in order, and those products in tiles
//! of 2 rows × 16 latents: 8 sums, 4 loads and 2 broadcasts stay within the 15 registers that browsers have.

use crate::simd::{F32x4, Kernel, load_first, transpose, widest};

/// Latents in a panel.
pub const PANEL: usize = 32;
/// Latents of a dense tile.
pub const HALF: usize = PANEL / 2;
/// One number of each latent of a panel, in two halves.
pub type Panel = [[[f32; 4]; HALF / 4]; 2];
/// Sums of products of a row with half a panel.
pub type Sums = [F32x4; HALF / 4];

/// Rows that are multiplied by panels.
pub trait TileRows {
    /// Products of the rows of these numbers with half a panel.
    fn tile(&self, rows: [usize; 2], panel: &[Panel], half: usize) -> [Sums; 2];
}

/// `pre [rows, d_sae]` of rows and panels of so many numbers each; the bias is padded as the panels are.
pub fn multiply<T: TileRows>(
    rows: T,
    (panels, depth): (&[Panel], usize),
    bias: &[f32],
    d_sae: usize,
    pre: &mut [f32],
) {
    let panels = panels.chunks_exact(depth).zip(bias.as_chunks::<PANEL>().0);
    for (index, (panel, bias)) in panels.enumerate() {
        multiply_panel(MultiplyPanel { rows: &rows, panel, bias, first: index * PANEL, d_sae, pre });
    }
}

/// A function by itself, since a browser optimises none that it is in the middle of: the first call of a loop over all panels
/// would go through a large encoder in code that is several times slower.
#[inline(never)]
fn multiply_panel<T: TileRows>(kernel: MultiplyPanel<'_, T>) {
    widest(kernel);
}

struct MultiplyPanel<'a, T> {
    rows: &'a T,
    panel: &'a [Panel],
    bias: &'a [f32; PANEL],
    /// The first latent of the panel.
    first: usize,
    d_sae: usize,
    pre: &'a mut [f32],
}

impl<T: TileRows> Kernel for MultiplyPanel<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Self { rows, panel, bias, first, d_sae, pre } = self;
        for half in 0..2 {
            let first = first + half * HALF;
            let Some(width) = d_sae.checked_sub(first).filter(|left| *left > 0) else { break };
            let (width, bias) = (width.min(HALF), load_first(&bias[half * HALF..]));
            for (pair, out) in pre.chunks_mut(2 * d_sae).enumerate() {
                // An odd last row goes twice.
                let second = 2 * pair + usize::from(out.len() > d_sae);
                let sums = rows.tile([2 * pair, second], panel, half);
                for (sums, out) in sums.into_iter().zip(out.chunks_exact_mut(d_sae)) {
                    store(sums, bias, &mut out[first..first + width]);
                }
            }
        }
    }
}

/// Up to 32 latents `[n, depth]` → `[depth][32]`, padded with zeros. Numbers are moved and nothing else, so that they may be
/// bits of another kind.
#[inline(never)]
pub fn interleave(latents: &[f32], panel: &mut [Panel]) {
    widest(Interleave { latents, panel });
}

struct Interleave<'a> {
    latents: &'a [f32],
    panel: &'a mut [Panel],
}

impl Kernel for Interleave<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Self { latents, panel } = self;
        let depth = panel.len();
        let zeros = vec![0.0; if latents.len() < PANEL * depth { depth } else { 0 }];
        let mut rows = latents.chunks_exact(depth);
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
        for (col, panel) in (depth - rest.len()..).zip(rest) {
            let values: [f32; PANEL] = std::array::from_fn(|row| rows[row][col]);
            *panel = bytemuck::must_cast(values);
        }
    }
}

/// Writes sums with the bias added to `out`, which may be shorter.
#[inline(always)]
pub fn store<const N: usize>(sums: [F32x4; N], bias: [F32x4; N], out: &mut [f32]) {
    let lanes: [[f32; 4]; N] = std::array::from_fn(|i| (sums[i] + bias[i]).lanes());
    let lanes = lanes.as_flattened();
    out.copy_from_slice(&lanes[..out.len()]);
}
