// result[latent] = scale · Σ weight[row, latent] · right[row] over the rows on which the latent is active: gradients of
// both matrices, and the Gram statistics. One latent to a workgroup, at most 1024 rows; rows are summed in their
// order, so that the result does not depend on how threads are scheduled.
// mode: 1 adds to what is there.

@group(0) @binding(1) var<storage, read> weights: array<f32>;
@group(0) @binding(2) var<storage, read> active_bits: array<u32>;
@group(0) @binding(3) var<storage, read> right: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> result: array<vec4f>;

var<workgroup> rows: array<u32, 1024>;
var<workgroup> factors: array<f32, 1024>;
var<workgroup> ends: array<u32, 64>;

fn is_active(row: u32, latent: u32) -> bool {
  return ((active_bits[row * (task.stride / 32u) + latent / 32u] >> (latent % 32u)) & 1u) == 1u;
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) id: vec3u, @builtin(local_invocation_index) lane: u32) {
  let latent = group_of(id);
  if (latent >= task.latents) {
    return;
  }
  let share = (task.rows + 63u) / 64u;
  let first = min(lane * share, task.rows);
  let last = min(first + share, task.rows);
  var mine = 0u;
  for (var row = first; row < last; row++) {
    mine += u32(is_active(row, latent));
  }
  ends[lane] = mine;
  workgroupBarrier();
  if (lane == 0u) {
    var total = 0u;
    for (var other = 0u; other < 64u; other++) {
      total += ends[other];
      ends[other] = total;
    }
  }
  workgroupBarrier();
  var to = ends[lane] - mine;
  for (var row = first; row < last; row++) {
    if (is_active(row, latent)) {
      rows[to] = row * task.width;
      factors[to] = task.scale * weights[row * task.stride + latent];
      to += 1u;
    }
  }
  workgroupBarrier();
  let total = ends[63];
  for (var col = 2u * lane; col < task.width; col += 128u) {
    var a = vec4f();
    var b = vec4f();
    for (var entry = 0u; entry < total; entry++) {
      let base = rows[entry] + col;
      let factor = factors[entry];
      a += factor * right[base];
      b += factor * right[base + 1u];
    }
    let at = latent * task.width + col;
    if ((task.mode & 1u) == 1u) {
      a += result[at];
      b += result[at + 1u];
    }
    result[at] = a;
    result[at + 1u] = b;
  }
}
