/* The kinds of messages that are neither text nor file, by WhatsApp Web's own names: drawn, and written as a contact. */
import { element } from './dom.js';
import { text } from './texts.js';

const lines = (body) => body.replace(/\\n/g, '\n');

// What a message of such a kind shows; null for other kinds.
// `vote.as` is the number that votes, `vote.cast(message, number, options)` does it.
export function drawKind(message, vote) {
  const { type, content } = message;
  if (type === 'location')
    return element(
      'p',
      { class: 'kind' },
      element('strong', {}, `📍 ${content.loc?.split('\n')[0] || text('location')}`),
      ...(content.loc?.split('\n').slice(1) ?? []).map((line) => element('span', {}, line)),
      element('span', { class: 'dim' }, `${content.lat}, ${content.lng}`)
    );
  if (type === 'vcard') return card(content.vcardFormattedName, content.body);
  if (type === 'multi_vcard')
    return element('div', {}, ...content.vcardList.map((one) => card(one.displayName, one.vcard)));
  if (type === 'poll_creation') return poll(message, vote);
  return null;
}

function card(name, body = '') {
  const number = /^TEL[^:\n]*:(.+)$/m.exec(lines(body))?.[1] ?? '';
  return element(
    'p',
    { class: 'kind' },
    element('strong', {}, `👤 ${name || text('vcard')}`),
    element('span', { class: 'dim' }, number)
  );
}

function poll(message, vote) {
  const { pollName, pollOptions, pollSelectableOptionsCount: most = 1 } = message.content;
  const votes = Object.values(message.votes);
  const mine = new Set(message.votes[vote.as] ?? []);
  const names = (ids) => pollOptions.filter((one) => ids.has(one.localId)).map((one) => one.name);
  const press = ({ localId }) => {
    const chosen = new Set(most === 1 ? [] : mine);
    if (mine.has(localId)) chosen.delete(localId);
    else chosen.add(localId);
    vote.cast(message, vote.as, names(chosen));
  };
  const option = (one) =>
    element(
      'button',
      {
        type: 'button',
        class: 'option',
        'data-key': `${message.id}-${one.localId}`,
        'aria-pressed': String(mine.has(one.localId)),
        onclick: () => press(one),
      },
      element('span', {}, one.name),
      element('span', {}, String(votes.filter((ids) => ids.includes(one.localId)).length))
    );
  return element('div', { class: 'kind' }, element('strong', {}, `📊 ${pollName}`), ...pollOptions.map(option));
}

// What is written in the form's one line for each kind, as the phone's API takes it; null when it does not fit.
export function writtenKind(type, words) {
  const parts = words.split(/[\n|]/).map((part) => part.trim()).filter(Boolean);
  if (type === 'location') {
    const [lat, lng] = (parts[0] ?? '').split(',').map(Number);
    return Number.isFinite(lat) && Number.isFinite(lng) ? { lat, lng, loc: parts.slice(1).join('\n') } : null;
  }
  if (type === 'vcard') {
    const number = (parts[1] ?? '').replace(/\D/g, '');
    if (!number) return null;
    const body = `BEGIN:VCARD\nVERSION:3.0\nFN:${parts[0]}\nTEL;type=CELL;waid=${number}:+${number}\nEND:VCARD`;
    return { body, vcardFormattedName: parts[0] };
  }
  if (parts.length < 3) return null;
  const pollOptions = parts.slice(1).map((name, localId) => ({ name, localId }));
  return { pollName: parts[0], pollOptions, pollSelectableOptionsCount: 1 };
}
