// ReLU, JumpReLU and BatchTopK: z = pre where pre > threshold, else 0, in place; and a bit for each latent.
// A thread has 32 latents. Thresholds of padding latents are beyond reach.
// mode: 0 each latent has a threshold; 1 all have that at `offset`, which is 0 or above.

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
    let threshold = thresholds[select(latent + bit, task.offset, task.mode == 1u)];
    if (pre[at * 32u + bit] > threshold) {
      bits |= 1u << bit;
    } else {
      pre[at * 32u + bit] = 0.0;
    }
  }
  active_bits[at] = bits;
}
