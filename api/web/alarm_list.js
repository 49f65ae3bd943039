/** The alarms that stand, on the supervisor's page: what, since when, and who looks after it; a button says that one does. */

import { byId, fill, make } from './element.js';
import { icon } from './icons.js';
import { dayTime, word, wordOf } from './words.js';

const at = (moment) => dayTime(Date.parse(moment) / 1000);

export class AlarmList {
  #bar;
  #alarms = [];

  constructor(bar) {
    this.#bar = bar;
    bar.on('event', ({ kind }) => { if (kind.startsWith('alarm_')) this.ask(); });
    bar.on('line', ({ line }) => { if (line === 'live') this.ask(); });
    this.ask();
  }

  /** As the server lists them: an event only says that the list has changed. */
  async ask() {
    try {
      this.#alarms = (await this.#bar.read('/v1/alarms')).items;
      this.show();
    } catch { // what stands is shown when the server answers again
    }
  }

  /** In the language that is set. */
  show() { fill(byId('alarms'), ...this.#alarms.map((alarm) => this.#line(alarm))); }

  #line(alarm) {
    const acknowledge = () => this.#bar.acknowledgeAlarm(alarm.alarm_id).then(() => this.ask(), () => this.ask());
    return make(
      'li', { dataset: { severity: alarm.severity } }, icon('alert'), make('strong', {}, wordOf('alarm', alarm.kind)),
      make('span', {}, [alarm.subject, alarm.detail].filter(Boolean).join(' · ')), make('time', {}, at(alarm.raised_at)),
      alarm.acknowledged_by
        ? make('em', {}, `${word('alarms.acknowledged')} ${alarm.acknowledged_by} ${at(alarm.acknowledged_at)}`)
        : make('button', { class: 'button', type: 'button', onclick: acknowledge }, word('alarms.acknowledge')),
    );
  }
}
