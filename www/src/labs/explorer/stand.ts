// Where an SAE stands on the user's rows: between k-means and local PCA, its dead latents, and what a better decoder,
// better amplitudes and a better selection would gain.

import { css, html, nothing, type TemplateResult } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import type { CsvTable } from '../../gallery/frame/export';
import type { Drawing } from '../../gallery/frame/painter';
import { View } from '../../gallery/frame/view';
import { download } from '../../kit/download';
import { count, measured, percent } from '../../kit/format';
import { PictureElement } from './picture-element';
import type { DepthBounds, Pulse, Stand } from './protocol';
import { depthName, drawStand, drawStandFile, fileHeightOf, heightOf, marks, parts } from './stand-picture';

const EMPTY_HEIGHT = 10;

@customElement('explorer-stand')
export class ExplorerStand extends PictureElement {
  static override styles = [
    PictureElement.styles,
    css`
      .legend {
        display: flex;
        flex-wrap: wrap;
        gap: 4px 14px;
        margin: 8px 0 0;
        padding: 0;
        list-style: none;
        font-size: 0.8rem;
      }
      .legend i {
        display: inline-block;
        width: 12px;
        height: 12px;
        margin-right: 5px;
        vertical-align: -1px;
        border: 1px solid var(--line);
      }
      .legend i.mark {
        width: 4px;
        border: 0;
      }
      .measure {
        display: flex;
        flex-wrap: wrap;
        gap: 10px;
        align-items: center;
        margin: 8px 0;
      }
      .measure progress {
        flex: 1 1 120px;
      }
      table {
        width: 100%;
        border-collapse: collapse;
        font-size: 0.8rem;
        font-variant-numeric: tabular-nums;
      }
      .caption {
        margin: 12px 0 4px;
        font-size: 0.8rem;
        font-weight: 600;
      }
      th,
      td {
        padding: 3px 8px 3px 0;
        border-bottom: 1px solid var(--line);
        text-align: right;
        font-weight: 400;
      }
      th:first-child {
        text-align: left;
      }
      thead th {
        color: var(--muted);
      }
      .wide {
        overflow-x: auto;
      }
      @media (forced-colors: active) {
        .legend i {
          forced-color-adjust: none;
        }
      }
    `,
  ];

  override readonly name = 'explorer-stand';
  @state() private failure: string | undefined;
  @state() private refitting = false;

  override get heading(): string {
    return `Where ${this.explorer.titleOf(this.model)} stands`;
  }

  private get stand(): Stand | undefined {
    return this.explorer.shown(this.model).stand;
  }

  override get view(): View {
    const width = Math.max(1, this.width);
    const height = this.stand ? heightOf(this.stand) : EMPTY_HEIGHT;
    return new View([0, 0, width, height], width);
  }

  /** With the legend and the margins, which stand beside it on the page. */
  protected override get fileView(): View {
    const width = Math.max(1, this.width);
    const height = this.stand ? fileHeightOf(this.stand, width, this.pulse) : EMPTY_HEIGHT;
    return new View([0, 0, width, height], width);
  }

  private get pulse(): Pulse | undefined {
    return this.explorer.shown(this.model).pulses.at(-1);
  }

  protected override draw(drawing: Drawing, live: boolean): void {
    if (!this.stand) return;
    if (live) drawStand(drawing, this.stand);
    else drawStandFile(drawing, this.stand, this.pulse);
  }

  protected override describe(): string {
    return this.stand ? this.stand.depths.map((each) => this.inWords(each)).join(' ') : 'Not measured yet';
  }

  /** Where the SAE lies on one row of bars, as measured. */
  private inWords(of: DepthBounds): string {
    if (of.coveredRows === 0) return `On ${depthName(of)} no cell holds enough rows to say anything.`;
    const { pcaMse, refitMse, saeMse, meanMse } = of;
    const between = pcaMse <= saeMse && saeMse <= meanMse;
    return (
      `On ${depthName(of)} local PCA ${measured(pcaMse)}, refit ${measured(refitMse)}, the SAE ${measured(saeMse)}, ` +
      `cell means ${measured(meanMse)}: the SAE ${between ? 'lies' : 'does not lie'} between k-means and local PCA.`
    );
  }

