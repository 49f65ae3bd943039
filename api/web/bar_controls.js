/** The buttons of the bar: which operation each asks for, what it looks like, and when it may be pressed. */

import { byId, fill, make } from './element.js';
import { shownState } from './floor.js';
import { icon } from './icons.js';
import { problemText, word } from './words.js';

const REASONS = ['break', 'lunch', 'meeting', 'training', 'paperwork'];
const KINDS = { consult: ['agent', 'queue', 'number'], transfer: ['agent', 'queue', 'number', 'detour', 'flow'] };
const DIGITS = ['1', '2', '3', '4', '5', '6', '7', '8', '9', '*', '0', '#'];

/**
 * Buttons by id.  `may` are the server's names of the operations: one of them must be allowed.  `face` gives icon, word
 * and whether the button is pressed in; `act` is done on a click, and `says` tells what stood on the button then: a click
 * never does something else than what was read.
 */
const TOOLS = {
  ready: {
    may: ['ready', 'wrap-up/end'],
    face: (bar) => (bar.state === 'wrap_up'
      ? { icon: 'check', word: 'do.end_wrap_up' }
      : { icon: 'check', word: 'do.ready', pressed: bar.agent?.presence === 'ready' }),
    act: ({ bar, says }) => (says === 'do.end_wrap_up' ? bar.endWrapUp() : bar.ready()),
  },
  'not-ready': {
    may: ['not-ready'],
    face: (bar) => ({ icon: 'cup', word: 'do.not_ready', pressed: bar.agent?.presence === 'not_ready' }),
    act: ({ ask }) => ask.reason(),
  },
  answer: { may: ['answer'], face: () => ({ icon: 'answer', word: 'do.answer' }), act: ({ bar }) => bar.answer() },
  'hang-up': { may: ['hang-up'], face: () => ({ icon: 'hang_up', word: 'do.hang_up' }), act: ({ bar }) => bar.hangUp() },
  hold: {
    may: ['hold', 'retrieve'],
    face: (bar) => (bar.state === 'held'
      ? { icon: 'retrieve', word: 'do.retrieve', pressed: true }
      : { icon: 'hold', word: 'do.hold' }),
    act: ({ bar, says }) => (says === 'do.retrieve' ? bar.retrieve() : bar.hold()),
  },
  mute: {
    may: ['mute', 'unmute'],
    face: (bar) => (bar.agent?.muted
      ? { icon: 'unmute', word: 'do.unmute', pressed: true }
      : { icon: 'mute', word: 'do.mute' }),
    act: ({ bar, says }) => (says === 'do.unmute' ? bar.unmute() : bar.mute()),
  },
  consult: { may: ['consult'], face: () => ({ icon: 'consult', word: 'do.consult' }), act: ({ ask }) => ask.target('consult') },
  alternate: {
    may: ['alternate'], face: () => ({ icon: 'swap', word: 'do.alternate' }), act: ({ bar }) => bar.alternate(),
  },
  reconnect: {
    may: ['reconnect'], face: () => ({ icon: 'retrieve', word: 'do.reconnect' }), act: ({ bar }) => bar.reconnect(),
  },
  transfer: {
    may: ['transfer'],
    face: (bar) => ({ icon: 'transfer', word: isConsulting(bar) ? 'do.complete' : 'do.transfer' }),
    act: ({ bar, ask, says }) => (says === 'do.complete' ? bar.transfer() : ask.target('transfer')),
  },
  conference: { may: ['conference'], face: () => ({ icon: 'conference', word: 'do.conference' }), act: ({ bar }) => bar.conference() },
  digits: { may: ['digits'], face: () => ({ icon: 'keypad', word: 'do.digits' }), act: ({ ask }) => ask.digits() },
  dial: { may: ['dial'], face: () => ({ icon: 'dial', word: 'do.dial' }), act: ({ ask }) => ask.number() },
};

/** Whether somebody, or a queue, is being asked: a transfer then needs no target. */
const isConsulting = (bar) => bar.may('reconnect') && bar.may('transfer');

export class BarControls {
  #bar;
  #form = byId('ask');
  #tell;
  #asked = null;
  /** What stands on each button. */ #says = new Map();

