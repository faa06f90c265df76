// Cells and margins through the epochs: how many cells the rows take, and how far rows are from the border of theirs.

import { css, html, nothing, type TemplateResult } from 'lit';
import { customElement } from 'lit/decorators.js';
import type { CsvTable } from '../../gallery/frame/export';
import type { Drawing } from '../../gallery/frame/painter';
import { View } from '../../gallery/frame/view';
import { binned } from '../../kit/bins';
import { count, measured, percent } from '../../kit/format';
import '../../kit/histogram';
import { PictureElement } from './picture-element';
import type { Pulse } from './protocol';

const HEIGHT = 138;
const EDGE = { top: 20, bottom: 116, left: 10, right: 10 };
const BINS = 24;

/** The margin that a share of the rows is below. */
export function quantile(sorted: Float64Array, share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
}

@customElement('explorer-margins')
export class ExplorerMargins extends PictureElement {
  static override styles = [
    PictureElement.styles,
    css`
      feature-histogram {
        margin-top: 10px;
        --bars: 70px;
      }
    `,
  ];

  override readonly name = 'explorer-margins';

  override get heading(): string {
    return `Margins of ${this.explorer.titleOf(this.model)} through the epochs`;
  }

  private get pulses(): readonly Pulse[] {
    return this.explorer.shown(this.model).pulses;
  }

  override get view(): View {
    const width = Math.max(1, this.width);
    return new View([0, 0, width, HEIGHT], width);
  }

  /** For each epoch a line from the 10th to the 90th percentile, and a dot at the median. */
  protected override draw({ painter, colours }: Drawing): void {
    const { pulses } = this;
    const most = Math.max(1e-12, ...pulses.map(({ margins }) => quantile(margins, 0.9)).filter(Number.isFinite));
    const last = Math.max(1, pulses.at(-1)?.epoch ?? 1);
    const x = (epoch: number): number => EDGE.left + ((painter.width - EDGE.left - EDGE.right) * epoch) / last;
    const y = (margin: number): number => EDGE.bottom - ((EDGE.bottom - EDGE.top) * Math.min(margin, most)) / most;
    painter.path({ stroke: colours.line }, (pen) => {
      pen.moveTo(EDGE.left, EDGE.bottom);
      pen.lineTo(painter.width - EDGE.right, EDGE.bottom);
    });
    painter.path({ stroke: colours.marks[1] ?? colours.accent, width: 4 }, (pen) => {
      for (const { epoch, margins } of pulses) {
        pen.moveTo(x(epoch), y(quantile(margins, 0.1)));
        pen.lineTo(x(epoch), y(quantile(margins, 0.9)));
      }
    });
    const medians = pulses.flatMap(({ epoch, margins }) => [x(epoch), y(quantile(margins, 0.5))]);
    painter.dots({ fill: colours.ink }, medians, 3.5);
    const label = { fill: colours.muted, size: 11 };
    painter.text(EDGE.left, EDGE.bottom + 12, 'epoch 0', { ...label, anchor: 'start' });
    painter.text(painter.width - EDGE.right, EDGE.bottom + 12, String(last), { ...label, anchor: 'end' });
    painter.text(EDGE.left, EDGE.top - 11, `margin ${most.toPrecision(3)}`, { ...label, anchor: 'start' });
  }

  protected override describe(): string {
    const last = this.pulses.at(-1);
    if (!last) return 'Not measured yet';
    const [low, middle, high] = [0.1, 0.5, 0.9].map((share) => measured(quantile(last.margins, share)));
    const rows = count(last.margins.length);
    return `After epoch ${last.epoch} the median margin of ${rows} test rows is ${middle}, from ${low} to ${high} for eight in ten`;
  }

  override csv(): CsvTable {
    const deciles = Array.from({ length: 11 }, (_, i) => i / 10);
    const header = [
      ...['epoch', 'rows', 'cells', 'entropy', 'unseen share', 'margins of'],
      ...deciles.map((share) => `margin ${Math.round(100 * share)} %`),
    ];
    const rows = this.pulses.map(({ epoch, rows, census, margins }) => [
      epoch,
      rows,
      census.cells,
      census.entropy,
      census.unseenShare ?? '',
      margins.length,
      ...deciles.map((share) => quantile(margins, share)),
    ]);
    return { header, rows };
  }

  override render(): TemplateResult {
    const { explorer, model, pulses } = this;
    const last = pulses.at(-1);
    return html`<div class="head">
        <h3><span class="chip ${model}">${explorer.titleOf(model)}</span></h3>
        ${last ? this.menu.render() : nothing}
      </div>
      <p class="small note number" data-testid="census">
        ${
          last
            ? html`After epoch ${last.epoch} ${count(last.rows)} training rows lie in
                <b>${count(last.census.cells)}</b> cells, entropy ${measured(last.census.entropy)} nats;
                ${percent(last.census.unseenShare ?? undefined)} of the test rows lie in cells without one of them.
                Margins are those of ${count(last.margins.length)} test rows.`
            : 'The rows are being counted …'
        }
      </p>
      <div class="stage">${this.picture()}</div>
      ${last ? this.histogram(last) : nothing}
      ${this.told === '' ? nothing : html`<p class="small note" role="status">${this.told}</p>`}`;
  }

  private histogram({ margins }: Pulse): TemplateResult {
    const finite = margins.filter(Number.isFinite);
    const bins = binned(finite, 0, finite.at(-1) ?? 1, BINS);
    return html`<feature-histogram .bins=${bins} what="margins"></feature-histogram>`;
  }
}
