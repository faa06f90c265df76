// A lab on the page's side: the transport of its runs, and what it says of them. What labs differ in they add.

import { KeptRuns } from './kept-runs';
import type { LabEvent, SessionInfo, TrainingEvent } from './protocol';
import { Reconciler } from './reconciler';
import type { Service, Standing, Surroundings } from './surroundings';
import { titleOf } from '../kit/runs';
import type { LabTable, Settings } from './settings';
import type { StateOf } from '../kit/properties';
import { divergence, sentence, type Labels } from './wording';

/** What the trainers are doing. `preparing`: the session that is wanted does not stand yet. */
export type Phase = 'starting' | 'preparing' | 'resting' | 'playing' | 'pausing';

/** Epochs by which Play goes on beyond a target that is reached. */
const MORE_EPOCHS = 10;

const commonTypes: ReadonlySet<string> = new Set<LabEvent['type']>([
  'progress',
  'epoch',
  'moved',
  'failed',
  'rested',
  'loading',
  'unsaved',
  'kept',
]);

/** Whether an event is one that every lab hears. */
function isCommon(event: { type: string }): event is LabEvent {
  return commonTypes.has(event.type);
}

export abstract class LabController<
  P extends LabTable,
  I extends SessionInfo,
  Own extends { type: string },
  H extends Service<P, I, Own>,
