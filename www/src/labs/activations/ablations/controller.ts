// The paper's ablations: which one runs, how far it is, and what came of each.

import type { ExperimentRow } from 'splinterp';
import { TimeLeft } from '../../../lab/time-left';
import type { ActivationsLab } from '../lab';
import type { Ablation, ActivationsEvent } from '../protocol';

export interface AblationTable {
  rows: ExperimentRow[];
  /** A line a run; there once the list has ended. */
  csv: string | undefined;
  /** Epochs of each run. */
  epochs: number;
}

export class Ablations {
  running: { ablation: Ablation; session: number } | undefined;
  progress = new TimeLeft();
  /** Tables, and the settings and data that they speak of. */
  private made: { of: string; tables: Partial<Record<Ablation, AblationTable>> } = { of: '', tables: {} };

  constructor(private readonly lab: ActivationsLab) {}

  /** What came of the ablations of the session that is shown. */
  get tables(): Partial<Record<Ablation, AblationTable>> {
    return this.lab.session?.wanted.results === this.made.of ? this.made.tables : {};
  }

  hear(event: Extract<ActivationsEvent, { type: 'ablating' | 'ablated' }>): void {
    if (event.session !== this.running?.session) return;
    if (event.type === 'ablating') {
      this.progress.share = event.total > 0 ? event.done / event.total : 0;
      this.lab.progressed();
      return;
    }
    const { ablation } = this.running;
    const table = this.made.tables[ablation];
    if (table) this.set(ablation, { ...table, rows: [...table.rows, event.row] });
  }

  /** Follows the session: an ablation is of the settings and the data on which it was started. */
  follow(): void {
    if (this.running && this.lab.session?.id !== this.running.session) this.cancel();
  }

  async run(ablation: Ablation): Promise<void> {
    const { session, state } = this.lab;
    if (this.running || !session) return;
    this.lab.cancel();
    const { epochs } = state;
    const { results } = session.wanted;
    this.running = { ablation, session: session.id };
    this.progress = new TimeLeft();
    if (this.made.of !== results) this.made = { of: results, tables: {} };
    this.set(ablation, { rows: [], csv: undefined, epochs });
    const result = await this.lab.ask((worker) => worker.ablate(session.id, ablation, epochs));
    this.running = undefined;
    this.lab.status = 'The ablation has ended.';
    if (result && this.made.of === results) this.set(ablation, { ...result, epochs });
    this.lab.changed();
  }

  cancel(): void {
    void this.lab.ask((worker) => worker.cancelAblation());
  }

  private set(ablation: Ablation, table: AblationTable): void {
    this.made = { ...this.made, tables: { ...this.made.tables, [ablation]: table } };
    this.lab.changed();
  }
}
