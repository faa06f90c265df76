// How far a lab is, in words and as a share of 1.

import { count, duration, percent } from '../kit/format';
import type { Lab } from './lab';
import { titleOf } from '../kit/runs';

export interface Progress {
  text: string;
  share: number;
}

/** What a lab does now; `rows` is what it trains on, in the plural. */
export function progressOf(lab: Lab, rows: string): Progress {
  const { loading, phase, session } = lab;
  if (loading) {
    const share = loading.share === undefined ? '' : ` · ${percent(loading.share)}`;
    return { text: `Loading ${loading.name}${share}`, share: loading.share ?? 0 };
  }
  if (phase === 'starting') return { text: 'Loading …', share: 0 };
  if (!session) return { text: 'Preparing …', share: 0 };
  const { progress } = session;
  if (phase !== 'resting') {
    const left = session.timeLeft(lab.state.epochs);
    const parts = [
      progress ? `${titleOf(progress.run)}, epoch ${progress.epoch}: ${percent(progress.share)}` : '',
      phase === 'pausing' ? 'pausing after this epoch' : left === undefined ? '' : `${duration(left)} left`,
    ];
    return { text: parts.filter((part) => part !== '').join(' · '), share: progress?.share ?? 0 };
  }
  return { text: atRest(lab, rows), share: 0 };
}

function atRest({ epoch, state, session, isFinal }: Lab, rows: string): string {
  if (epoch >= state.epochs) {
    return isFinal ? 'Done. Press Play for a new run of 10 more epochs.' : 'Done. Press Play for 10 more epochs.';
  }
  return epoch === 0 ? `Ready: ${count(session?.info.trainRows ?? 0)} ${rows} to train on` : 'Paused';
}
