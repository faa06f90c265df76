// Where files come in: dropped anywhere on the page, or chosen; with folders, where a lab reads them.

import { directoryOpen } from 'browser-fs-access';
import { fromEvent } from 'file-selector';
import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import { messageOf } from '../kit/failure';
import { shared } from '../kit/styles';

/** Files of a drop or of a choice; those in folders too, each with its path there. Nothing of them is read yet. */
async function listed(event: Event): Promise<File[]> {
  return (await fromEvent(event)).filter((each) => each instanceof File);
}

/** Where a file lies in what was given: `sae/cfg.json`. */
export function pathOf(file: File): string {
  const path = 'relativePath' in file && typeof file.relativePath === 'string' ? file.relativePath : '';
  return (path || file.webkitRelativePath || file.name).replace(/^[./]+/, '');
}

@customElement('lab-drop-zone')
export class DropZone extends LitElement {
  static override styles = [
    shared,
    css`
      .drop {
        display: block;
        width: 100%;
        margin-top: 14px;
        padding: 12px;
        border: 1.5px dashed var(--field);
        border-radius: 8px;
        background: var(--well);
        text-align: center;
        font-size: 0.867rem;
        cursor: pointer;
      }
      .drop:focus-within {
        outline: 2px solid var(--accent);
        outline-offset: 2px;
      }
      .drop.over {
        border-color: var(--accent);
        color: var(--accent);
      }
      .folder {
        display: block;
        width: 100%;
        margin-top: 6px;
        font-size: 0.867rem;
      }
    `,
  ];

  /** Takes the files. */
  @property({ attribute: false }) take!: (files: File[]) => void;
  /** Hears why files could not be listed. */
  @property({ attribute: false }) fail!: (message: string) => void;
  /** Whether folders can be chosen. */
  @property({ type: Boolean }) folders = false;
  /** Whether files hang over the page. */
  @state() private over = false;

  override connectedCallback(): void {
    super.connectedCallback();
    // Without these the browser would leave the page and show the file.
    window.addEventListener('dragover', this.dragged);
    window.addEventListener('dragleave', this.left);
    window.addEventListener('drop', this.dropped);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    window.removeEventListener('dragover', this.dragged);
    window.removeEventListener('dragleave', this.left);
    window.removeEventListener('drop', this.dropped);
  }

  override render(): TemplateResult {
    return html`<label class="drop ${this.over ? 'over' : ''}">
        <input
          class="hidden"
          type="file"
          multiple
          data-testid="files"
          @change=${(event: Event) => this.chosen(event)}
        />
        <slot></slot>
      </label>
      ${
        this.folders
          ? html`<button class="folder" @click=${() => void this.openFolder()}>Choose a folder</button>`
          : nothing
      }`;
  }

  private chosen(event: Event): void {
    this.listed(listed(event));
    // The same file may be chosen again once it is mended.
    (event.target as HTMLInputElement).value = '';
  }

  private listed(files: Promise<File[]>): void {
    files.then(this.take, (error: unknown) => this.fail(`The files cannot be listed: ${messageOf(error)}`));
  }

  private async openFolder(): Promise<void> {
    try {
      const found = await directoryOpen({ recursive: true });
      this.take(found.filter((each) => each instanceof File));
    } catch (error) {
      // To choose nothing is no failure.
      if (!(error instanceof DOMException && error.name === 'AbortError')) {
        this.fail(`The folder cannot be listed: ${messageOf(error)}`);
      }
    }
  }

  private readonly dragged = (event: DragEvent): void => {
    if (!event.dataTransfer?.types.includes('Files')) return;
    event.preventDefault();
    this.over = true;
  };

  private readonly left = (event: DragEvent): void => {
    if (event.relatedTarget === null) this.over = false;
  };

  private readonly dropped = (event: DragEvent): void => {
    if (!event.dataTransfer?.types.includes('Files')) return;
    event.preventDefault();
    this.over = false;
    this.listed(listed(event));
  };
}
