// For the gradient of the thresholds from `first_latent` to `latents`: Σ ∂F/∂z, as if the latent were active, over the
// rows whose pre-activation is near its threshold, and the number of those rows. `lanes` threads share a latent.
// mode: 1 adds to what is there.

@group(0) @binding(1) var<storage, read> near_bits: array<u32>;
@group(0) @binding(2) var<storage, read> active_bits: array<u32>;
@group(0) @binding(3) var<storage, read> residual: array<vec4f>;
@group(0) @binding(4) var<storage, read> w_dec: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> sums: array<vec2f>;

var<workgroup> part_sums: array<f32, group_size>;

@compute @workgroup_size(group_size)
fn main(@builtin(workgroup_id) id: vec3u, @builtin(local_invocation_index) lane: u32) {
  let latent = task.first_latent + group_of(id) * (group_size / lanes) + lane / lanes;
  let mine = lane % lanes;
  let words = task.stride / 32u;
  var sum = vec4f();
  var near = 0u;
  var active_near = 0u;
  if (latent < task.latents) {
    for (var row = 0u; row < task.rows; row++) {
      let word = row * words + latent / 32u;
      if (((near_bits[word] >> (latent % 32u)) & 1u) == 1u) {
        near += 1u;
        active_near += (active_bits[word] >> (latent % 32u)) & 1u;
        for (var col = mine; col < task.width; col += lanes) {
          sum += residual[row * task.width + col] * w_dec[latent * task.width + col];
        }
      }
    }
  }
  part_sums[lane] = dot(sum, vec4f(1.0));
  workgroupBarrier();
  if (latent < task.latents && mine == 0u) {
    var total = 0.0;
    for (var other = 0u; other < lanes; other++) {
      total += part_sums[lane + other];
    }
    // Thresholds are 0 or above, so that z is.
    let here = vec2f(task.scale * total + task.l1 * f32(active_near), f32(near));
    sums[latent] = here + select(vec2f(), sums[latent], (task.mode & 1u) == 1u);
  }
}
