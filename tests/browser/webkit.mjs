// The site in WebKitGTK, the engine of GNOME's browser and of the same code as Safari's, by its own WebDriver. It wants
// a display: Xvfb is one without a screen.
import { spawn } from 'node:child_process';
import console from 'node:console';
import process from 'node:process';
import { setTimeout } from 'node:timers/promises';
import { tryAll } from './other-browsers.mjs';
import { serve } from './site.mjs';

const DISPLAY = `:${90 + (process.pid % 900)}`;
const PORT = 20_000 + (process.pid % 20_000);
const MINI_BROWSER = process.env.WEBKIT_PATH ?? '/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser';

const site = await serve('./');
const screen = spawn('Xvfb', [DISPLAY, '-screen', '0', '1280x1000x24'], { stdio: 'ignore' });
const driver = spawn('WebKitWebDriver', [`--port=${PORT}`], {
  stdio: 'ignore',
  env: {
    ...process.env,
    DISPLAY,
    // The language of the browser; from "C" it would make one that Intl refuses.
    LC_ALL: 'en_US.UTF-8',
    // Its sandbox needs rights that containers do not give.
    WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: '1',
  },
});

/** A command of the WebDriver protocol (W3C), once the driver listens. */
async function command(method, path, body) {
  for (let tries = 0; ; tries += 1) {
    let response;
    try {
      const json = body && JSON.stringify(body);
      response = await globalThis.fetch(`http://127.0.0.1:${PORT}${path}`, { method, body: json });
    } catch (error) {
      if (tries >= 50) throw error;
      await setTimeout(200);
      continue;
    }
    const { value } = await response.json();
    if (value?.error) throw new Error(`${value.error}: ${value.message}`);
    return value;
  }
}

/** The first element in the page or in shadow roots: its attribute or text. */
const READ = `
  const [selector, attribute] = arguments;
  const find = (root) => {
    for (const element of root.querySelectorAll('*')) {
      if (element.matches(selector)) return element;
      const inner = element.shadowRoot && find(element.shadowRoot);
      if (inner) return inner;
    }
  };
  const found = find(document);
  return found ? (attribute ? found.getAttribute(attribute) : found.textContent) : null;`;

try {
  const options = { binary: MINI_BROWSER, args: ['--automation'] };
  const { sessionId, capabilities } = await command('POST', '/session', {
    capabilities: { alwaysMatch: { 'webkitgtk:browserOptions': options } },
  });
  console.log(`WebKitGTK ${capabilities.browserVersion}`);
  const session = `/session/${sessionId}`;
  const failures = await tryAll({
    open: (path) => command('POST', `${session}/url`, { url: site.address + path }),
    async read(selector, attribute) {
      const args = [selector, attribute ?? null];
      return (await command('POST', `${session}/execute/sync`, { script: READ, args })) ?? undefined;
    },
    // The protocol tells of no errors.
    faults: () => [],
  });
  await command('DELETE', session);
  if (failures > 0) process.exitCode = 1;
} finally {
  driver.kill();
  screen.kill();
  site.close();
}
