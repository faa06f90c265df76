// The activations lab on the page's side: its state, its runs, what the worker last said, what the user wants next.

import { proxy, wrap, type Remote } from 'comlink';
import type { EpochReport } from 'splinterp';
import type { Phase, Player } from '../../lab/transport';
import { measured } from '../../kit/format';
import { runNames } from '../../kit/styles';
import type { ActivationsEvent, ActivationsWorker, SessionInfo } from './protocol';
import { methods, type Interrupted, type Method, type PerMethod } from '../../lab/worker/protocol';
import { Ablations } from './ablations/controller';
import { FeatureController } from './features/controller';
import { FileController } from './files/controller';
import {
  initialState,
  parseHash,
  parseValue,
  runConfig,
  samePlan,
  sameRun,
  withView,
  writeHash,
  type Key,
  type LabState,
} from './state';

/** Epochs by which Play goes on beyond a target that is reached. */
const MORE_EPOCHS = 10;
/** Epochs whose mean duration foretells the next ones. */
const RECENT = 3;

/**
 * Holds everything that the lab's components show. It tells of changes by two events: `change`, and `progress` ten
 * times a second while something runs.
 */
export class ActivationsController extends EventTarget implements Player {
  state: LabState;
  info: SessionInfo | undefined;
  reports: Partial<PerMethod<EpochReport[]>> = {};
  /** Why a run stopped for good, by method. */
  failures: Partial<PerMethod<string>> = {};
  progress: { method: Method; epoch: number; share: number } | undefined;
  phase: Phase = 'starting';
  /** A failure, shown until it is dismissed. */
  alert: string | undefined;
  /** Something worth knowing, less than a failure. */
  note: string | undefined;
  /** Spoken to screen readers, politely. */
  status = '';
  interrupted: Interrupted | undefined;
  /** Whether the last change of the run can be taken back. */
  canUndo = false;

  readonly worker: Remote<ActivationsWorker>;
  readonly files: FileController;
  readonly features: FeatureController;
  readonly ablations: Ablations;
  /** The state of the session that stands; a change that fails comes back to it. */
  private standing: LabState | undefined;
  private wantsToPlay = !matchMedia('(prefers-reduced-motion: reduce)').matches;
  /** The state of the session that Undo brings back. */
  private replaced: LabState | undefined;
  /** Counts sessions and plays, so that answers to what is no longer asked are let go. */
  private sessionAsked = 0;
  private playAsked = 0;

  constructor() {
    super();
    const { state, notes } = parseHash(location.hash);
    this.state = state;
    this.tellHashNotes(notes);
    const worker = new Worker(new URL('./worker/activations.worker.ts', import.meta.url), { type: 'module' });
    worker.addEventListener('error', () => {
      this.fail('The worker that trains could not be loaded. Reload the page to try again.');
    });
    this.worker = wrap<ActivationsWorker>(worker);
    this.files = new FileController(this);
    this.features = new FeatureController(this);
    this.ablations = new Ablations(this);
    window.addEventListener('hashchange', () => this.followHash());
  }

  /** The runs of this session. */
  get methods(): readonly Method[] {
    return methods.filter((method) => this.reports[method] !== undefined);
  }

  /** Epochs that all runs have done. */
  get epoch(): number {
    const alive = this.methods.filter((method) => this.failures[method] === undefined);
    const done = (alive.length > 0 ? alive : this.methods).map((method) => this.reports[method]?.length ?? 0);
    return done.length > 0 ? Math.min(...done) : 0;
  }

  /** The report of a run at the epoch that all have done, so that like is compared with like. */
  latest(method: Method): EpochReport | undefined {
    const reports = this.reports[method] ?? [];
    return reports[Math.min(this.epoch, reports.length) - 1];
  }

  /** Seconds until the target is reached, as the last epochs foretell. */
  get timeLeft(): number | undefined {
    let seconds = 0;
    for (const method of this.methods) {
      if (this.failures[method] !== undefined) continue;
      const reports = this.reports[method] ?? [];
      const recent = reports.slice(-RECENT);
      if (recent.length === 0) return undefined;
      const each = recent.reduce((sum, report) => sum + report.seconds, 0) / recent.length;
      const begun = this.progress?.method === method ? this.progress.share : 0;
      seconds += Math.max(0, this.state.epochs - reports.length - begun) * each;
    }
    return seconds;
  }

