/* Messages and acks from the server: stored first, confirmed then, shown once. */
(function () {
  'use strict';

  const config = JSON.parse(document.getElementById('sandbox-config').textContent);

  __d.es('SandboxInbox', (exports, require) => {
    const { MsgCollection } = require('WAWebMsgCollection');
    const { createWid } = require('WAWebWidFactory');
    const { BackendEvent, BackendEventBus } = require('WAWebBackendEventBus');
    const { OfflineMessageHandler } = require('WAWebOfflineHandler');
    const MsgKey = require('WAWebMsgKey');
    const storage = require('SandboxStorage');
    const transport = require('SandboxTransport');
    let started = false;
    let held = []; // frames that came before main mode
    let work = Promise.resolve(); // one after another, in order

    transport.frames.on('item offline-end nack ack', (frame) => (started ? take(frame) : held.push(frame)));
    transport.frames.on('closed', () => {
      started = false;
      held = [];
    }); // the server repeats what was not confirmed

    function take(frame) {
      work = work.then(() => handle(frame)).catch((error) => console.error('sandbox inbox', error));
      return work;
    }

    // Main mode: what was held goes in, then what never left goes out.
    exports.start = async () => {
      OfflineMessageHandler.begin(held.filter((frame) => frame.kind === 'msg').length);
      started = true;
      await Promise.all(held.splice(0).map(take)); // all in line at once: what comes meanwhile waits behind them
      await resend();
    };

    async function handle(frame) {
      if (frame.t === 'nack') return failed(frame);
      if (frame.t === 'ack') return acknowledge(frame);
      if (frame.t === 'offline-end') {
        BackendEventBus.isOfflineDeliveryEnd = true;
        BackendEventBus.trigger(BackendEvent.OFFLINE_DELIVERY_END);
        return undefined;
      }
      if (frame.kind === 'msg') await arrive(frame.data);
      if (frame.kind === 'change') await require('SandboxChanges').handle(frame.data);
      if (frame.kind === 'ack') await acknowledge(frame.data);
      transport.send({ t: 'got', seq: frame.seq });
      return undefined;
    }

    exports.raw = raw;
    function raw(data, chat, isNewMsg) {
      const me = require('WAWebUserPrefsMeUser');
      const own = chat.id.isLid() || chat.id.isGroup() ? me.getMeLidUserOrThrow() : me.getMePnUserOrThrow();
      const [from, to] = data.fromMe ? [own, chat.id] : [chat.id, own];
      const author = chat.id.isGroup() ? (data.author ? require('SandboxChanges').widOf(data.author, chat) : own) : undefined;
      const quoted = data.quoted && {
        quotedMsg: { type: data.quoted.type, body: data.quoted.text },
        quotedStanzaID: data.quoted.id,
        quotedParticipant: data.quoted.fromMe ? own : (author ?? chat.id),
      };
      return {
        id: new MsgKey({ id: data.id, remote: chat.id, fromMe: data.fromMe, participant: author }),
        type: data.type,
        body: data.media ? (data.media.thumbnail ?? '') : data.type === 'chat' ? data.text : undefined,
        ...(data.type === 'chat' ? {} : { caption: data.text || undefined }),
        ...require('SandboxMedia').attributes(data),
        ...require('SandboxContents').attributes(data.content),
        author,
        from,
        to,
        isNewMsg,
        t: Math.floor(data.tMs / 1000),
        ack: data.fromMe ? data.ack : 0,
        self: data.fromMe ? 'out' : 'in',
        notifyName: data.name || undefined,
        ...quoted,
      };
    }

    async function arrive(data) {
      const chat = require('WAWebCreateChat').createChat(data.chat, data.author ? undefined : data.name);
      const message = raw(data, chat, true);
      OfflineMessageHandler.delivered();
      require('WAWebCmd').Cmd.offlineProgressUpdateFromBridge();
      if (MsgCollection.get(message.id)) return;
      await storage.putMessage(message);
      await MsgCollection.processMultipleMessages(chat.id, [message]);
    }

    async function acknowledge({ id, ack }) {
      const msg = MsgCollection.findFirst((one) => one.id.fromMe && one.id.id === id);
      if (!msg || ack <= msg.ack) return;
      if (ack === 1) msg.updateAck(1);
      else {
        const ackString = ack === 2 ? 'delivery' : 'read';
        await require('WAWebHandleMsgReceipts').handleChatSimpleReceipt({
          ack,
          ackString,
          from: msg.to,
          participant: undefined,
          recipient: undefined,
          externalIds: [id],
          ts: Math.floor(Date.now() / 1000),
        });
      }
      await storage.putMessage(msg);
      transport.answered(id, { t: msg.t });
    }

    async function failed({ id, reason, code }) {
      const msg = MsgCollection.findFirst((one) => one.id.fromMe && one.id.id === id);
      if (msg && msg.ack === 0) {
        msg.set({ isSendFailure: true, errorCode: code ?? undefined });
        msg.updateAck(-1);
        await storage.putMessage(msg);
      }
      transport.answered(id, { t: msg?.t, error: reason, code });
    }

    async function resend() {
      const { createMsgProtobuf } = require('WAWebCreateMsgProtobuf');
      // What was never uploaded cannot go out: its bytes were in the page that is gone.
      const whole = (one) => !require('SandboxMedia').isMedia(one) || one.directPath;
      for (const msg of MsgCollection.filter((one) => one.id.fromMe && one.ack === 0 && whole(one)))
        transport.sendMessage(msg, createMsgProtobuf(msg), true);
    }

    exports.addHistory = async (history) => {
      for (const data of history) {
        const chat = require('WAWebCreateChat').createChat(data.chat, data.author ? undefined : data.name);
        const message = raw(data, chat, false);
        await storage.putMessage(message);
        await require('WAWebHandleSingleMsg').store(chat.id, [message]);
      }
    };

    // What the profile kept, back into the stores, before anybody looks.
    exports.restore = async () => {
      const { lidPnCache } = require('WAWebLidPnCache');
      (await storage.all('lids')).forEach(lidPnCache.learn);
      for (const contact of await storage.all('contacts')) {
        if (contact.pn && contact.lid) lidPnCache.learn(contact);
        require('WAWebContactCollection').ContactCollection.add({
          id: createWid(contact.id),
          pushname: contact.name || undefined,
        });
      }
      for (const { id, name, unreadCount, t } of await storage.all('chats'))
        require('WAWebChatCollection').ChatCollection.add({ id: createWid(id), name, unreadCount, t });
      const messages = (await storage.all('messages')).sort((a, b) => a.t - b.t);
      const wid = (text) => text && createWid(text);
      for (const { key, from, to, author, quotedParticipant, content, latestEditMsgKey, ...rest } of messages) {
        const id = MsgKey.fromString(key);
        await require('WAWebHandleSingleMsg').store(id.remote, [
          {
            ...rest,
            id,
            ...require('SandboxContents').attributes(content),
            from: wid(from),
            author: wid(author),
            to: wid(to),
            quotedParticipant: wid(quotedParticipant),
            latestEditMsgKey: latestEditMsgKey && MsgKey.fromString(latestEditMsgKey),
            isNewMsg: false,
            self: id.fromMe ? 'out' : 'in',
          },
        ]);
      }
    };

    exports.decryptsLater = () => config.ciphertextFirst;
    exports.decryptLater = (msg, message) => {
      setTimeout(() => {
        const { type, id, ...rest } = message;
        Object.assign(msg.attributes, rest); // silent: a text that appears is no edit
        require('SandboxMedia').adorn(msg, type);
        msg.set('type', message.type);
      }, config.ciphertextMs);
    };
  });
})();
