/** The supervisor's page: every seat as a tile with its state and how long it lasts, and every line with who waits in it. */

import { AlarmList } from './alarm_list.js';
import { CallListsCard } from './call_lists.js';
import { byId, fill, keepList, make, setText } from './element.js';
import { watchEmergency } from './emergency.js';
import { isFree, numberOf, shownState } from './floor.js';
import { icon, stateIcon } from './icons.js';
import { paced } from './pacing.js';
import { serve } from './sign_in.js';
import { SupervisionDrawer } from './supervision_drawer.js';
import { clockText, speak, spoken, switchLanguage, word, wordOf } from './words.js';

const FILTERS = ['ready', 'ringing', 'talking', 'wrap_up', 'not_ready', 'unreachable', 'logged_out'];
const CALLERS_SHOWN = 12;

/** States that stand under one filter. */
const GROUP = { reserved: 'ringing', engaged: 'talking', held: 'talking' };
const groupOf = (state) => GROUP[state] ?? state;

class SupervisorPage {
  #bar;
  #drawer;
  #lists;
  #alarms;
  #filter = '';
  /** Queues of which everybody is shown who waits. */ #whole = new Set();
  #showSoon = paced(() => this.#show());
  #clock;

  constructor(bar) {
    this.#bar = bar;
    this.#drawer = new SupervisionDrawer(bar, byId('drawer'), () => this.#show());
    byId('language').onclick = () => switchLanguage(() => this.showAll());
    byId('find').oninput = () => this.#showTiles();
    for (const name of ['event', 'snapshot', 'line']) bar.on(name, () => this.#showSoon());
    this.#lists = new CallListsCard(bar);
    this.#clock = setInterval(() => {
      this.#showTimes();
      this.#drawer.refresh();
    }, 1000);
    this.#alarms = new AlarmList(bar);
  }

  /** All of it, in the language that is set. */
  showAll() {
    speak();
    this.#drawer.speak();
    this.#show();
    this.#lists.show();
    this.#alarms.show();
  }

  close() { clearInterval(this.#clock); }

  #show() {
    const bar = this.#bar;
    setText(byId('who-name'), bar.agent?.name || bar.agentId);
    setText(byId('who-id'), [bar.agentId, bar.agent?.extension && `${word('agent.extension')} ${bar.agent.extension}`].filter(Boolean).join(' · '));
    fill(byId('language'), icon('globe'), spoken() === 'zh' ? 'English' : '中文');
    fill(byId('sign-out'), icon('leave'), word('sign_in.leave'));
    const banner = byId('banner');
    banner.hidden = bar.isLive;
    fill(banner, icon('alert'), make('span', {}, word('line.broken')));
    this.#showFigures();
    this.#showFilters();
    this.#showTiles();
    this.#showQueues();
    this.#showTrunks();
    this.#drawer.show();
    this.#showTimes();
  }

  #states() {
    const { floor } = this.#bar;
    return [...floor.agents.values()].map((agent) => ({ agent, call: floor.callOf(agent.agent_id) }))
      .map((seat) => ({ ...seat, state: shownState(seat.agent, seat.call) }));
  }

  #showFigures() {
    const waiting = this.#bar.floor.waiting();
    const count = (...groups) => this.#states().filter(({ state }) => groups.includes(groupOf(state))).length;
    const figures = [
      ['supervisor.waiting', waiting.length, waiting.length > 0 && count('ready') === 0],
      ['supervisor.longest', waiting.length ? make('span', { dataset: { since: waiting[0].queued_at } }) : '0:00', false],
      ['state.ready', count('ready'), false],
      ['state.talking', count('talking'), false],
      ['state.wrap_up', count('wrap_up'), false],
      ['state.not_ready', count('not_ready'), false],
    ];
    fill(byId('figures'), ...figures.map(([name, value, urgent]) => make(
      'div', { class: urgent ? 'urgent' : '' }, make('dt', {}, word(name)), make('dd', {}, urgent && icon('alert'), value),
    )));
  }

  #showFilters() {
    const states = this.#states();
    const button = (name, count, text, picture) => make('button', {
      class: 'button', type: 'button', 'aria-pressed': String(this.#filter === name), dataset: { filter: name, ...(name ? { state: name } : {}) },
      onclick: () => { this.#filter = name; this.#show(); },
    }, picture, `${text} ${count}`);
    const shown = FILTERS.map((name) => [name, states.filter(({ state }) => groupOf(state) === name).length]).filter(([, count]) => count);
    const key = `${spoken()}${this.#filter}${states.length}${shown}`;
    const place = byId('filters');
    if (place.dataset.key === key) return;
    place.dataset.key = key;
    fill(place, button('', states.length, word('supervisor.all'), icon('user')),
      ...shown.map(([name, count]) => button(name, count, word(`state.${name}`), stateIcon(name))));
  }

  #showTiles() {
    const wanted = byId('find').value.trim().toLowerCase();
    const seats = this.#states().filter(({ agent, state }) => (!this.#filter || groupOf(state) === this.#filter)
      && (!wanted || `${agent.agent_id} ${agent.name} ${agent.extension ?? ''}`.toLowerCase().includes(wanted)));
    seats.sort((one, other) => (one.agent.agent_id < other.agent.agent_id ? -1 : 1));
    byId('no-tiles').hidden = seats.length > 0;
    keepList(byId('tiles'), seats, ({ agent }) => agent.agent_id,
      ({ agent }) => make('li', {}, make('button', { class: 'tile', type: 'button', onclick: ({ currentTarget }) => this.#open(currentTarget, () => this.#drawer.openAgent(agent.agent_id)) })),
      (item, seat) => this.#showTile(item.firstElementChild, seat));
  }

  /** Look at what was pressed; the drawer makes the tiles narrower, and that one stays in sight. */
  #open(pressed, look) {
    look();
    this.#show();
    pressed.scrollIntoView({ block: 'nearest' });
  }

  #showTile(tile, { agent, call, state }) {
    const isOpen = String(this.#drawer.agentId === agent.agent_id);
    if (tile.getAttribute('aria-pressed') !== isOpen) tile.setAttribute('aria-pressed', isOpen);
    const note = call ? numberOf(call) : state === 'not_ready' ? wordOf('reason', agent.reason) : '';
    const key = [spoken(), state, agent.since, note, agent.extension, agent.muted].join('|');
    if (tile.dataset.shown === key) return;
    tile.dataset.shown = key;
    tile.dataset.state = state;
    fill(
      tile,
      make('span', { class: 'tile-name' }, make('span', {}, agent.name || agent.agent_id),
        make('small', { title: agent.extension ? `${word('agent.extension')} ${agent.extension}` : '' }, [agent.agent_id, agent.extension].filter(Boolean).join(' · '))),
      make('span', { class: 'tile-state' }, stateIcon(state), word(`state.${state}`),
        agent.since && state !== 'logged_out' && make('time', { dataset: { since: agent.since } })),
      make('span', { class: 'tile-note' }, note),
    );
  }

  #showQueues() {
    const { floor } = this.#bar;
    const newLine = () => make('section', { class: 'queue' }, make('div', { class: 'queue-head' }), make('dl', { class: 'queue-figures' }),
      make('p', { class: 'empty' }), make('ol', { class: 'callers' }), make('button', { class: 'button plain more', type: 'button' }));
    keepList(byId('queues'), [...floor.queues.values()], (queue) => queue.queue, newLine, (place, { queue: name, limit }) => {
      const [head, figures, nobody, callers, more] = place.children;
      const waiting = floor.waiting(name);
      const free = [...floor.agents.values()].filter((agent) => isFree(agent) && (agent.queues ?? []).includes(name)).length;
      fill(head, make('strong', {}, name), limit && make('span', {}, `${waiting.length} / ${limit}`));
      fill(figures, ...[
        ['supervisor.waiting', waiting.length], ['supervisor.free', free],
        ['supervisor.longest', waiting.length ? make('span', { dataset: { since: waiting[0].queued_at } }) : '0:00'],
      ].map(([title, value]) => make('div', {}, make('dt', {}, word(title)), make('dd', {}, value))));
      nobody.hidden = waiting.length > 0;
      setText(nobody, word('supervisor.nobody_waits'));
      const isWhole = this.#whole.has(name);
      const places = new Map(waiting.filter(({ state }) => state === 'waiting').map((call, index) => [call.call_id, index + 1]));
      keepList(callers, isWhole ? waiting : waiting.slice(0, CALLERS_SHOWN), (call) => call.call_id,
        ({ call_id: id }) => make('li', {}, make('button', { type: 'button', onclick: ({ currentTarget }) => this.#open(currentTarget, () => this.#drawer.openCall(id)) })),
        (line, call) => this.#showCaller(line.firstElementChild, call, places.get(call.call_id), free));
      more.hidden = waiting.length <= CALLERS_SHOWN;
      more.onclick = () => { this.#whole[isWhole ? 'delete' : 'add'](name); this.#show(); };
      setText(more, word(isWhole ? 'supervisor.fewer' : 'supervisor.more', waiting.length - CALLERS_SHOWN));
    });
  }

  /** One who waits, and why.  The button stays while its caller waits: under the mouse, and under the keyboard's focus. */
  #showCaller(button, call, place, free) {
    const why = call.state === 'offered' ? `${word('supervisor.ringing_at')} ${call.agent}`
      : free === 0 ? word('supervisor.no_agent') : word('call.waiting');
    const key = [place, numberOf(call), call.queued_at, why].join('|');
    if (button.dataset.shown === key) return;
    button.dataset.shown = key;
    fill(button, make('span', { class: 'place' }, place ?? icon('bell')), make('span', {}, numberOf(call)),
      make('time', { dataset: { since: call.queued_at } }), make('small', {}, why));
  }

  #showTrunks() {
    const { floor } = this.#bar;
    const used = (name) => [...floor.calls.values()].filter((call) => call.trunk === name).length;
    keepList(byId('trunks'), [...floor.trunks.values()], (trunk) => trunk.trunk, () => make('li'), (line, trunk) => fill(
      line, make('strong', {}, trunk.trunk),
      trunk.limit && make('span', {}, word('supervisor.channels', used(trunk.trunk), trunk.limit)),
      make('span', { class: 'badge', dataset: { state: trunk.up ? 'ready' : 'unreachable' } }, icon(trunk.up ? 'check' : 'alert'),
        word(trunk.up ? 'supervisor.up' : 'supervisor.down')),
    ));
  }

  #showTimes() {
    const now = this.#bar.floor.now();
    for (const element of document.querySelectorAll('[data-since]')) setText(element, clockText(now - Number(element.dataset.since)));
  }
}

speak();
serve('supervisor', async (bar, seat) => {
  watchEmergency(bar);
  const page = new SupervisorPage(bar);
  page.showAll();
  if (seat?.extension && bar.agent?.presence === 'logged_out') {
    await bar.login({ extension: seat.extension, state: 'not_ready', reason: 'supervising' }).catch(() => {});
  }
  return page;
});
