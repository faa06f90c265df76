// A server of a folder of this repository, with the headers that the site is served with, on a free port.
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname } from 'node:path';
import { URL } from 'node:url';

const root = new URL('../../', import.meta.url);
const types = {
  '.css': 'text/css',
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
};

/**
 * Serves `folder`, and an empty page at `/`; its address, and how to end it. `change` is given each path with its content,
 * and what it returns is served; nothing, and the file is not there.
 */
export async function serve(folder, change = (path, content) => content) {
  const server = createServer(async (request, response) => {
    const path = new URL(request.url, 'http://localhost').pathname.replaceAll('..', '');
    const content =
      path === '/' ? '<!doctype html>' : await readFile(new URL(`.${path}`, new URL(folder, root))).catch(() => {});
    const file = content && change(path, content);
    response.writeHead(file ? 200 : 404, {
      'Content-Type': types[extname(path)] ?? (path === '/' ? 'text/html' : 'application/octet-stream'),
      'Cross-Origin-Opener-Policy': 'same-origin',
      'Cross-Origin-Embedder-Policy': 'require-corp',
    });
    response.end(file);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = () => {
    server.close();
    server.closeAllConnections();
  };
  return { address: `http://127.0.0.1:${server.address().port}/`, close };
}
