// Σ g² over the gradient of a parameter, a partial sum for each workgroup, from `offset` on.

@group(0) @binding(1) var<storage, read> theta: array<vec4f>;
@group(0) @binding(2) var<storage, read> previous: array<vec4f>;
@group(0) @binding(3) var<storage, read> gradient: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> partials: array<f32>;

var<workgroup> part_sums: array<f32, group_size>;

@compute @workgroup_size(group_size)
fn main(@builtin(workgroup_id) id: vec3u, @builtin(local_invocation_index) lane: u32) {
  let group = group_of(id);
  var sum = 0.0;
  for (var at = group * group_size + lane; at < task.elements; at += group_size * task.count) {
    let g = penalised(gradient[at], theta[at], at);
    sum += dot(g, g);
  }
  part_sums[lane] = sum;
  workgroupBarrier();
  if (lane == 0u) {
    var total = 0.0;
    for (var other = 0u; other < group_size; other++) {
      total += part_sums[other];
    }
    partials[task.offset + group] = total;
  }
}
