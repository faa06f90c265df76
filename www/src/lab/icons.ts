// Icons of the control bar.

import { svg, type TemplateResult } from 'lit';

function icon(path: string): TemplateResult {
  return svg`<svg viewBox="0 0 16 16" aria-hidden="true"><path d=${path}></path></svg>`;
}

export const icons = {
  play: icon('M4 2.2v11.6a.6.6 0 0 0 .9.5l9-5.8a.6.6 0 0 0 0-1l-9-5.8a.6.6 0 0 0-.9.5z'),
  pause: icon('M3.5 2h3v12h-3zM9.500 2h3v12h-3z'),
  step: icon('M3 2.500v11l7.500-5.500zM11 2.500h2v11h-2z'),
  reset: icon('M8 2.500a5.500 5.500 0 1 1-5.300 4h1.600A4 4 0 1 0 8 4v2.300L4.300 3.200 8 0z'),
  cancel: icon(
    'M3.300 2.200 8 6.900l4.700-4.700 1.100 1.100L9.100 8l4.700 4.700-1.100 1.100L8 9.100l-4.700 4.700-1.100-1.100L6.900 8 2.200 3.300z',
  ),
};