  /** Loads the worker, then takes up an interrupted run or begins a new one. */
  async start(): Promise<void> {
    const started = await this.worker.start(proxy((event: ActivationsEvent) => this.hear(event)));
    if (!started.ok) {
      this.fail(`The lab could not start: ${started.message}`);
      return;
    }
    if (this.state.source === 'file' || this.state.from === 'imported') {
      this.note =
        'A link cannot carry files: drop yours again to go on where you were. Until then the bundled sample stands in.';
      this.state = { ...this.state, source: 'sample', from: 'random' };
      history.replaceState(null, '', `#${writeHash(this.state)}`);
    }
    if (!(await this.goOn())) await this.apply();
  }

  /** Takes up this very run if an earlier visit left it unfinished. */
  async goOn(): Promise<boolean> {
    const config = runConfig(this.state);
    const interrupted = await this.worker.interrupted(config, this.state.epochs);
    if (!interrupted) return false;
    const resumed = await this.worker.resume(config, this.state.epochs);
    if (!resumed.ok) {
      this.note = `The run that was interrupted could not be taken up: ${sentence(resumed.message)}`;
      return false;
    }
    this.standing = this.state;
    this.interrupted = interrupted;
    this.stand(resumed.value, false);
    return true;
  }

  /** Changes properties; those of the run start it anew. */
  change(patch: Partial<LabState>): void {
    const before = this.state;
    this.state = { ...before, ...patch };
    const address = `#${writeHash(this.state)}`;
    if (address !== `#${writeHash(before)}`) {
      if (samePlan(before, this.state)) history.replaceState(null, '', address);
      else history.pushState(null, '', address);
    }
    this.follow(before);
  }

  /** Takes a value as the user typed it; one that cannot be is refused by name, and everything stays. */
  enter(key: Key, text: string): void {
    const parsed = parseValue(key, text);
    if (typeof parsed === 'string') {
      this.fail(parsed);
      return;
    }
    this.alert = undefined;
    this.change({ [key]: parsed.value });
  }

  /** Where a link leads that changes only these properties. */
  linkTo(patch: Partial<LabState>): string {
    return `#${writeHash({ ...this.state, ...patch })}`;
  }

  private followHash(): void {
    const before = this.state;
    const { state, notes } = parseHash(location.hash);
    this.state = state;
    this.tellHashNotes(notes);
    this.follow(before);
  }

  private tellHashNotes(notes: string[]): void {
    if (notes.length > 0) this.note = `Not all of this link was understood: ${notes.join('; ')}. The default is used.`;
  }

  private follow(before: LabState): void {
    this.changed();
    if (!sameRun(this.standing ?? before, this.state)) void this.apply(true);
    else if (before.epochs !== this.state.epochs && this.phase === 'playing') void this.play();
    this.features.follow(before);
  }

  /** Has the worker make a session of the state; if it cannot, the old session and its state stay. */
  async apply(keep = false): Promise<void> {
    const asked = ++this.sessionAsked;
    const wanted = this.state;
    const trained = this.epoch > 0;
    const prepared = await this.worker.prepare(runConfig(wanted), wanted.epochs, keep && trained);
    if (asked !== this.sessionAsked) return;
    if (prepared.ok) {
      this.replaced = this.standing;
      this.standing = wanted;
      this.canUndo = keep && trained;
      this.stand(prepared.value, this.wantsToPlay);
      return;
    }
    const first = this.standing === undefined;
    this.state = withView(this.standing ?? initialState(), wanted);
    history.replaceState(null, '', `#${writeHash(this.state)}`);
    if (first && !sameRun(wanted, this.state)) {
      this.note = `${sentence(prepared.message)} The defaults are used instead.`;
      await this.apply();
      return;
    }
    this.fail(prepared.message);
  }

  /** Shows a session that stands anew. */
  private stand(info: SessionInfo, play: boolean): void {
    this.playAsked += 1;
    this.info = info;
    this.reports = info.reports;
    this.failures = {};
    this.progress = undefined;
    this.phase = 'resting';
    this.features.forget();
    this.changed();
    if (play) void this.play();
    else if (this.epoch > 0) this.features.refresh();
  }

  private hear(event: ActivationsEvent): void {
    switch (event.type) {
      case 'loading':
        this.files.hear(event);
        return;
      case 'measuring':
        this.features.hear(event);
        return;
      case 'ablating':
      case 'ablated':
        this.ablations.hear(event);
        return;
      case 'progress':
        this.progress = event;
        this.progressed();
        return;
      case 'epoch': {
        const reports = this.reports[event.method];
        // A session that was exchanged in the meantime may still speak: its epochs do not follow on.
        if (!reports || event.report.epoch !== reports.length + 1) return;
        this.reports = { ...this.reports, [event.method]: [...reports, event.report] };
        this.progress = undefined;
        this.changed();
        return;
      }
      case 'moved':
        this.note = event.reason;
        this.changed();
        return;
      case 'failed':
        this.failures = { ...this.failures, [event.method]: event.message };
        this.fail(`${runNames[event.method]} stopped: ${event.message}`);
    }
  }

