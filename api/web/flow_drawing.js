/** A flow drawn as SVG: nodes that can be chosen, ways with their labels, callers that stand there, faults. */

import { hasWord, word } from './admin_words.js';
import { layout, NODE_HEIGHT, NODE_WIDTH, waysOf } from './flow_chart.js';

const SVG = 'http://www.w3.org/2000/svg';
const MARGIN = 28;
const READABLE_PX = 640;
const TEXT_MOST = 22;

/** What each type of node does, as one path on a grid of 24. */
const PICTURES = {
  play: 'M5 10v4h3l5 4V6l-5 4zM17 9a4 4 0 0 1 0 6', menu: 'M6 5h.01M12 5h.01M18 5h.01M6 12h.01M12 12h.01M18 12h.01M6 19h.01M12 19h.01M18 19h.01',
  collect: 'M4 7h16v10H4zM8 12h.01M12 12h.01M16 12h.01', branch: 'M5 12h6M11 12l6-6h3M11 12l6 6h3', look_up: 'M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM16 16l5 5',
  set: 'M4 20l1-5L16 4l4 4L9 19l-5 1z', queue: 'M4 6h16M4 12h11M4 18h7', voicemail: 'M7 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM17 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM7 16h10',
  survey: 'M12 4l2.4 5 5.6.7-4 3.9 1 5.4-5-2.7-5 2.7 1-5.4-4-3.9 5.6-.7z', hang_up: 'M3 15v-2c5-5 13-5 18 0v2l-4 1-1.5-3.5a12 12 0 0 0-7 0L7 16z',
};
const PICTURE_OF_OTHERS = 'M4 18v-4a5 5 0 0 1 5-5h10M15 5l4 4-4 4';

function svg(tag, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null && child !== false));
  return element;
}

const cut = (text) => (text.length > TEXT_MOST ? `${text.slice(0, TEXT_MOST - 1)}…` : text);
export const typeWord = (type) => (hasWord(`node.${type}`) ? word(`node.${type}`) : type);
const wayWord = ({ key, label }) => (hasWord(`way.${key}`) ? word(`way.${key}`) : label.replace(/^\w+(?= |$)/, (fact) => (hasWord(`choice.${fact}`) ? word(`choice.${fact}`) : fact)));

/** What a node does, short. */
export function nodeText(node) {
  const said = (node.say ?? []).join(' · ');
  return String({ queue: node.queue, voicemail: node.box ?? 'main', collect: `→ ${node.into}`, look_up: node.url, transfer: node.to ?? node.number,
    set: [node.level !== undefined && node.level !== null ? `${word('choice.level')} ${node.level}` : '', ...Object.keys(node.data ?? {})].filter(Boolean).join(' · '),
    branch: (node.cases ?? []).map(({ of, fact }) => of || (hasWord(`choice.${fact}`) ? word(`choice.${fact}`) : fact)).join(' · ') }[node.type] ?? said);
}

/**
 * Draw it anew.
 * @param {object} options
 * @param {{id: string, name: string, start: string, nodes: object}} options.flow
 * @param {object} options.schemas  of the types of nodes
 * @param {string} options.chosen
 * @param {Map<string, number>} options.callers
 * @param {Map<string, string[]>} options.faults  texts by node
 * @param {(name: string) => void} options.choose
 * @param {(way: {source: string, key: string}, target: string) => void} options.connect
 * @returns {SVGSVGElement}
 */
