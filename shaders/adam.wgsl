// Adam's step on a parameter: θ −= step_size · m / (√v · inverse_root + ε).
// mode: 1 multiplies the gradient by the factor of clipping; 2 keeps θ at 0 or above.

@group(0) @binding(1) var<storage, read_write> theta: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> m: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> v: array<vec4f>;
@group(0) @binding(4) var<storage, read> previous: array<vec4f>;
@group(0) @binding(5) var<storage, read> gradient: array<vec4f>;
@group(0) @binding(6) var<storage, read> factor: array<f32>;

@compute @workgroup_size(group_size)
fn main(@builtin(workgroup_id) id: vec3u, @builtin(local_invocation_index) lane: u32) {
  let at = group_of(id) * group_size + lane;
  if (at >= task.elements) {
    return;
  }
  let here = theta[at];
  var g = penalised(gradient[at], here, at);
  if ((task.mode & 1u) == 1u) {
    g *= factor[0];
  }
  g += task.weight_decay * here;
  let mean = beta1 * m[at] + one_minus_beta1 * g;
  let square = beta2 * v[at] + one_minus_beta2 * (g * g);
  m[at] = mean;
  v[at] = square;
  let there = here - task.step_size * mean / (sqrt(square) * task.inverse_root + adam_eps);
  theta[at] = select(there, max(there, vec4f()), (task.mode & 2u) == 2u);
}
