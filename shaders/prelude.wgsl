// What every kernel begins with: its task, and the number of a workgroup.
//
// Shapes: data rows are padded with zeros to `width` vec4 (a multiple of 2), latents to `stride` (a multiple of 32).
// Padding stays zero through every kernel, so that products need no special case at their edges.

struct Section {
  // First vec4 of the parameter, in the order W_enc, b_enc, b_dec, W_dec.
  start: u32,
  // 1 if Adam trains it.
  trained: u32,
  // gradient += ridge · θ + pull · (θ − previous), and after clipping += decay · θ
  ridge: f32,
  pull: f32,
  decay: f32,
  padding_a: u32,
  padding_b: u32,
  padding_c: u32,
}

struct Task {
  // First workgroup of this dispatch: long ones are split.
  first: u32,
  // Rows of the chunk at hand.
  rows: u32,
  // Where the chunk begins in the list of row numbers and of sums.
  offset: u32,
  // vec4 in a row of data.
  width: u32,
  // Latents, and latents with padding.
  latents: u32,
  stride: u32,
  // Of TopK.
  k: u32,
  // Flags; each kernel says which.
  mode: u32,
  // First row of the resident buffer, and how many it holds.
  resident_first: u32,
  resident_rows: u32,
  // vec4 of all parameters.
  elements: u32,
  // Partial sums, or columns of tiles.
  count: u32,
  scale: f32,
  l1: f32,
  // Adam's step size and 1 / √(1 − β₂ᵗ).
  step_size: f32,
  inverse_root: f32,
  sections: array<Section, 4>,
}

@group(0) @binding(0) var<uniform> task: Task;

fn group_of(id: vec3u) -> u32 {
  return task.first + id.x;
}
