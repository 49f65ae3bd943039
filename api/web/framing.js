/**
 * The page inside an integrator's frame: what it may be asked by `postMessage`, and what it tells.
 * Only the origins that the server names (`http.embedders`, the same that may frame the page) are spoken with.
 *
 * In:  {type: 'softswitch.command', id, method, args}  →  {type: 'softswitch.result', id, ok, value | problem}
 * Out: {type: 'softswitch.event', name, event}, once `hello` was said; before it only `loaded` and `signedIn`
 */

/** What an integrator's page may call.  Nobody is dialled by a message: `dial` fills the number in, a person clicks. */
const METHODS = new Set([
  'login', 'logout', 'ready', 'notReady', 'endWrapUp', 'extendWrapUp', 'answer', 'hangUp', 'hold', 'retrieve', 'mute',
  'unmute', 'sendDigits', 'consult', 'alternate', 'reconnect', 'transfer', 'conference', 'toFlow', 'drop', 'setData', 'mergeData',
  'pauseRecording', 'resumeRecording', 'acceptContact', 'declineContact', 'completeContact',
]);

const TOLD = [
  'line', 'commandUnknown', 'agent', 'ringing', 'answerRefused', 'talking', 'held', 'holdReminded', 'retrieved', 'muted', 'unmuted',
  'digitsSent', 'recordingPaused', 'recordingResumed', 'consulting', 'consultAnswered', 'consultFailed', 'transferred', 'transferFailed',
  'sentToFlow', 'backFromFlow', 'conferenced', 'intercepted', 'partyDropped', 'dataChanged', 'progress', 'dialResult', 'hangup',
  'wrapUpStarted', 'wrapUpExtended', 'wrapUpEnded', 'supervised', 'forced', 'signedInElsewhere',
];

/** The server's terms for its pages; asked for once. */
let terms = null;

/** @returns {Promise<{origins: string[], screen_pop: string}>} */
export function serverTerms() {
  terms ??= fetch('/web/terms.json').then((answer) => answer.json());
  return terms;
}

async function isAllowed(origin) {
  return origin === location.origin || (await serverTerms()).origins.includes(origin);
}

/**
 * Messages of the page around this one, if its origin is allowed.
 * @param {'loaded'|'signedIn'} opening  what it is told first
 * @param {(message: object, answer: (reply: object) => void, origin: string) => void} take
 * @returns {() => void} ends it
 */
function onMessage(opening, take) {
  if (globalThis.parent === globalThis) return () => {};
  const hear = async ({ data, origin, source }) => {
    if (source !== globalThis.parent || data?.type !== 'softswitch.command' || !(await isAllowed(origin))) return;
    take(data, (reply) => globalThis.parent.postMessage({ type: 'softswitch.result', id: data.id, ...reply }, origin), origin);
  };
  globalThis.addEventListener('message', hear);
  // The page around learns that it may speak now; whoever it is, this tells nothing else.
  globalThis.parent.postMessage({ type: 'softswitch.event', name: opening, event: {} }, '*');
  return () => globalThis.removeEventListener('message', hear);
}

/**
 * Wait for a ticket: {type: 'softswitch.command', id, method: 'signIn', args: [{ticket, extension, state}]}.
 * @param {(terms: {ticket: string, extension?: string, state?: string}) => void} take
 * @returns {() => void} ends it
 */
export function onTicket(take) {
  return onMessage('loaded', ({ method, args = [] }, answer) => {
    if (method !== 'signIn') return;
    const { ticket = '', extension = '', state = 'ready' } = args[0] ?? {};
    answer({ ok: true, value: null });
    take({ ticket: String(ticket), extension: String(extension), state: state === 'not_ready' ? state : 'ready' });
  });
}

/**
 * Serve the page around this one.  Does nothing when there is none.
 * @param {import('./phonebar.js').PhoneBar} bar
 * @param {(number: string, data: object) => void} prepareDial
 */
export function serveParent(bar, prepareDial) {
  let parentOrigin = '';
  onMessage('signedIn', async ({ method, args = [] }, answer, origin) => {
    if (method === 'hello') { // from now on events are told to this origin
      parentOrigin = origin;
      answer({ ok: true, value: { agent: bar.agent, state: bar.state } });
      return;
    }
    if (method === 'dial') {
      prepareDial(String(args[0] ?? ''), args[1]?.data ?? {});
      answer({ ok: true, value: { needs: 'click' } });
      return;
    }
    if (!METHODS.has(method)) {
      answer({ ok: false, problem: { status: 0, code: 'no_such_method' } });
      return;
    }
    try {
      answer({ ok: true, value: await bar[method](...args) });
    } catch ({ status, code, message, state, allowed }) {
      answer({ ok: false, problem: { status, code, detail: message, state, allowed } });
    }
  });
  for (const name of TOLD) {
    bar.on(name, (event) => {
      if (parentOrigin) globalThis.parent.postMessage({ type: 'softswitch.event', name, event: structuredClone(event) }, parentOrigin);
    });
  }
}

/**
 * `/agent/dial?number=…&data=…`: what to fill in.  The query is taken out of the address at once.
 * @returns {{number: string, data: object}|null}
 */
export function dialOfAddress() {
  const query = new URLSearchParams(location.search);
  const number = (query.get('number') ?? '').trim();
  if (!number) return null;
  let data = {};
  try {
    const given = JSON.parse(query.get('data') ?? '{}');
    if (given && typeof given === 'object' && !Array.isArray(given)) data = given;
  } catch { // what is no JSON object is no attached data
  }
  history.replaceState(null, '', '/agent');
  return { number, data };
}
