// AuxK's factor min(dead / k, 1), dead being the latents that at least `dead_after` rows did not activate. One workgroup.

@group(0) @binding(1) var<storage, read> idle: array<f32>;
@group(0) @binding(2) var<storage, read_write> share: array<f32>;

var<workgroup> part_sums: array<u32, group_size>;

@compute @workgroup_size(group_size)
fn main(@builtin(local_invocation_index) lane: u32) {
  var part = 0u;
  for (var latent = lane; latent < task.latents; latent += group_size) {
    part += u32(idle[latent] >= task.dead_after);
  }
  part_sums[lane] = part;
  workgroupBarrier();
  if (lane == 0u) {
    var dead = 0u;
    for (var other = 0u; other < group_size; other++) {
      dead += part_sums[other];
    }
    share[0] = min(f32(dead) / f32(task.k), 1.0);
  }
}
