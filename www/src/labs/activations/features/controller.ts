// The features of one model: their figures, measured when training rests, and the one in hand.

import type { FeatureDetail, FeatureSummary, ModelName } from '../protocol';
import { ordered } from './order';
import { Foretelling } from '../../../lab/foretelling';
import type { ActivationsController } from '../controller';
import type { LabState } from '../state';

export class FeatureController {
  summary: FeatureSummary | undefined;
  /** Features as the list shows them. */
  order: Uint32Array = new Uint32Array();
  detail: FeatureDetail | undefined;
  /** How far the measurement is, while one runs. */
  measuring: Foretelling | undefined;
  private asked = 0;

  constructor(private readonly lab: ActivationsController) {}

  hear(event: { done: number; total: number }): void {
    if (!this.measuring) return;
    this.measuring.share = event.total > 0 ? event.done / event.total : 0;
    this.lab.progressed();
  }

  /** The model that the state names, or else one that there is. */
  get model(): ModelName | undefined {
    const { state, methods, files } = this.lab;
    const there: ModelName[] = [...methods, ...(files.imported === undefined ? [] : (['imported'] as const))];
    return there.includes(state.model) ? state.model : there.at(-1);
  }

  /** The feature in hand: that of the state, or the first of the list. */
  get chosen(): number | undefined {
    const { feature } = this.lab.state;
    const count = this.summary?.table.density.length ?? 0;
    return feature !== undefined && feature < count ? feature : this.order[0];
  }

  /** Drops figures that are no longer true: all, or those of one model. */
  forget(model?: ModelName): void {
    this.cancel();
    if (model !== undefined && this.summary?.model !== model) return;
    this.summary = undefined;
    this.detail = undefined;
    this.order = new Uint32Array();
  }

  /** Follows a change of the state. */
  follow(before: LabState): void {
    const { state } = this.lab;
    if (before.model !== state.model) this.refresh();
    const keys = ['sort', 'rising', 'show', 'search'] as const;
    if (keys.some((key) => before[key] !== state[key])) this.sort();
    if (this.summary && this.detail?.feature !== this.chosen) void this.fetch();
  }

  private sort(): void {
    this.order = this.summary ? ordered(this.summary, this.lab.state) : new Uint32Array();
    this.lab.changed();
  }

  /** Measures the model anew, unless its figures stand. */
  refresh(): void {
    const { model, lab } = this;
    if (!model) return;
    const epoch = model === 'imported' ? 0 : (lab.reports[model]?.length ?? 0);
    if (model !== 'imported' && epoch === 0) return;
    if (this.summary?.model === model && this.summary.epoch === epoch) return;
    void this.measure(model);
  }

  private async measure(model: ModelName): Promise<void> {
    const asked = ++this.asked;
    this.measuring = new Foretelling();
    this.lab.changed();
    const measured = await this.lab.worker.measure(model);
    if (asked !== this.asked) return;
    this.measuring = undefined;
    if (!measured.ok) {
      if (measured.code === 'cancelled') this.lab.changed();
      else this.lab.fail(measured.message);
      return;
    }
    this.summary = measured.value;
    this.lab.status = `${this.lab.status} Features are measured.`.trim();
    this.detail = undefined;
    this.sort();
    await this.fetch();
  }

  /** Gives up a measurement that runs. */
  cancel(): void {
    if (this.measuring === undefined) return;
    this.asked += 1;
    this.measuring = undefined;
    void this.lab.worker.cancelMeasure();
  }

  private async fetch(): Promise<void> {
    const { chosen, summary } = this;
    if (chosen === undefined) return;
    const detail = await this.lab.worker.feature(chosen);
    // Another one may be in hand by now.
    if (summary !== this.summary || chosen !== this.chosen) return;
    if (detail.ok) this.detail = detail.value;
    else this.lab.alert = detail.message;
    this.lab.changed();
  }
}
