/* Messages on their way out and in. The functions call each other through their exports, since clients replace these. */
(function () {
  'use strict';

  __d.es('WAWebSendMsgChatAction', (exports, require) => {
    // Returns two promises: the message once it is stored here, and the result once the server answers (never, while offline).
    exports.addAndSendMsgToChat = (chat, raw) => {
      const message = require('SandboxOutbox').add(chat, raw);
      const result = message.then((msg) =>
        require('WAWebEncryptAndSendMsg').encryptAndSendMsg({ type: 'Outgoing', data: msg })
      );
      return [
        message,
        result.then((answer) => ({
          messageSendResult: answer.error ?? 'OK',
          t: answer.t,
          count: null,
          ...(answer.code ? { errorCode: answer.code } : {}),
        })),
      ];
    };
    exports.sendTextMsgToChat = async (chat, body) => {
      const MsgKey = require('WAWebMsgKey');
      const me = require('WAWebUserPrefsMeUser');
      const from = chat.id.isLid() ? me.getMeLidUserOrThrow() : me.getMePnUserOrThrow();
      const id = new MsgKey({ from, to: chat.id, id: await MsgKey.newId(), selfDir: 'out' });
      const t = require('WATimeUtils').unixTime();
      return exports.addAndSendMsgToChat(chat, {
        id,
        from,
        to: chat.id,
        body,
        type: 'chat',
        t,
        ack: 0,
        self: 'out',
        isNewMsg: true,
        local: true,
      });
    };
  });

  __d.es('SandboxOutbox', (exports, require) => {
    // Into the profile first, then onto the screen.
    exports.add = async (chat, raw) => {
      const { MsgCollection } = require('WAWebMsgCollection');
      const known = MsgCollection.get(raw.id);
      if (known) return known;
      const Msg = require('WAWebMsgModel');
      const msg = new Msg(raw);
      await require('SandboxStorage').putMessage(msg);
      MsgCollection.add(msg);
      chat.msgs.add(msg);
      chat.set('t', msg.t);
      return msg;
    };
  });

  __d.es('WAWebEncryptAndSendMsg', (exports, require) => {
    exports.encryptAndSendMsg = async ({ data }) => {
      const proto = require('WAWebCreateMsgProtobuf').createMsgProtobuf(data);
      return require('SandboxTransport').sendMessage(data, proto);
    };
  });

  __d.es('WAWebCreateMsgProtobuf', (exports, require) => {
    exports.createMsgProtobuf = (msg) => {
      const media = require('SandboxMedia').proto(msg);
      if (media) return media;
      const write = require('SandboxContents').PROTOS[msg.type];
      if (!write) throw new Error(`createMsgProtobuf: the sandbox does not send ${msg.type}`);
      return write(msg);
    };
  });

  __d.es('WAWebBackendJobsCommon', (exports) => {
    exports.mediaTypeFromProtobuf = () => null;
    exports.encodeMaybeMediaType = (type) => type;
  });

  __d.es('WAWebE2EProtoUtils', (exports) => {
    exports.typeAttributeFromProtobuf = (proto) => {
      if (proto.pollCreationMessage) return 'poll';
      return proto.conversation || proto.extendedTextMessage ? 'text' : 'media';
    };
  });

  __d.es('WAWebHandleSingleMsg', (exports, require) => {
    const { MsgCollection } = require('WAWebMsgCollection');

    exports.store = async (chatId, messages) => {
      for (const message of messages) await exports.handleSingleMsg(chatId, message);
    };

    exports.handleSingleMsg = async (_chatId, raw) => {
      if (raw.type === 'protocol') {
        await require('SandboxChanges').protocol(raw);
        return;
      }
      const chat = require('WAWebFindChatAction').findExistingChat(raw.id.remote);
      if (!chat || MsgCollection.get(raw.id)) return;
      const late = raw.isNewMsg && !raw.id.fromMe && require('SandboxInbox').decryptsLater();
      const Msg = require('WAWebMsgModel');
      const msg = new Msg(late ? { ...raw, type: 'ciphertext', body: undefined } : raw);
      MsgCollection.add(msg);
      chat.msgs.add(msg);
      if (raw.isNewMsg) {
        chat.set('t', msg.t);
        if (!raw.id.fromMe) chat.set('unreadCount', chat.unreadCount + 1);
        await require('WAWebCreateChat').createChatRecord(chat);
      }
      if (late) require('SandboxInbox').decryptLater(msg, raw);
    };
  });

  __d.es('WAWebHandleMsgReceipts', (exports, require) => {
    const { MsgCollection } = require('WAWebMsgCollection');

    function apply({ ack, from, externalIds }) {
      for (const id of externalIds) {
        const ours = (msg) => msg.id.fromMe && msg.id.id === id && msg.id.remote.equals(from);
        (MsgCollection.get(`true_${from}_${id}`) ?? MsgCollection.findFirst(ours))?.updateAck(ack);
      }
    }
    exports.handleChatSimpleReceipt = async (receipt) => apply(receipt);
    exports.handleGroupSimpleReceipt = async (receipt) => apply(receipt);
    exports.handleStatusSimpleReceipt = async (receipt) => apply(receipt);
  });

  __d.es('WAWebQuotedMsgModelUtils', (exports, require) => {
    exports.getQuotedMsgObj = (msg) => {
      const { MsgCollection } = require('WAWebMsgCollection');
      const remote = msg.quotedRemoteJid ?? msg.id.remote;
      return (
        MsgCollection.get(`true_${remote}_${msg.quotedStanzaID}`) ??
        MsgCollection.get(`false_${remote}_${msg.quotedStanzaID}`)
      );
    };
  });
})();
