/** 线条图标 / line icons on a grid of 24: one path each, drawn with the colour of the text. */

const PATHS = {
  alert: 'M12 4 3 20h18L12 4zM12 10v4M12 17h.01',
  answer: 'M6 3h3l2 5-2.5 1.5a11 11 0 0 0 6 6L16 13l5 2v3a3 3 0 0 1-3 3A15 15 0 0 1 3 6a3 3 0 0 1 3-3z',
  attention: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 7v6M12 16.5h.01',
  barge: 'M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM2.5 20a6.5 6.5 0 0 1 13 0M19 8v6M16 11h6',
  bell: 'M6 16V11a6 6 0 0 1 12 0v5l2 2H4l2-2zM10 21h4',
  check: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM8 12l3 3 5-6',
  close: 'M6 6l12 12M18 6 6 18',
  conference: 'M12 8a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM5 19a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM19 19a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM10.5 8 6.5 13M13.5 8l4 5M8 16.5h8',
  consult: 'M4 5h11v8H9l-4 3v-3H4zM18 9h2v8h-1v3l-4-3h-4v-1',
  cup: 'M5 9h11v6a4 4 0 0 1-4 4H9a4 4 0 0 1-4-4zM16 10h2a2 2 0 0 1 0 5h-2M8 3v3M12 3v3',
  dial: 'M6 3h3l2 5-2.5 1.5a11 11 0 0 0 6 6L16 13l5 2v3a3 3 0 0 1-3 3A15 15 0 0 1 3 6a3 3 0 0 1 3-3zM15 3h6v6M21 3l-7 7',
  hang_up: 'M3 15v-2c5-5 13-5 18 0v2l-4 1-1.5-3.5a12 12 0 0 0-7 0L7 16z',
  globe: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM3 12h18M12 3c3 3 3 15 0 18M12 3c-3 3-3 15 0 18',
  hold: 'M8 5v14M16 5v14',
  intercept: 'M4 12h12M12 7l5 5-5 5M20 4v16',
  keypad: 'M6 5h.01M12 5h.01M18 5h.01M6 11h.01M12 11h.01M18 11h.01M6 17h.01M12 17h.01M18 17h.01M12 21h.01',
  leave: 'M10 4H5v16h5M14 8l4 4-4 4M18 12H9',
  monitor: 'M7 19a3 3 0 0 0 5-1c1-3 5-4 5-9A5.5 5.5 0 0 0 6.5 7M9 10a2.5 2.5 0 0 1 5 0c0 2-2 2.5-2 4',
  move: 'M4 8h13M14 5l3 3-3 3M20 16H7M10 13l-3 3 3 3',
  mute: 'M9 9V6a3 3 0 0 1 6 0v5M15 15a3 3 0 0 1-6-2M5 11a7 7 0 0 0 10 6.3M19 11a7 7 0 0 1-.5 3M12 18v3M4 3l16 18',
  pen: 'M4 20l1-5L16 4l4 4L9 19l-5 1zM14 6l4 4',
  power: 'M12 3v8M7 6a8 8 0 1 0 10 0',
  queue: 'M4 6h16M4 12h11M4 18h7',
  retrieve: 'M8 5v14l11-7z',
  swap: 'M4 8h14M15 5l3 3-3 3M20 16H6M9 13l-3 3 3 3',
  transfer: 'M4 18v-4a5 5 0 0 1 5-5h10M15 5l4 4-4 4',
  unmute: 'M12 3a3 3 0 0 0-3 3v5a3 3 0 0 0 6 0V6a3 3 0 0 0-3-3zM5 11a7 7 0 0 0 14 0M12 18v3',
  unplugged: 'M9 3v5M15 3v5M6 8h12v3a6 6 0 0 1-6 6 6 6 0 0 1-6-6zM12 17v4M3 3l18 18',
  user: 'M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4 21a8 8 0 0 1 16 0',
  whisper: 'M4 5h16v10h-8l-4 4v-4H4zM8 10h.01M12 10h.01M16 10h.01',
};

const STATE_ICONS = {
  ready: 'check', ringing: 'bell', reserved: 'bell', talking: 'answer', engaged: 'answer', held: 'hold',
  wrap_up: 'pen', not_ready: 'cup', logged_out: 'power', unreachable: 'unplugged',
};

const SVG = 'http://www.w3.org/2000/svg';

/**
 * One icon, hidden from screen readers: words stand beside it.
 * @param {keyof typeof PATHS} name
 * @returns {SVGSVGElement}
 */
export function icon(name) {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('class', 'icon');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('aria-hidden', 'true');
  const path = document.createElementNS(SVG, 'path');
  path.setAttribute('d', PATHS[name]);
  if (name === 'keypad') path.setAttribute('stroke-width', '3'); // dots are drawn by their round ends
  svg.append(path);
  return svg;
}

/** The icon of an agent's shown state (see `shown_state.js`). */
export const stateIcon = (state) => icon(STATE_ICONS[state] ?? 'user');