export function drawFlow({ flow, schemas, chosen, callers, faults, choose, connect }) {
  const ways = Object.entries(flow.nodes).flatMap(([name, node]) => waysOf(name, node, schemas[node.type]));
  const { places, bends, width, height } = layout(flow, ways);
  const ports = portsOf(flow, ways, places, bends);
  const low = backwards(ways, places).length ? 46 : 0;
  const drawing = svg('svg', {
    class: 'flow-chart', role: 'group', 'aria-label': word('flow.chart', flow.name || flow.id), tabindex: '-1',
    viewBox: `${-MARGIN - 34} ${-MARGIN} ${width + 2 * MARGIN + 52} ${height + 2 * MARGIN + low}`, width: width + 2 * MARGIN + 52, height: height + 2 * MARGIN + low,
  }, svg('defs', {}, svg('marker', { id: 'way-end', viewBox: '0 0 8 8', refX: 7, refY: 4, markerWidth: 8, markerHeight: 8, orient: 'auto-start-reverse' }, svg('path', { d: 'M0 0 8 4 0 8z', class: 'way-end' }))));
  drawing.style.minWidth = `${Math.min(width + 2 * MARGIN, READABLE_PX)}px`; // a wide flow is scrolled where there is no room, not shrunk to nothing
  ways.forEach((way) => { if (places.has(way.target)) drawing.append(drawWay(way, ports.get(way), places, height, bends.get(way) ?? [])); });
  const start = places.get(flow.start);
  if (start) drawing.append(svg('path', { class: 'way', d: `M${start.x - 34} ${start.y + NODE_HEIGHT / 2}h30`, 'marker-end': 'url(#way-end)' }), svg('circle', { class: 'start', cx: start.x - 38, cy: start.y + NODE_HEIGHT / 2, r: 6 }));
  for (const [name, node] of Object.entries(flow.nodes)) {
    drawing.append(drawNode(name, node, places.get(name), { isChosen: name === chosen, isStart: name === flow.start, callers: callers.get(name) ?? 0, faults: faults.get(name) ?? [], choose }));
  }
  for (const way of ways) drawing.append(drawPort(way, ports.get(way), drawing, connect));
  return drawing;
}

/** Where each way leaves its node: spread over its right side, in the order of what they lead to. */
function portsOf(flow, ways, places, bends) {
  const towards = (way) => (bends.get(way)?.[0] ?? places.get(way.target))?.y ?? Infinity;
  const ports = new Map();
  for (const name of Object.keys(flow.nodes)) {
    const own = ways.filter(({ source }) => source === name).sort((one, other) => towards(one) - towards(other));
    const { x, y } = places.get(name);
    own.forEach((way, index) => ports.set(way, { x: x + NODE_WIDTH, y: y + (NODE_HEIGHT * (index + 1)) / (own.length + 1) }));
  }
  return ports;
}

const backwards = (ways, places) => ways.filter(({ source, target }) => places.has(target) && places.get(target).x <= places.get(source).x);

const curve = (from, to) => {
  const far = Math.max(36, (to.x - from.x) / 2);
  return `C${from.x + far} ${from.y} ${to.x - far} ${to.y} ${to.x} ${to.y}`;
};

/** Through the gaps of the layers that it passes. */
function onwardPath(from, bends, end) {
  let at = from;
  let d = `M${from.x} ${from.y}`;
  for (const bend of bends) {
    d += `${curve(at, bend)}h${NODE_WIDTH}`;
    at = { x: bend.x + NODE_WIDTH, y: bend.y };
  }
  return d + curve(at, end);
}

function drawWay(way, from, places, height, bends) {
  const to = places.get(way.target);
  const end = { x: to.x - 3, y: to.y + NODE_HEIGHT / 2 };
  const isBack = to.x <= places.get(way.source).x;
  const d = isBack ? `M${from.x} ${from.y}C${from.x + 60} ${from.y} ${from.x + 60} ${height + 30} ${from.x - 20} ${height + 30}L${end.x + 10} ${height + 30}C${end.x - 60} ${height + 30} ${end.x - 60} ${end.y} ${end.x} ${end.y}`
    : onwardPath(from, bends, end);
  const text = way.key === 'next' ? '' : cut(wayWord(way));
  const group = svg('g', { class: way.key.startsWith('keys.') ? 'way-group by-key' : 'way-group' }, svg('path', { class: 'way', d, 'marker-end': 'url(#way-end)' }));
  if (text) {
    const label = svg('text', { class: 'way-label', x: from.x + 10, y: from.y - 4 });
    label.textContent = text;
    group.append(label);
  }
  return group;
}

