// The explorer's settings, colours and requests, without a browser.

import { describe, expect, it, vi } from 'vitest';
import type { Connection } from '../src/kit/remote';
import { Failure } from '../src/kit/failure';
import { faceWidths, groupsOf, rangeOf, STEPS } from '../src/labs/explorer/colouring';
import { ExplorerController, type ExplorerHost } from '../src/labs/explorer/controller';
import type { ExplorerService, Model, Slice, SliceRequest } from '../src/labs/explorer/protocol';
import { explorerProperties, wrapped, zoomed, type ExploreState } from '../src/labs/explorer/settings';
import { curveOf, errorAt } from '../src/labs/explorer/walk-picture';
import { initialOf, parseState, writeState } from '../src/kit/properties';
import { settled } from './support/fakes';
import { noRows } from './support/rows';

describe('settings', () => {
  it('come back from a link, and refuse what is none of them', () => {
    const state: ExploreState = {
      ...initialOf(explorerProperties),
      ...{ plane: 'latents', picks: [5, 6, 7], directions: [1, 2], turn: -30, window: { x: 1e-9, y: 0, w: 2.5 } },
    };
    expect(parseState(explorerProperties, writeState(explorerProperties, state))).toEqual({ state, notes: [] });
    const bad = parseState(explorerProperties, 'picks=1,2&window=1*2*0&turn=400&directions=-1,2&plane=cube');
    expect(bad.notes).toHaveLength(5);
    expect(bad.state).toEqual(initialOf(explorerProperties));
  });

  it('keep the point under the pointer while they zoom, and angles within a turn', () => {
    const before = { x: 0, y: 0, w: 10 };
    const after = zoomed(before, 0.5, { x: 4, y: 2 });
    expect(after).toEqual({ x: 2, y: 1, w: 5 });
    expect((4 - after.x) / after.w).toBeCloseTo((4 - before.x) / before.w);
    expect([wrapped(190), wrapped(-190), wrapped(0), wrapped(540)]).toEqual([-170, 170, 0, -180]);
    expect(zoomed(before, 1e-12, { x: 0, y: 0 }).w).toBeGreaterThan(0);
  });
});

const diagram = { cells: 3, colours: Uint8Array.of(4, 5, 0) } as Slice['diagram'];

describe('colours', () => {
  it('are those of the diagram by identity, and steps of a scale by value', () => {
    const values = Float64Array.of(1, 1.5, 2);
    expect([...groupsOf({ diagram, values }, 'identity', 8)]).toEqual([4, 5, 0]);
    expect([...groupsOf({ diagram, values }, 'error', 8)]).toEqual([0, STEPS / 2, STEPS - 1]);
    expect([...groupsOf({ diagram, values: Float64Array.of(3, 3, 3) }, 'l0', 8)]).toEqual([0, 0, 0]);
    expect(rangeOf(values)).toEqual([1, 2]);
  });

  it('keep grey for cells in which no latent is active', () => {
    expect([...groupsOf({ diagram, values: Float64Array.of(-1, 0, 9) }, 'leading', 8)]).toEqual([7, 0, 2]);
  });

  it('draw faces the wider the farther the jump, and none wider than cells allow', () => {
    const { groups, widths, largest } = faceWidths(Float64Array.of(0, 1, 2), 100);
    expect(largest).toBe(2);
    expect([...groups]).toEqual([...groups].sort());
    expect(groups[2]).toBe(widths.length - 1);
    expect(Math.max(...faceWidths(Float64Array.of(0, 1, 2), 5).widths)).toBeLessThan(1);
    expect([...faceWidths(new Float64Array(3), 100).groups]).toEqual([0, 0, 0]);
  });
});

describe('walks', () => {
  // (t − 1)² up to the face at 0.5, then 2 t.
  const walk = { t: Float64Array.of(0.5), squaredError: Float64Array.of(1, -2, 1, 0, 2, 0) };

  it('take the error from the piece that holds the point', () => {
    expect([0, 0.25, 0.5, 1].map((t) => errorAt(walk, t))).toEqual([1, 0.5625, 1, 2]);
    const [first, second] = curveOf(walk);
    expect(first?.at(-1)).toEqual({ t: 0.5, error: 0.25 });
    expect(second?.[0]).toEqual({ t: 0.5, error: 1 });
  });
});

