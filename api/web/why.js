/** Why a caller still waits, or why the call came to its agent, in the distributor's own words. */

import { fill, make } from './element.js';
import { numberOf } from './floor.js';
import { problemText, spoken, word } from './words.js';

/** What is shown is asked for again after so long: agents come and go, and nothing tells of each. */
const ASK_AGAIN_MS = 2000;

export class Why {
  #bar;
  #place = make('section', { class: 'drawer-part', id: 'why', hidden: true });
  #of = '';
  #askedAt = 0;
  /** @type {{title: string, chinese: string, english: string}|null} */ #found = null;

  /** @param {import('./phonebar.js').PhoneBar} bar */
  constructor(bar) { this.#bar = bar; }

  /** The element in which it stands. */
  get place() { return this.#place; }

  /** Tell it of a call; empty for none.  It is filled in as the server answers. */
  show(callId) {
    if (callId !== this.#of) {
      this.#of = callId;
      this.#askedAt = 0;
      this.#found = null;
    }
    this.refresh();
    this.#draw();
  }

  /** Ask again once what is shown is old. */
  refresh() {
    if (this.#of && Date.now() - this.#askedAt > ASK_AGAIN_MS) this.#ask(this.#of);
  }

  async #ask(callId) {
    this.#askedAt = Date.now();
    let found = null;
    try {
      const { why_waiting: waiting, decisions } = await this.#bar.read(`/v1/calls/${encodeURIComponent(callId)}/explain`);
      const last = decisions.at(-1);
      found = waiting ? { title: 'supervisor.why_waiting', ...waiting } : last && { title: 'supervisor.why_here', ...last };
    } catch (problem) {
      found = { title: 'supervisor.why_waiting', chinese: problemText(problem), english: problemText(problem) };
    }
    if (callId !== this.#of) return;
    this.#found = found ?? null;
    this.#draw();
  }

  #draw() {
    const found = this.#found;
    this.#place.hidden = !found;
    const text = found ? this.#withNumbers(spoken() === 'zh' ? found.chinese : found.english) : '';
    const key = found ? `${spoken()} ${found.title} ${text}` : '';
    if (this.#place.dataset.key === key) return; // a text that somebody reads or marks is left in peace
    this.#place.dataset.key = key;
    fill(this.#place, found && make('h3', { class: 'title' }, word(found.title)),
      found && make('p', {}, text));
  }

  /** The distributor knows calls by their ids; people know callers by their numbers. */
  #withNumbers(text) {
    return [...this.#bar.floor.calls].reduce((told, [id, call]) => told.replaceAll(id, numberOf(call)), text);
  }
}
