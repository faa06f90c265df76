// The MNIST lab: SGD and PAM-SGD trained side by side on images, with their curves, numbers and pictures.

import { ContextProvider } from '@lit/context';
import { css, html, nothing, type TemplateResult } from 'lit';
import { customElement } from 'lit/decorators.js';
import { messageOf } from '../../kit/failure';
import { messageStyles } from '../../kit/messages';
import { connect } from '../../kit/remote';
import { catalogueRuns } from '../../kit/runs';
import { pageAddress } from '../../lab/address';
import '../../lab/curves';
import { field } from '../../lab/fields';
import { LabPage, pageStyles } from '../../lab/page';
import { progressOf, type Progress } from '../../lab/progress';
import { MnistController } from './controller';
import './data';
import { mnistContext } from './element';
import { mnistFiles, sizeOf } from './manifest';
import type { MnistService } from './protocol';
import './runs';
import { common, defaultRuns, more, type MnistState } from './settings';
import script from './worker/mnist.worker?worker&url';

@customElement('mnist-lab')
export class MnistLab extends LabPage {
  static override styles = [
    ...pageStyles,
    messageStyles,
    css`
      :host {
        --side: 240px;
        --other-side: 0px;
      }
      lab-curves {
        grid-column: 2 / -1;
      }
      @media (max-width: 760px) {
        .data {
          order: 1;
        }
        lab-curves {
          grid-column: 1;
        }
      }
    `,
  ];

  protected override readonly lab = new MnistController(
    {
      address: pageAddress,
      connect: () => connect<MnistService>(script),
      autoplay: !matchMedia('(prefers-reduced-motion: reduce)').matches,
      base: document.baseURI,
    },
    () => localStorage,
  );

  private below: Promise<void> | undefined;

  constructor() {
    super();
    new ContextProvider(this, { context: mnistContext, initialValue: this.lab });
    mnistFiles(document.baseURI).then(
      (files) => this.lab.offerMnist(sizeOf(files)),
      () => this.lab.offerMnist(0),
    );
  }

  protected override readonly progress = (): Progress => progressOf(this.lab, 'images');

  protected override readonly fields = (): { common: unknown[]; more: unknown[] } => {
    const standIn = this.lab.session?.runs.find(({ options }) => options.method === 'pam')?.options.alpha;
    return {
      common: common.map((each) => field(this.lab, each, standIn)),
      more: more.map((each) => field(this.lab, each, standIn)),
    };
  };

  protected override updated(): void {
    super.updated();
    if (this.lab.session) void (this.below ??= this.loadBelow());
  }

  /** Until then the panels below are empty elements. */
  private async loadBelow(): Promise<void> {
    try {
      await import('./below');
    } catch (error) {
      this.lab.fail(`The panels below could not be loaded: ${messageOf(error)}. Reload the page to try again`);
    }
  }

  /** The focus goes back to where the tour was started. */
  private afterTour(): void {
    this.renderRoot.querySelector<HTMLElement>('.tour')?.focus();
  }

  protected override beside(): TemplateResult {
    return html`<button class="tour" @click=${() => this.lab.tour.start()}>Tour</button>`;
  }

  /** At the first visit. */
  private offer(): TemplateResult {
    const { tour } = this.lab;
    return html`${
      tour.offered
        ? html`<div class="whole message" data-testid="tour offer">
            <p>New here? A tour of ${tour.count} steps shows what a sparse autoencoder is and what the paper found.</p>
            <button @click=${() => tour.start()}>Start the tour</button>
            <button @click=${() => tour.decline()}>Not now</button>
          </div>`
        : nothing
    }`;
  }

  protected override content(): TemplateResult[] {
    const { state, session } = this.lab;
    const all = state.runs.length === catalogueRuns.length;
    return [
      this.offer(),
      html`<lab-tour .tour=${this.lab.tour} @tour-ended=${() => this.afterTour()}></lab-tour>`,
      html`<div class="data"><lab-data></lab-data><lab-runs></lab-runs></div>`,
      html`<lab-curves
        .pinned=${this.lab.pins.pins}
        .tries=${html`Try
          <a href=${this.lab.linkTo({ runs: all ? defaultRuns : catalogueRuns })}
            >${all ? 'the default runs' : 'all five runs'}</a
          >, or
          <a href=${this.lab.linkTo({ updates: state.updates === 1 ? 5 : 1 })}
            >${state.updates === 1 ? 'five encoder updates' : 'one encoder update'} per batch</a
          >.`}
      ></lab-curves>`,
      html`<lab-results class="whole" one="image" wide></lab-results>`,
      html`<mnist-quality class="whole"></mnist-quality>`,
      html`<lab-explain class="whole"></lab-explain>`,
      html`<lab-experiments
        class="whole"
        heading="The paper’s experiment 2"
        .experiments=${this.lab.experiments}
        .show=${(figure: MnistState['figure']) => this.lab.change({ figure })}
        .choices=${this.activations()}
        .note=${html`Epochs are those above, and twice as many with 100 % of the images, as in the paper’s script.`}
      ></lab-experiments>`,
      html`<lab-digits class="whole"></lab-digits>`,
      html`<div class="whole halves filters">
        ${session?.runs.map(({ name }) => html`<lab-filters run=${name}></lab-filters>`)}
      </div>`,
      html`<lab-codes class="whole"></lab-codes>`,
      html`<lab-drawing class="whole"></lab-drawing>`,
      html`<lab-editing class="whole"></lab-editing>`,
      html`<lab-compare class="whole"></lab-compare>`,
      html`<mnist-explorer class="whole"></mnist-explorer>`,
    ];
  }

  /** The activation of the experiments, whatever the form's. */
  private activations(): TemplateResult {
    return html`<div class="segments" role="group" aria-label="TopK or ReLU in the experiments">
      ${(['topk', 'relu'] as const).map(
        (figureActivation) =>
          html`<button
            aria-pressed=${this.lab.state.figureActivation === figureActivation ? 'true' : 'false'}
            @click=${() => this.lab.change({ figureActivation })}
          >
            ${figureActivation === 'topk' ? 'TopK' : 'ReLU'}
          </button>`,
      )}
    </div>`;
  }
}
