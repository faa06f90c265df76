//! Products of 16-bit integers, two at a time: an instruction multiplies twice as many of them as of float32. Integers
//! are exact, so that every machine gives the same.

use super::F32x4;
#[cfg(target_arch = "wasm32")]
use super::{arch, load_register};

/// Two 16-bit integers, the first in the lower half.
pub type Pair = i32;

/// The pair of two numbers rounded to integers; they must be below 2¹⁵ in magnitude.
#[inline(always)]
pub fn pair([first, second]: [f32; 2]) -> Pair {
    // Above 2²³ float32 has no room for fractions, and its lowest bits are those of the integer.
    const ROUND: f32 = 12_582_912.0;
    let bits = |value: f32| (value + ROUND).to_bits();
    (bits(first) & 0xffff | bits(second) << 16) as i32
}

/// Pairs of 32 latents, in two halves.
pub type PairPanel = [[[Pair; 4]; 4]; 2];

/// `Σ_k row[k] · panel[k]` of pairs, for two rows and half of the latents; the sums must fit into 32 bits.
#[inline(always)]
pub fn pair_products(rows: [&[Pair]; 2], panel: &[PairPanel], half: usize) -> [[F32x4; 4]; 2] {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") {
        // SAFETY: this CPU has AVX2.
        return unsafe { avx2::pair_products(rows, panel, half) };
    }
    portable(rows, panel, half)
}

/// `start + Σ_i values[i] · panel[cols[i]]` of pairs, for all latents; the sums wrap around at 32 bits.
#[inline(always)]
pub fn sparse_pair_products(
    (cols, values): (&[u32], &[Pair]),
    panel: &[PairPanel],
    start: &[i32; 32],
) -> [[F32x4; 4]; 2] {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") {
        // SAFETY: this CPU has AVX2.
        return unsafe { avx2::sparse_pair_products((cols, values), panel, start) };
    }
    portable_sparse((cols, values), panel, start)
}

#[inline(always)]
fn portable_sparse(
    (cols, values): (&[u32], &[Pair]),
    panel: &[PairPanel],
    start: &[i32; 32],
) -> [[F32x4; 4]; 2] {
    let start = start.as_chunks::<4>().0;
    let mut sums: [Sums; 8] = std::array::from_fn(|i| Sums::load(&start[i]));
    for (&col, &value) in cols.iter().zip(values) {
        let weights = panel[col as usize].as_flattened();
        for (sum, weights) in sums.iter_mut().zip(weights) {
            *sum = sum.add_products(value, weights);
        }
    }
    let half = |first: usize| std::array::from_fn(|i| sums[first + i].to_float());
    [half(0), half(4)]
}

#[inline(always)]
fn portable(rows: [&[Pair]; 2], panel: &[PairPanel], half: usize) -> [[F32x4; 4]; 2] {
    let [first, second] = rows;
    let mut sums = [[Sums::zero(); 4]; 2];
    for ((weights, &first), &second) in panel.iter().zip(first).zip(second) {
        let weights = &weights[half];
        for (sums, row) in sums.iter_mut().zip([first, second]) {
            *sums = std::array::from_fn(|i| sums[i].add_products(row, &weights[i]));
        }
        // As in the products of float32: keeps the sums in registers.
        std::hint::black_box(());
    }
    sums.map(|sums| sums.map(Sums::to_float))
}

#[cfg(target_arch = "wasm32")]
#[derive(Clone, Copy)]
struct Sums(arch::v128);

#[cfg(target_arch = "wasm32")]
impl Sums {
    #[inline(always)]
    fn zero() -> Self {
        Self(arch::i32x4_splat(0))
    }

    #[inline(always)]
    fn load(from: &[i32; 4]) -> Self {
        Self(load_register(from))
    }

    #[inline(always)]
    fn add_products(self, row: Pair, weights: &[Pair; 4]) -> Self {
        let products = arch::i32x4_dot_i16x8(arch::i32x4_splat(row), load_register(weights));
        Self(arch::i32x4_add(self.0, products))
    }

    #[inline(always)]
    fn to_float(self) -> F32x4 {
        F32x4(arch::f32x4_convert_i32x4(self.0))
    }
}

#[cfg(not(target_arch = "wasm32"))]
#[derive(Clone, Copy)]
struct Sums([i32; 4]);

#[cfg(not(target_arch = "wasm32"))]
impl Sums {
    #[inline(always)]
    fn zero() -> Self {
        Self([0; 4])
    }

    #[inline(always)]
    fn load(from: &[i32; 4]) -> Self {
        Self(*from)
    }

    #[inline(always)]
    fn add_products(self, row: Pair, weights: &[Pair; 4]) -> Self {
        let (low, high) = (|pair: Pair| i32::from(pair as i16), |pair: Pair| pair >> 16);
        // Two products of −2¹⁵ and −2¹⁵ wrap around, as the instruction does.
        let product = |weight: Pair| (low(row) * low(weight)).wrapping_add(high(row) * high(weight));
        Self(std::array::from_fn(|i| self.0[i].wrapping_add(product(weights[i]))))
    }

    #[inline(always)]
    fn to_float(self) -> F32x4 {
        F32x4(self.0.map(|sum| sum as f32))
    }
}

/// With registers of sixteen integers, which compilers do not find by themselves.
#[cfg(target_arch = "x86_64")]
mod avx2 {
    use std::arch::x86_64::{
        __m256i, _mm256_add_epi32, _mm256_madd_epi16, _mm256_set1_epi32, _mm256_setzero_si256,
    };

    use super::{F32x4, Pair, PairPanel};

