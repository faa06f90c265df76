// What a sweep needs of each latent from `first_latent` to `latents`: the rows of the chunk on which it is active, in
// their order, and its gain 1 / (scale · energy + ridge), where energy = (1 − rate) · energy + Σ z². A thread has a latent.
// `count` rows fit in a latent's list.

@group(0) @binding(1) var<storage, read> z: array<f32>;
@group(0) @binding(2) var<storage, read> active_bits: array<u32>;
@group(0) @binding(3) var<storage, read_write> lists: array<u32>;
@group(0) @binding(4) var<storage, read_write> lengths: array<u32>;
@group(0) @binding(5) var<storage, read_write> energies: array<f32>;
@group(0) @binding(6) var<storage, read_write> gains: array<f32>;

@compute @workgroup_size(group_size)
fn main(@builtin(workgroup_id) id: vec3u, @builtin(local_invocation_index) lane: u32) {
  let latent = task.first_latent + group_of(id) * group_size + lane;
  if (latent >= task.latents) {
    return;
  }
  let words = task.stride / 32u;
  let word = latent / 32u;
  let bit = latent % 32u;
  let first = latent * task.count;
  var squares = 0.0;
  var size = 0u;
  for (var row = 0u; row < task.rows; row++) {
    if (((active_bits[row * words + word] >> bit) & 1u) == 1u) {
      let value = z[row * task.stride + latent];
      squares += value * value;
      lists[first + size] = row;
      size += 1u;
    }
  }
  lengths[latent] = size;
  let energy = (1.0 - task.rate) * energies[latent] + squares;
  energies[latent] = energy;
  let curvature = task.scale * energy + task.ridge;
  // All codes may be so small that their squares are 0.
  var gain = 0.0;
  if (curvature > 0.0) {
    gain = 1.0 / curvature;
  }
  gains[latent] = gain;
}
