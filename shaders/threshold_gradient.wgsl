// The gradient of the thresholds by straight-through estimation, from the sums over a batch of `rows` rows:
// −(θ · Σ ∂F/∂z + near · ∂F/∂l0 / rows) / bandwidth. l0 is from the active latents that were counted since the batch
// before. One workgroup.

@group(0) @binding(1) var<storage, read> sums: array<vec2f>;
@group(0) @binding(2) var<storage, read> counts: array<u32>;
@group(0) @binding(3) var<storage, read_write> seen: array<u32>;
@group(0) @binding(4) var<storage, read> thresholds: array<f32>;
@group(0) @binding(5) var<storage, read_write> gradient: array<f32>;

var<workgroup> part_sums: array<u32, group_size>;

@compute @workgroup_size(group_size)
fn main(@builtin(local_invocation_index) lane: u32) {
  var part = 0u;
  for (var latent = lane; latent < task.latents; latent += group_size) {
    part += counts[latent] - seen[latent];
    seen[latent] = counts[latent];
  }
  part_sums[lane] = part;
  workgroupBarrier();
  var active_count = 0u;
  for (var other = 0u; other < group_size; other++) {
    active_count += part_sums[other];
  }
  let rows = f32(task.rows);
  let l0 = f32(active_count) / rows;
  let by_l0 = 2.0 * task.coefficient * (l0 / task.target_l0 - 1.0) / task.target_l0 / rows;
  for (var latent = lane; latent < task.latents; latent += group_size) {
    gradient[latent] = -(thresholds[latent] * sums[latent].x + sums[latent].y * by_l0) / task.bandwidth;
  }
}
