// x̂ = z W_dec + b_dec from dense codes z [rows, stride]. Each thread keeps 8 rows × 8 columns in registers.

@group(0) @binding(1) var<storage, read> z: array<vec4f>;
@group(0) @binding(2) var<storage, read> w_dec: array<vec4f>;
@group(0) @binding(3) var<storage, read> b_dec: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> fit: array<vec4f>;

@compute @workgroup_size(tile_columns, tile_rows)
fn main(@builtin(workgroup_id) id: vec3u, @builtin(local_invocation_id) lane: vec3u) {
  let group = group_of(id);
  let col = (group % task.count * tile_columns + lane.x) * (register_tile / 4u);
  let row = (group / task.count * tile_rows + lane.y) * register_tile;
  let width = task.width;
  if (row >= task.rows || col >= width) {
    return;
  }
  let latents = task.stride / 4u;
  let from_row = row * latents;
  var s0a = b_dec[col]; var s0b = b_dec[col + 1u];
  var s1a = b_dec[col]; var s1b = b_dec[col + 1u];
  var s2a = b_dec[col]; var s2b = b_dec[col + 1u];
  var s3a = b_dec[col]; var s3b = b_dec[col + 1u];
  var s4a = b_dec[col]; var s4b = b_dec[col + 1u];
  var s5a = b_dec[col]; var s5b = b_dec[col + 1u];
  var s6a = b_dec[col]; var s6b = b_dec[col + 1u];
  var s7a = b_dec[col]; var s7b = b_dec[col + 1u];
  for (var k = 0u; k < latents; k++) {
    let at = 4u * k * width + col;
    let a0 = w_dec[at];
    let a1 = w_dec[at + 1u * width];
    let a2 = w_dec[at + 2u * width];
    let a3 = w_dec[at + 3u * width];
    let ax = vec4f(a0.x, a1.x, a2.x, a3.x);
    let ay = vec4f(a0.y, a1.y, a2.y, a3.y);
    let az = vec4f(a0.z, a1.z, a2.z, a3.z);
    let aw = vec4f(a0.w, a1.w, a2.w, a3.w);
    let b0 = w_dec[at + 1u];
    let b1 = w_dec[at + 1u * width + 1u];
    let b2 = w_dec[at + 2u * width + 1u];
    let b3 = w_dec[at + 3u * width + 1u];
    let bx = vec4f(b0.x, b1.x, b2.x, b3.x);
    let by = vec4f(b0.y, b1.y, b2.y, b3.y);
    let bz = vec4f(b0.z, b1.z, b2.z, b3.z);
    let bw = vec4f(b0.w, b1.w, b2.w, b3.w);
    let z0 = z[from_row + k];
    s0a += vec4f(dot(z0, ax), dot(z0, ay), dot(z0, az), dot(z0, aw));
    s0b += vec4f(dot(z0, bx), dot(z0, by), dot(z0, bz), dot(z0, bw));
    let z1 = z[from_row + 1u * latents + k];
    s1a += vec4f(dot(z1, ax), dot(z1, ay), dot(z1, az), dot(z1, aw));
    s1b += vec4f(dot(z1, bx), dot(z1, by), dot(z1, bz), dot(z1, bw));
    let z2 = z[from_row + 2u * latents + k];
    s2a += vec4f(dot(z2, ax), dot(z2, ay), dot(z2, az), dot(z2, aw));
    s2b += vec4f(dot(z2, bx), dot(z2, by), dot(z2, bz), dot(z2, bw));
    let z3 = z[from_row + 3u * latents + k];
    s3a += vec4f(dot(z3, ax), dot(z3, ay), dot(z3, az), dot(z3, aw));
    s3b += vec4f(dot(z3, bx), dot(z3, by), dot(z3, bz), dot(z3, bw));
    let z4 = z[from_row + 4u * latents + k];
    s4a += vec4f(dot(z4, ax), dot(z4, ay), dot(z4, az), dot(z4, aw));
    s4b += vec4f(dot(z4, bx), dot(z4, by), dot(z4, bz), dot(z4, bw));
    let z5 = z[from_row + 5u * latents + k];
    s5a += vec4f(dot(z5, ax), dot(z5, ay), dot(z5, az), dot(z5, aw));
    s5b += vec4f(dot(z5, bx), dot(z5, by), dot(z5, bz), dot(z5, bw));
    let z6 = z[from_row + 6u * latents + k];
    s6a += vec4f(dot(z6, ax), dot(z6, ay), dot(z6, az), dot(z6, aw));
    s6b += vec4f(dot(z6, bx), dot(z6, by), dot(z6, bz), dot(z6, bw));
    let z7 = z[from_row + 7u * latents + k];
    s7a += vec4f(dot(z7, ax), dot(z7, ay), dot(z7, az), dot(z7, aw));
    s7b += vec4f(dot(z7, bx), dot(z7, by), dot(z7, bz), dot(z7, bw));
  }
  let to = row * width + col;
  fit[to + 0u * width] = s0a;
  fit[to + 0u * width + 1u] = s0b;
  fit[to + 1u * width] = s1a;
  fit[to + 1u * width + 1u] = s1b;
  fit[to + 2u * width] = s2a;
  fit[to + 2u * width + 1u] = s2b;
  fit[to + 3u * width] = s3a;
  fit[to + 3u * width + 1u] = s3b;
  fit[to + 4u * width] = s4a;
  fit[to + 4u * width + 1u] = s4b;
  fit[to + 5u * width] = s5a;
  fit[to + 5u * width + 1u] = s5b;
  fit[to + 6u * width] = s6a;
  fit[to + 6u * width + 1u] = s6b;
  fit[to + 7u * width] = s7a;
  fit[to + 7u * width + 1u] = s7b;
}
