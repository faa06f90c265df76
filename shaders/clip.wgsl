// The factor by which all gradients are multiplied so that their common norm is at most `scale`:
// min(1, scale / (norm + clip_eps)), as in torch.nn.utils.clip_grad_norm_.

@group(0) @binding(1) var<storage, read> partials: array<f32>;
@group(0) @binding(2) var<storage, read_write> factor: array<f32>;

@compute @workgroup_size(1)
fn main() {
  var sum = 0.0;
  for (var at = 0u; at < task.count; at++) {
    sum += partials[at];
  }
  factor[0] = min(1.0, task.scale / (sqrt(sum) + clip_eps));
}
