/**
 * The live stream over WebSocket: signs in with its first message, keeps the line alive, and after a break goes on
 * from the last number that it saw.  Knows nothing of calls.
 */

const HEARTBEAT_MS = 10_000;
const SILENCE_MOST_MS = 25_000;
const PAUSES_MS = [200, 500, 1000, 2000, 4000];
const CONNECT_MOST_MS = 8_000;

/** Close codes after which asking again would not help (see docs/integration.md). */
const REFUSALS = new Map([[4401, 'unauthenticated'], [4403, 'forbidden'], [4409, 'signed_in_elsewhere']]);

/**
 * @typedef {'idle'|'connecting'|'live'|'broken'|'refused'} LineState
 * `broken`: it was live and is being connected again; `refused`: it will not be tried again.
 */

export class LiveStream {
  #url;
  #credential;
  #onMessage;
  #onLine;
  /** @type {WebSocket|null} */ #socket = null;
  #stream = '';
  #number = -1;
  #tries = 0;
  #heardAt = 0;
  #beat = 0;
  #retry = 0;
  /** @type {LineState} */ #line = 'idle';

  /**
   * @param {object} options
   * @param {string} options.url  WebSocket address
   * @param {() => object|Promise<object>} options.credential  what the first message carries beside its type: `{token}`, `{ticket}`, or nothing with a session
   * @param {(message: object) => void} options.onMessage  every message but `pong`
   * @param {(line: LineState, reason: string) => void} options.onLine
   */
  constructor({ url, credential, onMessage, onLine }) {
    this.#url = url;
    this.#credential = credential;
    this.#onMessage = onMessage;
    this.#onLine = onLine;
  }

  /** @returns {LineState} */
  get line() { return this.#line; }

  /** Connect, and stay connected until `close`. */
  open() {
    if (this.#line === 'idle' || this.#line === 'refused') {
      this.#tries = 0;
      this.#become('connecting', '');
      this.#connect();
      this.#beat = setInterval(() => this.#keepAlive(), HEARTBEAT_MS);
      globalThis.addEventListener?.('online', this.#reconnectNow);
    }
  }

  /** Send a message; false when there is no live line. @param {object} message */
  send(message) {
    if (this.#line !== 'live' || this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify(message));
    return true;
  }

  /** Leave for good. */
  close() {
    this.#rest('idle', '');
  }

  /** Forget the place in the stream: the next connection begins with a snapshot. */
  forget() {
    this.#stream = '';
    this.#number = -1;
  }

  #rest(line, reason) {
    clearInterval(this.#beat);
    clearTimeout(this.#retry);
    globalThis.removeEventListener?.('online', this.#reconnectNow);
    const socket = this.#socket;
    this.#socket = null;
    socket?.close(1000);
    this.#become(line, reason);
  }

  #become(line, reason) {
    if (line !== this.#line || reason) {
      this.#line = line;
      this.#onLine(line, reason);
    }
  }

  #connect() {
    const socket = new WebSocket(this.#url);
    this.#socket = socket;
    this.#heardAt = Date.now();
    const patience = setTimeout(() => { if (socket === this.#socket) this.#abandon(); }, CONNECT_MOST_MS);
    socket.onopen = async () => {
      const place = this.#stream ? { stream: this.#stream, after: this.#number } : {};
      try {
        const credential = await this.#credential();
        socket.send(JSON.stringify({ type: 'authenticate', ...credential, ...place }));
      } catch {
        socket.close();
      }
    };
    socket.onmessage = ({ data }) => {
      if (socket !== this.#socket) return;
      clearTimeout(patience);
      this.#heardAt = Date.now();
      this.#hear(JSON.parse(data));
    };
    socket.onclose = ({ code }) => {
      clearTimeout(patience);
      if (socket === this.#socket) this.#lost(code);
    };
  }

  #hear(message) {
    if (message.type === 'pong') return;
    if (message.type === 'event') {
      if (message.number <= this.#number) return;
      if (message.number !== this.#number + 1 && this.#number >= 0 && !message.sparse) {
        // A gap would be a lie on the screen: begin again from a snapshot.
        this.forget();
        this.#abandon();
        return;
      }
    }
    if (message.number !== undefined) this.#number = message.number;
    if (message.stream !== undefined) this.#stream = message.stream;
    if (message.type === 'snapshot' || message.type === 'resumed') {
      this.#tries = 0;
      this.#onMessage(message);
      this.#become('live', '');
      return;
    }
    this.#onMessage(message);
  }

  #lost(code) {
    this.#socket = null;
    const refusal = REFUSALS.get(code);
    if (refusal) {
      this.#rest('refused', refusal);
      return;
    }
    this.#become(this.#line === 'live' || this.#line === 'broken' ? 'broken' : 'connecting', String(code));
    const pause = PAUSES_MS[Math.min(this.#tries, PAUSES_MS.length - 1)];
    this.#tries += 1;
    // Everybody lost the server in the same moment; they shall not all come back in the same moment.
    this.#retry = setTimeout(() => this.#connect(), pause * (0.5 + Math.random()));
  }

  #reconnectNow = () => {
    if (this.#socket === null && (this.#line === 'broken' || this.#line === 'connecting')) {
      clearTimeout(this.#retry);
      this.#connect();
    }
  };

  #keepAlive() {
    if (this.#socket?.readyState !== WebSocket.OPEN) return;
    if (Date.now() - this.#heardAt > SILENCE_MOST_MS) this.#abandon();
    else this.#socket.send('{"type":"ping"}');
  }

  /** Let go of a line that is no good at once: a dead one answers no close, and a browser waits a minute for that. */
  #abandon() {
    const socket = this.#socket;
    this.#lost(4000);
    socket.close(4000);
  }
}
