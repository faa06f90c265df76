// The menu of what a figure gives away: a picture, a table, a link, and the code that shows it in another page.

import { html, type ReactiveControllerHost, type TemplateResult } from 'lit';
import { download } from '../../kit/download';
import { PopoverController } from '../../kit/popover';
import { csvText, embedCode, schemes, stillOf, type CsvTable, type Scheme } from './export';
import { reasonOf } from './notice';

export interface Exported extends ReactiveControllerHost {
  readonly renderRoot: HTMLElement | DocumentFragment;
  /** In file names and in the code. */
  readonly name: string;
  readonly heading: string;
  /** Whether the site holds a still picture of it. */
  readonly hasStill: boolean;
  /** Its page with its state of now, in a colour scheme. */
  linkIn(scheme: Scheme): string;
  svg(): string;
  png(): Promise<Blob>;
  csv(): CsvTable;
  /** Tells the reader something. */
  tell(note: string): void;
  readonly offsetHeight: number;
}

const schemeNames: Readonly<Record<Scheme, string>> = {
  '': 'follow the reader’s device',
  light: 'always light',
  dark: 'always dark',
};

export class ExportMenu {
  private scheme: Scheme = '';
  /** Only what is open holds the code: to write it takes a millisecond, which a picture that moves has not to spare. */
  private isOpen = false;
  private readonly opening: PopoverController;

  constructor(private readonly figure: Exported) {
    this.opening = new PopoverController(figure, {
      button: () => this.part('.export'),
      popover: () => this.part('.sheet'),
      side: 'right',
    });
  }

  private part(selector: string): HTMLElement {
    const found = this.figure.renderRoot.querySelector<HTMLElement>(selector);
    if (!found) throw new Error(`The export menu has no ${selector}`);
    return found;
  }

  render(): TemplateResult {
    const { figure } = this;
    return html`<button class="export" popovertarget="export" aria-haspopup="dialog">Export</button>
      <div
        id="export"
        class="sheet"
        popover
        role="dialog"
        aria-label="Export"
        @toggle=${this.onToggle}
        @focusout=${this.onLeave}
      >
        <div class="row">
          <button data-testid="svg" @click=${() => this.save('svg', 'image/svg+xml', figure.svg())}>SVG</button>
          <button data-testid="png" @click=${() => void this.savePng()}>PNG</button>
          <button data-testid="csv" @click=${() => this.save('csv', 'text/csv', csvText(figure.csv()))}>CSV</button>
          <button data-testid="link" @click=${() => void this.copy(figure.linkIn(''), 'Link copied.')}>
            Copy link
          </button>
        </div>
        <label for="embed">HTML that embeds this figure in your page:</label>
        <textarea id="embed" readonly rows="5" spellcheck="false" .value=${this.isOpen ? this.code : ''}></textarea>
        <div class="row">
          <label for="scheme">Its colours</label>
          <select id="scheme" @change=${this.onScheme}>
            ${schemes.map((each) => html`<option value=${each}>${schemeNames[each]}</option>`)}
          </select>
          <button data-testid="embed" @click=${() => void this.copy(this.code, 'Code copied.')}>Copy code</button>
        </div>
      </div>`;
  }

  private get code(): string {
    const { name, heading, offsetHeight } = this.figure;
    const link = this.figure.linkIn(this.scheme);
    const still = this.figure.hasStill ? new URL(stillOf(name, this.scheme), link).href : undefined;
    return embedCode(name, heading, link, still, Math.round(offsetHeight));
  }

  private readonly onToggle = (event: ToggleEvent): void => {
    this.isOpen = event.newState === 'open';
    this.figure.requestUpdate();
    this.opening.onToggle(event);
  };

  private readonly onScheme = (event: Event): void => {
    this.scheme = schemes[(event.target as HTMLSelectElement).selectedIndex] ?? '';
    this.figure.requestUpdate();
  };

  /** Who tabs out of the menu is done with it. */
  private readonly onLeave = (event: FocusEvent): void => {
    const sheet = event.currentTarget as HTMLElement;
    if (event.relatedTarget && !sheet.contains(event.relatedTarget as Node)) this.opening.close();
  };

  private save(ending: string, type: string, text: string): void {
    download(`${this.figure.name}.${ending}`, new Blob([text], { type }));
  }

  private async savePng(): Promise<void> {
    try {
      download(`${this.figure.name}.png`, await this.figure.png());
    } catch (error) {
      this.figure.tell(`The PNG could not be made: ${reasonOf(error)} SVG and CSV still work.`);
    }
  }

  /** A page that may not use the clipboard (an embedded one, often) shows the text instead. */
  private async copy(text: string, done: string): Promise<void> {
    try {
      await navigator.clipboard.writeText(text);
      this.figure.tell(done);
    } catch {
      this.figure.tell(`This page may not use the clipboard. Copy this by hand: ${text}`);
    }
  }
}
