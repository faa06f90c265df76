// The features of one model: their statistics, measured when training rests, and the one that is selected.

import { TimeLeft } from '../../../lab/time-left';
import type { ActivationsLab } from '../lab';
import type { ActivationsService, FeatureContext, FeatureDetail, FeatureSummary, ModelName } from '../protocol';
import type { ActivationsState } from '../settings';
import { Notes, type Note } from './notes';
import { ordered } from './order';

export class FeatureController {
  summary: FeatureSummary | undefined;
  /** Features as the list shows them. */
  order: Uint32Array = new Uint32Array();
  detail: FeatureDetail | undefined;
  /** How far the measurement is, while one runs. */
  measuring: TimeLeft | undefined;
  /** The session whose features these are. */
  private of: number | undefined;
  /** The measurement that was asked for last; another object is another one. */
  private asked: object = {};

  private readonly notes: Notes;

  constructor(
    private readonly lab: ActivationsLab,
    store: () => Storage,
  ) {
    this.notes = new Notes(store);
  }

  /** What the reader says of features of the model. */
  get noted(): ReadonlyMap<number, Note> {
    return this.summary ? this.notes.of(this.summary.fingerprint) : new Map();
  }

  noteOn(feature: number): Note {
    return this.noted.get(feature) ?? { name: '', text: '' };
  }

  /** Names a feature or says something of it; why the browser does not keep it, if so. */
  note(feature: number, note: Note): string | undefined {
    const failure = this.summary && this.notes.set(this.summary.fingerprint, feature, note);
    this.lab.changed();
    return failure;
  }

  hear({ session, done, total }: { session: number; done: number; total: number }): void {
    if (!this.measuring || session !== this.lab.session?.id) return;
    this.measuring.share = total > 0 ? done / total : 0;
    this.lab.progressed();
  }

  /** The model that the state names, or else one that there is. */
  get model(): ModelName | undefined {
    const { state, models } = this.lab;
    return models.includes(state.model) ? state.model : models.at(-1);
  }

  /** The selected feature: that of the state, or the first of the list. */
  get chosen(): number | undefined {
    const { feature } = this.lab.state;
    const count = this.summary?.table.density.length ?? 0;
    return feature !== undefined && feature < count ? feature : this.order[0];
  }

  /** Drops what is no longer true: all, or what is of one model. */
  forget(model?: ModelName): void {
    this.cancel();
    if (model !== undefined && this.summary?.model !== model) return;
    this.summary = undefined;
    this.detail = undefined;
    this.order = new Uint32Array();
  }

  /** Follows the session: what is of another is dropped, and while it rests it is measured. */
  follow(idle: boolean): void {
    const { session } = this.lab;
    if (this.of !== session?.id) this.forget();
    this.of = session?.id;
    if (idle) this.refresh();
    else this.cancel();
  }

  /** Follows a change of the view. */
  viewed(before: ActivationsState, idle: boolean): void {
    const { state } = this.lab;
    if (before.model !== state.model && idle) this.refresh();
    const keys = ['sort', 'rising', 'show', 'search'] as const;
    if (keys.some((key) => before[key] !== state[key])) this.sort();
    if (this.summary && this.detail?.feature !== this.chosen) void this.fetch();
  }

  private sort(): void {
    this.order = this.summary ? ordered(this.summary, this.lab.state, this.noted) : new Uint32Array();
    this.lab.changed();
  }

  /** Measures the model anew, unless its statistics stand or come. */
  private refresh(): void {
    const { model, lab } = this;
    if (!model || !lab.session || this.measuring) return;
    const epoch = model === 'imported' ? 0 : (lab.session.run(model)?.epochs ?? 0);
    if (model !== 'imported' && epoch === 0) return;
    if (this.summary?.model === model && this.summary.epoch === epoch) return;
    void this.measure(lab.session.id, model);
  }

  private async measure(session: number, model: ModelName): Promise<void> {
    const asked = {};
    this.asked = asked;
    this.measuring = new TimeLeft();
    this.lab.changed();
    const summary = await this.lab.ask((worker) => worker.measure(session, model), 'cancelled');
    if (asked !== this.asked) return;
    this.measuring = undefined;
    if (!summary) {
      this.lab.changed();
      return;
    }
    this.summary = summary;
    this.detail = undefined;
    this.sort();
    await this.fetch();
  }

  /** Gives up a measurement that runs. */
  cancel(): void {
    if (this.measuring === undefined) return;
    this.asked = {};
    this.measuring = undefined;
    void this.lab.ask((worker) => worker.cancelMeasure());
  }

  /** A row of the file in its sequence, with the feature on at most so many tokens around it. */
  async context(feature: number, row: number, most: number): Promise<FeatureContext | undefined> {
    const { summary } = this;
    if (!summary) return undefined;
    const ask = (worker: ActivationsService): ReturnType<ActivationsService['contexts']> =>
      worker.contexts(summary.measurement, feature, [row], most);
    return (await this.lab.ask(ask, 'missing'))?.[0];
  }

  private async fetch(): Promise<void> {
    const { chosen, summary } = this;
    if (chosen === undefined || !summary) return;
    const detail = await this.lab.ask((worker) => worker.feature(summary.measurement, chosen), 'missing');
    // Another one may be selected by now.
    if (summary !== this.summary || chosen !== this.chosen || !detail) return;
    this.detail = detail;
    this.lab.changed();
  }
}
