//! The k largest pre-activations of a row without computing the others.
//!
//! Rows and encoder are rounded to 16-bit integers, `x ≈ t q` and `w ≈ s p`, of which an instruction multiplies twice as
//! many as of float32. How far `s t q·p + b` is from the float32 pre-activation is bounded, and only the latents that may
//! be among the k largest by that bound are computed in float32, with the sums of [`super::encode`] in their order: the
//! outcome is the same to the last bit.
//!
//! The bound: `|x·w − s t q·p| ≤ |x − t q| |w| + |t q| |w − s p|`. Rounding moves no column by more than half a unit, so that
//! `|x − t q| ≤ t √d_in / 2`, and a sum of n products in float32 is off by at most `n 2⁻²⁴ |x| |w|`. For 384 normal
//! columns that is a hundredth of the standard deviation of the pre-activations, and of 1 536 latents fewer than eight are
//! computed in vain (a test counts them).
//!
//! Where rows repeat one number, as the background of images or the zeros behind a ReLU, only what differs from it is
//! multiplied: with `q = r + δ` the product is `r Σp + δ·p`, and integers lose nothing by that.

use super::deviations::{Deviations, halves};
use super::integers::{LARGEST_NORM, Scale, larger, largest_magnitude, quantise};
use super::listed::append_listed;
use super::panels::{HALF, PANEL, Panel, Sums, TileRows, interleave, multiply, store};
use crate::error::Result;
use crate::sae::{Sae, Selection, Selector, SparseCodes, TopK};
use crate::simd::{F32x4, Kernel, Pair, load_first, pair_products, sparse_pair_products, widest};
use crate::threads::Threads;

/// Whether this build has it.
pub const OFFERED: bool = cfg!(feature = "screen");

/// Rounding adds at most `√d_in / 2` to a norm: 128 here, and 46 128² is below 2³¹.
const MOST_COLUMNS: usize = 1 << 16;
/// Latents for each active one below which nothing is gained. Integers save half of the tiles' time, and outside of tiles a
/// latent takes four times as long as in tiles of float32: in a profile on MiniLM 33 of them took 0.17 s, where all
/// 1 536 as integers took 1.0 s.
const LEAST_LATENTS: usize = 8;
/// Rounding to integers moves a number by half a unit, and float32 by little more.
const HALF_UNIT: f64 = 0.51;
/// Relative error of a float32 operation.
const EPSILON: f64 = 1.0 / (1 << 24) as f64;

/// An encoder in integers.
#[derive(Debug, Default)]
pub struct Screen {
    d_in: usize,
    d_sae: usize,
    /// s.
    unit: f32,
    /// Norm of the longest latent, and of its bias.
    norm: f64,
    bias_norm: f64,
    /// Norm and unit of each latent.
    scales: Vec<Scale>,
    /// `[d_sae, pairs]`.
    integers: Vec<Pair>,
    /// The same in panels, whose numbers are the bits of pairs.
    panels: Vec<Panel>,
    /// Sums of the first and of the second integers of the pairs of each latent, in panels.
    sums: Vec<[[i32; PANEL]; 2]>,
    /// `b_enc`, padded.
    bias: Vec<f32>,
}

/// Rows in integers, and what else finding their codes needs.
#[derive(Debug, Default)]
pub struct ScreenedRows {
    /// `[rows, pairs]`.
    integers: Vec<Pair>,
    deviations: Deviations,
    /// `s t` of each row.
    units: Vec<f32>,
    /// What each row's pre-activations are off by at most.
    errors: Vec<f32>,
    /// `[rows, d_sae]`.
    approximate: Vec<f32>,
    /// Pre-activations of the latents that are computed in float32.
    exact: Vec<f32>,
}

