/** Somebody else saved first (412): what both did, side by side; nothing is overwritten until a person has chosen. */

import { make } from './element.js';
import { icon } from './icons.js';
import { showDialog } from './admin_dialog.js';
import { momentText, word } from './admin_words.js';
import { differencesOf, merged } from './merging.js';
import { placeText, shownValue } from './schema_form.js';

/**
 * @param {object} [schema]  of the document, for the names of its fields
 * @param {object} base  the data that was read @param {object} mine @param {{data: object, version: number, changed_by: string, changed_at: string}} theirs
 * @returns {Promise<object|null|undefined>} merged data, null to drop mine, undefined when nothing was decided
 */
export function settleConflict(base, mine, theirs, schema = null) {
  const chosen = new Map();
  const rows = differencesOf(base, theirs.data, mine).map((found) => rowOf(found, chosen, placeText(schema, found.path)));
  return showDialog(word('conflict.title'), (close) => [
    make('p', {}, word('conflict.note', theirs.changed_by, momentText(theirs.changed_at), theirs.version)),
    make('table', { class: 'differences' },
      make('thead', {}, make('tr', {}, ...['field', 'theirs', 'mine'].map((name) => make('th', {}, word(`conflict.${name}`))))),
      make('tbody', {}, ...rows)),
    make('div', { class: 'deeds' },
      make('button', { class: 'button', type: 'button', onclick: () => close(null) }, word('conflict.reload')),
      make('button', { class: 'button primary', type: 'button', onclick: () => close(merged(base, theirs.data, mine, chosen)) }, word('conflict.merge'))),
  ]);
}

function rowOf({ path, base, theirs, mine, both }, chosen, title) {
  const place = path.join('.');
  if (!both) {
    const isMine = JSON.stringify(base) !== JSON.stringify(mine);
    return make('tr', {}, make('td', { title: place }, title), make('td', { class: isMine ? '' : 'after' }, shownValue(theirs)), make('td', { class: isMine ? 'after' : '' }, shownValue(mine)));
  }
  chosen.set(place, 'theirs');
  const pick = (side, value) => make('td', {}, make('label', { class: 'pick' },
    make('input', { type: 'radio', name: `pick-${place}`, checked: side === 'theirs', onchange: () => chosen.set(place, side) }), make('span', {}, shownValue(value))));
  return make('tr', { class: 'both' }, make('td', { title: place }, title, make('strong', {}, icon('alert'), word('conflict.both'))), pick('theirs', theirs), pick('mine', mine));
}
