// The lab on the page's side: its state, what the worker last said, and what the user wants next.

import { proxy, wrap, type Remote } from 'comlink';
import type { EpochReport } from 'splinterp/lab';
import {
  methods,
  type Interrupted,
  type LabEvent,
  type LabWorker,
  type Method,
  type PerMethod,
  type Pictures,
  type SessionInfo,
} from '../../lab/worker/protocol';
import type { Outcome } from '../../kit/failure';
import type { Phase } from '../../lab/transport';
import { measured } from '../../kit/format';
import { runNames } from '../../kit/styles';
import { differ, initialState, parseHash, parseValue, runConfig, writeHash, type Key, type LabState } from './state';

/** Test images shown at once. */
export const SAMPLE = 10;

/** Epochs by which Play goes on beyond a target that is reached. */
const MORE_EPOCHS = 10;

/** Epochs whose mean duration foretells the next ones. */
const RECENT = 3;

/** Pictures that a component may want while it is on screen. */
export type View = 'images' | 'filters';

/** Progress within an epoch. */
export interface Progress {
  method: Method;
  epoch: number;
  share: number;
}

/**
 * Holds everything the lab's components show. It tells of changes by two events: `change`, and `progress` ten times a
 * second while a run trains.
 */
export class LabController extends EventTarget {
  state: LabState;
  info: SessionInfo | undefined;
  reports: PerMethod<EpochReport[]> = { sgd: [], pam: [] };
  /** Why a run stopped for good, by method. */
  failures: Partial<PerMethod<string>> = {};
  progress: Progress | undefined;
  loading: { name: string; share: number | undefined } | undefined;
  pictures: Pictures | undefined;
  phase: Phase = 'starting';
  /** A failure, shown until it is dismissed. */
  alert: string | undefined;
  /** Something worth knowing, less than a failure. */
  note: string | undefined;
  /** Spoken to screen readers, politely. */
  status = '';
  interrupted: Interrupted | undefined;
  /** Whether the last reset can be taken back. */
  canUndo = false;
  /** Whether MNIST lies beside the page. */
  mnistBeside = false;
  /** Whether files have been given that can be gone back to. */
  hasFiles = false;

  private readonly worker: Remote<LabWorker>;
  /** The state of the session that stands; a change that fails comes back to it. */
  private standing: LabState | undefined;
  private wantsToPlay = !matchMedia('(prefers-reduced-motion: reduce)').matches;
  /** Counts sessions and plays, so that answers to what is no longer asked are let go. */
  private sessionAsked = 0;
  private playAsked = 0;
  private readonly views = new Map<object, View>();
  private drawing = false;
  private drawAgain = false;

  constructor() {
    super();
    const { state, notes } = parseHash(location.hash);
    this.state = state;
    this.tellHashNotes(notes);
    const worker = new Worker(new URL('./worker/mnist.worker.ts', import.meta.url), { type: 'module' });
    worker.addEventListener('error', () => {
      this.alert = 'The worker that trains could not be loaded. Reload the page to try again.';
      this.changed();
    });
    this.worker = wrap<LabWorker>(worker);
    window.addEventListener('hashchange', () => this.followHash());
  }

  /** Epochs that both runs have done. */
  get epoch(): number {
    const done = methods.filter((method) => this.failures[method] === undefined).map((m) => this.reports[m].length);
    return Math.min(...(done.length > 0 ? done : methods.map((m) => this.reports[m].length)));
  }

  /** The report of a run at the epoch that both have done, so that like is compared with like. */
  latest(method: Method): EpochReport | undefined {
    return this.reports[method][Math.min(this.epoch, this.reports[method].length) - 1];
  }

  /** Seconds until the target is reached, as the last epochs foretell. */
  get timeLeft(): number | undefined {
    let seconds = 0;
    for (const method of methods) {
      if (this.failures[method] !== undefined) continue;
      const recent = this.reports[method].slice(-RECENT);
      if (recent.length === 0) return undefined;
      const each = recent.reduce((sum, report) => sum + report.seconds, 0) / recent.length;
      const begun = this.progress?.method === method ? this.progress.share : 0;
      seconds += Math.max(0, this.state.epochs - this.reports[method].length - begun) * each;
    }
    return seconds;
  }

