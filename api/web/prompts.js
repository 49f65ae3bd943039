/** Announcements: heard, uploaded, replaced, taken back; and what plays each. */

import { isSure } from './admin_dialog.js';
import { inLanguage } from './business_client.js';
import { fill, make } from './element.js';
import { icon } from './icons.js';
import { momentText, problemText, spoken, word } from './prompt_words.js';

const PAGE = 500;
const SOUNDS = 'audio/*,.wav,.mp3,.flac,.ogg';
/** What the server takes; whatever else a browser calls a sound goes as bytes and is looked into. */
const KNOWN = new Set(['audio/wav', 'audio/x-wav', 'audio/mpeg', 'audio/flac', 'audio/ogg']);
const pathOf = (id) => `/v1/prompts/${encodeURIComponent(id)}`;

export async function showPrompts(place, { client }) {
  const rows = make('tbody');
  const none = make('p', { class: 'empty', hidden: true }, word('admin.none_found'));
  const told = make('p', { class: 'told', role: 'status' });
  const tell = (text, isWrong = false) => {
    told.classList.toggle('wrong', isWrong);
    fill(told, icon(isWrong ? 'alert' : 'check'), text);
  };
  let prompts = [];
  const show = () => {
    const wanted = search.value.trim().toLowerCase();
    const found = prompts.filter((each) => [each.prompt_id, each.title, each.text, ...each.used_by].join(' ').toLowerCase().includes(wanted));
    fill(rows, ...found.map((prompt) => rowOf(prompt, deeds)));
    none.hidden = found.length > 0;
  };
  const search = make('input', { type: 'search', placeholder: word('admin.find'), 'aria-label': word('admin.find'), oninput: show });
  const load = async () => {
    prompts = (await all(client)).sort((one, other) => rankOf(other) - rankOf(one));
    show();
  };
  const run = async (work, done) => {
    try {
      await work();
      tell(done);
    } catch (problem) {
      const faults = problem.problem?.errors ?? [];
      tell(problem.status === 412 ? word('prompts.outdated') : faults.length ? faults.map(({ field, detail }) => `${field}: ${inLanguage(detail, spoken())}`).join(' · ') : problemText(problem), true);
    }
    await load();
  };
  const deeds = {
    replace: (prompt, file) => run(() => upload(client, prompt.prompt_id, file, { title: prompt.title, version: prompt.version || null }), word('prompts.kept', prompt.prompt_id)),
    remove: async (prompt) => {
      const question = word(prompt.is_shipped || prompt.text ? 'prompts.sure_back' : 'prompts.sure_remove', prompt.prompt_id);
      if (!(await isSure(question, word(prompt.is_shipped || prompt.text ? 'prompts.back' : 'admin.delete')))) return;
      await run(() => client.change('DELETE', pathOf(prompt.prompt_id), undefined, prompt.version), word('prompts.gone', prompt.prompt_id));
    },
  };
  fill(
    place,
    make('div', { class: 'place-head' }, make('h2', {}, word('admin.prompts')), make('span', { class: 'note' }, word('prompts.note')), search),
    uploadForm((id, file, title) => {
      const before = prompts.find(({ prompt_id: each }) => each === id);
      if (before?.version || before?.is_shipped) tell(word('prompts.there', id), true);
      else run(() => upload(client, id, file, { title, version: null }), word('prompts.kept', id));
    }),
    told,
    make('div', { class: 'card table-card messages' },
      make('table', {}, make('thead', {}, make('tr', {}, ...['prompt', 'sound', 'used_by', 'changed', 'deeds'].map((name) => make('th', { scope: 'col' }, word(`prompts.${name}`))))), rows),
      none),
  );
  await load();
}

/** Own ones first, then those that the business plays; each by id, as the server lists them. */
const rankOf = ({ version, used_by: users }) => 2 * (version > 0) + (users.length > 0);

async function all(client) {
  const found = [];
  let cursor = '';
  do {
    const page = await client.read('/v1/prompts', { limit: PAGE, ...(cursor ? { cursor } : {}) });
    found.push(...page.items);
    cursor = page.next_cursor;
  } while (cursor);
  return found;
}

/** The version of a prompt that was uploaded before; null where none was. */
function upload(client, id, file, { title, version }) {
  const type = KNOWN.has(file.type) ? file.type : 'application/octet-stream';
  return client.change('PUT', `${pathOf(id)}?${new URLSearchParams(title ? { title } : {})}`, new Blob([file], { type }), version);
}

function uploadForm(take) {
  const id = make('input', { type: 'text', required: true, pattern: '[A-Za-z0-9_\\-]{1,40}', title: word('prompts.id_rule'), autocomplete: 'off', spellcheck: false });
  const title = make('input', { type: 'text', maxLength: 80, autocomplete: 'off' });
  const file = make('input', { type: 'file', accept: SOUNDS, required: true });
  const field = (name, control) => make('label', { class: 'field' }, make('span', {}, word(`prompts.${name}`)), control);
  return make('form', { class: 'card form', onsubmit: (event) => {
    event.preventDefault();
    take(id.value, file.files[0], title.value.trim());
  } }, make('h2', {}, word('prompts.upload')), make('p', { class: 'note' }, word('prompts.upload_note')),
  make('div', { class: 'deeds' }, field('id', id), field('title', title), field('file', file), make('button', { class: 'button primary', type: 'submit' }, word('prompts.upload'))));
}

function rowOf(prompt, { replace, remove }) {
  const { prompt_id: id, title, text, version, is_shipped: isShipped, duration_s: length, changed_at: at, changed_by: by, used_by: users } = prompt;
  const isSpoken = !version && !isShipped; // by the machine, as long as there is no sound
  const file = make('input', { type: 'file', accept: SOUNDS, hidden: true, 'aria-label': `${word('prompts.replace')} ${id}`, onchange: () => { if (file.files[0]) replace(prompt, file.files[0]); } });
  return make('tr', { dataset: { prompt: id } },
    make('td', {}, make('strong', {}, id), title && make('div', { class: 'note' }, title)),
    make('td', {}, isSpoken ? make('q', {}, text) : make('audio', { controls: true, preload: 'none', src: `${pathOf(id)}/sound`, 'aria-label': `${word('prompts.sound')} ${id}` }), length ? make('div', { class: 'note' }, word('prompts.length', length.toFixed(1))) : null),
    make('td', {}, users.length ? make('ul', { class: 'users' }, ...users.map(userOf)) : make('span', { class: 'note' }, word('prompts.unused'))),
    make('td', { class: 'when' }, version ? `${momentText(at)} · ${by}` : word(isSpoken ? 'prompts.spoken' : 'prompts.shipped')),
    make('td', {}, make('div', { class: 'deeds' }, file,
      make('button', { class: 'button', type: 'button', onclick: () => file.click() }, word('prompts.replace')),
      version > 0 && make('button', { class: 'button danger', type: 'button', onclick: () => remove(prompt) }, word(isShipped || text ? 'prompts.back' : 'admin.delete')))));
}

function userOf(user) {
  const [kind, id] = [user.slice(0, user.indexOf('/')), user.slice(user.indexOf('/') + 1)];
  const place = kind === 'emergency' ? kind : `${kind}/${encodeURIComponent(id)}`;
  return make('li', {}, make('a', { href: `#${place}` }, user));
}
