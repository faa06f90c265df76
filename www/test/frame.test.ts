// The parts of the figures' frame that need no page.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { Derived } from '../src/gallery/frame/derived';
import { PendingCalls } from '../src/kit/pending';

describe('a derived value', () => {
  it('is made anew only when what it follows from is another', () => {
    const made: string[] = [];
    const derived = new Derived((a: number, b: string) => {
      made.push(`${a}${b}`);
      return { text: `${a}${b}` };
    });
    const first = derived.of(1, 'x');
    expect(derived.of(1, 'x')).toBe(first);
    expect(derived.of(2, 'x').text).toBe('2x');
    expect(derived.of(NaN, 'x')).toBe(derived.of(NaN, 'x'));
    expect(made).toEqual(['1x', '2x', 'NaNx']);
  });

  it('is freed when another replaces it or it is forgotten, and not before the other is made', () => {
    const freed: number[] = [];
    const derived = new Derived(
      (n: number) => {
        if (n < 0) throw new Error('no such number');
        return n;
      },
      (n) => freed.push(n),
    );
    derived.of(1);
    expect(() => derived.of(-1)).toThrow('no such number');
    expect([freed, derived.of(1)]).toEqual([[], 1]);
    derived.of(2);
    expect(freed).toEqual([1]);
    derived.forget();
    derived.forget();
    expect(freed).toEqual([1, 2]);
  });
});

describe('calls to a worker', () => {
  it('are answered, or fail when the worker does', async () => {
    const calls = new PendingCalls();
    await expect(calls.run(() => Promise.resolve(3))).resolves.toBe(3);
    await expect(calls.run(() => Promise.reject(new Error('refused')))).rejects.toThrow('refused');
    const waiting = [1, 2].map(() => calls.run(() => new Promise<number>(() => undefined)));
    expect(calls.size).toBe(2);
    calls.fail(new Error('the worker stopped'));
    for (const call of waiting) await expect(call).rejects.toThrow('the worker stopped');
    expect(calls.size).toBe(0);
  });

  it('keep no answer that the caller has let go of', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const calls = new PendingCalls();
    const answers: WeakRef<object>[] = [];
    for (let i = 0; i < 20; i++) {
      const answer = await calls.run(() => Promise.resolve({ cells: new Float64Array(1000) }));
      answers.push(new WeakRef(answer));
    }
    // A reference lives to the end of its task.
    await new Promise((resolve) => setTimeout(resolve));
    collect();
    // The loop's last may still be on the stack.
    expect(answers.filter((each) => each.deref() !== undefined).length).toBeLessThanOrEqual(1);
  });
});
