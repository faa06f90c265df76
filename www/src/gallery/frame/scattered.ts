// Sites that a figure scatters from a seed and its reader then moves, adds and removes: what `SiteEditor` needs of them.

import { scatterSites } from 'splinterp/figures';
import { Derived } from './derived';
import { isLoaded } from './diagram';
import type { SiteEditorOptions } from './site-editor';
import { applyEdits, edit, freeId, NONE, numbered, sizeOf, type Edits, type Site, type Sites } from './sites';
import type { Box } from './view';

/** The part of a figure's state that such sites are made from. */
interface ScatteredState {
  readonly count: number;
  readonly seed: number;
  readonly edits: Edits;
}

interface ScatteredHost {
  readonly state: ScatteredState;
  set(changes: Partial<ScatteredState>, settled?: boolean): void;
}

/** Seeds are 32-bit numbers, as a link holds them. */
export const SEEDS = 2 ** 32;

export class ScatteredSites {
  private readonly scattered: Derived<[number, number], Sites>;
  private readonly edited = new Derived(applyEdits);

  /** Weights lie between ± `spread` times the area that falls to one site. */
  constructor(
    private readonly host: ScatteredHost,
    box: Box,
    spread: number,
  ) {
    this.scattered = new Derived((count, seed) => {
      const { sites, weights } = scatterSites(count, seed, Float64Array.from(box), spread);
      return numbered(sites, weights);
    });
  }

  private get base(): Sites {
    const { count, seed } = this.host.state;
    return this.scattered.of(count, seed);
  }

  /** As they are now; the same object until one changes. None before the module is loaded. */
  get now(): Sites {
    return isLoaded() ? this.edited.of(this.base, this.host.state.edits) : NONE;
  }

  /** How many there are, known before the module is. */
  get size(): number {
    const { count, edits } = this.host.state;
    return sizeOf(count, edits);
  }

  /** Moves or weighs a site, or removes it. */
  put(id: number, site: Site | undefined, settled: boolean): void {
    this.host.set({ edits: edit(this.host.state.edits, id, site) }, settled);
  }

  /** Adds a site and gives its id. */
  add(site: Site): number {
    const { count, edits } = this.host.state;
    const id = freeId(count, edits);
    this.put(id, site, true);
    return id;
  }

  /** What a `SiteEditor` needs to know. */
  get editing(): Required<Pick<SiteEditorOptions, 'sites' | 'put' | 'add'>> {
    return {
      sites: () => this.now,
      put: (id, site, settled) => this.put(id, site, settled),
      add: (site) => this.add(site),
    };
  }

  /** Others, as many. */
  renew(): void {
    this.host.set({ seed: (this.host.state.seed + 1) % SEEDS, edits: new Map() });
  }

  /** Another number of them. */
  recount(count: number, settled = true): void {
    this.host.set({ count, edits: new Map() }, settled);
  }
}
