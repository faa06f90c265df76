// x̂ = Σ z W_dec[latent] + b_dec over the active latents of a row. A thread has 16 columns of a row.

@group(0) @binding(1) var<storage, read> chosen: array<u32>;
@group(0) @binding(2) var<storage, read> values: array<f32>;
@group(0) @binding(3) var<storage, read> lengths: array<u32>;
@group(0) @binding(4) var<storage, read> w_dec: array<vec4f>;
@group(0) @binding(5) var<storage, read> b_dec: array<vec4f>;
@group(0) @binding(6) var<storage, read_write> fit: array<vec4f>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) id: vec3u, @builtin(local_invocation_index) lane: u32) {
  let blocks = task.width / 4u;
  let at = group_of(id) * 64u + lane;
  let row = at / blocks;
  let col = at % blocks * 4u;
  if (row >= task.rows) {
    return;
  }
  var a = b_dec[col];
  var b = b_dec[col + 1u];
  var c = b_dec[col + 2u];
  var d = b_dec[col + 3u];
  let first = row * task.k;
  let last = first + lengths[row];
  for (var entry = first; entry < last; entry++) {
    let z = values[entry];
    let base = chosen[entry] * task.width + col;
    a += z * w_dec[base];
    b += z * w_dec[base + 1u];
    c += z * w_dec[base + 2u];
    d += z * w_dec[base + 3u];
  }
  let to = row * task.width + col;
  fit[to] = a;
  fit[to + 1u] = b;
  fit[to + 2u] = c;
  fit[to + 3u] = d;
}
