// The pages of the site, in the order of the navigation. A page is listed once it exists.

export interface SitePage {
  /** Its address, relative to the site's root. */
  readonly href: string;
  /** Its name in the navigation. */
  readonly name: string;
}

/** What the site is the companion of. */
export const PAPER = 'https://arxiv.org/abs/2505.11836';

export const sitePages: readonly SitePage[] = [
  { href: './article.html', name: 'Article' },
  { href: './', name: 'MNIST lab' },
  { href: './activations.html', name: 'Activations lab' },
  { href: './explorer.html', name: 'Explorer' },
  { href: './gallery.html', name: 'Gallery' },
  { href: './results.html', name: 'Results' },
  { href: './gpu.html', name: 'Your GPU' },
];
