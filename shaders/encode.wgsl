// pre = x W_enc + b_enc, with W_enc by latent [stride, width].
// Each thread keeps 8 × 8 results in registers: 16 loads of four values for 256 multiply-adds.

@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> w_enc: array<vec4f>;
@group(0) @binding(3) var<storage, read> b_enc: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> pre: array<vec4f>;

const TILE: u32 = 8u;

@compute @workgroup_size(8, 4)
fn main(@builtin(workgroup_id) id: vec3u, @builtin(local_invocation_id) lane: vec3u) {
  let group = group_of(id);
  let latent = (group % task.count * 8u + lane.x) * TILE;
  let row = (group / task.count * 4u + lane.y) * TILE;
  if (row >= task.rows || latent >= task.stride) {
    return;
  }
  let width = task.width;
  let from_row = row * width;
  let from_latent = latent * width;
  var s0a = vec4f(); var s0b = vec4f();
  var s1a = vec4f(); var s1b = vec4f();
  var s2a = vec4f(); var s2b = vec4f();
  var s3a = vec4f(); var s3b = vec4f();
  var s4a = vec4f(); var s4b = vec4f();
  var s5a = vec4f(); var s5b = vec4f();
  var s6a = vec4f(); var s6b = vec4f();
  var s7a = vec4f(); var s7b = vec4f();
  for (var k = 0u; k < width; k++) {
    let w0 = w_enc[from_latent + k];
    let w1 = w_enc[from_latent + 1u * width + k];
    let w2 = w_enc[from_latent + 2u * width + k];
    let w3 = w_enc[from_latent + 3u * width + k];
    let w4 = w_enc[from_latent + 4u * width + k];
    let w5 = w_enc[from_latent + 5u * width + k];
    let w6 = w_enc[from_latent + 6u * width + k];
    let w7 = w_enc[from_latent + 7u * width + k];
    let x0 = x[from_row + k];
    s0a += vec4f(dot(x0, w0), dot(x0, w1), dot(x0, w2), dot(x0, w3));
    s0b += vec4f(dot(x0, w4), dot(x0, w5), dot(x0, w6), dot(x0, w7));
    let x1 = x[from_row + 1u * width + k];
    s1a += vec4f(dot(x1, w0), dot(x1, w1), dot(x1, w2), dot(x1, w3));
    s1b += vec4f(dot(x1, w4), dot(x1, w5), dot(x1, w6), dot(x1, w7));
    let x2 = x[from_row + 2u * width + k];
    s2a += vec4f(dot(x2, w0), dot(x2, w1), dot(x2, w2), dot(x2, w3));
    s2b += vec4f(dot(x2, w4), dot(x2, w5), dot(x2, w6), dot(x2, w7));
    let x3 = x[from_row + 3u * width + k];
    s3a += vec4f(dot(x3, w0), dot(x3, w1), dot(x3, w2), dot(x3, w3));
    s3b += vec4f(dot(x3, w4), dot(x3, w5), dot(x3, w6), dot(x3, w7));
    let x4 = x[from_row + 4u * width + k];
    s4a += vec4f(dot(x4, w0), dot(x4, w1), dot(x4, w2), dot(x4, w3));
    s4b += vec4f(dot(x4, w4), dot(x4, w5), dot(x4, w6), dot(x4, w7));
    let x5 = x[from_row + 5u * width + k];
    s5a += vec4f(dot(x5, w0), dot(x5, w1), dot(x5, w2), dot(x5, w3));
    s5b += vec4f(dot(x5, w4), dot(x5, w5), dot(x5, w6), dot(x5, w7));
    let x6 = x[from_row + 6u * width + k];
    s6a += vec4f(dot(x6, w0), dot(x6, w1), dot(x6, w2), dot(x6, w3));
    s6b += vec4f(dot(x6, w4), dot(x6, w5), dot(x6, w6), dot(x6, w7));
    let x7 = x[from_row + 7u * width + k];
    s7a += vec4f(dot(x7, w0), dot(x7, w1), dot(x7, w2), dot(x7, w3));
    s7b += vec4f(dot(x7, w4), dot(x7, w5), dot(x7, w6), dot(x7, w7));
  }
  let ba = b_enc[latent / 4u];
  let bb = b_enc[latent / 4u + 1u];
  let stride = task.stride / 4u;
  let to = row * stride + latent / 4u;
  pre[to + 0u * stride] = s0a + ba;
  pre[to + 0u * stride + 1u] = s0b + bb;
  pre[to + 1u * stride] = s1a + ba;
  pre[to + 1u * stride + 1u] = s1b + bb;
  pre[to + 2u * stride] = s2a + ba;
  pre[to + 2u * stride + 1u] = s2b + bb;
  pre[to + 3u * stride] = s3a + ba;
  pre[to + 3u * stride + 1u] = s3b + bb;
  pre[to + 4u * stride] = s4a + ba;
  pre[to + 4u * stride + 1u] = s4b + bb;
  pre[to + 5u * stride] = s5a + ba;
  pre[to + 5u * stride + 1u] = s5b + bb;
  pre[to + 6u * stride] = s6a + ba;
  pre[to + 6u * stride + 1u] = s6b + bb;
  pre[to + 7u * stride] = s7a + ba;
  pre[to + 7u * stride + 1u] = s7b + bb;
}
