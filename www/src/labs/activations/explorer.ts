// The partition explorer on the runs of the lab and on an SAE that was imported.

import type { TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { titleOf } from '../../kit/runs';
import { shared } from '../../kit/styles';
import type { ExplorerHost, Offered } from '../explorer/controller';
import type { GivenRows, Model } from '../explorer/protocol';
import type { ExploreState } from '../explorer/settings';
import { ExplorerShell } from '../explorer/shell';
import { ActivationsElement } from './element';
import { withSource } from './with-source';

@customElement('acts-explorer')
export class ActsExplorer extends ActivationsElement implements ExplorerHost {
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
    const { session, models, files } = this.lab;
    if (!session) return [];
    return models.map((name) => ({
      name,
      title: name === 'imported' ? 'imported' : titleOf(name),
      epoch: name === 'imported' ? files.given.sae : (session.run(name)?.epochs ?? 0),
      // An imported SAE reads rows as they are stored.
      rows: `${session.id} ${name === 'imported' ? 'stored' : 'normalised'}`,
    }));
  }

  preferred(): readonly string[] {
    const { models } = this.lab;
    return models.includes('imported') ? ['imported'] : models;
  }

  async model(name: string): Promise<Model | undefined> {
    const { session } = this.lab;
    return session && this.lab.ask((worker) => worker.parameters(session.id, name), 'missing');
  }

  async rows(name: string): Promise<GivenRows | undefined> {
    const { session } = this.lab;
    return session && this.lab.ask((worker) => worker.rows(session.id, name), 'missing');
  }

  canExport(name: string): boolean {
    return name === 'imported';
  }

  link(): string {
    return new URL(`#${withSource(location.hash)}`, location.href).href;
  }

  override render(): TemplateResult {
    return this.shell.render();
  }
}
