/** One dialog of the page: a question, a comparison, a day.  It is closed by Escape, by its buttons, or by an answer. */

import { byId, fill, make } from './element.js';
import { word } from './admin_words.js';

/**
 * Show something until it answers.
 * @template Answer
 * @param {string} title
 * @param {(close: (answer: Answer) => void) => Node[]} build
 * @returns {Promise<Answer|undefined>} undefined when the person left it
 */
export function showDialog(title, build) {
  const dialog = byId('dialog');
  return new Promise((resolve) => {
    let answer;
    const close = (value) => {
      answer = value;
      dialog.close();
    };
    dialog.onclose = () => {
      fill(dialog);
      resolve(answer);
    };
    const heading = make('h2', { id: 'dialog-title' }, title);
    dialog.setAttribute('aria-labelledby', 'dialog-title');
    fill(dialog, heading, ...build(close));
    dialog.showModal();
  });
}

/** Ask before something that cannot be taken back by a click. @returns {Promise<boolean>} */
export async function isSure(question, deed) {
  return Boolean(await showDialog(question, (close) => [make(
    'div', { class: 'deeds' },
    make('button', { class: 'button', type: 'button', onclick: () => close(false) }, word('do.cancel')),
    make('button', { class: 'button danger', type: 'button', onclick: () => close(true) }, deed),
  )]));
}
