// ∂F/∂z = scale · W_dec[latent] · r + l1 · sign(z) of the active latents of a row from `first_latent` to `latents`, found
// by their bits, for codes of which few are active and no list is kept. A thread has 32 latents of a row.

@group(0) @binding(1) var<storage, read> residual: array<vec4f>;
@group(0) @binding(2) var<storage, read> w_dec: array<vec4f>;
@group(0) @binding(3) var<storage, read> z: array<f32>;
@group(0) @binding(4) var<storage, read> active_bits: array<u32>;
@group(0) @binding(5) var<storage, read_write> dz: array<f32>;

@compute @workgroup_size(group_size)
fn main(@builtin(workgroup_id) id: vec3u, @builtin(local_invocation_index) lane: u32) {
  let first_word = task.first_latent / 32u;
  let words = (task.latents + 31u) / 32u - first_word;
  let at = group_of(id) * group_size + lane;
  let row = at / words;
  let word = first_word + at % words;
  if (row >= task.rows) {
    return;
  }
  var bits = in_range(active_bits[row * (task.stride / 32u) + word], word);
  while (bits != 0u) {
    let latent = 32u * word + countTrailingZeros(bits);
    bits &= bits - 1u;
    var sum = vec4f();
    for (var col = 0u; col < task.width; col++) {
      sum += residual[row * task.width + col] * w_dec[latent * task.width + col];
    }
    let to = row * task.stride + latent;
    dz[to] = task.scale * dot(sum, vec4f(1.0)) + task.l1 * sign(z[to]);
  }
}