> extends Reconciler<P, I, Own, H> {
  /** Spoken to screen readers, politely. */
  status = '';
  /** Where a run stands that an earlier visit left unfinished. */
  interrupted: { epoch: number; target: number } | undefined;
  /** Data that is read or downloaded now. */
  loading: { name: string; share: number | undefined } | undefined;

  /** The runs that are kept in the browser. */
  readonly keptRuns = new KeptRuns(this);

  private motion: 'resting' | 'playing' | 'pausing' = 'resting';
  /** Epochs to train to; nothing while it rests. */
  private aim: number | undefined;
  /** The aim that the worker was told last. */
  private asked: number | undefined;
  protected autoplay: boolean;

  protected constructor(settings: Settings<P>, labels: Labels, surroundings: Surroundings<H>) {
    super(settings, labels, surroundings);
    this.autoplay = surroundings.autoplay;
  }

  /** Hears what is the lab's own. */
  protected abstract hearOwn(event: Own): void;
  /** Follows another session, epochs of it, or a rest. */
  protected abstract moved(): void;

  get phase(): Phase {
    if (this.session) return this.motion;
    return this.standing ? 'preparing' : 'starting';
  }

  /** Epochs that all runs have done. */
  get epoch(): number {
    return this.session?.epoch ?? 0;
  }

  /** Whether it rests and is to rest on. */
  protected get isIdle(): boolean {
    return this.session !== undefined && this.motion === 'resting' && this.aim === undefined;
  }

  /** Whether a trained run was replaced that can be brought back. */
  get canUndo(): boolean {
    return this.replaced !== undefined && this.session !== undefined;
  }

  /** Whether the epochs are all that there will be: more of them are another run. */
  get isFinal(): boolean {
    return this.isScheduled(this.state);
  }

  summary(): string {
    return this.session?.summary() ?? 'No epoch is done yet.';
  }

  protected override followed(before: StateOf<P>): void {
    if (!this.session) this.interrupted = undefined;
    else if (before.epochs !== this.state.epochs && this.motion === 'playing') this.aim = this.state.epochs;
  }

  protected override exchanged(): void {
    this.motion = 'resting';
  }

  protected override stood(how: Standing): void {
    this.loading = undefined;
    const { epoch } = this;
    const target = this.state.epochs;
    // After a loss the run goes on towards the epoch that it was on the way to.
    if (how !== 'revived' || this.aim === undefined) this.aim = how !== 'resumed' && this.autoplay ? target : undefined;
    this.interrupted = how === 'resumed' && epoch > 0 && epoch < target ? { epoch, target } : undefined;
    // What was kept of it may have made way when it was put aside.
    if (how === 'back') this.save();
    void this.keptRuns.refresh();
    this.moved();
  }

  protected override fell(): void {
    this.motion = 'resting';
    this.loading = undefined;
    this.moved();
  }

  protected override settled(): void {
    this.loading = undefined;
    this.drive();
    this.moved();
    this.changed();
  }

  protected override hear(event: LabEvent | Own): void {
    if (!isCommon(event)) {
      this.hearOwn(event);
      return;
    }
    switch (event.type) {
      case 'loading':
        // A server that unpacks files on the way sends more bytes than they have.
        this.hearLoading(event.name, event.total > 0 ? Math.min(1, event.done / event.total) : undefined);
        this.progressed();
        return;
      case 'unsaved':
        this.note = `Runs are not saved: ${sentence(event.reason)}`;
        this.changed();
        return;
      case 'kept':
        void this.keptRuns.refresh();
        return;
      default: {
        // A session that was put aside may still speak, and one that was released.
        const session = [this.standing, this.replaced].find((each) => each?.id === event.session);
        session?.hear(event);
        if (!session || session !== this.standing) return;
        if (event.type === 'rested') this.motion = 'resting';
        if (this.session) this.heard(event);
      }
    }
  }

  /** Data is read or downloaded, by `share` of it. */
  protected hearLoading(name: string, share: number | undefined): void {
    this.loading = { name, share };
  }

  /** Follows what the standing session told. */
  private heard(event: TrainingEvent): void {
    switch (event.type) {
      case 'progress':
        this.progressed();
        return;
      case 'epoch':
        this.losses = 0;
        this.warn(event);
        break;
      case 'moved':
        this.note = event.reason;
        break;
      case 'failed':
        this.alert = sentence(`${titleOf(event.run)} stopped: ${event.message}`);
        break;
      case 'rested':
        this.status = `${this.summary()} Training ${event.rest}.`;
        // Play may have been pressed since: it is asked again.
        this.drive();
    }
    this.moved();
    this.changed();
  }

  /** Says once of a run that its error runs away. */
  private warn({ run, report }: Extract<TrainingEvent, { type: 'epoch' }>): void {
    if (!this.session || this.session.warned.has(run)) return;
    const warning = divergence(run, report, this.session.wanted.state, this.labels);
    if (warning === undefined) return;
    this.session.warned.add(run);
    this.alert = warning;
  }

  /** Sees to it that the session trains to its aim. */
  private drive(): void {
    const { session, aim } = this;
    if (!session || aim === undefined || this.motion === 'pausing') return;
    if (session.failed || session.epoch >= aim) {
      this.aim = undefined;
      return;
    }
    if (this.motion === 'playing' && this.asked === aim) return;
    this.motion = 'playing';
    this.asked = aim;
    void this.ask((worker) => worker.play(session.id, aim));
    this.moved();
    this.changed();
  }

  /** Trains to the target; beyond it, some epochs more. */
  play(): void {
    this.autoplay = true;
    this.interrupted = undefined;
    if (this.session && this.motion === 'resting' && this.epoch >= this.state.epochs) {
      this.change({ epochs: this.epoch + MORE_EPOCHS } as Partial<StateOf<P>>);
    }
    if (this.motion === 'pausing') this.motion = 'resting';
    this.aim = this.state.epochs;
    this.drive();
    this.changed();
  }

  /** Trains one epoch of each run. */
  step(): void {
    if (!this.session) return;
    this.autoplay = false;
    this.interrupted = undefined;
    if (this.epoch >= this.state.epochs) {
      if (this.isFinal) {
        this.note =
          `This run’s schedule ends at epoch ${this.state.epochs}. ` +
          'More epochs are another run: raise their number, or press Play.';
        this.changed();
        return;
      }
      this.change({ epochs: this.epoch + 1 } as Partial<StateOf<P>>);
    }
    this.aim = this.epoch + 1;
    this.drive();
    this.changed();
  }

  /** Comes to rest at the end of this epoch of all runs. */
  pause(): void {
    this.rest((worker, session) => worker.pause(session));
  }

  /** Discards the current epoch. */
  cancel(): void {
    this.rest((worker, session) => worker.cancel(session));
  }

  private rest(how: (worker: H, session: number) => Promise<void>): void {
    const { session } = this;
    this.autoplay = false;
    this.aim = undefined;
    if (session && this.motion !== 'resting') {
      this.motion = 'pausing';
      void this.ask((worker) => how(worker, session.id));
    }
    this.changed();
  }

  /** Back to untrained models, at rest; there is nothing to do where they are untrained. */
  reset(): void {
    this.autoplay = false;
    if (!this.session || (this.epoch === 0 && this.motion === 'resting')) return;
    this.status = 'The runs were reset.';
    this.again();
  }

  /** Leaves the run that was taken up, and begins anew. */
  startOver(): void {
    this.autoplay = true;
    this.again();
  }

  /** Brings back the session that was replaced, with its settings. */
  undo(): void {
    if (!this.replaced) return;
    this.autoplay = false;
    this.status = 'The earlier run is back.';
    this.wantReplaced(this.replaced);
  }

  /** Keeps the runs before the page goes. */
  save(): void {
    const { standing } = this;
    if (standing) void this.ask((worker) => worker.save(standing.id));
  }

  /** Dismisses an alert, a note or an offer. */
  dismiss(what: 'alert' | 'note' | 'undo'): void {
    if (what !== 'undo') this[what] = undefined;
    else if (this.replaced) {
      this.release(this.replaced);
      this.replaced = undefined;
    }
    this.changed();
  }
}
