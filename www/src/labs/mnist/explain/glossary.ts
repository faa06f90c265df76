// The words of the lab, in the order in which a reader meets them.

export const glossary: readonly (readonly [term: string, meaning: string])[] = [
  ['Sparse autoencoder (SAE)', 'An encoder, an activation that lets few latents through, and a linear decoder.'],
  ['Latent, feature', 'One coordinate of the code z. Its decoder row is what it adds to an image when it is active.'],
  ['pre', 'The pre-activation x W_enc + b_enc, before the activation ρ.'],
  ['TopK', 'The activation that keeps the k largest pre-activations, here by magnitude unless chosen otherwise.'],
  [
    'ReLU, JumpReLU',
    'The activation that keeps what is above 0, or above a threshold; how many that are is not fixed.',
  ],
  ['d_in, d_sae', 'Numbers in a row of data, and latents: 784 pixels and 256 latents by default.'],
  ['Tied', 'The decoder is the transpose of the encoder. Untied, it has weights of its own.'],
  ['MSE', 'Mean squared error over all elements, without penalties. Test MSE is on images that no run trains on.'],
  ['FVU', 'Fraction of variance unexplained: the squared error over that of always predicting the mean image.'],
  ['L0', 'Mean number of active latents per image. Errors compare only where it is alike.'],
  ['Dead latent', 'A latent that no training image activated in the last epoch.'],
  ['Epoch, step', 'Each training image once; one update of the encoder on one batch.'],
  ['α, β', 'Ridge: weights of the decoder’s size in F.'],
  ['μ, ν', 'Proximal weights: what a change since the start of the epoch costs, for matrices and for biases.'],
  ['λ (l1)', 'Weight of the mean over rows of Σ|z|, which pulls codes towards 0.'],
  ['Seed', 'Every random choice follows from it: the same settings and seed give the same bits on every CPU.'],
];
