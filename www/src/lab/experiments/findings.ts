// What an experiment says, computed from the runs that have ended: at which settings which run is lowest, what untying
// alone does, and from how many seeds.

import { measured } from '../../kit/format';
import { titleOf } from '../../kit/runs';
import { ALIKE } from '../claims';
import type { RunName } from '../protocol';
import type { ExperimentTable } from './protocol';
import { cellAt } from './table';

interface Stand {
  run: RunName;
  mse: number;
  l0: number;
  seconds: number;
}

/** Runs of a setting by their mean test MSE; only where all of them are there. */
function standsAt(table: ExperimentTable, setting: number): Stand[] {
  const stands = table.runs.flatMap((run) => {
    const summary = cellAt(table, setting, run)?.summary;
    const [mse, l0, seconds] = [summary?.testMse.mean, summary?.testL0.mean, summary?.seconds.mean];
    return typeof mse === 'number' && typeof l0 === 'number' ? [{ run, mse, l0, seconds: seconds ?? NaN }] : [];
  });
  return stands.length === table.runs.length ? stands.sort((a, b) => a.mse - b.mse) : [];
}

/** Sentences; none before a setting is complete. */
export function findingsOf(table: ExperimentTable): string[] {
  const complete = table.settings.flatMap(({ label }, setting) => {
    const [first, ...others] = standsAt(table, setting);
    return first && others[0] ? [{ label, setting, first, others }] : [];
  });
  if (complete.length === 0) return [];
  // An error that is bought with more active latents wins nothing.
  const [ranked, unranked] = [
    complete.filter(({ first, others }) => others.every(({ l0 }) => first.l0 <= ALIKE * l0)),
    complete.filter(({ first, others }) => others.some(({ l0 }) => first.l0 > ALIKE * l0)),
  ];
  return [...lowest(table, ranked), ...notRanked(unranked), ...untying(table), seedsOf(table)];
}

interface Complete {
  label: string;
  first: Stand;
  others: Stand[];
}

function lowest({ runs }: ExperimentTable, ranked: readonly Complete[]): string[] {
  const winners = [...new Set(ranked.map(({ first }) => first.run))];
  return winners.map((run) => {
    const own = ranked.filter(({ first }) => first.run === run);
    const each = own.map(({ label, first, others }) => {
      const next = others[0];
      return `${label}: ${measured(first.mse)} against ${measured(next?.mse)} for ${titleOf(next?.run ?? '')}`;
    });
    return `Of these ${runs.length} runs ${titleOf(run)} has the lowest mean test MSE at ${own.length} of ${ranked.length} settings (${each.join('; ')}).`;
  });
}

function notRanked(unranked: readonly Complete[]): string[] {
  if (unranked.length === 0) return [];
  const each = unranked.map(({ label, first, others }) => {
    const all = [first, ...others].map(({ run, mse, l0 }) => `${titleOf(run)} ${measured(mse)} at L0 ${measured(l0)}`);
    return `${label}: ${all.join(', ')}`;
  });
  return [`Not ranked, since the lowest error comes with more active latents: ${each.join('; ')}.`];
}

/** Where untying alone changes SGD most. */
function untying(table: ExperimentTable): string[] {
  const changes = table.settings.flatMap(({ label }, setting) => {
    const tied = cellAt(table, setting, 'sgd-tied')?.summary.testMse.mean;
    const untied = cellAt(table, setting, 'sgd-untied')?.summary.testMse.mean;
    return typeof tied === 'number' && typeof untied === 'number' ? [{ label, tied, untied }] : [];
  });
  const [most] = changes.sort((a, b) => Math.abs(Math.log(b.tied / b.untied)) - Math.abs(Math.log(a.tied / a.untied)));
  if (!most) return [];
  return [
    `SGD untied, without any closed form, has ${measured(most.untied)} where SGD tied has ${measured(most.tied)} (${most.label}, where they differ most).`,
  ];
}

function seedsOf({ seeds }: ExperimentTable): string {
  return seeds.length === 1
    ? 'One seed, so no spread is known.'
    : `Means over up to ${seeds.length} seeds, with the sample standard deviation.`;
}
