/**
 * A flow as a graph: its ways, read from the schemas of its nodes, and where each node stands.  Pure.
 *
 * The layout is layered, left to right: a node stands behind everything that leads to it (ways that go back count for
 * nothing), and within its layer near the middle of what leads to it, so that few ways cross.
 */

export const NODE_WIDTH = 176;
export const NODE_HEIGHT = 66;
const LAYER_GAP = 96;
const ROW_GAP = 30;
const SWEEPS = 6;

/**
 * @typedef {{source: string, target: string, key: string, label: string}} Way  `key` is spelled as faults spell it: `keys.1`, `cases[0].next`
 */

/**
 * The ways out of a node that are there or could be: every field whose text names a node.
 * @param {string} name @param {object} node @param {object} schema  of its type
 * @returns {Way[]} `target` is empty where a way leads nowhere yet
 */
export function waysOf(name, node, schema) {
  if (!schema) return [];
  const found = [];
  for (const [field, inner] of Object.entries(schema.properties)) {
    const value = node[field];
    if (inner.names === 'nodes') found.push({ source: name, target: value ?? '', key: field, label: field });
    else if (inner.additionalProperties?.names === 'nodes') {
      for (const [key, target] of Object.entries(value ?? {})) found.push({ source: name, target, key: `${field}.${key}`, label: key });
    } else if (inner.items?.properties?.next?.names === 'nodes') {
      (value ?? []).forEach((row, index) => found.push({ source: name, target: row.next ?? '', key: `${field}[${index}].next`, label: caseText(row) }));
    }
  }
  return found;
}

const caseText = ({ fact, of, test = 'is', value = 'true' }) => [fact, of, { is: value === 'true' ? '' : '=', is_not: '≠', at_least: '≥', at_most: '≤', begins: '^' }[test], value === 'true' && test === 'is' ? '' : value].filter(Boolean).join(' ');

/** Let a way lead to another node. @returns {object} the node with it */
export function pointed(node, key, target) {
  const changed = structuredClone(node);
  const inCase = /^(\w+)\[(\d+)\]\.next$/.exec(key);
  const inMap = /^(\w+)\.(.+)$/.exec(key);
  if (inCase) changed[inCase[1]][Number(inCase[2])].next = target;
  else if (inMap) changed[inMap[1]][inMap[2]] = target;
  else changed[key] = target;
  return changed;
}

/** A flow in which a node has another name; every way to it follows. */
export function renamed(flow, before, after, schemas) {
  const nodes = {};
  for (const [name, node] of Object.entries(flow.nodes)) {
    let moved = node;
    for (const way of waysOf(name, node, schemas[node.type])) if (way.target === before) moved = pointed(moved, way.key, after);
    nodes[name === before ? after : name] = moved;
  }
  return { ...flow, start: flow.start === before ? after : flow.start, nodes };
}

/** A flow without a node; the ways that led to it lead nowhere. */
export function without(flow, gone, schemas) {
  const { [gone]: _, ...rest } = flow.nodes;
  const cut = renamed({ ...flow, nodes: rest }, gone, '', schemas);
  return { ...cut, start: flow.start === gone ? (Object.keys(rest)[0] ?? '') : flow.start };
}

/** What can be seen to be wrong before the server is asked: holes, and nodes that nothing leads to. @returns {Map<string, string>} node → word */
export function visibleFaults(flow, schemas) {
  const faults = new Map();
  const seen = new Set();
  const todo = [flow.start];
  while (todo.length) {
    const name = todo.pop();
    if (seen.has(name) || !flow.nodes[name]) continue;
    seen.add(name);
    for (const way of waysOf(name, flow.nodes[name], schemas[flow.nodes[name].type])) todo.push(way.target);
  }
  for (const [name, node] of Object.entries(flow.nodes)) {
    const schema = schemas[node.type];
    const isHole = ({ target, key }) => (target ? !flow.nodes[target] : key.includes('.') || (schema?.required ?? []).includes(key));
    if (waysOf(name, node, schema).some(isHole)) faults.set(name, 'flow.hole');
    else if (!seen.has(name)) faults.set(name, 'flow.unreachable');
  }
  return faults;
}

