// A sweep begins with b_dec: Δb = −scale · (Σ residual + ridge · b) over the rows of the chunk, and `moved` with what that
// adds to each reconstruction. A thread has a column.

@group(0) @binding(1) var<storage, read> residual: array<f32>;
@group(0) @binding(2) var<storage, read_write> moved: array<f32>;
@group(0) @binding(3) var<storage, read_write> b_dec: array<f32>;

@compute @workgroup_size(group_size)
fn main(@builtin(workgroup_id) id: vec3u, @builtin(local_invocation_index) lane: u32) {
  let columns = 4u * task.width;
  let column = group_of(id) * group_size + lane;
  if (column >= columns) {
    return;
  }
  let bias = b_dec[column];
  var sum = task.ridge * bias;
  for (var row = 0u; row < task.rows; row++) {
    sum += residual[row * columns + column];
  }
  let change = -task.scale * sum;
  for (var row = 0u; row < task.rows; row++) {
    moved[row * columns + column] = change;
  }
  b_dec[column] = bias + change;
}
