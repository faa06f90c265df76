// What the marks of "Between k-means and PCA" stand for.

import { css, html } from 'lit';

export const toyLegendStyles = css`
  .legend {
    display: flex;
    flex-wrap: wrap;
    gap: 2px 18px;
    margin: 8px 0 0;
    padding: 0;
    list-style: none;
    font-size: 0.8rem;
  }
  .legend svg {
    width: 18px;
    height: 12px;
    margin-right: 4px;
    vertical-align: -1px;
    forced-color-adjust: none;
  }
`;

export const toyLegend = html`<ul class="legend" aria-label="Marks">
  <li>
    <svg viewBox="0 0 18 12" aria-hidden="true"><circle cx="9" cy="6" r="2.5" fill="var(--ink)" /></svg>point
  </li>
  <li>
    <svg viewBox="0 0 18 12" aria-hidden="true"><circle cx="9" cy="6" r="2.5" fill="var(--alert)" /></svg>its
    reconstruction
  </li>
  <li>
    <svg viewBox="0 0 18 12" aria-hidden="true">
      <circle cx="9" cy="6" r="4" fill="var(--panel)" stroke="var(--alert)" stroke-width="2.5" /></svg
    >mean of a cell
  </li>
  <li>
    <svg viewBox="0 0 18 12" aria-hidden="true">
      <path d="M9 1v10M4 6h10" stroke="var(--accent)" stroke-width="1.5" /></svg
    >site of the SAE
  </li>
  <li>
    <svg viewBox="0 0 18 12" aria-hidden="true"><path d="M1 6h16" stroke="var(--accent)" stroke-width="3" /></svg
    >principal axes, two standard deviations either way
  </li>
</ul>`;
