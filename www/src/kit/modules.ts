// Modules that are loaded on demand.

import { codeOf, Failure, messageOf } from './failure';

/** Code of a failure to load a module. */
const MISSING_MODULE = 'module';

/** Loads a module; a failure is told apart from those of the module itself. */
export async function onDemand<T>(load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (error) {
    throw new Failure(messageOf(error), MISSING_MODULE);
  }
}

/**
 * Tries again what failed by that error. Some browsers, Chromium 148 among them, remember that a module could not be
 * fetched and never ask for it again: then the page is loaded anew, if its server answers.
 */
export async function again(error: unknown, retry: () => void): Promise<void> {
  if (codeOf(error) === MISSING_MODULE && (await answers())) location.reload();
  else retry();
}

async function answers(): Promise<boolean> {
  try {
    return (await fetch(location.href, { method: 'HEAD', cache: 'no-store' })).ok;
  } catch {
    return false;
  }
}
