// One feature of a pair: its statistics, its examples, and these in context.

import { css, html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import { measured, percent } from '../../../kit/format';
import { shared } from '../../../kit/styles';
import { ThemeController } from '../../../kit/theme';
import { ActivationsElement } from '../element';
import '../features/context';
import { groundStyles, rowList, rowStyles } from '../features/rows';
import type { Comparison, ShownRow } from '../protocol';
import type { Which } from './controller';

@customElement('compare-side')
export class CompareSide extends ActivationsElement {
  static override styles = [
    shared,
    groundStyles,
    rowStyles,
    css`
      h3 {
        margin: 0;
        overflow-wrap: anywhere;
      }
      p {
        margin: 4px 0 0;
      }
    `,
  ];

  @property() which: Which = 'left';
  @property({ attribute: false }) found!: Comparison;
  @property({ attribute: false }) feature: number | undefined;
  @state() private rows: readonly ShownRow[] = [];
  @state() private chosen: ShownRow | undefined;
  private asked: object = {};

  constructor() {
    super();
    new ThemeController(this, () => this.requestUpdate());
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    super.willUpdate(changed);
    if (changed.has('found') || changed.has('feature')) void this.fetch();
  }

  private async fetch(): Promise<void> {
    const { which, feature } = this;
    const asked = {};
    this.asked = asked;
    const rows = feature === undefined ? [] : await this.lab.comparison.rows(which, feature);
    if (asked !== this.asked) return;
    this.rows = rows;
    this.chosen = rows.find(({ sequence }) => sequence !== undefined);
  }

  override render(): TemplateResult | typeof nothing {
    const { which, feature, rows, chosen } = this;
    if (feature === undefined) return nothing;
    const side = this.found[which];
    const strongest = side.max[feature] ?? 0;
    const image = this.lab.session?.info.data.image;
    const open = (shown: ShownRow): void => {
      this.chosen = shown;
    };
    const isOpen = ({ row }: ShownRow): boolean => row === chosen?.row;
    return html`<section aria-labelledby="feature" data-testid="compared-${which}">
      <h3 id="feature">${side.title}: feature ${feature}</h3>
      <p class="small muted">density ${percent(side.density[feature])}, max ${measured(strongest)}</p>
      ${
        rows.length === 0
          ? html`<p class="small">No row activates it.</p>`
          : rowList(rows, strongest, image, `Top activating examples of ${side.title}`, { open, isOpen })
      }
      ${
        chosen
          ? html`<feature-context
              .find=${(row: number, most: number) => this.lab.comparison.context(which, feature, row, most)}
              .examples=${rows}
              .strongest=${strongest}
              .chosen=${chosen}
              .choose=${open}
            ></feature-context>`
          : nothing
      }
    </section>`;
  }
}
