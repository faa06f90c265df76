//! Where the parameters of a run begin, beyond random numbers.

use super::{BiasStart, DecoderNorm, DecoderStart, TrainOptions};
use crate::data::{DataMoments, Dataset};
use crate::sae::Sae;

/// Rows whose geometric median is computed, as dictionary_learning takes it from one batch.
const MEDIAN_ROWS: usize = 2048;
/// Steps of the median at most, and the length of a step below which it stands: those of Gao et al. 2024.
const MEDIAN_STEPS: usize = 100;
const MEDIAN_STEP: f64 = 1e-5;

/// Decoder and biases as the options say.
pub fn start(sae: &mut Sae, train: &Dataset, moments: &DataMoments, options: &TrainOptions) {
    if options.decoder_start == DecoderStart::Transposed {
        sae.w_dec = Some(sae.w_enc.clone());
        sae.normalise_decoder();
        sae.w_enc.clone_from_slice(sae.w_dec.as_deref().unwrap_or(&[]));
    } else if options.decoder_norm == DecoderNorm::Unit {
        sae.normalise_decoder();
    }
    let bias = match options.bias_start {
        BiasStart::Zero => return,
        BiasStart::Mean => moments.mean.clone(),
        BiasStart::Median => geometric_median(train, &moments.mean),
    };
    sae.b_dec = bias.into_iter().map(|value| value as f32).collect();
    sae.shift_input_by_b_dec(-1.0);
}

/// The point with the smallest sum of distances to the first rows, by Weiszfeld's steps from `mean`.
fn geometric_median(data: &Dataset, mean: &[f64]) -> Vec<f64> {
    let rows: Vec<u32> = (0..data.rows().min(MEDIAN_ROWS) as u32).collect();
    let mut values = vec![0.0; rows.len() * data.cols()];
    data.gather(&rows, &mut values);
    let mut median = mean.to_vec();
    for _ in 0..MEDIAN_STEPS {
        let mut sum = vec![0.0; median.len()];
        let mut weights = 0.0;
        for row in values.chunks_exact(data.cols()) {
            let square: f64 = row.iter().zip(&median).map(|(&x, m)| (f64::from(x) - m).powi(2)).sum();
            // A row at the median itself pulls nowhere.
            if square > 0.0 {
                let weight = 1.0 / square.sqrt();
                weights += weight;
                sum.iter_mut().zip(row).for_each(|(sum, &x)| *sum += weight * f64::from(x));
            }
        }
        if weights == 0.0 {
            break;
        }
        let next: Vec<f64> = sum.iter().map(|sum| sum / weights).collect();
        let moved: f64 = next.iter().zip(&median).map(|(a, b)| (a - b) * (a - b)).sum();
        median = next;
        if moved.sqrt() < MEDIAN_STEP {
            break;
        }
    }
    median
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Storage;

    #[test]
    fn a_far_row_moves_the_mean_and_hardly_the_median() {
        let mut values: Vec<f32> =
            [(0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (1.0, 1.0)].into_iter().flat_map(|(a, b)| [a, b]).collect();
        let square = Dataset::new(Storage::F32(values.clone()), 2).unwrap();
        let found = geometric_median(&square, &[0.2, 0.9]);
        assert!(found.iter().all(|value| (value - 0.5).abs() < 1e-4), "{found:?}");
        values.extend([1000.0, 0.5]);
        let far = Dataset::new(Storage::F32(values), 2).unwrap();
        let found = geometric_median(&far, &far.moments().mean);
        // The sum of distances is convex: no neighbour has a smaller one.
        let distances = |x: f64, y: f64| {
            far.values()
                .chunks(2)
                .map(|row| (f64::from(row[0]) - x).hypot(f64::from(row[1]) - y))
                .sum::<f64>()
        };
        let least = distances(found[0], found[1]);
        for (dx, dy) in [(0.01, 0.0), (-0.01, 0.0), (0.0, 0.01), (0.0, -0.01)] {
            assert!(distances(found[0] + dx, found[1] + dy) >= least - 1e-6, "{found:?}");
        }
        assert!(found[0] < 2.0, "{found:?}");
    }
}
