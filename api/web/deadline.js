/** When a time limit ends: so many working days or hours after a moment, by the hours of a calendar. */

import { fill, make } from './element.js';
import { titleOf } from './business_client.js';
import { momentText, problemText, word } from './admin_words.js';
import { icon } from './icons.js';
import { nowInChina, ZONE } from './what_if.js';

const MINUTES = 60;

export async function showDeadline(place, { client }) {
  const calendars = await client.all('hours');
  const result = make('div', { 'aria-live': 'polite' });
  const field = (name, control) => make('label', { class: 'field' }, make('span', {}, word(`deadline.${name}`)), control);
  const calendar = make('select', { required: true }, ...calendars.map((each) => make('option', { value: each.id }, titleOf(each))));
  const from = make('input', { type: 'datetime-local', required: true, value: nowInChina() });
  const count = make('input', { type: 'number', min: 0, max: 1000, step: 1, required: true, value: 3 });
  const unit = make('select', {}, ...['days', 'hours'].map((each) => make('option', { value: each }, word(`deadline.${each}`))));
  const ask = async () => {
    const limit = unit.value === 'days' ? { working_days: count.value } : { working_minutes: Number(count.value) * MINUTES };
    try {
      const { deadline } = await client.read('/v1/deadlines', { calendar: calendar.value, from: `${from.value}:00${ZONE}`, ...limit });
      fill(result, make('p', { class: 'told' }, icon('check'), word('deadline.ends', new Date(deadline).getFullYear(), momentText(deadline))));
    } catch (problem) {
      fill(result, make('p', { class: 'told wrong' }, icon('alert'), problemText(problem)));
    }
  };
  fill(
    place,
    make('div', { class: 'place-head' }, make('h2', {}, word('admin.deadline')), make('span', { class: 'note' }, word('deadline.note'))),
    calendars.length ? make('form', { class: 'card form', onsubmit: (event) => { event.preventDefault(); ask(); } },
      make('div', { class: 'plain-fields' }, field('calendar', calendar), field('from', from), field('count', count), field('unit', unit)),
      make('div', { class: 'deeds' }, make('button', { class: 'button primary', type: 'submit' }, word('deadline.ask'))),
      result)
      : make('p', { class: 'card' }, word('deadline.none'), ' ', make('a', { href: '#hours/+' }, word('overview.go'))),
  );
}
