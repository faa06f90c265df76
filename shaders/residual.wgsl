// r = x̂ − x in place of x̂, and the sums of each row: Σ r², Σ|z|, active latents. `lanes` threads share a row.

@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> z: array<vec4f>;
@group(0) @binding(3) var<storage, read> active_bits: array<u32>;
@group(0) @binding(4) var<storage, read_write> fit: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> sums: array<vec4f>;

var<workgroup> part_sums: array<vec4f, group_size>;

@compute @workgroup_size(group_size)
fn main(@builtin(workgroup_id) id: vec3u, @builtin(local_invocation_index) lane: u32) {
  let row = group_of(id) * (group_size / lanes) + lane / lanes;
  let first = lane % lanes;
  if (row < task.rows) {
    var squares = 0.0;
    for (var at = row * task.width + first; at < (row + 1u) * task.width; at += lanes) {
      let r = fit[at] - x[at];
      fit[at] = r;
      squares += dot(r, r);
    }
    var absolute = vec4f();
    let latents = task.stride / 4u;
    for (var at = row * latents + first; at < (row + 1u) * latents; at += lanes) {
      absolute += abs(z[at]);
    }
    var active_count = 0u;
    let words = task.stride / 32u;
    for (var at = row * words + first; at < (row + 1u) * words; at += lanes) {
      active_count += countOneBits(active_bits[at]);
    }
    part_sums[lane] = vec4f(squares, dot(absolute, vec4f(1.0)), f32(active_count), 0.0);
  }
  workgroupBarrier();
  if (row < task.rows && first == 0u) {
    var sum = part_sums[lane];
    for (var other = 1u; other < lanes; other++) {
      sum += part_sums[lane + other];
    }
    sums[task.offset + row] = sum;
  }
}
