/**
 * 旧工具条接口 / the names of older toolbars, for pages that were written for them.  A thin adapter over `PhoneBar`:
 *
 * ```js
 * import { Toolbar } from '/web/toolbar.js';
 * const toolbar = new Toolbar({ url: 'https://hotline.example', agentId: '1001', ticket });
 * toolbar.onRinging = ({ caller, callId, data }) => openCustomer(caller);
 * await toolbar.login('8001');
 * ```
 *
 * Methods resolve with true, or with false after `onError(problem)`.
 */

import { PhoneBar } from './phonebar.js';

/** Older event → newer event. */
const EVENTS = {
  onRinging: 'ringing', onAnswerRefused: 'answerRefused', onTalking: 'talking', onHeld: 'held', onHoldReminded: 'holdReminded',
  onRetrieved: 'retrieved', onMuted: 'muted', onUnmuted: 'unmuted',
  onRecordingPaused: 'recordingPaused', onRecordingResumed: 'recordingResumed', onConsulting: 'consulting',
  onConsultAnswered: 'consultAnswered', onConsultFailed: 'consultFailed', onTransferred: 'transferred',
  onTransferFailed: 'transferFailed', onSentToFlow: 'sentToFlow', onBackFromFlow: 'backFromFlow', onConferenced: 'conferenced',
  onIntercepted: 'intercepted', onPartyDropped: 'partyDropped', onDataChanged: 'dataChanged', onDialResult: 'dialResult', onHangup: 'hangup',
  onForced: 'forced', onSupervised: 'supervised', onAcwStart: 'wrapUpStarted', onAcwEnd: 'wrapUpEnded', onKickedOff: 'signedInElsewhere',
};

export class Toolbar {
  #bar;

  // 事件 / events: assign a function, or null.
  onReady = null;
  onAgentState = null;
  onRinging = null;
  onAnswerRefused = null;
  onTalking = null;
  onHeld = null;
  onHoldReminded = null;
  onRetrieved = null;
  onMuted = null;
  onUnmuted = null;
  onRecordingPaused = null;
  onRecordingResumed = null;
  onConsulting = null;
  onConsultAnswered = null;
  onConsultFailed = null;
  onTransferred = null;
  onTransferFailed = null;
  onSentToFlow = null;
  onBackFromFlow = null;
  onConferenced = null;
  onIntercepted = null;
  onPartyDropped = null;
  onDataChanged = null;
  onDialResult = null;
  onHangup = null;
  onForced = null;
  onSupervised = null;
  onAcwStart = null;
  onAcwEnd = null;
  onKickedOff = null;
  onConnectionLost = null;
  onResync = null;
  onError = null;

  /** @param {ConstructorParameters<typeof PhoneBar>[0]} options */
  constructor(options) {
    this.#bar = new PhoneBar(options);
    for (const [old, name] of Object.entries(EVENTS)) this.#bar.on(name, (event) => this[old]?.(flat(event)));
    this.#bar.on('agent', ({ agent, state }) => this.onAgentState?.({ agentId: agent.agent_id, state, reason: agent.reason }));
    this.#bar.on('line', ({ line }) => { if (line === 'broken') this.onConnectionLost?.(); });
    this.#bar.on('snapshot', () => this.onResync?.());
  }

  /** The newer interface below. */
  get bar() { return this.#bar; }

  /** 签入 @param {string} extension @param {{busy?: boolean, reason?: string}} [first] */
  async login(extension, { busy = false, reason = 'break' } = {}) {
    const isIn = await this.#try(async () => {
      await this.#bar.connect();
      if (this.#bar.agent?.presence === 'logged_out') {
        await this.#bar.login(busy ? { extension, state: 'not_ready', reason } : { extension });
      }
    });
    if (isIn) this.onReady?.();
    return isIn;
  }

  /** 签出 */
  logout() { return this.#try(() => this.#bar.logout()); }

  /** 示忙 @param {string} [reason] */
  setBusy(reason = 'break') { return this.#try(() => this.#bar.notReady(reason)); }

  /** 示闲;话后处理中则结束话后 */
  setIdle() {
    return this.#try(() => (this.#bar.agent?.presence === 'wrap_up' ? this.#bar.endWrapUp() : this.#bar.ready()));
  }

  /** 外呼、内部呼叫 */
  dial(number, data = {}) { return this.#try(() => this.#bar.dial(number, { data })); }

  /** 接听 */
  answer() { return this.#try(() => this.#bar.answer()); }

  /** 挂机 */
  hangup() { return this.#try(() => this.#bar.hangUp()); }

  /** 保持 */
  hold() { return this.#try(() => this.#bar.hold()); }

  /** 取回 */
  retrieve() { return this.#try(() => this.#bar.retrieve()); }

  /** 静音 */
  mute() { return this.#try(() => this.#bar.mute()); }

  /** 取消静音 */
  unmute() { return this.#try(() => this.#bar.unmute()); }

  /** 按键 */
  sendDtmf(digits) { return this.#try(() => this.#bar.sendDigits(digits)); }

  /** 咨询 @param {string} to @param {'agent'|'queue'|'number'} [kind] */
  consult(to, kind = 'agent') { return this.#try(() => this.#bar.consult({ kind, to })); }

  /** 取消咨询 */
  cancelConsult() { return this.#try(() => this.#bar.reconnect()); }

  /** 转接:给出对象为直接转,不给出为咨询后转 @param {string} [to] @param {'agent'|'queue'|'number'} [kind] */
  transfer(to = '', kind = 'agent') { return this.#try(() => (to ? this.#bar.transfer({ kind, to }) : this.#bar.transfer())); }

  /** 转流程后返回(如输入密码) @param {string} flow */
  toFlow(flow) { return this.#try(() => this.#bar.toFlow(flow)); }

  /** 三方 */
  conference() { return this.#try(() => this.#bar.conference()); }

  /** 随路数据 */
  setCallData(data) { return this.#try(() => this.#bar.setData(data)); }

  /** 监听 */
  monitor(callId, reason) { return this.#try(() => this.#bar.supervise(callId, 'monitor', reason)); }

  /** 密语 */
  whisper(callId, reason) { return this.#try(() => this.#bar.supervise(callId, 'whisper', reason)); }

  /** 插话 */
  insert(callId, reason) { return this.#try(() => this.#bar.supervise(callId, 'barge', reason)); }

  /** 停止监听 */
  stopSupervise() { return this.#try(() => this.#bar.stopSupervising()); }

  /** 强插(接管) */
  intercept(callId, reason) { return this.#try(() => this.#bar.intercept(callId, reason)); }

  /** 强拆 @param {'call'|'agent_leg'|'customer_leg'} [target] */
  forceHangup(callId, reason, target = 'call') { return this.#try(() => this.#bar.forceHangUp(callId, reason, target)); }

  async #try(work) {
    try {
      await work();
      return true;
    } catch (problem) {
      this.onError?.(problem);
      return false;
    }
  }
}

/** Older pages read a flat event. */
function flat({ call, agent, data }) {
  return {
    ...(call ? { callId: call.call_id, caller: call.caller, called: call.called, queue: call.queue, data: call.data ?? {} } : {}),
    ...(agent ? { agentId: agent.agent_id } : {}),
    ...(data ? { detail: data } : {}),
  };
}
