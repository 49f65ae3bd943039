/** The documents of one kind as a table: what they are called, what matters of them, who changed them last; with search. */

import { fill, make } from './element.js';
import { momentText, word, wordOf } from './admin_words.js';
import { labelOf } from './schema_form.js';
import { isDefault, valueText } from './schema_text.js';

const SHOWN_MOST = 500;
/** A longer list of values is told by its length. */
const VALUES_MOST = 6;
const WEEK = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'];

/** Ids that are made of fields: they are part of the document's name and cannot be changed later. */
const ID_FIELDS = { accounts: ['username'], outbound: ['name'], queues: ['name'], routes: ['number', 'trunk'] };
export const idFieldsOf = (kind) => ID_FIELDS[kind] ?? ['id'];

/** What is looked for in a list, column by column; of any other kind everything that somebody set is told in one. */
const COLUMNS = {
  agents: ['role', 'groups', 'queues', 'skills'],
  accounts: ['extension', 'answers_by', 'outbound'],
  outbound: ['pattern', 'trunk', 'hours'],
  queues: ['limit', 'hours', 'overflow'],
  routes: ['trunk', 'flow', 'queue', 'region'],
  services: ['queue', 'hours', 'routing'],
  regions: ['prefixes'],
  lists: ['numbers'],
  reasons: ['category'],
  duty: ['number', 'position', 'hours', 'least'],
};

/** @param {{client: import('./business_client.js').BusinessClient, kind: string, title: string}} what */
export async function showList(place, { client, kind, title }) {
  const [documents, schemas] = await Promise.all([client.all(kind), client.schemas()]);
  const columns = await columnsOf(client, kind, schemas.kinds[kind]);
  const rows = make('tbody');
  const none = make('p', { class: 'empty', hidden: true });
  const show = (wanted) => {
    const found = documents.filter((each) => JSON.stringify([each.id, each.data]).toLowerCase().includes(wanted.trim().toLowerCase()));
    fill(rows, ...found.slice(0, SHOWN_MOST).map((each) => rowOf(kind, each, columns)));
    none.hidden = found.length > 0 && found.length <= SHOWN_MOST;
    fill(none, word(!documents.length ? 'admin.none' : found.length ? 'admin.first_only' : 'admin.none_found', SHOWN_MOST));
  };
  const search = make('input', { type: 'search', placeholder: word('admin.find'), 'aria-label': word('admin.find'), oninput: () => show(search.value) });
  fill(
    place,
    make('div', { class: 'place-head' }, make('h2', {}, title), make('span', { class: 'note' }, word('admin.count', documents.length)), search,
      make('a', { class: 'button primary', href: `#${kind}/+` }, '+ ', word('admin.new'))),
    make('div', { class: 'card table-card' },
      make('table', {}, make('thead', {}, make('tr', {}, ...[...columns.map(({ heading }) => heading), word('admin.changed')].map((text) => make('th', { scope: 'col' }, text)))), rows),
      none),
  );
  show('');
}

function rowOf(kind, { id, data, changed_at: at, changed_by: by }, [first, ...columns]) {
  return make('tr', {},
    make('td', {}, make('a', { href: `#${kind}/${encodeURIComponent(id)}` }, first.text(data) || id)),
    ...columns.map(({ text }) => {
      const told = text(data);
      return make('td', {}, make('div', { class: 'summary', title: told }, told));
    }),
    make('td', { class: 'when' }, `${momentText(at)} · ${wordOf('by', by)}`));
}

// ---- columns -----------------------------------------------------------------------------------------

/** @returns {Promise<{heading: string, text: (data: object) => string}[]>} the first one says which document it is */
async function columnsOf(client, kind, schema) {
  if (!schema) return [plain('id', word('admin.id')), plain('name', word('admin.name')), { heading: word('admin.contents'), text: ({ nodes = {} }) => `${Object.keys(nodes).length} · ${Object.keys(nodes).join(' ')}` }];
  const [idField] = idFieldsOf(kind);
  const head = [plain(idField, labelOf(schema.properties[idField], idField).label)];
  if (schema.properties.name && idField !== 'name') head.push(plain('name', labelOf(schema.properties.name, 'name').label));
  if (kind === 'hours') return [...head, { heading: word('admin.week'), text: (data) => weekText(schema, data) }];
  if (!COLUMNS[kind]) return [...head, { heading: word('admin.contents'), text: (data) => restText(schema, data, new Set([idField, 'name'])) }];
  return [...head, ...await Promise.all(COLUMNS[kind].map((name) => columnOf(client, name, schema.properties[name])))];
}

const plain = (name, heading) => ({ heading, text: (data) => data[name] ?? '' });

async function columnOf(client, name, schema) {
  const named = schema.names ?? schema.items?.names;
  const isKind = named && !['trunks', 'prompts', 'music'].includes(named);
  const titles = new Map(isKind ? (await client.all(named)).map(({ id, data }) => [id, data.name || id]) : []);
  const heading = labelOf(schema, name).label;
  return { heading, text: (data) => {
    const value = data[name] ?? schema.default ?? '';
    if (value === '' || (Array.isArray(value) && !value.length)) return '';
    if (Array.isArray(value) && value.length > VALUES_MOST) return word('admin.count', value.length);
    const told = Array.isArray(value) ? value.map((each) => titles.get(each) ?? each) : titles.get(value) ?? value;
    return valueText(schema, told, name);
  } };
}

/** Everything that is not as it is by default. */
function restText(schema, data, left) {
  return Object.entries(data).filter(([name, value]) => !left.has(name) && !isDefault(schema.properties[name], value))
    .map(([name, value]) => `${labelOf(schema.properties[name] ?? {}, name).label}:${valueText(schema.properties[name], value, name)}`).join(' · ');
}

/** A week in a line: days of the same hours together. */
function weekText(schema, data) {
  const runs = [];
  for (const day of WEEK) {
    const hours = (data[day] ?? []).join(' ');
    if (runs.at(-1)?.hours === hours) runs.at(-1).last = day;
    else runs.push({ first: day, last: day, hours });
  }
  const dayText = (day) => labelOf(schema.properties[day], day).label;
  return runs.filter(({ hours }) => hours).map(({ first, last, hours }) => `${dayText(first)}${last === first ? '' : `–${dayText(last)}`} ${hours}`).join(' · ');
}
