/**
 * The floor as the live stream tells it: agents, calls, queues and trunks, made of a snapshot and the events after it.
 * Pure: no network, no page; times are seconds since 1970 by the server's clock.
 */

/**
 * @typedef {object} Agent  an agent as the server sees it
 * @property {string} agent_id  工号
 * @property {string} name
 * @property {string|null} extension  the seat, null when signed out
 * @property {'logged_out'|'ready'|'not_ready'|'wrap_up'} presence
 * @property {'idle'|'reserved'|'ringing'|'talking'|'engaged'} activity
 * @property {string} reason  of not_ready
 * @property {string|null} [pending_presence]  asked for during a call, holds from its end
 * @property {boolean} reachable  whether the phone is registered and answers
 * @property {string|null} call_id
 * @property {boolean} [muted]
 * @property {string[]} [allowed]  operations that the server would accept now
 * @property {number|null} since  seconds since 1970, by the server's clock
 * @property {number|null} [wrap_up_until]  when a timed wrap-up ends by itself, by the same clock
 */

/**
 * @typedef {object} Call
 * @property {string} call_id
 * @property {string} caller
 * @property {string} called
 * @property {'in'|'out'} [direction]  out where an agent dialled
 * @property {string|null} queue
 * @property {string} state  arrived, answered, waiting, offered, accepted, connected
 * @property {string|null} [ringing]  the agent whose phone rings for it, offers of the distributor apart
 * @property {boolean} [held]
 * @property {string} [held_by]  the agent who holds it
 * @property {boolean} [recording_paused]  nobody's voice is recorded now
 * @property {object[]} [parties]  leg_id, role, agent_id, number, state, held, muted, supervising
 * @property {object} [data]  随路数据 / attached data
 * @property {number} arrived_at  seconds since 1970, by the server's clock
 * @property {number|null} queued_at
 * @property {number|null} connected_at
 */

/** Event kinds are spelled with dots or underscores; both mean the same. */
export const kindOf = (message) => message.kind.replaceAll('.', '_');

/** Seconds since 1970 of an ISO time; null stays null. */
export const secondsOf = (text) => (text === null || text === undefined ? null : Date.parse(text) / 1000);

export class Floor {
  /** @type {Map<string, object>} by agent id */ agents = new Map();
  /** @type {Map<string, object>} by call id; only calls without an end */ calls = new Map();
  /** @type {Map<string, object>} by queue name */ queues = new Map();
  /** @type {Map<string, object>} by trunk name */ trunks = new Map();
  /** @type {Map<string, object>} by alarm name */ alarms = new Map();
  /** The server's clock minus ours, seconds. */ clockOffset = 0;

  /** Now by the server's clock, seconds since 1970. */
  now() { return Date.now() / 1000 + this.clockOffset; }

  /** Take a message of the stream. */
  take(message) {
    if (message.type === 'snapshot') this.#begin(message.data);
    else if (message.type === 'event') this.#follow(kindOf(message), message.data, secondsOf(message.at));
  }

  /** Waiting calls of a queue (of all queues without a name), who has waited longest first. */
  waiting(queue) {
    return [...this.calls.values()]
      .filter((call) => isWaiting(call) && (queue === undefined || call.queue === queue))
      .sort((one, other) => one.queued_at - other.queued_at || (one.call_id < other.call_id ? -1 : 1));
  }

  /** The call in which an agent is, or which rings there; null without one. */
  callOf(agentId) {
    const id = this.agents.get(agentId)?.call_id;
    return (id && this.calls.get(id)) || null;
  }

