// Spreads drawing over frames: no task of the page may take over 50 ms, however much there is to draw.

/** Milliseconds of drawing in one frame; what is begun is finished, so a frame takes this and one drawing at most. */
const BUDGET_MS = 6;
/** Drawings in one frame: to hand so many canvases to the screen takes the browser about as long again. */
const MOST_DRAWINGS = 16;

const waiting = new Map<object, () => void>();
let asked = false;

/** Draws in one of the next frames. Work that waits under the same key makes way for the newer. */
export function inFrame(key: object, work: () => void): void {
  waiting.set(key, work);
  ask();
}

function ask(): void {
  if (asked) return;
  asked = true;
  requestAnimationFrame(draw);
}

function draw(): void {
  asked = false;
  const until = performance.now() + BUDGET_MS;
  let drawings = 0;
  for (const [key, work] of waiting) {
    waiting.delete(key);
    work();
    drawings += 1;
    if (drawings === MOST_DRAWINGS || performance.now() > until) break;
  }
  if (waiting.size > 0) ask();
}
