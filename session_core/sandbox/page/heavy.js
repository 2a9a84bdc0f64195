/* The heavy variant: runs the bundles' modules, fetches those that come late, brings the history, starts the worker. */
(function () {
  'use strict';

  const config = JSON.parse(document.getElementById('sandbox-config').textContent);
  const BATCH = 1000; // messages of one transaction

  __d.es('SandboxHeavy', (exports, require) => {
    const storage = require('SandboxStorage');

    // What the bundles that have been loaded since the last call want to have run at once.
    exports.run = () => {
      for (const name of (window.heavyEager ?? []).splice(0).flat()) require(name);
    };

    // As the real page does once somebody is logged in: the rest of the script, and a worker that stays.
    exports.loadRest = () => {
      if (exports.worker) return;
      for (const source of config.lateBundles) {
        const script = document.createElement('script');
        script.src = source;
        script.onload = exports.run;
        document.head.append(script);
      }
      exports.worker = new Worker(config.worker);
      exports.worker.postMessage('hello');
    };

    // A newly linked device gets its history in one piece; later starts find it in the profile.
    exports.firstHistory = async () => {
      const { createChat } = require('WAWebCreateChat');
      const { store } = require('WAWebHandleSingleMsg');
      const { raw } = require('SandboxInbox');
      let batch = [];
      for (const { chat: ids, name, messages } of await (await fetch(config.history)).json()) {
        const chat = createChat(ids, name);
        chat.set('t', messages.at(-1).t);
        await require('WAWebCreateChat').createChatRecord(chat);
        const ready = messages.map(({ t, ...data }) => raw({ ...data, type: 'chat', ack: 3, tMs: t * 1000 }, chat, false));
        await store(chat.id, ready);
        batch.push(...ready);
        if (batch.length >= BATCH) await storage.putMessages(batch.splice(0));
      }
      if (batch.length) await storage.putMessages(batch);
    };
  });
})();
