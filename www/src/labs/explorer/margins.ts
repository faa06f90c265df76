// Cells and margins through the epochs: how many cells the rows take, and how far rows are from the border of theirs.

import { css, html, nothing, type TemplateResult } from 'lit';
import { customElement } from 'lit/decorators.js';
import type { CsvTable } from '../../gallery/frame/export';
import type { Drawing } from '../../gallery/frame/painter';
import { View } from '../../gallery/frame/view';
import { count, measured, percent } from '../../kit/format';
import '../../kit/histogram';
import { drawHistogram, drawSpread, HISTOGRAM_HEIGHT, histogramOf, quantile, SPREAD_HEIGHT } from './margins-picture';
import { PictureElement } from './picture-element';
import type { Pulse } from './protocol';

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
    return new View([0, 0, width, SPREAD_HEIGHT], width);
  }

  protected override get fileView(): View {
    const width = Math.max(1, this.width);
    return new View([0, 0, width, SPREAD_HEIGHT + HISTOGRAM_HEIGHT], width);
  }

  protected override draw(drawing: Drawing, live: boolean): void {
    const { pulses } = this;
    drawSpread(drawing, pulses);
    const last = pulses.at(-1);
    if (!live && last) drawHistogram(drawing, SPREAD_HEIGHT, last);
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
      ${last ? html`<feature-histogram .bins=${histogramOf(last)} what="margins"></feature-histogram>` : nothing}
      ${this.told === '' ? nothing : html`<p class="small note" role="status">${this.told}</p>`}`;
  }
}
