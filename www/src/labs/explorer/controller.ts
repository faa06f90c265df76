// The explorer on the page's side: it hands models and rows to its worker, asks for slices as the view moves, and holds
// what is shown. A request waits at most for the one before it, and the newest wins.

import { transfer } from 'comlink';
import { codeOf, messageOf } from '../../kit/failure';
import { Latest } from '../../kit/latest';
import { LOST, type Connection } from '../../kit/remote';
import { buffersOfModel, buffersOfRows } from './buffers';
import { Measurements } from './measurements';
import type { ExplorerService, GivenRows, Model, Pulse, Readout, ShownRow, Slice, Stand, Window } from './protocol';
import { planeRequest, type ExploreState } from './settings';

/** A model that a lab offers. */
export interface Offered {
  name: string;
  title: string;
  epoch: number;
  /** By which its rows are known. */
  rows: string;
}

/** What the explorer stands in. */
export interface ExplorerHost {
  /** Settings as the address has them. */
  readonly explore: ExploreState;
  changeExplore(patch: Partial<ExploreState>): void;
  offered(): readonly Offered[];
  /** Models that are shown unless the settings name others. */
  preferred(): readonly string[];
  model(name: string): Promise<Model | undefined>;
  rows(name: string): Promise<GivenRows | undefined>;
  /** Whether a model reads rows as they come, so that what is made of it can be used elsewhere. */
  canExport(name: string): boolean;
  /** Address of the page as it stands. */
  link(): string;
}

/** What is shown of one model. */
export interface Shown {
  readonly name: string;
  slice?: Slice;
  readout?: Readout;
  /** Why it shows nothing new. */
  failure?: string;
  /** Epochs with their census and margins. */
  pulses: Pulse[];
  stand?: Stand;
}

/** Quiet time after which the address follows the view, in ms. */
const SETTLE = 350;
/** Settings on which no cut depends. */
const beside: ReadonlySet<string> = new Set<keyof ExploreState>(['walked', 'standing', 'measured']);
/** Views that are shown at once. */
export const MOST_SHOWN = 3;

/** Tells by `change` of what is shown and of settings, and by `slice` of pictures and readouts alone. */
export class ExplorerController extends EventTarget {
  /** Height of a stage for each unit of its width. */
  shape = 0.7;
  private live: Partial<ExploreState> = {};
  private settling: ReturnType<typeof setTimeout> | undefined;
  private connection: Connection<ExplorerService> | undefined;
  private readonly known = new Map<string, Shown>();
  private readonly sent = new Map<string, { epoch: number; rows: string }>();
  private readonly sentRows = new Set<string>();
  private readonly syncing = new Latest();
  private readonly slicing = new Map<string, Latest>();
  private readonly reading = new Map<string, Latest>();
  private readonly thumbnails = new Map<string, ShownRow | 'asked'>();
  private watched = false;
  /** Whether something was cut without jumps since the view last came to rest. */
  private withoutJumps = false;
  failure: string | undefined;
  /** Where the models stand, as far as it was measured. */
  readonly measurements: Measurements = new Measurements(this);

  constructor(
    readonly host: ExplorerHost,
    private readonly connect: () => Connection<ExplorerService>,
  ) {
    super();
  }

  get state(): ExploreState {
    return { ...this.host.explore, ...this.live };
  }

  /** Names of the models that are shown. */
  get names(): string[] {
    const offered = this.host.offered().map(({ name }) => name);
    const chosen = this.state.explored.filter((name) => offered.includes(name));
    const names = chosen.length > 0 ? chosen : this.host.preferred().filter((name) => offered.includes(name));
    return (names.length > 0 ? names : offered.slice(-1)).slice(0, MOST_SHOWN);
  }

  /** Whether the view is changing: what takes long waits until it rests. */
  get isMoving(): boolean {
    return this.settling !== undefined;
  }

  titleOf(name: string): string {
    return this.host.offered().find((each) => each.name === name)?.title ?? name;
  }

  shown(name: string): Shown {
    let shown = this.known.get(name);
    if (!shown) this.known.set(name, (shown = { name, pulses: [] }));
    return shown;
  }

  /** The worker, once there is one that has what is shown. */
  get service(): ExplorerService | undefined {
    return this.connection?.api;
  }

  /** Whether a model has been handed over. */
  has(name: string): boolean {
    return this.sent.has(name);
  }

  /** The epoch of the model that was handed over last, with the key of its rows; nothing before. */
  epochOf(name: string): string | undefined {
    const sent = this.sent.get(name);
    return sent && `${sent.epoch} ${sent.rows}`;
  }

  /** The window that is on screen. */
  get window(): Window | undefined {
    return (
      this.state.window ??
      this.names.map((name) => this.known.get(name)?.slice?.window).find((each) => each !== undefined)
    );
  }

  // --- what changes -------------------------------------------------------------------------------------------------

  /** Somebody looks, or nobody does. */
  watch(watched: boolean): void {
    this.watched = watched;
    if (watched) this.follow();
  }

  /** Changes the view; the address follows once it rests. */
  set(patch: Partial<ExploreState>): void {
    this.live = { ...this.live, ...patch };
    clearTimeout(this.settling);
    this.settling = setTimeout(() => this.settle(), SETTLE);
    if (patch.explored) this.follow();
    if (Object.keys(patch).some((key) => !beside.has(key))) this.sliceAll();
    this.tell('change');
  }

  /** What another plane shows is looked at whole. */
  setPlane(patch: Partial<ExploreState>): void {
    this.set({ ...patch, window: undefined, turn: 0, tilt: 0 });
  }

