// How a file of activations is written: programs to copy, each of which tests/interop/snippets.py runs as it stands.

import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import { messageOf } from '../../../kit/failure';
import { shared } from '../../../kit/styles';

const programs = {
  transformers: 'transformers',
  transformer_lens: 'TransformerLens',
  nnsight: 'nnsight',
  saelens: 'SAELens, as it caches them',
} as const;
type Program = keyof typeof programs;
const names = Object.keys(programs) as Program[];

/** Loaded when they are looked at. */
const texts = import.meta.glob<string>('../snippets/*.py', { query: '?raw', import: 'default' });

@customElement('acts-snippets')
export class ActsSnippets extends LitElement {
  static override styles = [
    shared,
    css`
      :host {
        display: block;
        margin-top: 10px;
        font-size: 0.867rem;
      }
      .which {
        display: flex;
        flex-wrap: wrap;
        gap: 8px;
        align-items: center;
        margin-top: 8px;
      }
      pre {
        overflow: auto;
        max-height: 320px;
        margin: 8px 0 0;
        padding: 10px;
        border-radius: 8px;
        background: var(--well);
        font-size: 0.8rem;
        line-height: 1.4;
      }
    `,
  ];

  @state() private program: Program = 'transformers';
  @state() private text = '';
  /** What came of copying. */
  @state() private copied = '';

  override render(): TemplateResult {
    return html`<details
      @toggle=${(event: Event) => (event.target as HTMLDetailsElement).open && void this.show(this.program)}
    >
      <summary>How do I get such a file?</summary>
      <div class="which">
        <label
          >With
          <select @change=${(event: Event) => void this.show(names[(event.target as HTMLSelectElement).selectedIndex])}>
            ${names.map((name) => html`<option .selected=${name === this.program}>${programs[name]}</option>`)}
          </select></label
        >
        <button ?disabled=${this.text === ''} @click=${() => void this.copy()}>Copy</button>
        <span role="status">${this.copied}</span>
      </div>
      ${
        this.text === ''
          ? nothing
          : html`<pre tabindex="0" aria-label="Program that writes activations"><code>${this.text}</code></pre>`
      }
    </details>`;
  }

  private async show(program: Program | undefined): Promise<void> {
    if (!program) return;
    this.program = program;
    this.copied = '';
    try {
      this.text = (await texts[`../snippets/${program}.py`]?.()) ?? '';
    } catch (error) {
      this.copied = `It could not be loaded: ${messageOf(error)}`;
    }
  }

  private async copy(): Promise<void> {
    try {
      await navigator.clipboard.writeText(this.text);
      this.copied = 'Copied';
    } catch {
      this.copied = 'The browser does not let this page copy: select the text';
    }
  }
}
