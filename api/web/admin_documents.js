/** One document of the business: a form made of its schema. */

import { fill, make } from './element.js';
import { inLanguage, titleOf } from './business_client.js';
import { settleConflict } from './admin_conflict.js';
import { isSure, showDialog } from './admin_dialog.js';
import { idFieldsOf } from './admin_list.js';
import { momentText, problemText, spoken, word, wordOf } from './admin_words.js';
import { icon } from './icons.js';
import { SchemaForm } from './schema_form.js';

const WORKING_DAYS = ['tuesday', 'wednesday', 'thursday', 'friday'];
const NO_ID = '?'; // what has none yet: the server says what one is made of
const idOf = (kind, data) => idFieldsOf(kind).map((name) => data[name]).filter(Boolean).join('.');

/** What there is of everything that a document may name. */
export async function namesFor(client, schemas) {
  const kinds = Object.keys(schemas.kinds).concat('flows');
  const lists = await Promise.all(kinds.map(async (kind) => [kind, (await client.all(kind)).map((each) => ({ id: each.id, title: titleOf(each) }))]));
  const machine = Object.entries(schemas.machine).map(([name, ids]) => [name, ids.map((id) => ({ id, title: id }))]);
  return Object.fromEntries([...lists, ...machine]);
}

export class DocumentView {
  #place;
  #client;
  #kind;
  #title;
  #schema;
  #names;
  #document = null; // as it was read; null for one that is being made
  #form;
  #told = make('p', { class: 'told', role: 'status' });
  #isChanged = false;
  #below;

  /**
   * @param {{client: import('./business_client.js').BusinessClient, kind: string, title: string, id: string, told?: string,
   *   below?: (document: object, reload: () => Promise<void>) => Node}} what  `below` makes what stands under the form of a document
   */
  static async open(place, what) {
    const view = new DocumentView(place, what);
    const schemas = await what.client.schemas();
    view.#schema = schemas.kinds[what.kind];
    view.#names = await namesFor(what.client, schemas);
    if (what.id !== '+') view.#document = await what.client.get(what.kind, what.id);
    view.#show(view.#document?.data ?? {});
    if (what.told) view.#tell(what.told);
    return view;
  }

  constructor(place, { client, kind, title, below }) {
    this.#place = place;
    this.#below = below;
    this.#client = client;
    this.#kind = kind;
    this.#title = title;
  }

