// The k largest pre-activations of each row. Ties go to the lower latent. 8 lanes share a row.
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

const LANES: u32 = 8u;
const ROWS: u32 = 8u;
const BINS: u32 = 256u;
// Bins that a lane counts and adds up.
const SHARE: u32 = BINS / LANES;
// Key of 0 when ordered by value.
const ZERO: u32 = 0x80000000u;

var<workgroup> bins: array<atomic<u32>, 2048>;
// Of each lane: values in its share of the bins; then its latents above and at the k-th key.
var<workgroup> above: array<u32, 64>;
var<workgroup> equal: array<u32, 64>;
// Of each row: the key's leading bits found so far, and how many of the values that share them are wanted.
var<workgroup> found: array<vec2u, 8>;

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

// One lane of a row: the bin that holds the wanted-th largest, from the counts of this round.
fn narrow(place: u32, shift: u32) {
  var wanted = found[place].y;
  var part = LANES - 1u;
  while (part > 0u && above[place * LANES + part] < wanted) {
    wanted -= above[place * LANES + part];
    part -= 1u;
  }
  var bin = SHARE * part + SHARE - 1u;
  var size = atomicLoad(&bins[place * BINS + bin]);
  while (bin > 0u && size < wanted) {
    wanted -= size;
    bin -= 1u;
    size = atomicLoad(&bins[place * BINS + bin]);
  }
  found[place] = vec2u(found[place].x | (bin << shift), wanted);
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) id: vec3u, @builtin(local_invocation_index) lane: u32) {
  let place = lane / LANES;
  let mine = lane % LANES;
  let row = group_of(id) * ROWS + place;
  let inside = row < task.rows;
  let base = row * task.stride;
  if (mine == 0u) {
    found[place] = vec2u(0u, task.k);
  }
  var known = 0u;
  for (var round = 0u; round < 4u; round++) {
    let shift = 24u - 8u * round;
    for (var bin = 0u; bin < SHARE; bin++) {
      atomicStore(&bins[lane * SHARE + bin], 0u);
    }
    workgroupBarrier();
    if (inside) {
      let prefix = found[place].x;
      for (var latent = mine; latent < task.latents; latent += LANES) {
        let key = key_of(pre[base + latent]);
        if ((key & known) == prefix) {
          atomicAdd(&bins[place * BINS + ((key >> shift) & 255u)], 1u);
        }
      }
    }
    workgroupBarrier();
    var sum = 0u;
    for (var bin = 0u; bin < SHARE; bin++) {
      sum += atomicLoad(&bins[lane * SHARE + bin]);
    }
    above[lane] = sum;
    workgroupBarrier();
    if (inside && mine == 0u) {
      narrow(place, shift);
    }
    workgroupBarrier();
    known |= 255u << shift;
  }
  // Above `key` all are taken; of those equal to it the first `ties`.
  var key = found[place].x;
  var ties = found[place].y;
  if (task.mode == 2u && key <= ZERO) {
    key = ZERO;
    ties = 0u;
  }

  // Each lane has consecutive words of 32 latents, so that order is kept.
  let words = task.stride / 32u;
  let share = (words + LANES - 1u) / LANES;
  let first = min(mine * share, words);
  let last = min(first + share, words);
  if (inside) {
    var larger = 0u;
    var same = 0u;
    for (var latent = 32u * first; latent < min(32u * last, task.latents); latent++) {
      let other = key_of(pre[base + latent]);
      larger += u32(other > key);
      same += u32(other == key);
    }
    above[lane] = larger;
    equal[lane] = same;
  }
  workgroupBarrier();
  if (!inside) {
    return;
  }
  var to = row * task.k;
  var seen = 0u;
  for (var other = place * LANES; other < lane; other++) {
    to += above[other];
    seen += equal[other];
  }
  to += min(seen, ties);
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
  if (mine == LANES - 1u) {
    lengths[row] = to - row * task.k;
  }
}
