/** The administrator's page: everything of the business by its kind, its flows, its days, its versions. */

import { BusinessClient, titled } from './business_client.js';
import { byId, fill, make, setText } from './element.js';
import { watchEmergency } from './emergency.js';
import { icon } from './icons.js';
import { serve } from './sign_in.js';
import { DocumentView } from './admin_documents.js';
import { showEmergency } from './admin_emergency.js';
import { showOverview } from './admin_overview.js';
import { showExchange } from './admin_exchange.js';
import { showList } from './admin_list.js';
import { showCustomers } from './customers.js';
import { showDeadline } from './deadline.js';
import { FlowEditor } from './flow_editor.js';
import { showPrompts } from './prompts.js';
import { showVersions } from './admin_versions.js';
import { problemText, speak, spoken, switchLanguage, word } from './admin_words.js';
import { showWhatIf } from './what_if.js';
import { showYear } from './year.js';

/** Where each kind of document stands; a kind that the server has and this page does not know stands under the last. */
const ROOMS = [
  ['admin.people', ['agents', 'groups', 'skills', 'capacities', 'reasons', 'accounts', 'outbound']],
  ['admin.routing', ['queues', 'routes', 'services', 'routings', 'selections', 'shares', 'trunk_numbers']],
  ['admin.callers', ['lists', 'regions', 'fields']],
  ['admin.service', ['flows']],
  ['admin.time', ['hours']],
  ['admin.more', []],
];
/** Kinds with a page of their own. */
const OWN = new Set(['emergency', 'days', 'flows', 'prompts']);

/** Places that are not a kind: name, heading, icon, and the room whose end they stand at. */
const PLACES = {
  customers: { room: 'admin.callers', show: showCustomers },
  prompts: { room: 'admin.service', show: showPrompts },
  year: { room: 'admin.time', show: showYear },
  deadline: { room: 'admin.time', show: showDeadline },
  'what-if': { word: 'admin.what_if', room: 'admin.service', show: showWhatIf },
  versions: { room: 'admin.history', show: showVersions },
  exchange: { room: 'admin.history', show: showExchange },
  emergency: { show: showEmergency },
  overview: { show: showOverview },
};

class AdminPage {
  #bar;
  #client;
  #kinds = [];
  #isEmergency = false;
  #view = null;
  #shown = '';
  #onHash = () => this.#go();

  constructor(bar) {
    this.#bar = bar;
    this.#client = new BusinessClient(bar);
    byId('language').onclick = () => switchLanguage(() => this.showAll());
    bar.on('line', () => this.#showLine());
    watchEmergency(bar, ({ is_on: isOn }) => {
      this.#isEmergency = isOn;
      this.#showPlaces();
    });
    globalThis.addEventListener('hashchange', this.#onHash);
    globalThis.onbeforeunload = (event) => { if (this.#view?.isChanged) event.preventDefault(); };
  }

  close() {
    this.#view?.close?.();
    globalThis.removeEventListener('hashchange', this.#onHash);
    globalThis.onbeforeunload = null;
  }

  /** All of it, in the language that is set. */
  async showAll() {
    speak();
    document.title = `${word('admin.title')} · 12345`;
    const { session } = this.#bar;
    setText(byId('who-name'), session?.name || this.#bar.agentId);
    setText(byId('who-id'), this.#bar.agentId);
    fill(byId('language'), icon('globe'), spoken() === 'zh' ? 'English' : '中文');
    fill(byId('sign-out'), icon('leave'), word('sign_in.leave'));
    byId('places').setAttribute('aria-label', word('admin.business'));
    this.#showLine();
    this.#kinds = await this.#client.kinds();
    this.#showPlaces();
    this.#shown = '';
    await this.#go();
  }

  #showLine() {
    const banner = byId('banner');
    banner.hidden = this.#bar.isLive;
    fill(banner, icon('alert'), make('span', {}, word('line.broken')));
  }

  // ---- where one can go ------------------------------------------------------------------------------

  #showPlaces() {
    const known = new Set(ROOMS.flatMap(([, kinds]) => kinds));
    const here = location.hash.slice(1).split('/')[0] || 'overview';
    const link = (name, text, count) => make('a', { href: `#${name}`, ...(name === here ? { 'aria-current': 'page' } : {}) },
      make('span', {}, text), count !== undefined && make('small', {}, count));
    const rooms = ROOMS.map(([heading, kinds]) => {
      const members = this.#kinds.filter(({ kind }) => kinds.includes(kind) || (heading === 'admin.more' && !known.has(kind) && !OWN.has(kind)));
      const links = members.sort((one, other) => kinds.indexOf(one.kind) - kinds.indexOf(other.kind)).map(({ kind, title, count }) => link(kind, titled(title, spoken()), count));
      return [heading, [...links, ...this.#placesOf(heading, link)]];
    });
    rooms.push(['admin.history', this.#placesOf('admin.history', link)]);
    const emergency = link('emergency', word('admin.emergency'), this.#isEmergency ? word('emergency.on') : undefined);
    emergency.classList.toggle('alarm', this.#isEmergency);
    fill(
      byId('places'), link('overview', word('admin.overview')), emergency, make('a', { href: '/voicemails' }, make('span', {}, word('admin.voicemails'))),
      ...rooms.filter(([, links]) => links.length).flatMap(([heading, links]) => [make('h2', {}, word(heading)), ...links]),
    );
  }

  #placesOf(room, link) {
    return Object.entries(PLACES).filter(([, place]) => place.room === room)
      .map(([name, place]) => link(name, word(place.word ?? `admin.${name}`)));
  }

  // ---- going there -----------------------------------------------------------------------------------

  async #go() {
    const wanted = location.hash.slice(1) || 'overview';
    if (wanted === this.#shown) return;
    if (this.#view?.isChanged && !globalThis.confirm(word('admin.leave'))) {
      history.replaceState(null, '', `#${this.#shown}`);
      return;
    }
    this.#view?.close?.();
    this.#view = null;
    this.#shown = wanted;
    this.#showPlaces();
    const place = byId('place');
    try {
      await this.#show(place, ...wanted.split('/').map(decodeURIComponent));
    } catch (problem) {
      fill(place, make('p', { class: 'faults', role: 'alert' }, problemText(problem)));
      if (problem.status === undefined) throw problem;
    }
    globalThis.scrollTo(0, 0);
    if (document.activeElement === document.body) place.focus({ preventScroll: true }); // its head stands under the page's
  }

  async #show(place, name, id = '') {
    const client = this.#client;
    const bar = this.#bar;
    if (PLACES[name]) {
      this.#view = (await PLACES[name].show(place, { client, bar, id })) ?? null;
      return;
    }
    const title = titled(this.#kinds.find(({ kind }) => kind === name)?.title ?? name, spoken());
    if (!id) await showList(place, { client, kind: name, title });
    else if (name === 'flows') this.#view = await FlowEditor.open(place, { client, id });
    else this.#view = await DocumentView.open(place, { client, kind: name, title, id });
  }
}

speak();
serve('admin', async (bar) => {
  const page = new AdminPage(bar);
  await page.showAll();
  return page;
});
