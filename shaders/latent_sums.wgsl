// Σ weight[row, latent] over the rows on which a latent is active, and their number. A thread has a latent.
// mode: 1 adds to the sums that are there, 2 takes absolute values, 4 adds to the counts.

@group(0) @binding(1) var<storage, read> weights: array<f32>;
@group(0) @binding(2) var<storage, read> active_bits: array<u32>;
@group(0) @binding(3) var<storage, read_write> sums: array<f32>;
@group(0) @binding(4) var<storage, read_write> counts: array<u32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) id: vec3u, @builtin(local_invocation_index) lane: u32) {
  let latent = group_of(id) * 64u + lane;
  if (latent >= task.latents) {
    return;
  }
  let words = task.stride / 32u;
  var sum = 0.0;
  var rows = 0u;
  for (var row = 0u; row < task.rows; row++) {
    let word = active_bits[row * words + latent / 32u];
    if (((word >> (latent % 32u)) & 1u) == 1u) {
      let weight = weights[row * task.stride + latent];
      sum += select(weight, abs(weight), (task.mode & 2u) == 2u);
      rows += 1u;
    }
  }
  if ((task.mode & 1u) == 1u) {
    sum += sums[latent];
  }
  sums[latent] = sum;
  if ((task.mode & 4u) == 4u) {
    counts[latent] += rows;
  }
}
