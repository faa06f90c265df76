// The page of results: what is gathered of docs/results, and how it is drawn.

import { describe, expect, it } from 'vitest';
import { comparisons, frontiers, recovered, reluSweep } from '../results-data';
import { rowsOf } from '../docs-results';
import { parts } from '../results-plugin';
import { plotSvg, type Mark } from '../results-plot';
import { settings as activations } from '../src/labs/activations/settings';
import { settings as mnist } from '../src/labs/mnist/settings';
import { readVariants } from '../src/lab/variants/options';

const mark = (x: number, y: number): Mark => ({ x, y, series: 'pam', marker: 'circle', text: `at ${x}` });

describe('the runs of docs/comparison.md', () => {
  it('lead to states that the labs understand, whose variants are options of the crate', () => {
    const compared = comparisons().flatMap(({ outcomes }) => outcomes);
    const points = frontiers().flatMap((frontier) => frontier.points);
    const links = [...compared, ...points, ...reluSweep()].map(({ href }) => href);
    expect(links.length).toBeGreaterThan(60);
    for (const href of links) {
      const hash = href.slice(href.indexOf('#'));
      const { state, notes } = (href.startsWith('./#') ? mnist : activations).parse(hash);
      expect(notes, href).toEqual([]);
      expect(() => readVariants(state.variants), href).not.toThrow();
    }
  });

  it('lead to runs of the recipe with a warm-up of a twentieth of their steps', () => {
    const all = comparisons().flatMap(({ outcomes }) => outcomes);
    const recipes = all.filter(({ method }) => method === 'sgd-recipe');
    expect(recipes.length).toBeGreaterThan(5);
    for (const { href, steps } of recipes) {
      const variants = readVariants(new URLSearchParams(href.slice(href.indexOf('#') + 1)).get('variants') ?? '');
      expect(variants).toMatchObject({ warmupSteps: Math.trunc(steps / 20), auxk: true, decoderNorm: 'unit' });
    }
  });

  it('show the validation error of the threshold that was chosen', () => {
    const files = ['comparison-mnist-jumprelu', 'comparison-minilm-jumprelu'].flatMap(rowsOf);
    let seen = 0;
    for (const { set, share, outcomes, tuning } of comparisons()) {
      for (const { family, method, protocol, lr, threshold } of outcomes) {
        if (family !== 'jumprelu' || protocol !== 'epochs') continue;
        const shown = tuning.filter((each) => each.family === family && each.method === method && each.lr === lr);
        const row = files.find(
          (each) =>
            each.set === set &&
            Number(each.share) === share &&
            each.protocol === protocol &&
            each.role === 'validation' &&
            each.method === `jumprelu-${method}` &&
            Number(each.lr) === lr &&
            each.threshold === threshold,
        );
        expect(shown.map(({ mse }) => mse)).toEqual([Number(row?.mse)]);
        seen += 1;
      }
    }
    expect(seen).toBe(33);
  });

  it('are means over three seeds each', () => {
    for (const { outcomes } of comparisons()) {
      for (const { mse, fvu } of outcomes) {
        expect(mse.deviation).toBeGreaterThan(0);
        expect(fvu.mean).toBeGreaterThan(0);
      }
    }
    for (const { points } of frontiers()) {
      for (const { fvu, l0 } of points) {
        expect(fvu.deviation).toBeGreaterThan(0);
        expect(l0.mean).toBeGreaterThan(1);
      }
    }
    expect(recovered()).toHaveLength(11);
  });
});

describe('the frontiers', () => {
  it('lead to runs with the k or the penalty of their points', () => {
    const points = frontiers().flatMap((frontier) => frontier.points);
    expect(points.length).toBeGreaterThan(40);
    for (const { family, method, setting, lr, epochs, href } of points) {
      const hash = href.slice(href.indexOf('#'));
      const { state } = href.startsWith('./#') ? mnist.parse(hash) : activations.parse(hash);
      const variants = readVariants(state.variants);
      expect(state.activation, href).toBe(family);
      expect(state.epochs, href).toBe(epochs);
      const asked = { topk: state.k, batchtopk: state.k, jumprelu: variants.targetL0, relu: state.l1 };
      expect(asked[family], href).toBe(Number(setting));
      expect(method === 'pam' ? variants.lr : state.lr, href).toBe(lr);
    }
  });
});

describe('a plot', () => {
  const numbersIn = (svg: string, pattern: RegExp): number[] =>
    [...svg.matchAll(pattern)].map((match) => Number(match[1]));

  it('has its points within its frame, the larger to the right and above', () => {
    const marks = [mark(1, 0.1), mark(30, 0.4), mark(250, 0.05)].map((each) => ({ ...each, href: './#k=1' }));
    const svg = plotSvg({ id: 'p', title: 'T', x: 'X', y: 'Y', marks });
    const xs = numbersIn(svg, /cx="([\d.]+)"/g);
    const ys = numbersIn(svg, /cy="([\d.]+)"/g);
    expect(xs).toEqual([...xs].sort((a, b) => a - b));
    expect(ys[1]).toBeLessThan(ys[0] ?? 0);
    expect(ys[2]).toBeGreaterThan(ys[0] ?? Infinity);
    expect(Math.min(...xs)).toBeGreaterThan(58);
    expect(Math.max(...xs)).toBeLessThan(346);
    expect(Math.max(...ys)).toBeLessThan(228);
  });

  it('is logarithmic: equal ratios are equal distances', () => {
    const marks = [1, 10, 100].map((x) => ({ ...mark(x, x), href: '#' }));
    const [a = 0, b = 0, c = 0] = numbersIn(plotSvg({ id: 'p', title: 'T', x: 'X', y: 'Y', marks }), /cx="([\d.]+)"/g);
    expect(b - a).toBeCloseTo(c - b, 0);
  });

  it.each([
    ['narrow', [15, 15.5], ['14', '15', '16']],
    ['wide', [1, 9000], ['1', '10', '100', '1000']],
    ['of large numbers', [1.6e9, 1.4e10], ['2·10⁹', '5·10⁹', '10¹⁰']],
    ['of one value', [3, 3], ['3']],
  ])('labels a range that is %s with round numbers', (_, xs, labels) => {
    const svg = plotSvg({ id: 'p', title: 'T', x: 'X', y: 'Y', marks: xs.map((x) => mark(x, 1)) });
    const found = [...svg.matchAll(/text-anchor="middle">([^<]+)<\/text>/g)].map((match) => match[1]);
    for (const label of labels) expect(found).toContain(label);
  });

  it('escapes what it says', () => {
    expect(plotSvg({ id: 'p', title: 'a < b & c', x: 'X', y: 'Y', marks: [mark(1, 1)] })).toContain('a &lt; b &amp; c');
  });
});

describe('the page', () => {
  it('names each of its plots once', () => {
    const ids = Object.values(parts()).flatMap((part) => [...part.matchAll(/ id="([^"]+)"/g)].map((match) => match[1]));
    expect(ids.length).toBeGreaterThan(20);
    expect(new Set(ids).size).toBe(ids.length);
  });
});
