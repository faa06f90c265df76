// The page of the partition explorer: a lab's session with the explorer large, on images or on activations. Which of
// them is the `data` of the address, as in the labs, so that a link from there opens here.

/** Values of `data` that are the activations lab's. */
const ACTIVATIONS = ['sample', 'minilm', 'file'];

function wantsActivations(): boolean {
  const data = new URLSearchParams(location.hash.replace(/^#/, '')).get('data');
  return data !== null && ACTIVATIONS.includes(data);
}

/** `embedded`: the explorer alone, as it stands in other pages. */
export async function open(main: HTMLElement | null, embedded = false): Promise<void> {
  const activations = wantsActivations();
  // The two are different labs with workers of their own: a link to the other begins anew.
  addEventListener('hashchange', () => {
    if (wantsActivations() !== activations) location.reload();
  });
  if (activations) await import('./activations');
  else await import('./mnist');
  const page = document.createElement(activations ? 'explorer-activations' : 'explorer-mnist');
  page.toggleAttribute('embedded', embedded);
  main?.append(page);
}
