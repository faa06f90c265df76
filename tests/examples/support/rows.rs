//! The rows on which the examples compare methods.

use std::error::Error;
use std::path::Path;

use splinterp::data::{Dataset, NormalisationKind, read_tensors};

/// Decides which activations are test rows.
const SPLIT_SEED: u64 = 1;

/// Training and test images, from the folder of the four files.
pub fn mnist(folder: impl AsRef<Path>) -> Result<(Dataset, Dataset), Box<dyn Error>> {
    let images = |file: &str| -> Result<Dataset, Box<dyn Error>> {
        Ok(read(&folder.as_ref().join(file))?.normalised(NormalisationKind::Mnist))
    };
    Ok((images("train-images-idx3-ubyte.gz")?, images("t10k-images-idx3-ubyte.gz")?))
}

/// Nine tenths to train on, standardised by column; the test rows take the training rows' standardisation.
pub fn activations(file: impl AsRef<Path>) -> Result<(Dataset, Dataset), Box<dyn Error>> {
    let (train, test) = read(file.as_ref())?.split(0.9, SPLIT_SEED)?;
    let train = train.normalised(NormalisationKind::Standardise);
    let test = test.normalised_like(&train)?;
    Ok((train, test))
}

fn read(path: &Path) -> Result<Dataset, Box<dyn Error>> {
    let bytes = std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    Ok(read_tensors(&bytes, &name)?.dataset(None)?)
}
