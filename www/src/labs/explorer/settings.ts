// What of the explorer a link restores: settings that a lab's table takes in, all of them of the view.

import { flag, oneOf, real, type Property, type StateOf } from '../../kit/properties';
import { shades, type PlaneChoice, type PlaneRequest, type Window } from './protocol';

/** Rows and latents may be so many. */
const MOST = 10_000_000;

/** So many whole numbers. */
function wholes(key: string, initial: readonly number[]): Property<readonly number[], 'view'> {
  const count = initial.length;
  return {
    key,
    scope: 'view',
    initial,
    expected: `${count} whole numbers`,
    parse: (text) => {
      const value = text.split(',').map((part) => (/^\d+$/.test(part) ? Number(part) : NaN));
      return value.length === count && value.every((each) => each <= MOST) ? { value } : undefined;
    },
    write: (value) => value.join(','),
  };
}

/** A window as `x*y*width`; nothing for the whole of what the plane goes through. */
const window: Property<Window | undefined, 'view'> = {
  key: 'window',
  scope: 'view',
  initial: undefined,
  expected: 'three numbers x*y*width, the width above 0',
  parse: (text) => {
    if (text === '') return { value: undefined };
    const [x = NaN, y = NaN, w = NaN, ...more] = text.split('*').map((part) => (part === '' ? NaN : Number(part)));
    const fits = more.length === 0 && [x, y, w].every(Number.isFinite) && w > 0;
    return fits ? { value: { x, y, w } } : undefined;
  },
  write: (value) =>
    value ? [value.x, value.y, value.w].map((each) => String(Number(each.toPrecision(6)))).join('*') : '',
};

/** Words in a row. */
function words(key: string, expected: string): Property<readonly string[], 'view'> {
  return {
    key,
    scope: 'view',
    initial: [],
    expected,
    parse: (text) => ({ value: text.split(',').filter((word) => word !== '') }),
    write: (value) => value.join(','),
  };
}

export const planeKinds = ['rows', 'components', 'latents'] as const;

export const explorerProperties = {
  plane: oneOf('plane', 'view', planeKinds),
  picks: wholes('picks', [0, 1, 2]),
  directions: wholes('directions', [0, 1]),
  turn: real('turn', 'view', 0, -180, 180),
  tilt: real('tilt', 'view', 0, -180, 180),
  window,
  shade: oneOf('shade', 'view', shades),
  /** Names of models, in the order of the lab; none for those that are shown by default. */
  explored: words('explored', 'names of runs'),
  walked: real('walk', 'view', 0.5, 0, 1),
  standing: flag('stand', 'view', false),
  /** Models whose standing was measured, with the epoch: `name*epoch`. */
  measured: words('measured', 'names and epochs'),
};

export type ExploreState = StateOf<typeof explorerProperties>;

export function choiceOf({ plane, picks, directions }: ExploreState): PlaneChoice {
  const [a = 0, b = 1, c = 2] = picks;
  const [i = 0, j = 1] = directions;
  switch (plane) {
    case 'rows':
      return { kind: 'rows', rows: [a, b, c] };
    case 'components':
      return { kind: 'components' };
    case 'latents':
      return { kind: 'latents', row: a, latents: [i, j] };
  }
}

export function planeRequest(state: ExploreState): PlaneRequest {
  return { choice: choiceOf(state), turn: state.turn, tilt: state.tilt };
}

/** An angle in −180 … 180 degrees. */
export function wrapped(degrees: number): number {
  const within = ((((degrees + 180) % 360) + 360) % 360) - 180;
  return Number(within.toFixed(1));
}

/** A window as far as its numbers can tell points apart. */
const NARROWEST = 1e-6;
const WIDEST = 1e7;

/** A window zoomed by a factor about a point of the plane that keeps its place. */
export function zoomed({ x, y, w }: Window, factor: number, at: { x: number; y: number }): Window {
  const width = Math.min(WIDEST, Math.max(NARROWEST, w * factor));
  const by = width / w;
  return { x: at.x + (x - at.x) * by, y: at.y + (y - at.y) * by, w: width };
}
