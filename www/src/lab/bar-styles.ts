// Styles of the settings below a lab's transport.

import { css } from 'lit';

export const settingsStyles = css`
  .fields {
    display: flex;
    flex-wrap: wrap;
    align-items: end;
    gap: 8px 14px;
  }
  .model {
    max-width: var(--page);
    margin: 0 auto;
  }
  .field {
    display: flex;
    flex-direction: column;
    gap: 2px;
  }
  .field label,
  .check label {
    font-size: 0.75rem;
    color: var(--muted);
  }
  .field input {
    width: 88px;
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
  summary {
    cursor: pointer;
    color: var(--accent);
    font-size: 0.867rem;
    padding: 6px 0;
    width: max-content;
  }
  .settings {
    padding: 12px var(--gutter) 0;
  }
  details .fields {
    padding: 4px 0 6px;
  }
`;
