/** The agent's page: the bar above, the caller and what is known of the call below. */

import { BarControls } from './bar_controls.js';
import { CallListPreview } from './call_list_preview.js';
import { ContactsCard } from './contacts_card.js';
import { byId, fill, keepList, make, setText } from './element.js';
import { watchEmergency } from './emergency.js';
import { dialOfAddress, serveParent } from './framing.js';
import { icon, stateIcon } from './icons.js';
import { directionOf, numberOf, secondsOf } from './floor.js';
import { paced } from './pacing.js';
import { popScreens } from './screen_pop.js';
import { refusal, signIn } from './sign_in.js';
import { clockText, dayTime, problemText, speak, spoken, switchLanguage, word, wordOf } from './words.js';

const HISTORY = 8;
/** A press makes the wrap-up so much longer. */
const LONGER_S = 60;
/** Why nothing is recorded for a while. */
const PRIVATE = ['agent.password', 'agent.private'];

class AgentPage {
  #bar;
  #controls;
  #preview;
  #contacts;
  #told = '';
  #caller = null;
  #popAddress = '';
  #draw = paced(() => this.#show());

  constructor(bar) {
    this.#bar = bar;
    this.#controls = new BarControls(bar, (text) => this.#tell(text));
    this.#preview = new CallListPreview(bar, (work) => this.#controls.run(work));
    this.#contacts = new ContactsCard(bar, (work) => this.#controls.run(work));
    byId('language').onclick = () => switchLanguage(() => this.showAll());
    byId('sign-out').onclick = () => this.#controls.run(() => bar.logout());
    byId('data-form').onsubmit = (event) => this.#saveData(event);
    for (const name of ['agent', 'call', 'line', 'event', 'snapshot']) bar.on(name, () => this.#showSoon());
    bar.on('hangup', () => this.#loadMine());
    bar.on('holdReminded', ({ call, data }) => this.#tell(word('agent.forgotten', call.caller, Math.round(data.held_s))));
    bar.on('retrieved', () => this.#tell(''));
    bar.on('answerRefused', () => this.#tell(word('agent.answer_refused')));
    bar.on('talking', () => {
      this.#tell('');
      this.#loadMine();
    });
    // Told only where agents are shown it (`http.supervision_shown`); how a supervisor is in the call stands beside its number.
    bar.on('forced', ({ data }) => { if (data.action !== 'supervise') this.#tell([wordOf('action', data.action), data.who, data.reason].filter(Boolean).join(' · ')); });
    bar.on('progress', ({ data }) => this.#tell(`${data.number}: ${wordOf('progress', data.progress)}`));
    bar.on('dialResult', ({ data }) => this.#tell(data.result === 'answered' ? '' : `${data.number}: ${wordOf('result', data.result)}`));
    popScreens(bar, (address) => {
      this.#popAddress = address;
      this.#showSoon();
    });
    bar.on('line', ({ line }) => { if (line === 'live') this.#tell(''); });
    this.#clock = setInterval(() => this.#showTimes(), 1000);
  }

  #clock;

  /** End with the sign-in. */
  close() { clearInterval(this.#clock); }

  /** All of it, in the language that is set. */
  showAll() {
    speak();
    this.#caller = null;
    this.#show();
    this.#showTitle();
    this.#preview.show();
    this.#contacts.show();
    this.#loadMine();
  }

  openDial(number, data) { this.#controls.prepareDial(number, data); }

  #tell(text) {
    this.#told = text;
    this.#showBanner();
  }

  #showSoon() {
    this.#draw();
    this.#showTitle(); // a page in the background gets no frames, but its title still tells of a call
  }

  #showTitle() { setText(document.querySelector('title'), this.#title()); }

  #title() {
    const { state, call } = this.#bar;
    const caller = call && ['ringing', 'talking', 'held'].includes(state) ? ` ${numberOf(call)}` : '';
    return `${word(`state.${state}`)}${caller} · 12345`;
  }

  #show() {
    const { agent } = this.#bar;
    if (!agent) return;
    this.#showState();
    this.#controls.show();
    setText(byId('who-name'), agent.name || agent.agent_id);
    setText(byId('who-seat'), [agent.agent_id, agent.extension].filter(Boolean).join(' · '));
    byId('who-seat').title = agent.extension ? `${word('agent.extension')} ${agent.extension}` : '';
    const language = byId('language');
    fill(language, icon('globe'), make('span', {}, spoken() === 'zh' ? 'English' : '中文'));
    language.title = spoken() === 'zh' ? 'English' : '中文';
    const out = byId('sign-out');
    fill(out, icon('leave'), make('span', {}, word('do.sign_out')));
    out.title = word('do.sign_out');
    out.disabled = !this.#bar.may('logout');
    this.#showBanner();
    this.#showCall();
    this.#showData();
    this.#showQueues();
    fill(byId('keys'), ...BarControls.shortcuts(this.#bar).flatMap(([keys, text]) => [
      make('dt', {}, text), make('dd', {}, make('kbd', {}, keys)),
    ]));
    this.#showTimes();
  }

  #showState() {
    const { agent, call, state } = this.#bar;
    const box = byId('state');
    if (box.dataset.state !== state) {
      box.dataset.state = state;
      fill(byId('state-icon'), stateIcon(state));
    }
    setText(byId('state-word'), word(`state.${state}`));
    const notes = [
      agent.muted && word('agent.muted'),
      this.#bar.may('reconnect') && !this.#bar.may('transfer') && word('agent.in_flow'),
      state === 'not_ready' && wordOf('reason', agent.reason),
      agent.pending_presence && `${word('agent.pending')}:${word(`state.${agent.pending_presence}`)}`,
    ].filter(Boolean);
    setText(byId('state-note'), notes.join(' · '));
    setText(byId('state-caller'), call && ['ringing', 'talking', 'held'].includes(state) ? numberOf(call) : ''); // for who hears the page
  }

  /** How long a timed wrap-up goes on; empty for one that the agent ends, and while the server was not asked yet. */
  #wrapUpLeft() {
    const { agent, floor, state } = this.#bar;
    const left = state === 'wrap_up' ? (agent.wrap_up_until ?? 0) - floor.now() : 0;
    return left > 0 ? word('agent.wrap_up_left', clockText(Math.ceil(left))) : '';
  }

  #showBanner() {
    const banner = byId('banner');
    const { isLive } = this.#bar;
    const text = isLive ? this.#told : word('line.broken');
    banner.hidden = !text;
    banner.classList.toggle('wrong', isLive);
    fill(banner, icon('alert'), make('span', { title: text }, text), isLive && make(
      'button', { class: 'button plain', type: 'button', 'aria-label': word('do.close'), onclick: () => this.#tell('') }, icon('close'),
    ));
  }

  #showTimes() {
    const { agent, call, floor } = this.#bar;
    const now = floor.now();
    setText(byId('state-left'), this.#wrapUpLeft());
    setText(byId('state-time'), agent?.since && agent.presence !== 'logged_out' ? clockText(now - agent.since) : '');
    for (const element of document.querySelectorAll('[data-since]')) {
      setText(element, clockText(now - Number(element.dataset.since)));
    }
    if (call && !call.isPartial) this.#meet(call);
  }

  #showCall() {
    const { call, state, agent } = this.#bar;
    const strip = byId('bar-call');
    const place = byId('call');
    const isOurs = call?.direction === 'out' && call.agent === this.#bar.agentId;
    setText(byId('call-title'), word(isOurs ? 'agent.dialled' : 'agent.caller'));
    if (!call) {
      fill(strip);
      fill(place, make('div', { class: 'nothing' }, icon('answer'), make('strong', {}, word('agent.idle')), make('span', {}, word('agent.idle_note')),
        this.#bar.may('wrap-up/extend') && make('button', { class: 'button', id: 'extend', type: 'button', onclick: () => this.#controls.run(() => this.#bar.extendWrapUp(LONGER_S)) }, icon('pen'), word('agent.extend', LONGER_S))));
      byId('history-card').hidden = true;
      return;
    }
    byId('history-card').hidden = false;
    const known = this.#caller?.of === call.call_id ? this.#caller.card?.customer : null;
    fill(strip, make('strong', {}, numberOf(call)), ' ', [known?.name, call.queue].filter(Boolean).join(' · '));
    const shown = state === 'wrap_up' || state === 'ready' || state === 'not_ready' ? 'talking' : state;
    const waited = (call.connected_at ?? this.#bar.floor.now()) - (call.queued_at ?? call.arrived_at);
    const facts = [
      !isOurs && [word('agent.queue'), call.queue ?? '—'],
      [word('agent.called'), call.called],
      [word(isOurs ? 'agent.dialled_at' : 'agent.arrived'), dayTime(call.arrived_at)],
      !isOurs && [word('agent.waited'), call.connected_at ? clockText(waited) : make('span', { dataset: { since: call.queued_at ?? call.arrived_at } })],
      call.connected_at && [word('agent.talk'), make('span', { dataset: { since: call.connected_at } })],
    ].filter(Boolean);
    fill(
      place,
      make('div', { class: 'caller' }, make('strong', { id: 'caller-number' }, numberOf(call)),
        make('span', { class: 'badge', dataset: { state: shown } }, stateIcon(shown), word(`state.${shown}`)),
        agent.muted && make('span', { class: 'badge', dataset: { state: 'held' } }, icon('mute'), word('agent.muted')),
        isConference(call) && make('span', { class: 'badge', dataset: { state: 'talking' } }, icon('conference'), word('do.conference')),
        ...Object.entries(call.supervisors ?? {}).map(([who, mode]) => make('span', { class: 'badge supervised' }, icon(mode), wordOf('do', mode), ' ', who))),
      make('dl', { class: 'facts' }, ...facts.flatMap(([name, value]) => [make('dt', {}, name), make('dd', {}, value)])),
      this.#popAddress && make('a', { class: 'button pop', href: this.#popAddress, target: 'softswitch-pop', rel: 'noopener' },
        icon('user'), word('agent.pop')),
      this.#caller?.of === call.call_id && customerCard(this.#caller),
      this.#parties(call),
      ['talking', 'held'].includes(state) && this.#recording(call),
    );
  }

  /** What nobody is to hear later (a password, something private) is left out of the recording. */
  #recording(call) {
    const { recording_paused: isPaused, call_id: id } = call;
    const resume = () => this.#controls.run(() => this.#bar.resumeRecording(word('agent.recording_goes_on'), id));
    const pause = () => this.#controls.choose('do.pause_recording', PRIVATE.map((name) => word(name)),
      (reason) => this.#bar.pauseRecording(reason, id), () => this.#bar.call?.call_id === id);
    return make('p', { class: 'deeds' },
      make('button', { class: 'button', id: 'recording', type: 'button', 'aria-pressed': String(Boolean(isPaused)), onclick: isPaused ? resume : pause },
        icon(isPaused ? 'retrieve' : 'hold'), word(isPaused ? 'do.resume_recording' : 'do.pause_recording')),
      isPaused && make('span', { class: 'badge', dataset: { state: 'held' } }, icon('hold'), word('event.recording_paused')));
  }

  #parties(call) {
    const parties = call.parties ?? [];
    if (parties.length < 2) return null;
    return make('ul', { class: 'parties', 'aria-label': word('agent.parties') }, ...parties.map((party) => make(
      'li', { dataset: { leg: party.leg_id, role: party.role } },
      icon(party.role === 'customer' ? 'user' : 'answer'),
      make('span', { class: 'name' }, make('small', {}, word(`role.${party.role}`)), party.agent_id || party.number || '—'),
      party.held && make('span', { class: 'badge', dataset: { state: 'held' } }, icon('hold'), word('state.held')),
      party.muted && make('span', { class: 'badge', dataset: { state: 'held' } }, icon('mute'), word('agent.muted')),
      party.state === 'ringing' && make('span', { class: 'badge', dataset: { state: 'ringing' } }, icon('bell'), word('state.ringing')),
      parties.length > 2 && party.agent_id !== this.#bar.agentId && this.#bar.may('drop') && make(
        'button', { class: 'button', type: 'button', onclick: () => this.#controls.run(() => this.#bar.drop(party.leg_id)) }, word('do.drop'),
      ),
    )));
  }

  #showData() {
    const { call } = this.#bar;
    const pairs = Object.entries(call?.data ?? {});
    byId('no-data').hidden = pairs.length > 0;
    byId('data-form').hidden = !call || !this.#bar.isLive;
    fill(byId('data'), ...pairs.flatMap(([name, value]) => [
      make('dt', {}, name), make('dd', {}, typeof value === 'object' ? JSON.stringify(value) : String(value)),
    ]));
  }

  async #saveData(event) {
    event.preventDefault();
    const form = event.target;
    const saved = await this.#controls.run(() => this.#bar.mergeData({ [form.elements.name.value.trim()]: form.elements.value.value }));
    if (saved) form.reset();
  }

  #showQueues() {
    const { floor, agent, session } = this.#bar;
    // An agent is told of their own calls only; who waits in a line is for those who see it.
    byId('queues-card').hidden = session?.role === 'agent';
    const mine = (agent.queues ?? [...floor.queues.keys()]);
    keepList(byId('queues'), mine, (name) => name, () => make('li'), (line, name) => {
      const waiting = floor.waiting(name);
      fill(line, make('span', {}, name), make('span', {},
        make('span', { class: 'figure' }, waiting.length),
        make('small', {}, ' ', word('supervisor.waiting')),
        waiting.length > 0 && make('small', {}, ' · ', make('span', { dataset: { since: waiting[0].queued_at } }))));
    });
  }

  /** Ask who calls, and for their work orders: the phone rings already, and neither waits for the other. */
  #meet(call) {
    const of = call.call_id;
    if (this.#caller?.of === of) return;
    const caller = this.#caller = { of, card: null, orders: null };
    const take = (name, path, failed) => this.#bar.read(`/v1/calls/${encodeURIComponent(of)}/${path}`)
      .catch((problem) => failed(problem))
      .then((found) => {
        if (this.#caller !== caller) return;
        caller[name] = found;
        if (name === 'card') this.#showHistory(found);
        this.#draw();
      });
    take('card', 'caller', (problem) => ({ problem, last_calls: [] }));
    take('orders', 'orders', () => ({ state: 'failed', orders: [] }));
  }

  #showHistory({ problem, last_calls: calls }) {
    fill(byId('history'), calls.length ? callTable(calls)
      : make('p', { class: 'empty' }, problem ? problemText(problem) : word('agent.no_history')));
  }

  async #loadMine() {
    const morning = new Date();
    morning.setHours(0, 0, 0, 0);
    const place = byId('mine');
    try {
      const { items } = await this.#bar.read('/v1/calls', { agent: this.#bar.agentId, from: morning.toISOString(), limit: HISTORY });
      fill(place, items.length ? callTable(items, this.#bar.agentId) : make('p', { class: 'empty' }, word('agent.no_mine')));
    } catch (problem) {
      fill(place, make('p', { class: 'empty' }, problemText(problem)));
    }
  }
}

/** Whether three talk; supervisors apart, who are told of beside it. */
const isConference = ({ parties = [] }) => parties.filter((party) => party.role !== 'supervisor' && party.state !== 'ringing' && !party.held).length > 2;

/** What is known of the caller: the customer table's row and the open work orders.  All of it is only ever text. */
function customerCard({ card, orders }) {
  const { customer } = card ?? {};
  const facts = customer ? [
    ['customer.unit', customer.unit], ['customer.address', customer.address], ['customer.notes', customer.notes],
  ].map(([name, value]) => [word(name), value]).concat(Object.entries(customer.fields)).filter(([, value]) => value) : [];
  return make(
    'div', { class: 'customer', id: 'customer' },
    customer && make('strong', { class: 'name' }, customer.name || '—'),
    customer?.level ? make('span', { class: 'badge' }, `${word('customer.level')} ${customer.level}`) : null,
    card && !customer && make('span', { class: 'empty' }, word('customer.unknown')),
    facts.length > 0 && make('dl', { class: 'facts' }, ...facts.flatMap(([name, value]) => [make('dt', {}, name), make('dd', {}, String(value))])),
    orders?.state === 'failed' && make('p', { class: 'empty' }, word('customer.orders_failed')),
    orders?.state === 'found' && make('ul', { class: 'orders', 'aria-label': word('customer.orders') }, ...orders.orders.map((order) => make(
      'li', {}, order.url
        ? make('a', { href: order.url, target: 'softswitch-pop', rel: 'noopener' }, order.number || order.title)
        : make('span', {}, order.number),
      make('span', { class: 'name' }, order.title), make('span', { class: 'badge' }, order.state),
    ))),
    orders?.state === 'found' && orders.orders.length === 0 && make('p', { class: 'empty' }, word('customer.no_orders')),
  );
}

/** Calls as rows: with the other side's numbers where they are an agent's own (`of`), with their agents where they are a caller's. */
function callTable(calls, of = '') {
  const head = ['agent.time', of ? 'agent.other_side' : 'agent.title', 'agent.talk', 'agent.result'].map((name) => word(name));
  const isOut = (call) => directionOf(call) === 'out' && (!of || call.agent === of);
  const number = (call) => (isOut(call) ? call.called : call.caller);
  return make(
    'table', {},
    make('thead', {}, make('tr', {}, ...head.map((text) => make('th', { scope: 'col' }, text)))),
    make('tbody', {}, ...calls.map((call) => make(
      'tr', {},
      make('td', {}, dayLabel(secondsOf(call.arrived_at))),
      make('td', {}, isOut(call) && make('small', {}, word('agent.dialled'), ' '), of ? number(call) : call.agent ?? '—'),
      make('td', {}, call.talk_s === null ? '—' : clockText(call.talk_s)),
      make('td', {}, outcome(call)),
    ))),
  );
}

/** How a call ended: of one that was dialled in vain, what came of it. */
function outcome(call) {
  if (call.dial_result && call.dial_result !== 'answered') return wordOf('result', call.dial_result);
  return call.end_reason ? wordOf('end', call.end_reason) : word('state.talking');
}

function dayLabel(seconds) {
  const day = new Date(seconds * 1000);
  const today = new Date();
  return day.toDateString() === today.toDateString() ? dayTime(seconds)
    : `${day.toLocaleDateString(spoken() === 'zh' ? 'zh-CN' : 'en-GB', { month: 'numeric', day: 'numeric' })} ${dayTime(seconds, false)}`;
}

/** Take the seat unless this agent sits already: a page that is loaded again finds the agent where they were. */
async function sitDown(bar, seat) {
  if (seat === null || bar.agent?.presence !== 'logged_out') return;
  await bar.login({ extension: seat.extension, state: seat.state, reason: seat.state === 'not_ready' ? 'break' : '' });
}

/** Until the agent signs out, or the sign-in holds no more: why, as a text for the form. */
function ended(bar) {
  const left = new Promise((resolve) => {
    let wasIn = bar.agent !== null && bar.agent.presence !== 'logged_out';
    bar.on('agent', ({ agent }) => {
      wasIn ||= agent.presence !== 'logged_out';
      if (wasIn && agent.presence === 'logged_out') resolve(word('line.signed_out'));
    });
  });
  return Promise.race([left, refusal(bar)]);
}

async function main() {
  speak();
  const wanted = dialOfAddress();
  let notice = '';
  for (;;) {
    const { bar, seat } = await signIn(byId('sign-in'), { page: 'agent', notice });
    const over = ended(bar);
    try {
      await sitDown(bar, seat);
    } catch (problem) {
      await bar.signOut().catch(() => {});
      notice = problemText(problem);
      continue;
    }
    const page = new AgentPage(bar);
    byId('desk').hidden = false;
    watchEmergency(bar);
    page.showAll();
    serveParent(bar, (number, data) => page.openDial(number, data));
    if (wanted) page.openDial(wanted.number, wanted.data);
    notice = await over;
    page.close();
    byId('desk').hidden = true;
    await bar.signOut().catch(() => {}); // a session that is over already cannot be ended
  }
}

main();
