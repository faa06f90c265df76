//! Which rows of a set of files, in blocks of neighbours: all of them, a part that is held out, a share.

use std::rc::Rc;
use std::sync::Arc;

use super::options::StreamOptions;
use super::shards::{Shards, StreamFile};
use crate::data::column_moments::ColumnMoments;
use crate::data::{DataMoments, Dataset, Normalisation, StorageKind};
use crate::error::{Error, Result};
use crate::random::{Random, Stream};

/// Bytes of a block at most: enough that a disk which seeks reads most of the time.
const BLOCK_BYTES: u64 = 1 << 20;
/// Blocks that the reservoir holds at least, so that its rows come from many places.
const BLOCKS_IN_RESERVOIR: u64 = 64;
/// Blocks that a set has at least, as far as it has so many rows, so that a small share of it can be held out.
const LEAST_BLOCKS: u64 = 64;

/// Neighbouring rows of one file.
#[derive(Debug, Clone)]
pub struct Block {
    pub shard: usize,
    /// Its first row, counted in the file.
    pub first: u64,
    /// Rows in the file.
    pub rows: u32,
    /// Those of them that are left out, ascending, counted from the first of the block.
    pub dropped: Vec<u32>,
}

impl Block {
    /// Rows that are not left out.
    pub fn kept(&self) -> usize {
        self.rows as usize - self.dropped.len()
    }
}

/// Rows that stay in their files.
///
/// ```
/// use std::borrow::Cow;
/// use splinterp::data::{NormalisationKind, RowStream, StreamFile, StreamOptions};
///
/// let mut bytes = b"\x93NUMPY\x01\x00\x3b\x00{'descr': '|u1', 'fortran_order': False, 'shape': (100, 2)}".to_vec();
/// bytes.extend(0..200u8);
/// let file = StreamFile { name: "acts.npy".into(), source: Box::new(Cow::<[u8]>::Owned(bytes)) };
/// let go_on = &mut |_, _| std::ops::ControlFlow::Continue(());
/// pollster::block_on(async {
///     let all = RowStream::open(vec![file], StreamOptions::default()).await?;
///     let (train, held_out) = all.hold_out(10, 1)?;
///     let train = train.normalised(NormalisationKind::Standardise, go_on).await?;
///     let test = train.normalise(held_out.load(go_on).await?.rows)?;
///     assert_eq!((test.rows() as u64 + train.rows(), test.cols()), (100, 2));
///     Ok::<(), splinterp::Error>(())
/// })?;
/// # Ok::<(), splinterp::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct RowStream {
    pub(super) shards: Rc<Shards>,
    /// In the order of the files.
    pub(super) blocks: Rc<[Block]>,
    pub(super) reservoir: u64,
    /// Whether rows that are not finite are left out where nobody has looked for them yet.
    pub(super) drops: bool,
    pub(super) normalisation: Arc<Normalisation>,
    /// Once all rows have been read: of the values as they are stored, and of the rows as the model sees them.
    pub(super) read: Option<Rc<(ColumnMoments, DataMoments)>>,
}

impl RowStream {
    /// Opens the files of a set by their headers.
    ///
    /// # Errors
    /// If one cannot be opened, is packed, or holds rows of another length or type than the first.
    pub async fn open(files: Vec<StreamFile>, options: StreamOptions) -> Result<Self> {
        let shards = Shards::open(files, &options).await?;
        let row_bytes = (shards.cols as u64).saturating_mul(shards.element_type.dtype.size() as u64).max(1);
        let kept_bytes = (shards.cols as u64).saturating_mul(shards.kind.size() as u64).max(1);
        let rows = (BLOCK_BYTES / row_bytes)
            .min(options.reservoir / BLOCKS_IN_RESERVOIR / kept_bytes)
            .min(shards.rows / LEAST_BLOCKS)
            .max(1);
        let blocks = blocks_of(&shards, rows);
        Ok(Self {
            shards: Rc::new(shards),
            blocks: blocks.into(),
            reservoir: options.reservoir,
            drops: options.drop_non_finite,
            normalisation: Arc::new(Normalisation::NONE),
            read: None,
        })
    }

