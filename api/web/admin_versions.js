/** Every change of the business: who, when, why, the differences, and back to it. */

import { fill, make } from './element.js';
import { isSure } from './admin_dialog.js';
import { titled } from './business_client.js';
import { momentText, problemText, reasonText, spoken, word, wordOf } from './admin_words.js';
import { icon } from './icons.js';
import { differenceText } from './schema_text.js';

const PAGE = 50;
const NAMED_MOST = 4;

export async function showVersions(place, { client }) {
  const rows = make('tbody');
  const more = make('button', { class: 'button', type: 'button', hidden: true }, word('version.more'));
  const kinds = await client.kinds();
  let cursor = '';
  let newest = null;
  const load = async () => {
    const page = await client.read('/v1/business/versions', { limit: PAGE, ...(cursor ? { cursor } : {}) });
    rows.append(...page.items.flatMap((version) => rowsOf(version, client, kinds, restored)));
    newest ??= page.items[0]?.version ?? null;
    cursor = page.next_cursor;
    more.hidden = !cursor;
  };
  const restored = async (number) => {
    if (!(await isSure(word('version.sure', number), word('version.restore')))) return;
    try {
      const { version } = await client.change('POST', `/v1/business/versions/${number}/restore`, { reason: '' }, newest);
      await showVersions(place, { client });
      place.querySelector('.told').textContent = word('version.restored', version.version);
    } catch (problem) {
      if (problem.status === 412) await showVersions(place, { client }); // what came meanwhile is to be seen first
      const told = place.querySelector('.told');
      told.classList.add('wrong');
      fill(told, icon('alert'), problemText(problem));
    }
  };
  more.onclick = load;
  fill(
    place,
    make('div', { class: 'place-head' }, make('h2', {}, word('admin.versions'))), make('p', { class: 'told', role: 'status' }),
    make('div', { class: 'card table-card' }, make('table', {},
      make('thead', {}, make('tr', {}, ...['number', 'at', 'by', 'reason', 'what'].map((name) => make('th', { scope: 'col' }, word(`version.${name}`))), make('th', {}, make('span', { class: 'unseen' }, word('version.open'))))),
      rows)),
    more,
  );
  await load();
}

function rowsOf({ version, at, by, reason, documents }, client, kinds, restore) {
  const names = namesOf(documents, kinds, NAMED_MOST);
  const detail = make('tr', { hidden: true });
  const opener = make('button', { class: 'button', type: 'button', 'aria-expanded': 'false', onclick: async () => {
    detail.hidden = !detail.hidden;
    opener.setAttribute('aria-expanded', String(!detail.hidden));
    if (!detail.hidden && !detail.firstChild) {
      const { changes } = await client.read(`/v1/business/versions/${version}`);
      fill(detail, make('td', { colSpan: 6 }, await changesTable(changes, client),
        make('p', { class: 'deeds' }, make('button', { class: 'button danger push', type: 'button', onclick: () => restore(version) }, word('version.restore')))));
    }
  } }, word('version.open'));
  return [make('tr', { dataset: { version } }, make('td', {}, make('strong', {}, version)), make('td', { class: 'when' }, momentText(at)), make('td', {}, wordOf('by', by)),
    make('td', {}, reasonText(reason)), make('td', {}, make('div', { class: 'summary' }, names)), make('td', {}, opener)), detail];
}

const kindTitle = (kinds, kind) => titled(kinds.find((each) => each.kind === kind)?.title ?? kind, spoken());

/** Documents, told as `kind/id`, in words; a long list is cut. */
export function namesOf(documents, kinds, most) {
  const names = documents.slice(0, most).map((each) => {
    const [kind, ...id] = each.split('/');
    return `${kindTitle(kinds, kind)} ${id.join('/')}`;
  });
  return names.join(', ') + (documents.length > most ? ` … (${documents.length})` : '');
}

/** What became of each document, value by value, in the words of its fields. */
export async function changesTable(changes, client) {
  const [schemas, kinds] = await Promise.all([client.schemas(), client.kinds()]);
  const rowOf = (kind, { path, before, after }) => {
    const { place, text } = differenceText(schemas, kind, path);
    return make('tr', {}, make('td', { title: path }, place), make('td', { class: 'before' }, text(before.value)), make('td', { class: 'after' }, text(after.value)));
  };
  return make('table', { class: 'differences' },
    make('thead', {}, make('tr', {}, make('th', {}, word('version.what')), make('th', {}, word('version.before')), make('th', {}, word('version.after')))),
    make('tbody', {}, ...changes.flatMap(({ kind, id, action, differences }) => [
      make('tr', {}, make('th', { colSpan: 3 }, `${kindTitle(kinds, kind)} ${id} · ${word(`version.${action}`)}`)),
      ...(action === 'changed' ? differences : []).map((each) => rowOf(kind, each)),
    ])));
}
