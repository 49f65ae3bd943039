/** The emergency switch: what is said and where calls go, on by one click. */

import { fill, make } from './element.js';
import { isSure } from './admin_dialog.js';
import { namesFor } from './admin_documents.js';
import { momentText, problemText, word, wordOf } from './admin_words.js';
import { icon } from './icons.js';
import { SchemaForm } from './schema_form.js';

const KIND = 'emergency';
const ID = 'switch';

export async function showEmergency(place, { client }) {
  const [schemas, kept] = await Promise.all([client.schemas(), client.all(KIND)]);
  const document = kept.find(({ id }) => id === ID) ?? null;
  const isOn = Boolean(document?.data.is_on);
  const form = new SchemaForm(schemas.kinds[KIND], document?.data ?? {}, { names: await namesFor(client, schemas), left: new Set(['id', 'is_on']) });
  const told = make('p', { class: 'told', role: 'status' });
  const put = async (turned) => {
    try {
      await client.put(KIND, ID, { ...form.value(), id: ID, is_on: turned }, document?.version ?? null);
      await showEmergency(place, { client });
    } catch (problem) {
      form.showFaults(problem.problem?.errors ?? [], `${KIND}.${ID}`);
      told.classList.add('wrong');
      fill(told, icon('alert'), problemText(problem));
    }
  };
  // On by one click, for somebody is waiting for it; a slip is undone by the button that stands there then.
  const turn = async () => {
    if (!isOn || await isSure(word('emergency.sure_off'), word('emergency.turn_off'))) await put(!isOn);
  };
  fill(
    place,
    make('div', { class: 'place-head' }, make('h2', {}, word('admin.emergency'))),
    make('section', { class: isOn ? 'card switch-card is-on' : 'card switch-card' },
      make('p', { class: 'state' }, icon(isOn ? 'alert' : 'check'), word(isOn ? 'emergency.is_on' : 'emergency.off')),
      document && make('p', { class: 'note' }, word('admin.changed_by', momentText(document.changed_at), wordOf('by', document.changed_by), document.version)),
      make('p', {}, word('emergency.note')),
      make('div', { class: 'deeds' }, make('button', { class: isOn ? 'button primary' : 'button alarm', type: 'button', onclick: turn }, icon(isOn ? 'check' : 'alert'),
        word(isOn ? 'emergency.turn_off' : 'emergency.turn_on')))),
    make('section', { class: 'card form' }, make('h2', {}, word('emergency.prepare')), form.element,
      make('div', { class: 'deeds' }, make('button', { class: 'button', type: 'button', onclick: () => put(isOn) }, word('do.save'))), told),
  );
}
