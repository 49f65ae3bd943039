/**
 * Operations asked for over the live connection, each with its promise: `{type: 'command'}` out, `{type: 'answer'}` back.
 *
 * A line that is cut takes answers with it: whether a command without one was done is then unknown.  One that dials or
 * forces carries an idempotency key and is asked again under it, when the line is back soon: it is done once, and this
 * time answered.  Any other is given back as `outcome_unknown`; the snapshot that follows shows what came of it.
 */

const ASK_AGAIN_WITHIN_MS = 10_000;
/** Longer ones would end the connection (api/live.py). */
const MESSAGE_MOST = 32_000;

export class Commands {
  #send;
  #onUnknown;
  #fault;
  #count = 0;
  /** Without an answer, by id. @type {Map<string, object>} */ #waiting = new Map();

  /**
   * @param {object} options
   * @param {(message: object) => boolean} options.send  false without a live line
   * @param {(command: {name: string, key: string}) => void} options.onUnknown  the line was cut before the answer
   * @param {(status: number, problem: object) => Error} options.fault  makes what a promise rejects with
   */
  constructor({ send, onUnknown, fault }) {
    this.#send = send;
    this.#onUnknown = onUnknown;
    this.#fault = fault;
  }

  /**
   * @param {string} name  the operation's name (docs/integration.md)
   * @param {{agent_id?: string, call_id?: string, list_id?: string, record_id?: string, body?: object}} [what]
   * @param {{once?: boolean}} [more]  `once`: under a key, so that it may be asked again
   * @returns {Promise<object>} what HTTP would have answered
   */
  ask(name, what = {}, { once = false } = {}) {
    const key = once ? newKey() : '';
    this.#count += 1;
    const message = { type: 'command', id: String(this.#count), name, body: {}, ...what, idempotency_key: key };
    return new Promise((resolve, reject) => {
      const size = new TextEncoder().encode(JSON.stringify(message)).length;
      if (size > MESSAGE_MOST) {
        reject(this.#fault(413, { code: 'body_too_large', detail: `${size} > ${MESSAGE_MOST}` }));
      } else if (this.#send(message)) {
        this.#waiting.set(message.id, { message, key, resolve, reject, patience: 0 });
      } else { // nothing was sent: nothing was done
        reject(this.#fault(0, { code: 'not_connected', detail: '未连接 / not connected' }));
      }
    });
  }

  /** Take an answer. */
  hear({ id, status, body }) {
    const command = this.#waiting.get(id);
    if (!command) return;
    this.#forget(command);
    if (status < 400) command.resolve(body);
    else command.reject(this.#fault(status, body));
  }

  /** The line is another one now. @param {import('./live_stream.js').LineState} line */
  lineChanged(line) {
    for (const command of [...this.#waiting.values()]) {
      if (line === 'live') this.#askAgain(command);
      else if (command.key && line !== 'refused' && line !== 'idle') this.#keep(command);
      else this.#giveBack(command);
    }
  }

  #keep(command) {
    if (command.patience) return;
    command.patience = setTimeout(() => this.#giveBack(command), ASK_AGAIN_WITHIN_MS);
    this.#onUnknown({ name: command.message.name, key: command.key });
  }

  #askAgain(command) {
    if (!command.patience) return;
    clearTimeout(command.patience);
    command.patience = 0;
    if (!this.#send(command.message)) this.#giveBack(command);
  }

  #giveBack(command) {
    if (!command.patience) this.#onUnknown({ name: command.message.name, key: command.key });
    this.#forget(command);
    command.reject(this.#fault(0, { code: 'outcome_unknown', detail: '连接中断,结果未知 / the line was cut, the outcome is not known' }));
  }

  #forget(command) {
    clearTimeout(command.patience);
    this.#waiting.delete(command.message.id);
  }
}

/** A key under which a repeated command is known to be the same. */
function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
