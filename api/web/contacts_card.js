/** The card of contacts without a call: chats, emails, faxes that the agent is offered or has in hand, and what to do with them. */

import { byId, keepList, fill, make } from './element.js';
import { secondsOf } from './floor.js';
import { icon } from './icons.js';
import { paced } from './pacing.js';
import { spoken, word, wordOf } from './words.js';

export class ContactsCard {
  #bar;
  #run;
  #contacts = [];
  #looks = new WeakMap();
  #askSoon = paced(() => this.#ask());

  /**
   * @param {import('./phonebar.js').PhoneBar} bar
   * @param {(work: () => Promise<unknown>) => Promise<boolean>} run  does it and tells what went wrong
   */
  constructor(bar, run) {
    this.#bar = bar;
    this.#run = run;
    bar.on('event', ({ kind }) => { if (kind.startsWith('contact_')) this.#askSoon(); });
    bar.on('line', ({ line }) => { if (line === 'live') this.#askSoon(); });
    bar.on('agent', () => this.show());
    this.#ask();
  }

  async #ask() {
    try {
      this.#contacts = await this.#bar.contacts();
    } catch { // what stands is shown when the server answers again
    }
    this.show();
  }

  /** All of it, in the language that is set. */
  show() {
    byId('contacts-card').hidden = this.#contacts.length === 0;
    keepList(byId('contacts'), this.#contacts, ({ contact_id: id }) => id, () => make('li'), (line, contact) => this.#showOne(line, contact));
  }

  #showOne(line, contact) {
    const { contact_id: id, state, allowed } = contact;
    const deed = (name, work) => allowed.includes(name) && make(
      'button', { class: name === 'accept' ? 'button primary' : 'button', type: 'button', dataset: { deed: name }, onclick: () => this.#do(work) }, word(`contact.${name}`),
    );
    const looks = JSON.stringify([contact, spoken(), this.#bar.may('dial')]);
    if (this.#looks.get(line) === looks) return; // what is heard goes on
    this.#looks.set(line, looks);
    const { voicemail_id: message, ...data } = contact.data;
    const isMessage = contact.medium === 'voicemail' && typeof message === 'string';
    const shown = state === 'offered' ? 'ringing' : 'talking';
    fill(
      line,
      make('div', { class: 'contact-head' },
        make('span', { class: 'badge', dataset: { state: shown } }, icon(state === 'offered' ? 'bell' : 'pen'), word(`contact.${state}`)),
        make('strong', {}, wordOf('medium', contact.medium)),
        make('time', { dataset: { since: secondsOf(contact.arrived_at) } })),
      make('p', {}, contact.address || '—', ' ', make('small', {}, contact.queue)),
      make('dl', { class: 'facts' }, ...Object.entries(isMessage ? data : contact.data).flatMap(([name, value]) => [
        make('dt', {}, name), make('dd', {}, typeof value === 'object' ? JSON.stringify(value) : String(value)),
      ])),
      isMessage && make('audio', { controls: true, preload: 'none', src: `/v1/voicemails/${encodeURIComponent(message)}/sound`, 'aria-label': `${wordOf('medium', 'voicemail')} ${contact.address}` }),
      make('p', { class: 'deeds' },
        isMessage && state === 'accepted' && make('button', { class: 'button', type: 'button', dataset: { deed: 'call-back' }, disabled: !this.#bar.may('dial'), onclick: () => this.#do(() => this.#bar.callBackVoicemail(message)) }, icon('answer'), word('contact.call_back')),
        deed('accept', () => this.#bar.acceptContact(id)),
        deed('decline', () => this.#bar.declineContact(id)),
        deed('complete', () => this.#bar.completeContact(id))),
    );
  }

  async #do(work) {
    await this.#run(work);
    await this.#ask();
  }
}
