// The colours of figures: CSS variables, so that light and dark have one home, read as plain colours for canvases.

import { css } from 'lit';
import { plainColours } from '../../kit/theme';

/** Variables whose computed value is wanted as a plain colour. */
const names = ['ink', 'muted', 'panel', 'well', 'line', 'accent', 'alert'] as const;

/** Hues in each series below. */
export const HUES = 8;

/**
 * `--tint-…` fill areas, `--mark-…` are the same hues at full strength, for points, lines and letters' grounds:
 * orange, sky blue, bluish green, yellow, reddish purple, vermilion, blue, grey.
 */
export const colourVariables = css`
  :host {
    --tint-0: light-dark(#f7d08a, #7a5310);
    --tint-1: light-dark(#b5dcf4, #1f5878);
    --tint-2: light-dark(#9fd8c3, #0c5a45);
    --tint-3: light-dark(#f6efa0, #6b6415);
    --tint-4: light-dark(#e9c3d9, #6d3c58);
    --tint-5: light-dark(#f0b48e, #78350a);
    --tint-6: light-dark(#8fbfe0, #0b3f66);
    --tint-7: light-dark(#d5d5d5, #4a4e56);
    --mark-0: light-dark(#b87400, #f0ab2b);
    --mark-1: light-dark(#1f87bd, #7cc8f2);
    --mark-2: light-dark(#007a59, #2fc49a);
    --mark-3: light-dark(#8c8100, #f0e442);
    --mark-4: light-dark(#a8497f, #e2a3c6);
    --mark-5: light-dark(#b34f00, #f58a45);
    --mark-6: light-dark(#005a8e, #4aa3dc);
    --mark-7: light-dark(#5f646d, #b7bcc6);
  }
`;

export interface Colours extends Readonly<Record<(typeof names)[number], string>> {
  /** For areas. */
  readonly tints: readonly string[];
  /** For points and lines. */
  readonly marks: readonly string[];
}

const series = (kind: string): string[] => Array.from({ length: HUES }, (_, i) => `--${kind}-${i}`);

/** The colours that hold for an element now. */
export function coloursOf(element: Element): Colours {
  const variables = [...names.map((name) => `--${name}`), ...series('tint'), ...series('mark')];
  const read = plainColours(element, variables);
  const own = Object.fromEntries(names.map((name, i) => [name, read[i]]));
  return {
    ...(own as Record<(typeof names)[number], string>),
    tints: read.slice(names.length, names.length + HUES),
    marks: read.slice(names.length + HUES),
  };
}

/** The colour at `t` between two plain colours, `rgb(r, g, b)` as computed styles write them. */
export function mix(from: string, to: string, t: number): string {
  if (t <= 0 || from === to) return from;
  if (t >= 1) return to;
  const parts = (colour: string): number[] => (colour.match(/[\d.]+/g) ?? []).slice(0, 3).map(Number);
  const [a, b] = [parts(from), parts(to)];
  return `rgb(${a.map((value, i) => Math.round(value + ((b[i] ?? value) - value) * t)).join(', ')})`;
}
