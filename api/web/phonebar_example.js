/** A page to try the phone bar on: each method with its arguments, and a log of calls and events. */

import { byId, make } from './element.js';
import { PhoneBar } from './phonebar.js';

/** Method and its arguments as JSON, as a first suggestion. */
const METHODS = [
  ['login', '{"extension": "8001"}'], ['logout', ''], ['ready', ''], ['notReady', '"lunch"'], ['endWrapUp', ''],
  ['extendWrapUp', '30'], ['dial', '"13800000000", {"data": {"order": 7}}'], ['answer', ''], ['hangUp', ''], ['hold', ''],
  ['retrieve', ''], ['mute', ''], ['unmute', ''], ['sendDigits', '"1#"'], ['consult', '{"kind": "agent", "to": "1002"}'],
  ['alternate', ''], ['reconnect', ''], ['transfer', '{"kind": "agent", "to": "1002"}'], ['toFlow', '"password"'], ['conference', ''], ['drop', '"leg id"'],
  ['setData', '{"order": 7}'], ['mergeData', '{"note": "…"}'], ['pauseRecording', '"password"'], ['resumeRecording', '"password"'],
  ['supervise', '"call id", "monitor", "quality"'], ['stopSupervising', ''], ['intercept', '"call id", "complaint"'],
  ['forceHangUp', '"call id", "abuse", "call"'], ['forceState', '"1002", "not_ready", "meeting"'],
  ['pickUp', '"call id", "1002", "urgent"'], ['move', '"call id", "queue", "overload"'], ['setLevel', '"call id", 5, "urgent"'],
];
const EVENTS = [
  'line', 'agent', 'call', 'ringing', 'answerRefused', 'talking', 'held', 'holdReminded', 'retrieved', 'muted', 'unmuted', 'digitsSent', 'recordingPaused', 'recordingResumed',
  'consulting', 'consultAnswered', 'consultFailed', 'transferred', 'transferFailed', 'sentToFlow', 'backFromFlow', 'conferenced', 'intercepted', 'partyDropped', 'dataChanged', 'progress', 'dialResult', 'hangup', 'wrapUpStarted', 'wrapUpExtended', 'wrapUpEnded', 'supervised', 'forced',
  'commandUnknown', 'signedInElsewhere',
];
const LINES_MOST = 300;

let bar = null;

function note(text, isWrong = false) {
  const log = byId('log');
  log.prepend(make('li', { class: isWrong ? 'wrong' : '' }, `${new Date().toLocaleTimeString('zh-CN')} ${text}`));
  while (log.children.length > LINES_MOST) log.lastElementChild.remove();
}

async function call(name, text) {
  if (!bar) {
    note('connect() first', true);
    return;
  }
  try {
    const answer = await bar[name](...JSON.parse(`[${text}]`));
    note(`${name}(${text}) → ${JSON.stringify(answer)}`);
  } catch (problem) {
    note(`${name}(${text}) ✗ ${problem.status ?? ''} ${problem.code ?? ''} ${problem.message}`, true);
  }
}

byId('methods').append(...METHODS.map(([name, suggestion]) => {
  const input = make('input', { value: suggestion, 'aria-label': `${name} arguments`, spellcheck: false });
  return make('form', { onsubmit: (event) => { event.preventDefault(); call(name, input.value); } },
    make('button', { class: 'button', type: 'submit' }, `${name}()`), input);
}));

byId('connect').onsubmit = async (event) => {
  event.preventDefault();
  const { agent_id: agentId, token } = event.target.elements;
  bar?.close();
  bar = new PhoneBar({ agentId: agentId.value.trim(), token: token.value });
  bar.on('line', ({ line, reason }) => { byId('line').value = [line, reason].filter(Boolean).join(' '); });
  for (const name of EVENTS) bar.on(name, (detail) => note(`on ${name} ${JSON.stringify(detail)}`));
  try {
    await bar.connect();
  } catch (problem) {
    note(`connect() ✗ ${problem.code}`, true);
  }
};

byId('sample').textContent = `import { PhoneBar } from '${location.origin}/web/phonebar.js';

const bar = new PhoneBar({ url: '${location.origin}', agentId: '1001', ticket });
bar.on('ringing', ({ call }) => openCustomer(call.caller, call.data));
bar.on('hangup', ({ call, data }) => closeOrder(call.call_id, data.end_reason));
await bar.connect();
await bar.login({ extension: '8001' });

// 在 iframe 中 / in a frame of 56 px:  <iframe src="${location.origin}/agent" height="56">
frame.contentWindow.postMessage({ type: 'softswitch.command', id: 1, method: 'hold' }, '${location.origin}');
addEventListener('message', ({ data, origin }) => {
  if (origin === '${location.origin}' && data.type === 'softswitch.event') console.log(data.name, data.event);
});`;
