// Matryoshka: adds to the residuals of a prefix the sum of those of all longer ones, and to the sums of rows the squares
// of its own. `lanes` threads share a row.

@group(0) @binding(1) var<storage, read> longer: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> residual: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> sums: array<vec4f>;

var<workgroup> part_sums: array<f32, group_size>;

@compute @workgroup_size(group_size)
fn main(@builtin(workgroup_id) id: vec3u, @builtin(local_invocation_index) lane: u32) {
  let row = group_of(id) * (group_size / lanes) + lane / lanes;
  let first = lane % lanes;
  var squares = 0.0;
  if (row < task.rows) {
    for (var at = row * task.width + first; at < (row + 1u) * task.width; at += lanes) {
      let r = residual[at];
      squares += dot(r, r);
      residual[at] = r + longer[at];
    }
  }
  part_sums[lane] = squares;
  workgroupBarrier();
  if (row < task.rows && first == 0u) {
    var total = 0.0;
    for (var other = 0u; other < lanes; other++) {
      total += part_sums[lane + other];
    }
    sums[task.offset + row].w += total;
  }
}
