/**
 * Signing in: by number and password, by an access token, by a ticket from the page around this one, or by the session
 * that an earlier sign-in in this browser left.  A password and a token stay in the memory of this page.
 */

import { byId, make, fill } from './element.js';
import { onTicket } from './framing.js';
import { PhoneBar } from './phonebar.js';
import { problemText, spoken, switchLanguage, word } from './words.js';

/** Roles that may use a page; a token of the configuration is checked by the server alone. */
const ROLES = {
  agent: ['agent', 'supervisor', 'admin'], supervisor: ['supervisor', 'admin'], wallboard: ['supervisor', 'admin'],
  admin: ['admin'], voicemails: ['supervisor', 'admin'],
};

/** Pages for people alone: what is done there is kept under a person's name. */
const FOR_PEOPLE = new Set(['admin', 'voicemails']);

/**
 * @typedef {object} Seat  what an agent wants once signed in
 * @property {string} extension
 * @property {'ready'|'not_ready'} state
 */

/**
 * Until somebody is in: go on with a session, or show the form.
 * @param {HTMLElement} place
 * @param {object} options
 * @param {keyof typeof ROLES} options.page
 * @param {string} [options.notice]  why one has to sign in again; a session that may be there is not tried then
 * @returns {Promise<{bar: PhoneBar, seat: Seat|null}>} a connected bar
 */
export async function signIn(place, { page, notice = '' }) {
  if (!notice) {
    const bar = new PhoneBar();
    try {
      await admitted(bar, page);
      // Who signed in but took no seat yet says where they sit.
      if (page !== 'agent' || bar.agent?.presence !== 'logged_out') return { bar, seat: null };
      bar.close();
    } catch {
      bar.close(); // nobody was signed in
    }
  }
  return new Promise((resolve) => new Form(place, page, notice, resolve));
}

/**
 * Until the sign-in of a bar holds no more: why, as a text for the form.
 * @param {PhoneBar} bar
 * @returns {Promise<string>}
 */
export function refusal(bar) {
  return new Promise((resolve) => bar.on('line', ({ line, reason }) => {
    if (line === 'refused') resolve(word(reason === 'signed_in_elsewhere' ? 'line.signed_in_elsewhere' : 'line.refused'));
  }));
}

/**
 * The life of a page with a button to sign out: somebody signs in, sees the desk until it is over, and the form is back.
 * @param {keyof typeof ROLES} page
 * @param {(bar: PhoneBar, seat: Seat|null) => Promise<{close?: () => void}>} show  fills the desk
 */
export async function serve(page, show) {
  let notice = '';
  for (;;) {
    const { bar, seat } = await signIn(byId('sign-in'), { page, notice });
    const left = new Promise((resolve) => { byId('sign-out').onclick = () => resolve(word('line.signed_out')); });
    const over = Promise.race([left, refusal(bar)]);
    byId('desk').hidden = false;
    const shown = await show(bar, seat);
    notice = await over;
    shown.close?.();
    byId('desk').hidden = true;
    await bar.signOut().catch(() => {}); // a session that is over already cannot be ended
  }
}

async function admitted(bar, page) {
  await bar.connect();
  if (bar.session && !ROLES[page].includes(bar.session.role)) {
    bar.close();
    throw Object.assign(new Error('role'), { code: 'forbidden' });
  }
  if (bar.agentId) await bar.read(`/v1/agents/${encodeURIComponent(bar.agentId)}`);
}

class Form {
  #place;
  #page;
  #done;
  #fault;
  #byToken = false;
  #renews = false;
  #kept = { agent_id: '', secret: '', new_secret: '', extension: '', state: 'ready' };
  #stopListening;