  #begin(data) {
    const at = secondsOf(data.at) ?? Date.now() / 1000;
    this.clockOffset = at - Date.now() / 1000;
    this.agents = new Map((data.agents ?? []).map((agent) => [agent.agent_id, agentOfView(agent)]));
    this.calls = new Map((data.calls ?? []).map((call) => [call.call_id, {
      ...call,
      state: PLACES[call.state] ?? call.state,
      direction: directionOf(call),
      held_by: holderOf(call.parties),
      supervisors: supervisorsOf(call.parties),
      ringing: rungOf(call),
      arrived_at: secondsOf(call.arrived_at) ?? at - (call.duration_s ?? 0),
      queued_at: secondsOf(call.queued_at) ?? at - (call.duration_s ?? 0),
      connected_at: secondsOf(call.connected_at),
    }]));
    for (const agent of this.agents.values()) {
      const call = this.calls.get(agent.call_id);
      if (call?.state === 'waiting' && ['ringing', 'reserved'].includes(agent.activity)) Object.assign(call, { state: 'offered', agent: agent.agent_id });
    }
    this.queues = new Map((data.queues ?? []).map((queue) => [queue.queue, { ...queue }]));
    this.trunks = new Map((data.trunks ?? []).map((trunk) => [trunk.trunk, { ...trunk }]));
    this.alarms = new Map((data.alarms ?? []).map((alarm) => [alarm.alarm, { ...alarm }]));
  }

  #follow(kind, data, at) {
    switch (kind) {
      case 'agent_state_changed': {
        const before = this.agents.get(data.agent) ?? { agent_id: data.agent, name: '', queues: [], reachable: true };
        const { agent, ...fields } = data;
        const muted = before.call_id === fields.call_id && before.muted; // nobody brings it along into another call
        this.agents.set(agent, { ...before, ...fields, muted, reachable: !['phone_lost', 'line_down'].includes(fields.reason), since: at });
        return;
      }
      case 'call_arrived':
        this.calls.set(data.call_id, {
          queue: null, agent: null, position: null, queued_at: null, connected_at: null,
          ...data, state: 'arrived', arrived_at: at,
        });
        return;
      case 'call_dialled':
        this.calls.set(data.call_id, {
          queue: null, position: null, queued_at: null, connected_at: null, ...data, direction: 'out', state: 'dialled', arrived_at: at,
        });
        return;
      case 'call_ended':
        this.calls.delete(data.call_id);
        return;
      case 'party_muted':
      case 'party_unmuted':
        if (this.agents.has(data.agent)) this.agents.set(data.agent, { ...this.agents.get(data.agent), muted: kind === 'party_muted' });
        return;
      case 'trunk_state_changed':
        this.trunks.set(data.trunk, { ...this.trunks.get(data.trunk), trunk: data.trunk, up: data.up });
        return;
      case 'alarm_raised':
        this.alarms.set(data.alarm, { ...data, at });
        return;
      case 'alarm_cleared':
        this.alarms.delete(data.alarm);
        return;
      default: {
        // Who sees a part of the floor hears of a call first when it comes within reach: the rest has to be asked for.
        const call = this.calls.get(data.call_id) ?? (BRINGS_CALL.has(kind) ? newCall(data, at) : null);
        if (call) this.calls.set(data.call_id, { ...call, ...changeOf(kind, data, at, call) });
      }
    }
  }
}

/** How supervisors are in a call, by agent id. */
const supervisorsOf = (parties = []) => Object.fromEntries(parties
  .filter((party) => party.role === 'supervisor').map((party) => [party.agent_id, party.supervising]));

/** Whose call it is, who holds it therefore where it is held: whom they only ask does not. */
const holderOf = (parties = []) => parties.find((party) => party.role === 'agent')?.agent_id;

/** Whose phone rings for a call; that of an agent who dials is not rung for somebody else's. */
const rungOf = ({ parties = [], state }) => parties.find((party) => party.agent_id && party.state === 'ringing'
  && party.role !== 'supervisor' && (state !== 'dialling' || party.role === 'customer'))?.agent_id ?? null;

const BRINGS_CALL = new Set(['call_rung', 'call_queued', 'call_offered', 'offer_accepted', 'call_connected', 'consult_started', 'consult_answered']);

/** A call that comes within reach: what its first event tells of it, and the rest has to be asked for. */
const newCall = ({ call_id: callId, call }, at) => ({
  call_id: callId, isPartial: !call?.caller, caller: '', called: '', trunk: '', queue: null, agent: null, position: null, state: 'answered',
  arrived_at: at, queued_at: null, connected_at: null, ...call,
});

/** An agent of the HTTP interface in the form of the floor. */
export const agentOfView = (view) => ({ ...view, since: secondsOf(view.since), wrap_up_until: secondsOf(view.wrap_up_until) });

/** A call of the HTTP interface in the form of the floor; what it does not tell is left out. */
export function callOfView(view) {
  const supervisors = view.parties && supervisorsOf(view.parties);
  const { call_id, caller, called, trunk, queue, held, recording_paused, data, parties } = view;
  const told = {
    call_id, caller, called, trunk, queue, held, recording_paused, data, parties, direction: directionOf(view), supervisors, isPartial: false,
    held_by: holderOf(parties),
    arrived_at: secondsOf(view.arrived_at), queued_at: secondsOf(view.queued_at), connected_at: secondsOf(view.connected_at),
  };
  return Object.fromEntries(Object.entries(told).filter(([, value]) => value !== undefined));
}

