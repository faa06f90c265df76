// What every kernel begins with: the sizes and constants that the host fills in when it makes the pipeline, its task,
// and the number of a workgroup.
//
// Shapes: data rows are padded with zeros to `width` vec4 (a multiple of 4), latents to `stride` (a multiple of 32).
// Padding stays zero through every kernel, so that products need no special case at their edges.

// Threads of a workgroup of most kernels.
override group_size: u32;
// Of these, threads that share a row.
override lanes: u32;
// Threads of a workgroup of a dense product, along the columns and along the rows.
override tile_columns: u32;
override tile_rows: u32;
// Rows, and columns, whose results such a thread keeps in registers. The kernels spell the registers out.
override register_tile: u32;
// vec4 of a row that a thread of a sparse product keeps in registers, likewise spelled out.
override vectors_per_thread: u32;
// Adam's constants.
override beta1: f32;
override beta2: f32;
override one_minus_beta1: f32;
override one_minus_beta2: f32;
override adam_eps: f32;
// Added to the norm of the gradient where it is clipped.
override clip_eps: f32;
// Most rows that are counted without activity.
override most_idle_rows: f32;

struct Task {
  // First workgroup of this dispatch: long ones are split.
  first: u32,
  // Rows of the chunk.
  rows: u32,
  // Where the chunk begins in the list of row numbers and of sums.
  offset: u32,
  // vec4 in a row of data.
  width: u32,
  // Latents, and latents with padding.
  latents: u32,
  stride: u32,
  // Latents that TopK chooses in a row.
  k: u32,
  // Flags; each kernel says which.
  mode: u32,
  // First row in a buffer of stored rows, and how many it holds.
  stored_first: u32,
  stored_rows: u32,
  // vec4 of a parameter.
  elements: u32,
  // Columns of tiles, partial sums, or rows in a list.
  count: u32,
  scale: f32,
  l1: f32,
  // Adam's step size and 1 / √(1 − β₂ᵗ).
  step_size: f32,
  inverse_root: f32,
  // Of a sweep; else gradient += ridge · θ + proximal · (θ − previous), and after clipping += weight_decay · θ
  ridge: f32,
  proximal: f32,
  weight_decay: f32,
  // First of the latents that a kernel is about; `latents` is behind the last.
  first_latent: u32,
  // Weight of a batch in the average of BatchTopK's threshold, or in the energies of latents.
  rate: f32,
  // Rows without activity after which a latent counts as dead.
  dead_after: f32,
  // Of the training of thresholds.
  bandwidth: f32,
  target_l0: f32,
  coefficient: f32,
  padding_a: u32,
  padding_b: u32,
  padding_c: u32,
}

@group(0) @binding(0) var<uniform> task: Task;

fn group_of(id: vec3u) -> u32 {
  return task.first + id.x;
}
