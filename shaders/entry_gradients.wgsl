// ∂F/∂z = scale · W_dec[latent] · r + l1 · sign(z) of those of the k chosen latents of a row that lie from `first_latent`
// to `latents`, at [row, latent]. The chosen ones ascend.
// `lanes` threads share the columns of 4 entries of a row.

@group(0) @binding(1) var<storage, read> residual: array<vec4f>;
@group(0) @binding(2) var<storage, read> w_dec: array<vec4f>;
@group(0) @binding(3) var<storage, read> chosen: array<u32>;
@group(0) @binding(4) var<storage, read> values: array<f32>;
@group(0) @binding(5) var<storage, read_write> dz: array<f32>;

var<workgroup> part_sums: array<vec4f, group_size>;

@compute @workgroup_size(group_size)
fn main(@builtin(workgroup_id) id: vec3u, @builtin(local_invocation_index) lane: u32) {
  let quads = (task.k + 3u) / 4u;
  let quad = group_of(id) * (group_size / lanes) + lane / lanes;
  let row = quad / quads;
  let entry = quad % quads * 4u;
  var entries = 0u;
  if (row < task.rows) {
    let first = row * task.k + entry;
    entries = min(task.k - entry, 4u);
    if (chosen[first] >= task.latents || chosen[first + entries - 1u] < task.first_latent) {
      entries = 0u;
    }
  }
  if (entries > 0u) {
    // Entries past the end repeat the first, and are not written.
    let slots = row * task.k + entry + select(vec4u(), vec4u(0u, 1u, 2u, 3u), vec4u(0u, 1u, 2u, 3u) < vec4u(entries));
    let a = chosen[slots.x] * task.width;
    let b = chosen[slots.y] * task.width;
    let c = chosen[slots.z] * task.width;
    let d = chosen[slots.w] * task.width;
    var sum = vec4f();
    for (var col = lane % lanes; col < task.width; col += lanes) {
      let r = residual[row * task.width + col];
      sum += vec4f(dot(r, w_dec[a + col]), dot(r, w_dec[b + col]), dot(r, w_dec[c + col]), dot(r, w_dec[d + col]));
    }
    part_sums[lane] = sum;
  }
  workgroupBarrier();
  // Lanes 0 to 3 finish an entry each.
  let mine = lane % lanes;
  if (mine < entries) {
    var sum = 0.0;
    for (var other = 0u; other < lanes; other++) {
      sum += part_sums[lane - mine + other][mine];
    }
    let slot = row * task.k + entry + mine;
    let latent = chosen[slot];
    if (latent >= task.first_latent && latent < task.latents) {
      dz[row * task.stride + latent] = task.scale * sum + task.l1 * sign(values[slot]);
    }
  }
}
