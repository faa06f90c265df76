// The codes by latent: the rows on which each latent is active, in their order, their number, and the sum of their
// weights; gradients can then be gathered without two threads writing to one place. A thread has a latent.
// `count` rows fit in a latent's list. Counts are added to those that are there.
// mode: 1 adds to the sums that are there, 2 also sums absolute values, to `sums` from `stride` on.

@group(0) @binding(1) var<storage, read> weights: array<f32>;
@group(0) @binding(2) var<storage, read> active_bits: array<u32>;
@group(0) @binding(3) var<storage, read_write> lists: array<u32>;
@group(0) @binding(4) var<storage, read_write> lengths: array<u32>;
@group(0) @binding(5) var<storage, read_write> sums: array<f32>;
@group(0) @binding(6) var<storage, read_write> counts: array<u32>;

@compute @workgroup_size(group_size)
fn main(@builtin(workgroup_id) id: vec3u, @builtin(local_invocation_index) lane: u32) {
  let latent = group_of(id) * group_size + lane;
  if (latent >= task.latents) {
    return;
  }
  let words = task.stride / 32u;
  let word = latent / 32u;
  let bit = latent % 32u;
  let first = latent * task.count;
  var sum = 0.0;
  var absolute = 0.0;
  var size = 0u;
  for (var row = 0u; row < task.rows; row++) {
    if (((active_bits[row * words + word] >> bit) & 1u) == 1u) {
      let weight = weights[row * task.stride + latent];
      sum += weight;
      absolute += abs(weight);
      lists[first + size] = row;
      size += 1u;
    }
  }
  lengths[latent] = size;
  counts[latent] += size;
  let adds = (task.mode & 1u) == 1u;
  sums[latent] = sum + select(0.0, sums[latent], adds);
  if ((task.mode & 2u) == 2u) {
    let to = task.stride + latent;
    sums[to] = absolute + select(0.0, sums[to], adds);
  }
}
