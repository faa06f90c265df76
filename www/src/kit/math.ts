// Formulas in components, which styles of the page do not reach: as in text.css.

import { css } from 'lit';

export const mathStyles = css`
  math {
    font-family: 'STIX Two Math', 'Latin Modern Math', 'DejaVu Math TeX Gyre', math;
  }
`;
