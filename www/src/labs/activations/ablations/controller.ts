// The paper's ablations: which one runs, how far it is, and what came of each.

import type { ExperimentRow } from 'splinterp';
import { Foretelling } from '../../../lab/foretelling';
import type { Ablation, ActivationsEvent } from '../protocol';
import type { ActivationsController } from '../controller';

export interface AblationTable {
  rows: ExperimentRow[];
  /** A line a run; there once the list has ended. */
  csv: string | undefined;
}

export class Ablations {
  running: Ablation | undefined;
  progress = new Foretelling();
  tables: Partial<Record<Ablation, AblationTable>> = {};

  constructor(private readonly lab: ActivationsController) {}

  hear(event: Extract<ActivationsEvent, { type: 'ablating' | 'ablated' }>): void {
    if (event.type === 'ablating') {
      this.progress.share = event.total > 0 ? event.done / event.total : 0;
      this.lab.progressed();
      return;
    }
    const table = this.running ? this.tables[this.running] : undefined;
    if (!this.running || !table) return;
    this.tables = { ...this.tables, [this.running]: { ...table, rows: [...table.rows, event.row] } };
    this.lab.changed();
  }

  async run(ablation: Ablation): Promise<void> {
    if (this.running) return;
    this.running = ablation;
    this.progress = new Foretelling();
    this.tables = { ...this.tables, [ablation]: { rows: [], csv: undefined } };
    this.lab.changed();
    const result = await this.lab.worker.ablate(ablation, this.lab.state.epochs);
    this.running = undefined;
    this.lab.status = 'The ablation has ended.';
    if (result.ok) this.tables = { ...this.tables, [ablation]: result.value };
    else this.lab.fail(result.message);
    this.lab.changed();
  }

  cancel(): void {
    void this.lab.worker.cancelAblation();
  }
}
