/** Messages that callers left: hear them, call back, say that it was dealt with. */

import { BusinessClient } from './business_client.js';
import { byId, fill, make, setText } from './element.js';
import { watchEmergency } from './emergency.js';
import { icon } from './icons.js';
import { serve } from './sign_in.js';
import { clockText } from './words.js';
import { conditionText, momentText, problemText, speak, spoken, switchLanguage, word } from './admin_words.js';

const PAGE = 50;
const STATES = { open: 'false', done: 'true', all: '' };

class MessagesPage {
  #bar;
  #client;
  #wanted = { handled: 'open', box: '', number: '', from: '', to: '' };
  #rows = make('tbody');
  #more = make('button', { class: 'button', type: 'button', hidden: true });
  #none = make('p', { class: 'empty', hidden: true });
  #told = make('p', { class: 'told', role: 'status' });
  #cursor = '';
  #asked = 0;
  #agents = [];

  constructor(bar) {
    this.#bar = bar;
    this.#client = new BusinessClient(bar);
    byId('language').onclick = () => switchLanguage(() => this.showAll());
    bar.on('line', () => this.#showLine());
    bar.on('event', ({ kind, data }) => { if (kind.startsWith('voicemail_')) this.#refresh(data.voicemail_id); });
    watchEmergency(bar);
    this.#more.onclick = () => this.#load(this.#cursor);
  }

  /** All of it, in the language that is set. */
  async showAll() {
    speak();
    document.title = `${word('voicemail.title')} · 12345`;
    setText(byId('who-name'), this.#bar.session?.name || this.#bar.agentId);
    setText(byId('who-id'), this.#bar.agentId);
    fill(byId('language'), icon('globe'), spoken() === 'zh' ? 'English' : '中文');
    fill(byId('sign-out'), icon('leave'), word('sign_in.leave'));
    fill(this.#more, word('voicemail.more'));
    fill(this.#none, word('voicemail.none'));
    fill(this.#told);
    this.#showLine();
    fill(
      byId('place'), this.#filters(), this.#told,
      make('div', { class: 'card table-card messages' }, make('table', {},
        make('thead', {}, make('tr', {}, ...['left_at', 'caller', 'box', 'length', 'sound', 'state'].map((name) => make('th', { scope: 'col' }, word(`voicemail.${name}`))))), this.#rows), this.#none),
      this.#more,
    );
    await this.#takers();
    await this.#load('');
  }

  #showLine() {
    const banner = byId('banner');
    banner.hidden = this.#bar.isLive;
    fill(banner, icon('alert'), make('span', {}, word('line.broken')));
  }

  #filters() {
    const field = (name, label, properties = {}) => make('label', { class: 'field' }, make('span', {}, word(label)), make('input', {
      value: this.#wanted[name], autocomplete: 'off', ...properties, onchange: (event) => { this.#wanted[name] = event.target.value.trim(); this.#load(''); },
    }));
    const choices = Object.keys(STATES).map((name) => make('button', { class: 'button', type: 'button', 'aria-pressed': String(this.#wanted.handled === name), onclick: (event) => {
      this.#wanted.handled = name;
      for (const each of choices) each.setAttribute('aria-pressed', String(each === event.currentTarget));
      this.#load('');
    } }, word(`voicemail.${name}`)));
    return make('div', { class: 'card filters' }, make('div', { class: 'choices', role: 'group', 'aria-label': word('voicemail.state') }, ...choices),
      field('number', 'voicemail.number', { type: 'search' }), field('box', 'voicemail.box'), field('from', 'voicemail.from', { type: 'date' }), field('to', 'voicemail.until', { type: 'date' }));
  }

  async #load(cursor) {
    const { handled, box, number, from, to } = this.#wanted;
    const query = { limit: PAGE, handled: STATES[handled], box, number, cursor, from: from && `${from}T00:00:00+08:00`, to: to && `${to}T24:00:00+08:00`.replace('T24:00:00', 'T23:59:59') };
    const asked = (this.#asked += 1);
    let page;
    try {
      page = await this.#client.read('/v1/voicemails', Object.fromEntries(Object.entries(query).filter(([, value]) => value !== '')));
    } catch (problem) {
      this.#tell(problemText(problem), true);
      return;
    }
    if (asked !== this.#asked) return; // other filters were chosen meanwhile
    const rows = page.items.map((message) => this.#row(message));
    if (cursor) this.#rows.append(...rows);
    else fill(this.#rows, ...rows);
    this.#cursor = page.next_cursor;
    this.#more.hidden = !this.#cursor;
    this.#none.hidden = this.#rows.children.length > 0;
  }

  /** Somebody else worked on it: its row is shown anew, unless this person fills something in there, or listens. */
  async #refresh(id) {
    const row = this.#rows.querySelector(`[data-message="${CSS.escape(id)}"]`);
    if (!row || row.querySelector('input:focus, select:focus') || row.querySelector('audio')?.paused === false) return;
    await this.#try(async () => this.#fillRow(row, await this.#client.read(`/v1/voicemails/${encodeURIComponent(id)}`)));
  }

  /** Whom a message can be given to: anybody of the queue, or one of these. */
  async #takers() {
    try {
      const { items } = await this.#client.read('/v1/agents');
      this.#agents = items.map(({ agent_id: id, name }) => [id, name]);
    } catch (problem) {
      this.#tell(problemText(problem), true);
    }
  }

  #row(message) {
    const row = make('tr', { dataset: { message: message.voicemail_id } });
    this.#fillRow(row, message);
    return row;
  }

  #fillRow(row, message) {
    const path = `/v1/voicemails/${encodeURIComponent(message.voicemail_id)}`;
    const isOpen = message.state === 'open';
    fill(row, make('td', { class: 'when' }, momentText(message.left_at)), make('td', { class: 'number-of' }, message.caller), make('td', {}, message.box, message.reason && make('div', { class: 'note' }, whyOf(message))),
      make('td', {}, isOpen ? word('voicemail.speaking') : clockText(message.duration_s ?? 0)),
      make('td', {}, !isOpen && make('audio', { controls: true, preload: 'none', src: `${path}/sound`, 'aria-label': `${word('voicemail.sound')} ${message.caller}` })),
      make('td', {}, ...this.#past(message), message.handled_at ? this.#handled(message) : this.#deeds(row, message, path, isOpen)));
  }

  /** Who was given it, and who called back. */
  #past({ handed_at: at, handed_by: by, handed_queue: queue, handed_agent: agent, called_back_at: called, called_back_by: caller }) {
    return [
      at && make('div', { class: 'note' }, word('voicemail.handed', by, agent ?? queue, momentText(at))),
      called && make('div', { class: 'note' }, word('voicemail.called_back', caller, momentText(called))),
    ].filter(Boolean);
  }

  #handled({ handled_by: by, handled_at: at, note }) {
    return make('div', {}, make('span', { class: 'badge', dataset: { state: 'ready' } }, icon('check'), word('voicemail.done')), ' ', word('voicemail.by', by, momentText(at)), note && make('div', { class: 'note' }, note));
  }

  #deeds(row, message, path, isOpen) {
    const about = (name) => `${word(name)} ${message.caller}`;
    const note = make('input', { type: 'text', maxLength: 200, autocomplete: 'off', placeholder: word('voicemail.note'), 'aria-label': about('voicemail.note') });
    const taker = make('select', { 'aria-label': about('voicemail.to') }, make('option', { value: '' }, word('voicemail.anybody')),
      ...this.#agents.map(([id, name]) => make('option', { value: id }, `${id} ${name}`)));
    const change = (verb, body) => this.#try(async () => this.#fillRow(row, await this.#client.change('POST', `${path}/${verb}`, body)));
    return make('div', { class: 'deeds' },
      make('button', { class: 'button', type: 'button', disabled: !message.caller || isOpen, onclick: () => this.#callBack(message, row) }, icon('answer'), word('voicemail.call_back')),
      taker, make('button', { class: 'button', type: 'button', disabled: isOpen, onclick: () => change('hand-over', { agent: taker.value }) }, icon('transfer'), word('voicemail.hand')),
      note, make('button', { class: 'button primary', type: 'button', onclick: () => change('handled', { note: note.value.trim() }) }, icon('check'), word('voicemail.handle')));
  }

  /** One click: the own phone rings first, as with every call that is dialled. */
  #callBack({ caller, voicemail_id: id }, row) {
    if (!this.#bar.may('dial')) {
      this.#tell(word('voicemail.seat_first'), true);
      return;
    }
    this.#try(async () => {
      this.#fillRow(row, await this.#bar.callBackVoicemail(id));
      this.#tell(word('voicemail.calling', caller));
    });
  }

  async #try(work) {
    try {
      await work();
    } catch (problem) {
      this.#tell(problemText(problem), true);
    }
  }

  #tell(text, isWrong = false) {
    this.#told.classList.toggle('wrong', isWrong);
    fill(this.#told, icon(isWrong ? 'alert' : 'check'), text);
  }
}

speak();
serve('voicemails', async (bar) => {
  const page = new MessagesPage(bar);
  await page.showAll();
  return page;
});

/** What brought the caller to the box: the queue's overflow or a flow, and what held of the rule. */
function whyOf({ reason, flow, node, conditions }) {
  const by = reason === 'overflow' ? word('voicemail.by_overflow') : word('voicemail.by_flow', flow, node ?? '');
  return [by, ...conditions.map(conditionText)].join(' · ');
}
