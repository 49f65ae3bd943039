/** Showing at a pace that a screen can follow: at once after a quiet time, and many changes in one picture during a rush. */

const APART_MS = 80;

/**
 * Makes of a piece of drawing one that may be asked for at every event.
 * @param {() => void} draw
 * @returns {() => void} draws with the next frame, or with the first one that is `APART_MS` after the last drawing
 */
export function paced(draw) {
  let isDue = false;
  let drawnAt = -Infinity;
  const work = () => {
    isDue = false;
    drawnAt = performance.now();
    draw();
  };
  return () => {
    if (isDue) return;
    isDue = true;
    const wait = drawnAt + APART_MS - performance.now();
    if (wait <= 0) requestAnimationFrame(work);
    else setTimeout(() => requestAnimationFrame(work), wait);
  };
}