  override csv(): CsvTable {
    const header = [
      'depth',
      'cells',
      'covered rows',
      'rows',
      ...['local PCA', 'refit', 'SAE', 'cell means', 'k-means', 'global PCA'],
      ...['all rows: SAE', 'all rows: decoder refitted', 'all rows: amplitudes refitted', 'all rows: matching pursuit'],
      ...['dead latents', 'certified dead'],
    ];
    const { stand } = this;
    if (!stand) return { header, rows: [] };
    const { mse, decoderRefitMse, supportMse, pursuitMse } = stand.audit;
    const whole = [mse, decoderRefitMse, supportMse, pursuitMse, stand.dead.length, stand.certified.length];
    const rows = stand.depths.map((each) => [
      each.depth ?? 'all',
      each.cells,
      each.coveredRows,
      stand.rows,
      ...[each.pcaMse, each.refitMse, each.saeMse, each.meanMse, each.kmeansMse ?? '', each.globalPcaMse ?? ''],
      // They are of no depth, and are told once.
      ...(each.depth === undefined ? whole : whole.map(() => '')),
    ]);
    return { header, rows };
  }

  protected override updated(): void {
    super.updated();
    // A link that holds what was measured brings it back, once its model is as far.
    this.explorer.measurements.restore(this.model);
  }

  private measure(): void {
    this.failure = undefined;
    void this.explorer.measurements.measure(this.model);
  }

  private async refit(): Promise<void> {
    this.refitting = true;
    this.failure = await this.explorer.attempt(this.model, async (worker) => {
      const { mse, refittedMse, file } = await worker.refit(this.model);
      download(file.name, new Blob([file.bytes], { type: 'application/zip' }));
      this.told = `${file.name} holds the SAE with its decoder refitted: MSE ${measured(refittedMse)} instead of ${measured(mse)} on these rows.`;
    });
    this.refitting = false;
  }

  override render(): TemplateResult {
    const { explorer, model, stand } = this;
    const { progress, failure = this.failure } = explorer.measurements.of(model);
    const old = stand && String(stand.epoch) !== explorer.epochOf(model)?.split(' ')[0];
    return html`<div class="head">
        <h3><span class="chip ${model}">${explorer.titleOf(model)}</span></h3>
        ${stand ? this.menu.render() : nothing}
      </div>
      <div class="measure">
        ${
          progress
            ? html`<progress max="1" value=${progress.share ?? nothing} aria-label="Measuring"></progress>
                <span class="small muted"
                  >${progress.step}${progress.share === undefined ? nothing : html`: ${percent(progress.share)}`}</span
                >
                <button @click=${() => explorer.measurements.cancel(model)}>Cancel</button>`
            : html`<button data-testid="stand-${model}" @click=${() => this.measure()}>
                ${stand ? 'Measure again' : 'Measure'}
              </button>`
        }
        ${old ? html`<span class="small muted">Measured after epoch ${stand.epoch}.</span>` : nothing}
      </div>
      <div class="stage" ?hidden=${!stand}>${this.picture()}</div>
      ${stand ? this.found(stand) : nothing}
      ${failure === undefined ? nothing : html`<p class="small note failure" role="alert">${failure}</p>`}
      ${this.told === '' ? nothing : html`<p class="small note" role="status">${this.told}</p>`}`;
  }