  private settle(): void {
    const { live } = this;
    this.settling = undefined;
    this.live = {};
    this.host.changeExplore(live);
    if (this.withoutJumps) this.sliceAll();
    this.withoutJumps = false;
    this.tell('change');
  }

  /** Follows the lab: other models, further epochs, other settings. */
  follow(): void {
    if (!this.watched) return;
    this.syncing.ask(() => this.sync());
  }

  private async sync(): Promise<void> {
    try {
      const worker = await this.open();
      const { names } = this;
      const offered = this.host.offered().filter(({ name }) => names.includes(name));
      for (const each of offered) await this.hand(worker, each);
      for (const name of [...this.sent.keys()]) if (!names.includes(name)) this.forget(name);
      const keys = offered.map(({ rows }) => rows);
      for (const key of [...this.sentRows]) if (!keys.includes(key)) this.sentRows.delete(key);
      await worker.keepOnly(names, keys);
      this.failure = undefined;
    } catch (error) {
      this.fail(error);
    }
    this.sliceAll();
    this.tell('change');
  }

  private async open(): Promise<ExplorerService> {
    if (!this.connection) {
      const connection = this.connect();
      this.connection = connection;
      void connection.lost.then(() => this.lose(connection));
      await connection.api.start();
    }
    return this.connection.api;
  }

  private lose(connection: Connection<ExplorerService>): void {
    if (this.connection !== connection) return;
    this.connection = undefined;
    this.sent.clear();
    this.sentRows.clear();
  }

  /** Hands over a model that is new, or has trained on, with its rows. */
  private async hand(worker: ExplorerService, { name, epoch, rows: key }: Offered): Promise<void> {
    const sent = this.sent.get(name);
    if (sent?.epoch === epoch && sent.rows === key) return;
    if (!this.sentRows.has(key)) {
      const rows = await this.host.rows(name);
      if (!rows) return;
      await worker.takeRows(key, transfer(rows, buffersOfRows(rows)));
      this.sentRows.add(key);
    }
    const model = await this.host.model(name);
    if (!model) return;
    await worker.takeModel(name, transfer(model, buffersOfModel(model)), key, epoch);
    if (sent && (sent.rows !== key || sent.epoch > epoch)) this.known.delete(name);
    this.sent.set(name, { epoch, rows: key });
    delete this.shown(name).failure;
    void this.pulse(name);
  }

  private forget(name: string): void {
    this.sent.delete(name);
    this.known.delete(name);
  }

  // --- what is asked for --------------------------------------------------------------------------------------------

  private sliceAll(): void {
    for (const name of this.names) if (this.has(name)) this.sliceOf(name);
  }

  private sliceOf(name: string): void {
    latestOf(this.slicing, name).ask(async () => {
      const { state, shape } = this;
      const { window, shade } = state;
      this.withoutJumps ||= this.isMoving;
      const request = { model: name, plane: planeRequest(state), window, shape, shade, jumps: !this.isMoving };
      const failure = await this.attempt(name, async (worker, shown) => {
        shown.slice = await worker.slice(request);
      });
      this.blame(name, failure);
      this.tell('slice');
    });
  }

  /** Says why a view shows nothing new, or that it does. */
  private blame(name: string, failure: string | undefined): void {
    const shown = this.shown(name);
    if (failure === undefined) delete shown.failure;
    else shown.failure = failure;
  }

  /** Reads what lies at a point of the plane. */
  read(name: string, x: number, y: number): void {
    if (!this.has(name)) return;
    latestOf(this.reading, name).ask(async () => {
      await this.attempt(name, async (worker, shown) => {
        shown.readout = await worker.read({ model: name, plane: planeRequest(this.state), x, y });
      });
      this.tell('slice');
    });
  }

  /** Counts cells and measures margins after each epoch that is seen. */
  private async pulse(name: string): Promise<void> {
    await this.attempt(name, async (worker, shown) => {
      const next = await worker.pulse(name);
      shown.pulses = [...shown.pulses.filter(({ epoch }) => epoch < next.epoch), next];
    });
    this.tell('change');
  }

  /** What measures tells of its progress. */
  changed(): void {
    this.tell('change');
  }

  /** Asks the worker about a model; what failed is shown in its place, and told. */
  async attempt(
    name: string,
    work: (worker: ExplorerService, shown: Shown) => Promise<void>,
  ): Promise<string | undefined> {
    const worker = this.service;
    if (!worker) return undefined;
    const shown = this.shown(name);
    try {
      await work(worker, shown);
      return undefined;
    } catch (error) {
      // The lab may have gone on to other models meanwhile, and a cancelled measurement is no failure.
      if (['missing', 'cancelled'].includes(codeOf(error))) return undefined;
      if (codeOf(error) === LOST) this.fail(error);
      return messageOf(error);
    }
  }

  private fail(error: unknown): void {
    this.failure = messageOf(error);
    this.tell('change');
  }

  /** A shown row with its picture; it is told by `slice` once it has come. */
  thumbnail(name: string, row: number): ShownRow | undefined {
    const key = `${this.sent.get(name)?.rows} ${row}`;
    const found = this.thumbnails.get(key);
    if (found === undefined) {
      this.thumbnails.set(key, 'asked');
      void this.attempt(name, async (worker) => {
        const [shown] = await worker.shown(name, { rows: [row] });
        if (shown) this.thumbnails.set(key, shown);
        this.tell('slice');
        this.tell('change');
      });
    }
    return found === 'asked' ? undefined : found;
  }

  private tell(topic: 'change' | 'slice'): void {
    this.dispatchEvent(new Event(topic));
  }
}

function latestOf(all: Map<string, Latest>, name: string): Latest {
  let latest = all.get(name);
  if (!latest) all.set(name, (latest = new Latest()));
  return latest;
}
