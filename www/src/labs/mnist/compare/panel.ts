// Pinned runs side by side: in which settings they differ, where they got, and how their pictures differ.

import { css, html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { customElement } from 'lit/decorators.js';
import { repeat } from 'lit/directives/repeat.js';
import { count, measured, percent } from '../../../kit/format';
import { inFrame } from '../../../kit/frames';
import { paintOne } from '../../../kit/paint';
import { titleOf } from '../../../kit/runs';
import { shared } from '../../../kit/styles';
import { divergingTable, greyTable, ThemeController } from '../../../kit/theme';
import { VisibleController } from '../../../kit/visible';
import { SAMPLE } from '../controller';
import { MnistElement } from '../element';
import { labels } from '../settings';
import type { Pin } from './controller';
import { DIFFERENCE_SCALE, differenceOf, differences, meanDifference } from './differences';

/** Reports of a pin that are listed below the settings. */
const outcomes = [
  { name: 'Test MSE', of: ({ reports }: Pin) => measured(reports.at(-1)?.testMse) },
  { name: 'FVU', of: ({ reports }: Pin) => measured(reports.at(-1)?.testFvu) },
  { name: 'L0', of: ({ reports }: Pin) => measured(reports.at(-1)?.testL0) },
  { name: 'Dead latents', of: ({ reports }: Pin) => percent(reports.at(-1)?.deadShare) },
] as const;

@customElement('lab-compare')
export class LabCompare extends MnistElement {
  static override styles = [
    shared,
    css`
      .buttons {
        display: flex;
        flex-wrap: wrap;
        gap: 8px;
        align-items: center;
      }
      .scroll {
        overflow-x: auto;
      }
      table {
        border-collapse: collapse;
        font-size: 0.867rem;
      }
      th,
      td {
        padding: 6px 16px 6px 0;
        text-align: left;
        vertical-align: top;
        border-bottom: 1px solid var(--line);
      }
      tbody th {
        font-weight: 500;
        color: var(--muted);
      }
      .pin {
        display: grid;
        gap: 6px;
        min-width: 170px;
        font-weight: 400;
      }
      .pin input[type='text'] {
        width: 100%;
        min-height: 32px;
        padding: 0 8px;
        border: 1px solid var(--field);
        border-radius: 7px;
        background: var(--panel);
        font-weight: 600;
      }
      .pin .buttons {
        justify-content: space-between;
      }
      .pin label {
        display: inline-flex;
        gap: 6px;
        align-items: center;
        font-size: 0.8rem;
      }
      .pictures {
        display: grid;
        grid-template-columns: minmax(110px, 210px) repeat(${SAMPLE}, minmax(0, 72px));
        gap: 4px 8px;
        align-items: center;
        margin-top: 16px;
        font-size: 0.8rem;
      }
      .pictures canvas {
        width: 100%;
        border-radius: 2px;
        outline: 1px solid var(--line);
      }
      @media (max-width: 560px) {
        .pictures {
          grid-template-columns: repeat(${SAMPLE - 4}, minmax(0, 1fr));
        }
        .pictures .name {
          grid-column: 1 / -1;
          margin-top: 4px;
        }
        .pictures .late {
          display: none;
        }
      }
    `,
  ];

  private readonly computed = new WeakMap<Uint8ClampedArray, { other: Uint8ClampedArray; bytes: Int8Array }>();

  constructor() {
    super();
    const seen = new VisibleController(this, () => {
      this.lab.show(this, seen.visible ? 'images' : undefined);
      this.lab.pins.watch(seen.visible);
    });
    new ThemeController(this, () => inFrame(this, () => this.paint()));
  }

  override render(): TemplateResult {
    const { pins, session } = this.lab;
    const full = pins.whyFull();
    return html`<figure>
      <div class="head">
        <h2>Compare pinned runs</h2>
        <div class="buttons" role="group" aria-label="Pin a run">
          ${session?.runs.map(
            ({ name }) =>
              html`<button ?disabled=${full !== undefined} @click=${() => void pins.pin(name)}>
                Pin <span class="chip ${name}">${titleOf(name)}</span>
              </button>`,
          )}
        </div>
      </div>
      ${pins.pins.length > 0 ? this.comparison(pins.pins) : nothing}
      <figcaption><strong>${this.claim()}</strong> ${full ?? this.explained()}</figcaption>
    </figure>`;
  }

  private explained(): string {
    return (
      'A pinned run stays until the page is closed, whatever is trained next: pin one, change a setting, pin another. ' +
      'Its curve is dotted in the plot above.'
    );
  }

  private claim(): string {
    const { pins, reference } = this.lab.pins;
    const listed = differences(pins, labels).length;
    if (pins.length === 0) return 'No run is pinned.';
    if (pins.length === 1) return `One run is pinned: ${reference?.name ?? ''}.`;
    const far = pins.flatMap((pin) => {
      const mean = this.meanOf(pin);
      return mean === undefined ? [] : [`${pin.name} by ${percent(mean)}`];
    });
    const settings = listed === 0 ? 'no setting' : listed === 1 ? 'one setting' : `${count(listed)} settings`;
    const pictures =
      far.length > 0
        ? ` From ${reference?.name ?? ''} the pictures differ, on average over the pixels: ${far.join(', ')}.`
        : '';
    return `${count(pins.length)} runs, which differ in ${settings}.${pictures}`;
  }

  /** How far a pin's pictures are from those of the reference. */
  private meanOf(pin: Pin): number | undefined {
    const { pins } = this.lab;
    if (!pins.reference || pin === pins.reference) return undefined;
    const [own, other] = [pins.of(pin), pins.of(pins.reference)];
    return own && other ? meanDifference(own.reconstructions, other.reconstructions) : undefined;
  }

  private comparison(pins: readonly Pin[]): TemplateResult {
    return html`<div class="scroll" tabindex="0" role="region" aria-label="Settings and results of the pinned runs">
        <table class="number" data-testid="pins">
          <thead>
            <tr>
              <td><span class="hidden">Setting</span></td>
              ${repeat(
                pins,
                ({ id }) => id,
                (pin) => html`<th scope="col">${this.heading(pin)}</th>`,
              )}
            </tr>
          </thead>
          <tbody>
            ${[
              ...differences(pins, labels),
              ...outcomes.map(({ name, of }) => ({ name, values: pins.map((pin) => of(pin)) })),
            ].map(
              ({ name, values }) =>
                html`<tr>
                  <th scope="row">${name}</th>
                  ${values.map((value) => html`<td>${value}</td>`)}
                </tr>`,
            )}
          </tbody>
        </table>
      </div>
      <div class="pictures">${this.pictureRows(pins)}</div>`;
  }

  private heading(pin: Pin): TemplateResult {
    const { pins } = this.lab;
    return html`<div class="pin">
      <span class="small chip ${pin.run}">${titleOf(pin.run)}</span>
      <input
        type="text"
        aria-label="Name of the pinned run"
        maxlength="60"
        .value=${pin.name}
        @change=${(event: Event) => pins.rename(pin.id, (event.target as HTMLInputElement).value)}
      />
      <span class="buttons">
        <label
          ><input
            type="radio"
            name="reference"
            .checked=${pins.reference?.id === pin.id}
            @change=${() => pins.compareWith(pin.id)}
          />compare with</label
        >
        <button aria-label="Unpin ${pin.name}" @click=${() => pins.unpin(pin.id)}>Unpin</button>
      </span>
    </div>`;
  }

  private pictureRows(pins: readonly Pin[]): TemplateResult {
    const { reference } = this.lab.pins;
    return html`${this.pictureRow('Original', 'original', undefined)}
    ${pins.map((pin) => this.pictureRow(pin.name, 'reconstruction', pin))}
    ${pins
      .filter((pin) => pin !== reference)
      .map((pin) => this.pictureRow(`${pin.name} − ${reference?.name ?? ''}`, 'difference', pin))}
    ${
      pins.length > 1
        ? html`<p class="name small muted">
            Differences: orange where more ink, blue where less; the colours end at ${percent(DIFFERENCE_SCALE)} of
            black.
          </p>`
        : nothing
    }`;
  }

  private pictureRow(name: string, kind: string, pin: Pin | undefined): TemplateResult {
    const missing = pin && !this.lab.pins.of(pin) ? this.whyNone(pin) : undefined;
    return html`<span class="name ${pin ? `chip ${pin.run}` : ''}"
        >${name}${missing === undefined ? nothing : html`<br /><span class="muted">${missing}</span>`}</span
      >
      ${Array.from(
        { length: SAMPLE },
        (_, i) =>
          html`<canvas
            class=${i >= SAMPLE - 4 ? 'late' : ''}
            data-kind=${kind}
            data-pin=${pin?.id ?? ''}
            data-image=${i}
            width="28"
            height="28"
            aria-hidden="true"
          ></canvas>`,
      )}`;
  }

  private whyNone({ model }: Pin): string {
    const cols = this.lab.session?.info.cols;
    return cols !== undefined && cols !== model.dIn
      ? `trained on ${count(model.dIn)} pixels, these images have ${count(cols)}`
      : 'being drawn …';
  }

  protected override updated(changed: PropertyValues): void {
    super.updated(changed);
    inFrame(this, () => this.paint());
  }

  private paint(): void {
    const { pictures, pins } = this.lab;
    if (!pictures) return;
    const { width, height } = pictures;
    const size = width * height;
    const { reference } = pins;
    const other = reference && pins.of(reference)?.reconstructions;
    for (const canvas of this.renderRoot.querySelectorAll<HTMLCanvasElement>('.pictures canvas')) {
      const { kind, pin, image } = canvas.dataset;
      const pinned = pins.pins.find(({ id }) => id === Number(pin));
      const own = pinned && pins.of(pinned)?.reconstructions;
      const all =
        kind === 'original'
          ? pictures.originals
          : own && (kind === 'reconstruction' ? own : other && this.difference(own, other));
      const bytes = all?.subarray(Number(image) * size, (Number(image) + 1) * size);
      const table = kind === 'difference' ? divergingTable() : greyTable();
      if (bytes) inFrame(canvas, () => paintOne(canvas, bytes, width, height, table));
    }
  }

  /** Computed once for as long as both are what they are. */
  private difference(own: Uint8ClampedArray, other: Uint8ClampedArray): Int8Array {
    const known = this.computed.get(own);
    if (known?.other === other) return known.bytes;
    const bytes = differenceOf(own, other);
    this.computed.set(own, { other, bytes });
    return bytes;
  }
}
