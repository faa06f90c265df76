// left rightᵀ for left [rows, width] and right [latents, width]; a kernel that has this added declares both, and `put`,
// which takes four results of a row. Latents begin at or up to 7 before `first_latent`.
// Each thread keeps 8 × 8 results in registers: 16 loads of four values for 256 multiply-adds.

@compute @workgroup_size(tile_columns, tile_rows)
fn main(@builtin(workgroup_id) id: vec3u, @builtin(local_invocation_id) lane: vec3u) {
  let group = group_of(id);
  let latent = (task.first_latent / register_tile + group % task.count * tile_columns + lane.x) * register_tile;
  let row = (group / task.count * tile_rows + lane.y) * register_tile;
  if (row >= task.rows || latent >= task.stride) {
    return;
  }
  let width = task.width;
  let from_row = row * width;
  let from_latent = latent * width;
  var s0a = vec4f(); var s0b = vec4f();
  var s1a = vec4f(); var s1b = vec4f();
  var s2a = vec4f(); var s2b = vec4f();
  var s3a = vec4f(); var s3b = vec4f();
  var s4a = vec4f(); var s4b = vec4f();
  var s5a = vec4f(); var s5b = vec4f();
  var s6a = vec4f(); var s6b = vec4f();
  var s7a = vec4f(); var s7b = vec4f();
  for (var k = 0u; k < width; k++) {
    let w0 = right[from_latent + k];
    let w1 = right[from_latent + 1u * width + k];
    let w2 = right[from_latent + 2u * width + k];
    let w3 = right[from_latent + 3u * width + k];
    let w4 = right[from_latent + 4u * width + k];
    let w5 = right[from_latent + 5u * width + k];
    let w6 = right[from_latent + 6u * width + k];
    let w7 = right[from_latent + 7u * width + k];
    let x0 = left[from_row + k];
    s0a += vec4f(dot(x0, w0), dot(x0, w1), dot(x0, w2), dot(x0, w3));
    s0b += vec4f(dot(x0, w4), dot(x0, w5), dot(x0, w6), dot(x0, w7));
    let x1 = left[from_row + 1u * width + k];
    s1a += vec4f(dot(x1, w0), dot(x1, w1), dot(x1, w2), dot(x1, w3));
    s1b += vec4f(dot(x1, w4), dot(x1, w5), dot(x1, w6), dot(x1, w7));
    let x2 = left[from_row + 2u * width + k];
    s2a += vec4f(dot(x2, w0), dot(x2, w1), dot(x2, w2), dot(x2, w3));
    s2b += vec4f(dot(x2, w4), dot(x2, w5), dot(x2, w6), dot(x2, w7));
    let x3 = left[from_row + 3u * width + k];
    s3a += vec4f(dot(x3, w0), dot(x3, w1), dot(x3, w2), dot(x3, w3));
    s3b += vec4f(dot(x3, w4), dot(x3, w5), dot(x3, w6), dot(x3, w7));
    let x4 = left[from_row + 4u * width + k];
    s4a += vec4f(dot(x4, w0), dot(x4, w1), dot(x4, w2), dot(x4, w3));
    s4b += vec4f(dot(x4, w4), dot(x4, w5), dot(x4, w6), dot(x4, w7));
    let x5 = left[from_row + 5u * width + k];
    s5a += vec4f(dot(x5, w0), dot(x5, w1), dot(x5, w2), dot(x5, w3));
    s5b += vec4f(dot(x5, w4), dot(x5, w5), dot(x5, w6), dot(x5, w7));
    let x6 = left[from_row + 6u * width + k];
    s6a += vec4f(dot(x6, w0), dot(x6, w1), dot(x6, w2), dot(x6, w3));
    s6b += vec4f(dot(x6, w4), dot(x6, w5), dot(x6, w6), dot(x6, w7));
    let x7 = left[from_row + 7u * width + k];
    s7a += vec4f(dot(x7, w0), dot(x7, w1), dot(x7, w2), dot(x7, w3));
    s7b += vec4f(dot(x7, w4), dot(x7, w5), dot(x7, w6), dot(x7, w7));
  }
  put(row + 0u, latent, s0a);
  put(row + 0u, latent + 4u, s0b);
  put(row + 1u, latent, s1a);
  put(row + 1u, latent + 4u, s1b);
  put(row + 2u, latent, s2a);
  put(row + 2u, latent + 4u, s2b);
  put(row + 3u, latent, s3a);
  put(row + 3u, latent + 4u, s3b);
  put(row + 4u, latent, s4a);
  put(row + 4u, latent + 4u, s4b);
  put(row + 5u, latent, s5a);
  put(row + 5u, latent + 4u, s5b);
  put(row + 6u, latent, s6a);
  put(row + 6u, latent + 4u, s6b);
  put(row + 7u, latent, s7a);
  put(row + 7u, latent + 4u, s7b);
}
