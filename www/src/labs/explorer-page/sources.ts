// The way from images to activations and back.

import { html, type TemplateResult } from 'lit';

export function sources(name: string, current: 'mnist' | 'activations'): TemplateResult {
  return html`<p class="muted" data-testid="source">
    On ${name}.
    ${
      current === 'mnist'
        ? html`<a href="#data=sample">Tokens, your own activations or your own SAE</a>`
        : html`<a href="#data=mnist">MNIST</a>`
    }
  </p>`;
}
