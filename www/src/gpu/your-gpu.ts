// The page about the graphics adapter: what it is, whether it computes rightly, how fast it is.

import { proxy, wrap, type Remote } from 'comlink';
import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import type { GpuReport, Timing } from 'splinterp';
import { panelStyles } from '../kit/panel';
import { messages, messageStyles } from '../kit/messages';
import { download } from '../kit/download';
import { count } from '../kit/format';
import { shared } from '../kit/styles';
import { checkTable } from './check-table';
import './timing-chart';
import type { GpuWorker } from './protocol';
import { toCsv, workloads } from './workloads';

/** The limits of WebGPU in words. */
const limitNames: Readonly<Record<string, string>> = {
  maxBufferSize: 'Largest buffer',
  maxStorageBufferBindingSize: 'Largest array of a kernel',
  maxStorageBuffersPerShaderStage: 'Arrays of a kernel',
  maxComputeWorkgroupStorageSize: 'Shared memory of a workgroup, bytes',
  maxComputeInvocationsPerWorkgroup: 'Threads of a workgroup',
  maxComputeWorkgroupsPerDimension: 'Workgroups in a row',
};

/** Bytes at which a limit is shown in MiB. */
const MEBIBYTE = 2 ** 20;

@customElement('your-gpu')
export class YourGpu extends LitElement {
  static override styles = [
    shared,
    panelStyles,
    messageStyles,
    css`
      :host {
        display: grid;
        grid-template-columns: repeat(auto-fit, minmax(min(100%, 500px), 1fr));
        gap: 16px;
        max-width: 1288px;
        margin: 0 auto;
        padding: 0 24px 40px;
      }
      .whole {
        grid-column: 1 / -1;
      }
      .whole[hidden] {
        display: none;
      }
      section table {
        width: 100%;
        border-collapse: collapse;
        margin-top: 12px;
        font-size: 0.867rem;
      }
      section th {
        text-align: left;
        font-weight: 400;
        color: var(--muted);
        padding: 3px 12px 3px 0;
        vertical-align: top;
      }
      section th[scope='col'] {
        text-align: right;
        padding: 3px 0 3px 12px;
      }
      section td {
        padding: 3px 0 3px 12px;
        text-align: right;
        font-variant-numeric: tabular-nums;
        overflow-wrap: anywhere;
      }
      .wide {
        overflow-x: auto;
      }
      .wide td {
        white-space: nowrap;
      }
      .actions {
        display: flex;
        flex-wrap: wrap;
        gap: 8px;
      }
      @media (max-width: 760px) {
        :host {
          padding: 0 12px 32px;
        }
      }
    `,
  ];

