// Looking things up in an experiment's table.

import type { RunName } from '../protocol';
import type { Cell, ExperimentTable } from './protocol';

/** How many runs a figure has when it is whole. */
export function plannedCount({ settings, runs, seeds }: ExperimentTable): number {
  return settings.length * runs.length * seeds.length;
}

/** The cell of a setting and run, if a run of it has ended. */
export function cellAt(table: ExperimentTable, setting: number, run: RunName): Cell | undefined {
  return table.cells.find((cell) => cell.setting === setting && cell.run === run);
}