/** Call control's words for where a call stands that the screens do not tell apart. */
const PLACES = { greeted: 'answered', introduced: 'accepted', talking: 'connected', dialling: 'dialled' };

/** Which way a call of the HTTP interface went; one that an agent dialled came by no INVITE. */
export const directionOf = ({ direction, sip_call_id: invite }) => direction ?? (invite === '' ? 'out' : 'in');

/** The number on the other side: the caller's, or whom the agent dialled. */
export function numberOf(call) {
  const customer = call.parties?.find((party) => party.role === 'customer');
  return customer?.agent_id || customer?.number || (call.direction === 'out' ? call.called : call.caller) || '—';
}

/** Whether a call stands in a line; a phone may be ringing for it. */
export const isWaiting = (call) => call.state === 'waiting' || call.state === 'offered';

/** Whether an agent could be rung now. */
export const isFree = (agent) => agent.presence === 'ready' && agent.activity === 'idle' && agent.reachable !== false;

/** Whether a waiting call could be given to an agent by hand: whoever sits at a phone and is in no call. */
export const couldTake = (agent) => agent.presence !== 'logged_out' && agent.activity === 'idle' && agent.reachable !== false;

function changeOf(kind, data, at, call) {
  switch (kind) {
    case 'call_answered': return { state: 'answered', answered_at: at };
    case 'call_queued':
      return { state: 'waiting', queue: data.queue, position: data.position, agent: null, queued_at: call.queued_at ?? at };
    case 'call_rung': return { ringing: data.agent };
    case 'consult_started': return { held: true, held_by: data.agent };
    case 'consult_answered': return { ringing: null };
    case 'consult_failed':
    case 'transfer_failed': return { ringing: null, held: false };
    case 'call_conferenced': return { held: false, conferenced: true };
    // Whom the agent only asked leaves them with the caller; of a conference somebody leaves, and who is held stays so.
    case 'party_dropped': return call.conferenced ? { conferenced: false } : { ringing: null, held: false };
    case 'call_transferred': return data.kind === 'agent' ? {} : { ringing: null };  // a colleague's phone may ring yet
    case 'call_offered': return { state: 'offered', agent: data.agent };
    case 'offer_ended': return call.state === 'offered' ? { state: 'waiting', agent: null } : {};
    case 'offer_accepted': return { state: 'accepted', agent: data.agent };
    case 'call_connected': return { ringing: null, held: false, state: 'connected', agent: data.agent, connected_at: call.connected_at ?? at };
    case 'call_requeued': return { state: 'waiting', agent: null, held: false };
    case 'call_held': return { held: true, held_by: data.agent };
    case 'call_retrieved': return { held: false };
    case 'recording_paused': return { recording_paused: true };
    case 'recording_resumed': return { recording_paused: false };
    case 'supervision_started':
    case 'supervision_changed': return { supervisors: { ...call.supervisors, [data.supervisor]: data.mode } };
    case 'supervision_ended': {
      const { [data.supervisor]: _left, ...others } = call.supervisors ?? {};
      return { supervisors: others };
    }
    case 'call_data_changed': return { data: typeof data.data === 'string' ? JSON.parse(data.data) : data.data ?? call.data };
    case 'call_dial_result': return { dial_result: data.result };
    case 'call_intercepted': return { agent: data.supervisor ?? data.agent ?? call.agent };
    default: return {};
  }
}

/** Whether this agent has the caller on hold; whom they ask meanwhile has not. */
const isHeldBy = (agent, call) => Boolean(call?.held) && (call.held_by ?? agent.agent_id) === agent.agent_id;

/**
 * What a screen shows of an agent, in one word: the activity where there is one, else the presence.
 * @returns {'ready'|'not_ready'|'wrap_up'|'logged_out'|'reserved'|'ringing'|'talking'|'engaged'|'held'|'unreachable'}
 */
export function shownState(agent, call = null) {
  if (agent.activity === 'engaged' && call?.ringing === agent.agent_id) return 'ringing';
  if (agent.activity === 'talking' || agent.activity === 'engaged') return isHeldBy(agent, call) ? 'held' : agent.activity;
  if (agent.activity === 'ringing' || agent.activity === 'reserved') return agent.activity;
  if (agent.presence === 'not_ready' && agent.reason === 'phone_lost') return 'unreachable';
  return agent.presence;
}