  constructor(place, page, notice, done) {
    this.#place = place;
    this.#page = page;
    this.#fault = notice;
    this.#done = done;
    this.#stopListening = onTicket(({ ticket, extension, state = 'ready' }) => {
      this.#try(new PhoneBar({ ticket }), extension ? { extension, state } : null);
    });
    this.#show();
  }

  #show() {
    const form = this.#build();
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#keep(form);
      form.elements.go.disabled = true;
      form.elements.go.textContent = word('sign_in.going');
      const { agent_id: agentId, secret, new_secret: newPassword, extension, state } = this.#kept;
      const bar = this.#byToken
        ? new PhoneBar({ agentId, token: secret })
        : new PhoneBar({ agentId, password: secret, newPassword: this.#renews ? newPassword : '' });
      this.#try(bar, extension ? { extension, state } : null);
    });
    fill(this.#place, form);
    this.#place.hidden = false;
    const empty = [...form.querySelectorAll('input')].find((input) => !input.value);
    (empty ?? form.elements.go).focus();
  }

  async #try(bar, seat) {
    try {
      await admitted(bar, this.#page);
    } catch (problem) {
      bar.close();
      this.#fault = problemText(problem);
      this.#renews ||= problem.code === 'password_must_change';
      this.#show();
      return;
    }
    this.#stopListening();
    fill(this.#place);
    this.#place.hidden = true;
    this.#done({ bar, seat });
  }

  #keep(form) {
    for (const name of Object.keys(this.#kept)) this.#kept[name] = form.elements[name]?.value.trim() ?? this.#kept[name];
  }

  #build() {
    const page = this.#page;
    const field = (name, label, properties) => make(
      'label', { class: 'field' }, make('span', {}, word(label)),
      make('input', { name, value: this.#kept[name], required: true, spellcheck: false, ...properties }),
    );
    const extension = { inputMode: 'numeric', pattern: '[0-9]{2,6}', autocomplete: 'off' };
    const change = (work) => (event) => {
      this.#keep(event.target.form);
      work();
    };
    return make(
      'form', { class: 'card', autocomplete: 'off' },
      make('span', { class: 'mark' }, '12345'),
      make('h1', {}, word(`sign_in.${page}`)),
      make('p', { class: 'subtitle' }, word('sign_in.subtitle')),
      !(page === 'wallboard' && this.#byToken) && field('agent_id', 'sign_in.agent_id', { pattern: '[A-Za-z0-9]{1,16}', autocomplete: 'username' }),
      this.#byToken
        ? field('secret', 'sign_in.token', { type: 'password', autocomplete: 'off' })
        : field('secret', 'sign_in.password', { type: 'password', autocomplete: 'current-password' }),
      this.#renews && field('new_secret', 'sign_in.new_password', { type: 'password', autocomplete: 'new-password', minLength: 8 }),
      page === 'agent' && make('div', { class: 'row' }, field('extension', 'sign_in.extension', extension), this.#firstState()),
      page === 'supervisor' && field('extension', 'sign_in.listening_extension', { ...extension, required: false }),
      make('p', { class: 'fault', role: 'alert' }, this.#fault),
      make('button', { class: 'button primary', name: 'go', type: 'submit' }, word('sign_in.go')),
      make(
        'p', { class: 'foot' },
        FOR_PEOPLE.has(page) ? make('span') : make('button', { class: 'button plain', type: 'button', onclick: change(() => {
          this.#byToken = !this.#byToken;
          this.#kept.secret = '';
          this.#show();
        }) }, word(this.#byToken ? 'sign_in.by_password' : 'sign_in.by_token')),
        make('button', { class: 'button plain', type: 'button', onclick: change(() => switchLanguage(() => this.#show())) },
          spoken() === 'zh' ? 'English' : '中文'),
      ),
    );
  }

  #firstState() {
    const option = (value, text) => make('option', { value, selected: this.#kept.state === value }, word(text));
    return make('label', { class: 'field' }, make('span', {}, word('sign_in.first_state')),
      make('select', { name: 'state' }, option('ready', 'do.ready'), option('not_ready', 'do.not_ready')));
  }
}
