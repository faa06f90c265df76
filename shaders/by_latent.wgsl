// result[latent] = scale · Σ weight[row, latent] · right[row] over the rows on which the latent is active, for latents from
// `first_latent` to `latents`: gradients of both matrices, and the sufficient statistics. A thread has
// `vectors_per_thread` vec4 of a latent; rows are summed in their order, so that the result does not depend on how
// threads are scheduled.
// mode: 1 adds to what is there. `count` rows fit in a latent's list.

@group(0) @binding(1) var<storage, read> weights: array<f32>;
@group(0) @binding(2) var<storage, read> lists: array<u32>;
@group(0) @binding(3) var<storage, read> lengths: array<u32>;
@group(0) @binding(4) var<storage, read> right: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> result: array<vec4f>;

@compute @workgroup_size(group_size)
fn main(@builtin(workgroup_id) id: vec3u, @builtin(local_invocation_index) lane: u32) {
  let blocks = task.width / vectors_per_thread;
  let at = group_of(id) * group_size + lane;
  let latent = task.first_latent + at / blocks;
  let col = at % blocks * vectors_per_thread;
  if (latent >= task.latents) {
    return;
  }
  let first = latent * task.count;
  let last = first + lengths[latent];
  var a = vec4f();
  var b = vec4f();
  var c = vec4f();
  var d = vec4f();
  for (var entry = first; entry < last; entry++) {
    let row = lists[entry];
    let weight = weights[row * task.stride + latent];
    let base = row * task.width + col;
    a += weight * right[base];
    b += weight * right[base + 1u];
    c += weight * right[base + 2u];
    d += weight * right[base + 3u];
  }
  let to = latent * task.width + col;
  if ((task.mode & 1u) == 1u) {
    result[to] += task.scale * a;
    result[to + 1u] += task.scale * b;
    result[to + 2u] += task.scale * c;
    result[to + 3u] += task.scale * d;
  } else {
    result[to] = task.scale * a;
    result[to + 1u] = task.scale * b;
    result[to + 2u] = task.scale * c;
    result[to + 3u] = task.scale * d;
  }
}
