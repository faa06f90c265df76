// start + Σ z W_dec[latent] over the active latents of a row from `first_latent` to `latents`, found by their bits.
// A thread has `vectors_per_thread` vec4 of a row.
// mode: the start is 0 b_dec; 1 b_dec − before; 2 before.

@group(0) @binding(1) var<storage, read> z: array<f32>;
@group(0) @binding(2) var<storage, read> active_bits: array<u32>;
@group(0) @binding(3) var<storage, read> w_dec: array<vec4f>;
@group(0) @binding(4) var<storage, read> b_dec: array<vec4f>;
@group(0) @binding(5) var<storage, read> before: array<vec4f>;
@group(0) @binding(6) var<storage, read_write> fit: array<vec4f>;

fn start(col: u32, at: u32) -> vec4f {
  if (task.mode == 0u) {
    return b_dec[col];
  }
  return select(before[at], b_dec[col] - before[at], task.mode == 1u);
}

@compute @workgroup_size(group_size)
fn main(@builtin(workgroup_id) id: vec3u, @builtin(local_invocation_index) lane: u32) {
  let blocks = task.width / vectors_per_thread;
  let at = group_of(id) * group_size + lane;
  let row = at / blocks;
  let col = at % blocks * vectors_per_thread;
  if (row >= task.rows) {
    return;
  }
  let to = row * task.width + col;
  var a = start(col, to);
  var b = start(col + 1u, to + 1u);
  var c = start(col + 2u, to + 2u);
  var d = start(col + 3u, to + 3u);
  let words = task.stride / 32u;
  for (var word = task.first_latent / 32u; 32u * word < task.latents; word++) {
    var bits = in_range(active_bits[row * words + word], word);
    while (bits != 0u) {
      let latent = 32u * word + countTrailingZeros(bits);
      bits &= bits - 1u;
      let value = z[row * task.stride + latent];
      let base = latent * task.width + col;
      a += value * w_dec[base];
      b += value * w_dec[base + 1u];
      c += value * w_dec[base + 2u];
      d += value * w_dec[base + 3u];
    }
  }
  fit[to] = a;
  fit[to + 1u] = b;
  fit[to + 2u] = c;
  fit[to + 3u] = d;
}
