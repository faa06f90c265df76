// The control bar of a lab: transport and progress; below it what the model is and how it trains.

import { css, html, type TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { shared } from '../kit/styles';
import { settingsStyles } from './bar-styles';
import { LabElement } from './element';
import type { Progress } from './progress';
import './transport';

/** Settings as controls: those in view, and those that are rarely changed. */
export interface BarFields {
  common: unknown[];
  more: unknown[];
}

@customElement('lab-bar')
export class LabBar extends LabElement {
  static override styles = [
    shared,
    settingsStyles,
    css`
      /* Without a box of its own, its sticky part keeps in view as long as the lab is. */
      :host {
        display: contents;
      }
    `,
  ];

  @property({ attribute: false }) fields!: () => BarFields;
  @property({ attribute: false }) progress!: () => Progress;

  override focus(): void {
    this.renderRoot.querySelector<HTMLElement>('lab-transport')?.focus();
  }

  override render(): TemplateResult {
    const { common, more } = this.fields();
    return html`
      <lab-transport .progress=${this.progress}></lab-transport>
      <div class="settings">
        <div class="model">
          <div class="first">
            <div class="fields" role="group" aria-label="Model">${common}</div>
            <slot></slot>
          </div>
          <details>
            <summary>More settings</summary>
            <div class="fields" role="group" aria-label="More settings">${more}</div>
            <lab-variants></lab-variants>
          </details>
        </div>
      </div>
    `;
  }
}