  /** `undefined` until the adapter has answered, `null` if there is none. */
  @state() private report: GpuReport | null | undefined;
  @state() private timings: Timing[] = [];
  @state() private measuring = false;
  @state() private alert: string | undefined;
  private worker: Worker | undefined;
  private remote: Remote<GpuWorker> | undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    void this.open();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.worker?.terminate();
  }

  override render(): TemplateResult {
    return html`${messages(this.alert, undefined, () => (this.alert = undefined))}
      <section class="whole" aria-labelledby="verdict" aria-live="polite">
        <h2 id="verdict" data-testid="verdict">${verdict(this.report)}</h2>
        <p>${advice(this.report)}</p>
      </section>
      ${this.report ? this.properties(this.report) : nothing} ${this.report ? this.benchmark() : nothing}`;
  }

  private properties(report: GpuReport): TemplateResult {
    const facts = [
      ['Adapter', report.adapter],
      ['Vendor', report.vendor],
      ['Kind', report.deviceType],
      ['Through', report.backend],
      ['Driver', report.driver],
      ['Features', report.features.join(', ') || 'none beyond the core'],
    ].filter(([, value]) => value !== '');
    const limits = Object.entries(report.limits);
    return html`<section aria-labelledby="adapter">
        <h2 id="adapter">The adapter and its limits</h2>
        <table data-testid="adapter">
          ${facts.map(([name, value]) => line(name ?? '', value ?? ''))}
          ${limits.map(([name, value]) => line(limitNames[name] ?? name, limit(value)))}
        </table>
      </section>
      <section aria-labelledby="checks">
        <h2 id="checks">Its results beside the CPU’s</h2>
        <p class="small muted">
          Each kernel runs on small random problems whose sizes are no multiple of a tile. Shown is ‖GPU − CPU‖ / ‖CPU‖;
          32-bit sums in another order differ by about 10⁻⁶.
        </p>
        ${checkTable(report.checks)}
      </section>`;
  }

  private benchmark(): TemplateResult {
    const total = Object.keys(workloads).length;
    const done = this.timings.length;
    return html`<section class="whole" aria-labelledby="speed">
      <div class="head">
        <h2 id="speed">Its speed</h2>
        <div class="actions">
          ${
            this.measuring
              ? html`<button @click=${() => this.cancel()}>Cancel</button>`
              : html`<button data-testid="measure" @click=${() => void this.measure()}>Measure</button>`
          }
          <button ?disabled=${done === 0} @click=${() => this.save()}>CSV</button>
        </div>
      </div>
      <p role="status" class="small muted" data-testid="progress">
        ${
          this.measuring
            ? `Measured ${done} of ${total}. A software adapter may take minutes.`
            : 'Products and whole training steps of two sizes, as the labs run them.'
        }
      </p>
      ${this.measuring ? html`<progress aria-label="Measured" max=${total} .value=${done}></progress>` : nothing}
      ${done > 0 ? html`<timing-chart .timings=${this.timings}></timing-chart>` : nothing}
    </section>`;
  }

  /** Starts the worker and asks for the report. */
  private async open(): Promise<void> {
    this.worker = new Worker(new URL('./gpu.worker.ts', import.meta.url), { type: 'module' });
    this.remote = wrap<GpuWorker>(this.worker);
    const report = await this.remote.report();
    if (report.ok) this.report = report.value ?? null;
    else [this.report, this.alert] = [null, report.message];
  }

  private async measure(): Promise<void> {
    if (!this.remote) return;
    [this.timings, this.measuring, this.alert] = [[], true, undefined];
    const heard = proxy((timing: Timing) => (this.timings = [...this.timings, timing]));
    const result = await this.remote.benchmark(heard);
    this.measuring = false;
    if (!result.ok) this.alert = result.message;
  }

  /** Ends the worker: work on a device cannot be called back. */
  private cancel(): void {
    this.worker?.terminate();
    this.measuring = false;
    void this.open();
  }

  private save(): void {
    const csv = toCsv(this.report?.adapter ?? '', this.timings);
    download('gpu.csv', new Blob([csv], { type: 'text/csv' }));
  }
}

function line(name: string, value: string): TemplateResult {
  return html`<tr>
    <th scope="row">${name}</th>
    <td>${value}</td>
  </tr>`;
}

/** Sizes in bytes are powers of two or just below. */
function limit(value: number): string {
  return value >= MEBIBYTE ? `${count(Math.round(value / MEBIBYTE))} MiB` : count(value);
}

function verdict(report: GpuReport | null | undefined): string {
  if (report === undefined) return 'Asking for an adapter and testing every kernel …';
  if (report === null) return 'No graphics adapter answers here: everything runs on the CPU';
  if (report.fault !== null) return `${report.adapter} computes wrong numbers: everything runs on the CPU`;
  if (report.software) return `${report.adapter} is a software adapter: the CPU is faster by itself`;
  return `${report.adapter} computes rightly`;
}

function advice(report: GpuReport | null | undefined): string {
  if (report === undefined) return '';
  if (report === null) {
    return 'WebGPU is missing or switched off in this browser, or the browser blocks this adapter. All of the site works without it.';
  }
  if (report.fault !== null) return report.fault;
  if (report.software) return 'The labs leave it alone. It can still be measured below.';
  return 'Before a run the labs race it against the CPU on the problem at hand, and take the faster.';
}