  /** Trains to the target; beyond it, some epochs more. */
  async play(): Promise<void> {
    this.wantsToPlay = true;
    this.interrupted = undefined;
    if (this.phase === 'resting' && this.epoch >= this.state.epochs) {
      this.change({ epochs: this.epoch + MORE_EPOCHS });
      // Where more epochs are another run, it plays once it stands.
      if (this.state.recipe === 'recommended') return;
    }
    await this.train(this.state.epochs);
  }

  /** Trains one epoch of each run. */
  async step(): Promise<void> {
    this.wantsToPlay = false;
    this.interrupted = undefined;
    if (this.epoch >= this.state.epochs) {
      this.change({ epochs: this.epoch + 1 });
      if (this.state.recipe === 'recommended') return;
    }
    await this.train(this.epoch + 1);
  }

  private async train(target: number): Promise<void> {
    if (!this.info) return;
    const asked = ++this.playAsked;
    this.phase = 'playing';
    this.canUndo = false;
    this.features.cancel();
    this.changed();
    const rest = await this.worker.play(target);
    if (asked !== this.playAsked) return;
    this.phase = 'resting';
    this.progress = undefined;
    this.status = rest.ok ? `${this.summary()} ${rest.value}.` : '';
    if (!rest.ok) this.alert = sentence(rest.message);
    this.changed();
    this.features.refresh();
  }

  /** Comes to rest at the end of this epoch of all runs. */
  pause(): void {
    this.wantsToPlay = false;
    this.phase = 'pausing';
    void this.worker.pause();
    this.changed();
  }

  /** Gives up the epoch in hand. */
  cancel(): void {
    this.wantsToPlay = false;
    void this.worker.cancel();
  }

  /** Back to untrained models, at rest. */
  reset(): void {
    this.wantsToPlay = false;
    this.interrupted = undefined;
    this.status = 'The runs are reset.';
    void this.apply(true);
  }

  /** Leaves the interrupted run and begins anew. */
  startOver(): void {
    this.interrupted = undefined;
    this.wantsToPlay = true;
    void this.apply();
  }

  /** Takes the last change of the run back. */
  async undo(): Promise<void> {
    const undone = await this.worker.undo();
    this.canUndo = false;
    if (undone.ok) {
      this.wantsToPlay = false;
      this.state = withView(this.replaced ?? this.state, this.state);
      this.standing = this.state;
      history.pushState(null, '', `#${writeHash(this.state)}`);
      this.stand(undone.value, false);
    } else this.alert = sentence(undone.message);
    this.changed();
  }

  /** Rows of a file came: an unfinished run on them goes on, else a new one begins. */
  async rowsCame(): Promise<void> {
    const before = this.state;
    this.state = { ...before, source: 'file', feature: undefined, search: '' };
    history.pushState(null, '', `#${writeHash(this.state)}`);
    this.changed();
    if (!(await this.goOn())) await this.apply(true);
  }

  /** Words came, perhaps for the rows at hand: the features take them. */
  wordsCame(): void {
    this.features.forget();
    this.features.refresh();
    this.changed();
  }

  /** Dismisses an alert, note or offer. */
  dismiss(what: 'alert' | 'note' | 'interrupted' | 'undo'): void {
    if (what === 'undo') this.canUndo = false;
    else this[what] = undefined;
    this.changed();
  }

  /** Shows a failure; what runs goes on. */
  fail(message: string): void {
    this.alert = sentence(message);
    this.changed();
  }

  /** One sentence on where the runs stand, for those who do not see the curves. */
  summary(): string {
    if (this.epoch === 0) return 'No epoch is done yet.';
    const parts = this.methods.map(
      (method) => `${runNames[method]} test MSE ${measured(this.latest(method)?.testMse)}`,
    );
    return `After epoch ${this.epoch}: ${parts.join(', ')}.`;
  }

  changed(): void {
    this.dispatchEvent(new Event('change'));
  }

  progressed(): void {
    this.dispatchEvent(new Event('progress'));
  }
}

/** A message of the crate, ended as a sentence; it may begin with a name, which keeps its spelling. */
function sentence(message: string): string {
  return /[.!?]$/.test(message) ? message : `${message}.`;
}
