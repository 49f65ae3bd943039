/** What a hotline needs before it takes calls, how far this one is, and what was changed last. */

import { fill, make } from './element.js';
import { momentText, reasonText, word, wordOf } from './admin_words.js';
import { namesOf } from './admin_versions.js';
import { icon } from './icons.js';

const NAMED_MOST = 6;
const CHANGES_SHOWN = 5;
const READ = ['agents', 'accounts', 'queues', 'routes', 'hours', 'reasons', 'duty', 'emergency'];

/**
 * @typedef {object} Check
 * @property {string} name  `overview.<name>` says what it is about, `overview.<name>.todo` what is missing
 * @property {boolean} isDone
 * @property {boolean} [isAdvice]  calls are taken without it
 * @property {string[]} told  what there is, or what lacks it
 * @property {string} [href]  where it is mended; nowhere for what stands in the settings file
 */

/** @returns {Check[]} in the order in which a hotline is built */
export function checksOf({ agents, accounts, queues, routes, hours, reasons, duty, emergency }, trunks, year) {
  const empty = (name, found, { isAdvice = false, kind = name } = {}) => ({ name, isDone: found.length > 0, isAdvice, told: found, href: `#${kind}${found.length ? '' : '/+'}` });
  const lacking = (name, kind, ids, rest = {}) => ({ name, isDone: ids.length === 0, told: ids, href: ids.length ? `#${kind}/${encodeURIComponent(ids[0])}` : `#${kind}`, ...rest });
  const idsOf = (documents) => documents.map(({ id }) => id);
  const served = new Set(agents.flatMap(({ data }) => data.queues ?? []));
  return [
    { name: 'trunks', isDone: trunks.length > 0, told: trunks },
    empty('queues', idsOf(queues)),
    empty('routes', idsOf(routes)),
    empty('agents', idsOf(agents)),
    empty('accounts', accounts.map(({ data }) => data.extension)),
    lacking('staffed', 'queues', idsOf(queues).filter((name) => !served.has(name))),
    lacking('passwords', 'agents', idsOf(agents.filter(({ data }) => !data.password_scrypt))),
    empty('hours', idsOf(hours), { isAdvice: true }),
    lacking('overflow', 'queues', idsOf(queues.filter(({ data }) => !data.overflow?.length)), { isAdvice: true }),
    empty('reasons', idsOf(reasons), { isAdvice: true }),
    empty('duty', idsOf(duty), { isAdvice: true }),
    { name: 'notice', isDone: emergency.some(({ data }) => data.notice?.length || data.flow || data.number), isAdvice: true, told: [], href: '#emergency' },
    { name: 'holidays', isDone: year.known, isAdvice: true, told: [String(year.year)], href: '#year' },
  ];
}

export async function showOverview(place, { client }) {
  const [schemas, kinds, lists, versions, year] = await Promise.all([
    client.schemas(), client.kinds(), Promise.all(READ.map(async (kind) => [kind, await client.all(kind)])),
    client.read('/v1/business/versions', { limit: CHANGES_SHOWN }), yearThatMatters(client),
  ]);
  const checks = checksOf(Object.fromEntries(lists), schemas.machine.trunks, year);
  const needed = checks.filter(({ isDone, isAdvice }) => !isDone && !isAdvice).length;
  fill(
    place,
    make('div', { class: 'place-head' }, make('h2', {}, word('admin.overview'))),
    make('section', { class: 'card' },
      make('h2', {}, word('overview.ready')),
      make('p', { class: needed ? 'told wrong' : 'told', role: 'status' }, icon(needed ? 'alert' : 'check'), needed ? word('overview.missing', needed) : word('overview.complete')),
      make('ul', { class: 'checks' }, ...checks.map(rowOf)),
      make('p', { class: 'deeds' }, make('a', { class: 'button', href: '#what-if' }, word('overview.try')))),
    make('section', { class: 'card' },
      make('h2', {}, word('overview.changes')),
      make('ul', { class: 'changes' }, ...versions.items.map(({ version, at, by, reason, documents }) => make('li', {},
        make('strong', {}, version), make('span', { class: 'when' }, `${momentText(at)} · ${wordOf('by', by)}`),
        make('span', {}, [reasonText(reason), namesOf(documents, kinds, NAMED_MOST)].filter(Boolean).join(' · '))))),
      make('p', { class: 'deeds' }, make('a', { class: 'button', href: '#versions' }, word('admin.versions')))),
  );
}

/** This year, or the next one once its arrangement is due: in November. */
function yearThatMatters(client) {
  const china = new Date(Date.now() + 8 * 3600e3);
  return client.read(`/v1/calendars/years/${china.getUTCFullYear() + (china.getUTCMonth() >= 10 ? 1 : 0)}`);
}

const shortened = (names) => names.slice(0, NAMED_MOST).join(', ') + (names.length > NAMED_MOST ? ` … (${names.length})` : '');

function rowOf({ name, isDone, isAdvice, told, href }) {
  const state = isDone ? 'done' : isAdvice ? 'advice' : 'needed';
  return make('li', { dataset: { check: name, state } },
    icon(isDone ? 'check' : 'alert'),
    make('div', {}, make('strong', {}, word(`overview.${name}`)), make('small', {}, isDone ? '' : word(`overview.${name}.todo`), ' ', shortened(told))),
    make('span', { class: 'state' }, word(`overview.${state}`)),
    href && !isDone && make('a', { class: 'button', href, 'aria-label': `${word('overview.go')}:${word(`overview.${name}`)}` }, word('overview.go')));
}
