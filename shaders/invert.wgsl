// The rows on which each latent is active, in their order, with their number and the sum of their weights: the codes
// by latent, so that gradients can be gathered without two threads writing to one place. A thread has a latent.
// `count` rows fit into a latent's list.
// mode: 1 adds to the sums that are there, 2 takes absolute values, 4 adds to the counts.

@group(0) @binding(1) var<storage, read> weights: array<f32>;
@group(0) @binding(2) var<storage, read> active_bits: array<u32>;
@group(0) @binding(3) var<storage, read_write> lists: array<u32>;
@group(0) @binding(4) var<storage, read_write> lengths: array<u32>;
@group(0) @binding(5) var<storage, read_write> sums: array<f32>;
@group(0) @binding(6) var<storage, read_write> counts: array<u32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) id: vec3u, @builtin(local_invocation_index) lane: u32) {
  let latent = group_of(id) * 64u + lane;
  if (latent >= task.latents) {
    return;
  }
  let words = task.stride / 32u;
  let word = latent / 32u;
  let bit = latent % 32u;
  let first = latent * task.count;
  var sum = 0.0;
  var size = 0u;
  for (var row = 0u; row < task.rows; row++) {
    if (((active_bits[row * words + word] >> bit) & 1u) == 1u) {
      let weight = weights[row * task.stride + latent];
      sum += select(weight, abs(weight), (task.mode & 2u) == 2u);
      lists[first + size] = row;
      size += 1u;
    }
  }
  lengths[latent] = size;
  if ((task.mode & 1u) == 1u) {
    sum += sums[latent];
  }
  sums[latent] = sum;
  if ((task.mode & 4u) == 4u) {
    counts[latent] += size;
  }
}