  /** Whether something would be lost by leaving. */
  get isChanged() { return this.#isChanged; }

  #show(data) {
    const document = this.#document;
    const fixed = new Set(document ? idFieldsOf(this.#kind) : []);
    const left = new Set(this.#kind === 'agents' ? ['password_scrypt', 'must_change_password'] : []);
    this.#form = new SchemaForm(this.#schema, data, { names: this.#names, fixed, left, changed: () => { this.#isChanged = true; } });
    const reason = make('input', { type: 'text', maxLength: 200, autocomplete: 'off' });
    const form = make(
      'form', { class: 'card form', noValidate: true, onsubmit: (event) => { event.preventDefault(); this.#save(reason.value); } },
      this.#form.element,
      make('div', { class: 'deeds' }, make('label', { class: 'field' }, make('span', {}, word('admin.reason')), reason),
        make('button', { class: 'button primary', type: 'submit' }, word('do.save')),
        this.#kind === 'hours' && make('button', { class: 'button', type: 'button', onclick: () => this.#repeatMonday() }, word('hours.repeat')),
        document && this.#kind === 'agents' && make('button', { class: 'button', type: 'button', onclick: () => this.#setPassword() }, word('admin.password')),
        document && make('button', { class: 'button danger', type: 'button', onclick: () => this.#remove(reason.value) }, word('admin.delete'))),
      this.#told,
    );
    fill(
      this.#place,
      make('div', { class: 'place-head' }, make('a', { class: 'button plain', href: `#${this.#kind}`, 'aria-label': word('admin.back') }, '←'),
        make('h2', {}, `${this.#title} · ${document ? titleOf(document) : word('admin.new')}`),
        document && make('span', { class: 'note' }, word('admin.changed_by', momentText(document.changed_at), wordOf('by', document.changed_by), document.version))),
      form,
      document && this.#below?.(document, () => this.#reload()),
    );
    this.#isChanged = false;
  }

  /** Most offices have one day five times. */
  #repeatMonday() {
    const data = this.#form.value();
    this.#show({ ...data, ...Object.fromEntries(WORKING_DAYS.map((day) => [day, data.monday ?? []])) });
    this.#isChanged = true;
    this.#tell(word('hours.repeated'));
  }

  async #reload() {
    this.#document = await this.#client.get(this.#kind, this.#document.id);
    this.#show(this.#document.data);
  }

  async #save(reason) {
    const data = this.#form.value();
    const id = this.#document?.id ?? idOf(this.#kind, data);
    if (this.#document && JSON.stringify(data) === JSON.stringify(this.#document.data)) {
      this.#tell(word('admin.unchanged'));
      return;
    }
    try {
      this.#document = await this.#client.put(this.#kind, id || NO_ID, data, this.#document?.version ?? null, reason);
    } catch (problem) {
      await this.#refused(problem, data, id);
      return;
    }
    history.replaceState(null, '', `#${this.#kind}/${encodeURIComponent(this.#document.id)}`);
    this.#show(this.#document.data);
    this.#tell(word('admin.saved'));
  }

  async #refused(problem, data, id) {
    if (problem.status === 412 && (this.#document || problem.problem?.current)) return this.#settle(data, id);
    const own = `${this.#kind}.${id || NO_ID}`;
    const faults = (problem.problem?.errors ?? []).map((fault) => (fault.field === own ? { ...fault, field: `${own}.${idFieldsOf(this.#kind)[0]}` } : fault));
    this.#form.showFaults(faults, own);
    this.#tell(faults.length ? word('form.faults') : problemText(problem), true);
  }

  /** Nothing is overwritten: the form goes on with both, and is saved over the version that was shown. */
  async #settle(mine, id) {
    let theirs;
    try {
      theirs = await this.#client.get(this.#kind, id);
    } catch {
      this.#document = null;
      this.#tell(word('conflict.removed'), true);
      return;
    }
    const settled = await settleConflict(this.#document?.data ?? {}, mine, theirs, this.#schema);
    if (settled === undefined) return;
    this.#document = theirs;
    this.#show(settled ?? theirs.data);
    this.#isChanged = settled !== null;
  }

  async #setPassword() {
    const { id } = this.#document;
    const given = await showDialog(word('admin.password_of', titleOf(this.#document)), (close) => {
      const password = make('input', { type: 'password', minLength: 8, maxLength: 256, required: true, autocomplete: 'new-password' });
      const mustChange = make('input', { type: 'checkbox', checked: true });
      return [make('form', { class: 'form', onsubmit: (event) => { event.preventDefault(); close({ password: password.value, must_change: mustChange.checked }); } },
        make('label', { class: 'field' }, make('span', {}, word('admin.password_new')), password),
        make('label', { class: 'field switch' }, mustChange, make('span', {}, word('admin.password_change'))),
        make('div', { class: 'deeds' }, make('button', { class: 'button primary', type: 'submit' }, word('admin.password'))))];
    });
    if (!given) return;
    try {
      await this.#client.change('POST', `/v1/admin/agents/${encodeURIComponent(id)}/password`, given);
      this.#document = await this.#client.get(this.#kind, id);
      this.#show(this.#document.data);
      this.#tell(word('admin.password_set'));
    } catch (problem) {
      this.#tell(problemText(problem), true);
    }
  }

  async #remove(reason) {
    const { id, version } = this.#document;
    if (!(await isSure(word('admin.sure_delete', titleOf(this.#document)), word('admin.delete')))) return;
    try {
      await this.#client.remove(this.#kind, id, version, reason.trim());
      this.#isChanged = false;
      location.hash = `#${this.#kind}`;
    } catch (problem) {
      const faults = problem.problem?.errors ?? [];
      this.#form.showFaults(faults, `${this.#kind}.${id}`);
      this.#tell(faults.length ? inLanguage(faults[0].detail, spoken()) : problemText(problem), true);
    }
  }

  #tell(text, isWrong = false) {
    this.#told.classList.toggle('wrong', isWrong);
    fill(this.#told, icon(isWrong ? 'alert' : 'check'), text);
  }
}
