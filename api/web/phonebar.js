/**
 * 软电话 / the phone bar as an ES module without dependencies.
 *
 * ```js
 * import { PhoneBar } from 'https://hotline.example/web/phonebar.js';
 * const bar = new PhoneBar({ url: 'https://hotline.example', ticket }); // your server asked for it: POST /v1/tickets
 * bar.on('ringing', ({ call }) => showCustomer(call.caller, call.data));
 * await bar.connect();
 * await bar.login({ extension: '8001' });
 * ```
 *
 * Every operation is asked for over the live connection and resolves once it is accepted; a refusal rejects with a
 * `PhoneBarProblem`.  What is shown changes only by what the server tells: `bar.agent`, `bar.call` and the events are
 * never ahead of the truth.  HTTP serves what is no operation: signing in and out, before and after the connection, and
 * reading, whose answers may be larger than a message.
 */

import { CALL_EVENTS, SUPERVISION_EVENTS } from './call_events.js';
import { Commands } from './commands.js';
import { agentOfView, callOfView, Floor, kindOf, shownState } from './floor.js';
import { CallListener } from './listening.js';
import { LiveStream } from './live_stream.js';
import { PhoneBarProblem } from './problem.js';

export { PhoneBarProblem };

/** @typedef {import('./floor.js').Agent} Agent */
/** @typedef {import('./floor.js').Call} Call */

/**
 * @typedef {{kind: 'agent'|'queue'|'number'|'flow', to: string}} Target  `flow` for transfers
 */

/**
 * @typedef {object} PhoneBarEvents  what `on` listens to, and what the listener is handed
 * @property {{line: string, reason: string}} line  connecting, live, broken, refused
 * @property {{agent: Agent|null, state: string}} agent  anything about this agent changed
 * @property {{call: Call|null}} call  anything about this agent's call changed
 * @property {{call: Call}} ringing  the phone rings for this call
 * @property {{call: Call, data: {cause: string}}} answerRefused  the phone does not answer when it is asked to: it is picked up by hand
 * @property {{call: Call}} talking  both sides hear each other: this agent answered, or whom this agent dialled did
 * @property {{call: Call}} held
 * @property {{call: Call, data: {held_s: number}}} holdReminded  the caller has been on hold for long
 * @property {{call: Call}} retrieved
 * @property {{call: Call, data: {agent: string}}} muted  data.agent is heard by nobody
 * @property {{call: Call, data: {agent: string}}} unmuted
 * @property {{call: Call, data: {agent: string, count: number}}} digitsSent  how many keys, never which
 * @property {{call: Call, data: {recording_id: string, reason: string}}} recordingPaused  nobody's voice is recorded now
 * @property {{call: Call, data: {recording_id: string, reason: string}}} recordingResumed
 * @property {{call: Call, data: object}} consulting
 * @property {{call: Call, data: object}} consultAnswered
 * @property {{call: Call, data: object}} consultFailed
 * @property {{call: Call, data: object}} transferred
 * @property {{call: Call, data: object}} transferFailed
 * @property {{call: Call, data: object}} sentToFlow  the caller goes through data.flow, and comes back
 * @property {{call: Call, data: object}} backFromFlow
 * @property {{call: Call, data: object}} conferenced
 * @property {{call: Call, data: {supervisor: string, reason: string}}} intercepted  data.supervisor has the caller now
 * @property {{call: Call, data: object}} partyDropped
 * @property {{call: Call, data: object}} dataChanged
 * @property {{call: Call, data: object}} progress  what the network says by sound of a number that is being called: data.progress
 * @property {{call: Call, data: object}} dialResult  what came of calling it: data.result
 * @property {{call: Call, data: object}} hangup  the call left this agent; data.end_reason when it is over
 * @property {{agent: Agent}} wrapUpStarted
 * @property {{agent: Agent, data: {seconds: number}}} wrapUpExtended
 * @property {{agent: Agent}} wrapUpEnded
 * @property {{data: object}} supervised  somebody listens, whispers or barges in, if agents are told
 * @property {{data: object}} forced  somebody else changed something of this agent by force
 * @property {{name: string, key: string}} commandUnknown  the line was cut before this operation was answered; one with a
 *   key is asked again under it once the line is back, any other rejects with `outcome_unknown`
 * @property {{}} signedInElsewhere  another place signed in as this agent: this one is over
 * @property {{floor: Floor}} snapshot  everything was told anew
 * @property {{kind: string, data: object, at: string, number: number}} event  each event of the stream
 */

