// The k largest pre-activations of each row. Ties go to the lower latent. 8 lanes share a row.
//
// Each value has an integer key with the order that is asked for. Four rounds of counting by eight bits find the
// k-th largest key; then latents above it, and the first of those equal to it, are written in their order:
// their numbers and values [rows, k], a bit each, and z in place of the pre-activations.
// mode: 0 by magnitude, 1 by value, 2 by value and positive only.

@group(0) @binding(1) var<storage, read_write> pre: array<vec4f>;
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

// Keys of four latents, 0 where they are beyond the last: no smaller key exists, and a wanted one lies before them.
fn keys_of(value: vec4f, latent: u32) -> vec4u {
  let bits = bitcast<vec4u>(value);
  var keys = bits << vec4u(1u);
  if (task.mode != 0u) {
    keys = select(bits | vec4u(ZERO), ~bits, bits >= vec4u(ZERO));
    // −0 is 0.
    keys = select(keys, vec4u(ZERO), bits == vec4u(ZERO));
  }
  return select(vec4u(), keys, vec4u(latent) + vec4u(0u, 1u, 2u, 3u) < vec4u(task.latents));
}

fn count_key(place: u32, key: u32, known: u32, prefix: u32, shift: u32) {
  if ((key & known) == prefix) {
    atomicAdd(&bins[place * BINS + ((key >> shift) & 255u)], 1u);
  }
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
  let base = row * (task.stride / 4u);
  let quads = (task.latents + 3u) / 4u;
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
      for (var quad = mine; quad < quads; quad += LANES) {
        let keys = keys_of(pre[base + quad], 4u * quad);
        count_key(place, keys.x, known, prefix, shift);
        count_key(place, keys.y, known, prefix, shift);
        count_key(place, keys.z, known, prefix, shift);
        count_key(place, keys.w, known, prefix, shift);
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
    var larger = vec4u();
    var same = vec4u();
    for (var quad = 8u * first; quad < 8u * last; quad++) {
      let keys = keys_of(pre[base + quad], 4u * quad);
      larger += vec4u(keys > vec4u(key));
      same += vec4u(keys == vec4u(key));
    }
    above[lane] = larger.x + larger.y + larger.z + larger.w;
    equal[lane] = same.x + same.y + same.z + same.w;
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
    for (var quad = 8u * word; quad < 8u * word + 8u; quad++) {
      let value = pre[base + quad];
      let keys = keys_of(value, 4u * quad);
      var kept = vec4f();
      for (var part = 0u; part < 4u; part++) {
        let latent = 4u * quad + part;
        let tied = keys[part] == key;
        if (latent < task.latents && (keys[part] > key || (tied && seen < ties))) {
          bits |= 1u << (latent % 32u);
          chosen[to] = latent;
          values[to] = value[part];
          kept[part] = value[part];
          to += 1u;
        }
        seen += u32(tied);
      }
      pre[base + quad] = kept;
    }
    active_bits[row * words + word] = bits;
  }
  if (mine == LANES - 1u) {
    lengths[row] = to - row * task.k;
  }
}
