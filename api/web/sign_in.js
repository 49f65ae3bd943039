/** Signing in: who, with what, and for an agent at which seat.  A token stays in the memory of this page. */

import { make, fill } from './element.js';
import { PhoneBar } from './phonebar.js';
import { problemText, spoken, switchLanguage, word } from './words.js';

/**
 * @typedef {object} Seat  what an agent wants once signed in
 * @property {string} extension
 * @property {'ready'|'not_ready'} state
 */

/**
 * Show the form until somebody is in.
 * @param {HTMLElement} place
 * @param {object} options
 * @param {'agent'|'supervisor'|'wallboard'} options.page
 * @param {string} [options.notice]  why one has to sign in again
 * @returns {Promise<{bar: PhoneBar, seat: Seat|null}>} a connected bar
 */
export function signIn(place, { page, notice = '' }) {
  return new Promise((resolve) => {
    const kept = { agent_id: '', secret: '', extension: '', state: 'ready' };
    let fault = notice;
    const show = () => {
      const form = formOf(page, kept, fault);
      form.addEventListener('submit', async (event) => {
        event.preventDefault();
        for (const name of Object.keys(kept)) kept[name] = form.elements[name]?.value.trim() ?? kept[name];
        const go = form.elements.go;
        go.disabled = true;
        go.textContent = word('sign_in.going');
        const bar = new PhoneBar({ agentId: kept.agent_id, token: kept.secret });
        try {
          await bar.connect();
          if (page !== 'wallboard') await bar.read(`/v1/agents/${encodeURIComponent(kept.agent_id)}`);
          fill(place);
          place.hidden = true;
          resolve({ bar, seat: page === 'agent' ? { extension: kept.extension, state: kept.state } : null });
        } catch (problem) {
          bar.close();
          fault = problemText(problem);
          show();
        }
      });
      fill(place, form);
      place.hidden = false;
      const empty = [...form.querySelectorAll('input')].find((input) => !input.value);
      (empty ?? form.elements.go).focus();
    };
    const formOf = (...terms) => {
      const form = signInForm(...terms);
      form.querySelector('.language').addEventListener('click', () => {
        for (const name of Object.keys(kept)) kept[name] = form.elements[name]?.value ?? kept[name];
        switchLanguage(show);
      });
      return form;
    };
    show();
  });
}

function signInForm(page, kept, fault) {
  const field = (name, label, properties) => make(
    'label', { class: 'field' }, make('span', {}, word(label)),
    make('input', { name, value: kept[name], required: true, spellcheck: false, ...properties }),
  );
  const seat = page === 'agent' && make(
    'div', { class: 'row' },
    field('extension', 'sign_in.extension', { inputMode: 'numeric', pattern: '[0-9]{2,6}', autocomplete: 'off' }),
    make(
      'label', { class: 'field' }, make('span', {}, word('sign_in.first_state')),
      make(
        'select', { name: 'state' },
        make('option', { value: 'ready', selected: kept.state === 'ready' }, word('do.ready')),
        make('option', { value: 'not_ready', selected: kept.state === 'not_ready' }, word('do.not_ready')),
      ),
    ),
  );
  return make(
    'form', { class: 'card', autocomplete: 'off' },
    make('span', { class: 'mark' }, '12345'),
    make('h1', {}, word(`sign_in.${page}`)),
    make('p', { class: 'subtitle' }, word('sign_in.subtitle')),
    page !== 'wallboard' && field('agent_id', 'sign_in.agent_id', { pattern: '[A-Za-z0-9]{1,16}', autocomplete: 'username' }),
    field('secret', 'sign_in.token', { type: 'password', autocomplete: 'off' }),
    seat,
    make('p', { class: 'fault', role: 'alert' }, fault),
    make('button', { class: 'button primary', name: 'go', type: 'submit' }, word('sign_in.go')),
    make(
      'p', { class: 'foot' }, make('span', {}, word('sign_in.token_note')),
      make('button', { class: 'button plain language', type: 'button' }, spoken() === 'zh' ? 'English' : '中文'),
    ),
  );
}
