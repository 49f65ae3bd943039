/** The card of previews: the record of a call list whose turn it is, dialled by a click or skipped. */

import { byId, fill, make } from './element.js';
import { paced } from './pacing.js';
import { word, wordOf } from './words.js';

export class CallListPreview {
  #bar;
  #run;
  #lists = [];
  #record = null;
  #askSoon = paced(() => this.#ask());

  /**
   * @param {import('./phonebar.js').PhoneBar} bar
   * @param {(work: () => Promise<unknown>) => Promise<boolean>} run  does it and tells what went wrong
   */
  constructor(bar, run) {
    this.#bar = bar;
    this.#run = run;
    bar.on('event', ({ kind, data }) => {
      if (kind === 'call_list_changed') this.#askSoon();
      if (kind === 'call_list_record_changed') this.#recordChanged(data);
    });
    bar.on('line', ({ line }) => { if (line === 'live') this.#askSoon(); });
    bar.on('agent', () => this.show());
    this.#ask();
  }

  async #ask() {
    try {
      this.#lists = (await this.#bar.callLists()).filter(({ mode, state }) => mode === 'preview' && state === 'running');
    } catch { // what stands is shown when the server answers again
    }
    this.show();
  }

  /** What came of the record stays to be read until the next one is taken. */
  #recordChanged(data) {
    if (this.#record?.list_id !== data.list_id || this.#record.record_id !== data.record_id) return;
    const isBack = data.state === 'waiting' && !data.result;
    this.#record = isBack ? null : { ...this.#record, state: data.state, result: data.result || null };
    this.show();
  }

  /** All of it, in the language that is set. */
  show() {
    byId('preview-card').hidden = this.#lists.length === 0 && this.#record === null;
    const record = this.#record;
    const isLookedAt = record?.state === 'shown';
    fill(byId('preview'), record && this.#facts(record), isLookedAt ? this.#deeds(record) : this.#takers());
  }

  #facts(record) {
    const pairs = Object.entries(record.data);
    return make(
      'div', { class: 'record' },
      make('strong', {}, record.number), ' ',
      make('small', {}, record.result ? wordOf('result', record.result) : word(`record.${record.state}`)),
      make('dl', { class: 'facts' }, ...pairs.flatMap(([name, value]) => [make('dt', {}, name), make('dd', {}, String(value))])),
    );
  }

  #deeds({ list_id: list, record_id: id }) {
    const deed = (name, work, more = {}) => make('button', { class: 'button', type: 'button', onclick: () => this.#do(work), ...more }, word(name));
    return make(
      'p', { class: 'deeds' },
      deed('do.dial', () => this.#bar.dialRecord(list, id), { disabled: !this.#bar.may('dial') }),
      deed('lists.skip', () => this.#bar.skipRecord(list, id)),
      deed('lists.set_aside', () => this.#bar.skipRecord(list, id, { forGood: true })),
    );
  }

  #takers() {
    return make('p', { class: 'deeds' }, ...this.#lists.map((list) => make(
      'button', { class: 'button', type: 'button', onclick: () => this.#do(() => this.#bar.nextRecord(list.list_id)) }, `${word('lists.next')} · ${list.name}`,
    )));
  }

  async #do(work) {
    await this.#run(async () => { this.#record = await work(); });
    if (this.#record?.state === 'waiting') this.#record = null; // skipped for a while
    this.show();
  }
}
