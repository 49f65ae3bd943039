/** The hotline's business as a page reads and changes it: documents with their versions, calendars, messages. */

import { PhoneBarProblem } from './phonebar.js';

const PAGE = 500;

export class BusinessClient {
  #bar;
  #schemas = null;
  #lists = new Map();

  /** @param {import('./phonebar.js').PhoneBar} bar  of a person who signed in */
  constructor(bar) {
    this.#bar = bar;
    bar.on('event', ({ kind }) => { if (kind === 'business_changed') this.forget(); });
    bar.on('snapshot', () => this.forget());
  }

  /** What was read before may be old: ask again when it is needed. */
  forget() {
    this.#lists.clear();
    this.#schemas = null;
  }

  /** @returns {Promise<{kinds: object, nodes: object, machine: {trunks: string[], prompts: string[], music: string[]}}>} */
  schemas() {
    this.#schemas ??= this.read('/v1/business/schemas');
    return this.#schemas;
  }

  /** @returns {Promise<{kind: string, title: string, count: number}[]>} */
  async kinds() { return (await this.read('/v1/business')).items; }

  /** Every document of a kind, by id. @returns {Promise<{id: string, version: number, data: object, changed_at: string, changed_by: string}[]>} */
  all(kind) {
    if (!this.#lists.has(kind)) this.#lists.set(kind, this.#pages(`/v1/business/documents/${kind}`));
    return this.#lists.get(kind);
  }

  async #pages(path) {
    const found = [];
    let cursor = '';
    do {
      const page = await this.read(path, { limit: PAGE, ...(cursor ? { cursor } : {}) });
      found.push(...page.items);
      cursor = page.next_cursor;
    } while (cursor);
    return found;
  }

  /** One document as it is now. */
  get(kind, id) { return this.read(pathOf(kind, id)); }

  /**
   * Make (`version` null) or replace a document.
   * @returns {Promise<object>} the document as it is kept; rejects with 412 when somebody else changed it
   */
  put(kind, id, data, version, reason = '') { return this.change('PUT', pathOf(kind, id), { data, reason }, version); }

  /** @returns {Promise<{faults: {field: string, detail: string}[]}>} what would be wrong with a document; nothing is changed */
  check(kind, id, data) { return this.change('POST', `${pathOf(kind, id)}/check`, { data }); }

  /** Remove a document. */
  remove(kind, id, version, reason = '') {
    return this.change('DELETE', `${pathOf(kind, id)}?${new URLSearchParams(reason ? { reason } : {})}`, undefined, version);
  }

  read(path, query) { return this.#bar.read(path, query); }

  /**
   * A change of anything, with what it was made of.
   * @param {'PUT'|'POST'|'DELETE'} method
   * @param {string} path
   * @param {object|Blob} [body]  a Blob goes as it is, by its own type
   * @param {number|null} [version]  If-Match; null or absent: none
   */
  async change(method, path, body, version = null) {
    const headers = {};
    if (version !== null) headers['If-Match'] = `"${version}"`;
    const isFile = body instanceof Blob;
    if (body !== undefined) headers['Content-Type'] = isFile ? body.type : 'application/json';
    const answer = await this.#fetch(path, { method, headers, body: isFile || body === undefined ? body : JSON.stringify(body) });
    this.forget();
    const text = await answer.text();
    return text ? JSON.parse(text) : {};
  }

  /** What is no JSON: a file. @returns {Promise<Blob>} */
  async file(path) { return (await this.#fetch(path, { method: 'GET', headers: {} })).blob(); }

  async #fetch(path, { headers, ...rest }) {
    const { csrf = '', token = '' } = this.#bar.session ?? {};
    if (token) headers.Authorization = `Bearer ${token}`;
    if (csrf && rest.method !== 'GET') headers['X-CSRF-Token'] = csrf;
    let answer;
    try {
      answer = await fetch(path, { ...rest, headers, credentials: token ? 'omit' : 'same-origin', cache: 'no-store' });
    } catch (fault) {
      throw new PhoneBarProblem(0, { detail: String(fault) });
    }
    if (!answer.ok) {
      const text = await answer.text();
      throw new PhoneBarProblem(answer.status, text ? JSON.parse(text) : {});
    }
    return answer;
  }
}

const pathOf = (kind, id) => `/v1/business/documents/${kind}/${encodeURIComponent(id)}`;

/** What people call a document: its name beside its id. */
export function titleOf({ id, data }) {
  return data.name && data.name !== id ? `${data.name} (${id})` : id;
}

/** The same as a heading or a label, which begins with a capital letter. */
export function titled(text, language) {
  const found = inLanguage(text, language);
  return found.slice(0, 1).toUpperCase() + found.slice(1);
}

/** One of two languages of a text of the server, `中文 / English`. */
export function inLanguage(text, language) {
  const at = String(text).indexOf(' / ');
  if (at < 0) return String(text);
  return language === 'en' ? text.slice(at + 3) : text.slice(0, at);
}
