// dz = scale · r W_decᵀ + l1 · sign(z) where a latent is active, else 0, for latents from `first_latent` to `latents`, and
// codes of which many are active.
// The residuals r are `left` and W_dec is `right` of tile.wgsl, which has the product.

@group(0) @binding(1) var<storage, read> left: array<vec4f>;
@group(0) @binding(2) var<storage, read> right: array<vec4f>;
@group(0) @binding(3) var<storage, read> z: array<vec4f>;
@group(0) @binding(4) var<storage, read> active_bits: array<u32>;
@group(0) @binding(5) var<storage, read_write> dz: array<vec4f>;

fn put(row: u32, latent: u32, sum: vec4f) {
  let word = active_bits[row * (task.stride / 32u) + latent / 32u];
  let bits = (vec4u(word) >> (vec4u(latent % 32u) + vec4u(0u, 1u, 2u, 3u))) & vec4u(1u);
  let at = (row * task.stride + latent) / 4u;
  let here = select(vec4f(), task.scale * sum + task.l1 * sign(z[at]), bits == vec4u(1u));
  let latents = vec4u(latent) + vec4u(0u, 1u, 2u, 3u);
  dz[at] = select(dz[at], here, (latents >= vec4u(task.first_latent)) & (latents < vec4u(task.latents)));
}
