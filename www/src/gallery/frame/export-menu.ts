// The menu of what a figure gives away: a picture, a table, a link, and the code that shows it in another page.

import { html, type TemplateResult } from 'lit';
import { download } from '../../kit/download';
import { csvText, embedCode, schemes, type CsvTable, type Scheme } from './export';
import { reasonOf } from './notice';

export interface Exported {
  /** In file names and in the code. */
  readonly name: string;
  readonly heading: string;
  /** Its page with its state of now, in a colour scheme. */
  linkIn(scheme: Scheme): string;
  svg(): string;
  png(): Promise<Blob>;
  csv(): CsvTable;
  /** Tells the reader something. */
  tell(note: string): void;
  readonly offsetHeight: number;
  requestUpdate(): void;
}

const schemeNames: Readonly<Record<Scheme, string>> = {
  '': 'follow the reader’s device',
  light: 'always light',
  dark: 'always dark',
};

export class ExportMenu {
  private scheme: Scheme = '';

  constructor(private readonly figure: Exported) {}

  render(): TemplateResult {
    const { figure } = this;
    return html`<details class="menu" @keydown=${this.onKey} @focusout=${this.onLeave}>
      <summary>Export</summary>
      <div class="sheet">
        <div class="row" role="group" aria-label="Export">
          <button data-testid="svg" @click=${() => this.save('svg', 'image/svg+xml', figure.svg())}>SVG</button>
          <button data-testid="png" @click=${() => void this.savePng()}>PNG</button>
          <button data-testid="csv" @click=${() => this.save('csv', 'text/csv', csvText(figure.csv()))}>CSV</button>
          <button data-testid="link" @click=${() => void this.copy(figure.linkIn(''), 'Link copied.')}>
            Copy link
          </button>
        </div>
        <label for="embed">HTML that embeds this figure in your page:</label>
        <textarea id="embed" readonly rows="5" spellcheck="false" .value=${this.code}></textarea>
        <div class="row">
          <label for="scheme">Its colours</label>
          <select id="scheme" @change=${this.onScheme}>
            ${schemes.map((each) => html`<option value=${each}>${schemeNames[each]}</option>`)}
          </select>
          <button data-testid="embed" @click=${() => void this.copy(this.code, 'Code copied.')}>Copy code</button>
        </div>
      </div>
    </details>`;
  }

  private get code(): string {
    const { name, heading, offsetHeight } = this.figure;
    return embedCode(name, heading, this.figure.linkIn(this.scheme), Math.round(offsetHeight));
  }

  private readonly onScheme = (event: Event): void => {
    this.scheme = schemes[(event.target as HTMLSelectElement).selectedIndex] ?? '';
    this.figure.requestUpdate();
  };

  private readonly onKey = (event: KeyboardEvent): void => {
    const menu = event.currentTarget as HTMLDetailsElement;
    if (event.key !== 'Escape' || !menu.open) return;
    menu.open = false;
    menu.querySelector('summary')?.focus();
  };

  private readonly onLeave = (event: FocusEvent): void => {
    const menu = event.currentTarget as HTMLDetailsElement;
    if (event.relatedTarget && !menu.contains(event.relatedTarget as Node)) menu.open = false;
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