impl Screen {
    /// Packs the encoder, reusing the memory. Returns whether there is something to gain, and the numbers are such that the
    /// bound holds.
    ///
    /// # Errors
    /// If a thread ends.
    pub fn pack(&mut self, sae: &Sae, threads: Threads) -> Result<bool> {
        let (d_in, d_sae) = (sae.d_in, sae.d_sae);
        let Selection::Largest(top) = sae.activation.selection(d_sae) else { return Ok(false) };
        if top.k.saturating_mul(LEAST_LATENTS) > d_sae || d_in > MOST_COLUMNS {
            return Ok(false);
        }
        self.scales.resize(d_sae, Scale::default());
        let latents = sae.w_enc.chunks(PANEL * d_in);
        threads.for_each(latents.clone().zip(self.scales.chunks_mut(PANEL)), |(latents, scales)| {
            for (latent, scale) in latents.chunks_exact(d_in).zip(scales) {
                *scale = Scale::of(latent);
            }
        })?;
        let bias_norm = largest_magnitude(&sae.b_enc);
        let are_usable = self.scales.iter().all(|scale| scale.is_usable());
        if !(are_usable && bias_norm <= LARGEST_NORM) {
            return Ok(false);
        }
        let largest = |of: fn(&Scale) -> f32| self.scales.iter().map(of).fold(0.0, larger);
        let unit = largest(|scale| scale.unit);
        self.unit = unit;
        self.norm = f64::from(largest(|scale| scale.norm));
        self.bias_norm = f64::from(bias_norm);
        (self.d_in, self.d_sae) = (d_in, d_sae);
        let pairs = d_in.div_ceil(2);
        self.integers.resize(d_sae * pairs, 0);
        self.panels.resize(d_sae.div_ceil(PANEL) * pairs, Panel::default());
        self.bias.clear();
        self.bias.extend_from_slice(&sae.b_enc);
        self.bias.resize(d_sae.next_multiple_of(PANEL), 0.0);
        let integers = self.integers.chunks_mut(PANEL * pairs);
        self.sums.resize(d_sae.div_ceil(PANEL), [[0; PANEL]; 2]);
        let panels = self.panels.chunks_exact_mut(pairs).zip(&mut self.sums);
        threads.for_each(latents.zip(integers).zip(panels), |((latents, integers), (panel, sums))| {
            let rows = latents.chunks_exact(d_in).zip(integers.chunks_exact_mut(pairs));
            for (at, (latent, integers)) in rows.enumerate() {
                quantise(latent, unit, integers);
                for (half, sums) in sums.iter_mut().enumerate() {
                    sums[at] = integers.iter().fold(0, |sum, pair| sum + halves(*pair)[half]);
                }
            }
            interleave(bytemuck::must_cast_slice(integers), panel);
        })?;
        Ok(true)
    }

    /// Writes the codes of rows `x [rows, d_in]`.
    pub fn select(
        &self,
        x: &[f32],
        (sae, top): (&Sae, TopK),
        rows: &mut ScreenedRows,
        selector: &mut Selector,
        codes: &mut SparseCodes,
    ) {
        self.approximate(x, rows);
        codes.reset(self.d_sae);
        let ScreenedRows { errors, approximate, exact, .. } = rows;
        let approximate = approximate.chunks_exact(self.d_sae).zip(&*errors);
        for (x, (approximate, &error)) in x.chunks_exact(self.d_in).zip(approximate) {
            selector.shortlist(top, approximate, error);
            exact.clear();
            append_listed(sae, x, selector.listed(), exact);
            selector.select_listed(top, exact, codes);
        }
    }

    #[inline(never)]
    fn approximate(&self, x: &[f32], out: &mut ScreenedRows) {
        let pairs = self.d_in.div_ceil(2);
        let rows = x.len() / self.d_in;
        out.integers.resize(rows * pairs, 0);
        out.units.clear();
        out.errors.clear();
        for (row, integers) in x.chunks_exact(self.d_in).zip(out.integers.chunks_exact_mut(pairs)) {
            let scale = Scale::of(row);
            if scale.is_usable() {
                quantise(row, scale.unit, integers);
                out.units.push(scale.unit * self.unit);
                out.errors.push(self.error(scale));
            } else {
                integers.fill(0);
                out.units.push(0.0);
                out.errors.push(f32::INFINITY);
            }
        }
        out.approximate.resize(rows * self.d_sae, 0.0);
        if out.deviations.find(&out.integers, pairs) {
            for panel in 0..self.d_sae.div_ceil(PANEL) {
                multiply_deviations(MultiplyDeviations { screen: self, rows: out, panel });
            }
        } else {
            self.multiply_whole(out);
        }
    }

