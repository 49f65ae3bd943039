/** The drawer of the supervisor's page: one seat or one waiting call, what may be done about it, and what happens there. */

import { fill, make, setText } from './element.js';
import { couldTake, isWaiting, numberOf, shownState } from './floor.js';
import { icon, stateIcon } from './icons.js';
import { Why } from './why.js';
import { clockText, dayTime, hasWord, problemText, word, wordOf } from './words.js';

const REASONS = ['quality', 'help', 'complaint', 'abuse'];
const FEED_MOST = 100;

/** Events after which the agent's mute and what is to hold after the call may be others. */
const LOOKED_AFTER = new Set(['seat_command', 'forced', 'agent_state_changed']);

/** Commands whose words are those of another name. */
const COMMANDS = { login: 'sign_in', logout: 'sign_out', hang_up_own: 'hang_up', send_digits: 'digits' };

export class SupervisionDrawer {
  #bar;
  #dialog;
  #onClose;
  /** @type {{agent?: string, call?: string}|null} */ #subject = null;
  #feed = [];
  #parts = {};
  #why;
  /** @type {import('./listening.js').CallListener|null} */ #listener = null;

  /**
   * @param {import('./phonebar.js').PhoneBar} bar
   * @param {HTMLDialogElement} dialog
   * @param {() => void} onClose
   */
  constructor(bar, dialog, onClose) {
    this.#bar = bar;
    this.#dialog = dialog;
    this.#onClose = onClose;
    this.#why = new Why(bar);
    dialog.addEventListener('keydown', (event) => { if (event.key === 'Escape') this.close(); });
    bar.on('event', (event) => this.#follow(event));
  }

  /** The agent whose seat is looked at, empty for none. */
  get agentId() { return this.#subject?.agent ?? ''; }

  /** Look at a seat. */
  openAgent(agentId) { this.#open({ agent: agentId }); }

  /** Look at a waiting call. */
  openCall(callId) { this.#open({ call: callId }); }

  /** Say all of it in the language that is set now; what was filled in stays. */
  speak() {
    if (!this.#subject) return;
    const { value } = this.#parts.reason;
    this.#build();
    this.#parts.reason.value = value;
  }

  /** As seconds pass: what nothing tells of is asked for again. */
  refresh() { if (this.#subject) this.#why.refresh(); }

  close() {
    this.#listener?.stop();
    this.#subject = null;
    this.#dialog.close();
    this.#onClose();
  }

  #open(subject) {
    this.#listener?.stop();
    this.#subject = subject;
    this.#feed = [];
    this.#build();
    if (!this.#dialog.open) this.#dialog.show();
    this.show();
    if (subject.agent) this.#look(subject.agent);
    this.#parts.reason.focus();
  }

  #build() {
    const reason = make('input', { name: 'reason', maxLength: 64, 'aria-label': word('supervisor.reason') });
    const pick = (name) => () => { reason.value = word(`supervisor.reason.${name}`); this.show(); };
    const outcome = make('p', { class: 'outcome', role: 'status' });
    const feed = make('ul', { class: 'feed' });
    this.#parts = {
      reason, outcome, feed, head: make('h2'), facts: make('section', { class: 'drawer-part' }), deeds: make('div', { class: 'drawer-part' }),
    };
    fill(
      this.#dialog,
      make('div', { class: 'drawer-head' }, this.#parts.head, make(
        'button', { class: 'button plain', type: 'button', 'aria-label': word('do.close'), onclick: () => this.close() }, icon('close'),
      )),
      this.#parts.facts,
      this.#subject.call && this.#why.place,
      make('section', { class: 'drawer-part' },
        make('label', { class: 'field' }, make('span', {}, word('supervisor.reason')), reason),
        make('div', { class: 'choices' }, ...REASONS.map((name) => make(
          'button', { class: 'button', type: 'button', onclick: pick(name) }, word(`supervisor.reason.${name}`),
        ))),
        outcome),
      this.#parts.deeds,
      this.#subject.agent && make('section', { class: 'drawer-part' }, make('h3', { class: 'title' }, word('supervisor.watch')), feed),
      this.#subject.agent && this.#why.place, // what the agent does now comes before why they have the call
    );
    this.#showFeed();
  }

  /** Show what is true now. */
  show() {
    if (!this.#subject) return;
    const { floor } = this.#bar;
    const agent = floor.agents.get(this.#subject.agent ?? '');
    const call = floor.calls.get(this.#subject.call ?? '');
    if (agent) this.#showAgent(agent, floor.callOf(agent.agent_id));
    else if (call && isWaiting(call)) this.#showCall(call);
    else if (this.#subject.call) this.close();
    for (const element of this.#dialog.querySelectorAll('[data-since]')) setText(element, clockText(floor.now() - Number(element.dataset.since)));
  }

  #showAgent(agent, call) {
    const state = shownState(agent, call);
    this.#why.show(call?.call_id ?? '');
    fill(this.#parts.head, agent.name || agent.agent_id,
      make('small', {}, [agent.agent_id, agent.extension && `${word('agent.extension')} ${agent.extension}`].filter(Boolean).join(' · ')));
    fill(
      this.#parts.facts,
      make('div', {}, make('span', { class: 'badge', dataset: { state } }, stateIcon(state), word(`state.${state}`)), ' ',
        agent.since && make('span', { dataset: { since: agent.since } }), ' ', state === 'not_ready' && wordOf('reason', agent.reason)),
      this.#marksOf(agent, call),
      call && make('p', { class: 'caller-number' }, numberOf(call)),
      call && this.#factsOf(call),
    );
    this.#keepDeeds(`${state} ${call?.call_id ?? ''} ${this.#supervising()} ${this.#listener !== null}`, () => this.#deedsOfAgent(agent, call));
  }

  /** What the agent's own bar says beside the state, each by sign and word. */
  #marksOf(agent, call) {
    const { pending_presence: pending } = agent;
    const marks = [
      agent.muted && ['held', icon('mute'), word('agent.muted')],
      call?.recording_paused && ['held', icon('hold'), word('event.recording_paused')],
      pending && [pending, stateIcon(pending), `${word('agent.pending')}:${word(`state.${pending}`)}`],
    ].filter(Boolean);
    return marks.length > 0 && make('div', { class: 'marks' }, ...marks.map(([state, ...face]) => make('span', { class: 'badge', dataset: { state } }, ...face)));
  }

  /** Nothing tells of what is to hold after a call: it is asked for when the seat is opened and after each of its commands. */
  async #look(agentId) {
    const { agents } = this.#bar.floor;
    const view = await this.#bar.read(`/v1/agents/${encodeURIComponent(agentId)}`).catch(() => null); // the next event asks again
    if (!view || this.agentId !== agentId || !agents.has(agentId)) return;
    agents.set(agentId, { ...agents.get(agentId), muted: view.muted, pending_presence: view.pending_presence });
    this.show();
  }

  #deedsOfAgent(agent, call) {
    const { agentId } = this.#bar;
    const inCall = call !== null && ['talking', 'engaged'].includes(agent.activity);
    const isOther = agent.agent_id !== agentId;
    const mode = this.#supervising();
    const supervise = (name) => this.#deed(name, name, inCall && isOther, (reason) => this.#bar.supervise(call.call_id, name, reason), { pressed: mode === name });
    const force = (state) => this.#deed(`force_${state}`, { ready: 'check', not_ready: 'cup', logged_out: 'power' }[state],
      agent.presence !== 'logged_out' && !(state === agent.presence), (reason) => this.#bar.forceState(agent.agent_id, state, reason));
    const target = make('select', { 'aria-label': word('do.force_hang_up') },
      ...['call', 'agent_leg', 'customer_leg'].map((name) => make('option', { value: name }, word(`supervisor.${name}`))));
    return [
      make('div', { class: 'deeds' },
        this.#deed('listen', 'monitor', inCall && isOther, (reason) => this.#listen(call.call_id, reason),
          { pressed: this.#listener !== null, needsReason: this.#listener === null }),
        supervise('monitor'), supervise('whisper'), supervise('barge'),
        this.#deed('intercept', 'intercept', inCall && isOther, (reason) => this.#bar.intercept(call.call_id, reason)),
        this.#deed('stop_supervising', 'close', mode !== '', () => this.#bar.stopSupervising(), { needsReason: false })),
      inCall && make('div', { class: 'deed-with' }, target, this.#deed('force_hang_up', 'hang_up', true,
        (reason) => this.#bar.forceHangUp(call.call_id, reason, target.value), { danger: true })),
      make('div', { class: 'deeds' }, force('ready'), force('not_ready'), force('logged_out')),
    ];
  }

  #showCall(call) {
    // The place is told below by whoever decides it: it goes by levels and by the rules of the queue, not by arrival alone.
    const where = [call.queue, call.state === 'offered' && `${word('supervisor.ringing_at')} ${call.agent}`];
    fill(this.#parts.head, numberOf(call), make('small', {}, where.filter(Boolean).join(' · ')));
    fill(this.#parts.facts, this.#factsOf(call));
    this.#why.show(call.call_id);
    const free = [...this.#bar.floor.agents.values()].filter(couldTake).map((agent) => `${agent.agent_id}${agent.presence}`);
    this.#keepDeeds(`${call.call_id} ${free}`, () => this.#deedsOfCall(call));
  }

  #deedsOfCall(call) {
    const { floor } = this.#bar;
    const free = [...floor.agents.values()].filter(couldTake);
    const others = [...floor.queues.keys()].filter((name) => name !== call.queue);
    const agents = choice('supervisor.to_agent', free.map((agent) => [agent.agent_id, `${agent.agent_id} ${agent.name ?? ''} · ${word(`state.${shownState(agent)}`)}`]), 'supervisor.no_agent');
    const queues = choice('supervisor.to_queue', others.map((name) => [name, name]), 'supervisor.no_queue');
    const level = make('input', { type: 'number', min: -1000, max: 1000, value: call.level ?? 0, 'aria-label': word('do.level') });
    const row = (field, deed) => make('div', { class: 'deed-with' }, field, deed);
    return [
      row(agents, this.#deed('pick_up', 'answer', free.length > 0, (reason) => this.#bar.pickUp(call.call_id, agents.value, reason))),
      row(queues, this.#deed('move', 'move', others.length > 0, (reason) => this.#bar.move(call.call_id, queues.value, reason))),
      row(level, this.#deed('level', 'queue', true, (reason) => this.#bar.setLevel(call.call_id, Number(level.value), reason))),
      this.#deed('force_hang_up', 'hang_up', true, (reason) => this.#bar.forceHangUp(call.call_id, reason), { danger: true }),
    ];
  }

  #factsOf(call) {
    const facts = [
      call.queue && [word('agent.queue'), call.queue],
      [word('agent.arrived'), dayTime(call.arrived_at)],
      call.queued_at && [word('agent.waited'), call.connected_at
        ? clockText(call.connected_at - call.queued_at) : make('span', { dataset: { since: call.queued_at } })],
      call.connected_at && [word('agent.talk'), make('span', { dataset: { since: call.connected_at } })],
      ...Object.entries(call.data ?? {}).map(([name, value]) => [name, typeof value === 'object' ? JSON.stringify(value) : String(value)]),
    ].filter(Boolean);
    return make('dl', { class: 'facts' }, ...facts.flatMap(([name, value]) => [make('dt', {}, name), make('dd', {}, value)]));
  }

  /** Buttons are made anew only when what they stand for has changed: a select that is open stays open. */
  #keepDeeds(key, build) {
    if (this.#parts.deeds.dataset.key !== key) {
      this.#parts.deeds.dataset.key = key;
      fill(this.#parts.deeds, ...build());
    }
  }

  #deed(name, picture, isPossible, act, { danger = false, needsReason = true, pressed = false } = {}) {
    const work = async () => {
      const reason = this.#parts.reason.value.trim();
      if (needsReason && !reason) {
        this.#tell(word('supervisor.needs_reason'), true);
        this.#parts.reason.focus();
        return;
      }
      try {
        await act(reason);
        this.#tell(`${word('supervisor.done')}:${word(`do.${name}`)}`, false);
      } catch (problem) {
        this.#tell(problemText(problem), true);
      }
    };
    return make('button', {
      class: danger ? 'button danger' : 'button', type: 'button', disabled: !isPossible, onclick: work, dataset: { deed: name },
      'aria-pressed': pressed ? 'true' : undefined,
    }, icon(picture), word(`do.${name}`));
  }

  #tell(text, isWrong) {
    this.#parts.outcome.textContent = text;
    this.#parts.outcome.classList.toggle('wrong', isWrong);
  }

  /** Hear the call here, or hear it no more. */
  async #listen(callId, reason) {
    if (this.#listener) {
      this.#listener.stop();
      return;
    }
    const listener = this.#listener = this.#bar.listen(callId, reason);
    listener.onEnd = () => {
      if (this.#listener === listener) this.#listener = null;
      this.show();
    };
    await listener.start();
    this.show();
  }

  /** How we are in the call of the seat that is looked at: monitor, whisper, barge, or empty. */
  #supervising() {
    const call = this.#bar.floor.callOf(this.#subject?.agent ?? '');
    return call?.supervisors?.[this.#bar.agentId] ?? '';
  }

  #follow({ kind, data, at }) {
    const { agent } = this.#subject ?? {};
    if (!agent) return;
    const callId = this.#bar.floor.agents.get(agent)?.call_id;
    const isTheirs = data.agent === agent || data.agent_id === agent;
    if (!isTheirs && (kind === 'agent_state_changed' || !callId || data.call_id !== callId)) return;
    if (isTheirs && LOOKED_AFTER.has(kind)) this.#look(agent);
    if (!hasWord(`event.${kind}`)) return;
    this.#feed.unshift({ at: Date.parse(at) / 1000, kind, data });
    this.#feed.length = Math.min(this.#feed.length, FEED_MOST);
    this.#showFeed();
  }

  #showFeed() {
    fill(this.#parts.feed, ...(this.#feed.length
      ? this.#feed.map(({ at, kind, data }) => make('li', {}, make('time', {}, dayTime(at)),
        make('span', {}, [word(`event.${kind}`), ...detailsOf(kind, data)].filter(Boolean).join(' · '))))
      : [make('li', { class: 'empty' }, word('supervisor.no_news'))]));
  }
}

/** What is told of an event beside its name. */
function detailsOf(kind, data) {
  switch (kind) {
    case 'agent_state_changed':
      return [word(`state.${shownState(data)}`), data.presence === 'not_ready' && data.reason !== 'phone_lost' && wordOf('reason', data.reason)];
    case 'supervision_started':
    case 'supervision_changed': return [data.supervisor, wordOf('do', data.mode), data.reason];
    case 'supervision_ended': return [data.supervisor];
    case 'call_intercepted': return [data.supervisor, data.reason];
    case 'forced': return [data.who, wordOf('action', data.action), data.reason];
    case 'seat_command': return [
      wordOf('do', COMMANDS[data.command] ?? data.command), Object.values(data.asked ?? {}).map((value) => wordOf('reason', value)).join(' '), data.status >= 300 && `✗ ${wordOf('problem', data.code)}`,
    ];
    case 'call_ended': return [wordOf('end', data.end_reason)];
    case 'call_arrived': return [data.caller];
    case 'digits_sent': return [`× ${data.count}`];
    case 'wrap_up_extended': return [`${data.seconds} s`];
    default: return [data.to, data.cause && wordOf('reason', data.cause)];
  }
}

/** A select, or one that says why there is nothing to choose. */
function choice(label, pairs, nothing) {
  return make('select', { 'aria-label': word(label), disabled: pairs.length === 0 }, ...(pairs.length
    ? pairs.map(([value, text]) => make('option', { value }, text)) : [make('option', { value: '' }, word(nothing))]));
}
