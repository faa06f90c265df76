// The boundary between a page and a worker, with a channel in the place of a worker.

import { expose } from 'comlink';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Failure } from '../src/kit/failure';
import { connect, LOST, type Connection } from '../src/kit/remote';

interface Echo {
  echo(value: number): Promise<number>;
  call(back: (value: number) => void): Promise<void>;
  fail(code: string): Promise<void>;
  trap(): Promise<void>;
  never(): Promise<void>;
}

const service: Echo = {
  echo: (value) => Promise.resolve(value),
  // eslint-disable-next-line @typescript-eslint/require-await -- It answers at once, as a worker may.
  call: async (back) => back(7),
  fail: (code) => Promise.reject(new Failure('refused', code)),
  trap: () => Promise.reject(new WebAssembly.RuntimeError('unreachable')),
  never: () => new Promise(() => undefined),
};

const made: FakeWorker[] = [];

class FakeWorker extends EventTarget {
  terminated = false;
  private readonly channel = new MessageChannel();

  constructor() {
    super();
    this.channel.port1.onmessage = ({ data }: MessageEvent<unknown>) =>
      this.dispatchEvent(new MessageEvent('message', { data }));
    expose(service, this.channel.port2);
    made.push(this);
  }

  postMessage(message: unknown, transfer: Transferable[]): void {
    this.channel.port1.postMessage(message, transfer);
  }

  terminate(): void {
    this.terminated = true;
    this.channel.port1.close();
  }

  fail(message: string): void {
    this.dispatchEvent(Object.assign(new Event('error'), { message }));
  }
}

let connection: Connection<Echo>;

beforeEach(() => {
  vi.stubGlobal('Worker', FakeWorker);
  vi.stubGlobal('document', { baseURI: 'http://localhost/' });
  connection = connect<Echo>('./echo.js');
});

afterEach(() => {
  connection.close();
  made.length = 0;
  vi.unstubAllGlobals();
});

describe('a worker', () => {
  it('answers, calls back, and fails with the code of the failure', async () => {
    await expect(connection.api.echo(3)).resolves.toBe(3);
    const heard = vi.fn();
    await connection.api.call(heard);
    await vi.waitFor(() => expect(heard).toHaveBeenCalledWith(7));
    await expect(connection.api.fail('shape')).rejects.toMatchObject({ message: 'refused', code: 'shape' });
  });

  it('that ends rejects every call that waits, and says why', async () => {
    const waiting = [connection.api.never(), connection.api.never()];
    made[0]?.fail('Uncaught RuntimeError: unreachable');
    for (const call of waiting) await expect(call).rejects.toMatchObject({ message: 'unreachable', code: LOST });
    await expect(connection.lost).resolves.toMatchObject({ message: 'unreachable' });
    expect(made[0]?.terminated).toBe(true);
    await expect(connection.api.echo(1)).rejects.toMatchObject({ code: LOST });
  });

  it('that cannot be loaded says so', async () => {
    made[0]?.fail('');
    await expect(connection.lost).resolves.toMatchObject({ message: 'its script could not be loaded' });
  });

  it('that traps within a call has ended, for all calls', async () => {
    const waiting = connection.api.never();
    await expect(connection.api.trap()).rejects.toMatchObject({ code: LOST });
    await expect(waiting).rejects.toMatchObject({ code: LOST });
    await expect(connection.lost).resolves.toMatchObject({ message: 'unreachable' });
  });

  it('that the page closes rejects what waits, and is not lost', async () => {
    const lost = vi.fn();
    void connection.lost.then(lost);
    const waiting = connection.api.never();
    connection.close();
    await expect(waiting).rejects.toMatchObject({ code: LOST });
    expect(lost).not.toHaveBeenCalled();
    expect(made[0]?.terminated).toBe(true);
  });
});
