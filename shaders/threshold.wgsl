// ReLU and JumpReLU: z = pre where pre > threshold, else 0, in place; and a bit for each latent.
// A thread has 32 latents. Thresholds of padding latents are beyond reach.

@group(0) @binding(1) var<storage, read> thresholds: array<f32>;
@group(0) @binding(2) var<storage, read_write> pre: array<f32>;
@group(0) @binding(3) var<storage, read_write> active_bits: array<u32>;

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
    if (pre[at * 32u + bit] > thresholds[latent + bit]) {
      bits |= 1u << bit;
    } else {
      pre[at * 32u + bit] = 0.0;
    }
  }
  active_bits[at] = bits;
}
