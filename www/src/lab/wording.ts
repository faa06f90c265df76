// Failures in sentences that name settings as the page does.

import { codeOf, messageOf } from '../kit/failure';
import { measured } from '../kit/format';
import type { EpochReport } from 'splinterp/lab';
import { titleOf } from '../kit/runs';
import type { CommonConfig } from './settings';

/** What each setting is called on the page. */
export type Labels = Readonly<Record<string, string>>;

/** Settings by the crate's names for them, where these differ. */
const settingOf: Readonly<Record<string, string>> = {
  batchSize: 'batch',
  updatesPerBatch: 'updates',
  weightDecay: 'decay',
};

/** What an option of the crate is called on the page. */
export function labelOfOption(option: string, labels: Labels): string {
  return labels[settingOf[option] ?? option] ?? option;
}

/** A message of the crate, ended as a sentence; it may begin with a name, which keeps its spelling. */
export function sentence(message: string): string {
  return /[.!?]$/.test(message) ? message : `${message}.`;
}

/** A failure as a sentence. Of an option it says the page's name and what is allowed. */
export function explain(error: unknown, labels: Labels): string {
  const message = messageOf(error);
  const [, option = '', found, expected] = /^(\w+) is (.*), expected (.*)$/s.exec(message) ?? [];
  const label = labels[settingOf[option] ?? option];
  if (codeOf(error) !== 'option' || label === undefined) return sentence(message);
  return sentence(`${label} must be ${expected ?? ''}; it was ${found ?? ''}`);
}

/**
 * A test error so many times the variance of the data is no poor model but one that runs away: the worst that an
 * overfitted run of the paper's reached was 1.8.
 */
const DIVERGED_FVU = 10;

/** What is wrong with a run whose error runs away, and which settings to change; nothing while it does well. */
export function divergence(run: string, report: EpochReport, config: CommonConfig, labels: Labels): string | undefined {
  if (report.testFvu < DIVERGED_FVU) return undefined;
  const lower = (['lr', 'decay', 'l1', 'muEnc', 'nuEnc', 'muDec', 'nuDec'] as const)
    // A penalty of 0 cannot be at fault.
    .filter((key) => key === 'lr' || config[key] > 0)
    .map((key) => `${labels[key] ?? key} (now ${measured(config[key])})`);
  return (
    `${titleOf(run)} diverges: after epoch ${report.epoch} its test MSE is ${measured(report.testMse)}, ` +
    `${measured(report.testFvu)} times the variance of the data. It goes on; to help it, lower ${lower.join(' or ')}.`
  );
}