    fn multiply_whole(&self, out: &mut ScreenedRows) {
        let pairs = self.d_in.div_ceil(2);
        let rows = IntegerRows { integers: &out.integers, units: &out.units, pairs };
        multiply(rows, (&self.panels, pairs), &self.bias, self.d_sae, &mut out.approximate);
    }

    /// The products of a row that is this pair everywhere, with the latents of a panel. They may wrap around.
    #[inline(always)]
    fn products_of_repeated(&self, repeated: Pair, panel: usize) -> [i32; PANEL] {
        let ([first, second], [firsts, seconds]) = (halves(repeated), &self.sums[panel]);
        std::array::from_fn(|i| first.wrapping_mul(firsts[i]).wrapping_add(second.wrapping_mul(seconds[i])))
    }

    /// What the pre-activations of a row are off by at most.
    fn error(&self, row: Scale) -> f32 {
        let rounding = HALF_UNIT * (self.d_in as f64).sqrt();
        let (x, x_error) = (f64::from(row.norm), rounding * f64::from(row.unit));
        let (w, w_error) = (self.norm, rounding * f64::from(self.unit));
        let of_integers = x_error * w + (x + x_error) * w_error;
        // Those of the float32 sum, and of scaling the integers and adding the bias.
        let operations = (self.d_in + 16) as f64 * EPSILON;
        let of_floats = operations * ((x + x_error) * (w + w_error) + self.bias_norm);
        // Products too small for float32 are off by less than 1e-30 together.
        (1.01 * (of_integers + of_floats) + 1e-30) as f32
    }
}

/// Rows of pairs.
struct IntegerRows<'a> {
    integers: &'a [Pair],
    units: &'a [f32],
    pairs: usize,
}

impl TileRows for IntegerRows<'_> {
    #[inline(always)]
    fn tile(&self, rows: [usize; 2], panel: &[Panel], half: usize) -> [Sums; 2] {
        let pairs = rows.map(|row| &self.integers[row * self.pairs..][..panel.len()]);
        let [first, second] = pair_products(pairs, bytemuck::must_cast_slice(panel), half);
        let [first_unit, second_unit] = rows.map(|row| F32x4::splat(self.units[row]));
        [first.map(|sum| first_unit * sum), second.map(|sum| second_unit * sum)]
    }
}

/// What [`multiply`] does with a panel, of rows that have [`Deviations`]; as there a function by itself.
#[inline(never)]
fn multiply_deviations(kernel: MultiplyDeviations<'_>) {
    widest(kernel);
}

struct MultiplyDeviations<'a> {
    screen: &'a Screen,
    rows: &'a mut ScreenedRows,
    panel: usize,
}

