// The one table of what can be trained and shown side by side: what a run is called, how it is drawn, and what it does.
// Its colour is the CSS variable of its name, in base.css; its marker says the same without colour.

/** Shape of a run's points in plots and legends. */
export type Marker = 'circle' | 'square' | 'triangle' | 'diamond' | 'cross';

/** How a run looks. */
export interface RunLook {
  /** In full, as legends and sentences have it. */
  name: string;
  marker: Marker;
}

/** A run that the MNIST lab offers: a look, and what is trained. */
export interface RunKind extends RunLook {
  method: 'sgd' | 'pam';
  tied: boolean;
  /** Settings of the crate that are applied over those of the form. */
  preset: 'recommended' | 'paper-mnist' | undefined;
  /** What it does, in a sentence. */
  does: string;
}

/** Runs that a lab's reader can choose from, in the order in which they are trained and shown. */
export const catalogue = {
  'sgd-tied': {
    name: 'SGD tied',
    marker: 'square',
    method: 'sgd',
    tied: true,
    preset: 'paper-mnist',
    does: 'Adam on the encoder, whose transpose is the decoder: the baseline of the paper’s script.',
  },
  'sgd-untied': {
    name: 'SGD untied',
    marker: 'circle',
    method: 'sgd',
    tied: false,
    preset: 'recommended',
    does: 'Adam on encoder and decoder, each with weights of its own; the step size falls to 0.',
  },
  'pam-script': {
    name: 'PAM-SGD script',
    marker: 'triangle',
    method: 'pam',
    tied: false,
    preset: 'paper-mnist',
    does: 'Adam on the encoder; once an epoch the decoder in closed form, its bias afterwards, as the paper’s script does.',
  },
  'pam-plain': {
    name: 'PAM-SGD plain',
    marker: 'cross',
    method: 'pam',
    tied: false,
    preset: undefined,
    does: 'Adam on the encoder; once an epoch decoder and bias together in closed form.',
  },
  'pam-recommended': {
    name: 'PAM-SGD recommended',
    marker: 'diamond',
    method: 'pam',
    tied: false,
    preset: 'recommended',
    does: 'The decoder follows each batch and is solved for two to ten times an epoch; dead latents revived; its own step size falls to 0.',
  },
} as const satisfies Readonly<Record<string, RunKind>>;

export type CatalogueRun = keyof typeof catalogue;
export const catalogueRuns = Object.keys(catalogue) as [CatalogueRun, ...CatalogueRun[]];

/** Runs by method alone, where the form says what else they are. */
const byMethod = {
  sgd: { name: 'SGD', marker: 'circle' },
  pam: { name: 'PAM-SGD', marker: 'diamond' },
} as const satisfies Readonly<Record<string, RunLook>>;

/** Every run that can be drawn, by its name within a session. */
export const runLooks: ReadonlyMap<string, RunLook> = new Map<string, RunLook>(
  Object.entries({ ...byMethod, ...catalogue }),
);

/** What a run is called. */
export function titleOf(run: string): string {
  return runLooks.get(run)?.name ?? run;
}

/** Each marker as the corners of a polygon on a box of 1 × 1. */
const corners: Readonly<Record<Exclude<Marker, 'circle'>, readonly (readonly [number, number])[]>> = {
  square: [
    [0.07, 0.07],
    [0.93, 0.07],
    [0.93, 0.93],
    [0.07, 0.93],
  ],
  triangle: [
    [0.5, 0],
    [1, 0.92],
    [0, 0.92],
  ],
  diamond: [
    [0.5, -0.05],
    [1.05, 0.5],
    [0.5, 1.05],
    [-0.05, 0.5],
  ],
  cross: [
    [0.33, 0],
    [0.67, 0],
    [0.67, 0.33],
    [1, 0.33],
    [1, 0.67],
    [0.67, 0.67],
    [0.67, 1],
    [0.33, 1],
    [0.33, 0.67],
    [0, 0.67],
    [0, 0.33],
    [0.33, 0.33],
  ],
};

/** What takes a marker's outline; a canvas' path is one. */
interface MarkerPen {
  moveTo(x: number, y: number): void;
  lineTo(x: number, y: number): void;
  arc(x: number, y: number, radius: number, from: number, to: number): void;
  closePath(): void;
}

/** Traces a marker, `size` wide about (x, y). */
export function traceMarker(pen: MarkerPen, marker: Marker, x: number, y: number, size: number): void {
  if (marker === 'circle') {
    pen.moveTo(x + size / 2, y);
    pen.arc(x, y, size / 2, 0, 2 * Math.PI);
  } else {
    corners[marker].forEach(([u, v], i) => {
      const at = [x + (u - 0.5) * size, y + (v - 0.5) * size] as const;
      if (i === 0) pen.moveTo(...at);
      else pen.lineTo(...at);
    });
  }
  pen.closePath();
}

/** A marker as the shape of a box, for `clip-path`. */
export function markerShape(marker: Marker): string {
  if (marker === 'circle') return 'circle(50%)';
  return `polygon(${corners[marker].map(([u, v]) => `${100 * u}% ${100 * v}%`).join(', ')})`;
}