  /**
   * @param {import('./phonebar.js').PhoneBar} bar
   * @param {(text: string) => void} tell  shows what the server refused
   */
  constructor(bar, tell) {
    this.#bar = bar;
    this.#tell = tell;
    for (const [id, tool] of Object.entries(TOOLS)) byId(id).onclick = () => this.#act(tool);
    document.addEventListener('keydown', (event) => this.#key(event));
    byId('tools').onkeydown = (event) => this.#step(event);
  }

  /** Shortcuts and their words, for the list on the page. */
  static shortcuts(bar) {
    return Object.entries(TOOLS).map(([id, tool]) => [byId(id).getAttribute('aria-keyshortcuts'), word(tool.face(bar).word)]);
  }

  /** Arrows go along the buttons that may be pressed, as in every toolbar. */
  #step(event) {
    const lit = [...byId('tools').querySelectorAll('button:enabled')];
    const at = lit.indexOf(document.activeElement);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: -1 }[event.key];
    if (to === undefined || at < 0) return;
    event.preventDefault();
    lit.at(to % lit.length).focus();
  }

  /** Show each button as the server allows it now.  None comes or goes: what is under the mouse stays there. */
  show() {
    byId('tools').setAttribute('aria-label', word('agent.tools'));
    byId('presence').setAttribute('aria-label', word('agent.presence'));
    for (const [id, tool] of Object.entries(TOOLS)) {
      const button = byId(id);
      const face = tool.face(this.#bar);
      this.#says.set(tool, face.word);
      const key = `${face.word}:${word(face.word)}`;
      if (button.dataset.face !== key) {
        button.dataset.face = key;
        fill(button, icon(face.icon), make('span', {}, word(face.word)));
        button.title = `${word(face.word)} (${button.getAttribute('aria-keyshortcuts')})`;
      }
      button.disabled = !tool.may.some((operation) => this.#bar.may(operation));
      if (face.pressed === undefined) button.removeAttribute('aria-pressed');
      else button.setAttribute('aria-pressed', String(face.pressed));
    }
    if (this.#asked && !this.#asked.stays()) this.#close();
  }

  /** Open the dial form with a number filled in; it is dialled by a click. */
  prepareDial(number, data) { this.#askNumber(number, data); }

  /** Ask in the bar for one of some reasons, and do it with that one, while it `stays` possible. */
  choose(title, reasons, work, stays) {
    const choices = reasons.map((reason) => make('button', {
      class: 'button', type: 'button', onclick: async () => { if (await this.run(() => work(reason))) this.#close(); },
    }, reason));
    this.#open(title, [make('span', { class: 'choices' }, ...choices)], async () => {}, stays);
  }

  /** Do something of the server's, and tell a person when it refuses. */
  async run(work) {
    try {
      await work();
      this.#tell('');
      return true;
    } catch (problem) {
      this.#tell(problemText(problem));
      return false;
    }
  }

  #act(tool) {
    const ask = {
      reason: () => this.#askReason(),
      target: (verb) => this.#askTarget(verb),
      digits: () => this.#askDigits(),
      number: () => this.#askNumber('', {}),
    };
    return this.run(async () => tool.act({ bar: this.#bar, ask, says: this.#says.get(tool) }));
  }

  #key(event) {
    if (event.key === 'Escape') {
      if (this.#asked) this.#close();
      else this.#tell('');
      return;
    }
    if (this.#asked?.digits && DIGITS.includes(event.key)) {
      event.preventDefault();
      this.run(() => this.#bar.sendDigits(event.key));
      return;
    }
    if (!event.altKey || event.ctrlKey || event.metaKey) return;
    const shortcut = `Alt+${event.code.replace('Key', '')}`;
    const found = Object.keys(TOOLS).find((id) => byId(id).getAttribute('aria-keyshortcuts') === shortcut);
    if (found) {
      event.preventDefault();
      if (!byId(found).disabled) byId(found).click();
    }
  }

  // ---- forms that stand in the bar in place of its buttons -----------------------------------------

  #open(title, parts, submit, stays) {
    this.#asked = { stays, opener: this.#asked?.opener ?? document.activeElement };
    const cancel = make('button', { class: 'button plain', type: 'button', title: 'Esc', onclick: () => this.#close() }, word('do.cancel'));
    fill(this.#form, make('span', { class: 'ask-title' }, word(title)), ...parts, cancel);
    this.#form.onsubmit = async (event) => {
      event.preventDefault();
      if (await this.run(submit)) this.#close();
    };
    this.#form.hidden = false;
    byId('tools').hidden = true;
    byId('bar-call').hidden = true;
    this.#form.querySelector('input, select, button')?.focus();
  }

  #close() {
    const { opener } = this.#asked ?? {};
    const hadFocus = this.#form.contains(document.activeElement);
    this.#asked = null;
    this.#form.hidden = true;
    fill(this.#form);
    byId('tools').hidden = false;
    byId('bar-call').hidden = false;
    // Whoever works by the keyboard goes on where they were; that button may have been made anew.
    if (hadFocus) (document.getElementById(opener?.id) ?? opener)?.focus();
  }

  async #askReason() {
    const ours = await this.#bar.read('/v1/reasons').then((page) => page.items, () => []);
    const names = new Map(ours.map(({ reason_id: id, name }) => [id, name]));
    const choose = (reason) => async () => {
      if (await this.run(() => this.#bar.notReady(reason))) this.#close();
    };
    const choices = (names.size ? [...names.keys()] : REASONS).map((reason) => make(
      'button', { class: 'button', type: 'button', dataset: { reason }, onclick: choose(reason) }, names.get(reason) ?? word(`reason.${reason}`),
    ));
    this.#open('do.not_ready', [make('span', { class: 'choices' }, ...choices)], async () => {}, () => this.#bar.may('not-ready'));
  }

  #askTarget(verb) {
    const kind = make('select', { name: 'kind', 'aria-label': word('agent.target') },
      ...KINDS[verb].map((name) => make('option', { value: name }, word(`target.${name}`))));
    const to = make('input', { name: 'to', required: true, maxLength: 64, 'aria-label': word('agent.number'), placeholder: word('agent.number') });
    const list = make('datalist', { id: 'targets' });
    to.setAttribute('list', 'targets');
    const offer = async () => {
      const of = kind.value;
      const found = await this.#targets(of);
      if (of === kind.value) fill(list, ...found.map(([value, name]) => make('option', { value }, name)));
    };
    // A list that comes late takes nothing away that was told meanwhile.
    const tellFault = (problem) => this.#tell(problemText(problem));
    kind.onchange = () => { to.value = ''; offer().catch(tellFault); };
    offer().catch(tellFault);
    const go = make('button', { class: 'button primary', type: 'submit' }, word(`do.${verb}`));
    this.#open(`do.${verb}`, [kind, to, list, go], () => this.#goTo(verb, kind.value, to.value.trim()),
      () => this.#bar.may(verb));
  }

  #goTo(verb, kind, to) { return kind === 'detour' ? this.#bar.toFlow(to) : this.#bar[verb]({ kind, to }); }

  /** What may be meant, with what people call it. */
  async #targets(kind) {
    const { floor, agentId } = this.#bar;
    if (kind === 'flow' || kind === 'detour') return (await this.#bar.read('/v1/flows')).items.map(({ flow, name }) => [flow, name]);
    if (kind === 'queue') return [...floor.queues.keys()].map((name) => [name, name]);
    if (kind === 'number') return [];
    // An agent sees no colleague on the floor: who sits at a seat, and is free, is asked for.
    return (await this.#bar.read('/v1/colleagues')).items.filter(({ agent_id: id }) => id !== agentId)
      .map((one) => [one.agent_id, `${one.name} · ${word(`state.${shownState(one)}`)}`]);
  }

  #askNumber(number, data) {
    const to = make('input', {
      name: 'number', required: true, value: number, pattern: '[0-9A-Za-z*#+]{1,32}', inputMode: 'tel',
      placeholder: word('agent.number'), 'aria-label': word('agent.number'),
    });
    const go = make('button', { class: 'button primary', type: 'submit' }, icon('dial'), word('do.dial'));
    this.#open('do.dial', [to, go], () => this.#bar.dial(to.value.trim(), { data }), () => true);
    if (number) go.focus();
  }

  #askDigits() {
    const send = (digit) => () => this.run(() => this.#bar.sendDigits(digit));
    const keys = DIGITS.map((digit) => make('button', { class: 'button', type: 'button', onclick: send(digit) }, digit));
    this.#open('do.digits', [make('span', { class: 'keys-row' }, ...keys)], async () => {}, () => this.#bar.may('digits'));
    this.#asked.digits = true;
  }
}
