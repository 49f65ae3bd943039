/** Documents in the owner's words: the way to a field, and what it holds, by the schemas of the server.  Nothing is drawn here. */

import { word } from './admin_words.js';
import { labelOf, placeText, shownValue } from './schema_form.js';

const UNITS = { s: 'unit.s', ms: 'unit.ms' };
const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);

/** Whether a field is as it is where nobody says anything. */
export const isDefault = (schema, value) => value === null || value === '' || (schema?.default !== undefined && same(schema.default, value));

/**
 * A value with labels, units and choices; what is as it is by default within an object is left out.
 * @param {object} [schema]  of the value; without one it is shown as it is @param {string} [name]  of its field
 */
export function valueText(schema, value, name = '') {
  if (value === null || value === undefined || value === '') return shownValue(value);
  if (Array.isArray(value)) {
    return value.length ? value.map((each) => valueText(schema?.items, each)).join(schema?.items?.properties ? '; ' : ', ') : shownValue(value);
  }
  if (typeof value === 'object') return partsOf(schema, value).join(' · ') || shownValue(null);
  const text = shownValue(value, name);
  return schema?.unit ? `${text} ${UNITS[schema.unit] ? word(UNITS[schema.unit]) : schema.unit}` : text;
}

function partsOf(schema, value) {
  if (!schema?.properties) return Object.entries(value).map(([key, inner]) => `${key} → ${valueText(schema?.additionalProperties, inner)}`);
  return Object.entries(value).filter(([name, inner]) => !isDefault(schema.properties[name], inner))
    .map(([name, inner]) => `${labelOf(schema.properties[name] ?? {}, name).label}:${valueText(schema.properties[name], inner, name)}`);
}

/** The schema of what stands at the end of a way, undefined where nothing says it. @param {string[]} path */
function schemaAt(schema, path) {
  return path.reduce((here, name) => here?.properties?.[name] ?? here?.additionalProperties, schema);
}

/**
 * A difference between two versions of a document: where it is, and a reading of what stands there.
 * @param {{kinds: object, nodes: object}} schemas  of the server
 * @param {string} kind @param {string} path  spelled with dots, as the server tells it
 * @returns {{place: string, text: (value: unknown) => string}}
 */
export function differenceText(schemas, kind, path) {
  const way = path.split('.');
  if (kind !== 'flows') return { place: placeText(schemas.kinds[kind], way), text: (value) => valueText(schemaAt(schemas.kinds[kind], way), value, way.at(-1)) };
  if (way[0] !== 'nodes' || way.length < 2) return { place: headText(way[0]), text: shownValue };
  const [, node, ...rest] = way;
  const of = Object.values(schemas.nodes).find(({ properties }) => properties[rest[0]]); // a field is called the same in every node
  return {
    place: [word('flow.node', node), ...(rest.length ? [placeText(of, rest)] : [])].join(' · '),
    text: (value) => (rest.length ? valueText(schemaAt(of, rest), value, rest.at(-1)) : nodeText(schemas, value)),
  };
}

const headText = (name) => ({ name: word('flow.name'), start: word('flow.start') })[name] ?? name;

function nodeText(schemas, node) {
  if (!node) return shownValue(null);
  const { type, ...fields } = node;
  return [word(`node.${type}`), valueText(schemas.nodes[type], fields)].join(' · ');
}
