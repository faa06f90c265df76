// The gradient of F with its penalties, before clipping and weight decay.

fn penalised(gradient: vec4f, theta: vec4f, at: u32) -> vec4f {
  var g = gradient + task.ridge * theta;
  if (task.proximal != 0.0) {
    g += task.proximal * (theta - previous[at]);
  }
  return g;
}
