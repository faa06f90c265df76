// pre = x W_enc + b_enc, with W_enc by latent [stride, width].
// The rows x are `left` and W_enc is `right` of tile.wgsl, which has the product.

@group(0) @binding(1) var<storage, read> left: array<vec4f>;
@group(0) @binding(2) var<storage, read> right: array<vec4f>;
@group(0) @binding(3) var<storage, read> b_enc: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> pre: array<vec4f>;

fn put(row: u32, latent: u32, sum: vec4f) {
  pre[(row * task.stride + latent) / 4u] = sum + b_enc[latent / 4u];
}
