// The k largest pre-activations of a row, one row to a workgroup. Ties go to the lower latent.
//
// Each value has an integer key with the order that is asked for. Four rounds of counting by eight bits find the
// k-th largest key; then latents above it, and the first of those equal to it, are written in their order:
// their numbers and values [rows, k], a bit each, and z in place of the pre-activations.
// mode: 0 by magnitude, 1 by value, 2 by value and positive only.

@group(0) @binding(1) var<storage, read_write> pre: array<f32>;
@group(0) @binding(2) var<storage, read_write> active_bits: array<u32>;
@group(0) @binding(3) var<storage, read_write> chosen: array<u32>;
@group(0) @binding(4) var<storage, read_write> values: array<f32>;
@group(0) @binding(5) var<storage, read_write> lengths: array<u32>;

const LANES: u32 = 64u;
const ALL: u32 = 0xffffffffu;
// Key of 0 when ordered by value.
const ZERO: u32 = 0x80000000u;

var<workgroup> bins: array<atomic<u32>, 256>;
var<workgroup> part_sums: array<u32, 64>;
var<workgroup> above: array<u32, 64>;
var<workgroup> equal: array<u32, 64>;
// The key's leading bits found so far; how many of those equal to it are wanted; whether that is all of them.
var<workgroup> found: vec3u;

fn key_of(value: f32) -> u32 {
  let bits = bitcast<u32>(value);
  if (task.mode == 0u) {
    return bits << 1u;
  }
  if (bits == 0x80000000u) {
    return ZERO;
  }
  return select(bits | 0x80000000u, ~bits, bits >= 0x80000000u);
}

// Thread 0: the bin that holds the wanted-th largest, from the counts of this round.
fn narrow(shift: u32) {
  var wanted = found.y;
  var part = LANES - 1u;
  while (part > 0u && part_sums[part] < wanted) {
    wanted -= part_sums[part];
    part -= 1u;
  }
  var bin = 4u * part + 3u;
  var size = atomicLoad(&bins[bin]);
  while (bin > 0u && size < wanted) {
    wanted -= size;
    bin -= 1u;
    size = atomicLoad(&bins[bin]);
  }
  found = vec3u(found.x | (bin << shift), wanted, u32(size == wanted));
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) id: vec3u, @builtin(local_invocation_index) lane: u32) {
  let row = group_of(id);
  if (row >= task.rows) {
    return;
  }
  let base = row * task.stride;
  if (lane == 0u) {
    found = vec3u(0u, task.k, 0u);
  }
  var low = workgroupUniformLoad(&found);
  var known = 0u;
  for (var shift = 24i; shift >= 0i && low.z == 0u; shift -= 8i) {
    for (var bin = 0u; bin < 4u; bin++) {
      atomicStore(&bins[4u * lane + bin], 0u);
    }
    workgroupBarrier();
    for (var latent = lane; latent < task.latents; latent += LANES) {
      let key = key_of(pre[base + latent]);
      if ((key & known) == low.x) {
        atomicAdd(&bins[(key >> u32(shift)) & 255u], 1u);
      }
    }
    workgroupBarrier();
    var sum = 0u;
    for (var bin = 0u; bin < 4u; bin++) {
      sum += atomicLoad(&bins[4u * lane + bin]);
    }
    part_sums[lane] = sum;
    workgroupBarrier();
    if (lane == 0u) {
      narrow(u32(shift));
    }
    low = workgroupUniformLoad(&found);
    known |= 255u << u32(shift);
  }
  // Above `key` all are taken; of those equal to it the first `ties`. Where a whole bin is taken, its lowest key is
  // `key`, and all others of the bin are above.
  var key = low.x;
  var ties = select(low.y, ALL, low.z == 1u);
  if (task.mode == 2u && key <= ZERO) {
    key = ZERO;
    ties = 0u;
  }

  // Each thread has consecutive words of 32 latents, so that order is kept.
  let words = task.stride / 32u;
  let share = (words + LANES - 1u) / LANES;
  let first = min(lane * share, words);
  let last = min(first + share, words);
  var larger = 0u;
  var same = 0u;
  for (var latent = 32u * first; latent < min(32u * last, task.latents); latent++) {
    let other = key_of(pre[base + latent]);
    larger += u32(other > key);
    same += u32(other == key);
  }
  above[lane] = larger;
  equal[lane] = same;
  workgroupBarrier();
  if (lane == 0u) {
    var taken = 0u;
    var seen = 0u;
    for (var other = 0u; other < min(LANES, words); other++) {
      let larger_here = above[other];
      let same_here = equal[other];
      above[other] = taken;
      equal[other] = seen;
      taken += larger_here + min(ties - min(ties, seen), same_here);
      seen += same_here;
    }
    lengths[row] = taken;
  }
  workgroupBarrier();
  var to = row * task.k + above[lane];
  var seen = equal[lane];
  for (var word = first; word < last; word++) {
    var bits = 0u;
    for (var bit = 0u; bit < 32u; bit++) {
      let latent = 32u * word + bit;
      let value = pre[base + latent];
      let other = key_of(value);
      let tied = other == key;
      if (latent < task.latents && (other > key || (tied && seen < ties))) {
        bits |= 1u << bit;
        chosen[to] = latent;
        values[to] = value;
        to += 1u;
      } else {
        pre[base + latent] = 0.0;
      }
      seen += u32(tied);
    }
    active_bits[row * words + word] = bits;
  }
}
