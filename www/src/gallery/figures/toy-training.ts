// The SAE of "Between k-means and PCA" trains as one watches, a few steps for each frame of the screen.

import type { ReactiveController, ReactiveControllerHost } from 'lit';
import { LAST_STEP, type ToyModel } from './toy-model';

const STEPS_PER_FRAME = 2;

/** Time in a frame for steps that a link asks to be caught up with, in ms. */
const CATCH_UP = 10;

/** Time between two updates of the text while the picture moves, in ms. */
const TEXT_EVERY = 900;

export interface TrainingOptions {
  /** Steps that the figure's state asks for. */
  wanted(): number;
  /** Whether somebody can see it. */
  onScreen(): boolean;
  paint(): void;
  fail(error: unknown): void;
}

export class ToyTraining implements ReactiveController {
  private frame = 0;
  private texted = 0;

  constructor(
    private readonly host: ReactiveControllerHost,
    private readonly model: ToyModel,
    /** Whether it goes on by itself. */
    public playing: boolean,
    private readonly options: TrainingOptions,
  ) {
    host.addController(this);
  }

  hostUpdated(): void {
    if (this.frame === 0 && this.isBusy()) this.frame = requestAnimationFrame(this.advance);
  }

  hostDisconnected(): void {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    this.model.restart();
  }

  get steps(): number {
    return this.model.run?.steps ?? 0;
  }

  get over(): boolean {
    return this.steps >= LAST_STEP;
  }

  get moving(): boolean {
    return this.frame !== 0;
  }

  /** Whether there is training to be done and seen. */
  private isBusy(): boolean {
    if (!this.model.run || !this.options.onScreen()) return false;
    return this.steps < this.options.wanted() || (this.playing && !this.over);
  }

  private readonly advance = (now: number): void => {
    this.frame = 0;
    const { run } = this.model;
    if (!run || !this.isBusy()) return;
    try {
      const until = performance.now() + CATCH_UP;
      const wanted = this.options.wanted();
      if (run.steps < wanted) run.train(wanted, () => performance.now() < until);
      else run.train(run.steps + STEPS_PER_FRAME);
      this.options.paint();
    } catch (error) {
      this.playing = false;
      this.options.fail(error);
      return;
    }
    const goesOn = this.isBusy();
    if (goesOn) this.frame = requestAnimationFrame(this.advance);
    else this.playing = false;
    if (!goesOn || now - this.texted > TEXT_EVERY) {
      this.texted = now;
      this.host.requestUpdate();
    }
  };
}
