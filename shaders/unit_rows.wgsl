// Scales the rows of W_dec to length 1; rows of zeros stay. `lanes` threads share a row.

@group(0) @binding(1) var<storage, read_write> theta: array<vec4f>;

var<workgroup> part_sums: array<f32, group_size>;

@compute @workgroup_size(group_size)
fn main(@builtin(workgroup_id) id: vec3u, @builtin(local_invocation_index) lane: u32) {
  let row = group_of(id) * (group_size / lanes) + lane / lanes;
  let first = lane % lanes;
  var sum = 0.0;
  if (row < task.latents) {
    for (var at = row * task.width + first; at < (row + 1u) * task.width; at += lanes) {
      sum += dot(theta[at], theta[at]);
    }
  }
  part_sums[lane] = sum;
  workgroupBarrier();
  if (row >= task.latents) {
    return;
  }
  var total = 0.0;
  for (var other = 0u; other < lanes; other++) {
    total += part_sums[lane - first + other];
  }
  if (total > 0.0) {
    for (var at = row * task.width + first; at < (row + 1u) * task.width; at += lanes) {
      theta[at] /= sqrt(total);
    }
  }
}
