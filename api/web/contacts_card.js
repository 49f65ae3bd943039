/** The card of contacts without a call: chats, emails, faxes that the agent is offered or has in hand, and what to do with them. */

import { byId, keepList, fill, make } from './element.js';
import { secondsOf } from './floor.js';
import { icon } from './icons.js';
import { paced } from './pacing.js';
import { word, wordOf } from './words.js';

export class ContactsCard {
  #bar;
  #run;
  #contacts = [];
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
    const shown = state === 'offered' ? 'ringing' : 'talking';
    fill(
      line,
      make('div', { class: 'contact-head' },
        make('span', { class: 'badge', dataset: { state: shown } }, icon(state === 'offered' ? 'bell' : 'pen'), word(`contact.${state}`)),
        make('strong', {}, wordOf('medium', contact.medium)),
        make('time', { dataset: { since: secondsOf(contact.arrived_at) } })),
      make('p', {}, contact.address || '—', ' ', make('small', {}, contact.queue)),
      make('dl', { class: 'facts' }, ...Object.entries(contact.data).flatMap(([name, value]) => [
        make('dt', {}, name), make('dd', {}, typeof value === 'object' ? JSON.stringify(value) : String(value)),
      ])),
      make('p', { class: 'deeds' },
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
