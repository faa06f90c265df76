// Rows since each latent was last active, after a batch of `rows` rows: 0 where it was counted as active since the batch
// before. A thread has a latent.

@group(0) @binding(1) var<storage, read> counts: array<u32>;
@group(0) @binding(2) var<storage, read_write> seen: array<u32>;
@group(0) @binding(3) var<storage, read_write> idle: array<f32>;

@compute @workgroup_size(group_size)
fn main(@builtin(workgroup_id) id: vec3u, @builtin(local_invocation_index) lane: u32) {
  let latent = group_of(id) * group_size + lane;
  if (latent >= task.latents) {
    return;
  }
  let grown = min(idle[latent] + f32(task.rows), most_idle_rows);
  idle[latent] = select(0.0, grown, counts[latent] == seen[latent]);
  seen[latent] = counts[latent];
}
