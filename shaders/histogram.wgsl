// BatchTopK: counts the positive pre-activations of a chunk by eight bits of their order, among those that share the
// bits above these with the one that is sought. Bits of positive numbers are in their order.
// mode: the round, which says which bits. A workgroup counts `count` vec4 for each of its threads.

@group(0) @binding(1) var<storage, read> pre: array<vec4f>;
@group(0) @binding(2) var<storage, read> found: array<u32>;
@group(0) @binding(3) var<storage, read_write> bins: array<atomic<u32>>;

const BINS: u32 = 256u;
// Bits of ∞: what is above them is negative or not a number.
const INFINITE: u32 = 0x7f800000u;

var<workgroup> counted: array<atomic<u32>, BINS>;

fn count_key(key: u32, known: u32, prefix: u32, shift: u32) {
  if (key != 0u && key <= INFINITE && (key & known) == prefix) {
    atomicAdd(&counted[(key >> shift) & 255u], 1u);
  }
}

@compute @workgroup_size(group_size)
fn main(@builtin(workgroup_id) id: vec3u, @builtin(local_invocation_index) lane: u32) {
  for (var bin = lane; bin < BINS; bin += group_size) {
    atomicStore(&counted[bin], 0u);
  }
  workgroupBarrier();
  let shift = 24u - 8u * task.mode;
  // In the first round no bit is known: a shift by 32 bits is none.
  let known = select(0xffffffffu << ((shift + 8u) & 31u), 0u, task.mode == 0u);
  // That of the batch before lies there in the first.
  let prefix = found[0] & known;
  let first = group_of(id) * group_size * task.count + lane;
  for (var step = 0u; step < task.count; step++) {
    let at = first + step * group_size;
    if (at < task.elements) {
      let keys = bitcast<vec4u>(pre[at]);
      count_key(keys.x, known, prefix, shift);
      count_key(keys.y, known, prefix, shift);
      count_key(keys.z, known, prefix, shift);
      count_key(keys.w, known, prefix, shift);
    }
  }
  workgroupBarrier();
  for (var bin = lane; bin < BINS; bin += group_size) {
    let size = atomicLoad(&counted[bin]);
    if (size > 0u) {
      atomicAdd(&bins[bin], size);
    }
  }
}
