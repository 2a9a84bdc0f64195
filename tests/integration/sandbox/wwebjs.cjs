// Runs the unmodified whatsapp-web.js and tells its events as JSON lines; takes commands as JSON lines on stdin.
'use strict';

const readline = require('node:readline');
const { createHash } = require('node:crypto');
const { Client, LocalAuth, Location, MessageMedia, Poll } = require('whatsapp-web.js');

const options = JSON.parse(process.argv[2]);
const clock = () => performance.timeOrigin + performance.now();
let startedAt = clock();
// `at`: epoch milliseconds; `since`: milliseconds from the call of initialize().
const tell = (event, data = {}) => {
  const at = clock();
  process.stdout.write(`${JSON.stringify({ event, at, since: at - startedAt, ...data })}\n`);
};
const view = (message) => ({
  id: message.id._serialized,
  from: message.from,
  to: message.to,
  body: message.body,
  type: message.type,
  fromMe: message.fromMe,
  ack: message.ack,
  hasQuotedMsg: message.hasQuotedMsg,
});

const client = new Client({
  authStrategy: new LocalAuth({ dataPath: options.dataPath }),
  webVersionCache: { type: 'none' },
  authTimeoutMs: 60000,
  puppeteer: { executablePath: options.executablePath, args: options.args, headless: true },
  ...(options.pairPhone
    ? { pairWithPhoneNumber: { phoneNumber: options.pairPhone, showNotification: true, intervalMs: 180000 } }
    : {}),
});

client.on('qr', (qr) => tell('qr', { qr }));
client.on('code', (code) => tell('code', { code }));
client.on('authenticated', () => tell('authenticated'));
client.on('ready', () => tell('ready', { wid: client.info.wid._serialized, pushname: client.info.pushname }));
client.on('disconnected', (reason) => tell('disconnected', { reason }));
client.on('change_state', (state) => tell('change_state', { state }));
client.on('message', (message) => tell('message', view(message)));
client.on('message_create', (message) => tell('message_create', view(message)));
client.on('message_ack', (message, ack) => tell('message_ack', { id: message.id._serialized, ack }));
client.on('message_ciphertext', (message) => tell('message_ciphertext', { id: message.id._serialized }));

client.on('message_edit', (message, after, before) =>
  tell('message_edit', { id: message.id._serialized, after, before })
);
client.on('message_revoke_everyone', (message) => tell('message_revoke_everyone', { id: message.id._serialized }));
client.on('message_reaction', ({ reaction, msgId, senderId }) =>
  tell('message_reaction', { reaction, id: msgId._serialized, senderId })
);
client.on('vote_update', (vote) =>
  tell('vote_update', { voter: vote.voter, options: vote.selectedOptions.map(({ name }) => name) })
);
client.on('call', (call) => tell('call', { id: call.id, from: call.from, isVideo: call.isVideo }));

const commands = {
  async location({ to, latitude, longitude, title }) {
    return view(await client.sendMessage(to, new Location(latitude, longitude, { name: title })));
  },
  async poll({ to, question, options }) {
    return view(await client.sendMessage(to, new Poll(question, options)));
  },
  async edit({ id, text }) {
    return view(await (await client.getMessageById(id)).edit(text));
  },
  async react({ id, emoji }) {
    await (await client.getMessageById(id)).react(emoji);
    return {};
  },
  async revoke({ id }) {
    await (await client.getMessageById(id)).delete(true);
    return {};
  },
  async typing({ id }) {
    await (await client.getChatById(id)).sendStateTyping();
    return {};
  },
  async send({ to, text, quotedMessageId }) {
    const before = clock();
    const message = await client.sendMessage(to, text, { quotedMessageId });
    return { ...view(message), took: clock() - before };
  },
  async sendMedia({ to, media: { mimetype, data, filename }, options }) {
    return view(await client.sendMessage(to, new MessageMedia(mimetype, data, filename), options));
  },
  async media({ id }) {
    const found = await (await client.getMessageById(id)).downloadMedia();
    const sha256 = createHash('sha256').update(Buffer.from(found.data, 'base64')).digest('hex');
    return { mimetype: found.mimetype, filename: found.filename, sha256 };
  },
  async chats() {
    return {
      chats: (await client.getChats()).map((chat) => ({
        id: chat.id._serialized,
        name: chat.name,
        unread: chat.unreadCount,
        last: chat.lastMessage?.body,
      })),
    };
  },
  async quoted({ id }) {
    const message = await client.getMessageById(id);
    return view(await message.getQuotedMessage());
  },
  async contact({ id }) {
    const contact = await client.getContactById(id);
    return { number: contact.number, pushname: contact.pushname, isMe: contact.isMe };
  },
  async state() {
    return { state: await client.getState(), version: await client.getWWebVersion() };
  },
  async logout() {
    await client.logout();
    return {};
  },
  async close() {
    await client.destroy();
    setImmediate(() => process.exit(0));
    return {};
  },
};

readline.createInterface({ input: process.stdin }).on('line', async (line) => {
  const { call, name, ...rest } = JSON.parse(line);
  try {
    tell('result', { call, result: await commands[name](rest) });
  } catch (error) {
    tell('result', { call, error: String(error?.stack ?? error) });
  }
});
// The parent is gone: leave no browser behind.
process.stdin.on('end', () => client.destroy().finally(() => process.exit(0)));
startedAt = clock();
client.initialize().catch((error) => tell('failed', { error: String(error?.stack ?? error) }));
