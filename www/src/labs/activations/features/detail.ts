// One feature: how it fires, on which rows, through which input dimensions, and what resembles it.

import { css, html, nothing, type TemplateResult } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import { ActivationsElement } from '../element';
import { count, fixed, measured, percent } from '../../../kit/format';
import { ThemeController } from '../../../kit/theme';
import { statisticsStyles } from '../../../kit/panel';
import { shared } from '../../../kit/styles';
import type { DataInfo, FeatureDetail as Detail, FeatureSummary, ShownRow } from '../protocol';
import '../../../kit/histogram';
import './context';
import './note-fields';
import { groundStyles, rowList, rowStyles } from './rows';

@customElement('feature-detail')
export class FeatureDetail extends ActivationsElement {
  static override styles = [
    shared,
    statisticsStyles,
    rowStyles,
    groundStyles,
    css`
      h2 {
        overflow-wrap: anywhere;
      }
      h3 {
        margin-top: 18px;
      }
      dl {
        margin: 8px 0 12px;
      }
      .known {
        margin: 6px 0 0;
      }
      .thirds {
        display: grid;
        grid-template-columns: repeat(3, minmax(0, 1fr));
        gap: 0 26px;
      }
      .bars {
        list-style: none;
        margin: 6px 0 0;
        padding: 0;
        font-size: 0.8rem;
        font-variant-numeric: tabular-nums;
      }
      .bars li {
        display: grid;
        grid-template-columns: minmax(0, 1fr) 44px 5ch;
        gap: 8px;
        align-items: center;
        min-height: 25px;
      }
      .bars a {
        overflow: hidden;
        text-overflow: ellipsis;
        white-space: nowrap;
      }
      .bars > li > :last-child {
        text-align: right;
      }
      .track {
        height: 6px;
        border-radius: 3px;
        background: var(--line);
        overflow: hidden;
      }
      .track i {
        display: block;
        height: 100%;
      }
      .track.positive i {
        background: var(--up);
      }
      .track.negative i {
        background: var(--down);
      }
      @media (forced-colors: active) {
        .track i {
          forced-color-adjust: none;
        }
        .track.positive i {
          background: Highlight;
        }
        .track.negative i {
          background: CanvasText;
        }
      }
      .intervals {
        display: grid;
        grid-template-columns: repeat(2, minmax(0, 1fr));
        gap: 0 26px;
      }
      .interval {
        display: flex;
        gap: 12px;
        align-items: baseline;
        margin: 12px 0 0;
        font-size: 0.8rem;
        font-weight: 600;
        font-variant-numeric: tabular-nums;
      }
      .interval span {
        font-weight: 400;
        color: var(--muted);
      }
      summary {
        cursor: pointer;
        color: var(--accent);
        font-size: 0.867rem;
        font-weight: 600;
        margin-top: 18px;
        width: max-content;
      }
      @media (max-width: 760px) {
        .thirds,
        .intervals {
          grid-template-columns: minmax(0, 1fr);
        }
      }
    `,
  ];

  /** The example whose context is open. */
  @state() private opened: { detail: Detail; shown: ShownRow } | undefined;

  constructor() {
    super();
    new ThemeController(this, () => this.requestUpdate());
  }

  override render(): TemplateResult {
    const { detail, summary } = this.lab.features;
    if (!detail || !summary) return html`<p class="muted">Select a feature.</p>`;
    return this.shown(detail, summary);
  }

