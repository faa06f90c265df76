import { defineConfig } from '@playwright/test';

// A port that follows from the process, so that two runs on one machine do not meet; the workers inherit it.
const port = Number((process.env.SITE_PORT ??= String(20_000 + (process.pid % 20_000))));
const ci = process.env.CI !== undefined;
const chromium = process.env.CHROME_PATH ?? '/usr/bin/chromium';

/** Chromium asks nothing of the network by itself, and runs as root too, as it must in a container. */
const flags = [
  '--no-sandbox',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Chromium's WebGPU on its own software adapter, the same on every machine. */
const gpuFlags = [...flags, '--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader'];
const gpuTests = /gpu\.spec\.ts$/;

export default defineConfig({
  testDir: '.',
  outputDir: 'results',
  forbidOnly: ci,
  fullyParallel: true,
  // Once more where a busy machine starved a page: such a test is reported as flaky, not as passed.
  retries: ci ? 1 : 0,
  // Two at a time take a quarter less than one at a time on two cores, though a page that trains keeps both busy.
  workers: 2,
  timeout: 240_000,
  // Training is waited for: a busy machine of two cores may be twenty times slower than an idle one.
  expect: { timeout: 60_000 },
  reporter: [['list']],
  use: {
    baseURL: `http://localhost:${port}/`,
    launchOptions: { executablePath: chromium, args: flags },
    // Each test is a first visit, which would keep the whole site; tests of just that allow it.
    serviceWorkers: 'block',
    screenshot: 'only-on-failure',
    // To trace every test takes a quarter more time.
    trace: 'on-first-retry',
  },
  projects: [
    { name: 'desktop', testIgnore: gpuTests, use: { viewport: { width: 1280, height: 800 } } },
    // What a setting, a file or a link does is the same at any width: the phone repeats what can look or feel different.
    {
      name: 'phone',
      testIgnore: gpuTests,
      grep: /touch|too wide|wider|trains at once|at once says|every picture|in a trained lab|embed/i,
      use: { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true },
    },
    {
      name: 'gpu',
      testMatch: gpuTests,
      use: { launchOptions: { executablePath: chromium, args: gpuFlags } },
    },
  ],
  webServer: {
    command: `node_modules/.bin/vite preview --port ${port} --strictPort`,
    cwd: '../../www',
    url: `http://localhost:${port}/`,
    reuseExistingServer: false,
  },
});
