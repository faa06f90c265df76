// The page about the graphics adapter: what it is, whether its results are correct, how fast it is.

import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import type { GpuReport, Timing } from 'splinterp';
import { panelStyles } from '../kit/panel';
import { messages, messageStyles } from '../kit/messages';
import { download } from '../kit/download';
import { outcome } from '../kit/failure';
import { count, memory } from '../kit/format';
import { connect, LOST, type Connection } from '../kit/remote';
import { shared } from '../kit/styles';
import { checkTable } from './check-table';
import './timing-chart';
import script from './gpu.worker?worker&url';
import type { GpuWorker } from './protocol';
import { advice, verdict, type Report } from './verdict';
import { toCsv, workloads } from './workloads';

/** The limits of WebGPU in words. */
const limitNames: Readonly<Record<string, string>> = {
  maxBufferSize: 'Largest buffer',
  maxStorageBufferBindingSize: 'Largest array in a kernel',
  maxStorageBuffersPerShaderStage: 'Arrays in a kernel',
  maxComputeWorkgroupStorageSize: 'Shared memory of a workgroup',
  maxComputeInvocationsPerWorkgroup: 'Threads in a workgroup',
  maxComputeWorkgroupsPerDimension: 'Workgroups in one dimension',
};

/** Limits that are sizes in bytes; the others are counts. */
const inBytes: ReadonlySet<string> = new Set([
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxComputeWorkgroupStorageSize',
]);

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
      progress {
        margin: 8px 0 16px;
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

  @state() private report: Report;
  @state() private timings: Timing[] = [];
  @state() private measuring = false;
  @state() private alert: string | undefined;
  /** Whether the worker stopped, and can be started again. */
  @state() private failed = false;
  private worker: Connection<GpuWorker> | undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    void this.open();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.close();
  }

  override render(): TemplateResult {
    return html`${messages(this.alert, undefined, () => this.dismiss())}
      <section class="whole" aria-labelledby="verdict">
        <div role="status">
          <h2 id="verdict" tabindex="-1" data-testid="verdict">${verdict(this.report, this.failed)}</h2>
          <p>${advice(this.report, this.failed)}</p>
        </div>
        ${
          this.failed
            ? html`<p><button data-testid="retry" @click=${() => void this.open()}>Try again</button></p>`
            : nothing
        }
      </section>
      ${this.report ? this.properties(this.report) : nothing} ${this.report ? this.benchmark() : nothing}`;
  }

  /** The button goes with its message; the focus must not go with it. */
  private dismiss(): void {
    this.alert = undefined;
    this.renderRoot.querySelector<HTMLElement>('#verdict')?.focus();
  }

  private properties(report: GpuReport): TemplateResult {
    const facts = [
      ['Adapter', report.adapter],
      ['Vendor', report.vendor],
      ['Kind', report.deviceType],
      ['API', report.backend],
      ['Driver', report.driver],
      ['Features', report.features.join(', ') || 'none beyond the core'],
    ].filter(([, value]) => value !== '');
    const limits = Object.entries(report.limits);
    return html`<section aria-labelledby="adapter">
        <h2 id="adapter">The adapter and its limits</h2>
        <table data-testid="adapter">
          ${facts.map(([name, value]) => line(name ?? '', value ?? ''))}
          ${limits.map(([name, value]) => line(limitNames[name] ?? name, (inBytes.has(name) ? memory : count)(value)))}
        </table>
      </section>
      <section aria-labelledby="checks">
        <h2 id="checks">Its results compared with the CPU’s</h2>
        <p class="small muted">
          Each kernel runs on small random problems whose sizes are not multiples of its tile. The table shows ‖GPU −
          CPU‖ / ‖CPU‖; 32-bit sums in a different order differ by about 10⁻⁶.
        </p>
        ${checkTable(report.checks)}
      </section>`;
  }

  private benchmark(): TemplateResult {
    const total = Object.keys(workloads).length;
    const done = this.timings.length;
    return html`<section class="whole" aria-labelledby="speed">
      <div class="head">
        <h2 id="speed">Speed</h2>
        <div class="actions">
          <button
            data-testid="measure"
            ?disabled=${this.failed}
            @click=${() => (this.measuring ? this.cancel() : void this.measure())}
          >
            ${this.measuring ? 'Cancel' : 'Measure'}
          </button>
          <button ?disabled=${done === 0} @click=${() => this.save()}>Download CSV</button>
        </div>
      </div>
      <p role="status" class="small muted" data-testid="progress">
        ${
          this.measuring
            ? `${done} of ${total} measured. A software adapter may take minutes.`
            : 'Matrix products and whole training steps at two sizes, as the labs run them.'
        }
      </p>
      ${this.measuring ? html`<progress aria-label="Measured" max=${total} .value=${done}></progress>` : nothing}
      ${done > 0 ? html`<timing-chart .timings=${this.timings}></timing-chart>` : nothing}
    </section>`;
  }

  /** Starts the worker and asks for the report. */
  private async open(): Promise<void> {
    this.close();
    [this.report, this.alert, this.failed] = [undefined, undefined, false];
    const worker = connect<GpuWorker>(script);
    this.worker = worker;
    const report = await outcome(() => worker.api.report());
    if (this.worker !== worker) return;
    if (report.ok) this.report = report.value ?? null;
    else this.lose(report.message);
  }

  private close(): void {
    this.worker?.close();
    [this.worker, this.measuring] = [undefined, false];
  }

  /** What was measured stays; the rest is to be asked for again. */
  private lose(reason: string): void {
    this.close();
    this.failed = true;
    this.alert = `The measurement stopped: ${reason}. The labs are not affected.`;
  }

  private async measure(): Promise<void> {
    const { worker } = this;
    if (!worker) return;
    [this.timings, this.measuring, this.alert] = [[], true, undefined];
    const heard = (timing: Timing) => (this.timings = [...this.timings, timing]);
    const result = await outcome(() => worker.api.benchmark(heard));
    if (this.worker !== worker) return;
    this.measuring = false;
    if (result.ok) return;
    if (result.code === LOST) this.lose(result.message);
    else this.alert = `The benchmark stopped: ${result.message}`;
  }

  /** Ends the worker, since work on a device cannot be called back, and starts another. */
  private cancel(): void {
    const { report } = this;
    this.close();
    void this.open();
    // The adapter is the same.
    this.report = report;
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
