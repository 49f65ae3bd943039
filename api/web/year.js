/** A year at a glance: what each day is and who said so; a click on a day changes it. */

import { fill, make } from './element.js';
import { inLanguage } from './business_client.js';
import { save } from './admin_exchange.js';
import { showDialog } from './admin_dialog.js';
import { momentText, problemText, spoken, word } from './admin_words.js';
import { icon } from './icons.js';

const KINDS = ['workday', 'weekend', 'holiday', 'make_up'];
const WORKS = new Set(['workday', 'make_up']);
const SHANGHAI_NOON = 'T12:00:00+08:00';
const isChinese = () => spoken() !== 'en';
const monthName = (month) => new Date(Date.UTC(2024, month, 15)).toLocaleDateString(isChinese() ? 'zh-CN' : 'en-GB', { month: 'long', timeZone: 'UTC' });
const weekdayOf = (date) => (new Date(`${date}T00:00:00Z`).getUTCDay() + 6) % 7;
const dateText = (date) => new Date(`${date}T00:00:00Z`).toLocaleDateString(isChinese() ? 'zh-CN' : 'en-GB', { year: 'numeric', month: 'long', day: 'numeric', weekday: 'long', timeZone: 'UTC' });

export async function showYear(place, { client, id }) {
  const year = Number(id) || new Date().getFullYear();
  const [view, edited] = await Promise.all([
    client.read(`/v1/calendars/years/${year}`),
    client.get('days', String(year)).catch((problem) => { if (problem.status !== 404) throw problem; return null; }),
  ]);
  const again = () => showYear(place, { client, id: String(year) });
  const open = (day) => editDay(client, day, view.version, edited).then((isDone) => {
    if (!isDone) return undefined;
    return again().then(() => place.querySelector(`[data-date="${day.date}"]`)?.focus());
  });
  const days = view.days.filter(({ kind }) => WORKS.has(kind)).length;
  fill(
    place,
    make('div', { class: 'place-head' },
      make('a', { class: 'button', href: `#year/${year - 1}`, 'aria-label': word('year.before') }, '‹'), make('h2', {}, isChinese() ? `${year} 年` : String(year)),
      make('a', { class: 'button', href: `#year/${year + 1}`, 'aria-label': word('year.after') }, '›'),
      make('span', { class: 'note' }, word('year.workdays', days), edited && ` · ${word('year.last', edited.changed_by, momentText(edited.changed_at))}`),
      make('button', { class: 'button', type: 'button', onclick: () => importDays(client).then((isDone) => isDone && again()) }, word('year.import')),
      make('button', { class: 'button', type: 'button', onclick: () => exportDays(view) }, word('year.export'))),
    !view.known && make('div', { class: 'banner', role: 'status' }, icon('alert'), make('span', {}, word('year.unknown', year))),
    make('ul', { class: 'legend' }, ...KINDS.map((kind) => make('li', {}, make('span', { class: 'day', dataset: { kind } }, make('small', {}, word(`day.mark.${kind}`))), word(`day.${kind}`))),
      make('li', {}, make('span', { class: 'day', dataset: { kind: 'workday', source: 'operator' } }, make('small', {}, '✎')), word('day.edited'))),
    make('div', { class: 'months' }, ...Array.from({ length: 12 }, (_, month) => monthOf(month, view.days.filter(({ date }) => Number(date.slice(5, 7)) === month + 1), open))),
  );
}

function monthOf(month, days, open) {
  const weekdays = isChinese() ? [...'一二三四五六日'] : ['Mo', 'Tu', 'We', 'Th', 'Fr', 'Sa', 'Su'];
  const blanks = Array.from({ length: weekdayOf(days[0].date) }, () => make('i'));
  return make('section', { class: 'card month' },
    make('h3', {}, monthName(month), make('small', {}, word('year.workdays', days.filter(({ kind }) => WORKS.has(kind)).length))),
    make('div', { class: 'days' }, ...weekdays.map((name) => make('span', {}, name)), ...blanks, ...days.map((day) => dayOf(day, open))));
}

