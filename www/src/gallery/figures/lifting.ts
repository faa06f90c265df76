// Lifting (fig. 7): a power diagram is a Voronoi diagram one dimension up, cut by a plane.

import { css, html, nothing, type TemplateResult } from 'lit';
import { customElement } from 'lit/decorators.js';
import { live } from 'lit/directives/live.js';
import { lift, voronoiCells, weightsAt } from 'splinterp/figures';
import { count, measured } from '../../kit/format';
import { flag, real, whole } from '../../kit/properties';
import { coloursOf, type Colours } from '../frame/colours';
import { corners, diagramOf, loadGeometry, ownersOf, type Diagram } from '../frame/diagram';
import type { CsvTable } from '../frame/export';
import { changed, FigureElement } from '../frame/figure';
import { circle, type Painter } from '../frame/painter';
import { SiteEditor } from '../frame/site-editor';
import { applyEdits, edit, editsProperty, freeId, scatter, type Sites } from '../frame/sites';
import { View, type Box } from '../frame/view';
import type { LiftingScene } from './lifting-scene';
import { Camera, faceColours, solidsOf, type Point3, type Solids } from './lifting-solids';

/** Where sites lie, below the space of the cells. */
const GROUND: Box = [-1.2, -0.9, 1.2, 0.9];

/** The cells reach from the plane to here; the plane goes up to `MOST_LEVEL`. */
const TOP = 1.1;
const MOST_LEVEL = 1;

/** Height at which the cut is shown once more. */
const FLOOR = -0.65;

/** Below this elevation, in degrees, places on the ground could not be told apart. */
const LEAST_ELEVATION = 12;

/** Stages narrower than this, in pixels, leave no room beside the picture. */
const NARROW = 560;

/** Degrees for each pixel of a drag. */
const TURN = 0.5;

const RISE_SECONDS = 5;

const LEAST = 2;
const MOST = 24;

/** Weights spread by this much of the area that falls to one site: heights to about half the space. */
const SPREAD = 0.6;

/** Least and greatest weight that the bar offers: a difference of 1 is a height of 1. */
const WEIGHTS = [-0.5, 0.5] as const;

const table = {
  count: whole('sites', 'sites', 10, LEAST, MOST),
  seed: whole('seed', 'sites', 4, 0, 2 ** 32 - 1),
  level: real('level', 'view', 0, 0, MOST_LEVEL),
  turn: real('turn', 'view', 24, -180, 180),
  tilt: real('tilt', 'view', 28, LEAST_ELEVATION, 90),
  cells: flag('cells', 'view', true),
  edits: editsProperty('moved'),
};

const noSites: Sites = { ids: new Uint32Array(), at: new Float64Array(), weights: new Float64Array() };

@customElement('splinterp-lifting')
export class Lifting extends FigureElement<typeof table> {
  static override styles = [
    ...FigureElement.styles,
    css`
      .orbit {
        position: absolute;
        inset: 0;
        touch-action: pan-y pinch-zoom;
        cursor: move;
      }
      .orbit .handles {
        touch-action: pan-y pinch-zoom;
      }
    `,
  ];

  protected readonly name = 'lifting';
  readonly table = table;

  private base = noSites;
  private sites = noSites;
  private made: readonly unknown[] = [];
  private asked: readonly unknown[] = [];
  private colours: readonly number[] = [];
  private heights: Float64Array = new Float64Array();
  private solids: Solids | undefined;
  private cut: Diagram | undefined;
  private scene: LiftingScene | undefined;
  private makeScene: ((canvas: HTMLCanvasElement) => LiftingScene) | undefined;
  private grip: { x: number; y: number; turn: number; tilt: number } | undefined;

