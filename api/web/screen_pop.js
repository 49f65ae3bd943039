/** The integrator's page that a call opens (弹屏): its address is a template of the configuration. */

import { serverTerms } from './framing.js';

const FRAME = 'softswitch-pop';

/**
 * The address for a call, or an empty text without a template.  What is filled in is always encoded.
 * @param {string} template
 * @param {import('./phonebar.js').Call} call
 * @param {string} agent
 */
export function addressOf(template, call, agent) {
  const known = { caller: call.caller, called: call.called, queue: call.queue, call_id: call.call_id, agent };
  return template.replace(/\{(data\.)?([^{}]+)\}/g, (_, ofData, name) => {
    const value = ofData ? call.data?.[name] : known[name];
    return encodeURIComponent(value === null || value === undefined ? '' : typeof value === 'object' ? JSON.stringify(value) : String(value));
  });
}

/**
 * Open the page for each call that rings; one window is used again and again.  A browser that lets no page open
 * windows by itself leaves the link.
 * @param {import('./phonebar.js').PhoneBar} bar
 * @param {(address: string) => void} offer  shows the link
 */
export async function popScreens(bar, offer) {
  const { screen_pop: template } = await serverTerms();
  if (!template) return;
  bar.on('ringing', ({ call }) => {
    const address = addressOf(template, call, bar.agentId);
    offer(address);
    globalThis.open(address, FRAME);
  });
  bar.on('hangup', () => offer(''));
}
