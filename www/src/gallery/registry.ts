// All figures of the site: one list, which the gallery and the page of a single figure share.

/** One figure; its component is `<splinterp-NAME>`. */
export interface Entry {
  /** What it is called, on the page and in lists. */
  readonly title: string;
  /** Loads the component; nothing of it is loaded before. */
  readonly load: () => Promise<unknown>;
}

/** By name, in the order of the gallery. */
export const registry: Readonly<Record<string, Entry>> = {
  'voronoi-to-power': {
    title: 'From Voronoi to power diagrams',
    load: () => import('./figures/voronoi-to-power'),
  },
  'order-k': {
    title: 'Order K',
    load: () => import('./figures/order-k'),
  },
  lifting: {
    title: 'Lifting',
    load: () => import('./figures/lifting'),
  },
  'topk-is-power': {
    title: 'TopK is a power diagram',
    load: () => import('./figures/topk-is-power'),
  },
  'three-partitions': {
    title: 'ReLU, JumpReLU, TopK',
    load: () => import('./figures/three-partitions'),
  },
  'kmeans-pca': {
    title: 'Between k-means and PCA',
    load: () => import('./figures/kmeans-pca'),
  },
};

/** Its entry, if there is a figure of that name. */
export function entryOf(name: string): Entry | undefined {
  return Object.hasOwn(registry, name) ? registry[name] : undefined;
}

/** Address of a figure's own page, relative to the site's root. */
export function pageOf(name: string, hash = ''): string {
  return `figure.html?name=${encodeURIComponent(name)}${hash === '' ? '' : `#${hash}`}`;
}

/** What a page needs to know of a figure's component. */
export interface FigureComponent extends HTMLElement {
  embedded: boolean;
  /** Its state as a link holds it. */
  readonly hash: string;
  restore(hash: string): void;
}

/** Loads a figure and makes its component. */
export async function makeFigure(name: string): Promise<FigureComponent> {
  const entry = entryOf(name);
  if (!entry) {
    throw new Error(`there is no figure named “${name}”, expected one of ${Object.keys(registry).join(', ')}`);
  }
  await entry.load();
  return document.createElement(`splinterp-${name}`) as FigureComponent;
}
