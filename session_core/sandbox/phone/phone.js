/* The phone's page: reads the forms, calls the API, redraws once a second. */
import { decode, get, post, send } from './api.js';
import { byId } from './dom.js';
import { writtenKind } from './kinds.js';
import { switchLanguage, text, translate } from './texts.js';
import { drawChats, drawDevices, drawLimit, drawPhones, pretty } from './view.js';

const POLL_MS = 1000;
const KEY = 'sandbox-phone-number';
let [number, contact, drawn, toast] = [localStorage.getItem(KEY) ?? '', '', '', null];

const digits = (value) => value.replace(/\D/g, '');

function say(message, bad = false) {
  const place = byId('status');
  place.textContent = message;
  place.classList.toggle('bad', bad);
  place.hidden = false;
  clearTimeout(toast);
  toast = setTimeout(
    () => {
      place.hidden = true;
    },
    bad ? 8000 : 4000
  );
}

// Runs an action of the person's: errors are said, the screen follows at once.
async function act(action, done) {
  try {
    await action();
    if (done) say(text(done));
  } catch (error) {
    say(error.message, true);
  }
  await refresh();
}

function choosePhone(chosen, name = '') {
  if (chosen !== number) contact = '';
  number = chosen;
  localStorage.setItem(KEY, number);
  byId('number').value = pretty(number);
  byId('name').value = name;
  drawn = '';
  return refresh();
}

function chooseContact(chat) {
  contact = chat.contact;
  byId('from').value = pretty(chat.contact);
  byId('fromName').value = chat.name;
  drawn = '';
  return refresh();
}

// An invented phone exists on the server once it has linked a device.
const NEW_PHONE = { devices: [], chats: [], received: [] };
const viewOf = (phones) => (phones.some((phone) => phone.phone === number) ? get(`/phone/${number}`) : NEW_PHONE);

async function refresh() {
  try {
    const { phones } = await get('/phone');
    const view = number ? await viewOf(phones) : null;
    const state = JSON.stringify([phones, view, number, contact, document.documentElement.lang]);
    if (state === drawn) return;
    drawn = state;
    draw(phones, view);
  } catch (error) {
    say(error.message, true);
  }
}

function draw(phones, view) {
  drawPhones(phones, number, (chosen) => choosePhone(chosen, phones.find((phone) => phone.phone === chosen)?.name));
  for (const id of ['link', 'devices-panel', 'chats-panel', 'limit-panel']) byId(id).hidden = !number;
  if (!view) return;
  if (!contact && view.chats.length) {
    chooseContact(view.chats[0]);
    return;
  }
  drawDevices(view.devices, deviceActions);
  drawLimit(view);
  drawChats(view, contact, chooseContact, messageActions);
  byId('read').disabled = !view.chats.some((chat) => chat.contact === contact);
  const usable = phones.some((phone) => phone.phone === number);
  byId('write').querySelector('[type=submit]').disabled = !usable;
}

const onDevice = (path, done) => (device) =>
  act(() => post(`/phone/${path}`, { phone: number, device: device.device }), done);
const deviceActions = {
  offline: onDevice('offline'),
  online: onDevice('online'),
  conflict: onDevice('conflict'),
  unlink(device) {
    const dialog = byId('confirm');
    dialog.returnValue = 'no';
    dialog.onclose = () => dialog.returnValue === 'yes' && onDevice('unlink', 'unlinked')(device);
    dialog.showModal();
  },
};

const onMessage = (path, message, body = {}) =>
  act(() => post(`/phone/${path}`, { phone: number, id: message.id, ...body }));
const messageActions = {
  react: (message, from, emoji) => onMessage('reaction', message, { from, emoji }),
  revoke: (message) => onMessage('revoke', message),
  vote: (message, from, options) => onMessage('vote', message, { from, options }),
  edit(message) {
    const dialog = byId('edit');
    const words = byId('edit-text');
    words.value = message.text;
    dialog.returnValue = 'no';
    dialog.onclose = () =>
      dialog.returnValue === 'yes' && words.value.trim() && onMessage('edit', message, { text: words.value });
    dialog.showModal();
  },
};

// Linking

const scan = (qr) =>
  act(async () => {
    await post('/phone/scan', { phone: number, qr, name: byId('name').value.trim() || null });
    byId('qr').value = '';
  }, 'linked');

const scanPicture = (picture) =>
  act(async () => {
    const { qr } = await decode(picture);
    byId('qr').value = qr;
    say(text('qrRead'));
    await scan(qr);
  });

const pictureIn = (items) => [...(items ?? [])].find((file) => file.type.startsWith('image/'));

