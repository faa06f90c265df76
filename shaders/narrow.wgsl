// BatchTopK: from the counts of a round the bin that holds the `count`-th largest of the batch, or the least where there
// are fewer; after the last round the least active pre-activation is known, and moves the threshold. One workgroup.
// Latents are active above the number next to the least: of several that equal it all are.
// mode: the round.

@group(0) @binding(1) var<storage, read_write> bins: array<u32>;
// The leading bits found so far, and how many of the values that share them are wanted.
@group(0) @binding(2) var<storage, read_write> found: array<u32>;
// The moving average, above what latents of this batch are active, and 1 where there is an average.
@group(0) @binding(3) var<storage, read_write> threshold: array<f32>;

const BINS: u32 = 256u;
const LAST_ROUND: u32 = 3u;

var<workgroup> counted: array<u32, BINS>;

// The number of this batch where `least` are the bits of the least active one, 0 if none is positive.
fn follow(least: u32) {
  if (least == 0u) {
    threshold[1] = 0.0;
    return;
  }
  threshold[1] = bitcast<f32>(least - 1u);
  let value = bitcast<f32>(least);
  let average = threshold[0];
  threshold[0] = select(value, average + task.rate * (value - average), threshold[2] == 1.0);
  threshold[2] = 1.0;
}

@compute @workgroup_size(group_size)
fn main(@builtin(local_invocation_index) lane: u32) {
  for (var bin = lane; bin < BINS; bin += group_size) {
    counted[bin] = bins[bin];
    bins[bin] = 0u;
  }
  workgroupBarrier();
  if (lane != 0u) {
    return;
  }
  var key = found[0];
  var wanted = found[1];
  if (task.mode == 0u) {
    var all = 0u;
    for (var bin = 0u; bin < BINS; bin++) {
      all += counted[bin];
    }
    key = 0u;
    wanted = min(task.count, all);
  }
  if (wanted > 0u) {
    var bin = BINS - 1u;
    while (bin > 0u && counted[bin] < wanted) {
      wanted -= counted[bin];
      bin -= 1u;
    }
    key |= bin << (24u - 8u * task.mode);
  }
  found[0] = key;
  found[1] = wanted;
  if (task.mode == LAST_ROUND) {
    follow(key);
  }
}
