// Two SAEs side by side: which, the one that was put aside, and what came of their comparison.

import { titleOf } from '../../../kit/runs';
import { TimeLeft } from '../../../lab/time-left';
import type { ActivationsLab } from '../lab';
import type { Comparison, FeatureContext, GivenFile, KeptModel, ShownRow, SideName } from '../protocol';

/** A model that can be chosen for a side. */
export interface Choice {
  name: SideName;
  title: string;
}

export type Which = 'left' | 'right';

export class CompareController {
  kept: KeptModel | undefined;
  found: Comparison | undefined;
  /** How far the comparison is, while one runs. */
  comparing: TimeLeft | undefined;
  private readonly wanted: Partial<Record<Which, SideName>> = {};
  /** The session whose models were compared. */
  private of: number | undefined;
  private asked: object = {};

  constructor(private readonly lab: ActivationsLab) {}

  get choices(): readonly Choice[] {
    const { models } = this.lab;
    const offered = models.map((name) => ({ name, title: name === 'imported' ? 'imported' : titleOf(name) }));
    return this.kept ? [...offered, { name: 'kept', title: `put aside: ${this.kept.title}` }] : offered;
  }

  /** What stands on a side: what was chosen, or on the left the last of the lab's and on the right another. */
  chosen(which: Which): SideName | undefined {
    const names = this.choices.map(({ name }) => name);
    const { left, right } = this.wanted;
    const own = names.filter((name) => name !== 'kept');
    const first = left !== undefined && names.includes(left) ? left : own.at(-1);
    if (which === 'left') return first;
    const others = names.filter((name) => name !== first);
    return right !== undefined && others.includes(right) ? right : others.at(-1);
  }

  choose(which: Which, name: SideName): void {
    this.wanted[which] = name;
    this.forget();
    this.lab.changed();
  }

  /** Puts the model of the left side aside. */
  async keep(): Promise<void> {
    const { session } = this.lab;
    const name = this.chosen('left');
    if (!session || name === undefined || name === 'kept') return;
    this.take(await this.lab.ask((worker) => worker.keepModel(session.id, name)));
  }

  async open(files: GivenFile[]): Promise<void> {
    this.take(await this.lab.ask((worker) => worker.openKept(files)));
  }

  private take(kept: KeptModel | undefined): void {
    if (!kept) return;
    this.kept = kept;
    this.wanted.right = 'kept';
    this.forget();
    this.lab.changed();
  }

  async compare(): Promise<void> {
    const { session } = this.lab;
    const [left, right] = [this.chosen('left'), this.chosen('right')];
    if (!session || left === undefined || right === undefined) return;
    this.forget();
    const asked = {};
    this.asked = asked;
    this.of = session.id;
    this.comparing = new TimeLeft();
    this.lab.changed();
    const found = await this.lab.ask((worker) => worker.compare(session.id, left, right), 'cancelled');
    if (asked !== this.asked) return;
    this.comparing = undefined;
    this.found = found;
    this.lab.changed();
  }

  hear({ session, done, total }: { session: number; done: number; total: number }): void {
    if (!this.comparing || session !== this.lab.session?.id) return;
    this.comparing.share = total > 0 ? done / total : 0;
    this.lab.progressed();
  }

  cancel(): void {
    this.forget();
    this.lab.changed();
  }

  /** What was compared stays as it was, with the epochs that it names, until the rows are others. */
  follow(): void {
    const { session } = this.lab;
    if (this.of !== session?.id) this.forget();
  }

  /** The worker has ended, and what it had put aside is gone. */
  fell(): void {
    this.kept = undefined;
    this.drop();
  }

  /** Ends a comparison that runs, and lets go of what the last one holds. */
  private forget(): void {
    if (this.drop()) void this.lab.ask((worker) => worker.endCompare());
  }

  private drop(): boolean {
    const was = this.comparing !== undefined || this.found !== undefined;
    this.asked = {};
    this.comparing = undefined;
    this.found = undefined;
    return was;
  }

  async rows(which: Which, feature: number): Promise<ShownRow[]> {
    const { found } = this;
    if (!found) return [];
    return (await this.lab.ask((worker) => worker.comparedRows(found.comparison, which, feature), 'missing')) ?? [];
  }

  async context(which: Which, feature: number, row: number, most: number): Promise<FeatureContext | undefined> {
    const { found } = this;
    if (!found) return undefined;
    const contexts = await this.lab.ask(
      (worker) => worker.comparedContexts(found.comparison, which, feature, [row], most),
      'missing',
    );
    return contexts?.[0];
  }
}
