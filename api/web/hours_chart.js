/** A line of the last hours: calls and answered of each half hour, as SVG. */

import { dayTime, word } from './words.js';

const EDGE = { left: 56, right: 20, top: 16, bottom: 34 };
const SVG = 'http://www.w3.org/2000/svg';
export const STEP_S = 1800;

/**
 * @param {{at: number, offered: number, answered: number}[]} points  half hours in order, none left out
 * @param {number} width  pixels of the place where it stands
 * @param {number} height
 * @returns {SVGSVGElement}
 */
export function hoursChart(points, width, height) {
  const svg = node('svg', { viewBox: `0 0 ${width} ${height}`, role: 'img' });
  const most = roundUp(Math.max(4, ...points.map((point) => point.offered)));
  const x = (index) => EDGE.left + (index * (width - EDGE.left - EDGE.right)) / Math.max(1, points.length - 1);
  const y = (value) => height - EDGE.bottom - (value * (height - EDGE.top - EDGE.bottom)) / most;
  for (const value of [0, most / 2, most]) {
    svg.append(node('line', { class: 'grid', x1: EDGE.left, x2: width - EDGE.right, y1: y(value), y2: y(value) }));
    svg.append(label(String(value), EDGE.left - 12, y(value) + 5, 'end'));
  }
  points.forEach((point, index) => {
    if (new Date(point.at * 1000).getMinutes() === 0) svg.append(label(dayTime(point.at, false), x(index), height - 8, 'middle'));
  });
  const line = (name) => points.map((point, index) => `${index ? 'L' : 'M'}${x(index).toFixed(1)} ${y(point[name]).toFixed(1)}`).join('');
  if (points.length) {
    svg.append(node('path', { class: 'under', d: `${line('answered')}L${x(points.length - 1)} ${y(0)}L${x(0)} ${y(0)}z` }));
    svg.append(node('path', { class: 'offered', d: line('offered') }));
    svg.append(node('path', { class: 'answered', d: line('answered') }));
    svg.append(...points.map((point, index) => halfHour(point, x(index), (width - EDGE.left - EDGE.right) / points.length, height)));
    svg.append(node('circle', { class: 'dot', r: 7, cx: x(points.length - 1), cy: y(points.at(-1).answered) }));
  }
  return svg;
}

/** The half hours of a period, in order; those of which nothing is known are zero. */
export function everyHalfHour(intervals, from, until) {
  const known = new Map(intervals.map((interval) => [Date.parse(interval.began_at) / 1000, interval]));
  const points = [];
  for (let at = Math.ceil(from / STEP_S) * STEP_S; at <= until; at += STEP_S) {
    points.push({ at, offered: known.get(at)?.offered ?? 0, answered: known.get(at)?.answered ?? 0 });
  }
  return points;
}

/** What the lines say here, in words, for whoever points at it. */
function halfHour(point, middle, width, height) {
  const place = node('rect', { class: 'half-hour', x: middle - width / 2, y: EDGE.top, width, height: height - EDGE.top - EDGE.bottom });
  const title = node('title', {});
  title.textContent = `${dayTime(point.at, false)} · ${word('wallboard.offered')} ${point.offered} · ${word('wallboard.answered_line')} ${point.answered}`;
  place.append(title);
  return place;
}

function roundUp(value) {
  const scale = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 4, 5, 10].map((step) => step * scale).find((step) => step >= value);
}

function label(text, x, y, anchor) {
  const made = node('text', { x, y, 'text-anchor': anchor });
  made.textContent = text;
  return made;
}

function node(tag, attributes) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value));
  return made;
}
