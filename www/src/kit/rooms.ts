// The rooms of the site, in the order of the navigation. A room is listed once its page exists.

/** One page of the site. */
export interface Room {
  /** Page, relative to the site's root. */
  readonly href: string;
  /** Name in the navigation. */
  readonly name: string;
}

export const rooms: readonly Room[] = [
  { href: './', name: 'MNIST lab' },
  { href: './activations.html', name: 'Activations lab' },
  { href: './gallery.html', name: 'Gallery' },
  { href: './gpu.html', name: 'Your GPU' },
];