byId('who').addEventListener('submit', (event) => {
  event.preventDefault();
  const chosen = digits(byId('number').value);
  if (chosen.length < 7 || chosen.length > 15) {
    say(text('number'), true);
    byId('number').focus();
    return;
  }
  choosePhone(chosen, byId('name').value.trim());
});
byId('invent').addEventListener('click', () => {
  const [tail] = crypto.getRandomValues(new Uint32Array(1));
  choosePhone(`346${String(tail % 10 ** 8).padStart(8, '0')}`);
});
byId('scan').addEventListener('submit', (event) => {
  event.preventDefault();
  scan(byId('qr').value.trim());
});
byId('pair').addEventListener('submit', (event) => {
  event.preventDefault();
  act(async () => {
    await post('/phone/pair', { phone: number, code: byId('code').value, name: byId('name').value.trim() || null });
    byId('code').value = '';
  }, 'linked');
});
byId('picture').addEventListener('change', (event) => {
  const [picture] = event.target.files;
  if (picture) scanPicture(picture);
  event.target.value = '';
});
document.addEventListener('paste', (event) => {
  const picture = pictureIn(event.clipboardData?.files);
  if (picture && number) scanPicture(picture);
});
for (const name of ['dragover', 'dragleave', 'drop']) {
  byId('drop').addEventListener(name, (event) => {
    event.preventDefault();
    byId('drop').classList.toggle('over', name === 'dragover');
    const picture = name === 'drop' && pictureIn(event.dataTransfer.files);
    if (picture) scanPicture(picture);
  });
}

// WhatsApp's limit on new chats

const limit = (untilMs, done) =>
  act(() => post('/phone/limit', { phone: number, untilMs, told: byId('limitTold').checked }), done);
byId('limit').addEventListener('submit', (event) => {
  event.preventDefault();
  limit(Date.now() + Number(byId('minutes').value) * 60_000, 'limitSet');
});
byId('lift').addEventListener('click', () => limit(null, 'limitLifted'));

// Messages

byId('write').addEventListener('submit', (event) => {
  event.preventDefault();
  act(async () => {
    const sender = digits(byId('from').value);
    const name = byId('fromName').value.trim();
    const [file] = byId('file').files;
    if (file) {
      const about = { from: sender, type: byId('kind').value, filename: file.name, caption: byId('text').value };
      await send(number, file, name ? { ...about, name } : about);
    } else {
      const type = byId('kind').value;
      const words = byId('text').value;
      const content = OTHERS.includes(type) ? writtenKind(type, words) : {};
      if (!content) throw new Error(text(`how_${type}`));
      const said = OTHERS.includes(type) ? { type, content } : { text: words };
      await post('/phone/messages', { phone: number, from: sender, name: name || null, ...said });
    }
    contact = sender;
    byId('text').value = byId('file').value = '';
    chooseFile();
  }, 'written');
});
const FILES = ['image', 'video', 'audio', 'ptt', 'sticker', 'document'];
const OTHERS = ['location', 'vcard', 'poll_creation'];

// With a file the text is its caption, which need not be; the kind is guessed, and can be changed. Without one, what is
// no text is written in one line, as the hint in there shows.
function chooseFile() {
  const [file] = byId('file').files;
  byId('text').required = !file;
  const kinds = file ? FILES : ['chat', ...OTHERS];
  const before = byId('kind').value;
  byId('kind').replaceChildren(...kinds.map((one) => new Option(text(one), one)));
  const family = file?.type.split('/')[0];
  const guessed = file ? 'document' : 'chat';
  byId('kind').value = kinds.includes(family) ? family : !file && kinds.includes(before) ? before : guessed;
  hint();
}

function hint() {
  const kind = byId('kind').value;
  byId('text').placeholder = OTHERS.includes(kind) ? text(`how_${kind}`) : '';
}
byId('kind').addEventListener('change', hint);
byId('file').addEventListener('change', chooseFile);
byId('text').addEventListener('keydown', (event) => {
  if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  byId('write').requestSubmit();
});
byId('read').addEventListener('click', () =>
  act(() => post('/phone/read', { phone: number, chat: contact }), 'markedRead')
);

byId('language').addEventListener('click', () => {
  switchLanguage();
  start();
});

function start() {
  translate();
  byId('language').textContent = text('other');
  chooseFile();
  drawn = '';
  return refresh();
}

async function poll() {
  if (!document.hidden) await refresh();
  setTimeout(poll, POLL_MS);
}

if (number) byId('number').value = pretty(number);
start().then(poll);