    /// Rows of this part of the set, without those that are known to be left out.
    pub fn rows(&self) -> u64 {
        self.blocks.iter().map(|block| block.kept() as u64).sum()
    }

    /// Values in a row.
    pub fn cols(&self) -> usize {
        self.shards.cols
    }

    /// The first file, and how many others.
    pub fn name(&self) -> String {
        self.shards.name()
    }

    /// The type in which values are kept in memory.
    pub fn kind(&self) -> StorageKind {
        self.shards.kind
    }

    /// Means of the rows as the model sees them, once [`RowStream::normalised`] has read them.
    pub fn moments(&self) -> Option<&DataMoments> {
        self.read.as_deref().map(|(_, moments)| moments)
    }

    /// A random share of the blocks: at least one. For one seed smaller shares are parts of larger ones.
    ///
    /// # Errors
    /// If the fraction is not in (0, 1].
    pub fn share(&self, fraction: f64, seed: u64) -> Result<Self> {
        if !(fraction > 0.0 && fraction <= 1.0) {
            return Err(Error::option("fraction", fraction, "above 0 and at most 1"));
        }
        let mut order = Random::new(seed, Stream::Kept).permutation(self.blocks.len() as u32);
        order.truncate(((order.len() as f64 * fraction).round() as usize).max(1));
        Ok(self.part(order))
    }

    pub(super) fn part(&self, mut blocks: Vec<u32>) -> Self {
        blocks.sort_unstable();
        self.of_blocks(blocks.into_iter().map(|at| self.blocks[at as usize].clone()).collect())
    }

    /// A part of the set, in the order of the files.
    pub(super) fn of_blocks(&self, blocks: Vec<Block>) -> Self {
        Self { blocks: blocks.into(), read: None, ..self.clone() }
    }

    /// For each file, the rows of the set that come before its own.
    pub(super) fn rows_before(&self) -> Vec<u64> {
        let mut sum = 0;
        let before = |rows| {
            sum += rows;
            sum - rows
        };
        self.shards.shards.iter().map(|shard| shard.rows).map(before).collect()
    }

    /// Rows from elsewhere, normalised as these are.
    ///
    /// # Errors
    /// If they are of another length.
    pub fn normalise(&self, rows: Dataset) -> Result<Dataset> {
        if rows.cols() != self.cols() {
            return Err(Error::shape("columns of the two data sets", rows.cols(), self.cols()));
        }
        Ok(rows.normalised_by(&self.normalisation))
    }

    /// Chunks of the blocks numbered `order`, about equal in rows, each in the order of the files: as many as the
    /// reservoir asks for.
    pub(super) fn chunks(&self, order: Vec<u32>) -> Vec<Vec<usize>> {
        let rows = self.rows();
        let bytes = rows.saturating_mul(self.row_bytes());
        let chunks = if bytes <= self.reservoir { 1 } else { bytes.div_ceil((self.reservoir / 2).max(1)) };
        let most = rows.div_ceil(chunks);
        let mut all = vec![Vec::new()];
        let mut held = 0;
        for at in order {
            let kept = self.blocks[at as usize].kept() as u64;
            if held > 0 && held + kept > most {
                all.push(Vec::new());
                held = 0;
            }
            held += kept;
            if let Some(chunk) = all.last_mut() {
                chunk.push(at as usize);
            }
        }
        all.iter_mut().for_each(|chunk| chunk.sort_unstable());
        all
    }

    /// Bytes that a row takes in memory.
    fn row_bytes(&self) -> u64 {
        (self.cols() as u64).saturating_mul(self.shards.kind.size() as u64)
    }
}

fn blocks_of(shards: &Shards, rows: u64) -> Vec<Block> {
    let mut blocks = Vec::new();
    for (shard, file) in shards.shards.iter().enumerate() {
        let mut first = 0;
        while first < file.rows {
            let rows = rows.min(file.rows - first);
            blocks.push(Block { shard, first, rows: rows as u32, dropped: Vec::new() });
            first += rows;
        }
    }
    blocks
}
