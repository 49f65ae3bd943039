/** The card of call lists: how far each has come, and buttons that fill it, start or pause it. */

import { CallListForm } from './call_list_form.js';
import { byId, fill, keepList, make } from './element.js';
import { paced } from './pacing.js';
import { problemText, word } from './words.js';

const SHOWN = 8;

export class CallListsCard {
  #bar;
  #form;
  #lists = [];
  #askSoon = paced(() => this.#ask());

  /** @param {import('./phonebar.js').PhoneBar} bar */
  constructor(bar) {
    this.#bar = bar;
    this.#form = new CallListForm(bar, byId('list-form'));
    byId('new-list').onclick = () => this.#form.make();
    bar.on('event', ({ kind }) => { if (kind.startsWith('call_list_')) this.#askSoon(); });
    bar.on('line', ({ line }) => { if (line === 'live') this.#askSoon(); });
    this.#ask();
  }

  async #ask() {
    try {
      this.#lists = (await this.#bar.callLists()).filter(({ state }) => state !== 'stopped').slice(0, SHOWN);
    } catch { // what stands is shown when the server answers again
    }
    this.show();
  }

  /** All of it, in the language that is set. */
  show() {
    byId('no-lists').hidden = this.#lists.length > 0;
    keepList(byId('lists'), this.#lists, (list) => list.list_id, () => make('li'), (line, list) => this.#showOne(line, list));
  }

  #showOne(line, list) {
    const { waiting, shown, calling, reached } = list.states;
    const open = waiting + shown + calling;
    const how = list.state === 'running' ? 'pause' : 'start';
    fill(
      line,
      make('strong', {}, list.name),
      make('small', {}, [word(`lists.${list.mode}`), word(`lists.${list.state}`), !list.is_open && word('lists.closed')].filter(Boolean).join(' · ')),
      make('progress', { max: Math.max(1, list.total), value: list.total - open, 'aria-label': list.name }),
      make('small', {}, `${word('lists.reached')} ${reached} · ${word('lists.open')} ${open} · ${word('lists.under_way')} ${list.under_way}`),
      make('span', { class: 'choices' },
        make('button', { class: 'button', type: 'button', onclick: () => this.#form.fill(list) }, word('lists.import')),
        make('button', { class: 'button', type: 'button', onclick: () => this.#turn(line, list, how) }, word(`lists.${how}`))),
    );
  }

  async #turn(line, list, how) {
    try {
      await this.#bar.turnCallList(list.list_id, how);
    } catch (problem) {
      line.append(make('small', { role: 'alert' }, problemText(problem)));
    }
  }
}
