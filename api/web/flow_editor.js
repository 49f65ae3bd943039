/** One flow: its chart with the callers who are in it now, and a drawer in which a node is changed. */

import { fill, make } from './element.js';
import { inLanguage } from './business_client.js';
import { settleConflict } from './admin_conflict.js';
import { isSure, showDialog } from './admin_dialog.js';
import { namesFor } from './admin_documents.js';
import { momentText, problemText, spoken, word, wordOf } from './admin_words.js';
import { pointed, renamed, visibleFaults, without } from './flow_chart.js';
import { drawFlow, typeWord } from './flow_drawing.js';
import { icon } from './icons.js';
import { SchemaForm } from './schema_form.js';

const KIND = 'flows';
const NAME = /^[A-Za-z0-9_-]{1,40}$/;

/** A step of a flow is no event of the live stream, so whoever looks at a chart asks. */
const LOOK_EVERY_MS = 2000;

export class FlowEditor {
  #place;
  #client;
  #schemas;
  #names;
  #document = null;
  #flow;
  #chosen = '';
  #told = make('p', { class: 'told', role: 'status' });
  #chart = make('div', { class: 'chart' });
  #drawer = make('aside', { class: 'card node-drawer' });
  #counts = make('p', { class: 'note', role: 'status' });
  #callers = new Map();
  #faults = new Map(); // node → texts of the server
  #form = null;
  #isChanged = false;
  #clock;

  static async open(place, { client, id }) {
    const editor = new FlowEditor(place, client);
    const schemas = await client.schemas();
    editor.#schemas = schemas.nodes;
    editor.#names = await namesFor(client, schemas);
    if (id === '+') editor.#flow = { id: '', name: '', start: 'end', nodes: { end: { type: 'hang_up', say: [] } } };
    else editor.#take(await client.get(KIND, id));
    editor.#show();
    editor.#clock = setInterval(() => editor.#look(), LOOK_EVERY_MS);
    await editor.#look();
    return editor;
  }

  constructor(place, client) {
    this.#place = place;
    this.#client = client;
  }

