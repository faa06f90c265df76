// A bit for each pre-activation that lies within half a bandwidth of its threshold. A thread has 32 latents of a row.
// Thresholds of padding latents are beyond reach.

@group(0) @binding(1) var<storage, read> thresholds: array<f32>;
@group(0) @binding(2) var<storage, read> pre: array<f32>;
@group(0) @binding(3) var<storage, read_write> near_bits: array<u32>;

@compute @workgroup_size(group_size)
fn main(@builtin(workgroup_id) id: vec3u, @builtin(local_invocation_index) lane: u32) {
  let at = group_of(id) * group_size + lane;
  let words = task.stride / 32u;
  if (at >= task.rows * words) {
    return;
  }
  let latent = at % words * 32u;
  var bits = 0u;
  for (var bit = 0u; bit < 32u; bit++) {
    if (abs(pre[at * 32u + bit] - thresholds[latent + bit]) < 0.5 * task.bandwidth) {
      bits |= 1u << bit;
    }
  }
  near_bits[at] = bits;
}
