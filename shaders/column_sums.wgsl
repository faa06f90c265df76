// scale · Σ r over the rows, the gradient of b_dec. A thread has four columns.
// mode: 1 adds to what is there.

@group(0) @binding(1) var<storage, read> residual: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> result: array<vec4f>;

@compute @workgroup_size(group_size)
fn main(@builtin(workgroup_id) id: vec3u, @builtin(local_invocation_index) lane: u32) {
  let col = group_of(id) * group_size + lane;
  if (col >= task.width) {
    return;
  }
  var sum = vec4f();
  for (var row = 0u; row < task.rows; row++) {
    sum += residual[row * task.width + col];
  }
  sum *= task.scale;
  if ((task.mode & 1u) == 1u) {
    sum += result[col];
  }
  result[col] = sum;
}
