/**
 * A form made of a JSON Schema of the server (`GET /v1/business/schemas`): labels in both languages from `description`,
 * units, limits, choices, and names of other documents to choose from.  What the server finds wrong is shown at the field.
 *
 * A field is `{element, read}`; `read()` gives its value, or undefined where nothing is to be kept.  Every field's element
 * carries its place (`data-place`), spelled as the server spells it in its faults: `overflow[0].name`.
 */

import { fill, make } from './element.js';
import { inLanguage, titled } from './business_client.js';
import { icon } from './icons.js';
import { hasWord, spoken, word, wordOf } from './admin_words.js';

/**
 * @typedef {object} Terms
 * @property {Record<string, {id: string, title: string}[]>} names  what there is of each kind that a text may name
 * @property {Set<string>} [fixed]  places that cannot be changed
 * @property {Set<string>} [left]  places that are not shown; what they hold stays
 * @property {() => void} [changed]  told of every change
 */

let numbers = 0;
const newId = () => `field-${(numbers += 1)}`;

/** What the server finds wrong, in one language; its limits and choices stand in the English half and are needed in both. */
function faultText(detail) {
  const text = inLanguage(detail, spoken());
  const limits = detail.match(/[≥≤] -?[\d.]+|(?<=one of |must match ).+/g) ?? [];
  return limits.every((each) => text.includes(each)) ? text : `${text},${limits.join(',')}`;
}

export class SchemaForm {
  #root;
  #schema;

