// Lifting (fig. 7): a power diagram is a Voronoi diagram one dimension up, cut by a plane.

import { html, nothing, type TemplateResult } from 'lit';
import { customElement } from 'lit/decorators.js';
import { weightsAt } from 'splinterp/figures';
import { count, fixed } from '../../kit/format';
import { onDemand } from '../../kit/modules';
import { flag, real, whole } from '../../kit/properties';
import { coloursOf } from '../frame/colours';
import { checkbox, slider } from '../frame/controls';
import { Derived } from '../frame/derived';
import { corners, ownersOf } from '../frame/diagram';
import type { CsvTable } from '../frame/export';
import { FigureElement } from '../frame/figure';
import type { Drawing } from '../frame/painter';
import { clampTo } from '../frame/panel-figure';
import { ScatteredSites, SEEDS } from '../frame/scattered';
import { SiteEditor } from '../frame/site-editor';
import { editsProperty, type Site, type Sites } from '../frame/sites';
import { View } from '../frame/view';
import { FLOOR, GROUND, modelOf, MOST_LEVEL, TOP, type Model } from './lifting-model';
import { LEAST_TILT, MOST_TILT, Orbit, orbitStyles } from './lifting-orbit';
import { drawSolids } from './lifting-picture';
import type { LiftingScene } from './lifting-scene';
import { Camera } from './lifting-solids';

/** Stages narrower than this, in pixels, leave no room beside the picture. */
const NARROW = 560;

const RISE_SECONDS = 5;

const LEAST = 2;
const MOST = 24;

/** Weights spread by this much of the area that falls to one site: heights to about half the space. */
const SPREAD = 0.6;

/** Least and greatest weight that the bar offers: a difference of 1 is a height of 1. */
const WEIGHTS = [-0.5, 0.5] as const;

const table = {
  count: whole('sites', 'sites', 10, LEAST, MOST),
  seed: whole('seed', 'sites', 4, 0, SEEDS - 1),
  level: real('level', 'view', 0, 0, MOST_LEVEL),
  turn: real('turn', 'view', 24, -180, 180),
  tilt: real('tilt', 'view', 28, LEAST_TILT, MOST_TILT),
  cells: flag('cells', 'view', true),
  edits: editsProperty('moved'),
};

@customElement('splinterp-lifting')
export class Lifting extends FigureElement<typeof table> {
  static override styles = [...FigureElement.styles, orbitStyles];

  readonly name = 'lifting';
  readonly table = table;

  private model: Model | undefined;
  private scene: LiftingScene | undefined;
  private makeScene: ((canvas: HTMLCanvasElement) => LiftingScene) | undefined;
  private readonly scattered = new ScatteredSites(this, GROUND, SPREAD);
  private readonly models = new Derived(modelOf);
  private readonly orbit = new Orbit(
    () => this.state,
    (look, settled) => this.change(look, settled),
  );

  /** The handles lie over the sites on the floor, as the camera sees them. */
  private readonly editor = new SiteEditor(this, {
    sites: () => this.onStage(),
    put: (id, site, settled) => this.scattered.put(id, site && this.onGround(site), settled),
    add: (site) => this.scattered.add(this.onGround(site)),
    weighted: () => true,
    weightRange: () => WEIGHTS,
  });

  /** Whatever the turn and the tilt, the picture is within these: half the ground's diagonal is 1.5. */
  override get view(): View {
    const { width } = super.view;
    const across = width < NARROW ? 1.6 : 2.3;
    return new View([-across, -1.76, across, 1.76], width);
  }

  private get camera(): Camera {
    return new Camera(this.state.turn, this.state.tilt, [0, 0, (TOP + FLOOR) / 2]);
  }

  private onStage(): Sites {
    const { camera } = this;
    const { ids, at, weights } = this.scattered.now;
    const places = [...ids.keys()].flatMap((i) => {
      const { x, y } = camera.project([at[2 * i] ?? 0, at[2 * i + 1] ?? 0, FLOOR]);
      return [x, y];
    });
    return { ids, at: Float64Array.from(places), weights };
  }

  private onGround({ x, y, weight }: Site): Site {
    const ground = this.camera.unproject({ x, y }, FLOOR);
    return { ...clampTo(GROUND, ground.x, ground.y), weight };
  }

  protected override async prepare(): Promise<void> {
    const [{ hasWebGl, LiftingScene: Scene }] = await Promise.all([
      onDemand(() => import('./lifting-scene')),
      super.prepare(),
    ]);
    // Without WebGL the picture is drawn as it is exported: flat, far faces first.
    if (hasWebGl()) this.makeScene = (canvas) => new Scene(canvas);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.scene?.dispose();
    this.scene = undefined;
  }

