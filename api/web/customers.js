/** The table of customers: found by number or name, changed one at a time, nobody's change overwritten. */

import { DocumentView } from './admin_documents.js';
import { showCustomerFile } from './customer_file.js';
import { fill, make } from './element.js';
import { momentText, problemText, word } from './customer_words.js';
import { icon } from './icons.js';

const PAGE = 100;
const TYPING_MS = 250;
const LEVELS = 1000;
const KIND = 'customers';
const pathOf = (id) => `/v1/customers/${encodeURIComponent(id)}`;

/** Somebody's page, the page of files, or the table. */
export async function showCustomers(place, { client, id }) {
  if (id === 'file') return showCustomerFile(place, { client });
  if (!id) return showFound(place, client);
  const below = (document, reload) => pastOf(client, document, reload);
  return DocumentView.open(place, { client: await CustomerDocuments.of(client), kind: KIND, title: word('admin.customers'), id, below });
}

// ---- finding -----------------------------------------------------------------------------------------

async function showFound(place, client) {
  const rows = make('tbody');
  const none = make('p', { class: 'empty', hidden: true }, word('admin.none_found'));
  const told = make('p', { class: 'told wrong', role: 'alert', hidden: true });
  const more = make('button', { class: 'button', type: 'button', hidden: true, onclick: () => load(cursor) }, word('customers.more'));
  const search = make('input', { type: 'search', placeholder: word('customers.find'), 'aria-label': word('customers.find'), maxLength: 60, oninput: () => {
    clearTimeout(typing);
    typing = setTimeout(() => load(''), TYPING_MS);
  } });
  let cursor = '';
  let typing = 0;
  let asked = 0;
  const load = async (after) => {
    const mine = (asked += 1);
    const text = search.value.trim();
    const wanted = text ? { [/^[+\d][\d\s-]*$/.test(text) ? 'number' : 'name']: text } : {};
    let page;
    try {
      page = await client.read('/v1/customers', { limit: PAGE, ...wanted, ...(after ? { cursor: after } : {}) });
    } catch (problem) {
      told.hidden = false;
      fill(told, icon('alert'), problemText(problem));
      return;
    }
    if (mine !== asked) return; // something else was typed meanwhile
    told.hidden = true;
    if (!after) fill(rows);
    rows.append(...page.items.map(rowOf));
    cursor = page.next_cursor;
    more.hidden = !cursor;
    none.hidden = rows.children.length > 0;
  };
  fill(
    place,
    make('div', { class: 'place-head' }, make('h2', {}, word('admin.customers')), make('span', { class: 'note' }, word('customers.note')), search,
      make('a', { class: 'button', href: `#${KIND}/file` }, word('customers.file')),
      make('a', { class: 'button primary', href: `#${KIND}/+` }, '+ ', word('admin.new'))),
    told,
    make('div', { class: 'card table-card' },
      make('table', {}, make('thead', {}, make('tr', {}, ...['admin.name', 'customers.numbers', 'customer.level', 'customer.unit', 'admin.changed'].map((name) => make('th', { scope: 'col' }, word(name))))), rows),
      none),
    more,
  );
  await load('');
  return null;
}

function rowOf({ customer_id: id, name, numbers, level, unit, changed_at: at, changed_by: by }) {
  return make('tr', { dataset: { customer: id } },
    make('td', {}, make('a', { href: `#${KIND}/${id}` }, name || `#${id}`)),
    make('td', {}, numbers.join(' · ')), make('td', {}, level || ''),
    make('td', {}, make('div', { class: 'summary', title: unit }, unit)), make('td', { class: 'when' }, `${momentText(at)} · ${by}`));
}

// ---- one of them --------------------------------------------------------------------------------------

/** Customers as the form of documents takes them: their fields and those of the hotline, with a version of each. */
class CustomerDocuments {
  #client;
  #schema;

  static async of(client) {
    const documents = new CustomerDocuments();
    documents.#client = client;
    documents.#schema = schemaOf(await client.all('fields'));
    return documents;
  }

  schemas() { return Promise.resolve({ kinds: { [KIND]: this.#schema }, machine: {} }); }

  all() { return Promise.resolve([]); }

  async get(_kind, id) { return documentOf(await this.#client.read(pathOf(id))); }

  async put(_kind, id, data, version, reason) {
    const body = { ...data, reason };
    const isNew = version === null;
    try {
      return documentOf(await this.#client.change(isNew ? 'POST' : 'PUT', isNew ? '/v1/customers' : pathOf(id), body, version));
    } catch (problem) {
      for (const fault of problem.problem?.errors ?? []) fault.field = `${KIND}.${id}.${fault.field}`;
      throw problem;
    }
  }

  remove(_kind, id, version) { return this.#client.change('DELETE', pathOf(id), undefined, version); }
}

function documentOf({ customer_id: id, version, changed_at, changed_by, ...data }) {
  return { id: String(id), version, changed_at, changed_by, data };
}

function schemaOf(fields) {
  const text = (description, more = {}) => ({ type: 'string', description, ...more });
  const own = fields.map(({ id, data }) => [id, text(data.name || id, data.choices?.length ? { enum: data.choices } : {})]);
  return {
    type: 'object',
    required: ['numbers'],
    properties: {
      name: text(word('admin.name')),
      level: { type: 'integer', description: word('customers.level'), minimum: -LEVELS, maximum: LEVELS, default: 0 },
      unit: text(word('customer.unit')),
      address: text(word('customer.address'), { lines: true }),
      notes: text(word('customer.notes'), { lines: true }),
      numbers: { type: 'array', description: word('customers.numbers'), items: { type: 'string' } },
      ...(own.length ? { fields: { type: 'object', description: word('customers.fields'), properties: Object.fromEntries(own) } } : {}),
    },
  };
}

/** What somebody was, newest first, each a way back. */
function pastOf(client, { id, version }, reload) {
  const rows = make('tbody');
  const told = make('p', { class: 'told wrong', role: 'alert' });
  const restore = async (wanted) => {
    try {
      await client.change('POST', `${pathOf(id)}/restore`, { version: wanted, reason: '' }, version);
      await reload();
    } catch (problem) {
      fill(told, icon('alert'), problemText(problem));
    }
  };
  const load = async () => {
    const { items } = await client.read(`${pathOf(id)}/versions`, { limit: PAGE });
    fill(rows, ...items.map(({ version: number, at, by, reason, customer }, index) => make('tr', {},
      make('td', {}, make('strong', {}, number)), make('td', { class: 'when' }, momentText(at)), make('td', {}, by), make('td', {}, reason),
      make('td', {}, customer ? [customer.name, ...customer.numbers, customer.level, customer.unit].filter(Boolean).join(' · ') : word('customers.removed')),
      make('td', {}, index > 0 && customer && make('button', { class: 'button', type: 'button', onclick: () => restore(number) }, word('customers.restore'))))));
  };
  const columns = ['number', 'at', 'by', 'reason', 'what'].map((name) => make('th', { scope: 'col' }, word(`version.${name}`)));
  return make('details', { class: 'card form', ontoggle: (event) => { if (event.target.open && !rows.firstChild) load(); } },
    make('summary', {}, word('customers.past')), told,
    make('table', {}, make('thead', {}, make('tr', {}, ...columns, make('th', {}, make('span', { class: 'unseen' }, word('customers.restore'))))), rows));
}
