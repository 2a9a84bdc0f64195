// Several clients of the unmodified whatsapp-web.js in one process, each with its defaults, as a service would run them.
// Tells events as JSON lines; takes commands as JSON lines on stdin.
'use strict';

const readline = require('node:readline');
const { Client, LocalAuth } = require('whatsapp-web.js');

const options = JSON.parse(process.argv[2]);
const clock = () => performance.timeOrigin + performance.now();
const tell = (event, data = {}) => process.stdout.write(`${JSON.stringify({ event, at: clock(), ...data })}\n`);
const clients = new Map();

function start(number) {
  const client = new Client({
    authStrategy: new LocalAuth({ dataPath: options.dataPath, clientId: `account-${number}` }),
    webVersionCache: { type: 'none' }, // or it would fetch pages of other versions from the Internet
    puppeteer: { headless: true, defaultViewport: null, executablePath: options.executablePath, args: options.args },
  });
  client.on('qr', (qr) => tell('qr', { number, qr }));
  client.on('ready', () => tell('ready', { number }));
  clients.set(number, client);
  return client.initialize();
}

const commands = {
  // Not awaited: `ready` tells.
  start({ numbers }) {
    const at = clock();
    for (const number of numbers) start(number).catch((error) => tell('failed', { number, error: String(error) }));
    return { at };
  },
  async stop() {
    await Promise.all([...clients.values()].map((client) => client.destroy()));
    clients.clear();
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
process.stdin.on('end', () => commands.stop().finally(() => process.exit(0)));
