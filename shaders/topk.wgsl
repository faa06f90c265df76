// The k largest pre-activations of each row. Ties go to the lower latent. `lanes` threads share a row.
//
// Each value has an integer key with the order that is asked for. Four rounds of counting by eight bits find the
// k-th largest key; then latents above it, and the first of those equal to it, are written in their order:
// their numbers and values [rows, k], a bit for each active one, and z in place of the pre-activations.
// mode: 1 orders by value instead of magnitude; 2 makes only values above 0 active: others that are chosen count as 0.

@group(0) @binding(1) var<storage, read_write> pre: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> active_bits: array<u32>;
@group(0) @binding(3) var<storage, read_write> chosen: array<u32>;
@group(0) @binding(4) var<storage, read_write> values: array<f32>;

const BINS: u32 = 256u;
// Bins that a lane counts and adds up.
override share: u32 = BINS / lanes;
// Rows of a workgroup, and the bins of all of them.
override rows: u32 = group_size / lanes;
override all_bins: u32 = BINS * rows;
// Key of 0 when ordered by value.
const ZERO: u32 = 0x80000000u;

var<workgroup> bins: array<atomic<u32>, all_bins>;
// Of each lane: values in its share of the bins; then its latents above and at the k-th key.
var<workgroup> above: array<u32, group_size>;
var<workgroup> equal: array<u32, group_size>;
// Of each row: the key's leading bits found so far, and how many of the values that share them are wanted.
var<workgroup> found: array<vec2u, rows>;

// Keys of four latents, 0 where they are beyond the last: no smaller key exists, and a wanted one lies before them.
fn keys_of(value: vec4f, latent: u32) -> vec4u {
  let bits = bitcast<vec4u>(value);
  var keys = bits << vec4u(1u);
  if ((task.mode & 1u) == 1u) {
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
  var part = lanes - 1u;
  while (part > 0u && above[place * lanes + part] < wanted) {
    wanted -= above[place * lanes + part];
    part -= 1u;
  }
  var bin = share * part + share - 1u;
  var size = atomicLoad(&bins[place * BINS + bin]);
  while (bin > 0u && size < wanted) {
    wanted -= size;
    bin -= 1u;
    size = atomicLoad(&bins[place * BINS + bin]);
  }
  found[place] = vec2u(found[place].x | (bin << shift), wanted);
}

@compute @workgroup_size(group_size)
fn main(@builtin(workgroup_id) id: vec3u, @builtin(local_invocation_index) lane: u32) {
  let place = lane / lanes;
  let mine = lane % lanes;
  let row = group_of(id) * rows + place;
  let inside = row < task.rows;
  let base = row * (task.stride / 4u);
  let quads = (task.latents + 3u) / 4u;
  if (mine == 0u) {
    found[place] = vec2u(0u, task.k);
  }
  var known = 0u;
  for (var round = 0u; round < 4u; round++) {
    let shift = 24u - 8u * round;
    for (var bin = 0u; bin < share; bin++) {
      atomicStore(&bins[lane * share + bin], 0u);
    }
    workgroupBarrier();
    if (inside) {
      let prefix = found[place].x;
      for (var quad = mine; quad < quads; quad += lanes) {
        let keys = keys_of(pre[base + quad], 4u * quad);
        count_key(place, keys.x, known, prefix, shift);
        count_key(place, keys.y, known, prefix, shift);
        count_key(place, keys.z, known, prefix, shift);
        count_key(place, keys.w, known, prefix, shift);
      }
    }
    workgroupBarrier();
    var sum = 0u;
    for (var bin = 0u; bin < share; bin++) {
      sum += atomicLoad(&bins[lane * share + bin]);
    }
    above[lane] = sum;
    workgroupBarrier();
    if (inside && mine == 0u) {
      narrow(place, shift);
    }
    workgroupBarrier();
    known |= 255u << shift;
  }
  // Above `key` all are chosen; of those equal to it the first `ties`.
  let key = found[place].x;
  let ties = found[place].y;
  let positive_only = (task.mode & 2u) == 2u;

  // Each lane has consecutive words of 32 latents, so that order is kept.
  let words = task.stride / 32u;
  let words_per_lane = (words + lanes - 1u) / lanes;
  let first = min(mine * words_per_lane, words);
  let last = min(first + words_per_lane, words);
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
  for (var other = place * lanes; other < lane; other++) {
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
          if (!positive_only || value[part] > 0.0) {
            bits |= 1u << (latent % 32u);
            kept[part] = value[part];
          }
          chosen[to] = latent;
          values[to] = kept[part];
          to += 1u;
        }
        seen += u32(tied);
      }
      pre[base + quad] = kept;
    }
    active_bits[row * words + word] = bits;
  }
}
