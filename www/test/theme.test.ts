// Colours that canvases read from CSS.

import { afterEach, describe, expect, it, vi } from 'vitest';

describe('CSS variables as plain colours', () => {
  afterEach(() => vi.unstubAllGlobals());

  it('are all registered before the first is read, and once only', async () => {
    const calls: string[] = [];
    vi.stubGlobal('matchMedia', () => ({ matches: false }));
    vi.stubGlobal('CSS', { registerProperty: ({ name }: { name: string }) => calls.push(`register ${name}`) });
    vi.stubGlobal('getComputedStyle', () => ({
      getPropertyValue: (name: string) => {
        calls.push(`read ${name}`);
        return ` colour of ${name} `;
      },
    }));
    const { plainColour, plainColours } = await import('../src/kit/theme');
    const element = {} as Element;
    expect(plainColours(element, ['--a', '--b'])).toEqual(['colour of --a', 'colour of --b']);
    expect(plainColour(element, '--b')).toBe('colour of --b');
    expect(calls).toEqual(['register --a', 'register --b', 'read --a', 'read --b', 'read --b']);
  });
});
