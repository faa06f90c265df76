// Colours for canvases, which CSS variables do not reach: look-up tables for light and dark pages.

import type { ReactiveController, ReactiveControllerHost } from 'lit';

/** Red, green, blue. */
type Colour = readonly [number, number, number];

export type Scheme = 'light' | 'dark';

const dark = matchMedia('(prefers-color-scheme: dark)');

/** The scheme that the page was given, whatever the device prefers. */
let given: Scheme | undefined;

/** Gives the page a scheme of its own; before anything is drawn. */
export function setScheme(scheme: Scheme): void {
  given = scheme;
  document.documentElement.dataset.scheme = scheme;
}

/** Whether the page is dark now. */
export function isDark(): boolean {
  return given === undefined ? dark.matches : given === 'dark';
}

const registered = new Set<string>();

/** Only a registered property computes to a plain colour, whatever it was written with. */
function register(variable: string): void {
  if (registered.has(variable)) return;
  registered.add(variable);
  CSS.registerProperty({ name: variable, syntax: '<color>', inherits: true, initialValue: 'gray' });
}

/**
 * CSS variables as plain colours. All are registered before the first is read: the page is styled anew after each
 * registration, which took 15 ms a time on the MNIST lab.
 */
export function plainColours(element: Element, variables: readonly string[]): string[] {
  variables.forEach(register);
  const style = getComputedStyle(element);
  return variables.map((variable) => style.getPropertyValue(variable).trim());
}

/** A CSS variable as a plain colour. */
export function plainColour(element: Element, variable: string): string {
  return plainColours(element, [variable])[0] ?? '';
}

/** Redraws its host when the page turns light or dark. */
export class ThemeController implements ReactiveController {
  private readonly redraw: () => void;

  constructor(host: ReactiveControllerHost, redraw: () => void) {
    this.redraw = redraw;
    host.addController(this);
  }

  hostConnected(): void {
    dark.addEventListener('change', this.redraw);
  }

  hostDisconnected(): void {
    dark.removeEventListener('change', this.redraw);
  }
}

/** Colour at `t` in 0 … 1 along evenly spaced stops. */
function between(stops: readonly Colour[], t: number): Colour {
  const at = t * (stops.length - 1);
  const low = Math.min(Math.floor(at), stops.length - 2);
  const from = stops[low] ?? [0, 0, 0];
  const to = stops[low + 1] ?? from;
  const mix = (channel: 0 | 1 | 2): number => Math.round(from[channel] + (to[channel] - from[channel]) * (at - low));
  return [mix(0), mix(1), mix(2)];
}

/** RGBA words in the byte order of `ImageData` on little-endian machines, which is all that browsers run on. */
export function lookUp(stops: readonly Colour[], size: number): Uint32Array {
  return Uint32Array.from({ length: size }, (_, i) => {
    const [red, green, blue] = between(stops, i / (size - 1));
    return ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;
  });
}

/** Blue for negative, orange for positive weights, the paper's colour at 0: Okabe–Ito hues. */
const diverging = {
  light: lookUp(
    [
      [0, 58, 112],
      [0, 114, 178],
      [137, 194, 224],
      [250, 249, 246],
      [240, 188, 112],
      [213, 94, 0],
      [122, 46, 0],
    ],
    255,
  ),
  dark: lookUp(
    [
      [150, 215, 250],
      [56, 160, 220],
      [14, 82, 130],
      [27, 30, 36],
      [140, 66, 8],
      [230, 130, 20],
      [255, 214, 130],
    ],
    255,
  ),
};

/** Images: ink on paper. */
const grey = {
  light: lookUp(
    [
      [255, 255, 255],
      [24, 26, 32],
    ],
    256,
  ),
  dark: lookUp(
    [
      [18, 20, 24],
      [240, 240, 236],
    ],
    256,
  ),
};

/** Words for −127 … 127, at index + 127. */
export function divergingTable(): Uint32Array {
  return isDark() ? diverging.dark : diverging.light;
}

/** Words for 0 … 255. */
export function greyTable(): Uint32Array {
  return isDark() ? grey.dark : grey.light;
}
