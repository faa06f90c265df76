//! Shapes of tensors: how leading dimensions flatten to rows, and how they read in messages.

/// Values that a row may have: what a 32-bit machine can count.
const LONGEST_ROW: u64 = u32::MAX as u64;

/// Row length of a tensor whose leading dimensions flatten to rows. A tensor of one dimension makes rows of one value.
pub fn row_length(shape: &[usize]) -> Result<usize, String> {
    match shape {
        [] => Err("holds a single number, expected an array of rows".to_owned()),
        [_] => Ok(1),
        [.., last] => product(&[*last]),
    }
}

/// Row length of a tensor whose first dimension counts the rows: an image is a row, and so is a single label.
pub fn whole_row_length(shape: &[usize]) -> Result<usize, String> {
    product(shape.get(1..).unwrap_or_default())
}

/// Counted in 64 bits: dimensions that each fit in memory may multiply past what 32 bits hold.
fn product(shape: &[usize]) -> Result<usize, String> {
    let length = shape.iter().try_fold(1u64, |product, &size| product.checked_mul(size as u64));
    length
        .filter(|&length| length <= LONGEST_ROW)
        .and_then(|length| usize::try_from(length).ok())
        .ok_or_else(|| format!("has rows of {} values, expected at most {LONGEST_ROW}", times(shape)))
}

/// "60000 × 28 × 28"; long lists, which only damaged files have, are cut.
pub fn times(shape: &[usize]) -> String {
    const SHOWN: usize = 6;
    let mut text = shape.iter().take(SHOWN).map(usize::to_string).collect::<Vec<_>>().join(" × ");
    if shape.len() > SHOWN {
        text += &format!(" × … ({} dimensions)", shape.len());
    }
    text
}
