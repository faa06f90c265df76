//! k-means and local PCA against independent reference values, and on degenerate input.

use splinterp::cluster::{agreement, kmeans, local_pca, means, nearest, projections, spreads};
use splinterp::{Error, cluster};

use crate::support::golden;

fn close(found: f64, expected: f64) -> bool {
    (found - expected).abs() <= 1e-12 * expected.abs()
}

#[test]
fn golden_clusters_agree() {
    let Some(golden) = golden() else { return };
    let mut cases = 0;
    for case in golden.cases("kmeans") {
        let file = case["file"].as_str().unwrap();
        let tensors = golden.read(case);
        let (points, centers0, centers) =
            (tensors.f64("points"), tensors.f64("centers0"), tensors.f64("centers"));
        let clusters = case["clusters"].as_u64().unwrap() as usize;
        let dims = centers.len() / clusters;
        let found = kmeans(&points, dims, &centers0, 1000).unwrap();
        let labels: Vec<i64> = found.labels.iter().map(|&label| i64::from(label)).collect();
        assert_eq!(labels, tensors.i64("labels"), "{file}");
        assert!(found.centers.iter().zip(&centers).all(|(f, e)| (f - e).abs() < 1e-12), "{file}");
        assert!(close(found.mse, tensors.f64("kmeans_mse")[0]), "{file}: {}", found.mse);
        let rank = case["rank"].as_u64().unwrap() as usize;
        let pca = local_pca(&points, dims, &found.labels, &found.centers, rank).unwrap();
        assert!(close(pca.mse, tensors.f64("local_pca_mse")[0]), "{file}: {}", pca.mse);
        assert_eq!((pca.directions.len(), pca.variances.len()), (clusters * rank * dims, clusters * rank));
        let none = local_pca(&points, dims, &found.labels, &found.centers, 0).unwrap();
        assert!(close(none.mse, found.mse), "rank 0 is k-means");
        let full = local_pca(&points, dims, &found.labels, &found.centers, dims).unwrap();
        assert!(full.mse < 1e-28, "full rank leaves nothing: {}", full.mse);
        let square = |a: f64, b: f64| (a - b) * (a - b);
        for (bound, directions) in [(&none, &[][..]), (&pca, &pca.directions), (&full, &full.directions)] {
            let places = projections(&points, dims, &found.labels, &found.centers, directions).unwrap();
            let mse =
                points.iter().zip(&places).map(|(a, b)| square(*a, *b)).sum::<f64>() / points.len() as f64;
            assert!((mse - bound.mse).abs() < 1e-11 * (1.0 + mse), "{file}: {mse} {}", bound.mse);
        }
        let spread = spreads(&points, dims, &found.labels, &found.centers).unwrap();
        let total: f64 = found.labels.iter().map(|&label| spread[label as usize]).sum();
        assert!((total / points.len() as f64 - found.mse).abs() < 1e-12, "{file}: {total}");
        let again = means(&points, dims, &found.labels, &centers0).unwrap();
        assert_eq!(again, found.centers, "{file}: centres are the means of their points");
        cases += 1;
    }
    assert_eq!(cases, 2);
}

#[test]
fn labels_tell_means_spreads_and_agreement() {
    let (points, labels) = ([0.0, 0.0, 2.0, 0.0, 5.0, 5.0], [0, 0, 1]);
    let found = means(&points, 2, &labels, &[9.0, 9.0, 9.0, 9.0, 0.75, 0.5]).unwrap();
    assert_eq!(found, [1.0, 0.0, 5.0, 5.0, 0.75, 0.5]);
    assert_eq!(spreads(&points, 2, &labels, &found).unwrap(), [1.0, 0.0, 0.0]);
    assert_eq!(agreement(&labels, &[0, 1, 1]).unwrap(), 2.0 / 3.0);
    assert_eq!(agreement(&[], &[]).unwrap(), 1.0);
    assert_eq!(nearest(&points, 2, &[1.1, 0.2]).unwrap(), 1);
    assert_eq!(nearest(&points, 2, &[1.0, 0.0]).unwrap(), 0, "the first of two");
    let along = projections(&points, 2, &labels, &found[..4], &[0.6, 0.8, 1.0, 0.0]).unwrap();
    assert!(along.iter().zip([0.64, -0.48, 1.36, 0.48, 5.0, 5.0]).all(|(a, b)| (a - b).abs() < 1e-15));
}