/**
 * Where each node stands.
 * @param {{start: string, nodes: object}} flow @param {Way[]} ways
 * @returns {{places: Map<string, {x: number, y: number}>, bends: Map<Way, {x: number, y: number}[]>, width: number, height: number}}
 *   corners of the nodes, where long ways pass between the nodes of the layers on their way, and the whole
 */
export function layout(flow, ways) {
  const names = Object.keys(flow.nodes);
  const onward = ways.filter(({ source, target }) => flow.nodes[target] && target !== source);
  const layers = layersOf(flow, names, forwardOnly(flow, names, onward));
  const rows = [];
  for (const name of names) (rows[layers.get(name)] ??= []).push(name);
  const gaps = gapsOf(onward, layers, rows);
  order(rows, onward.flatMap((way) => segmentsOf(way, gaps.get(way) ?? [])));
  const tallest = Math.max(1, ...rows.map((row) => row.length));
  const places = new Map();
  rows.forEach((row, layer) => row.forEach((name, index) => places.set(name, {
    x: layer * (NODE_WIDTH + LAYER_GAP),
    y: (index + (tallest - row.length) / 2) * (NODE_HEIGHT + ROW_GAP),
  })));
  const bends = new Map([...gaps].map(([way, between]) => [way, between.map((name) => ({ x: places.get(name).x, y: places.get(name).y + NODE_HEIGHT / 2 }))]));
  return { places, bends, width: rows.length * (NODE_WIDTH + LAYER_GAP) - LAYER_GAP, height: tallest * (NODE_HEIGHT + ROW_GAP) - ROW_GAP };
}

/** A way over more than one layer takes a place in each of them, so that it runs beside nodes and not behind them. */
function gapsOf(ways, layers, rows) {
  const gaps = new Map();
  ways.forEach((way, index) => {
    const names = [];
    for (let layer = layers.get(way.source) + 1; layer < layers.get(way.target); layer += 1) {
      names.push(`way ${index} ${layer}`); // no node has a name with spaces
      rows[layer].push(names.at(-1));
    }
    if (names.length) gaps.set(way, names);
  });
  return gaps;
}

function segmentsOf({ source, target }, names) {
  const all = [source, ...names, target];
  return all.slice(1).map((name, index) => ({ source: all[index], target: name }));
}

/** Ways without those that lead back into what is being walked (depth first from the start). */
function forwardOnly(flow, names, ways) {
  const out = new Map(names.map((name) => [name, ways.filter(({ source }) => source === name)]));
  const kept = [];
  const state = new Map(); // 1 while its ways are being walked, 2 afterwards
  const walk = (name) => {
    state.set(name, 1);
    for (const way of out.get(name) ?? []) {
      if (state.get(way.target) === 1) continue;
      kept.push(way);
      if (!state.has(way.target)) walk(way.target);
    }
    state.set(name, 2);
  };
  for (const name of [flow.start, ...names]) if (flow.nodes[name] && !state.has(name)) walk(name);
  return kept;
}

/** The longest way to each node; what cannot be reached stands in the first layer. */
function layersOf(flow, names, ways) {
  const layers = new Map(names.map((name) => [name, 0]));
  for (let round = 0; round < names.length; round += 1) {
    let moved = false;
    for (const { source, target } of ways) {
      if (layers.get(target) <= layers.get(source)) {
        layers.set(target, layers.get(source) + 1);
        moved = true;
      }
    }
    if (!moved) break;
  }
  return layers;
}

/** Put each layer in the order of the middles of what its nodes are connected with, forwards and backwards. */
function order(rows, ways) {
  for (let sweep = 0; sweep < SWEEPS; sweep += 1) {
    const isForward = sweep % 2 === 0;
    const place = new Map(rows.flatMap((row) => row.map((name, index) => [name, index - row.length / 2])));
    for (const row of isForward ? rows : [...rows].reverse()) {
      const middle = new Map(row.map((name, index) => {
        const near = ways.filter((way) => (isForward ? way.target : way.source) === name).map((way) => place.get(isForward ? way.source : way.target));
        return [name, near.length ? near.reduce((sum, at) => sum + at, 0) / near.length : index - row.length / 2];
      }));
      row.sort((one, other) => middle.get(one) - middle.get(other));
      row.forEach((name, index) => place.set(name, index - row.length / 2));
    }
  }
}
