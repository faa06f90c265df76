// A panel of a lab, and what panels hold.

import { css } from 'lit';

export const panelStyles = css`
  section {
    background: var(--panel);
    border: 1px solid var(--line);
    border-radius: var(--radius);
    padding: 16px 18px;
    height: 100%;
  }
  fieldset {
    border: 0;
    margin: 12px 0 0;
    padding: 0;
  }
  legend {
    padding: 0;
    font-size: 0.75rem;
    color: var(--muted);
  }
  .source {
    display: flex;
    align-items: center;
    gap: 8px;
    min-height: 32px;
  }
  .source input {
    width: 17px;
    height: 17px;
    margin: 0;
    accent-color: var(--accent);
  }
  p {
    margin: 12px 0 0;
  }
`;

/** Named numbers side by side. */
export const statisticsStyles = css`
  dl {
    display: flex;
    flex-wrap: wrap;
    gap: 6px 22px;
    margin: 12px 0 0;
  }
  dt {
    font-size: 0.75rem;
    color: var(--muted);
  }
  dd {
    margin: 0;
    font-variant-numeric: tabular-nums;
  }
`;
