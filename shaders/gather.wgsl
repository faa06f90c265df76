// Rows of a data set on the device by number, unpacked and normalised: x = stored · scale + shift.
// mode: 0 bytes, four to a word; 1 float32; 2 float16, two to a word.

@group(0) @binding(1) var<storage, read> numbers: array<u32>;
@group(0) @binding(2) var<storage, read> stored_words: array<u32>;
@group(0) @binding(3) var<storage, read> scale: array<vec4f>;
@group(0) @binding(4) var<storage, read> shift: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> x: array<vec4f>;

fn unpacked(at: u32) -> vec4f {
  if (task.mode == 0u) {
    let word = stored_words[at];
    return vec4f(vec4u(word, word >> 8u, word >> 16u, word >> 24u) & vec4u(255u));
  }
  if (task.mode == 1u) {
    return bitcast<vec4f>(vec4u(stored_words[4u * at], stored_words[4u * at + 1u], stored_words[4u * at + 2u], stored_words[4u * at + 3u]));
  }
  return vec4f(unpack2x16float(stored_words[2u * at]), unpack2x16float(stored_words[2u * at + 1u]));
}

@compute @workgroup_size(group_size)
fn main(@builtin(workgroup_id) id: vec3u, @builtin(local_invocation_index) lane: u32) {
  let at = group_of(id) * group_size + lane;
  let row = at / task.width;
  let col = at % task.width;
  if (row >= task.rows) {
    return;
  }
  // The number of a row in another buffer wraps to a large one here; another dispatch gathers it.
  let number = numbers[task.offset + row] - task.stored_first;
  if (number < task.stored_rows) {
    x[at] = unpacked(number * task.width + col) * scale[col] + shift[col];
  }
}
