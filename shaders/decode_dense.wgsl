// x̂ = z W_dec + b_dec from dense codes z [rows, stride]. Each thread keeps 8 rows × 8 columns in registers.

@group(0) @binding(1) var<storage, read> z: array<vec4f>;
@group(0) @binding(2) var<storage, read> w_dec: array<vec4f>;
@group(0) @binding(3) var<storage, read> b_dec: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> fit: array<vec4f>;

@compute @workgroup_size(8, 4)
fn main(@builtin(workgroup_id) id: vec3u, @builtin(local_invocation_id) lane: vec3u) {
  let group = group_of(id);
  let col = (group % task.count * 8u + lane.x) * 2u;
  let row = (group / task.count * 4u + lane.y) * 8u;
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
    let a0 = w_dec[at + 0u * width]; let b0 = w_dec[at + 0u * width + 1u];
    let a1 = w_dec[at + 1u * width]; let b1 = w_dec[at + 1u * width + 1u];
    let a2 = w_dec[at + 2u * width]; let b2 = w_dec[at + 2u * width + 1u];
    let a3 = w_dec[at + 3u * width]; let b3 = w_dec[at + 3u * width + 1u];
    let z0 = z[from_row + 0u * latents + k];
    s0a += z0.x * a0 + z0.y * a1 + z0.z * a2 + z0.w * a3;
    s0b += z0.x * b0 + z0.y * b1 + z0.z * b2 + z0.w * b3;
    let z1 = z[from_row + 1u * latents + k];
    s1a += z1.x * a0 + z1.y * a1 + z1.z * a2 + z1.w * a3;
    s1b += z1.x * b0 + z1.y * b1 + z1.z * b2 + z1.w * b3;
    let z2 = z[from_row + 2u * latents + k];
    s2a += z2.x * a0 + z2.y * a1 + z2.z * a2 + z2.w * a3;
    s2b += z2.x * b0 + z2.y * b1 + z2.z * b2 + z2.w * b3;
    let z3 = z[from_row + 3u * latents + k];
    s3a += z3.x * a0 + z3.y * a1 + z3.z * a2 + z3.w * a3;
    s3b += z3.x * b0 + z3.y * b1 + z3.z * b2 + z3.w * b3;
    let z4 = z[from_row + 4u * latents + k];
    s4a += z4.x * a0 + z4.y * a1 + z4.z * a2 + z4.w * a3;
    s4b += z4.x * b0 + z4.y * b1 + z4.z * b2 + z4.w * b3;
    let z5 = z[from_row + 5u * latents + k];
    s5a += z5.x * a0 + z5.y * a1 + z5.z * a2 + z5.w * a3;
    s5b += z5.x * b0 + z5.y * b1 + z5.z * b2 + z5.w * b3;
    let z6 = z[from_row + 6u * latents + k];
    s6a += z6.x * a0 + z6.y * a1 + z6.z * a2 + z6.w * a3;
    s6b += z6.x * b0 + z6.y * b1 + z6.z * b2 + z6.w * b3;
    let z7 = z[from_row + 7u * latents + k];
    s7a += z7.x * a0 + z7.y * a1 + z7.z * a2 + z7.w * a3;
    s7b += z7.x * b0 + z7.y * b1 + z7.z * b2 + z7.w * b3;
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
