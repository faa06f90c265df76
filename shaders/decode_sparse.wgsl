// x̂ = Σ z W_dec[latent] + b_dec over the k chosen latents of a row. A thread has `vectors_per_thread` vec4 of a row.

@group(0) @binding(1) var<storage, read> chosen: array<u32>;
@group(0) @binding(2) var<storage, read> values: array<f32>;
@group(0) @binding(3) var<storage, read> w_dec: array<vec4f>;
@group(0) @binding(4) var<storage, read> b_dec: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> fit: array<vec4f>;

@compute @workgroup_size(group_size)
fn main(@builtin(workgroup_id) id: vec3u, @builtin(local_invocation_index) lane: u32) {
  let blocks = task.width / vectors_per_thread;
  let at = group_of(id) * group_size + lane;
  let row = at / blocks;
  let col = at % blocks * vectors_per_thread;
  if (row >= task.rows) {
    return;
  }
  var a = b_dec[col];
  var b = b_dec[col + 1u];
  var c = b_dec[col + 2u];
  var d = b_dec[col + 3u];
  let first = row * task.k;
  let last = first + task.k;
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
