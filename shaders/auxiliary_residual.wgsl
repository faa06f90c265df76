// AuxK: min(dead / k, 1) · (ê − e) in place of ê − e. A thread has four columns of a row.

@group(0) @binding(1) var<storage, read> share: array<f32>;
@group(0) @binding(2) var<storage, read_write> residual: array<vec4f>;

@compute @workgroup_size(group_size)
fn main(@builtin(workgroup_id) id: vec3u, @builtin(local_invocation_index) lane: u32) {
  let at = group_of(id) * group_size + lane;
  if (at < task.rows * task.width) {
    residual[at] *= share[0];
  }
}