function drawNode(name, node, { x, y }, { isChosen, isStart, callers, faults, choose }) {
  const words = [typeWord(node.type), name, isStart ? word('flow.start') : '', nodeText(node), callers ? word('flow.callers', callers) : '', ...faults].filter(Boolean);
  const text = (className, at, down, content) => {
    const element = svg('text', { class: className, x: at, y: down });
    element.textContent = content;
    return element;
  };
  return svg('g', {
    class: `node${faults.length ? ' is-wrong' : ''}${callers ? ' is-busy' : ''}`, transform: `translate(${x} ${y})`, tabindex: 0, role: 'button', 'data-node': name, 'data-type': node.type,
    'aria-pressed': String(isChosen), 'aria-label': words.join(', '), onclick: () => choose(name),
    onkeydown: (event) => {
      if (event.key === 'Enter' || event.key === ' ') {
        event.preventDefault();
        choose(name);
      }
    },
  },
  svg('rect', { class: 'node-box', width: NODE_WIDTH, height: NODE_HEIGHT, rx: 8 }),
  svg('rect', { class: 'node-side', width: 6, height: NODE_HEIGHT, rx: 3 }),
  svg('svg', { x: 14, y: 10, width: 18, height: 18, viewBox: '0 0 24 24', class: 'icon' }, svg('path', { d: PICTURES[node.type] ?? PICTURE_OF_OTHERS, ...(node.type === 'menu' ? { 'stroke-width': 3 } : {}) })),
  text('node-type', 38, 24, typeWord(node.type)),
  text('node-name', 14, 42, cut(name)),
  text('node-text', 14, 57, cut(nodeText(node))),
  callers > 0 && svg('g', { class: 'callers-here' }, svg('rect', { x: NODE_WIDTH - 42, y: -12, width: 50, height: 24, rx: 12 }),
    svg('svg', { x: NODE_WIDTH - 36, y: -7, width: 14, height: 14, viewBox: '0 0 24 24', class: 'icon' }, svg('path', { d: 'M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4 21a8 8 0 0 1 16 0' })), text('callers-count', NODE_WIDTH - 8, 5, String(callers))),
  faults.length > 0 && svg('svg', { x: NODE_WIDTH - 28, y: NODE_HEIGHT - 26, width: 20, height: 20, viewBox: '0 0 24 24', class: 'icon fault-icon' }, svg('path', { d: 'M12 4 3 20h18L12 4zM12 10v4M12 17h.01' })));
}

/** The end of a way at its node: dragged to another node it leads there. */
function drawPort(way, from, drawing, connect) {
  const port = svg('circle', { class: way.target ? 'port' : 'port is-open', cx: from.x, cy: from.y, r: 6, 'data-port': `${way.source}:${way.key}`, 'aria-hidden': 'true' });
  port.addEventListener('pointerdown', (event) => {
    event.preventDefault();
    const line = svg('path', { class: 'way is-drawn' });
    drawing.append(line);
    const at = ({ clientX, clientY }) => new DOMPoint(clientX, clientY).matrixTransform(drawing.getScreenCTM().inverse());
    const move = (moved) => {
      const { x, y } = at(moved);
      line.setAttribute('d', `M${from.x} ${from.y}L${x} ${y}`);
    };
    const drop = (dropped) => {
      globalThis.removeEventListener('pointermove', move);
      line.remove();
      const target = document.elementsFromPoint(dropped.clientX, dropped.clientY).map((element) => element.closest?.('[data-node]')).find(Boolean);
      if (target) connect(way, target.dataset.node);
    };
    globalThis.addEventListener('pointermove', move);
    globalThis.addEventListener('pointerup', drop, { once: true });
  });
  return port;
}
