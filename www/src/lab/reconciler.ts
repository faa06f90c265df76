// The loop of a lab. The address says which session is wanted, the worker holds the one that stands, and the loop brings
// the second to the first; nothing is shown of a session that is not the one wanted.

import { codeOf, messageOf } from '../kit/failure';
import type { StateOf } from '../kit/properties';
import { LOST, type Connection } from '../kit/remote';
import { remarkOn } from './address';
import type { KeptRun, LabEvent, Prepared, SessionInfo } from './protocol';
import { Session, type Wanted } from './session';
import type { LabTable, Settings } from './settings';
import type { Service, Standing, Surroundings } from './surroundings';
import { explain, sentence, type Labels } from './wording';

/** Workers that may end in a row, without an epoch between, before the lab gives up. */
const MOST_LOSSES = 3;

/** Tells of changes by two events: `change`, and `progress` some times a second while something runs. */
export abstract class Reconciler<
  P extends LabTable,
  I extends SessionInfo,
  Own,
  H extends Service<P, I, Own>,
> extends EventTarget {
  state: StateOf<P>;
  /** A failure, shown until it is dismissed. */
  alert: string | undefined;
  /** Something worth knowing, less than a failure. */
  note: string | undefined;

  protected standing: Session<StateOf<P>, I> | undefined;
  /** The trained session that the standing one replaced; Undo brings it back. */
  protected replaced: Session<StateOf<P>, I> | undefined;
  private connection: Connection<H> | undefined;
  /** Whether that worker has the whole crate. */
  private whole = false;
  /** The session that the worker makes now. */
  private preparing: Wanted<StateOf<P>> | undefined;
  /** What stood in a worker that made way for one with another module, until something stands in that. */
  private left: Wanted<StateOf<P>> | undefined;
  private reconciling = false;
  /** Nothing more can be tried: the alert says why. */
  private gaveUp = false;
  private attempt = 0;
  /** Whether a run that was kept may be taken up. */
  private mayResume = true;
  /** The kept run that was chosen, and the session that it is to be. */
  private chosen: { id: string; key: string } | undefined;
  /** What happened to the last worker; said in full once it is clear how the lab goes on. */
  private loss: string | undefined;
  /** Workers that have ended since an epoch was done. */
  protected losses = 0;
  private sessions = 0;

  protected constructor(
    readonly settings: Settings<P>,
    protected readonly labels: Labels,
    private readonly surroundings: Surroundings<H>,
  ) {
    super();
    this.state = settings.initial();
    this.readAddress();
    surroundings.address.listen(() => {
      const before = this.state;
      this.readAddress();
      this.follow(before, false);
    });
  }

  /** Text that names the inputs of a run beside its settings, such as files. */
  protected abstract inputs(state: StateOf<P>): string;
  /** Whether the number of epochs is a part of the run, as where a schedule depends on it. */
  protected abstract isScheduled(state: StateOf<P>): boolean;
  /** Whether the whole crate is needed: a GPU, or a recipe that the lab's own module does not train. */
  protected abstract needsWhole(state: StateOf<P>): boolean;
  /** For a state whose data is not there, one whose data is, and what it uses. */
  protected abstract substitute(state: StateOf<P>, error: unknown): { state: StateOf<P>; uses: string } | undefined;
  /** Whether a session only fills the time until its data has come; it is not kept when another replaces it. */
  protected abstract isStandIn(session: Session<StateOf<P>, I>): boolean;
  /** Tells a new worker, before it loads the module that computes, what it can do meanwhile. */
  protected abstract foresee(worker: H, base: string): void;
  /** Hands a new worker what the user gave the last one. */
  protected abstract equip(worker: H): Promise<void>;
  /** Hears the worker. */
  protected abstract hear(event: LabEvent | Own): void;
  /** A session stands that did not stand before. */
  protected abstract stood(how: Standing): void;
  /** None stands any more. */
  protected abstract fell(): void;
  /** Another session stands than before, wanted or not; nothing is trained in it yet. */
  protected abstract exchanged(): void;
  /** What is wanted stands. */
  protected abstract settled(): void;
  /** Follows a change of the settings. */
  protected abstract followed(before: StateOf<P>): void;

  /** The session that is wanted, once it stands. */
  get session(): Session<StateOf<P>, I> | undefined {
    return this.standing && this.isWanted(this.standing) ? this.standing : undefined;
  }

  private isWanted({ wanted }: Session<StateOf<P>, I>): boolean {
    return wanted.key === this.wanted.key;
  }

  /** The worker, while there is one. */
  protected get worker(): H | undefined {
    return this.connection?.api;
  }

  /** Asks the worker; failures are told, but for that of a worker that ended, which the loop sees to. */
  async ask<T>(call: (worker: H) => Promise<T>, quiet?: string): Promise<T | undefined> {
    if (!this.connection) return undefined;
    try {
      return await call(this.connection.api);
    } catch (error) {
      if (codeOf(error) !== LOST && codeOf(error) !== quiet) this.fail(explain(error, this.labels));
      return undefined;
    }
  }

  changed(): void {
    this.dispatchEvent(new Event('change'));
  }

  progressed(): void {
    this.dispatchEvent(new Event('progress'));
  }

  /** Shows a failure; what runs goes on. */
  fail(message: string): void {
    this.alert = sentence(message);
    this.changed();
  }

  /** Where a link leads that changes only these settings. */
  linkTo(patch: Partial<StateOf<P>>): string {
    return `#${this.settings.write({ ...this.state, ...patch })}`;
  }

  /** Opens the worker and makes the session that the address names. */
  start(): Promise<void> {
    return this.reconcile();
  }

  /** Changes settings; those of the run start it anew. */
  change(patch: Partial<StateOf<P>>): void {
    this.set({ ...this.state, ...patch }, false);
  }

  /** Takes a value as the user typed it; one that cannot be is refused by name, and everything stays. */
  enter(key: string, text: string): void {
    const entered = this.settings.enter(key, text);
    if (typeof entered === 'string') {
      this.fail(`${this.labels[key] ?? key} must be ${entered}; “${text}” is not`);
      return;
    }
    this.alert = undefined;
    this.set({ ...this.state, [key]: entered.value }, false);
  }

  /** Inputs came, or were exchanged: the session is made anew of them, and a run on them that was kept goes on. */
  protected renew(patch: Partial<StateOf<P>>): void {
    this.set({ ...this.state, ...patch }, true);
  }

  /** Begins the wanted session once more, untrained. */
  protected again(): void {
    this.attempt += 1;
    this.mayResume = false;
    this.changed();
    void this.reconcile();
  }

  /** Wants a kept run, with its settings. */
  loadKept({ id, address }: KeptRun): void {
    const { state, notes } = this.settings.parse(address);
    this.attempt += 1;
    this.chosen = { id, key: this.wantedOf(state).key };
    this.note = remarkOn(notes) ?? this.note;
    this.set(this.settings.withView(state, this.state), false);
  }

  /** Wants the session that was replaced, with its settings. */
  protected wantReplaced({ wanted }: Session<StateOf<P>, I>): void {
    this.attempt = wanted.attempt;
    this.state = this.settings.withView(wanted.state, this.state);
    this.surroundings.address.push(this.settings.write(this.state));
    this.changed();
    void this.reconcile();
  }

  private set(state: StateOf<P>, mayResume: boolean): void {
    const before = this.state;
    this.state = state;
    const address = this.settings.write(state);
    if (address !== this.settings.write(before)) {
      const viewOnly = (['run', 'plan'] as const).every(
        (s) => this.settings.differences(before, state, s).length === 0,
      );
      if (viewOnly) this.surroundings.address.replace(address);
      else this.surroundings.address.push(address);
    }
    this.follow(before, mayResume);
  }

  private follow(before: StateOf<P>, mayResume: boolean): void {
    if (mayResume) this.mayResume = true;
    else if (this.standing && this.wantedOf(before).key !== this.wanted.key) this.mayResume = false;
    this.followed(before);
    this.changed();
    void this.reconcile();
  }

  private wantedOf(state: StateOf<P>): Wanted<StateOf<P>> {
    const run = this.settings.part(state, 'run');
    const epochs = this.isScheduled(state) ? state.epochs : null;
    const { attempt } = this;
    const results = JSON.stringify([run, epochs, this.inputs(state)]);
    return { key: `${attempt} ${results}`, results, state, attempt };
  }

  private get wanted(): Wanted<StateOf<P>> {
    return this.wantedOf(this.state);
  }

  private readAddress(): void {
    const { state, notes } = this.settings.parse(this.surroundings.address.read());
    this.state = state;
    this.note = remarkOn(notes) ?? this.note;
  }

  private async reconcile(): Promise<void> {
    if (this.reconciling) return;
    this.reconciling = true;
    while (!this.gaveUp && !(this.connection && this.session)) {
      if (this.connection) await this.exchange(this.connection);
      else await this.open();
      this.changed();
    }
    this.reconciling = false;
    if (this.session) this.settled();
  }

  private async open(): Promise<void> {
    const { address, base, connect } = this.surroundings;
    const connection = connect();
    this.whole = this.needsWhole(this.state);
    this.connection = connection;
    void connection.lost.then((reason) => this.lose(connection, reason));
    try {
      this.foresee(connection.api, base);
      await connection.api.start(base, this.whole, (event) => this.hear(event));
      await this.equip(connection.api);
      const last = this.sessions === 0 && address.read() === '' ? await connection.api.last() : undefined;
      if (last === undefined || address.read() !== '') return;
      address.replace(last);
      this.readAddress();
    } catch (error) {
      if (codeOf(error) === LOST) this.lose(connection, error);
      else this.giveUp(`The lab could not start: ${messageOf(error)}`);
    }
  }

  /** Makes the wanted session stand in the worker, or goes back to one that can stand. */
  private async exchange(connection: Connection<H>): Promise<void> {
    const { wanted } = this;
    if (this.needsWhole(wanted.state) !== this.whole) {
      // Another module computes it, and what stands in this one is of no use there, but to go back to.
      this.left = this.standing?.wanted ?? this.left;
      this.connection = undefined;
      connection.close();
      this.forget();
      return;
    }
    if (this.replaced?.wanted.key === wanted.key) {
      this.exchangeFor(this.replaced);
      this.stood('back');
      return;
    }
    this.sessions += 1;
    const session = this.sessions;
    this.preparing = wanted;
    try {
      const prepared = await connection.api.prepare({
        session,
        config: this.settings.config(wanted.state),
        epochs: wanted.state.epochs,
        address: this.settings.write(wanted.state),
        resume: this.mayResume,
        kept: this.chosen?.key === wanted.key ? this.chosen.id : undefined,
      });
      this.preparing = undefined;
      this.stand(new Session(session, wanted, prepared), prepared);
    } catch (error) {
      if (codeOf(error) === LOST) this.lose(connection, error);
      // Where something else is wanted by now, its failure is of no interest.
      else if (this.wanted.key === wanted.key) this.refuse(wanted.state, error);
      this.preparing = undefined;
    }
  }

  /** A session that the worker has made: it stands, unless the one before it is wanted again. */
  private stand(next: Session<StateOf<P>, I>, { resumed, problem }: Prepared<I>): void {
    if (this.session) {
      this.release(next);
      return;
    }
    this.exchangeFor(next);
    if (!this.isWanted(next)) return;
    this.mayResume = false;
    this.chosen = undefined;
    if (problem !== undefined) this.note = `The run that was kept could not be taken up: ${sentence(problem)}`;
    this.stood(this.loss === undefined ? (resumed ? 'resumed' : 'new') : 'revived');
    if (this.loss === undefined) return;
    const how = next.epoch > 0 ? `goes on from its checkpoint after epoch ${next.epoch}` : 'starts at epoch 0';
    this.alert = `${this.loss} The run ${how}.`;
    this.loss = undefined;
  }

  /** Lets a session take the place of the one that stands, which is kept for Undo if it was trained. */
  private exchangeFor(next: Session<StateOf<P>, I>): void {
    const before = this.standing;
    this.left = undefined;
    const aside = this.replaced === next ? undefined : this.replaced;
    this.standing = next;
    this.replaced = aside;
    this.exchanged();
    if (!before) return;
    if (!before.canBePutAside || this.isStandIn(before)) {
      this.release(before);
      return;
    }
    void this.ask((worker) => worker.cancel(before.id));
    if (aside) this.release(aside);
    this.replaced = before;
  }

  protected release({ id }: Session<StateOf<P>, I>): void {
    void this.ask((worker) => worker.release(id));
  }

  /** What cannot stand makes way for what stood, and else for what can. */
  private refuse(refused: StateOf<P>, error: unknown): void {
    const why = explain(error, this.labels);
    const back = this.standing && !this.isStandIn(this.standing) ? this.standing.wanted : this.left;
    if (back) {
      // A session of another worker is made once more, of what was kept of it.
      if (back === this.left) this.mayResume = true;
      this.left = undefined;
      this.correct(back);
      this.alert = why;
      return;
    }
    const other = this.substitute(refused, error) ?? { state: this.settings.initial(), uses: 'The defaults are used' };
    if (this.wantedOf(other.state).key === this.wantedOf(refused).key) {
      this.giveUp(why);
      return;
    }
    this.correct({ state: other.state, attempt: this.attempt });
    this.note = `${why} ${other.uses} instead.`;
  }

  /** Puts a state in the place of one that cannot be, in the address too. */
  private correct({ state, attempt }: { state: StateOf<P>; attempt: number }): void {
    this.attempt = attempt;
    this.state = this.settings.withView(state, this.state);
    this.surroundings.address.replace(this.settings.write(this.state));
  }

  private giveUp(why: string): void {
    this.gaveUp = true;
    this.fail(why);
  }

  /** The worker has ended: what it held is gone but for what was kept, and a new one takes its place. */
  private lose(connection: Connection<H>, reason: unknown): void {
    if (this.connection !== connection) return;
    const { preparing, standing } = this;
    const culprit = preparing && preparing.key !== standing?.wanted.key;
    this.connection = undefined;
    this.forget();
    this.losses += 1;
    // What was kept may be what breaks it.
    this.mayResume = this.losses === 1;
    const why = messageOf(reason);
    if (this.losses > MOST_LOSSES) {
      this.giveUp(`The worker that computes ended ${this.losses} times (${why}). Reload the page to try again`);
      return;
    }
    this.loss = `The computation broke down on an internal error (${why}).`;
    if (culprit) {
      const next = standing?.wanted ?? { state: this.settings.initial(), attempt: this.attempt };
      const back = standing ? 'The settings before are back.' : 'The defaults are used instead.';
      this.loss = `The computation broke down on ${this.settings.named(next.state, preparing.state, this.labels)} (${why}). ${back}`;
      this.correct(next);
    }
    this.alert = this.loss;
    this.changed();
    void this.reconcile();
  }

  private forget(): void {
    this.standing = undefined;
    this.replaced = undefined;
    this.fell();
  }
}