  protected override derive(): void {
    this.model = this.models.of(this.scattered.now, this.state.level, this.state.cells);
  }

  // --- what it says ---------------------------------------------------------------------------------------------

  protected override claim(): TemplateResult {
    return html`A power diagram is a Voronoi diagram one dimension up, cut by a plane: each site rises to √(greatest
    weight − its own weight).`;
  }

  protected override attempt(): TemplateResult {
    return html`Raise the plane through the cells: its cut, repeated on the floor below, is a power diagram at every
    height. Drag to turn the view. Lower a site’s weight to lift the site.`;
  }

  protected override describe(): string {
    if (!this.model) return 'Not drawn yet';
    const { level, turn, tilt } = this.state;
    const { cut, heights } = this.model;
    return (
      `Voronoi cells of ${count(heights.length)} sites in space, cut by a plane at height ${fixed(level, 2)} into a ` +
      `power diagram of ${count(cut.cells)} cells; turned by ${fixed(turn, 0)}°, seen from ${fixed(tilt, 0)}° above.`
    );
  }

  protected override readout(): TemplateResult | typeof nothing {
    if (!this.model) return nothing;
    const { cut, heights } = this.model;
    const id = this.editor.selected;
    const height = id === undefined ? undefined : heights[this.scattered.now.ids.indexOf(id)];
    return html`<span data-testid="cells"
        >${count(cut.cells)} of ${count(heights.length)} sites have a cell in the cut</span
      >${
        height === undefined
          ? nothing
          : html`<span class="muted"> · </span>${this.editor.label(id ?? 0)} is at height
              <span data-testid="height">${fixed(height, 3)}</span>`
      }`;
  }

  // --- controls -------------------------------------------------------------------------------------------------

  protected override controls(): TemplateResult {
    const { level, turn, tilt, cells } = this.state;
    return html`
      ${slider({
        id: 'level',
        label: 'Plane height:',
        shown: fixed(level, 2),
        value: level,
        range: [0, MOST_LEVEL, 0.01],
        change: (value, settled) => this.change({ level: value }, settled),
      })}
      <button data-testid="rise" @click=${() => this.rise()}>Raise the plane</button>
      ${slider({
        id: 'turn',
        label: 'Turn:',
        shown: `${fixed(turn, 0)}°`,
        value: turn,
        range: [-180, 180, 1],
        change: (value, settled) => this.change({ turn: value }, settled),
      })}
      ${slider({
        id: 'tilt',
        label: 'Seen from above:',
        shown: `${fixed(tilt, 0)}°`,
        value: tilt,
        range: [LEAST_TILT, MOST_TILT, 1],
        change: (value, settled) => this.change({ tilt: value }, settled),
      })}
      ${checkbox({
        id: 'cells',
        label: 'Fill the cells',
        value: cells,
        change: (value) => this.set({ cells: value }),
      })}
      <button @click=${() => this.scattered.renew()}>New random sites</button>
    `;
  }

  private change(changes: Partial<Lifting['state']>, settled: boolean): void {
    this.stop();
    this.set(changes, settled);
  }

  private rise(): void {
    this.play(RISE_SECONDS, (t) => this.set({ level: Math.round(1000 * MOST_LEVEL * t) / 1000 }, t === 1));
  }

  protected override tools(): TemplateResult {
    return this.editor.bar();
  }

  protected override overlay(): TemplateResult {
    return this.orbit.layer(this.editor.handles());
  }

  // --- drawing --------------------------------------------------------------------------------------------------

  protected override paint(view: View): void {
    const canvas = this.renderRoot.querySelector('canvas');
    if (!canvas || !this.model) return;
    if (!this.makeScene) {
      super.paint(view);
      return;
    }
    this.scene ??= this.makeScene(canvas);
    this.scene.draw(this.model.solids, this.camera, view, coloursOf(this));
  }

  protected override draw(drawing: Drawing): void {
    if (this.model) drawSolids(drawing, this.model.solids, this.camera, FLOOR);
  }

  override csv(): CsvTable {
    const header = ['site', 'x', 'y', 'height', 'weight_in_cut', 'area_in_cut', 'corners_in_cut'];
    if (!this.model) return { header, rows: [] };
    const { cut, heights } = this.model;
    const { ids, at } = this.scattered.now;
    const weights = weightsAt(heights, this.state.level);
    return {
      header,
      rows: [...ids].map((id, i) => {
        const cell = [...Array(cut.cells).keys()].find((each) => ownersOf(cut, each)[0] === i);
        const own = cell === undefined ? [0, ''] : [cut.areas[cell] ?? 0, corners(cut, cell)];
        return [id + 1, at[2 * i] ?? 0, at[2 * i + 1] ?? 0, heights[i] ?? 0, weights[i] ?? 0, ...own];
      }),
    };
  }
}