  private found(stand: Stand): TemplateResult {
    const { rows, rowsTotal, depths } = stand;
    const own = depths.at(-1);
    return html`<ul class="legend">
        ${parts.map(({ name, hue }) => html`<li><i .style=${`background: var(--tint-${hue})`}></i>${name}</li>`)}
        ${marks.map(({ name, mark }) => html`<li><i class="mark" .style=${`background: var(--mark-${mark})`}></i>${name}</li>`)}
      </ul>
      <p class="small note" data-testid="stand-claim">
        ${own ? this.inWords(own) : ''} Measured on ${count(rows)}${rows < rowsTotal ? ` of ${count(rowsTotal)}` : ''}
        training rows.
      </p>
      ${this.bounds(stand)} ${this.dead(stand)} ${this.audit(stand)}`;
  }

  private bounds({ depths, rows }: Stand): TemplateResult {
    const cells = ({ pcaMse, refitMse, saeMse, meanMse, kmeansMse, globalPcaMse }: DepthBounds): (number | null)[] => [
      ...[pcaMse, refitMse, saeMse, meanMse, kmeansMse, globalPcaMse],
    ];
    return html`<p class="caption" id="bounds">
        MSE on the covered rows: cells of at least two rows more than their rank
      </p>
      <div class="wide" role="region" tabindex="0" aria-labelledby="bounds">
        <table aria-labelledby="bounds">
          <thead>
            <tr>
              <th scope="col">Rows parted by</th>
              ${['cells', 'covered', 'local PCA', 'refit', 'SAE', 'cell means', 'k-means', 'global PCA'].map(
                (name) => html`<th scope="col">${name}</th>`,
              )}
            </tr>
          </thead>
          <tbody>
            ${depths.map(
              (each) =>
                html`<tr>
                  <th scope="row">${depthName(each)}</th>
                  <td>${count(each.cells)}</td>
                  <td>${percent(each.coveredRows / rows)}</td>
                  ${cells(each).map((value) => html`<td>${value === null || Number.isNaN(value) ? '–' : measured(value)}</td>`)}
                </tr>`,
            )}
          </tbody>
        </table>
      </div>`;
  }

  private dead({ dead, certified, radius, deadDistance }: Stand): TemplateResult {
    const nearest = deadDistance.reduce((least, each) => Math.min(least, each), Infinity);
    const never = deadDistance.filter((each) => each === Infinity).length;
    return html`<p class="small note" data-testid="dead">
      <b>Dead latents:</b> ${count(dead.length)} are active on none of these rows; ${count(certified.length)} of them
      are certified dead on the whole ball of radius ${measured(radius)} that holds the rows.
      ${nearest === Infinity ? nothing : html`To activate one, a row would have to move by at least ${measured(nearest)}.`}
      ${never === 0 ? nothing : html`No input at all activates ${count(never)}.`}
    </p>`;
  }

  private audit({ audit }: Stand): TemplateResult {
    const { mse, decoderRefitMse, supportMse, pursuitMse } = audit;
    const lines = [
      ['the SAE', mse, undefined],
      ['its decoder refitted', decoderRefitMse, mse - decoderRefitMse],
      ['amplitudes refitted on each row’s support', supportMse, mse - supportMse],
      ['support by matching pursuit (a heuristic)', pursuitMse, mse - pursuitMse],
    ] as const;
    return html`<p class="caption" id="audit">Audit on all of these rows</p>
      <div class="wide" role="region" tabindex="0" aria-labelledby="audit">
        <table aria-labelledby="audit">
          <thead>
            <tr>
              <th scope="col">With</th>
              <th scope="col">MSE</th>
              <th scope="col">gain</th>
            </tr>
          </thead>
          <tbody>
            ${lines.map(
              ([name, value, gain]) =>
                html`<tr>
                  <th scope="row">${name}</th>
                  <td>${measured(value)}</td>
                  <td>${gain === undefined ? '' : `${measured(gain)}, ${percent(mse > 0 ? gain / mse : 0)}`}</td>
                </tr>`,
            )}
          </tbody>
        </table>
      </div>
      ${
        this.explorer.host.canExport(this.model)
          ? html`<p class="note">
              <button data-testid="refit" ?disabled=${this.refitting} @click=${() => void this.refit()}>
                Refit the decoder and export
              </button>
            </p>`
          : nothing
      }`;
  }
}