function dayOf(day, open) {
  const { date, kind, name, source } = day;
  const words = [dateText(date), word(`day.${kind}`), name, source === 'operator' ? word('day.edited') : ''].filter(Boolean).join(', ');
  const mark = kind === 'workday' && source !== 'operator' ? '' : `${source === 'operator' ? '✎' : ''}${word(`day.mark.${kind}`)}`;
  return make('button', { class: 'day', type: 'button', dataset: { date, kind, source }, title: words, 'aria-label': words, onclick: () => open(day) }, Number(date.slice(8)), mark && make('small', {}, mark));
}

// ---- one day -----------------------------------------------------------------------------------------

async function editDay(client, day, version, edited) {
  const { date, kind, name, source } = day;
  const hours = await client.all('hours');
  const spans = await Promise.all(hours.map(({ id }) => client.read(`/v1/calendars/${id}`, { at: `${date}${SHANGHAI_NOON}` })));
  return showDialog(dateText(date), (close) => {
    const told = make('p', { class: 'told wrong', role: 'alert' });
    const run = async (work) => {
      try {
        await work();
        close(true);
      } catch (problem) {
        const faults = problem.problem?.errors ?? [];
        fill(told, icon('alert'), faults.length ? faults.map(({ detail }) => inLanguage(detail, spoken())).join(' · ') : problemText(problem));
      }
    };
    const kinds = make('select', {}, ...KINDS.map((each) => make('option', { value: each, selected: each === kind }, word(`day.${each}`))));
    const label = make('input', { type: 'text', value: name, maxLength: 40 });
    const put = () => client.change('PUT', `/v1/calendars/days/${date}`, { kind: kinds.value, name: label.value.trim() }, version);
    const reset = () => client.change('DELETE', `/v1/calendars/days/${date}`, undefined, version);
    return [
      make('p', { class: 'note' }, `${word(`day.${kind}`)}${name ? ` · ${name}` : ''} · ${word(`source.${source}`)}`, source === 'operator' && edited && ` · ${edited.changed_by} ${momentText(edited.changed_at)}`),
      make('form', { class: 'form', onsubmit: (event) => { event.preventDefault(); run(put); } },
        make('div', { class: 'plain-fields' }, make('label', { class: 'field' }, make('span', {}, word('year.kind')), kinds), make('label', { class: 'field' }, make('span', {}, word('year.name')), label)),
        make('div', { class: 'deeds' }, source === 'operator' && make('button', { class: 'button', type: 'button', onclick: () => run(reset) }, word('year.reset')),
          make('button', { class: 'button', type: 'button', onclick: () => close(false) }, word('do.cancel')), make('button', { class: 'button primary', type: 'submit' }, word('do.save')))),
      told,
      hours.length > 0 && exceptionForm(client, date, hours, spans, run),
    ].filter(Boolean);
  });
}

