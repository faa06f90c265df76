// The activations lab on the page's side: what it has beside what all labs have, which is files, features and experiments.

import { codeOf } from '../../kit/failure';
import { LabController } from '../../lab/controller';
import { ExperimentController } from '../../lab/experiments/controller';
import type { ExperimentEvent } from '../../lab/experiments/protocol';
import type { Surroundings } from '../../lab/surroundings';
import { figures, requestOf } from './experiments';
import { FeatureController } from './features/controller';
import { FileController } from './files/controller';
import type { ActivationsLab } from './lab';
import type { ActivationsEvent, ActivationsInfo, ActivationsService, ModelName } from './protocol';
import { isScheduled } from './schedule';
import { CompareController } from './compare/controller';
import { labels, settings, type ActivationsState, type ActivationsTable } from './settings';

export class ActivationsController
  extends LabController<ActivationsTable, ActivationsInfo, ActivationsEvent | ExperimentEvent, ActivationsService>
  implements ActivationsLab
{
  readonly files = new FileController(this);
  readonly features: FeatureController;
  readonly comparison = new CompareController(this);
  readonly experiments = new ExperimentController<ActivationsState>(this, figures, requestOf);

  /** `notes`: where what the reader says of features is kept. */
  constructor(surroundings: Surroundings<ActivationsService>, notes: () => Storage) {
    super(settings, labels, surroundings);
    this.features = new FeatureController(this, notes);
  }

  get models(): readonly ModelName[] {
    const runs = this.session?.runs.map(({ name }) => name) ?? [];
    return this.files.imported === undefined ? runs : [...runs, 'imported'];
  }

  protected override inputs({ source, from }: ActivationsState): string {
    const { rows, sae, checkpoint } = this.files.given;
    return [
      source === 'file' ? `rows ${rows}` : '',
      from === 'imported' ? `SAE ${sae}` : '',
      from === 'checkpoint' ? `checkpoint ${checkpoint}` : '',
    ].join(' ');
  }

  protected override isScheduled(state: ActivationsState): boolean {
    return isScheduled(state);
  }

  protected override needsWhole(): boolean {
    return false;
  }

  protected override substitute(
    state: ActivationsState,
    error: unknown,
  ): { state: ActivationsState; uses: string } | undefined {
    if (codeOf(error) !== 'files') return undefined;
    return {
      state: { ...state, source: 'sample', from: 'random' },
      uses: 'Drop yours again to go on where you were; until then the bundled sample is used',
    };
  }

  protected override isStandIn(): boolean {
    return false;
  }

  protected override foresee(): void {
    // Its data is generated, or a file that the user gives.
  }

  protected override equip(worker: ActivationsService): Promise<void> {
    return this.files.giveAgain(worker);
  }

  protected override hearOwn(event: ActivationsEvent | ExperimentEvent): void {
    switch (event.type) {
      case 'measuring':
        this.features.hear(event);
        return;
      case 'comparing':
        this.comparison.hear(event);
        return;
      default:
        this.experiments.hear(event);
    }
  }

  /** What this lab reads are files that the user gives, at any time. */
  protected override hearLoading(_name: string, share: number | undefined): void {
    this.files.advance(share ?? 0);
  }

  protected override moved(): void {
    this.features.follow(this.isIdle);
    this.comparison.follow();
    this.experiments.follow();
  }

  protected override fell(): void {
    super.fell();
    this.comparison.fell();
    this.files.fell();
    this.experiments.fell();
  }

  protected override followed(before: ActivationsState): void {
    super.followed(before);
    this.experiments.follow();
    this.features.viewed(before, this.isIdle);
  }

  rowsCame(): void {
    this.renew({ source: 'file', feature: undefined, search: '' });
  }

  saeCame(): void {
    this.features.forget('imported');
    this.change({ model: 'imported' });
    this.features.follow(this.isIdle);
  }

  checkpointCame(): void {
    // The run goes on when the user says so.
    this.autoplay = false;
    this.change({ from: 'checkpoint', feature: undefined });
  }

  tokensCame(): void {
    this.features.forget();
    this.features.follow(this.isIdle);
    this.changed();
  }
}
