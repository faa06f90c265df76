// The npm package on a GPU, in a worker of a page: training, bulk work, a lost device. Chromium's own software adapter
// stands in for a card (see the flags of the project `gpu`).
import { createServer, type Server } from 'node:http';
import { readFile } from 'node:fs/promises';
import { type AddressInfo } from 'node:net';
import { extname } from 'node:path';
import { expect, test as base } from '@playwright/test';
import type * as Splinterp from '../../pkg/splinterp.js';

const root = new URL('../../', import.meta.url);
const types: Record<string, string> = { '.js': 'text/javascript', '.wasm': 'application/wasm' };

/** The worker: runs what the page posts, a function's source, on the module and on the devices opened so far. */
const worker = `
import init, * as splinterp from '/pkg/splinterp.js';
const devices = [];
const request = GPUAdapter.prototype.requestDevice;
GPUAdapter.prototype.requestDevice = async function (...options) {
  const device = await request.apply(this, options);
  devices.push(device);
  return device;
};
await init();
onmessage = async ({ data }) => {
  try {
    postMessage({ value: await eval('(' + data + ')')(splinterp, devices) });
  } catch (error) {
    postMessage({ error: String(error) });
  }
};
postMessage({});
`;

const page = `<!doctype html><title>GPU</title><script>
globalThis.worker = new Worker('/worker.js', { type: 'module' });
const next = () => new Promise((resolve) => {
  worker.addEventListener('message', ({ data }) => resolve(data), { once: true });
});
globalThis.ready = next();
globalThis.work = async (source) => {
  await ready;
  const answer = next();
  worker.postMessage(source);
  const { value, error } = await answer;
  if (error) throw new Error(error);
  return value;
};
</script>`;

type Module = typeof Splinterp;
/** A function that runs in the worker. It sees nothing but its arguments. */
type Work<T> = (splinterp: Module, devices: GPUDevice[]) => Promise<T>;
interface Page {
  work(source: string): Promise<unknown>;
}
/** What is used of a browser's device; the types of WebGPU are no part of the project. */
interface GPUDevice {
  destroy(): void;
}