impl Kernel for MultiplyDeviations<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Self { screen, rows: ScreenedRows { deviations, units, approximate, .. }, panel: index } = self;
        let pairs = screen.d_in.div_ceil(2);
        let panel = bytemuck::must_cast_slice(&screen.panels[index * pairs..][..pairs]);
        let first = index * PANEL;
        let width = PANEL.min(screen.d_sae - first);
        let bias: [F32x4; 2 * HALF / 4] = load_first(&screen.bias[first..]);
        let rows = approximate.chunks_exact_mut(screen.d_sae).zip(&*units).zip(&deviations.repeated);
        for (row, ((out, &unit), &repeated)) in rows.enumerate() {
            let start = screen.products_of_repeated(repeated, index);
            let sums = sparse_pair_products(deviations.rows.row(row), panel, &start);
            let unit = F32x4::splat(unit);
            let sums: [F32x4; 2 * HALF / 4] = std::array::from_fn(|i| unit * sums.as_flattened()[i]);
            store(sums, bias, &mut out[first..first + width]);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::engine::cpu::encode::PackedEncoder;
    use crate::random::{Random, Stream};
    use crate::sae::{Activation, TopKBy};

    fn model(d_in: usize, d_sae: usize, activation: Activation, seed: u64) -> Sae {
        let mut sae = Sae::random(d_in, d_sae, activation, true, seed);
        sae.b_enc = normal(d_sae, seed ^ 1);
        sae
    }

    fn normal(count: usize, seed: u64) -> Vec<f32> {
        let mut random = Random::new(seed, Stream::Examples);
        (0..count).map(|_| random.normal() as f32).collect()
    }

    /// Codes by all pre-activations, and by the screen, if there is one.
    fn both(sae: &Sae, x: &[f32]) -> Option<(SparseCodes, SparseCodes, usize)> {
        let mut encoder = PackedEncoder::default();
        encoder.pack(sae, None, true, Threads::ONE).unwrap();
        let mut pre = vec![0.0; x.len() / sae.d_in * sae.d_sae];
        encoder.encode(x, &mut pre);
        let mut whole = SparseCodes::new(sae.d_sae);
        let selection = sae.activation.selection(sae.d_sae);
        selection.select(&pre, sae.d_sae, &mut whole);
        let mut screen = Screen::default();
        if !screen.pack(sae, Threads::ONE).unwrap() {
            return None;
        }
        let Selection::Largest(top) = selection else { return None };
        let (mut rows, mut codes) = (ScreenedRows::default(), SparseCodes::new(sae.d_sae));
        screen.select(x, (sae, top), &mut rows, &mut Selector::default(), &mut codes);
        Some((whole, codes, rows.exact.len()))
    }

    fn bits(codes: &SparseCodes) -> Vec<Vec<(u32, u32)>> {
        (0..codes.rows())
            .map(|row| codes.row(row).map(|(latent, z)| (latent, z.to_bits())).collect())
            .collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]

        /// Rows and latents of all magnitudes that float32 has, of which some are many times as long as others.
        #[test]
        fn the_screen_finds_the_codes_of_the_whole_product(
            d_in in 1..40usize,
            d_sae in 16..90usize,
            rows in 1..6usize,
            k in 1..3usize,
            by in prop::sample::select(vec![TopKBy::Magnitude, TopKBy::Value, TopKBy::Positive]),
            scales in prop::collection::vec(-24..16i32, 96),
            spread in prop::sample::select(vec![0, 2, 24]),
            seed in any::<u64>(),
        ) {
            let mut sae = model(d_in, d_sae, Activation::TopK { k, by }, seed);
            let scale = |at: usize| 10f32.powi(scales[at] % (spread + 1));
            sae.w_enc.chunks_mut(d_in).enumerate().for_each(|(at, row)| row.iter_mut().for_each(|w| *w *= scale(at)));
            let mut x = normal(rows * d_in, seed ^ 2);
            x.chunks_mut(d_in).enumerate().for_each(|(at, row)| row.iter_mut().for_each(|x| *x *= scale(90 + at)));
            if let Some((whole, screened, _)) = both(&sae, &x) {
                prop_assert_eq!(bits(&screened), bits(&whole));
            }
        }

        /// Rows of a number with others here and there.
        #[test]
        fn deviations_from_a_repeated_number_change_no_bit(
            d_in in 1..60usize,
            d_sae in 16..90usize,
            rows in 1..6usize,
            repeated in prop::sample::select(vec![0.0f32, -0.42, 1e-30, 3e4]),
            each in 3..9usize,
            seed in any::<u64>(),
        ) {
            let sae = model(d_in, d_sae, Activation::TopK { k: 2, by: TopKBy::Magnitude }, seed);
            let mut x = normal(rows * d_in, seed ^ 2);
            x.iter_mut().enumerate().filter(|(at, _)| at % each > 0).for_each(|(_, x)| *x = repeated);
            let (whole, screened, _) = both(&sae, &x).unwrap();
            prop_assert_eq!(bits(&screened), bits(&whole));
            let mut screen = Screen::default();
            prop_assert!(screen.pack(&sae, Threads::ONE).unwrap());
            let mut rows = ScreenedRows::default();
            screen.approximate(&x, &mut rows);
            let found = rows.approximate.clone();
            rows.approximate.fill(f32::NAN);
            screen.multiply_whole(&mut rows);
            let bits = |values: &[f32]| values.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
            prop_assert_eq!(bits(&found), bits(&rows.approximate));
        }
    }

    #[test]
    fn rows_that_repeat_a_number_are_found() {
        let screened = |row: &[f32]| {
            let mut screen = Screen::default();
            let sae = model(8, 64, Activation::TopK { k: 2, by: TopKBy::Value }, 1);
            assert!(screen.pack(&sae, Threads::ONE).unwrap());
            let mut rows = ScreenedRows::default();
            screen.approximate(row, &mut rows);
            rows.deviations.find(&rows.integers, 4).then(|| rows.deviations.rows.row(0).0.to_vec())
        };
        // Neighbours are a pair.
        assert_eq!(screened(&[-0.4, -0.4, -0.4, -0.4, 0.3, 0.2, -0.4, -0.4]), Some(vec![2]));
        assert_eq!(screened(&[0.0; 8]), Some(vec![]));
        assert_eq!(screened(&[0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8]), None);
        // What differs by more than 16 bits hold.
        assert_eq!(screened(&[-1.0, -1.0, -1.0, -1.0, -1.0, -1.0, 1.0, -1.0]), Some(vec![3]));
        assert_eq!(screened(&[-0.5, -0.5, 9.0, -0.5, -0.5, -0.5, -0.5, -0.5]), None);
    }

    #[test]
    fn few_latents_are_computed_in_vain() {
        let sae = model(384, 1536, Activation::TopK { k: 32, by: TopKBy::Magnitude }, 1);
        let (whole, screened, computed) = both(&sae, &normal(384, 2)).unwrap();
        assert_eq!(bits(&screened), bits(&whole));
        assert!((32..40).contains(&computed), "{computed}");
    }

    #[test]
    fn ties_and_rows_out_of_range_are_as_without_a_screen() {
        let mut sae = model(6, 64, Activation::TopK { k: 2, by: TopKBy::Value }, 3);
        // The second half of the latents repeats the first.
        let half = sae.w_enc.len() / 2;
        sae.w_enc.copy_within(..half, half);
        sae.b_enc.copy_within(..32, 32);
        let row = [0.3, -0.1, 2.0, 0.7, -1.0, 0.2f32];
        for scale in [0.0, 1.0, 1e-30, 1e-44, 1e20, 1e38] {
            let x = row.map(|v| v * scale);
            let (whole, screened, _) = both(&sae, &x).unwrap();
            assert_eq!(bits(&screened), bits(&whole), "{scale}");
        }
    }

    #[test]
    fn there_is_no_screen_where_nothing_is_gained_or_known() {
        let of = |sae: &Sae| Screen::default().pack(sae, Threads::ONE).unwrap();
        let top = |k| Activation::TopK { k, by: TopKBy::Magnitude };
        assert!(of(&model(5, 64, top(8), 1)));
        assert!(!of(&model(5, 64, top(9), 1)));
        assert!(!of(&model(5, 64, Activation::Relu, 1)));
        for broken in [f32::NAN, f32::INFINITY, 1e30] {
            let mut sae = model(5, 64, top(4), 1);
            sae.w_enc[7] = broken;
            assert!(!of(&sae), "{broken}");
            let mut sae = model(5, 64, top(4), 1);
            sae.b_enc[7] = broken;
            assert!(!of(&sae), "{broken}");
        }
    }
}
