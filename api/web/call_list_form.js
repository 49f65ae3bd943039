/** The drawer in which a call list is made and filled: its rules first, then a file of numbers, checked before it is taken. */

import { fill, make } from './element.js';
import { icon } from './icons.js';
import { inLanguage, problemText, word } from './words.js';

const BAD_LINES_SHOWN = 20;

export class CallListForm {
  #bar;
  #dialog;

  /**
   * @param {import('./phonebar.js').PhoneBar} bar
   * @param {HTMLDialogElement} dialog
   */
  constructor(bar, dialog) {
    this.#bar = bar;
    this.#dialog = dialog;
    dialog.addEventListener('keydown', (event) => { if (event.key === 'Escape') dialog.close(); });
  }

  /** Ask for the rules of a list that does not exist yet. */
  make() {
    const choice = (name, pairs) => make('select', { name }, ...pairs.map(([value, text]) => make('option', { value }, text)));
    const form = this.#open('lists.new', [
      field('lists.name', make('input', { name: 'name', required: true, maxLength: 60 })),
      field('agent.queue', choice('queue', [...this.#bar.floor.queues.keys()].map((name) => [name, name]))),
      field('lists.mode', choice('mode', ['preview', 'progressive'].map((mode) => [mode, word(`lists.${mode}`)]))),
      field('lists.tries', make('input', { name: 'tries_most', type: 'number', min: 1, max: 20, value: 3, required: true })),
      field('lists.window', make('input', {
        name: 'window', required: true, value: '09:00-20:00', pattern: '([01]\\d|2[0-3]):[0-5]\\d-(([01]\\d|2[0-3]):[0-5]\\d|24:00)',
      })),
      make('button', { class: 'button primary', type: 'submit' }, word('lists.make')),
    ]);
    form.onsubmit = async (event) => {
      event.preventDefault();
      const { name, queue, mode, tries_most: tries, window } = Object.fromEntries(new FormData(form));
      const rules = { name: name.trim(), queue, mode, tries_most: Number(tries), window };
      try {
        this.fill(await this.#bar.createCallList(rules));
      } catch (problem) {
        this.#tell(form, problemText(problem), true);
      }
    };
  }

  /** Ask for numbers of a list. */
  fill(list) {
    const csv = make('textarea', { name: 'csv', rows: 8, required: true, placeholder: 'number,name\n13900000001,张三' });
    const name = make('span');
    const file = make('input', {
      class: 'unseen', type: 'file', accept: '.csv,text/csv',
      onchange: async () => {
        if (!file.files.length) return;
        csv.value = await file.files[0].text();
        name.textContent = file.files[0].name;
      },
    });
    const take = (dryRun) => () => this.#take(form, list, csv.value, dryRun);
    const form = this.#open('lists.numbers', [
      make('p', {}, make('strong', {}, list.name)),
      field('lists.csv', csv),
      make('div', { class: 'file' }, make('label', { class: 'button' }, word('lists.file'), file), name),
      make('div', { class: 'deeds' },
        make('button', { class: 'button', type: 'button', dataset: { deed: 'check' }, onclick: take(true) }, word('lists.check')),
        make('button', { class: 'button primary', type: 'submit' }, word('lists.take')),
        make('button', { class: 'button danger', type: 'button', dataset: { deed: 'stop' }, onclick: () => this.#stop(form, list) }, word('lists.stop'))),
    ]);
    form.onsubmit = (event) => {
      event.preventDefault();
      take(false)();
    };
  }

  /** For good: what rings is hung up, and the list stands on the card no more. */
  async #stop(form, list) {
    try {
      await this.#bar.turnCallList(list.list_id, 'stop');
      this.#dialog.close();
    } catch (problem) {
      this.#tell(form, problemText(problem), true);
    }
  }

  async #take(form, list, csv, dryRun) {
    try {
      const { taken, good, barred, bad_lines: bad } = await this.#bar.addNumbers(list.list_id, csv, { dryRun });
      const what = bad.length > 0 ? 'lists.has_bad' : taken ? 'lists.taken' : 'lists.would_take';
      this.#tell(form, [word(what, good, bad.length), barred > 0 && word('lists.barred', barred)].filter(Boolean).join(' '), bad.length > 0);
      fill(form.querySelector('.bad-lines'), ...bad.slice(0, BAD_LINES_SHOWN).map(({ line, number, reason }) => make(
        'li', {}, `${word('lists.line', line)} ${number} · ${inLanguage(reason)}`,
      )));
    } catch (problem) {
      this.#tell(form, problemText(problem), true);
    }
  }

  #open(title, parts) {
    const form = make('form', { class: 'drawer-part', autocomplete: 'off' }, ...parts,
      make('p', { class: 'outcome', role: 'status' }), make('ul', { class: 'bad-lines' }));
    fill(
      this.#dialog,
      make('div', { class: 'drawer-head' }, make('h2', {}, word(title)), make(
        'button', { class: 'button plain', type: 'button', 'aria-label': word('do.close'), onclick: () => this.#dialog.close() }, icon('close'),
      )),
      form,
    );
    if (!this.#dialog.open) this.#dialog.show();
    form.querySelector('input, textarea').focus();
    return form;
  }

  #tell(form, text, isWrong) {
    const outcome = form.querySelector('.outcome');
    outcome.textContent = text;
    outcome.classList.toggle('wrong', isWrong);
    fill(form.querySelector('.bad-lines'));
  }
}

const field = (name, input) => make('label', { class: 'field' }, make('span', {}, word(name)), input);
