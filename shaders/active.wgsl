// Active latents by their bits.

// Of the 32 bits of a word those of latents from `first_latent` to `latents`.
fn in_range(bits: u32, word: u32) -> u32 {
  let base = 32u * word;
  var kept = bits;
  if (base < task.first_latent) {
    kept &= 0xffffffffu << (task.first_latent - base);
  }
  if (base + 32u > task.latents) {
    kept &= 0xffffffffu >> (base + 32u - task.latents);
  }
  return kept;
}
