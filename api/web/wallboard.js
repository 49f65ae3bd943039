/** The wallboard: what the hall looks at.  Lines and agents are live; the day's figures are counted by the server. */

import { byId, fill, make, setText } from './element.js';
import { watchEmergency } from './emergency.js';
import { shownState } from './floor.js';
import { everyHalfHour, hoursChart } from './hours_chart.js';
import { icon, stateIcon } from './icons.js';
import { paced } from './pacing.js';
import { signIn } from './sign_in.js';
import { clockText, dayTime, speak, spoken, switchLanguage, word } from './words.js';

const WITHIN_S = 15;
const HOURS_SHOWN = 12;
const GOOD = 0.8;
const FAIR = 0.6;
const ASK_AGAIN_MS = 60_000;
const ASK_SOON_MS = 3_000;
const STATES = [['ready'], ['ringing', 'reserved'], ['talking', 'engaged', 'held'], ['wrap_up'], ['not_ready', 'unreachable'], ['logged_out']];

class Wallboard {
  #bar;
  #figures = null;
  #showSoon = paced(() => this.#show());
  #asking = 0;
  #timers = [];

  constructor(bar) {
    this.#bar = bar;
    byId('language').onclick = () => switchLanguage(() => this.showAll());
    for (const name of ['event', 'snapshot', 'line']) bar.on(name, () => this.#showSoon());
    bar.on('event', ({ kind }) => {
      if (['call_queued', 'call_connected', 'call_ended'].includes(kind)) this.#askSoon();
    });
    this.#timers = [setInterval(() => this.#showTimes(), 1000), setInterval(() => this.#ask(), ASK_AGAIN_MS)];
    this.#ask();
  }

  showAll() {
    speak();
    this.#show();
  }

  close() { this.#timers.forEach(clearInterval); }

  /** Many calls in a few seconds are one question. */
  #askSoon() {
    this.#asking ||= setTimeout(() => {
      this.#asking = 0;
      this.#ask();
    }, ASK_SOON_MS);
  }

  async #ask() {
    const now = this.#bar.floor.now();
    const morning = new Date(now * 1000);
    morning.setHours(0, 0, 0, 0);
    const window = new Date((now - HOURS_SHOWN * 3600) * 1000);
    try {
      const [day, hours] = await Promise.all([morning, window].map((from) => this.#bar.read('/v1/figures', { from: from.toISOString(), within_s: WITHIN_S })));
      this.#figures = { day, points: everyHalfHour(hours.intervals, now - HOURS_SHOWN * 3600, now) };
      this.#show();
    } catch { // the next answer will do
    }
  }

  #show() {
    const { floor, isLive } = this.#bar;
    fill(byId('language'), icon('globe'), spoken() === 'zh' ? 'English' : '中文');
    const banner = byId('banner');
    banner.hidden = isLive;
    fill(banner, icon('alert'), make('span', {}, word('line.broken')));
    const waiting = floor.waiting();
    const queues = [...floor.queues.values()].map((queue) => `${queue.queue} ${floor.waiting(queue.queue).length}`);
    setFigure('waiting', waiting.length, waiting.length === 0 ? 'good' : waiting.length < 5 ? '' : 'fair');
    setText(byId('waiting-note'), queues.length > 1 ? queues.join(' · ') : '');
    this.#showDay();
    this.#showAgents();
    this.#showTimes();
  }

  #showDay() {
    const day = this.#figures?.day;
    setText(byId('level-title'), word('wallboard.service_level', WITHIN_S));
    if (!day) {
      for (const id of ['level', 'abandon', 'today']) setFigure(id, '—', '');
      return;
    }
    const level = day.service_level;
    setFigure('level', percent(level), level === null ? '' : level >= GOOD ? 'good' : level >= FAIR ? 'fair' : 'urgent');
    setText(byId('level-note'), word('wallboard.formula', WITHIN_S, day.answered_in_time, day.answered, day.abandoned, day.abandoned_in_time));
    setFigure('abandon', percent(day.abandon_rate), '');
    setText(byId('abandon-note'), word('wallboard.abandon_formula', day.abandoned, day.answered + day.abandoned));
    setFigure('today', day.offered, '');
    setText(byId('today-note'), word('wallboard.answered', day.answered));
    const place = byId('hours');
    const chart = hoursChart(this.#figures.points, place.clientWidth || 1200, place.clientHeight || 200);
    chart.setAttribute('aria-label', word('wallboard.hours'));
    fill(place, chart);
    const title = place.previousElementSibling;
    fill(title, word('wallboard.hours'), make('span', { class: 'legend' },
      make('span', { class: 'of-offered' }, word('wallboard.offered')), make('span', {}, word('wallboard.answered_line'))));
  }

  #showAgents() {
    const { floor } = this.#bar;
    const states = [...floor.agents.values()].map((agent) => shownState(agent, floor.callOf(agent.agent_id)));
    const onDuty = states.filter((state) => state !== 'logged_out').length;
    setText(byId('on-duty'), word('wallboard.on_duty', onDuty, states.length));
    fill(byId('agents'), ...STATES.map((group) => make(
      'li', { dataset: { state: group[0] } }, make('strong', {}, states.filter((state) => group.includes(state)).length),
      make('span', {}, stateIcon(group[0]), word(`state.${group[0]}`)),
    )));
  }

  #showTimes() {
    const { floor } = this.#bar;
    const now = floor.now();
    const [first] = floor.waiting();
    const wait = first ? now - first.queued_at : 0;
    setFigure('longest', clockText(wait), wait > 60 ? 'urgent' : wait > WITHIN_S ? 'fair' : '');
    setText(byId('longest-note'), first?.queue ?? '');
    setText(byId('clock'), dayTime(now));
  }
}

/** How a figure may stand, each by a sign beside its colour. */
const STANDING_ICONS = { good: 'check', fair: 'attention', urgent: 'alert' };

/** A figure and how it stands: by colour, sign and word. */
function setFigure(id, value, standing) {
  const place = byId(id);
  const key = `${value}|${standing}|${spoken()}`;
  if (place.dataset.shown === key) return;
  place.dataset.shown = key;
  place.className = `figure ${standing}`;
  place.title = standing && word(`wallboard.${standing}`);
  fill(place, standing && icon(STANDING_ICONS[standing]), String(value));
}

const percent = (share) => (share === null ? '—' : `${(share * 100).toFixed(1)}%`);

async function main() {
  speak();
  let notice = '';
  for (;;) {
    const { bar } = await signIn(byId('sign-in'), { page: 'wallboard', notice });
    const refused = new Promise((resolve) => {
      bar.on('line', ({ line }) => { if (line === 'refused') resolve(word('line.refused')); });
    });
    byId('board').hidden = false;
    watchEmergency(bar);
    const board = new Wallboard(bar);
    board.showAll();
    notice = await refused;
    board.close();
    byId('board').hidden = true;
  }
}

main();