const RETRY_MS = 1000;
/** A request over a line that is dead would wait for many minutes. */
const ASK_MOST_MS = { GET: 15_000, other: 60_000 };

export class PhoneBar {
  #base;
  #agentId;
  #token;
  #ticket;
  #password;
  #newPassword;
  #session = null;
  #stream;
  #commands;
  #floor = new Floor();
  #listeners = new Map();
  #agent = null;
  #call = null;
  #shown = '';
  #talkedIn = '';
  #looking = false;
  #lookAgain = false;
  #waiters = [];

  /**
   * @param {object} options
   * @param {string} [options.url]  the server's address, by default where this module came from
   * @param {string} [options.agentId]  工号; with a ticket or a session it is theirs; without one the bar only watches
   * @param {string} [options.ticket]  a one-use ticket that the integrator's server asked for
   * @param {string} [options.token]  a bearer token of the server's configuration; kept in memory only
   * @param {string} [options.password]  the agent's; opens a session in a cookie that scripts cannot read
   * @param {string} [options.newPassword]  what to change it to, where it must be (problem `password_must_change`)
   *
   * With none of the three the session of an earlier sign-in in this browser goes on.
   */
  constructor({ url = new URL(import.meta.url).origin, agentId = '', ticket = '', token = '', password = '', newPassword = '' } = {}) {
    this.#base = url.replace(/\/$/, '');
    this.#agentId = agentId;
    this.#token = token;
    this.#ticket = ticket;
    this.#password = password;
    this.#newPassword = newPassword;
    this.#stream = new LiveStream({
      url: this.#base.replace(/^http/, 'ws') + '/v1/events',
      credential: () => (this.#token ? { token: this.#token } : {}),
      onMessage: (message) => this.#hear(message),
      onLine: (line, reason) => this.#lineChanged(line, reason),
    });
    this.#commands = new Commands({
      send: (message) => this.#stream.send(message),
      onUnknown: (command) => this.#emit('commandUnknown', command),
      fault: (status, problem) => new PhoneBarProblem(status, problem),
    });
  }

  // ---- looking ---------------------------------------------------------------------------------

  /** The agent's id (工号). */
  get agentId() { return this.#agentId; }

  /** @returns {Agent|null} this agent as the server last told */
  get agent() { return this.#agent; }

  /** @returns {Call|null} this agent's call as the server last told */
  get call() { return this.#call; }

  /** One word for what the agent does: ready, ringing, talking, held, wrap_up… */
  get state() { return this.#agent ? shownState(this.#agent, this.#call) : 'logged_out'; }

  /** Whether what is shown is the truth now. */
  get isLive() { return this.#stream.line === 'live'; }

  /** All agents, calls and queues that this sign-in may see. @returns {Floor} */
  get floor() { return this.#floor; }

  /** Whether the server would accept an operation now, by its own word. */
  may(operation) { return this.isLive && (this.#agent?.allowed ?? []).includes(operation); }

  /**
   * Listen.  Gives a function that ends it.
   * @template {keyof PhoneBarEvents} Name
   * @param {Name} name
   * @param {(event: PhoneBarEvents[Name]) => void} listener
   * @returns {() => void}
   */
  on(name, listener) {
    const all = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, all.add(listener));
    return () => all.delete(listener);
  }

  // ---- connecting ------------------------------------------------------------------------------

  /** Who signed in: role, name, agent_id, groups; null with a token of the configuration. */
  get session() { return this.#session; }

  /** Sign in and connect; resolves with the first snapshot, rejects when the server does not let us in. */
  async connect() {
    if (this.isLive) return;
    if (!this.#token) await this.#openSession();
    await new Promise((resolve, reject) => {
      this.#waiters.push({ resolve, reject });
      this.#stream.open();
    });
  }

  /** Disconnect.  The agent stays at the seat, and a session in a cookie goes on. */
  close() { this.#stream.close(); }

  /** Disconnect and end the session.  The agent stays at the seat: `logout` leaves it. */
  async signOut() {
    this.close();
    if (this.#session) await this.#ask('DELETE', '/v1/session');
    this.#session = null;
  }

  async #openSession() {
    if (this.#ticket || this.#password) {
      const shown = this.#ticket ? { ticket: this.#ticket } : { agent_id: this.#agentId, password: this.#password };
      this.#session = await this.#ask('POST', '/v1/session', shown);
      if (this.#session.must_change_password && this.#newPassword) {
        const change = { password: this.#password, new_password: this.#newPassword };
        this.#session = await this.#ask('POST', '/v1/session/password', change);
      }
      this.#ticket = '';
      this.#password = '';
      this.#newPassword = '';
    } else {
      this.#session = await this.#ask('GET', '/v1/session');
    }
    if (this.#session.must_change_password) throw new PhoneBarProblem(403, { code: 'password_must_change' });
    this.#token = this.#session.token ?? '';
    this.#agentId = this.#session.agent_id ?? this.#agentId;
  }

  // ---- the agent -------------------------------------------------------------------------------

  /**
   * 签入 / sign in at a seat.
   * @param {{extension: string, state?: 'ready'|'not_ready', reason?: string}} seat
   */
  login({ extension, state = 'ready', reason = '' }) {
    return this.#forAgent('login', { extension, initial_state: state, ...(reason ? { reason } : {}) });
  }

  /** 签出 / sign out. */
  logout() { return this.#forAgent('logout'); }

  /** 示闲 / ready for calls. */
  ready() { return this.#forAgent('ready'); }

  /** 示忙 / not ready, with a reason. @param {string} reason */
  notReady(reason) { return this.#forAgent('not_ready', { reason }); }

  /** 结束话后处理 / end the wrap-up. */
  endWrapUp() { return this.#forAgent('end_wrap_up'); }

  /** 延长话后处理 / make the wrap-up longer. @param {number} seconds */
  extendWrapUp(seconds) { return this.#forAgent('extend_wrap_up', { seconds }, { once: true }); }

  // ---- the agent's call --------------------------------------------------------------------------

  /**
   * 外呼、内部呼叫 / call a number, an extension or an agent; the own phone rings first.
   * @param {string} number
   * @param {{data?: object, callerId?: string}} [more]
   * @returns {Promise<{call_id: string}>}
   */
  dial(number, { data = {}, callerId = '' } = {}) {
    return this.#forAgent('dial', { number, data, ...(callerId ? { caller_id: callerId } : {}) }, { once: true });
  }

  /** 接听 / answer what rings. */
  answer() { return this.#forAgent('answer'); }

  /** 非语音联系 / the chats, emails… that this agent is offered or has in hand. @returns {Promise<object[]>} */
  async contacts() {
    const { items } = await this.read('/v1/contacts', { agent: this.#agentId });
    return items.filter(({ state }) => state === 'offered' || state === 'accepted');
  }

  /** 接受、拒绝、办结非语音联系 / take, decline, be done with a chat, an email… (event contact.offered). */
  acceptContact(contactId) { return this.#forAgent('accept_contact', { contact_id: contactId }); }
  declineContact(contactId) { return this.#forAgent('decline_contact', { contact_id: contactId }); }
  completeContact(contactId) { return this.#forAgent('complete_contact', { contact_id: contactId }); }

  /** 回拨留言 / call whoever left a message; the own phone rings first. @returns {Promise<object>} the message */
  callBackVoicemail(id) { return this.#ask('POST', `/v1/voicemails/${encodeURIComponent(id)}/call-back`, { agent: this.#agentId }); }

  /** 挂机 / leave the call. */
  hangUp() { return this.#forAgent('hang_up_own'); }

  /** 保持 / the caller hears music. */
  hold() { return this.#forAgent('hold'); }

  /** 取回 / take the held caller back. */
  retrieve() { return this.#forAgent('retrieve'); }

  /** 静音 / be heard by nobody. */
  mute() { return this.#forAgent('mute'); }

  /** 取消静音 / be heard again. */
  unmute() { return this.#forAgent('unmute'); }

  /** 发送按键 / send DTMF. @param {string} digits  0-9 * # A-D */
  sendDigits(digits) { return this.#forAgent('send_digits', { digits }, { once: true }); }

  /** 咨询 / ask somebody while the caller is held. @param {Target} target */
  consult(target) { return this.#forAgent('consult', { kind: target.kind, to: target.to }, { once: true }); }

  /** 切换 / go from the caller to the consulted or back. */
  alternate() { return this.#forAgent('alternate', {}, { once: true }); }

  /** 收回 / drop the consulted and go back to the caller; or take the caller out of the flow. */
  reconnect() { return this.#forAgent('reconnect'); }

  /** 转接 / hand the caller over: at once to a target, or without one to whom was consulted. @param {Target} [target] */
  transfer(target) {
    return this.#forAgent('transfer', target ? { kind: target.kind, to: target.to } : {}, { once: true });
  }

  /** 转流程后返回 / let the caller through a call flow and back, while this agent waits. @param {string} flow */
  toFlow(flow) { return this.#forAgent('to_flow', { flow }); }

  /** 三方 / caller, agent and consulted together. */
  conference() { return this.#forAgent('conference'); }

  /** 移除一方 / drop one party. @param {string} party  leg_id of a party of the call */
  drop(party) { return this.#forAgent('drop', { party }); }

  /** 随路数据 / replace the attached data. @param {object} data  at most 16 kB as JSON @param {string} [callId] */
  setData(data, callId = this.#callId()) { return this.#forCall(callId, 'set_data', { data }); }

  /** 随路数据 / change some names of the attached data. @param {object} data @param {string} [callId] */
  mergeData(data, callId = this.#callId()) { return this.#forCall(callId, 'merge_data', { data }); }

  /** 暂停录音 / record silence. @param {string} reason @param {string} [callId] */
  pauseRecording(reason, callId = this.#callId()) { return this.#forCall(callId, 'pause_recording', { reason }); }

  /** 恢复录音 / record again. @param {string} reason @param {string} [callId] */
  resumeRecording(reason, callId = this.#callId()) { return this.#forCall(callId, 'resume_recording', { reason }); }

  // ---- the supervisor ----------------------------------------------------------------------------

  /**
   * 监听、密语、插话 / be in a call; again with another mode to change it.
   * @param {string} callId
   * @param {'monitor'|'whisper'|'barge'} mode
   * @param {string} reason
   */
  supervise(callId, mode, reason) {
    return this.#forCall(callId, 'supervise', { supervisor: this.#agentId, mode, reason }, { once: true });
  }

  /**
   * 浏览器监听 / hear a call here, without a phone.
   * @param {string} callId
   * @param {string} reason
   * @returns {CallListener} to be started by a click
   */
  listen(callId, reason) {
    return new CallListener({
      url: `${this.#base.replace(/^http/, 'ws')}/v1/calls/${encodeURIComponent(callId)}/listen`,
      first: { ...(this.#token ? { token: this.#token } : {}), reason },
      fault: (status, code) => new PhoneBarProblem(status, { code }),
    });
  }

  /** 停止监听 / leave the supervised call. */
  stopSupervising() { return this.#forAgent('stop_supervising'); }

  /** 强插(接管)/ take the caller over. */
  intercept(callId, reason) {
    return this.#forCall(callId, 'intercept', { supervisor: this.#agentId, reason }, { once: true });
  }

  /** 强拆 / end a call by force. @param {'call'|'agent_leg'|'customer_leg'} [target] */
  forceHangUp(callId, reason, target = 'call') {
    return this.#forCall(callId, 'force_hang_up', { reason, ...(target === 'call' ? {} : { target }) }, { once: true });
  }

  /** 强制示闲、示忙、签出 / change an agent's state. @param {'ready'|'not_ready'|'logged_out'} state */
  forceState(agentId, state, reason) {
    return this.#commands.ask('force_state', { agent_id: agentId, body: { state, reason } }, { once: true });
  }

  /** 代接 / give a waiting call to an agent. */
  pickUp(callId, agent, reason) { return this.#forCall(callId, 'pick_up', { agent, reason }, { once: true }); }

  /** 移队 / move a waiting call into another queue. */
  move(callId, queue, reason) { return this.#forCall(callId, 'move', { queue, reason }, { once: true }); }

  /** 调级 / change a waiting caller's level. */
  setLevel(callId, level, reason) { return this.#forCall(callId, 'set_level', { level, reason }, { once: true }); }

  // ---- call lists --------------------------------------------------------------------------------

  /** 外呼名单 / the call lists of this agent's queues. @returns {Promise<object[]>} */
  async callLists() { return (await this.read('/v1/call-lists')).items; }

  /** 预览 / the record to look at next; the same until it is dialled or skipped. @returns {Promise<object>} */
  nextRecord(listId) { return this.#commands.ask('next_record', { agent_id: this.#agentId, list_id: listId }); }

  /** 拨打 / call the number of the record that is looked at; the own phone rings first. @returns {Promise<object>} */
  dialRecord(listId, recordId) {
    return this.#commands.ask('dial_record', { agent_id: this.#agentId, list_id: listId, record_id: recordId }, { once: true });
  }

  /** 跳过 / let it go, for a while or for good. @returns {Promise<object>} */
  skipRecord(listId, recordId, { forGood = false } = {}) {
    return this.#commands.ask('skip_record', { agent_id: this.#agentId, list_id: listId, record_id: recordId, body: { for_good: forGood } });
  }

  /** 新建 / make a call list; it is not started yet. @param {object} rules  name, queue, mode… as over HTTP */
  createCallList(rules) { return this.#commands.ask('create_call_list', { body: rules }, { once: true }); }

  /**
   * 导入 / hand numbers in, all or none; over HTTP, since a file is larger than a message.
   * @param {string} listId
   * @param {string} csv  its first line names the columns, `number` among them
   * @param {{dryRun?: boolean}} [more]  only say what would be taken, and which lines are bad
   */
  addNumbers(listId, csv, { dryRun = false } = {}) {
    return this.#ask('POST', `/v1/call-lists/${encodeURIComponent(listId)}/numbers`, { csv, dry_run: dryRun });
  }

  /** 开始、暂停、终止 / work a list off, pause it, or end it for good. @param {string} listId @param {'start'|'pause'|'stop'} how */
  turnCallList(listId, how) { return this.#commands.ask(`${how}_call_list`, { list_id: listId }, { once: true }); }

  /** 确认告警 / say that one looks after an alarm: nobody is rung for it any more. @param {string} alarmId */
  acknowledgeAlarm(alarmId) {
    const by = this.#session?.name || this.#agent?.name || this.#agentId;
    return this.#ask('POST', `/v1/alarms/${encodeURIComponent(alarmId)}/acknowledge`, { by });
  }

  // ---- reading -----------------------------------------------------------------------------------

  /** GET of any resource under /v1. @param {string} path @param {Record<string, string|number>} [query] */
  read(path, query = {}) {
    const search = new URLSearchParams(Object.entries(query).map(([name, value]) => [name, String(value)]));
    return this.#ask('GET', path + (search.size ? `?${search}` : ''));
  }

  // ---- asking ------------------------------------------------------------------------------------

  #callId() { return this.#call?.call_id ?? ''; }

  #forAgent(name, body = {}, more = {}) { return this.#commands.ask(name, { agent_id: this.#agentId, body }, more); }

  #forCall(callId, name, body, more = {}) { return this.#commands.ask(name, { call_id: callId, body }, more); }

  async #ask(method, path, body) {
    const headers = {};
    if (this.#token) headers.Authorization = `Bearer ${this.#token}`;
    if (this.#session?.csrf && method !== 'GET') headers['X-CSRF-Token'] = this.#session.csrf;
    if (body !== undefined) headers['Content-Type'] = 'application/json';
    let answer;
    try {
      answer = await fetch(this.#base + path, {
        method, headers, body: body === undefined ? undefined : JSON.stringify(body),
        credentials: this.#token ? 'omit' : 'same-origin', cache: 'no-store', signal: AbortSignal.timeout(ASK_MOST_MS[method] ?? ASK_MOST_MS.other),
      });
    } catch (fault) {
      throw new PhoneBarProblem(0, { detail: String(fault) });
    }
    const text = await answer.text();
    const document = text ? parsed(text) : {};
    if (!answer.ok) throw new PhoneBarProblem(answer.status, document);
    return document;
  }

  // ---- hearing -----------------------------------------------------------------------------------

  #emit(name, event) {
    for (const listener of this.#listeners.get(name) ?? []) {
      try {
        listener(event);
      } catch (fault) { // one listener that fails takes nothing from the others
        globalThis.reportError?.(fault);
      }
    }
  }

  #lineChanged(line, reason) {
    this.#commands.lineChanged(line);
    if (line === 'refused') this.#settle(new PhoneBarProblem(401, { code: reason, detail: reason }));
    if (line === 'refused' && reason === 'signed_in_elsewhere') this.#emit('signedInElsewhere', {});
    this.#emit('line', { line, reason });
  }

  #settle(problem) {
    for (const { resolve, reject } of this.#waiters.splice(0)) problem ? reject(problem) : resolve();
  }

  #hear(message) {
    if (message.type === 'answer') this.#commands.hear(message);
    this.#floor.take(message);
    if (message.type === 'snapshot' || message.type === 'resumed') this.#look();
    if (message.type === 'snapshot') this.#emit('snapshot', { floor: this.#floor });
    if (message.type === 'snapshot' || message.type === 'resumed') queueMicrotask(() => this.#settle(null));
    if (message.type === 'event') this.#follow(kindOf(message), message);
  }

  #follow(kind, message) {
    const { data } = message;
    const before = this.#call;
    const isOurs = [data.agent, data.agent_id, data.supervisor].includes(this.#agentId)
      || (before !== null && data.call_id === before.call_id);
    if (this.#agentId && isOurs && kind !== 'seat_command') {
      this.#look(kind === 'call_ended' ? data : {});
      // Who has handed a caller over is told of it a moment after they have left the call.
      const call = this.#floor.calls.get(data.call_id) ?? this.#call ?? before;
      // Who dialled is engaged from the first ring on: that the other side answered is told by the call alone.
      if (kind === 'call_connected' && data.agent === this.#agentId && this.state === 'engaged' && this.#talkedIn !== data.call_id) this.#talks(call);
      if (CALL_EVENTS[kind] && call) this.#emit(CALL_EVENTS[kind], { call, data: { ...data } });
      if (kind === 'forced' && data.who !== this.#agentId) this.#emit('forced', { data });
      if (kind === 'wrap_up_extended') this.#emit('wrapUpExtended', { agent: this.#agent, data });
      if (SUPERVISION_EVENTS.has(kind)) this.#emit('supervised', { data });
    }
    this.#emit('event', { kind, data, at: message.at, number: message.number });
  }

  /** Show what the stream says now, and ask for the parts that it does not carry.  `ending`: how the call ended. */
  #look(ending = {}) {
    if (!this.#agentId) return;
    const told = this.#floor.agents.get(this.#agentId);
    if (!told) return;
    // `allowed` is what the server last said; its next word is asked for below, and what no longer holds is refused.
    this.#agent = { ...this.#agent, ...told };
    this.#takeCall(ending);
    this.#tell();
    this.#refresh();
  }

  #takeCall(ending) {
    const before = this.#call;
    this.#call = this.#floor.callOf(this.#agentId);
    if (before && before.call_id !== this.#call?.call_id) this.#emit('hangup', { call: before, data: { ...ending } });
  }

  #tell() {
    const state = this.state;
    const before = this.#shown;
    this.#emit('agent', { agent: this.#agent, state });
    this.#emit('call', { call: this.#call });
    if (this.#call?.isPartial) return; // who calls is being asked for; a listener is told once with everything
    this.#shown = state;
    if (state !== before) {
      if (state === 'ringing' && this.#call) this.#emit('ringing', { call: this.#call });
      const isAnswered = state === 'engaged' && before === 'ringing'; // asked by a colleague, or called
      if ((isAnswered || (state === 'talking' && before !== 'held')) && this.#call) this.#talks(this.#call);
      if (state === 'wrap_up') this.#emit('wrapUpStarted', { agent: this.#agent });
      if (before === 'wrap_up') this.#emit('wrapUpEnded', { agent: this.#agent });
    }
  }

  #talks(call) {
    this.#talkedIn = call.call_id;
    this.#emit('talking', { call });
  }

  /** Ask for the agent and the call in full; changes that come meanwhile are asked for once more. */
  async #refresh() {
    this.#lookAgain = true;
    if (this.#looking) return;
    this.#looking = true;
    try {
      while (this.#lookAgain) {
        this.#lookAgain = false;
        await Promise.all([this.#refreshAgent(), this.#refreshCall()]);
      }
    } catch {
      // With the line broken too everything is told anew when it is back; else only this answer failed.
      if (this.isLive) setTimeout(() => this.#refresh(), RETRY_MS);
    } finally {
      this.#looking = false;
    }
  }

  async #refreshAgent() {
    const agent = await this.read(`/v1/agents/${encodeURIComponent(this.#agentId)}`);
    if (this.#lookAgain) return; // the state has changed since: the next answer is the true one
    this.#floor.agents.set(this.#agentId, agentOfView(agent));
    this.#agent = this.#floor.agents.get(this.#agentId);
    this.#takeCall({});
    this.#tell();
  }

  async #refreshCall() {
    const call = await this.#readCall();
    if (this.#lookAgain || !call || !this.#floor.calls.has(call.call_id)) return;
    this.#floor.calls.set(call.call_id, { ...this.#floor.calls.get(call.call_id), ...call });
    this.#takeCall({});
    this.#tell();
  }

  async #readCall() {
    const id = this.#callId();
    if (!id) return null;
    try {
      const { call } = await this.read(`/v1/calls/${encodeURIComponent(id)}`);
      return callOfView(call);
    } catch (problem) {
      if (problem.status === 403 || problem.status === 404) return null;
      throw problem;
    }
  }
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return { detail: text.slice(0, 200) };
  }
}