    #[target_feature(enable = "avx2")]
    pub fn pair_products(rows: [&[Pair]; 2], panel: &[PairPanel], half: usize) -> [[F32x4; 4]; 2] {
        let rows = rows.map(|row| &row[..panel.len()]);
        let mut sums = [[_mm256_setzero_si256(); 2]; 2];
        for (k, weights) in panel.iter().enumerate() {
            let [a, b, c, d] = weights[half];
            let weights = [bytemuck::must_cast([a, b]), bytemuck::must_cast([c, d])];
            for r in 0..2 {
                let row = _mm256_set1_epi32(rows[r][k]);
                for (sum, weights) in sums[r].iter_mut().zip(weights) {
                    *sum = _mm256_add_epi32(*sum, _mm256_madd_epi16(row, weights));
                }
            }
        }
        sums.map(|sums| {
            let sums: [[i32; 4]; 4] = bytemuck::must_cast(sums);
            sums.map(|sums| F32x4(sums.map(|sum| sum as f32)))
        })
    }

    #[target_feature(enable = "avx2")]
    pub fn sparse_pair_products(
        (cols, values): (&[u32], &[Pair]),
        panel: &[PairPanel],
        start: &[i32; 32],
    ) -> [[F32x4; 4]; 2] {
        let mut sums: [__m256i; 4] = bytemuck::must_cast(*start);
        for (&col, &value) in cols.iter().zip(values) {
            let weights: &[[[Pair; 4]; 2]; 4] = bytemuck::must_cast_ref(&panel[col as usize]);
            let value = _mm256_set1_epi32(value);
            for (sum, weights) in sums.iter_mut().zip(weights) {
                *sum = _mm256_add_epi32(*sum, _mm256_madd_epi16(value, bytemuck::must_cast(*weights)));
            }
        }
        let sums: [[[i32; 4]; 4]; 2] = bytemuck::must_cast(sums);
        sums.map(|half| half.map(|sums| F32x4(sums.map(|sum| sum as f32))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn products_are_those_of_integers(
            rows in prop::collection::vec(prop::array::uniform4(-32_767..=32_767i32), 3),
            weights in prop::collection::vec(prop::array::uniform2(prop::array::uniform16(-32_767..=32_767i32)), 2),
        ) {
            // Halves of the range, so that sums of six fit.
            let rows: Vec<[i32; 4]> = rows.iter().map(|row| row.map(|v| v / 2)).collect();
            let join = |first: i32, second: i32| pair([first as f32, second as f32]);
            let pairs: Vec<[Pair; 2]> = rows.iter().map(|&[a, b, c, d]| [join(a, b), join(c, d)]).collect();
            let packed: Vec<PairPanel> = weights
                .iter()
                .map(|[first, second]| {
                    let pairs: [Pair; 16] = std::array::from_fn(|i| join(first[i] / 2, second[i] / 2));
                    [[[0; 4]; 4], bytemuck::must_cast(pairs)]
                })
                .collect();
            let expected = |row: &[i32; 4]| -> Vec<f32> {
                (0..16)
                    .map(|latent| {
                        let weight = |k: usize| i64::from(weights[k / 2][k % 2][latent] / 2);
                        let sum: i64 = (0..4).map(|k| i64::from(row[k]) * weight(k)).sum();
                        sum as f32
                    })
                    .collect()
            };
            let [first, second] = pair_products([&pairs[0], &pairs[1]], &packed, 1);
            let [third, _] = portable([&pairs[2], &pairs[0]], &packed, 1);
            for (sums, row) in [first, second, third].iter().zip(&rows) {
                let sums: Vec<f32> = sums.iter().flat_map(|sums| sums.lanes()).collect();
                prop_assert_eq!(sums, expected(row));
            }
        }

        #[test]
        fn sparse_products_are_those_of_integers(
            entries in prop::collection::vec((0..3u32, any::<i16>(), any::<i16>()), 0..9),
            weights in prop::collection::vec(prop::array::uniform32(any::<i32>()), 3),
            start in prop::array::uniform32(any::<i32>()),
        ) {
            let join = |first: i16, second: i16| i32::from(first) & 0xffff | i32::from(second) << 16;
            let cols: Vec<u32> = entries.iter().map(|&(col, ..)| col).collect();
            let values: Vec<Pair> = entries.iter().map(|&(_, first, second)| join(first, second)).collect();
            let panel: Vec<PairPanel> = weights.iter().map(|weights| bytemuck::must_cast(*weights)).collect();
            let expected: Vec<f32> = (0..32)
                .map(|latent| {
                    let products = entries.iter().map(|&(col, first, second)| {
                        let pair = weights[col as usize][latent];
                        i64::from(first) * i64::from(pair as i16) + i64::from(second) * i64::from(pair >> 16)
                    });
                    (i64::from(start[latent]) + products.sum::<i64>()) as i32 as f32
                })
                .collect();
            for found in [
                sparse_pair_products((&cols, &values), &panel, &start),
                portable_sparse((&cols, &values), &panel, &start),
            ] {
                let found: Vec<f32> = found.as_flattened().iter().flat_map(|sums| sums.lanes()).collect();
                prop_assert_eq!(&found, &expected);
            }
        }

        #[test]
        fn pairs_hold_rounded_numbers(first in -32_760.0..32_760.0f32, second in -32_760.0..32_760.0f32) {
            let pair = pair([first, second]);
            prop_assert_eq!(i32::from(pair as i16), first.round_ties_even() as i32);
            prop_assert_eq!(pair >> 16, second.round_ties_even() as i32);
        }
    }
}
