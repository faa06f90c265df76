// Removes from the gradient of W_dec what is along its rows: g −= (g·w / w·w) w. `lanes` threads share a row.

@group(0) @binding(1) var<storage, read> theta: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> gradient: array<vec4f>;

var<workgroup> part_sums: array<vec2f, group_size>;

@compute @workgroup_size(group_size)
fn main(@builtin(workgroup_id) id: vec3u, @builtin(local_invocation_index) lane: u32) {
  let row = group_of(id) * (group_size / lanes) + lane / lanes;
  let first = lane % lanes;
  var sum = vec2f();
  if (row < task.latents) {
    for (var at = row * task.width + first; at < (row + 1u) * task.width; at += lanes) {
      sum += vec2f(dot(gradient[at], theta[at]), dot(theta[at], theta[at]));
    }
  }
  part_sums[lane] = sum;
  workgroupBarrier();
  if (row >= task.latents) {
    return;
  }
  var total = vec2f();
  for (var other = 0u; other < lanes; other++) {
    total += part_sums[lane - first + other];
  }
  if (total.y > 0.0) {
    for (var at = row * task.width + first; at < (row + 1u) * task.width; at += lanes) {
      gradient[at] -= total.x / total.y * theta[at];
    }
  }
}
