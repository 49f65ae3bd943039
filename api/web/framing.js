/**
 * The page inside an integrator's frame: what it may be asked by `postMessage`, and what it tells.
 * Only the origins that the server names (`http.embedders`, the same that may frame the page) are spoken with.
 *
 * In:  {type: 'softswitch.command', id, method, args}  →  {type: 'softswitch.result', id, ok, value | problem}
 * Out: {type: 'softswitch.event', name, event}
 */

/** What an integrator's page may call.  Nobody is dialled by a message: `dial` fills the number in, a person clicks. */
const METHODS = new Set([
  'login', 'logout', 'ready', 'notReady', 'endWrapUp', 'extendWrapUp', 'answer', 'hangUp', 'hold', 'retrieve', 'mute',
  'unmute', 'sendDigits', 'consult', 'alternate', 'reconnect', 'transfer', 'conference', 'drop', 'setData', 'mergeData',
]);

const TOLD = [
  'agent', 'ringing', 'talking', 'held', 'retrieved', 'consulting', 'consultAnswered', 'consultFailed', 'transferred',
  'transferFailed', 'conferenced', 'dataChanged', 'hangup', 'wrapUpStarted', 'wrapUpEnded', 'forced', 'line',
];

/**
 * Serve the frame's parent.  Does nothing when the page is not framed.
 * @param {import('./phonebar.js').PhoneBar} bar
 * @param {(number: string, data: object) => void} prepareDial
 */
export async function serveParent(bar, prepareDial) {
  if (globalThis.parent === globalThis) return;
  const { origins } = await (await fetch('/web/embedders.json')).json();
  const allowed = new Set([...origins, location.origin]);
  let parentOrigin = '';

  const tell = (message) => {
    if (parentOrigin) globalThis.parent.postMessage(message, parentOrigin);
  };

  globalThis.addEventListener('message', async ({ data, origin, source }) => {
    if (source !== globalThis.parent || !allowed.has(origin) || data?.type !== 'softswitch.command') return;
    parentOrigin = origin;
    const { id, method, args = [] } = data;
    if (method === 'hello') {
      tell({ type: 'softswitch.result', id, ok: true, value: { agent: bar.agent, state: bar.state } });
      return;
    }
    if (method === 'dial') {
      prepareDial(String(args[0] ?? ''), args[1]?.data ?? {});
      tell({ type: 'softswitch.result', id, ok: true, value: { needs: 'click' } });
      return;
    }
    if (!METHODS.has(method)) {
      tell({ type: 'softswitch.result', id, ok: false, problem: { status: 0, code: 'no_such_method' } });
      return;
    }
    try {
      tell({ type: 'softswitch.result', id, ok: true, value: await bar[method](...args) });
    } catch ({ status, code, message, state, allowed: may }) {
      tell({ type: 'softswitch.result', id, ok: false, problem: { status, code, detail: message, state, allowed: may } });
    }
  });

  for (const name of TOLD) {
    bar.on(name, (event) => tell({ type: 'softswitch.event', name, event: structuredClone(event) }));
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
