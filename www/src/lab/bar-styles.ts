// Styles of the settings below a lab's transport.

import { css } from 'lit';

export const settingsStyles = css`
  .fields {
    display: flex;
    flex-wrap: wrap;
    align-items: end;
    gap: 8px 14px;
  }
  .first {
    display: flex;
    flex-wrap: wrap;
    gap: 8px 14px;
    align-items: end;
    justify-content: space-between;
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
  .name {
    display: flex;
    align-items: center;
    gap: 5px;
  }
  /* Step arrows of the browser add 1, which is no step of a number that spans decades. */
  .real {
    appearance: textfield;
  }
  .real::-webkit-inner-spin-button {
    display: none;
  }
  .field label,
  .check label {
    font-size: 0.75rem;
    color: var(--muted);
  }
  .field input {
    width: 88px;
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
