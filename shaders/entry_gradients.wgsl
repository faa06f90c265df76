// ∂F/∂z = scale · W_dec[latent] · r + l1 · sign(z) of each active latent of a row, at [row, latent].
// A workgroup has 16 entries of a row: 8 lanes share the columns of two entries.

@group(0) @binding(1) var<storage, read> residual: array<vec4f>;
@group(0) @binding(2) var<storage, read> w_dec: array<vec4f>;
@group(0) @binding(3) var<storage, read> chosen: array<u32>;
@group(0) @binding(4) var<storage, read> values: array<f32>;
@group(0) @binding(5) var<storage, read> lengths: array<u32>;
@group(0) @binding(6) var<storage, read_write> dz: array<f32>;

var<workgroup> part_sums: array<vec2f, 64>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) id: vec3u, @builtin(local_invocation_index) lane: u32) {
  let group = group_of(id);
  let blocks = (task.k + 15u) / 16u;
  let row = group / blocks;
  let length = lengths[min(row, task.rows - 1u)];
  let entry = group % blocks * 16u + lane / 8u;
  // An entry past the end reads the row's first slot, and is not written.
  let slot_a = row * task.k + select(0u, entry, entry < length);
  let slot_b = row * task.k + select(0u, entry + 8u, entry + 8u < length);
  if (row < task.rows && entry < length) {
    let from_a = chosen[slot_a] * task.width;
    let from_b = chosen[slot_b] * task.width;
    var sum = vec2f();
    for (var col = lane % 8u; col < task.width; col += 8u) {
      let r = residual[row * task.width + col];
      sum += vec2f(dot(r, w_dec[from_a + col]), dot(r, w_dec[from_b + col]));
    }
    part_sums[lane] = sum;
  }
  workgroupBarrier();
  if (row >= task.rows || lane % 8u != 0u || entry >= length) {
    return;
  }
  var sum = part_sums[lane];
  for (var other = 1u; other < 8u; other++) {
    sum += part_sums[lane + other];
  }
  let at = row * task.stride;
  dz[at + chosen[slot_a]] = task.scale * sum.x + task.l1 * sign(values[slot_a]);
  if (entry + 8u < length) {
    dz[at + chosen[slot_b]] = task.scale * sum.y + task.l1 * sign(values[slot_b]);
  }
}