/** A worker whose slices the test answers. */
function explorer() {
  const asked: { request: SliceRequest; answer: () => void; refuse: (error: Failure) => void }[] = [];
  let explore = initialOf(explorerProperties);
  const told: string[] = [];
  const models = [{ name: 'pam', title: 'PAM-SGD', epoch: 1, rows: '1' }];
  const model: Model = {
    ...{
      W_enc: new Float32Array(1),
      b_enc: new Float32Array(1),
      W_dec: new Float32Array(1),
      b_dec: new Float32Array(1),
    },
    ...{ activation: { kind: 'relu' }, dIn: 1, dSae: 1 },
  };
  const host: ExplorerHost = {
    get explore() {
      return explore;
    },
    changeExplore: (patch) => (explore = { ...explore, ...patch }),
    offered: () => models,
    preferred: () => ['pam'],
    model: () => Promise.resolve(model),
    rows: () => Promise.resolve(noRows),
    canExport: () => false,
    link: () => '',
  };
  const unasked = (): Promise<never> => Promise.reject(new Failure('nobody asks for it here', 'internal'));
  const api: ExplorerService = {
    start: () => Promise.resolve(),
    takeRows: (key) => Promise.resolve(void told.push(`rows ${key}`)),
    takeModel: (name, _model, key, epoch) => Promise.resolve(void told.push(`model ${name} ${key} ${epoch}`)),
    keepOnly: () => Promise.resolve(),
    slice: (request) =>
      new Promise((resolve, reject) =>
        asked.push({ request, answer: () => resolve({ diagram } as Slice), refuse: reject }),
      ),
    ...{ read: unasked, shown: unasked, walk: unasked, frames: unasked, pulse: unasked, stand: unasked },
    ...{ cancelStand: unasked, refit: unasked, check: unasked },
  };
  const connection: Connection<ExplorerService> = { api, lost: new Promise(() => undefined), close: () => undefined };
  const controller = new ExplorerController(host, () => connection);
  return { controller, asked, told, models };
}

describe('the controller', () => {
  it('has one slice under way, and asks next for the newest view alone', async () => {
    const { controller, asked } = explorer();
    controller.watch(true);
    await settled();
    expect(asked).toHaveLength(1);
    for (const turn of [1, 2, 3]) controller.set({ turn });
    await settled();
    expect(asked).toHaveLength(1);
    asked[0]?.answer();
    await settled();
    expect(asked.map(({ request }) => request.plane.turn)).toEqual([0, 3]);
    expect(controller.shown('pam').slice).toBeDefined();
  });

  it('cuts without jumps while the view moves, and with them once it rests', async () => {
    vi.useFakeTimers();
    try {
      const { controller, asked } = explorer();
      const answered = async (): Promise<boolean | undefined> => {
        await vi.advanceTimersByTimeAsync(0);
        const last = asked.at(-1);
        last?.answer();
        await vi.advanceTimersByTimeAsync(0);
        return last?.request.jumps;
      };
      controller.watch(true);
      expect(await answered()).toBe(true);
      controller.set({ turn: 5 });
      expect(await answered()).toBe(false);
      controller.set({ turn: 6 });
      expect(await answered()).toBe(false);
      await vi.advanceTimersByTimeAsync(1000);
      expect(await answered()).toBe(true);
      expect(asked.map(({ request }) => request.plane.turn)).toEqual([0, 5, 6, 6]);
      // No cut depends on the place of the walk.
      controller.set({ walked: 0.25 });
      await vi.advanceTimersByTimeAsync(1000);
      expect(asked).toHaveLength(4);
      expect(controller.host.explore.walked).toBe(0.25);
    } finally {
      vi.useRealTimers();
    }
  });

  it('hands a model over again when it has trained on, its rows once', async () => {
    const { controller, told, models } = explorer();
    controller.watch(true);
    await settled();
    models[0] = { name: 'pam', title: 'PAM-SGD', epoch: 2, rows: '1' };
    controller.follow();
    await settled();
    controller.follow();
    await settled();
    expect(told).toEqual(['rows 1', 'model pam 1 1', 'model pam 1 2']);
  });

  it('keeps the last picture where a slice fails, says why, and forgets it with the next', async () => {
    const { controller, asked } = explorer();
    controller.watch(true);
    await settled();
    asked[0]?.answer();
    await settled();
    controller.setPlane({ picks: [0, 0, 1] });
    await settled();
    asked[1]?.refuse(new Failure('parallel', 'plane'));
    await settled();
    expect(controller.shown('pam')).toMatchObject({ failure: 'parallel', slice: { diagram } });
    controller.setPlane({ picks: [0, 1, 2] });
    await settled();
    asked[2]?.answer();
    await settled();
    expect(controller.shown('pam').failure).toBeUndefined();
  });
});
