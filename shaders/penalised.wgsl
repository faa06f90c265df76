// The gradient of F, with its penalties, before clipping and weight decay, of the parameter that holds the vec4 number `at`.

fn section_of(at: u32) -> Section {
  var section = task.sections[0];
  for (var other = 1u; other < 4u; other++) {
    if (at >= task.sections[other].start) {
      section = task.sections[other];
    }
  }
  return section;
}

fn penalised(gradient: vec4f, theta: vec4f, previous: vec4f, section: Section) -> vec4f {
  return gradient + section.ridge * theta + section.pull * (theta - previous);
}
