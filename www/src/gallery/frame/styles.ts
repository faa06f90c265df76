// Styles of every figure's frame, and of the handles over its stage.

import { css } from 'lit';

export const figureStyles = css`
  :host([embedded]) {
    max-width: 968px;
    margin: 0 auto;
  }
  :host([embedded]) figure {
    background: none;
    border: 0;
    padding: 4px;
  }
  figure {
    position: relative;
  }
  .stage {
    position: relative;
    border: 1px solid var(--line);
    border-radius: 6px;
    overflow: hidden;
    background: var(--panel);
  }
  canvas.smooth {
    image-rendering: auto;
    touch-action: pan-x pan-y pinch-zoom;
  }
  .controls {
    display: flex;
    flex-wrap: wrap;
    gap: 8px 16px;
    align-items: end;
    margin-bottom: 12px;
    font-size: 0.867rem;
  }
  .controls label,
  .controls .label {
    color: var(--muted);
    font-size: 0.8rem;
  }
  .field {
    display: flex;
    flex-direction: column;
    gap: 2px;
  }
  .field .name {
    display: flex;
    align-items: center;
    gap: 6px;
    min-height: 20px;
    white-space: nowrap;
  }
  .field.wide {
    flex: 1 1 120px;
  }
  input[type='range'] {
    accent-color: var(--accent);
    min-height: 34px;
    width: 100%;
    min-width: 120px;
    margin: 0;
    padding: 0;
  }
  .head {
    flex-wrap: nowrap;
  }
  @media (max-width: 520px) {
    .controls .segments {
      display: grid;
      grid-template-columns: 1fr 1fr;
      gap: 1px;
      width: 100%;
      background: var(--line);
    }
    .controls .segments button + button {
      border-left: 0;
    }
  }
  .segments button {
    min-height: 34px;
    padding: 0 10px;
  }
  .bar {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 6px 12px;
    min-height: 34px;
    width: 100%;
    margin-top: 10px;
    font-size: 0.867rem;
  }
  .bar input[type='range'] {
    flex: 1 1 140px;
    width: auto;
    max-width: 260px;
  }
  .bar .keys {
    margin-left: auto;
  }
  @media (pointer: coarse) {
    .bar .keys {
      display: none;
    }
  }
  .readout {
    margin-top: 10px;
    min-height: 1.5em;
    font-size: 0.867rem;
  }
  .note {
    margin: 8px 0 0;
    padding: 6px 10px;
    border-radius: 6px;
    background: var(--note-well);
    overflow-wrap: anywhere;
  }
  .failure {
    display: flex;
    flex-wrap: wrap;
    gap: 8px 12px;
    align-items: center;
    margin: 0 0 12px;
    padding: 8px 12px;
    border-radius: 6px;
    background: var(--alert-well);
    color: var(--alert);
  }
  .failure p {
    flex: 1 1 260px;
    margin: 0;
    overflow-wrap: anywhere;
  }
  .export {
    min-height: 0;
    padding: 5px 4px;
    border: 0;
    background: none;
    color: var(--accent);
    font-size: 0.867rem;
    white-space: nowrap;
  }
  .export::after {
    content: '';
    display: inline-block;
    width: 0.4em;
    height: 0.4em;
    margin: 0 0 0.2em 0.5em;
    border: solid currentColor;
    border-width: 0 1.5px 1.5px 0;
    transform: rotate(45deg);
  }
  .sheet {
    position: fixed;
    inset: auto;
    width: min(420px, calc(100vw - 16px));
    max-height: calc(100vh - 16px);
    overflow: auto;
    margin: 0;
    padding: 12px;
    border: 1px solid var(--line);
    border-radius: 8px;
    background: var(--panel);
    color: var(--ink);
    box-shadow: 0 8px 28px rgb(0 0 0 / 18%);
    font-size: 0.867rem;
  }
  .sheet:popover-open {
    display: grid;
    gap: 8px;
  }
  .sheet .row {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 8px;
  }
  .sheet textarea {
    font:
      0.75rem/1.4 ui-monospace,
      monospace;
    color: var(--ink);
    background: var(--well);
    border: 1px solid var(--line);
    border-radius: 6px;
    padding: 6px 8px;
    width: 100%;
    resize: vertical;
  }
  .probe-layer,
  .handles {
    position: absolute;
    inset: 0;
    touch-action: pan-x pan-y pinch-zoom;
  }
  .handle {
    position: absolute;
    left: 0;
    top: 0;
    width: 30px;
    height: 30px;
    margin: -15px 0 0 -15px;
    border-radius: 50%;
    cursor: grab;
    touch-action: none;
    will-change: transform;
  }
  @media (pointer: coarse) {
    .handle {
      width: 40px;
      height: 40px;
      margin: -20px 0 0 -20px;
    }
  }
  .handle:active {
    cursor: grabbing;
  }
  .handle:focus-visible {
    outline: 2px solid var(--accent);
    outline-offset: -4px;
    background: color-mix(in srgb, var(--accent) 18%, transparent);
  }
  .handle.selected {
    box-shadow: inset 0 0 0 2px color-mix(in srgb, var(--accent) 70%, transparent);
  }
  .pen {
    position: absolute;
    inset: 0;
    touch-action: none;
    cursor: crosshair;
  }
  .nib {
    pointer-events: none;
  }
  .nib:focus-visible {
    background:
      linear-gradient(var(--alert), var(--alert)) 50% / 2px 100% no-repeat,
      linear-gradient(var(--alert), var(--alert)) 50% / 100% 2px no-repeat;
  }
  /* Shadows and gradients give way to the reader's colours there; lines stay. */
  @media (forced-colors: active) {
    .handle.selected {
      border: 2px solid Highlight;
    }
    .nib:focus-visible {
      forced-color-adjust: none;
      background: none;
      outline: 2px solid Highlight;
    }
    .failure {
      border: 1px solid;
    }
  }
`;
