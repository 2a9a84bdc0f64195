/* What happens to messages after they came, and around them: reactions, votes, edits, revocations, who types, calls. */
(function () {
  'use strict';

  __d.es('SandboxChanges', (exports, require) => {
    const MsgKey = require('WAWebMsgKey');
    const { MsgCollection } = require('WAWebMsgCollection');
    const { createWid } = require('WAWebWidFactory');
    const storage = require('SandboxStorage');
    const transport = require('SandboxTransport');
    const me = require('WAWebUserPrefsMeUser');

    // Group members are named by their hidden ids; others by the id that their chat has.
    const widOf = (by, chat) => {
      if (!by) return chat.id.isLid() || chat.id.isGroup() ? me.getMeLidUserOrThrow() : me.getMePnUserOrThrow();
      require('WAWebLidPnCache').lidPnCache.learn(by);
      return createWid(chat.id.isGroup() ? by.lid : by.wid);
    };
    exports.widOf = widOf;

    // What a device itself does, and what it hears of the others, changes the models in the same way.
    exports.edit = async (msg, text, key) => {
      const names = msg.type === 'chat' ? { body: text } : { caption: text };
      msg.set({ ...names, latestEditMsgKey: key, latestEditSenderTimestampMs: Date.now() });
      await storage.putMessage(msg);
    };
    exports.revoke = async (msg) => {
      msg.set({ type: 'revoked', subtype: msg.id.fromMe ? 'sender' : 'admin', body: undefined, caption: undefined });
      await storage.putMessage(msg);
    };
    exports.reaction = async (msg, key, author, emoji, tMs = Date.now()) => {
      const row = { id: key, reactionParentKey: msg.id, reactionText: emoji, reactionTimestamp: tMs, t: tMs };
      await require('WAWebAddonReactionTableMode').reactionTableMode.bulkUpsert([
        { ...row, author, from: author, read: false, orphan: 0 },
      ]);
      require('WAWebReactionsCollectionUtils').addOrUpdateReactionsModelCollection(
        {
          msgKey: key.toString(),
          parentMsgKey: msg.id.toString(),
          reactionText: emoji,
          senderUserJid: author.toString(),
          t: tMs,
          read: false,
          orphan: 0,
        },
        true
      );
    };
    async function vote(msg, key, voter, ids, tMs) {
      const row = { id: key, pollUpdateParentKey: msg.id, selectedOptionLocalIds: ids, author: voter, from: voter };
      await require('WAWebAddonPollVoteTableMode').pollVoteTableMode.bulkUpsert([
        { ...row, t: tMs, senderTimestampMs: tMs },
      ]);
    }

    exports.handle = async (data) => {
      const chat = require('WAWebCreateChat').createChat(data.chat);
      const msg = MsgCollection.findFirst((one) => one.id.id === data.id && one.id.remote.equals(chat.id));
      if (!msg) return;
      const by = widOf(data.by, chat);
      const participant = chat.id.isGroup() ? by : undefined;
      const key = new MsgKey({ id: data.key, remote: chat.id, fromMe: !data.by, participant });
      if (data.change === 'reaction') await exports.reaction(msg, key, by, data.emoji, data.tMs);
      if (data.change === 'vote') await vote(msg, key, by, data.options, data.tMs);
      if (!['edit', 'revoke'].includes(data.change)) return;
      // These two come as messages of their own, which change another one.
      const revoked = { subtype: 'sender_revoke' };
      const edited = { subtype: 'message_edit', body: data.text, latestEditMsgKey: key };
      await MsgCollection.processMultipleMessages(chat.id, [
        {
          id: key,
          type: 'protocol',
          protocolMessageKey: msg.id,
          isNewMsg: true,
          from: msg.from,
          to: msg.to,
          author: msg.author,
          t: Math.floor(data.tMs / 1000),
          ...(data.change === 'revoke' ? revoked : edited),
        },
      ]);
    };

    exports.protocol = async (raw) => {
      const msg = MsgCollection.get(raw.protocolMessageKey);
      if (!msg) return;
      if (raw.subtype === 'message_edit') await exports.edit(msg, raw.body, raw.id);
      if (raw.subtype === 'sender_revoke') await exports.revoke(msg);
    };

    // In main mode only, and never again when nobody looked.
    transport.frames.on('presence', ({ chat: ids, by, state }) => {
      const chat = require('WAWebFindChatAction').findExistingChat(createWid(ids.wid));
      if (!chat) return;
      const { presence } = chat;
      presence.set({ hasData: true, isOnline: state !== 'unavailable' });
      const type = state === 'paused' ? 'available' : state;
      if (!chat.id.isGroup()) return presence.chatstate.set({ type, t: Math.floor(Date.now() / 1000) });
      const wid = widOf(by, chat);
      const states = presence.chatstates;
      const own = states.get(wid) ?? states.add({ id: wid });
      own.set({ type });
      presence.chatstate.attributes.type = undefined; // so that the same state of another member is a change, too
      return presence.chatstate.set({ type });
    });
    transport.frames.on('call', ({ id, by, video, tMs }) => {
      const peerJid = createWid(by.wid);
      const { CallState } = require('WAWebVoipCallState');
      const offerTime = Math.floor(tMs / 1000);
      const call = { id, peerJid, isVideo: video, isGroup: false, outgoing: false, offerTime };
      importNamespace('WAWebCallCollection').default.processIncomingCall({ ...call, state: CallState.ReceivedCall });
    });
  });
})();