  private shown(detail: Detail, { table, words, known: all, rows, sampledRows }: FeatureSummary): TemplateResult {
    const { feature, top, intervals } = detail;
    const strongest = table.max[feature] ?? 0;
    const image = this.lab.session?.info.data.image;
    const statistics: [string, string][] = [
      ['density', percent(table.density[feature])],
      ['mean activation', measured(table.mean[feature])],
      ['max activation', measured(strongest)],
      ['encoder–decoder cosine', fixed(table.cosine[feature] ?? 0, 3)],
      ['encoder norm', measured(table.encoderNorm[feature])],
      ['decoder norm', measured(table.decoderNorm[feature])],
    ];
    const best = all.filter((each) => each.feature === feature).sort((a, b) => b.cosine - a.cosine)[0];
    const known = best
      ? html`<p class="known">Most similar known feature: ${best.name} (cosine ${fixed(best.cosine, 2)}).</p>`
      : nothing;
    const { name } = this.lab.features.noteOn(feature);
    const called = [name, words[feature] ?? ''].filter((each) => each !== '').join(': ');
    return html`<section aria-labelledby="feature" data-testid="feature">
      <h2 id="feature">Feature ${feature}${called === '' ? nothing : html`: ${called}`}</h2>
      <feature-note .feature=${feature}></feature-note>
      ${known}
      <dl>
        ${statistics.map(
          ([name, value]) =>
            html`<div>
              <dt>${name}</dt>
              <dd>${value}</dd>
            </div>`,
        )}
      </dl>
      <feature-histogram
        what="the feature’s non-zero activations"
        .bins=${detail.histogram}
        .edge=${measured}
      ></feature-histogram>
      ${
        top.length === 0
          ? html`<p>No row activates this feature.</p>`
          : html`<h3>Top activating examples</h3>
              ${this.examples(detail, strongest, image)}`
      }
      <div class="thirds">
        <div>
          <h3>Input dimensions</h3>
          <ol class="bars" aria-label="Most aligned input dimensions">
            ${Array.from(detail.inputs.dims, (dim, i) => this.bar(html`<span>dimension ${dim}</span>`, detail.inputs.values[i]))}
          </ol>
        </div>
        ${this.others('Nearest by cosine', detail.byCosine, detail)}
        ${this.others('Nearest by correlation', detail.byCorrelation, detail)}
      </div>
      ${
        intervals.length > 0
          ? html`<details open>
              <summary>Examples by activation</summary>
              <div class="intervals">
                ${[...intervals].reverse().map((interval) => this.interval(interval, strongest, image))}
              </div>
            </details>`
          : nothing
      }
      ${
        sampledRows < rows
          ? html`<p class="small muted">
              Histogram, intervals and correlations are of a uniform sample of ${count(sampledRows)} of ${count(rows)}
              rows.
            </p>`
          : nothing
      }
    </section>`;
  }

  private examples(detail: Detail, strongest: number, image: DataInfo['image']): TemplateResult {
    const { feature, top } = detail;
    const { opened } = this;
    const open = (shown: ShownRow): void => {
      this.opened = { detail, shown };
    };
    const chosen = opened?.detail === detail ? opened.shown : top.find(({ sequence }) => sequence !== undefined);
    const isOpen = ({ row }: ShownRow): boolean => row === chosen?.row;
    return html`${rowList(top, strongest, image, 'Top activating examples', { open, isOpen })}
    ${
      chosen || image
        ? html`<feature-context
            .find=${(row: number, most: number) => this.lab.features.context(feature, row, most)}
            .examples=${top}
            .strongest=${strongest}
            .chosen=${chosen}
            .choose=${open}
          ></feature-context>`
        : html`<p class="small muted" data-testid="no-context">
            Which of these rows are of one text is not known, so that no whole text is shown. Arrays [batch, sequence,
            width] tell it, lists in a table, or tokens with their “sequence”.
          </p>`
    }`;
  }

  private interval(
    { from, to, share, rows }: Detail['intervals'][number],
    strongest: number,
    image: DataInfo['image'],
  ): TemplateResult {
    const span = `${measured(from)} to ${measured(to)}`;
    return html`<div>
      <p class="interval">${span}<span>${percent(share)} of its rows</span></p>
      ${rows.length > 0 ? rowList(rows, strongest, image, `Rows from ${span}`) : nothing}
    </div>`;
  }

  private others(title: string, { features, values }: Detail['byCosine'], { names }: Detail): TemplateResult {
    return html`<div>
      <h3>${title}</h3>
      <ol class="bars" aria-label=${title}>
        ${Array.from(features, (other, i) =>
          this.bar(
            html`<a href=${this.lab.linkTo({ feature: other })} title=${names[other] ?? ''}
              >${other}${names[other] ? ` ${names[other]}` : ''}</a
            >`,
            values[i],
          ),
        )}
      </ol>
    </div>`;
  }

  private bar(label: TemplateResult, value = 0): TemplateResult {
    const width = `width: ${Math.round(Math.min(1, Math.abs(value)) * 100)}%`;
    return html`<li>
      ${label}<span class="track ${value < 0 ? 'negative' : 'positive'}"><i .style=${width}></i></span
      ><span>${fixed(value, 2)}</span>
    </li>`;
  }
}