  /** Loads the worker, then takes up an interrupted run or begins a new one. */
  async start(): Promise<void> {
    const started = await this.worker.start(
      document.baseURI,
      this.state.compute !== 'cpu',
      proxy((event: LabEvent) => this.hear(event)),
    );
    if (!started.ok) {
      this.alert = `The lab could not start: ${started.message}`;
      this.changed();
      return;
    }
    this.mnistBeside = await mnistListed();
    const config = runConfig(this.state);
    const interrupted = await this.worker.interrupted(config);
    if (interrupted) {
      const resumed = await this.worker.resume(config);
      if (resumed.ok) {
        this.standing = this.state;
        this.interrupted = interrupted;
        this.stand(resumed.value, false);
        return;
      }
      this.note = `The run that was interrupted could not be taken up: ${resumed.message}.`;
    }
    await this.apply();
  }

  /** Changes properties; those of the run start it anew. */
  change(patch: Partial<LabState>): void {
    const before = this.state;
    this.state = { ...before, ...patch };
    const address = `#${writeHash(this.state)}`;
    if (address !== `#${writeHash(before)}`) {
      const viewOnly = !differ(before, this.state, 'run') && !differ(before, this.state, 'plan');
      if (viewOnly) history.replaceState(null, '', address);
      else history.pushState(null, '', address);
    }
    this.follow(before);
  }

  /** Takes a value as the user typed it; one that cannot be is refused by name, and everything stays. */
  enter(key: Key, text: string): void {
    const parsed = parseValue(key, text);
    if (typeof parsed === 'string') {
      this.alert = sentence(parsed);
      this.changed();
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
    if (before.compute !== this.state.compute) {
      // Another module, and with it a worker that holds nothing yet: the address has all that is to be kept.
      location.reload();
      return;
    }
    this.changed();
    if (differ(this.standing ?? before, this.state, 'run')) void this.apply();
    else if (before.epochs !== this.state.epochs && this.phase === 'playing') void this.play();
    if (before.sample !== this.state.sample) this.draw();
  }

  /** Has the worker make a session of the state; if it cannot, the old session and its state stay. */
  private async apply(keep = false): Promise<void> {
    const asked = ++this.sessionAsked;
    const wanted = this.state;
    const prepared = await this.worker.prepare(runConfig(wanted), keep);
    this.loading = undefined;
    if (asked !== this.sessionAsked) return;
    if (prepared.ok) {
      this.standing = wanted;
      this.canUndo = keep;
      this.stand(prepared.value, this.wantsToPlay);
      return;
    }
    const { epochs, scale, filters } = wanted;
    const dataMissing = wanted.source !== 'digits' && (prepared.code === 'missing' || prepared.code === 'files');
    const fallback = this.standing ?? (dataMissing ? { ...wanted, source: 'digits' as const } : initialState());
    this.state = { ...fallback, epochs, scale, filters };
    history.replaceState(null, '', `#${writeHash(this.state)}`);
    if (this.standing || !differ(wanted, this.state, 'run')) {
      this.alert = sentence(prepared.message);
      this.changed();
      return;
    }
    this.note = `${sentence(prepared.message)} ${dataMissing ? 'Generated digits' : 'The defaults'} are used instead.`;
    await this.apply();
  }

  /** Shows a session that stands anew. */
  private stand(info: SessionInfo, play: boolean): void {
    this.playAsked += 1;
    this.info = info;
    this.reports = { sgd: [...info.reports.sgd], pam: [...info.reports.pam] };
    this.failures = {};
    this.progress = undefined;
    this.loading = undefined;
    this.phase = 'resting';
    this.changed();
    this.draw();
    if (play) void this.play();
  }

  private hear(event: LabEvent): void {
    switch (event.type) {
      case 'loading':
        this.loading = { name: event.name, share: event.total > 0 ? event.done / event.total : undefined };
        this.dispatchEvent(new Event('progress'));
        return;
      case 'progress':
        this.progress = event;
        this.dispatchEvent(new Event('progress'));
        return;
      case 'epoch':
        // A session that was exchanged in the meantime may still speak: its epochs do not follow on.
        if (event.report.epoch !== this.reports[event.method].length + 1) return;
        this.reports = { ...this.reports, [event.method]: [...this.reports[event.method], event.report] };
        this.progress = undefined;
        this.changed();
        this.draw();
        return;
      case 'moved':
        this.note = event.reason;
        this.changed();
        return;
      case 'failed':
        this.failures = { ...this.failures, [event.method]: event.message };
        this.alert = sentence(`${runNames[event.method]} stopped: ${event.message}`);
        this.changed();
    }
  }

  /** Trains to the target; beyond it, some epochs more. */
  async play(): Promise<void> {
    if (this.phase === 'resting' && this.epoch >= this.state.epochs) {
      this.change({ epochs: this.epoch + MORE_EPOCHS });
    }
    this.wantsToPlay = true;
    this.interrupted = undefined;
    await this.train(this.state.epochs);
  }

  /** Trains one epoch of each run. */
  async step(): Promise<void> {
    this.wantsToPlay = false;
    this.interrupted = undefined;
    if (this.epoch >= this.state.epochs) this.change({ epochs: this.epoch + 1 });
    await this.train(this.epoch + 1);
  }

  private async train(target: number): Promise<void> {
    if (!this.info) return;
    const asked = ++this.playAsked;
    this.phase = 'playing';
    this.canUndo = false;
    this.changed();
    const rest = await this.worker.play(target);
    if (asked !== this.playAsked) return;
    this.phase = 'resting';
    this.progress = undefined;
    this.status = rest.ok ? `${this.summary()} ${rest.value}.` : '';
    if (!rest.ok) this.alert = sentence(rest.message);
    this.changed();
    this.draw();
  }

  /** Comes to rest at the end of this epoch of both runs. */
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
    this.status = 'Both runs are reset.';
    void this.apply(true);
  }

