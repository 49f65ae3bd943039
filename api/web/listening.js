/**
 * Hearing a call in the browser, without a phone: G.711 A-law frames over WebSocket, played as they come.
 * The other way nothing is sent, so who listens cannot be heard.
 */

const RATE_HZ = 8000;
const LEAD_S = 0.12;
const LAG_MOST_S = 0.6;
const KEPT_SAMPLES = RATE_HZ;

/** A-law octets as samples of -1 to 1 (ITU-T G.711, table 1a). */
const SAMPLES = Float32Array.from({ length: 256 }, (_, octet) => {
  const bits = octet ^ 0x55;
  const exponent = (bits & 0x70) >> 4;
  const mantissa = ((bits & 0x0f) << 4) + 8;
  const size = exponent ? (mantissa + 0x100) << (exponent - 1) : mantissa;
  return (bits & 0x80 ? size : -size) / 32768;
});

/** @param {Uint8Array} frame @returns {Float32Array<ArrayBuffer>} */
export function decoded(frame) {
  return Float32Array.from(frame, (octet) => SAMPLES[octet]);
}

export class CallListener {
  #url;
  #first;
  #fault;
  /** @type {WebSocket|null} */ #socket = null;
  /** @type {AudioContext|null} */ #context = null;
  #playAt = 0;
  #newest = new Float32Array(KEPT_SAMPLES);
  #frames = 0;

  /** Called once, when the call ends or the line breaks. @type {() => void} */
  onEnd = () => {};

  /**
   * @param {object} options
   * @param {string} options.url  WebSocket address of `/v1/calls/{id}/listen`
   * @param {{reason: string, token?: string}} options.first  what the first message says: why, and who without a session
   * @param {(status: number, code: string) => Error} options.fault  makes an error of what the server refuses; 0 of no answer
   */
  constructor({ url, first, fault }) {
    this.#url = url;
    this.#first = first;
    this.#fault = fault;
  }

  /** Frames that have arrived. */
  get frames() { return this.#frames; }

  /** The last second that was heard. */
  get newest() { return this.#newest.slice(); }

  /** Begin; resolves when the server lets us hear the call, else rejects. Call it from a click: browsers play nothing unasked. */
  start() {
    this.#context = new AudioContext();
    const socket = this.#socket = new WebSocket(this.#url);
    socket.binaryType = 'arraybuffer';
    socket.onopen = () => socket.send(JSON.stringify({ type: 'authenticate', ...this.#first }));
    return new Promise((resolve, reject) => {
      socket.onmessage = ({ data }) => {
        if (typeof data === 'string') resolve(undefined);
        else this.#hear(new Uint8Array(data));
      };
      socket.onclose = ({ code, reason }) => { // 4000 and the status that HTTP would have answered
        reject(code > 4000 ? this.#fault(code - 4000, reason) : this.#fault(0, 'no_answer'));
        this.#end();
      };
    });
  }

  /** Leave. */
  stop() { this.#socket?.close(1000); }

  #hear(frame) {
    const sound = decoded(frame);
    this.#frames += 1;
    this.#newest.copyWithin(0, sound.length);
    this.#newest.set(sound, KEPT_SAMPLES - sound.length);
    const context = this.#context;
    if (!context) return;
    const now = context.currentTime;
    if (this.#playAt - now > LAG_MOST_S) return; // the network gave us too much at once: what is said now counts
    if (this.#playAt < now) this.#playAt = now + LEAD_S;
    const buffer = context.createBuffer(1, sound.length, RATE_HZ);
    buffer.copyToChannel(sound, 0);
    const source = context.createBufferSource();
    source.buffer = buffer;
    source.connect(context.destination);
    source.start(this.#playAt);
    this.#playAt += sound.length / RATE_HZ;
  }

  #end() {
    this.#socket = null;
    this.#context?.close();
    this.#context = null;
    this.onEnd();
  }
}