const test = base.extend<{ run: <T>(work: Work<T>) => Promise<T> }, { site: Server }>({
  site: [
    // eslint-disable-next-line no-empty-pattern -- Playwright asks for the pattern
    async ({}, use) => {
      const server = createServer((request, response) => {
        const path = new URL(request.url ?? '/', 'http://localhost').pathname;
        const answer = (body: string | Buffer, type: string): void => {
          response.writeHead(200, { 'Content-Type': type }).end(body);
        };
        if (path === '/') answer(page, 'text/html');
        else if (path === '/worker.js') answer(worker, 'text/javascript');
        else
          readFile(new URL(`.${path.replaceAll('..', '')}`, root)).then(
            (body) => {
              answer(body, types[extname(path)] ?? 'application/octet-stream');
            },
            () => response.writeHead(404).end(),
          );
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      await use(server);
      server.close();
    },
    { scope: 'worker' },
  ],
  run: async ({ page, site }, use) => {
    await page.goto(`http://127.0.0.1:${String((site.address() as AddressInfo).port)}/`);
    await use(async (work) => {
      const source = work.toString();
      return (await page.evaluate((source) => (globalThis as unknown as Page).work(source), source)) as never;
    });
  },
});

test('every kernel agrees with the CPU, and the adapter is named', async ({ run }) => {
  const report = await run((splinterp) => splinterp.gpuReport());
  if (!report) throw new Error('this browser has no WebGPU adapter');
  expect(report.fault).toBeNull();
  expect(report.adapter.length).toBeGreaterThan(0);
  expect(report.backend).toBe('WebGPU');
  expect(report.limits.maxStorageBufferBindingSize).toBeGreaterThanOrEqual(2 ** 27);
  expect(report.checks.length).toBeGreaterThan(20);
  for (const { name, error } of report.checks) expect(error, name).toBeLessThan(1e-5);
});

test('an epoch in a worker ends as on the CPU, and says where it ran', async ({ run }) => {
  const [cpu, gpu] = await run(async ({ Dataset, Trainer }) => {
    const train = Dataset.digits(600, 1).normalised('mnist');
    const test = Dataset.digits(200, 2).normalised('mnist');
    const epoch = async (backend: 'cpu' | 'gpu') => {
      const trainer = await Trainer.create(train, test, {
        dSae: 64,
        activation: { kind: 'topk', k: 8, by: 'magnitude' },
        method: 'pam',
        seed: 1,
        backend,
      });
      let calls = 0;
      const report = await trainer.epoch(() => {
        calls += 1;
      });
      const resumed = await Trainer.resume(await trainer.checkpoint(), train, test, 'cpu');
      return { ...report, backend: trainer.backend, reason: trainer.backendReason, calls, next: await resumed.epoch() };
    };
    return [await epoch('cpu'), await epoch('gpu')] as const;
  });
  expect(cpu.backend).toBe('CPU, 1 thread');
  expect(gpu.backend).toMatch(/^GPU: .+ \(WebGPU\)$/);
  expect(gpu.reason).toBe('The options ask for the GPU.');
  expect(gpu.calls).toBeGreaterThan(2);
  expect(gpu.testMse / cpu.testMse).toBeCloseTo(1, 2);
  expect(gpu.next.testMse / cpu.next.testMse).toBeCloseTo(1, 2);
  expect(gpu.testL0).toBe(cpu.testL0);
});

test('an epoch with recipes of other programs ends as on the CPU', async ({ run }) => {
  const [cpu, gpu] = await run(async ({ Dataset, Trainer }) => {
    const train = Dataset.digits(600, 1).normalised('mnist');
    const test = Dataset.digits(200, 2).normalised('mnist');
    const shared = { dSae: 64, method: 'sgd', tied: false, seed: 1 } as const;
    const recipes = [
      {
        activation: { kind: 'batchtopk', k: 8 },
        auxk: { k: 16, deadAfter: 200 },
        prefixes: [16, 40] as number[],
        decoderNorm: 'unit',
      },
      {
        activation: { kind: 'jumprelu', threshold: 0.05 },
        jumprelu: { bandwidth: 0.2, targetL0: 8, coefficient: 0.01 },
      },
    ] as const;
    const epochs = async (backend: 'cpu' | 'gpu') => {
      const reports = [];
      for (const recipe of recipes) {
        const trainer = await Trainer.create(train, test, { ...shared, ...recipe, backend });
        reports.push({ ...(await trainer.epoch()), backend: trainer.backend });
      }
      return reports;
    };
    return [await epochs('cpu'), await epochs('gpu')] as const;
  });
  expect(gpu.length).toBe(2);
  gpu.forEach((report, at) => {
    expect(report.backend).toMatch(/^GPU: .+ \(WebGPU\)$/);
    expect(report.testMse / (cpu[at]?.testMse ?? NaN)).toBeCloseTo(1, 2);
    expect(report.objective / (cpu[at]?.objective ?? NaN)).toBeCloseTo(1, 2);
    expect(report.testL0 / (cpu[at]?.testL0 ?? NaN)).toBeCloseTo(1, 2);
  });
});

test('trainers made at once share one device, and all of them train', async ({ run }) => {
  const [opened, names, epochs] = await run(async ({ Dataset, Trainer }, devices) => {
    const data = Dataset.digits(200, 1);
    const make = (seed: number) => {
      const activation = { kind: 'topk', k: 4, by: 'magnitude' } as const;
      return Trainer.create(data, data, { dSae: 32, activation, method: 'sgd', seed, backend: 'gpu' });
    };
    // Two that wait for the device to be opened, and two that allocate on it at the same time once it is open.
    const first = await Promise.all([make(1), make(2)]);
    const trainers = [...first, ...(await Promise.all([make(3), make(4)]))];
    const opened = devices.length;
    const reports = await Promise.all(trainers.map((trainer) => trainer.epoch()));
    return [opened, trainers.map(({ backend }) => backend), reports.map(({ epoch }) => epoch)] as const;
  });
  expect(opened).toBe(1);
  for (const name of names) expect(name).toMatch(/^GPU: /);
  expect(epochs).toEqual([1, 1, 1, 1]);
});

test('a software adapter is not taken by itself, and the page can say why', async ({ run }) => {
  const [backend, reason, software] = await run(async ({ Dataset, Trainer, gpuReport }) => {
    const data = Dataset.digits(50, 1);
    const activation = { kind: 'relu' } as const;
    const trainer = await Trainer.create(data, data, { dSae: 8, activation, method: 'sgd', seed: 1 });
    return [trainer.backend, trainer.backendReason, (await gpuReport())?.software] as const;
  });
  expect(software).toBe(true);
  expect(backend).toBe('CPU, 1 thread');
  expect(reason).toContain('computes on the CPU');
});

test('a device lost in mid-epoch loses no epoch, and the second loss ends in words', async ({ run }) => {
  const [report, backend, reason, code, epochs] = await run(async ({ Dataset, Trainer }, devices) => {
    const train = Dataset.digits(600, 1).normalised('mnist');
    const activation = { kind: 'topk', k: 8, by: 'magnitude' } as const;
    const options = { dSae: 64, activation, method: 'pam', seed: 1, backend: 'gpu' } as const;
    const trainer = await Trainer.create(train, train, options);
    const disturbed = () => {
      const device = devices.at(-1);
      return trainer.epoch((done) => {
        if (done > 100) device?.destroy();
      });
    };
    const report = await disturbed();
    const { backend, backendReason } = trainer;
    const code = await disturbed().then(
      () => 'none',
      (error: unknown) => (error as Splinterp.SplinterpError).code,
    );
    return [report, backend, backendReason, code, trainer.epochs] as const;
  });
  expect(report.epoch).toBe(1);
  expect(backend).toMatch(/^GPU: /);
  expect(reason).toContain('The epoch was repeated');
  expect([code, epochs]).toEqual(['gpu-lost', 1]);
});

test('bulk work runs in pieces, with progress, and agrees with the CPU', async ({ run }) => {
  const [worst, heard, failures] = await run(async ({ Dataset, Sae }) => {
    const [dIn, dSae, n] = [20, 48, 2100];
    const wave = (length: number, step: number) => Float32Array.from({ length }, (_, i) => Math.sin(i * step));
    const parts = {
      W_enc: wave(dIn * dSae, 0.7),
      b_enc: wave(dSae, 0.3),
      W_dec: wave(dSae * dIn, 1.1),
      b_dec: wave(dIn, 0.9),
      activation: { kind: 'topk', k: 5, by: 'value' } as const,
    };
    const sae = Sae.fromParts(parts, dIn, dSae);
    const rows = Dataset.fromRows(wave(n * dIn, 0.13), dIn).values();
    const heard: [number, number][] = [];
    const backend = 'gpu' as const;
    const onProgress = (done: number, total: number) => heard.push([done, total]);
    const z = await sae.encodeAsync(rows, { backend, onProgress });
    const pairs = [
      [z, sae.encode(rows)],
      [await sae.decodeAsync(z, { backend }), sae.decode(z)],
      [await sae.forwardAsync(rows, { backend }), sae.forward(rows)],
      [await sae.forwardAsync(rows), sae.forward(rows)],
    ] as const;
    const furthest = (a: Float32Array, b: Float32Array) =>
      a.reduce((worst, value, i) => Math.max(worst, Math.abs(value - (b[i] ?? NaN))), 0);
    const worst = pairs.map(([a, b]) => furthest(a, b));
    const failures: unknown[] = [];
    for (const rows of [new Float32Array(dIn + 1), new Float32Array(dIn).fill(NaN)]) {
      try {
        await sae.encodeAsync(rows, { backend });
      } catch (error) {
        failures.push((error as Splinterp.SplinterpError).code);
      }
    }
    return [worst, heard, failures] as const;
  });
  for (const difference of worst) expect(difference).toBeLessThan(1e-4);
  expect(heard).toEqual([
    [1024, 2100],
    [2048, 2100],
    [2100, 2100],
  ]);
  expect(failures).toEqual(['shape', 'not-finite']);
});
