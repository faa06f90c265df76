// The gallery's figures by name: how each is loaded, which the gallery and the page of a single figure share.

import { onDemand } from '../kit/modules';
import { titles, type FigureName } from './frame/titles';

/** Loads each component; nothing of it is loaded before. */
const loaders: Readonly<Record<FigureName, () => Promise<unknown>>> = {
  'voronoi-to-power': () => import('./figures/voronoi-to-power'),
  'order-k': () => import('./figures/order-k'),
  lifting: () => import('./figures/lifting'),
  'topk-is-power': () => import('./figures/topk-is-power'),
  'three-partitions': () => import('./figures/three-partitions'),
  'kmeans-pca': () => import('./figures/kmeans-pca'),
};

/** In the order of the gallery. */
export const figureNames = Object.keys(titles) as readonly FigureName[];

/** Whether there is a figure of that name. */
export function isFigure(name: string): name is FigureName {
  return Object.hasOwn(titles, name);
}

/** What a page needs to know of a figure's component. */
export interface FigureComponent extends HTMLElement {
  embedded: boolean;
  /** Its state as a link holds it. */
  readonly hash: string;
  restore(hash: string): void;
  /** Tells the reader something. */
  tell(note: string): void;
}

/** Loads a figure and makes its component, `<splinterp-NAME>`. */
export async function makeFigure(name: FigureName): Promise<FigureComponent> {
  await onDemand(loaders[name]);
  return document.createElement(`splinterp-${name}`) as FigureComponent;
}