  get isChanged() { return this.#isChanged; }

  close() { clearInterval(this.#clock); }

  #take(document) {
    this.#document = document;
    this.#flow = structuredClone(document.data);
    this.#faults.clear();
    this.#isChanged = false;
  }

  // ---- what is shown ---------------------------------------------------------------------------------

  #show() {
    const document = this.#document;
    const change = (name) => (event) => {
      this.#flow[name] = event.target.value.trim();
      this.#touched();
    };
    const add = make('select', { 'aria-label': word('flow.add'), onchange: () => {
      this.#add(add.value);
      add.value = '';
    } }, make('option', { value: '' }, `+ ${word('flow.add')}`), ...Object.keys(this.#schemas).map((type) => make('option', { value: type }, typeWord(type))));
    const reason = make('input', { type: 'text', maxLength: 200, autocomplete: 'off', placeholder: word('admin.reason'), 'aria-label': word('admin.reason') });
    fill(
      this.#place,
      make('div', { class: 'place-head' },
        make('a', { class: 'button plain', href: `#${KIND}`, 'aria-label': word('admin.back') }, '←'),
        make('h2', {}, document ? this.#flow.name || document.id : word('flow.new')),
        document && make('span', { class: 'note' }, word('admin.changed_by', momentText(document.changed_at), wordOf('by', document.changed_by), document.version)), this.#counts),
      make('div', { class: 'flow-tools card' },
        !document && make('input', { type: 'text', value: this.#flow.id, oninput: change('id'), placeholder: word('flow.id'), 'aria-label': word('flow.id') }),
        make('input', { type: 'text', value: this.#flow.name ?? '', oninput: change('name'), placeholder: word('flow.name'), 'aria-label': word('flow.name') }),
        add, make('span', { class: 'note' }, word('flow.connect')), reason,
        document && make('button', { class: 'button danger', type: 'button', onclick: () => this.#delete(reason.value) }, word('admin.delete')),
        make('button', { class: 'button', type: 'button', onclick: () => this.#check() }, word('flow.check')),
        make('button', { class: 'button primary', type: 'button', onclick: () => this.#save(reason.value) }, word('do.save'))),
      this.#told,
      make('div', { class: 'flow-room' }, this.#chart, this.#drawer),
    );
    this.#draw();
    this.#showNode();
  }

  #draw() {
    const faults = new Map([...visibleFaults(this.#flow, this.#schemas)].map(([name, text]) => [name, [word(text)]]));
    for (const [name, texts] of this.#faults) faults.set(name, texts);
    const held = this.#chart.contains(document.activeElement) ? document.activeElement.dataset.node : null;
    fill(this.#chart, drawFlow({
      flow: this.#flow, schemas: this.#schemas, chosen: this.#chosen, callers: this.#callers, faults,
      choose: (name) => this.#choose(name), connect: (way, target) => this.#connect(way, target),
    }));
    if (held) this.#chart.querySelector(`[data-node="${CSS.escape(held)}"]`)?.focus();
  }

  #choose(name) {
    this.#keepNode();
    this.#chosen = name;
    this.#draw();
    this.#showNode();
    this.#drawer.querySelector('input, select')?.focus();
  }

  #showNode() {
    const node = this.#flow.nodes[this.#chosen];
    this.#form = null;
    if (!node) {
      fill(this.#drawer, make('p', { class: 'empty' }, word('flow.choose')));
      return;
    }
    const { type, ...fields } = node;
    const names = { ...this.#names, nodes: Object.keys(this.#flow.nodes).map((name) => ({ id: name, title: name })) };
    this.#form = new SchemaForm(this.#schemas[type], fields, { names });
    this.#form.element.addEventListener('change', () => { this.#keepNode(); this.#draw(); });
    this.#form.element.addEventListener('click', (event) => { if (event.target.closest('.row-tools')) { this.#keepNode(); this.#draw(); } });
    const name = make('input', { type: 'text', value: this.#chosen, spellcheck: false, autocomplete: 'off', 'aria-label': word('flow.node_name'), onchange: () => this.#rename(name) });
    fill(
      this.#drawer,
      make('h2', {}, typeWord(type)),
      make('div', { class: 'form' },
        make('label', { class: 'field' }, make('span', {}, word('flow.node_name')), name), this.#form.element,
        make('div', { class: 'deeds' },
          this.#chosen !== this.#flow.start && make('button', { class: 'button', type: 'button', onclick: () => { this.#flow.start = this.#chosen; this.#touched(); this.#showNode(); } }, word('flow.make_start')),
          make('button', { class: 'button danger', type: 'button', onclick: () => this.#removeNode() }, word('flow.remove')))),
    );
    const found = this.#faults.get(this.#chosen);
    if (found) this.#form.showFaults(this.#faultsOf(this.#chosen), 'node');
  }

  #faultsOf(name) { return (this.#errors ?? []).filter(({ node }) => node === name).map(({ place, detail }) => ({ field: place ? `node.${place}` : 'node', detail })); }

  #errors = [];

  // ---- changing it -----------------------------------------------------------------------------------

  #touched() {
    this.#isChanged = true;
    this.#tell(word('flow.unsaved'));
    this.#draw();
  }

  /** What the drawer says goes into the flow. */
  #keepNode() {
    const node = this.#flow.nodes[this.#chosen];
    if (!node || !this.#form) return;
    const now = { type: node.type, ...this.#form.value() };
    if (JSON.stringify(now) === JSON.stringify({ type: node.type, ...node })) return;
    this.#flow.nodes[this.#chosen] = now;
    this.#isChanged = true;
    this.#tell(word('flow.unsaved'));
  }

  #connect({ source, key }, target) {
    this.#keepNode();
    this.#flow.nodes[source] = pointed(this.#flow.nodes[source], key, target);
    this.#touched();
    this.#showNode();
  }

  #add(type) {
    if (!type) return;
    this.#keepNode();
    let number = 1;
    while (this.#flow.nodes[`${type}${number}`]) number += 1;
    const name = `${type}${number}`;
    this.#flow.nodes[name] = { type };
    this.#chosen = name;
    this.#touched();
    this.#showNode();
    this.#drawer.querySelector('input')?.select();
  }

  #rename(input) {
    const after = input.value.trim();
    const fault = !NAME.test(after) ? 'flow.node_name_wrong' : this.#flow.nodes[after] && after !== this.#chosen ? 'flow.node_name_taken' : '';
    if (fault) {
      this.#tell(word(fault), true);
      return;
    }
    this.#keepNode();
    this.#flow = renamed(this.#flow, this.#chosen, after, this.#schemas);
    this.#chosen = after;
    this.#touched();
    this.#showNode();
  }

  #removeNode() {
    this.#form = null;
    this.#flow = without(this.#flow, this.#chosen, this.#schemas);
    this.#chosen = '';
    this.#touched();
    this.#showNode();
  }

  // ---- saving it -------------------------------------------------------------------------------------

  /** What saving would find, without saving. */
  async #check() {
    this.#keepNode();
    const id = this.#document?.id ?? this.#flow.id;
    try {
      const { faults } = await this.#client.check(KIND, id || '?', this.#flow);
      this.#showFaults(faults, id, 'flow.faults_found');
      if (!faults.length) this.#tell(word('flow.no_faults'));
    } catch (problem) {
      this.#tell(problemText(problem), true);
    }
  }

  async #save(reason) {
    this.#keepNode();
    const id = this.#document?.id ?? this.#flow.id;
    try {
      this.#take(await this.#client.put(KIND, id || '?', this.#flow, this.#document?.version ?? null, reason));
    } catch (problem) {
      await this.#refused(problem, id);
      return;
    }
    history.replaceState(null, '', `#${KIND}/${encodeURIComponent(id)}`);
    this.#errors = [];
    this.#show();
    this.#tell(word('admin.saved'));
  }

  async #refused(problem, id) {
    if (problem.status === 412 && this.#document) {
      const theirs = await this.#client.get(KIND, id);
      const settled = await settleConflict(this.#document.data, this.#flow, theirs);
      if (settled === undefined) return;
      this.#take(theirs);
      if (settled) {
        this.#flow = settled;
        this.#isChanged = true;
      }
      this.#show();
      return;
    }
    const faults = problem.problem?.errors ?? [];
    this.#showFaults(faults, id, 'flow.faults');
    if (!faults.length) this.#tell(problemText(problem), true);
  }

  /** Faults at their nodes; those of no node, and how many there are, in a line. */
  #showFaults(faults, id, told) {
    const prefix = `${KIND}.${id}.nodes.`;
    const others = [];
    this.#errors = [];
    this.#faults.clear();
    for (const { field, detail } of faults) {
      const [node, ...rest] = field.startsWith(prefix) ? field.slice(prefix.length).split('.') : [''];
      if (this.#flow.nodes[node]) {
        this.#errors.push({ node, place: rest.join('.'), detail });
        this.#faults.set(node, [...(this.#faults.get(node) ?? []), inLanguage(detail, spoken())]);
      } else others.push(`${field}: ${inLanguage(detail, spoken())}`);
    }
    if (this.#errors.length) this.#chosen = this.#errors[0].node;
    this.#draw();
    this.#showNode();
    if (faults.length) this.#tell([word(told, faults.length), ...others].join(' · '), true);
  }

  async #delete(reason) {
    if (!(await isSure(word('admin.sure_delete', this.#document.id), word('admin.delete')))) return;
    try {
      await this.#client.remove(KIND, this.#document.id, this.#document.version, reason.trim());
      this.#isChanged = false;
      location.hash = `#${KIND}`;
    } catch (problem) {
      await showDialog(problemText(problem), () => (problem.problem?.errors ?? []).map(({ field, detail }) => make('p', {}, `${field}: ${inLanguage(detail, spoken())}`)));
    }
  }

  #tell(text, isWrong = false) {
    this.#told.classList.toggle('wrong', isWrong);
    fill(this.#told, icon(isWrong ? 'alert' : this.#isChanged ? 'pen' : 'check'), text);
  }

  // ---- who is in it ----------------------------------------------------------------------------------

  async #look() {
    if (!this.#document || document.hidden) return;
    let found;
    try {
      found = await this.#client.read(`/v1/flows/${encodeURIComponent(this.#document.id)}/callers`);
    } catch { // the line is broken, which the page says
      return;
    }
    const elsewhere = found.nodes.filter(({ node }) => !this.#document.data.nodes[node]).reduce((sum, { callers }) => sum + callers, 0);
    const text = [word('flow.in_it', found.callers), elsewhere ? word('flow.elsewhere', elsewhere) : ''].filter(Boolean).join(' · ');
    if (this.#counts.textContent !== text) this.#counts.textContent = text;
    const now = new Map(found.nodes.map(({ node, callers }) => [node, callers]));
    if (JSON.stringify([...now]) === JSON.stringify([...this.#callers])) return;
    this.#callers = now;
    this.#draw();
  }
}