  /** Leaves the interrupted run and begins anew. */
  startOver(): void {
    this.interrupted = undefined;
    this.wantsToPlay = true;
    void this.apply();
  }

  /** Takes the last reset back. */
  async undo(): Promise<void> {
    const undone = await this.worker.undo();
    this.canUndo = false;
    if (undone.ok) this.stand(undone.value, false);
    else this.alert = sentence(undone.message);
    this.changed();
  }

  /** Trains on the user's own files, if they can be read. */
  async openFiles(files: File[]): Promise<void> {
    if (files.length === 0) return;
    const opened: Outcome<string> = await this.worker.openFiles(files);
    if (!opened.ok) {
      this.alert = sentence(opened.message);
      this.changed();
      return;
    }
    this.alert = undefined;
    this.hasFiles = true;
    const before = this.state;
    this.change({ source: 'files', sample: 0 });
    // Other files under the same settings are a new run as well.
    if (!differ(before, this.state, 'run')) void this.apply();
  }

  /** Dismisses an alert, note or offer. */
  dismiss(what: 'alert' | 'note' | 'interrupted' | 'undo'): void {
    if (what === 'undo') this.canUndo = false;
    else this[what] = undefined;
    this.changed();
  }

  /** A component comes on screen, or leaves it with `undefined`. */
  show(component: object, view: View | undefined): void {
    if (view) this.views.set(component, view);
    else this.views.delete(component);
    if (view) this.draw();
  }

  /** One sentence on where the runs stand, for those who do not see the curves. */
  summary(): string {
    if (this.epoch === 0) return 'No epoch is done yet.';
    const parts = methods.map((method) => {
      return `${runNames[method]} test MSE ${measured(this.latest(method)?.testMse)}`;
    });
    return `After epoch ${this.epoch}: ${parts.join(', ')}.`;
  }

  /** Asks for the pictures that are on screen; while an answer is under way, one more request waits at most. */
  private draw(): void {
    if (!this.info || this.views.size === 0) return;
    if (this.drawing) {
      this.drawAgain = true;
      return;
    }
    this.drawing = true;
    void this.fetchPictures().finally(() => {
      this.drawing = false;
      if (!this.drawAgain) return;
      this.drawAgain = false;
      this.draw();
    });
  }

  private async fetchPictures(): Promise<void> {
    const rows = Array.from({ length: SAMPLE }, (_, i) => this.state.sample * SAMPLE + i);
    const filters = [...this.views.values()].includes('filters');
    const pictures = await this.worker.pictures({ rows, filters });
    if (pictures.ok) this.pictures = pictures.value;
    else this.alert = sentence(pictures.message);
    this.changed();
  }

  private changed(): void {
    this.dispatchEvent(new Event('change'));
  }
}

/** A message of the crate, ended as a sentence; it may begin with a name, which keeps its spelling. */
function sentence(message: string): string {
  return /[.!?]$/.test(message) ? message : `${message}.`;
}

/** Whether the page's manifest lists MNIST. */
async function mnistListed(): Promise<boolean> {
  try {
    const manifest: unknown = await (await fetch(new URL('data-sets.json', document.baseURI))).json();
    return (
      typeof manifest === 'object' &&
      manifest !== null &&
      'mnist' in manifest &&
      Array.isArray(manifest.mnist) &&
      manifest.mnist.length > 0
    );
  } catch {
    return false;
  }
}
