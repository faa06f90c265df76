// The stages of an epoch: which functions they are, and how long they must take at least.

/** Rows that are encoded: by the steps, for the statistics, and to be measured. */
const encoded = ({ rows, statisticsRows, testRows }) => rows + statisticsRows + testRows;
/** Seconds of one multiply-add for each active latent and column of some rows. */
const sparse = (rows, { k, dIn }, { f32 }) => (rows * k * dIn) / f32;

/** Whether dense rows are multiplied as 16-bit integers first, as src/engine/cpu/screen.rs decides: an instruction has two. */
const isScreened = ({ dense, dIn, k, dSae }) => dense === dIn && 8 * k <= dSae;

/** By the name of a stage: its functions, and its floor in seconds for the sizes of a run. */
export const STAGES = {
  'rows into float32': {
    functions: /Dataset::gather|Dataset::moments|ByteRows::expand|ByteRows::fetch|ByteRows::gather/,
    // At least a byte of each value is read, and four are written.
    floor: (sizes, { bytes }) => (encoded(sizes) * sizes.dIn * 5) / bytes,
  },
  'zeros left out': { functions: /push_nonzero|keep_more/ },
  encode: {
    functions:
      /PackedEncoder::encode|encode_panel|multiply_panel|multiply_deviations|Screen::approximate|append_listed|quantise|Deviations/,
    floor: (sizes, { f32 }) => (encoded(sizes) * sizes.dense * sizes.dSae) / (isScreened(sizes) ? 2 * f32 : f32),
  },
  TopK: {
    functions: /selection|Selection|selector|Selector|SparseCodes/,
    floor: (sizes, { bytes }) => (encoded(sizes) * sizes.dSae * 4) / bytes,
  },
  decode: { functions: /decode_row/, floor: (sizes, rates) => sparse(sizes.rows + sizes.testRows, sizes, rates) },
  'residual and ∂F/∂z': {
    functions: /Part::reconstruct/,
    floor: (sizes, rates) => sparse(sizes.rows, sizes, rates),
  },
  'gradient of W_enc': {
    functions: /Gradient|for_each_row|LatentIndex/,
    floor: (sizes, rates) => sparse(sizes.rows, sizes, rates),
  },
  'sweeps over the decoder': {
    functions: /DecoderSweep|BlockSweep|Row::descend|residuals_by_group/,
    // Residuals are read for the sums and moved by them.
    floor: (sizes, rates) => sparse(2 * sizes.rows, sizes, rates),
  },
  Adam: {
    functions: /Sink>::take/,
    // θ, m and v are read and written.
    floor: ({ rows, batchSize, dIn, dSae }, { bytes }) => (Math.ceil(rows / batchSize) * dIn * dSae * 24) / bytes,
  },
  'encoder into panels': {
    functions: /PackedEncoder::pack|Screen::pack|Scale::of|interleave/,
    floor: ({ rows, batchSize, dIn, dSae }, { bytes }) => (Math.ceil(rows / batchSize) * dIn * dSae * 8) / bytes,
  },
  'ZᵀX and ZᵀZ': {
    functions: /gram::|Accumulator/,
    floor: (sizes, rates) => sparse(sizes.statisticsRows, sizes, rates),
  },
  'products of the solve': {
    functions: /Product::subtract|SubtractStrips|tile_product/,
    // The factorisation and two substitutions; at the end of an epoch also two evaluations of F.
    floor: ({ dIn, dSae, solves }, { f64 }) => (solves * (dSae ** 3 / 6 + dSae ** 2 * dIn) + dSae ** 2 * dIn) / f64,
  },
  'rest of the solve': { functions: /train::decoder|SufficientStats/ },
  rest: { functions: /(?:)/ },
};

/** Functions that several stages call. */
export const SHARED = /row_sums::|simd::dot/;

/** The first stage that has a function of that name. */
export const stageOf = (name) => Object.keys(STAGES).find((stage) => STAGES[stage].functions.test(name));
