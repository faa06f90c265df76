// What every kernel begins with: its task, and the number of a workgroup.
//
// Shapes: data rows are padded with zeros to `width` vec4 (a multiple of 4), latents to `stride` (a multiple of 32).
// Padding stays zero through every kernel, so that products need no special case at their edges.

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
  // vec4 of a parameter.
  elements: u32,
  // Columns of tiles, partial sums, or rows in a list.
  count: u32,
  scale: f32,
  l1: f32,
  // Adam's step size and 1 / √(1 − β₂ᵗ).
  step_size: f32,
  inverse_root: f32,
  // gradient += ridge · θ + pull · (θ − previous), and after clipping += decay · θ
  ridge: f32,
  pull: f32,
  decay: f32,
  padding: u32,
}

@group(0) @binding(0) var<uniform> task: Task;

fn group_of(id: vec3u) -> u32 {
  return task.first + id.x;
}