  /** @param {object} schema  of an object @param {object} value @param {Terms} terms */
  constructor(schema, value, terms) {
    this.#schema = schema;
    this.#root = objectFields(schema, value ?? {}, '', terms);
    this.summary = make('ul', { class: 'faults', role: 'alert', hidden: true });
    this.element = make('div', { class: 'form' }, this.summary, this.#root.element);
    this.element.addEventListener('input', ({ target }) => unmark(target)); // what is being put right is no fault until it is saved
    if (terms.changed) for (const kind of ['input', 'change', 'click']) this.element.addEventListener(kind, terms.changed);
  }

  /** What the form says now. */
  value() { return this.#root.read(); }

  /**
   * Show what is wrong, each at its field; what fits no field stands on top.
   * @param {{field: string, detail: string}[]} faults
   * @param {string} prefix  the way of this form's document in the faults
   */
  showFaults(faults, prefix) {
    for (const old of this.element.querySelectorAll('.fault-here')) old.remove();
    for (const old of this.element.querySelectorAll('[aria-invalid]')) old.removeAttribute('aria-invalid');
    const above = [];
    let first = null;
    for (const { field, detail } of faults) {
      const inside = field === prefix || field.startsWith(`${prefix}.`);
      const at = inside ? this.#placed(field.slice(prefix.length + 1)) : null;
      if (at === null) above.push(make('li', {}, `${inside ? '' : `${field}: `}${faultText(detail)}`));
      else {
        const input = mark(at, faultText(detail));
        first ??= input;
      }
    }
    this.summary.hidden = above.length === 0;
    fill(this.summary, ...above);
    first?.closest('details')?.setAttribute('open', '');
    first?.focus();
  }

  /** The element of a place, or of the nearest place around it. */
  #placed(place) {
    const places = new Map();
    for (const element of this.element.querySelectorAll('[data-place]')) {
      places.set(element.dataset.place, element);
      const alias = aliasOf(element); // the server calls a row by its first text where that is unique
      if (alias) places.set(alias, element);
    }
    for (let rest = place; rest; rest = rest.replace(/(?:^|\.)[^.[]+$|\[\d+\]$/, '')) if (places.has(rest)) return places.get(rest);
    return null;
  }
}

function aliasOf(element) {
  const row = element.closest('.row-of-list');
  if (!row) return '';
  const name = row.querySelector('input, select')?.value;
  const place = element.dataset.place;
  return name && place.startsWith(row.dataset.place) ? place.replace(row.dataset.place, row.dataset.place.replace(/\[\d+\]$/, `.${name}`)) : '';
}

function mark(element, text) {
  const note = make('p', { class: 'fault-here', id: newId() }, icon('alert'), text);
  element.append(note);
  const input = element.matches('input, select, textarea') ? element : element.querySelector('input, select, textarea, button');
  input?.setAttribute('aria-invalid', 'true');
  input?.setAttribute('aria-describedby', note.id);
  return input;
}

function unmark(input) {
  if (!input.hasAttribute('aria-invalid')) return;
  document.getElementById(input.getAttribute('aria-describedby'))?.remove();
  input.removeAttribute('aria-invalid');
  input.removeAttribute('aria-describedby');
}

// ---- words of a field -------------------------------------------------------------------------------

/** What a description says to who writes the settings file, and is of no use here, where everything is in the database. */
const OF_THE_FILE = /[((]数据库中[))]|,? (?:of|in) the database| \(database\)/g;

/** A description as a short label and what else it says. */
export function labelOf(schema, name) {
  const text = titled(schema.description ?? name, spoken()).replace(OF_THE_FILE, '');
  const at = text.search(/[,,;;((::]/);
  if (at <= 0) return { label: text, hint: '' };
  return { label: text.slice(0, at).trim(), hint: text.slice(at).replace(/^[,,;;::\s]+/, '').replace(/^[((](.*)[))]$/, '$1') };
}

/** The way to a value in the words of its fields. @param {string[]} path */
export function placeText(schema, path) {
  let here = schema;
  return path.map((name) => {
    here = here?.properties?.[name];
    return here ? labelOf(here, name).label : name;
  }).join(' · ');
}

/** A choice in words; some mean something of their own in one field. */
export const choiceText = (value, name = '') => (hasWord(`choice.${name}.${value}`) ? word(`choice.${name}.${value}`) : wordOf('choice', value));
const UNITS = { s: 'unit.s', ms: 'unit.ms' };

// ---- fields -----------------------------------------------------------------------------------------

const isObject = (schema) => schema.type === 'object' && schema.properties;
const isMap = (schema) => schema.type === 'object' && !schema.properties;
const isWide = (schema) => schema.type === 'array' || schema.type === 'object';
const typeOf = (schema) => (Array.isArray(schema.type) ? schema.type[0] : schema.type);
const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);

function objectFields(schema, value, place, terms) {
  const fields = [];
  const plain = [];
  const lists = []; // of plain values: side by side where there is room
  const wide = [];
  for (const [name, inner] of Object.entries(schema.properties)) {
    const there = place ? `${place}.${name}` : name;
    if (terms.left?.has(there)) {
      fields.push({ name, inner, read: () => value[name] });
      continue;
    }
    const field = labelled(name, inner, value[name] ?? inner.default, there, terms, (schema.required ?? []).includes(name));
    fields.push({ name, inner, read: field.read });
    (!isWide(inner) ? plain : inner.type === 'array' && !isObject(inner.items) ? lists : wide).push(field.element);
  }
  return {
    element: make('div', { class: 'fields' }, plain.length > 0 && make('div', { class: 'plain-fields' }, ...plain), lists.length > 0 && make('div', { class: 'plain-lists' }, ...lists), ...wide),
    read: () => {
      const found = {};
      for (const { name, inner, read } of fields) {
        const now = read();
        // What stands nowhere and is as it is anyway is not written down: a difference shows what somebody changed.
        if (now !== undefined && (name in value || !same(now, inner.default))) found[name] = now;
      }
      for (const name of Object.keys(value)) if (!(name in schema.properties)) found[name] = value[name];
      return found;
    },
  };
}

function labelled(name, schema, value, place, terms, isNeeded) {
  const { label, hint } = labelOf(schema, name);
  if (isObject(schema)) {
    const inner = objectFields(schema, value ?? {}, place, terms);
    return { element: make('details', { class: 'group', dataset: { place } }, make('summary', {}, label, hint && make('small', {}, hint)), inner.element), read: inner.read };
  }
  if (schema.type === 'array' || isMap(schema)) {
    const inner = isMap(schema) ? mapField(schema, value ?? {}, place, terms) : listField(schema, value ?? [], place, terms);
    return {
      element: make('fieldset', { class: 'group', dataset: { place } }, make('legend', {}, label, hint && make('small', {}, hint)), inner.element),
      read: inner.read,
    };
  }
  const input = plainField(schema, value, terms, { name, isNeeded, isFixed: terms.fixed?.has(place) });
  const id = newId();
  input.control.id = id;
  if (typeOf(schema) === 'boolean') {
    return { element: make('label', { class: 'field switch', dataset: { place } }, input.element, make('span', {}, label, hint && make('small', {}, hint))), read: input.read };
  }
  return {
    element: make('div', { class: 'field', dataset: { place } }, make('label', { htmlFor: id }, label, isNeeded && make('span', { class: 'needed', title: word('form.needed') }, ' *')),
      input.element, hint && make('small', {}, hint)),
    read: input.read,
  };
}

/** One value: `{element, control, read}`. */
function plainField(schema, value, terms, { name = '', isNeeded = false, isFixed = false, label = '' } = {}) {
  const type = typeOf(schema);
  const more = { ...(isFixed ? { disabled: true } : {}), ...(label ? { 'aria-label': label } : {}) };
  if (type === 'boolean') {
    const control = make('input', { type: 'checkbox', checked: Boolean(value), ...more });
    return { element: control, control, read: () => control.checked };
  }
  if (type === 'integer' || type === 'number') {
    const control = make('input', { type: 'number', value: value ?? '', step: type === 'integer' ? '1' : 'any', required: isNeeded, ...more });
    if (schema.minimum !== undefined) control.min = schema.minimum;
    if (schema.maximum !== undefined) control.max = schema.maximum;
    const unit = schema.unit && make('span', { class: 'unit' }, UNITS[schema.unit] ? word(UNITS[schema.unit]) : schema.unit);
    return { element: unit ? make('span', { class: 'with-unit' }, control, unit) : control, control, read: () => (control.value === '' ? undefined : Number(control.value)) };
  }
  if (schema.enum) return choiceField(schema.enum.map((each) => [each, choiceText(each, name)]), value ?? '', isNeeded || schema.default !== undefined, more);
  if (schema.writeOnly) {
    const control = make('input', { type: 'password', autocomplete: 'new-password', placeholder: value ? word('form.secret_stays') : '', ...more });
    return { element: control, control, read: () => control.value || value };
  }
  if (schema.names && schema.names !== 'prompts' && !isFixed) {
    const known = terms.names[schema.names] ?? [];
    return choiceField(known.map(({ id, title }) => [id, title]), value ?? '', isNeeded, more, schema.names);
  }
  if (schema.lines) {
    const control = make('textarea', { rows: 3, value: value ?? '', ...more });
    return { element: control, control, read: () => control.value };
  }
  const control = make('input', { type: 'text', value: value ?? '', spellcheck: false, autocomplete: 'off', required: isNeeded, ...more });
  if (schema.names === 'prompts') control.setAttribute('list', promptList(terms));
  return { element: control, control, read: () => control.value };
}

/** Suggestions for prompts, made once a page: a spoken item may stand where a prompt can. */
function promptList(terms) {
  const id = 'names-of-prompts';
  if (!document.getElementById(id)) {
    document.body.append(make('datalist', { id }, ...(terms.names.prompts ?? []).map((each) => make('option', { value: each.id }))));
  }
  return id;
}

function choiceField(options, value, isNeeded, more, names = '') {
  const control = make('select', { required: isNeeded, dataset: { names }, ...more });
  const known = options.some(([each]) => each === value);
  if (!isNeeded || !known) control.append(make('option', { value: '' }, isNeeded ? word('form.choose') : word('form.none')));
  if (value && !known) control.append(make('option', { value }, `${value} (${word('form.gone')})`));
  for (const [each, text] of options) control.append(make('option', { value: each }, text));
  control.value = value;
  return { element: control, control, read: () => control.value };
}

// ---- lists and tables ---------------------------------------------------------------------------------

function listField(schema, values, place, terms) {
  const rows = make('ol', { class: 'rows' });
  const fields = new Map(); // element of a row → its field
  const renumber = () => [...rows.children].forEach((row, index) => {
    const now = `${place}[${index}]`;
    const before = row.dataset.place;
    for (const inner of row.querySelectorAll('[data-place]')) inner.dataset.place = inner.dataset.place.replace(before, now);
    row.dataset.place = now;
  });
  const add = (value) => {
    const there = `${place}[${rows.children.length}]`;
    const field = isObject(schema.items) ? objectFields(schema.items, value ?? {}, there, terms)
      : plainField(schema.items, value, terms, { isNeeded: true, label: `${labelOf(schema, '').label} ${rows.children.length + 1}` });
    const row = make('li', { class: 'row-of-list', dataset: { place: there } }, make('div', { class: 'row-body' }, field.element),
      make('div', { class: 'row-tools' },
        tool('form.up', '↑', () => { row.previousElementSibling?.before(row); renumber(); }),
        tool('form.down', '↓', () => { row.nextElementSibling?.after(row); renumber(); }),
        tool('form.remove', '×', () => { row.remove(); renumber(); adder.focus(); })));
    fields.set(row, field);
    rows.append(row);
    return row;
  };
  const adder = make('button', { class: 'button add', type: 'button', onclick: () => add(undefined).querySelector('input, select')?.focus() }, '+ ', word('form.add'));
  for (const value of values) add(value);
  return {
    element: make('div', { class: isObject(schema.items) ? 'list of-objects' : 'list' }, rows, adder),
    read: () => [...rows.children].map((row) => fields.get(row).read()).filter((value) => value !== undefined && value !== ''),
  };
}

function tool(name, text, work) {
  return make('button', { class: 'button plain tool', type: 'button', title: word(name), 'aria-label': word(name), onclick: work }, text);
}

function mapField(schema, values, place, terms) {
  const rows = make('ol', { class: 'rows' });
  const fields = new Map();
  const add = (key, value) => {
    const name = make('input', { type: 'text', value: key, class: 'key', 'aria-label': word('form.key'), autocomplete: 'off', spellcheck: false });
    const field = plainField(schema.additionalProperties, value, terms, { isNeeded: true, label: word('form.value') });
    const row = make('li', { class: 'row-of-map', dataset: { place: `${place}.${key}` } },
      make('div', { class: 'row-body of-map' }, name, make('span', { 'aria-hidden': 'true' }, '→'), field.element),
      make('div', { class: 'row-tools' }, tool('form.remove', '×', () => { row.remove(); adder.focus(); })));
    name.addEventListener('input', () => { row.dataset.place = `${place}.${name.value}`; });
    fields.set(row, () => [name.value.trim(), field.read()]);
    rows.append(row);
    return name;
  };
  const adder = make('button', { class: 'button add', type: 'button', onclick: () => add('', '').focus() }, '+ ', word('form.add'));
  for (const [key, value] of Object.entries(values)) add(key, value);
  return {
    element: make('div', { class: 'list' }, rows, adder),
    read: () => Object.fromEntries([...rows.children].map((row) => fields.get(row)()).filter(([key]) => key)),
  };
}

/** A value in words, for versions and conflicts; `name` is that of its field. */
export function shownValue(value, name = '') {
  if (value === null || value === undefined || value === '') return '—';
  if (typeof value === 'boolean') return word(value ? 'form.yes' : 'form.no');
  if (Array.isArray(value)) return value.length ? value.map((each) => (typeof each === 'object' ? JSON.stringify(each) : String(each))).join(', ') : '—';
  if (typeof value === 'object') return JSON.stringify(value);
  return choiceText(value, name);
}
