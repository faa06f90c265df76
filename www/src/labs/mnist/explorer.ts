// The partition explorer on the runs of the lab.

import type { TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { titleOf } from '../../kit/runs';
import { shared } from '../../kit/styles';
import type { ExplorerHost, Offered } from '../explorer/controller';
import type { GivenRows, Model } from '../explorer/protocol';
import type { ExploreState } from '../explorer/settings';
import { ExplorerShell } from '../explorer/shell';
import { MnistElement } from './element';

/** Runs whose partitions are looked at side by side, where the session has them. */
const PREFERRED = ['sgd-untied', 'pam-recommended'];

@customElement('mnist-explorer')
export class MnistExplorer extends MnistElement implements ExplorerHost {
  static override styles = [shared];

  /** Whether it has a page of its own. */
  @property({ type: Boolean }) large = false;
  private readonly shell = new ExplorerShell(this, this, () => this.large);

  get explore(): ExploreState {
    return this.lab.state;
  }

  changeExplore(patch: Partial<ExploreState>): void {
    this.lab.change(patch);
  }

  offered(): readonly Offered[] {
    const { session } = this.lab;
    return (session?.runs ?? []).map(({ name, epochs }) => ({
      name,
      title: titleOf(name),
      epoch: epochs,
      rows: String(session?.id),
    }));
  }

  preferred(): readonly string[] {
    return PREFERRED;
  }

  async model(name: string): Promise<Model | undefined> {
    const { session } = this.lab;
    return session && this.lab.ask((worker) => worker.model(session.id, name), 'missing');
  }

  async rows(): Promise<GivenRows | undefined> {
    const { session } = this.lab;
    return session && this.lab.ask((worker) => worker.rows(session.id), 'missing');
  }

  /** Runs read normalised images. */
  canExport(): boolean {
    return false;
  }

  link(): string {
    return location.href;
  }

  override render(): TemplateResult {
    return this.shell.render();
  }
}
