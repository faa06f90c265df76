// A sweep over the rows of W_dec from `first_latent` to `latents`, one after the other: Δw = −gain · (Σ z r + ridge · w)
// over the rows of the chunk on which the latent is active. A thread has a column of all of them, since columns do not
// depend on one another.
// `moved` is what the sweep has added to each reconstruction so far, and r = residual + scale · moved: `residual` is the
// sum of those of the `scale` prefixes that hold the latents. `count` rows fit in a latent's list.

@group(0) @binding(1) var<storage, read> z: array<f32>;
@group(0) @binding(2) var<storage, read> lists: array<u32>;
@group(0) @binding(3) var<storage, read> lengths: array<u32>;
@group(0) @binding(4) var<storage, read> gains: array<f32>;
@group(0) @binding(5) var<storage, read> residual: array<f32>;
@group(0) @binding(6) var<storage, read_write> moved: array<f32>;
@group(0) @binding(7) var<storage, read_write> w_dec: array<f32>;

@compute @workgroup_size(group_size)
fn main(@builtin(workgroup_id) id: vec3u, @builtin(local_invocation_index) lane: u32) {
  let columns = 4u * task.width;
  let column = group_of(id) * group_size + lane;
  if (column >= columns) {
    return;
  }
  for (var latent = task.first_latent; latent < task.latents; latent++) {
    let length = lengths[latent];
    if (length == 0u) {
      continue;
    }
    let first = latent * task.count;
    let last = first + length;
    let weight = w_dec[latent * columns + column];
    var sum = task.ridge * weight;
    for (var entry = first; entry < last; entry++) {
      let row = lists[entry];
      let at = row * columns + column;
      sum += z[row * task.stride + latent] * (residual[at] + task.scale * moved[at]);
    }
    let change = -gains[latent] * sum;
    for (var entry = first; entry < last; entry++) {
      let row = lists[entry];
      moved[row * columns + column] += z[row * task.stride + latent] * change;
    }
    w_dec[latent * columns + column] = weight + change;
  }
}
