/** The whole business as one file: out, and in again after a look at what it would change. */

import { fill, make } from './element.js';
import { inLanguage } from './business_client.js';
import { changesTable } from './admin_versions.js';
import { problemText, spoken, word } from './admin_words.js';
import { icon } from './icons.js';

const FAULTS_SHOWN = 50;

export function showExchange(place, { client }) {
  const result = make('div', { 'aria-live': 'polite' });
  const file = make('input', { type: 'file', accept: 'application/json,.json' });
  const take = make('button', { class: 'button danger', type: 'button', disabled: true, onclick: () => run(false) }, word('exchange.take'));
  let document = null;
  let version = null;
  let customersVersion = null;
  file.onchange = () => {
    take.disabled = true;
    fill(result);
  };
  const run = async (isTry) => {
    try {
      if (isTry) document = JSON.parse(await file.files[0].text());
    } catch {
      fill(result, wrong(word('exchange.no_json')));
      return;
    }
    try {
      const done = await client.change('POST', '/v1/business/import', { file: document, dry_run: isTry, ...(isTry || customersVersion === null ? {} : { customers_version: customersVersion }) }, isTry ? null : version);
      version = done.version;
      const { customers } = done;
      customersVersion = customers?.version ?? null;
      take.disabled = !isTry || (done.changes.length === 0 && !(customers?.made || customers?.changed || customers?.removed));
      fill(result, make('p', { class: 'told' }, icon('check'), isTry ? word('exchange.would', done.changes.length) : word('exchange.taken', version)),
        customers && make('p', { class: 'note' }, word('exchange.customers', customers.made, customers.changed, customers.removed, customers.unchanged)),
        done.changes.length > 0 && await changesTable(done.changes, client));
    } catch (problem) {
      take.disabled = true;
      const faults = (problem.problem?.errors ?? []).slice(0, FAULTS_SHOWN);
      fill(result, faults.length ? make('ul', { class: 'faults' }, ...faults.map(({ field, detail }) => make('li', {}, make('code', {}, field), ' ', inLanguage(detail, spoken()))))
        : wrong(problemText(problem)));
    }
  };
  fill(
    place,
    make('div', { class: 'place-head' }, make('h2', {}, word('admin.exchange'))),
    make('section', { class: 'card' }, make('h2', {}, word('exchange.export')), make('p', { class: 'note' }, word('exchange.export_note')),
      make('p', { class: 'deeds' }, make('button', { class: 'button primary', type: 'button', onclick: () => download(client) }, word('exchange.export')))),
    make('section', { class: 'card form' }, make('h2', {}, word('exchange.import')), make('p', { class: 'note' }, word('exchange.import_note')),
      make('div', { class: 'deeds' }, make('label', { class: 'field' }, make('span', {}, word('exchange.file')), file),
        make('button', { class: 'button', type: 'button', onclick: () => { if (file.files[0]) run(true); } }, word('exchange.try')), take),
      result),
  );
}

const wrong = (text) => make('p', { class: 'told wrong' }, icon('alert'), text);

async function download(client) {
  save('business.json', 'application/json', JSON.stringify(await client.read('/v1/business/export'), null, 1));
}

/** Hand a text to the person as a file. */
export function save(name, type, text) {
  const link = make('a', { href: URL.createObjectURL(new Blob([text], { type })), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
