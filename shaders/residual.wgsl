// r = x̂ − x in place of x̂, one row to a workgroup, and the row's sums: Σ r², Σ|z|, active latents.

@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> z: array<vec4f>;
@group(0) @binding(3) var<storage, read> active_bits: array<u32>;
@group(0) @binding(4) var<storage, read_write> fit: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> sums: array<vec4f>;

var<workgroup> part_sums: array<vec4f, 64>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) id: vec3u, @builtin(local_invocation_index) lane: u32) {
  let row = group_of(id);
  if (row >= task.rows) {
    return;
  }
  var squares = 0.0;
  for (var col = lane; col < task.width; col += 64u) {
    let at = row * task.width + col;
    let r = fit[at] - x[at];
    fit[at] = r;
    squares += dot(r, r);
  }
  var absolute = 0.0;
  let latents = task.stride / 4u;
  for (var at = lane; at < latents; at += 64u) {
    absolute += dot(abs(z[row * latents + at]), vec4f(1.0));
  }
  var active_count = 0u;
  let words = task.stride / 32u;
  for (var at = lane; at < words; at += 64u) {
    active_count += countOneBits(active_bits[row * words + at]);
  }
  part_sums[lane] = vec4f(squares, absolute, f32(active_count), 0.0);
  workgroupBarrier();
  if (lane < 8u) {
    for (var other = lane + 8u; other < 64u; other += 8u) {
      part_sums[lane] += part_sums[other];
    }
  }
  workgroupBarrier();
  if (lane == 0u) {
    var sum = part_sums[0];
    for (var other = 1u; other < 8u; other++) {
      sum += part_sums[other];
    }
    sums[task.offset + row] = sum;
  }
}
