// A lab's worker that runs experiments beside its session: one list at a time, on the data of a session.

import type { ExperimentRow } from 'splinterp/lab';
import type { ExperimentEvent, ExperimentRequest, ExperimentService, ExperimentTable } from '../experiments/protocol';
import type { SessionInfo } from '../protocol';
import { Experimenter, type ExperimentCrate, type Plan, type Rows } from './experiments';
import { Host, type Made } from './host';
import { KeptRows } from './kept-rows';
import type { Trains } from './training';

export abstract class ExperimentHost<
  D extends Rows,
  T extends Trains,
  C extends object,
  I extends SessionInfo,
  M extends Made<T, I>,
  Own,
>
  extends Host<T, C, I, M, Own | ExperimentEvent>
  implements ExperimentService
{
  private readonly experimenter: Experimenter<D>;

  /** `lab` names it among what is kept; `build` what computes, another with every build of the site. */
  protected constructor(
    lab: string,
    build: string,
    private readonly experimentCrate: ExperimentCrate & { csv(rows: ExperimentRow[]): string },
  ) {
    super(lab);
    const kept = new KeptRows(build, (reason) => this.tell({ type: 'unsaved', reason }));
    this.experimenter = new Experimenter(experimentCrate, kept);
  }

  /** What a figure is made of, on the data of a session. */
  protected abstract planOf(session: number, request: ExperimentRequest): Plan<D>;

  async recallExperiments(id: number, request: ExperimentRequest): Promise<ExperimentTable> {
    return this.experimenter.recall(this.planOf(id, request));
  }

  async runExperiments(id: number, request: ExperimentRequest): Promise<ExperimentTable> {
    await this.session(id).training.halt();
    return this.experimenter.run(this.planOf(id, request), (event) => this.tell({ session: id, ...event }));
  }

  // A page awaits all that it calls, so what answers at once answers by a promise too.
  /* eslint-disable @typescript-eslint/require-await */

  async pauseExperiments(): Promise<void> {
    this.experimenter.pause();
  }

  async resumeExperiments(): Promise<void> {
    this.experimenter.resume();
  }

  async cancelExperiments(): Promise<void> {
    this.experimenter.cancel();
  }

  async experimentsCsv(rows: ExperimentRow[]): Promise<string> {
    return this.experimentCrate.csv(rows);
  }
}