#[test]
fn a_center_without_points_stays_and_ties_go_to_the_lower() {
    let found = kmeans(&[1.0, 2.0, 3.0], 1, &[2.0, 2.0, 100.0], 10).unwrap();
    assert_eq!((found.centers, found.labels, found.rounds), (vec![2.0, 2.0, 100.0], vec![0, 0, 0], 0));
    let pca = local_pca(&[1.0, 2.0, 3.0], 1, &[0, 0, 0], &[2.0, 2.0, 100.0], 1).unwrap();
    assert_eq!((pca.mse, pca.variances), (0.0, vec![2.0 / 3.0, 0.0, 0.0]));
}

#[test]
fn the_limit_of_rounds_holds_and_labels_belong_to_the_centres() {
    let points = [0.0, 1.0, 2.0, 10.0, 11.0, 12.0];
    let once = kmeans(&points, 1, &[0.0, 1.0], 1).unwrap();
    // First labels 0 | 1 … 12; means 0 and 7.2.
    assert_eq!(
        (once.rounds, once.centers.as_slice(), once.labels.as_slice()),
        (1, &[0.0, 7.2][..], &[0, 0, 0, 1, 1, 1][..])
    );
    assert_eq!(kmeans(&points, 1, &[0.0, 1.0], 100).unwrap().centers, [1.0, 11.0]);
}

#[test]
fn bad_input_is_named() {
    let message = |result: Result<_, Error>| result.map(|_: ()| ()).unwrap_err().to_string();
    let means = |points: &[f64], dims, centers: &[f64], rounds| {
        message(kmeans(points, dims, centers, rounds).map(drop))
    };
    assert_eq!(means(&[1.0], 0, &[1.0], 1), "dims is 0, expected at least 1");
    assert!(means(&[], 1, &[1.0], 1).starts_with("number of values in points: found 0"));
    assert!(means(&[1.0, 2.0], 2, &[1.0], 1).starts_with("number of values in centers: found 1"));
    assert_eq!(means(&[1.0, f64::NAN], 1, &[1.0], 1), "row 1, column 0 is NaN, expected a finite number");
    assert!(means(&[1e200], 1, &[1.0], 1).starts_with("points is 1e200 in row 0, column 0"));
    assert_eq!(means(&[1.0], 1, &[1.0], 0), "maxIter is 0, expected at least 1");
    let pca = |labels: &[u32], rank| message(local_pca(&[1.0, 2.0], 1, labels, &[1.0], rank).map(drop));
    assert_eq!(pca(&[0, 1], 1), "labels is 1 at 1, expected 0 to 0, the centers");
    assert!(pca(&[0], 1).starts_with("number of labels: found 1"));
    assert_eq!(pca(&[0, 0], 2), "rank is 2, expected 0 to 1, the dims");
    assert!(cluster::means(&[1.0], 1, &[3], &[1.0]).is_err() && spreads(&[1.0], 1, &[], &[1.0]).is_err());
    let along = |directions: &[f64]| projections(&[1.0, 2.0], 2, &[0], &[1.0, 2.0], directions).is_err();
    assert!(along(&[1.0]) && along(&[1.0, f64::NAN]) && !along(&[1.0, 0.0]));
    assert!(nearest(&[], 2, &[0.0, 0.0]).is_err() && nearest(&[1.0, 2.0], 1, &[1.0, 2.0]).is_err());
    assert!(agreement(&[1], &[]).is_err());
}
