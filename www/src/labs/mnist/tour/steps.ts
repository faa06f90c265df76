// The steps of the tour: for each the panel that it speaks of, the settings that it shows, and a text. What a text says
// of runs is computed from what stands on the page.

import { html, type TemplateResult } from 'lit';
import { count, measured, percent } from '../../../kit/format';
import { titleOf } from '../../../kit/runs';
import type { PicturesLab } from '../lab';

/** What a text may speak of. */
export interface Told extends PicturesLab {
  readonly epoch: number;
  summary(): string;
}

export interface Step {
  title: string;
  /** Selector of the panel on the page. */
  panel: string;
  /** Settings over those of the visitor, as a hash has them. */
  hash: string;
  text: (lab: Told) => string | TemplateResult;
}

/** The number of active latents of every run, where there are reports. */
function activeLatents({ session }: Told): string {
  const parts = (session?.latest ?? []).flatMap(({ run, report }) =>
    report ? [`${titleOf(run.name)} ${measured(report.testL0)}`] : [],
  );
  return parts.length > 0 ? ` So far: ${parts.join(', ')}.` : '';
}

/** How many latents of its code describe the selected image, by each run. */
function codeOfImage(lab: Told): string {
  const { session, pictures, state } = lab;
  const parts = (session?.runs ?? []).flatMap(({ name }) => {
    const codes = lab.picturesOf(name)?.codes;
    if (!codes || !pictures) return [];
    const latents = codes.length / pictures.rows.length;
    const code = codes.subarray(state.digit * latents, (state.digit + 1) * latents);
    return [`${count(code.filter((value) => value !== 0).length)} of ${count(latents)} by ${titleOf(name)}`];
  });
  return parts.length > 0 ? ` Active latents of this image: ${parts.join(', ')}.` : '';
}

/** How often the most used latents are active. */
function mostUsed(lab: Told): string {
  const parts = (lab.session?.runs ?? []).flatMap(({ name }) => {
    const filters = lab.picturesOf(name)?.filters;
    const first = filters?.order[0];
    return filters && first !== undefined
      ? [`on ${percent(filters.firing[first])} of test images for ${titleOf(name)}`]
      : [];
  });
  return parts.length > 0 ? ` The first one is active ${parts.join(', ')}.` : '';
}

export const steps: readonly Step[] = [
  {
    title: 'What a sparse autoencoder does',
    panel: 'lab-digits',
    hash: '',
    text: ({ session, state }) =>
      `The encoder turns an image of ${count(session?.info.cols ?? 784)} pixels into a code of ${count(state.dSae)} numbers, ` +
      'the latents, of which only some are active. The decoder rebuilds the image from those. The top row are test ' +
      'images, which no run trains on; below is what each run makes of them. Drag the slider to go through the epochs.',
  },
  {
    title: 'A code',
    panel: 'lab-codes',
    hash: '',
    text: (lab) =>
      'This is the code of the selected image, one stem for each active latent. With TopK the k largest stay and all ' +
      `others are 0; with ReLU those above 0 stay.${codeOfImage(lab)}`,
  },
  {
    title: 'What a latent stands for',
    panel: '.filters',
    hash: 'filters=all',
    text: (lab) =>
      'A latent has two filters: the encoder filter is what it responds to, the decoder filter what it adds to the ' +
      `image. They are sorted by use.${mostUsed(lab)} Zoom in with + or a pinch.`,
  },
  {
    title: 'The decoder adds up filters',
    panel: 'lab-editing',
    hash: '',
    text: () =>
      'The decoded image is the decoder’s bias plus, for each active latent, its value times its filter. Switch a ' +
      'latent off or turn it up, and watch what it added, and how the error changes.',
  },
  {
    title: 'A spline',
    panel: 'lab-drawing',
    hash: '',
    text: () =>
      html`While the same latents are active, encoding and decoding is one affine map; where another latent becomes
        active, another map begins. So an SAE is a piecewise affine spline, and with TopK by value its cells form a
        power diagram of order k (in the <a href="./gallery.html">gallery</a>). Draw a digit, and see the active latents
        change as you cross from cell to cell.`,
  },
  {
    title: 'Two ways to train',
    panel: 'lab-curves',
    hash: 'curve=mse',
    text: (lab) =>
      'SGD takes gradient steps on encoder and decoder. PAM-SGD takes them on the encoder only, and solves for the ' +
      `decoder in closed form. Solid lines are test images, dashed ones training images. ${lab.summary()}`,
  },
  {
    title: 'Little data',
    panel: 'lab-curves',
    hash: 'share=1&curve=mse',
    text: (lab) =>
      'The paper reports that PAM-SGD is more sample-efficient: a lower error from few training images. Here ' +
      (lab.session
        ? `the runs have ${count(lab.session.info.trainRows)} training images`
        : '1 % of the training images remain') +
      `. ${lab.summary()} How much of a difference is due to the method, and how much to untied weights, the runs side ` +
      'by side tell.',
  },
  {
    title: 'ReLU in the place of TopK',
    panel: 'lab-results',
    hash: 'activation=relu',
    text: (lab) =>
      'With ReLU the number of active latents (L0) is an outcome of training. An error at a larger L0 is not to be ' +
      `compared with one at a smaller.${activeLatents(lab)} Finish takes you back to your own settings.`,
  },
];
