// Styles that several components share: controls, figures, captions.

import { css, unsafeCSS } from 'lit';
import { markerShape, runLooks } from './runs';

/** A class for each run, by which whatever stands in it knows the run's colour and its marker. */
const runClasses = unsafeCSS(
  [...runLooks]
    .map(([run, { marker }]) => `.${run} { --chip: var(--${run}); --marker: ${markerShape(marker)}; }`)
    .join('\n'),
);

export const shared = css`
  * {
    box-sizing: border-box;
  }
  :host {
    display: block;
  }
  :focus-visible {
    outline: 2px solid var(--accent);
    outline-offset: 2px;
  }
  h2 {
    margin: 0;
    font-size: 1rem;
    font-weight: 650;
    letter-spacing: -0.005em;
  }
  h3 {
    margin: 0;
    font-size: 0.867rem;
    font-weight: 600;
  }
  a {
    color: var(--accent);
    text-underline-offset: 2px;
  }
  button,
  select,
  input {
    font: inherit;
    font-variant-numeric: tabular-nums;
    color: inherit;
  }
  button,
  select,
  input[type='number'],
  input[type='text'] {
    min-height: 34px;
    border: 1px solid var(--field);
    border-radius: 7px;
    background: var(--panel);
    padding: 0 10px;
  }
  button {
    cursor: pointer;
  }
  button:hover:not(:disabled) {
    border-color: var(--accent);
    color: var(--accent);
  }
  button:disabled {
    opacity: 0.45;
    cursor: default;
  }
  figure {
    margin: 0;
    background: var(--panel);
    border: 1px solid var(--line);
    border-radius: var(--radius);
    padding: 16px 18px;
  }
  figcaption {
    margin-top: 12px;
    color: var(--muted);
    font-size: 0.867rem;
    max-width: 75ch;
    text-wrap: pretty;
  }
  figcaption strong {
    color: var(--ink);
    font-weight: 600;
  }
  .head {
    display: flex;
    flex-wrap: wrap;
    gap: 8px 14px;
    align-items: center;
    justify-content: space-between;
    margin-bottom: 12px;
  }
  .chip::before {
    content: '';
    display: inline-block;
    width: 0.7em;
    height: 0.7em;
    margin-right: 0.45em;
    clip-path: var(--marker);
    background: var(--chip);
  }
  ${runClasses}
  .number {
    font-variant-numeric: tabular-nums;
  }
  .muted {
    color: var(--muted);
  }
  .small {
    font-size: 0.8rem;
  }
  .hidden {
    position: absolute;
    width: 1px;
    height: 1px;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }
  .segments {
    display: inline-flex;
    border: 1px solid var(--field);
    border-radius: 7px;
    overflow: hidden;
  }
  .segments button {
    border: 0;
    border-radius: 0;
    min-height: 28px;
    font-size: 0.8rem;
  }
  .segments button + button {
    border-left: 1px solid var(--line);
  }
  button[aria-pressed='true'],
  button[aria-pressed='true']:hover:not(:disabled) {
    background: var(--accent);
    color: var(--on-accent);
  }
  .segments button:focus-visible {
    outline-offset: -3px;
  }
  /* Where the reader has colours of their own: what a background says must be said in those. */
  @media (forced-colors: active) {
    button[aria-pressed='true'],
    button[aria-pressed='true']:hover:not(:disabled) {
      forced-color-adjust: none;
      background: Highlight;
      color: HighlightText;
    }
    .segments button[aria-pressed='true']:focus-visible {
      outline-color: HighlightText;
    }
    .chip::before {
      forced-color-adjust: none;
    }
    progress {
      border: 1px solid CanvasText;
    }
    progress::-webkit-progress-value {
      forced-color-adjust: none;
      background: Highlight;
    }
    progress::-moz-progress-bar {
      forced-color-adjust: none;
      background: Highlight;
    }
  }
  .check {
    display: flex;
    align-items: center;
    gap: 7px;
    min-height: 34px;
  }
  .check input {
    width: 18px;
    height: 18px;
    accent-color: var(--accent);
  }
  canvas {
    display: block;
    image-rendering: pixelated;
  }
  progress {
    display: block;
    width: 100%;
    height: 6px;
    border: 0;
    border-radius: 3px;
    overflow: hidden;
    background: var(--line);
    appearance: none;
  }
  progress::-webkit-progress-bar {
    background: var(--line);
  }
  progress::-webkit-progress-value {
    background: var(--accent);
  }
  progress::-moz-progress-bar {
    background: var(--accent);
  }
`;
