/** The emergency switch in red, on every page, until it is off. */

import { fill, make } from './element.js';
import { icon } from './icons.js';
import { dayTime, word } from './words.js';

/**
 * Show it while it is on.  Asks at once, after every break of the line, and when the server says that it was switched.
 * @param {import('./phonebar.js').PhoneBar} bar
 * @param {(emergency: {is_on: boolean, since: string|null, by: string, what: object}) => void} [tell]  told of every answer
 */
export function watchEmergency(bar, tell = () => {}) {
  const place = banner();
  const ask = async () => {
    try {
      const emergency = await bar.read('/v1/emergency');
      show(place, emergency);
      tell(emergency);
    } catch { // the line is broken, which the page says; what was shown stays until it is back
    }
  };
  bar.on('event', ({ kind }) => { if (kind === 'emergency_switched') ask(); });
  bar.on('snapshot', ask);
  ask();
}

function banner() {
  const found = document.getElementById('emergency');
  if (found) return found;
  const made = make('div', { id: 'emergency', class: 'banner emergency', role: 'alert', hidden: true });
  document.body.prepend(made);
  return made;
}

function show(place, { is_on: isOn, since, by, what }) {
  place.hidden = !isOn;
  if (!isOn) return;
  const means = [...(what.notice ?? []), what.flow, what.number].filter(Boolean).join(' · ');
  fill(place, icon('alert'), make('strong', {}, word('emergency.is_on')), make('span', {}, means),
    since && make('small', {}, word('emergency.since', dayTime(Date.parse(since) / 1000, false), by)));
}