/** The hours of every calendar on this day, and an exception for one of them. */
function exceptionForm(client, date, hours, spans, run) {
  const there = (each) => (each.data.exceptions ?? []).find((exception) => exception.date === date);
  const calendar = make('select', {}, ...hours.map((each) => make('option', { value: each.id }, each.data.name || each.id)));
  const text = make('input', { type: 'text', autocomplete: 'off', spellcheck: false, placeholder: '08:30-12:00 13:30-17:30' });
  const note = make('input', { type: 'text', autocomplete: 'off', maxLength: 80 });
  const chosen = () => hours[calendar.selectedIndex];
  const drop = make('button', { class: 'button', type: 'button', onclick: () => run(() => put([])) }, word('year.drop'));
  const show = () => {
    const exception = there(chosen());
    text.value = (exception?.open ?? spans[calendar.selectedIndex].spans).join(' ');
    note.value = exception?.note ?? '';
    drop.hidden = !exception;
  };
  calendar.onchange = show;
  show();
  const put = (exceptions) => {
    const { id, data, version } = chosen();
    const others = (data.exceptions ?? []).filter((exception) => exception.date !== date);
    return client.put('hours', id, { ...data, exceptions: [...others, ...exceptions] }, version);
  };
  const exception = () => ({ date, open: text.value.split(/[\s,,;;]+/).filter(Boolean), note: note.value.trim() });
  return make('form', { class: 'form group', onsubmit: (event) => { event.preventDefault(); run(() => put([exception()])); } },
    make('h3', {}, word('year.hours')),
    make('dl', { class: 'facts' }, ...hours.flatMap((each, index) => [make('dt', {}, each.data.name || each.id),
      make('dd', {}, spans[index].spans.join('  ') || word('year.closed'), there(each) && ` · ${word('year.exception')}`, there(each)?.note && ` · ${there(each).note}`)])),
    make('div', { class: 'plain-fields' }, make('label', { class: 'field' }, make('span', {}, word('year.calendar')), calendar),
      make('label', { class: 'field' }, make('span', {}, word('year.exception')), text, make('small', {}, word('year.exception_note'))),
      make('label', { class: 'field' }, make('span', {}, word('year.note')), note)),
    make('div', { class: 'deeds' }, drop, make('button', { class: 'button', type: 'submit' }, word('do.save'))));
}

// ---- the year as a file ------------------------------------------------------------------------------

function exportDays({ year, days }) {
  const rows = days.filter(({ kind, source }) => source === 'operator' || kind === 'holiday' || kind === 'make_up').map(({ date, kind, name }) => `${date},${kind},${name}`);
  save(`days-${year}.csv`, 'text/csv', `\u{FEFF}date,kind,name\r\n${rows.join('\r\n')}\r\n`);
}

function importDays(client) {
  return showDialog(word('year.import'), (close) => {
    // What is taken is what was looked at: whatever is changed here is to be tried again first.
    const look = () => { take.disabled = true; };
    const text = make('textarea', { rows: 8, spellcheck: false, placeholder: 'date,kind,name\n2027-02-08,holiday,春节', oninput: look });
    const file = make('input', { type: 'file', accept: '.csv,text/csv', 'aria-label': word('year.file'), onchange: async () => {
      look();
      text.value = await file.files[0].text();
    } });
    const complete = make('input', { type: 'checkbox', onchange: look });
    const take = make('button', { class: 'button primary', type: 'button', disabled: true, onclick: () => run(false) }, word('exchange.take'));
    const result = make('div', { 'aria-live': 'polite' });
    let version = null; // of the business that was looked at
    const run = async (isTry) => {
      try {
        const done = await client.change('POST', '/v1/calendars/days/import', { csv: text.value.replace(/^\u{FEFF}/u, ''), complete: complete.checked, dry_run: isTry }, isTry ? null : version);
        version = done.version;
        take.disabled = !isTry || done.bad_lines.length > 0 || done.days.length === 0;
        if (done.taken && !isTry) {
          close(true);
          return;
        }
        fill(result, done.bad_lines.length ? make('ul', { class: 'faults' }, ...done.bad_lines.map(({ line, text: bad, reason }) => make('li', {}, `${word('year.bad_line', line)}: ${inLanguage(reason, spoken())} — ${bad}`)))
          : make('p', { class: 'told' }, icon('check'), word('year.would', done.days.length)));
      } catch (problem) {
        take.disabled = true;
        fill(result, make('p', { class: 'told wrong' }, icon('alert'), problemText(problem)));
      }
    };
    return [make('div', { class: 'form' }, file, make('label', { class: 'field' }, make('span', {}, word('year.csv')), text),
      make('label', { class: 'field switch' }, complete, make('span', {}, word('year.complete'))), result,
      make('div', { class: 'deeds' }, make('button', { class: 'button', type: 'button', onclick: () => run(true) }, word('exchange.try')), take))];
  });
}
