/** Customers as a CSV file: out, in after a look at every bad cell, and back again as a whole. */

import { isSure } from './admin_dialog.js';
import { save } from './admin_exchange.js';
import { inLanguage } from './business_client.js';
import { momentText, problemText, spoken, word, wordOf } from './customer_words.js';
import { fill, make } from './element.js';
import { icon } from './icons.js';

const CHANGES = 20;
const CSV = 'text/csv';
const right = (text) => make('p', { class: 'told' }, icon('check'), text);
const wrong = (text) => make('p', { class: 'told wrong' }, icon('alert'), text);

export async function showCustomerFile(place, { client }) {
  const result = make('div', { class: 'form', 'aria-live': 'polite' });
  const past = make('tbody');
  const file = make('input', { type: 'file', accept: '.csv,text/csv', onchange: () => {
    take.disabled = true;
    fill(result);
  } });
  const reason = make('input', { type: 'text', maxLength: 200, autocomplete: 'off' });
  const take = make('button', { class: 'button danger', type: 'button', disabled: true, onclick: () => run(false) }, word('exchange.take'));
  let version = null; // of the table that was looked at
  const run = async (isTry) => {
    take.disabled = true;
    try {
      const query = new URLSearchParams({ dry_run: String(isTry), ...(reason.value.trim() ? { reason: reason.value.trim() } : {}) });
      const done = await client.change('POST', `/v1/customers/import?${query}`, new Blob([file.files[0]], { type: CSV }), isTry ? null : version);
      version = done.version;
      take.disabled = !isTry || done.bad_cells.length > 0 || done.made + done.changed === 0;
      fill(result, ...told(done, fields));
      if (done.taken) await showPast();
    } catch (problem) {
      fill(result, wrong(problemText(problem)));
    }
  };
  const fields = new Map((await client.all('fields')).map(({ id, data }) => [`fields.${id}`, data.name || id]));
  const showPast = async () => {
    const { items } = await client.read('/v1/customers/changes', { limit: CHANGES });
    fill(past, ...items.map((change) => pastRow(change, () => undo(change))));
  };
  const undo = async ({ version, customers }) => {
    if (!(await isSure(word('customers.sure_undo', version, customers), word('customers.undo')))) return;
    try {
      await client.change('POST', `/v1/customers/changes/${version}/undo`, { reason: '' });
      fill(result, right(word('customers.undone', version)));
    } catch (problem) {
      fill(result, wrong(problem.status === 412 ? word('customers.changed_since') : problemText(problem)));
    }
    await showPast();
  };
  const columns = ['number', 'at', 'by', 'reason'].map((name) => make('th', { scope: 'col' }, word(`version.${name}`)));
  fill(
    place,
    make('div', { class: 'place-head' }, make('a', { class: 'button plain', href: '#customers', 'aria-label': word('admin.back') }, '←'), make('h2', {}, word('customers.file')),
      make('span', { class: 'note' }),
      make('button', { class: 'button', type: 'button', onclick: async () => save('customers.csv', CSV, await client.file('/v1/customers/export')) }, word('customers.export'))),
    make('section', { class: 'card form' }, make('h2', {}, word('customers.import')), make('p', { class: 'note' }, word('customers.import_note')),
      make('div', { class: 'deeds' }, make('label', { class: 'field' }, make('span', {}, word('customers.csv')), file),
        make('label', { class: 'field' }, make('span', {}, word('admin.reason')), reason),
        make('button', { class: 'button', type: 'button', onclick: () => { if (file.files[0]) run(true); } }, word('exchange.try')), take),
      result),
    make('section', { class: 'card table-card' },
      make('table', { class: 'past' }, make('caption', {}, word('customers.changes')), make('thead', {}, make('tr', {}, ...columns, make('th', { scope: 'col' }, word('admin.customers')), make('th', {}, make('span', { class: 'unseen' }, word('customers.undo'))))), past)),
  );
  await showPast();
  return null;
}

/** What a file did or would do, and each cell of it that cannot be used. */
function told({ taken, made, changed, unchanged, bad_cells: bad, version }, fields) {
  const counts = word('customers.counts', made, changed, unchanged);
  if (!bad.length) return [right(taken ? `${word('exchange.taken', version)}:${counts}` : counts)];
  return [
    wrong(word('customers.bad', bad.length)),
    make('table', { class: 'bad-cells' },
      make('thead', {}, make('tr', {}, ...['line', 'column', 'value', 'rule'].map((name) => make('th', { scope: 'col' }, word(`customers.${name}`))))),
      make('tbody', {}, ...bad.map(({ line, column, value, reason }) => make('tr', {}, make('td', {}, line), make('td', {}, fields.get(column) ?? wordOf('customers.column', column)),
        make('td', { class: 'before' }, value), make('td', {}, inLanguage(reason, spoken())))))),
  ];
}

function pastRow({ version, at, by, reason, customers }, undo) {
  return make('tr', { dataset: { version } }, make('td', {}, make('strong', {}, version)), make('td', { class: 'when' }, momentText(at)), make('td', {}, by), make('td', {}, reason),
    make('td', {}, customers), make('td', {}, make('button', { class: 'button', type: 'button', onclick: undo }, word('customers.undo'))));
}
