// AuxK: the pre-activations of dead latents, and 0 in the place of others. A thread has four latents of a row.

@group(0) @binding(1) var<storage, read> idle: array<vec4f>;
@group(0) @binding(2) var<storage, read> pre: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> dead_pre: array<vec4f>;

@compute @workgroup_size(group_size)
fn main(@builtin(workgroup_id) id: vec3u, @builtin(local_invocation_index) lane: u32) {
  let at = group_of(id) * group_size + lane;
  let quads = task.stride / 4u;
  if (at >= task.rows * quads) {
    return;
  }
  dead_pre[at] = select(vec4f(), pre[at], idle[at % quads] >= vec4f(task.dead_after));
}
