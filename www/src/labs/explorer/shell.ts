// The place of the explorer in a lab. The explorer itself is loaded once the place is near the screen: a lab opens
// without it.

import { html, nothing, type ReactiveController, type ReactiveControllerHost, type TemplateResult } from 'lit';
import { messageOf } from '../../kit/failure';
import { VisibleController } from '../../kit/visible';
import type { ExplorerController, ExplorerHost } from './controller';

export class ExplorerShell implements ReactiveController {
  private explorer: ExplorerController | undefined;
  private loading = false;
  private failure: string | undefined;
  /** What the explorer has followed last. */
  private key = '';

  constructor(
    private readonly element: ReactiveControllerHost & HTMLElement,
    private readonly host: ExplorerHost,
    private readonly large: () => boolean = () => false,
  ) {
    const seen: VisibleController = new VisibleController(element, () => {
      if (seen.visible) void this.load();
    });
    element.addController(this);
  }

  private async load(): Promise<void> {
    if (this.loading || this.explorer) return;
    this.loading = true;
    try {
      const { explorerOf } = await import('./connect');
      this.explorer = explorerOf(this.host);
    } catch (error) {
      this.failure = `The explorer could not be loaded: ${messageOf(error)}`;
    }
    this.loading = false;
    this.element.requestUpdate();
  }

  /** Follows the lab when its models or the settings are others. */
  hostUpdated(): void {
    if (!this.explorer) return;
    const key = JSON.stringify([this.host.offered(), this.host.explore]);
    if (key === this.key) return;
    this.key = key;
    this.explorer.follow();
  }

  render(): TemplateResult {
    if (this.explorer) {
      return html`<explorer-panel .explorer=${this.explorer} ?large=${this.large()}></explorer-panel>`;
    }
    return html`<figure>
      <div class="head"><h2>Partition explorer</h2></div>
      ${this.failure === undefined ? nothing : html`<p role="alert">${this.failure}</p>`}
    </figure>`;
  }
}