  /** The handles lie over the sites on the floor, as the camera sees them. */
  private readonly editor = new SiteEditor(this, {
    sites: () => this.onStage(),
    put: (id, site, settled) => {
      const inside = site && { ...this.onGround(site), weight: site.weight };
      this.set({ edits: edit(this.state.edits, id, inside) }, settled);
    },
    add: (site) => {
      const id = freeId(this.base, this.state.edits);
      this.set({ edits: edit(this.state.edits, id, { ...this.onGround(site), weight: site.weight }) });
      return id;
    },
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
    const { ids, at, weights } = this.sites;
    const places = [...ids.keys()].flatMap((i) => {
      const { x, y } = camera.project([at[2 * i] ?? 0, at[2 * i + 1] ?? 0, FLOOR]);
      return [x, y];
    });
    return { ids, at: Float64Array.from(places), weights };
  }

  private onGround(place: { x: number; y: number }): { x: number; y: number } {
    const { x, y } = this.camera.unproject(place, FLOOR);
    const [x0, y0, x1, y1] = GROUND;
    return { x: Math.min(Math.max(x, x0), x1), y: Math.min(Math.max(y, y0), y1) };
  }

  protected override async prepare(): Promise<void> {
    const [{ hasWebGl, LiftingScene: Scene }] = await Promise.all([import('./lifting-scene'), loadGeometry()]);
    // Without WebGL the picture is drawn as it is exported: flat, far faces first.
    if (hasWebGl()) this.makeScene = (canvas) => new Scene(canvas);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.scene?.dispose();
    this.scene = undefined;
  }

  protected override willUpdate(): void {
    const { count: number, seed, edits, level, cells } = this.state;
    const made = [number, seed];
    if (changed(this.made, made)) {
      this.base = scatter(number, seed, GROUND, SPREAD);
      this.made = made;
    }
    const asked = [this.base, edits, level, cells, this.ready];
    if (!changed(this.asked, asked)) return;
    this.asked = asked;
    this.sites = applyEdits(this.base, edits);
    if (this.ready) this.build();
  }

  private build(): void {
    try {
      const { at, weights } = this.sites;
      const { level, cells: shown } = this.state;
      this.heights = lift(weights);
      const lifted = [...this.heights].map((h, i): Point3 => [at[2 * i] ?? 0, at[2 * i + 1] ?? 0, h]);
      const points = Float64Array.from(lifted.flat());
      const [x0, y0, x1, y1] = GROUND;
      const whole = voronoiCells(points, [x0, y0, 0, x1, y1, TOP]);
      this.colours = faceColours(whole);
      const above = level === 0 ? whole : voronoiCells(points, [x0, y0, level, x1, y1, TOP]);
      this.cut = diagramOf(at, weightsAt(this.heights, level), 1, GROUND);
      const opacity = shown ? 0.22 : 0;
      this.solids = solidsOf({
        cells: above,
        sites: lifted,
        colours: this.colours,
        level,
        top: TOP,
        floor: FLOOR,
        opacity,
      });
      this.mended();
    } catch (error) {
      this.fail(error);
    }
  }

  // --- what it says ---------------------------------------------------------------------------------------------

  protected override claim(): TemplateResult {
    return html`A power diagram is a Voronoi diagram one dimension up, cut by a plane: each site rises to √(greatest
    weight − its own).`;
  }

  protected override attempt(): TemplateResult {
    return html`Raise the plane through the cells: what it cuts out, shown once more below, is a power diagram at every
    height. Drag to turn; lessen a site's weight to lift it.`;
  }

  protected override describe(): string {
    if (!this.cut) return 'Not drawn yet';
    const { ids } = this.sites;
    return `Voronoi cells of ${count(ids.length)} sites in space, cut by a plane at height ${measured(round(this.state.level))} in a power diagram of ${count(this.cut.cells)} cells; seen from ${this.state.turn.toFixed(0)}°, ${this.state.tilt.toFixed(0)}° above.`;
  }

  protected override readout(): TemplateResult | typeof nothing {
    const { cut, heights } = this;
    if (!cut) return nothing;
    const id = this.editor.selected;
    const at = id === undefined ? -1 : this.sites.ids.indexOf(id);
    const height = heights[at];
    return html`<span data-testid="cells"
        >${count(cut.cells)} of ${count(heights.length)} sites own a part of the cut</span
      >${
        height === undefined
          ? nothing
          : html`<span class="muted"> · </span>Site ${(id ?? 0) + 1} stands at height
              <span data-testid="height">${measured(round(height))}</span>`
      }`;
  }

  // --- controls -------------------------------------------------------------------------------------------------

  protected override controls(): TemplateResult {
    const { state } = this;
    const value = (event: Event): number => Number((event.target as HTMLInputElement).value);
    const slider = (
      key: 'level' | 'turn' | 'tilt',
      label: string,
      [least, most, step]: readonly [number, number, number],
    ): TemplateResult =>
      html`<div class="field wide">
        <label for=${key}>${label}</label>
        <input
          id=${key}
          type="range"
          min=${least}
          max=${most}
          step=${step}
          .value=${live(String(state[key]))}
          @input=${(event: Event) => this.change({ [key]: value(event) }, false)}
          @change=${(event: Event) => this.change({ [key]: value(event) }, true)}
        />
      </div>`;
    return html`
      ${slider('level', `Height of the plane: ${state.level.toFixed(2)}`, [0, MOST_LEVEL, 0.01])}
      <button data-testid="rise" @click=${() => this.rise()}>Raise the plane</button>
      ${slider('turn', `Turn: ${state.turn.toFixed(0)}°`.replace('-', '−'), [-180, 180, 1])}
      ${slider('tilt', `Look from above: ${state.tilt.toFixed(0)}°`, [LEAST_ELEVATION, 90, 1])}
      <div class="check">
        <input
          id="cells"
          type="checkbox"
          .checked=${live(state.cells)}
          @change=${(event: Event) => this.set({ cells: (event.target as HTMLInputElement).checked })}
        />
        <label for="cells">Fill the cells</label>
      </div>
      <button @click=${() => this.set({ seed: (state.seed + 1) % 2 ** 32, edits: new Map() })}>Other sites</button>
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
    return html`<div
      class="orbit"
      data-testid="orbit"
      @pointerdown=${this.onDown}
      @pointermove=${this.onMove}
      @pointerup=${this.onUp}
      @pointercancel=${this.onUp}
    >
      ${this.editor.handles()}
    </div>`;
  }

  private readonly onDown = (event: PointerEvent): void => {
    if (event.button !== 0 || (event.target as Element).closest('.handle')) return;
    (event.currentTarget as Element).setPointerCapture(event.pointerId);
    this.grip = { x: event.clientX, y: event.clientY, turn: this.state.turn, tilt: this.state.tilt };
  };

  private readonly onMove = (event: PointerEvent): void => {
    if (this.grip) this.orbit(event, false);
  };

  private readonly onUp = (event: PointerEvent): void => {
    if (!this.grip) return;
    const moved = event.clientX !== this.grip.x || event.clientY !== this.grip.y;
    if (moved) this.orbit(event, true);
    this.grip = undefined;
  };

  private orbit(event: PointerEvent, settled: boolean): void {
    const { x, y, turn, tilt } = this.grip ?? { x: 0, y: 0, ...this.state };
    const to = turn - TURN * (event.clientX - x);
    // By touch a vertical stroke scrolls the page.
    const up = event.pointerType === 'touch' ? tilt : tilt + TURN * (event.clientY - y);
    this.change(
      { turn: ((((to + 180) % 360) + 360) % 360) - 180, tilt: Math.min(Math.max(up, LEAST_ELEVATION), 90) },
      settled,
    );
  }

  // --- drawing --------------------------------------------------------------------------------------------------

  protected override paint(view: View): void {
    const canvas = this.renderRoot.querySelector('canvas');
    if (!canvas || !this.solids) return;
    if (!this.makeScene) {
      super.paint(view);
      return;
    }
    this.scene ??= this.makeScene(canvas);
    this.scene.draw(this.solids, this.camera, view, coloursOf(this));
  }

  /** The flat picture: faces from far to near, then lines and sites. */
  protected override draw(painter: Painter, view: View, colours: Colours): void {
    const { solids, camera } = this;
    if (!solids) return;
    const place = (point: Point3): [number, number] => {
      const { x, y } = camera.project(point);
      return [view.x(x), view.y(y)];
    };
    const far = (points: readonly Point3[]): number =>
      points.reduce((sum, point) => sum + camera.depth(point), 0) / Math.max(points.length, 1);
    // The floor lies behind everything else from wherever one may look.
    const onFloor = ([, , z]: Point3): boolean => z === FLOOR;
    const floors = solids.faces.filter((face) => face.corners.every(onFloor));
    const others = solids.faces.filter((face) => !face.corners.every(onFloor));
    const drawLines = (lines: Solids['lines']): void => {
      for (const { from, to, opacity } of lines) {
        painter.path({ stroke: colours.ink, opacity }, (pen) => {
          pen.moveTo(...place(from));
          pen.lineTo(...place(to));
        });
      }
    };
    const drawFaces = (faces: Solids['faces']): void => {
      for (const { corners: polygon, colour, opacity } of faces) {
        const series = opacity === 1 ? colours.tints : colours.marks;
        painter.path({ fill: series[colour % series.length] ?? 'gray', opacity }, (pen) => {
          for (const [i, corner] of polygon.entries()) {
            if (i === 0) pen.moveTo(...place(corner));
            else pen.lineTo(...place(corner));
          }
          pen.closePath();
        });
      }
    };
    drawFaces(floors);
    drawLines(solids.lines.filter(({ from, to }) => onFloor(from) && onFloor(to)));
    drawFaces([...others].sort((a, b) => far(a.corners) - far(b.corners)));
    drawLines(solids.lines.filter(({ from, to }) => !onFloor(from) || !onFloor(to)));
    for (const { at, colour } of solids.balls) {
      const fill = colours.marks[colour % colours.marks.length] ?? 'gray';
      painter.path({ fill, stroke: colours.ink }, (pen) => circle(pen, ...place(at), 5));
    }
  }

  protected override csv(): CsvTable {
    const { cut, heights, sites } = this;
    const header = ['site', 'x', 'y', 'height', 'weight_in_cut', 'area_in_cut', 'corners_in_cut'];
    if (!cut) return { header, rows: [] };
    const weights = weightsAt(heights, this.state.level);
    return {
      header,
      rows: [...sites.ids].map((id, i) => {
        const cell = [...Array(cut.cells).keys()].find((each) => ownersOf(cut, each)[0] === i);
        const own = cell === undefined ? [0, ''] : [cut.areas[cell] ?? 0, corners(cut, cell)];
        return [id + 1, sites.at[2 * i] ?? 0, sites.at[2 * i + 1] ?? 0, heights[i] ?? 0, weights[i] ?? 0, ...own];
      }),
    };
  }
}

/** To three decimals. */
function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
