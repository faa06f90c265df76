// x̂ = Σ z W_dec[latent] + b_dec over the active latents of a row. A thread has 8 columns of a row.

@group(0) @binding(1) var<storage, read> chosen: array<u32>;
@group(0) @binding(2) var<storage, read> values: array<f32>;
@group(0) @binding(3) var<storage, read> lengths: array<u32>;
@group(0) @binding(4) var<storage, read> w_dec: array<vec4f>;
@group(0) @binding(5) var<storage, read> b_dec: array<vec4f>;
@group(0) @binding(6) var<storage, read_write> fit: array<vec4f>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) id: vec3u, @builtin(local_invocation_index) lane: u32) {
  let pairs = task.width / 2u;
  let at = group_of(id) * 64u + lane;
  let row = at / pairs;
  let col = at % pairs * 2u;
  if (row >= task.rows) {
    return;
  }
  var a = b_dec[col];
  var b = b_dec[col + 1u];
  let first = row * task.k;
  let last = first + lengths[row];
  for (var entry = first; entry < last; entry++) {
    let z = values[entry];
    let base = chosen[entry] * task.width + col;
    a += z * w_dec[base];
    b += z * w_dec[base + 1u];
  }
  fit[row * task.width + col] = a;
  fit[row * task.width + col + 1u] = b;
}
