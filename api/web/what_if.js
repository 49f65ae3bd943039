/** What would happen to a call at a moment on a trunk: nobody is called. */

import { fill, make } from './element.js';
import { conditionText, problemText, word, wordOf } from './admin_words.js';
import { icon } from './icons.js';

export const ZONE = '+08:00';

export async function showWhatIf(place, { client }) {
  const [routes, { machine }] = await Promise.all([client.all('routes'), client.schemas()]);
  const numbers = [...new Set(routes.map(({ data }) => data.number))];
  const result = make('div', { 'aria-live': 'polite' });
  const field = (name, control) => make('label', { class: 'field' }, make('span', {}, word(`what_if.${name}`)), control);
  const number = make('input', { type: 'text', name: 'number', required: true, value: numbers[0] ?? '', autocomplete: 'off' });
  number.setAttribute('list', 'what-if-numbers');
  const trunk = make('select', { name: 'trunk' }, make('option', { value: '' }, word('what_if.any')), ...machine.trunks.map((each) => make('option', { value: each }, each)));
  const caller = make('input', { type: 'text', name: 'caller', inputMode: 'tel', autocomplete: 'off' });
  const at = make('input', { type: 'datetime-local', name: 'at', value: nowInChina() });
  const keys = make('input', { type: 'text', name: 'keys', pattern: '[0-9*#]*', autocomplete: 'off' });
  const ask = async () => {
    const query = { number: number.value.trim(), trunk: trunk.value, caller: caller.value.trim(), keys: keys.value.trim(), ...(at.value ? { at: `${at.value}:00${ZONE}` } : {}) };
    try {
      fill(result, wayOf(await client.read('/v1/what-if', query)));
    } catch (problem) {
      fill(result, make('p', { class: 'told wrong' }, icon('alert'), problemText(problem)));
    }
  };
  fill(
    place,
    make('div', { class: 'place-head' }, make('h2', {}, word('admin.what_if')), make('span', { class: 'note' }, word('what_if.note'))),
    make('form', { class: 'card form', onsubmit: (event) => { event.preventDefault(); ask(); } },
      make('div', { class: 'plain-fields' }, field('number', number), field('trunk', trunk), field('caller', caller), field('at', at), field('keys', keys)),
      make('datalist', { id: 'what-if-numbers' }, ...numbers.map((each) => make('option', { value: each }))),
      make('div', { class: 'deeds' }, make('button', { class: 'button primary', type: 'submit' }, word('what_if.ask')))),
    result,
  );
}

function wayOf({ flow, nodes, queue, level, region, box, put_through: to, is_open: isOpen, overflow, lines, by_load: byLoad }) {
  const [picture, end] = queue ? ['queue', word('what_if.ends_queue', queue, level)]
    : box ? ['bell', word('what_if.ends_box', box)]
      : to ? ['transfer', word('what_if.ends_through', to)] : ['hang_up', word('what_if.ends')];
  return make('section', { class: 'card' },
    make('h2', {}, word('what_if.way'), flow ? make('a', { href: `#flows/${encodeURIComponent(flow)}` }, flow) : make('span', {}, word('what_if.no_flow'))),
    make('ol', { class: 'way-list' }, ...nodes.map((node) => make('li', {}, node)), make('li', { class: 'end' }, icon(picture), end),
    ...(isOpen ? [] : [make('li', {}, word('what_if.closed', targetText(overflow)))]),
    ...(queue && region ? [make('li', {}, word('what_if.region', region))] : []),
    ...(lines.length ? [make('li', {}, word('what_if.lines', lines.join(', ')))] : []),
    ...byLoad.map(({ conditions, to: where }) => make('li', { class: 'by-load' }, word('what_if.by_load', conditions.map(conditionText).join(' · ') || '—', targetText(where))))));
}

/** Where a rule takes callers, which the server tells as `to` or `to name`. */
function targetText(told) {
  const [to, ...name] = told.split(' ');
  return [wordOf('choice', to) || '—', ...name].join(' ');
}

/** For an input of date and time. */
export function nowInChina() {
  return new Date(Date.now() + 8 * 3600e3).toISOString().slice(0, 16);
}
