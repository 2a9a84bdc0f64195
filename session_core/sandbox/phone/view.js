/* Draws a phone: its devices, chats and messages. */
import { byId, element } from './dom.js';
import { drawKind } from './kinds.js';
import { currentLanguage, text } from './texts.js';

const TICKS = ['🕓', '✓', '✓✓', '✓✓'];

// +34 600 11 22 33: groups of three from the right are enough to read a number out
export const pretty = (number) => `+${number.replace(/\B(?=(\d{3})+(?!\d))/g, ' ')}`;
const time = (ms) => new Date(ms).toLocaleTimeString(currentLanguage(), { hour: '2-digit', minute: '2-digit' });
const when = (ms) => new Date(ms).toLocaleString(currentLanguage(), { dateStyle: 'short', timeStyle: 'short' });

// Replaces children but keeps the keyboard where it was: the page is redrawn while somebody works on it.
function replace(parent, nodes) {
  const focused = parent.contains(document.activeElement) ? document.activeElement.dataset.key : null;
  parent.replaceChildren(...nodes);
  if (focused) parent.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus();
}

export function drawPhones(phones, current, choose) {
  byId('known').replaceChildren(
    ...phones.map((phone) => element('option', { value: pretty(phone.phone) }, phone.name))
  );
  const chip = (phone) =>
    element(
      'li',
      {},
      element(
        'button',
        {
          type: 'button',
          'data-key': phone.phone,
          'aria-pressed': String(phone.phone === current),
          onclick: () => choose(phone.phone),
        },
        `${phone.name} · ${pretty(phone.phone)}`
      )
    );
  replace(byId('phones'), phones.map(chip));
}

function deviceState(device) {
  if (device.offline) return ['offline', '⊘'];
  return device.connected ? ['connected', '●'] : ['away', '○'];
}

export function drawDevices(devices, actions) {
  const row = (device) => {
    const [state, icon] = deviceState(device);
    const pending = device.pending ? ` · ${device.pending} ${text('pending')}` : '';
    const button = (key, run, attributes = {}) =>
      element(
        'button',
        { type: 'button', 'data-key': `${device.device}-${key}`, onclick: run, ...attributes },
        text(key)
      );
    return element(
      'li',
      { class: 'device', 'data-state': state },
      element(
        'p',
        {},
        element('strong', {}, `${device.browser} · ${device.platform}`),
        element('span', { class: `state ${state}` }, `${icon} ${text(state)}`)
      ),
      element('p', { class: 'dim' }, `#${device.device} · ${text('since')} ${when(device.linkedAtMs)}${pending}`),
      element(
        'div',
        { class: 'row' },
        device.offline
          ? button('goOnline', () => actions.online(device))
          : button('goOffline', () => actions.offline(device)),
        button('conflict', () => actions.conflict(device), { disabled: !device.connected }),
        button('unlink', () => actions.unlink(device), { class: 'danger' })
      )
    );
  };
  replace(byId('devices'), devices.length ? devices.map(row) : [element('li', { class: 'dim' }, text('noDevices'))]);
}

export function drawLimit({ limitedUntilMs }) {
  const until = limitedUntilMs ?? null;
  byId('limited').textContent = until === null ? text('notLimited') : `⊘ ${text('limitedUntil')} ${when(until)}`;
  byId('lift').disabled = until === null;
}

export function drawChats(view, contact, choose, actions) {
  const chip = (chat) =>
    element(
      'li',
      {},
      element(
        'button',
        {
          type: 'button',
          'data-key': chat.contact,
          'aria-pressed': String(chat.contact === contact),
          onclick: () => choose(chat),
        },
        chat.name || pretty(chat.contact)
      )
    );
  replace(byId('chats'), view.chats.length ? view.chats.map(chip) : [element('li', { class: 'dim' }, text('noChats'))]);
  const chat = view.chats.find((one) => one.contact === contact);
  const times = new Map(view.received.map((message) => [message.id, message.times]));
  const list = byId('messages');
  const atEnd = list.scrollTop + list.clientHeight >= list.scrollHeight - 24;
  replace(
    list,
    (chat?.messages ?? []).map((message) => bubble(message, chat, times.get(message.id) ?? 1, actions))
  );
  if (atEnd) list.scrollTop = list.scrollHeight;
}

// Seen from the contact: what the linked device sent comes in, what the contact wrote goes out.
function bubble(message, chat, times, actions) {
  const quoted = chat.messages.find((one) => one.id === message.quotedId);
  const sent = message.direction === 'out';
  const ack = sent
    ? element('span', { class: `ack ack${message.ack}` }, `${TICKS[message.ack]} ${text(`ack${message.ack}`)}`)
    : null;
  const again =
    times > 1 ? element('strong', { class: 'warn' }, ` · ${text('duplicate').replace('{n}', times)}`) : null;
  const kind = message.revoked ? null : drawKind(message, { as: contactOf(chat), cast: actions.vote });
  const known = message.type === 'chat' || message.media || kind;
  const body = message.revoked ? `🚫 ${text('revoked')}` : known ? message.text : `[${message.type}] ${message.text}`;
  return element(
    'li',
    { class: sent ? 'device-side' : 'contact-side', 'data-id': message.id, 'data-ack': message.ack },
    quoted ? element('blockquote', {}, quoted.text) : null,
    message.author ? element('small', {}, pretty(message.author)) : null,
    message.media ? file(message) : null,
    kind,
    body ? element('p', {}, body) : null,
    reactions(message),
    element(
      'small',
      {},
      message.edits.length && !message.revoked ? `${text('edited')} · ` : '',
      time(message.sentAtMs),
      ' ',
      ack,
      again
    ),
    message.revoked ? null : element('div', { class: 'row acts' }, ...acts(message, chat, actions))
  );
}

// Downloaded, checked and decrypted by the phone when it is looked at.
function file({ type, media }) {
  const name = media.filename ?? text(type);
  const family = media.mimetype.split('/')[0];
  if (type !== 'document' && family === 'image') return element('img', { src: media.url, alt: name, class: 'file' });
  if (type !== 'document' && ['audio', 'video'].includes(family))
    return element(family, { src: media.url, controls: true, preload: 'none', 'aria-label': name, class: 'file' });
  return element('a', { href: media.url, download: name }, `📄 ${name} (${Math.ceil(media.size / 1000)} kB)`);
}

const EMOJIS = ['👍', '❤️', '😂'];
// A group has no number of its own: its first member acts for it.
const contactOf = (chat) => chat.members?.[0] ?? chat.contact;

function reactions(message) {
  const all = Object.values(message.reactions);
  return all.length ? element('p', { class: 'reactions', 'aria-label': text('reactions') }, all.join(' ')) : null;
}

// What the contact can do with a message: react to any, and edit or delete its own.
function acts(message, chat, actions) {
  const mine = message.reactions[contactOf(chat)];
  const button = (key, label, run, attributes = {}) =>
    element(
      'button',
      { type: 'button', class: 'small', 'data-key': `${message.id}-${key}`, onclick: run, ...attributes },
      label
    );
  const emojis = EMOJIS.map((emoji) =>
    button(emoji, emoji, () => actions.react(message, contactOf(chat), emoji === mine ? '' : emoji), {
      'aria-pressed': String(emoji === mine),
      'aria-label': `${text('react')} ${emoji}`,
    })
  );
  if (message.direction === 'out') return emojis;
  const edit = message.type === 'chat' ? [button('edit', text('edit'), () => actions.edit(message))] : [];
  return [...emojis, ...edit, button('revoke', text('revoke'), () => actions.revoke(message))];
}
