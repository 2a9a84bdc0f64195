/* Kinds of messages beside text: what they carry, how they are written on the wire, and what can be done to them later. */
(function () {
  'use strict';

  __d.es('SandboxContents', (exports, require) => {
    // What a kind carries beside the fields that every message has; everything else in a model is the page's own.
    exports.FIELDS = {
      chat: ['title', 'description', 'canonicalUrl', 'matchedText'], // of the preview of a link
      location: ['lat', 'lng', 'loc'],
      vcard: ['body', 'vcardFormattedName'],
      multi_vcard: ['vcardList'],
      poll_creation: ['pollName', 'pollOptions', 'pollSelectableOptionsCount'],
    };
    exports.of = (msg) => {
      const names = [...(exports.FIELDS[msg.type] ?? []), 'mentionedJidList'];
      const carried = names.filter((name) => msg[name] !== undefined).map((name) => [name, msg[name]]);
      return JSON.parse(JSON.stringify(Object.fromEntries(carried)));
    };
    exports.attributes = ({ mentionedJidList, ...content } = {}) => ({
      ...content,
      ...(mentionedJidList ? { mentionedJidList: mentionedJidList.map(require('WAWebWidFactory').createWid) } : {}),
    });
    exports.textOf = (msg) => String((msg.type === 'chat' ? msg.body : msg.caption) ?? '');

    const contextOf = (msg) => ({
      ...(msg.quotedStanzaID
        ? { stanzaId: msg.quotedStanzaID, participant: String(msg.quotedParticipant ?? '') }
        : {}),
      ...(msg.mentionedJidList?.length ? { mentionedJid: msg.mentionedJidList.map(String) } : {}),
    });
    exports.PROTOS = {
      chat: (msg) => {
        const contextInfo = contextOf(msg);
        if (!Object.keys(contextInfo).length) return { conversation: String(msg.body ?? '') };
        return { extendedTextMessage: { text: String(msg.body ?? ''), contextInfo } };
      },
      location: (msg) => {
        const [name, ...address] = String(msg.loc ?? '').split('\n');
        const place = { degreesLatitude: msg.lat, degreesLongitude: msg.lng, name, address: address.join('\n') };
        return { locationMessage: { ...place, contextInfo: contextOf(msg) } };
      },
      vcard: (msg) => ({
        contactMessage: { displayName: msg.vcardFormattedName, vcard: msg.body, contextInfo: contextOf(msg) },
      }),
      multi_vcard: (msg) => ({ contactsArrayMessage: { contacts: msg.vcardList, contextInfo: contextOf(msg) } }),
      poll_creation: (msg) => ({
        pollCreationMessage: {
          name: msg.pollName,
          options: msg.pollOptions.map(({ name }) => ({ optionName: name })),
          selectableOptionsCount: msg.pollSelectableOptionsCount,
          contextInfo: contextOf(msg),
        },
      }),
    };
  });

  __d.es('WAWebFrontendVcardUtils', (exports) => {
    exports.vcardFromContactModel = (contact) => {
      const [name, number] = [contact.formattedName ?? contact.name ?? contact.pushname ?? '', contact.id.user];
      const lines = ['BEGIN:VCARD', 'VERSION:3.0', `N:;${name};;;`, `FN:${name}`];
      lines.push(`TEL;type=CELL;waid=${number}:+${number}`, 'END:VCARD');
      return { displayName: name, vcard: lines.join('\n') };
    };
  });

  __d.es('WAWebMsgActionCapability', (exports) => {
    const EDIT_S = 15 * 60;
    const REVOKE_S = 60 * 60 * 60;
    const young = (msg, seconds) => Date.now() / 1000 - msg.t < seconds;
    exports.canEditText = (msg) => msg.id.fromMe && msg.type === 'chat' && msg.ack >= 0 && young(msg, EDIT_S);
    exports.canEditCaption = () => false;
    exports.canSenderRevokeMsg = (msg) =>
      msg.id.fromMe && msg.type !== 'revoked' && msg.ack >= 0 && young(msg, REVOKE_S);
    exports.canAdminRevokeMsg = () => false;
  });

  __d.es('WAWebSendMessageEditAction', (exports, require) => {
    // `edit`: a message of type protocol and subtype message_edit, with the id of the edit itself.
    exports.addAndSendMessageEdit = async (msg, edit) => {
      const text = edit.body ?? edit.caption;
      await require('SandboxTransport').ask({ t: 'edit', id: msg.id.id, text });
      await require('SandboxChanges').edit(msg, text, edit.id);
      return msg;
    };
    exports.sendMessageEdit = async (msg, text) => {
      const MsgKey = require('WAWebMsgKey');
      const id = new MsgKey({ id: await MsgKey.newId(), remote: msg.id.remote, fromMe: true });
      return exports.addAndSendMessageEdit(msg, { body: text, id });
    };
  });

  __d.es('WAWebSendReactionMsgAction', (exports, require) => {
    exports.sendReactionToMsg = async (msg, emoji) => {
      await require('SandboxTransport').ask({ t: 'react', id: msg.id.id, emoji });
      const MsgKey = require('WAWebMsgKey');
      const key = new MsgKey({ id: await MsgKey.newId(), remote: msg.id.remote, fromMe: true });
      await require('SandboxChanges').reaction(msg, key, require('WAWebUserPrefsMeUser').getMePnUserOrThrow(), emoji);
      return 'OK';
    };
  });

  __d.es('SandboxRevoking', (exports, require) => {
    // As commands: since 2.3000 the messages come as `{type, list}`, before that as a plain list.
    const listOf = (messages) => (Array.isArray(messages) ? messages : messages.list);
    exports.sendRevokeMsgs = async (_chat, messages) => {
      for (const msg of listOf(messages)) {
        await require('SandboxTransport').ask({ t: 'revoke', id: msg.id.id });
        await require('SandboxChanges').revoke(msg);
      }
    };
    exports.sendDeleteMsgs = async (chat, messages) => {
      for (const msg of listOf(messages)) {
        require('WAWebMsgCollection').MsgCollection.remove(msg);
        chat.msgs.remove(msg);
        await require('SandboxStorage').remove('messages', msg.id.toString());
      }
    };
  });

  __d.es('WAWebChatStateBridge', (exports, require) => {
    const shows = (state) => async (wid) => {
      require('SandboxTransport').send({ t: 'chatstate', chat: wid.toString(), state });
    };
    exports.sendChatStateComposing = shows('composing');
    exports.sendChatStateRecording = shows('recording');
    exports.sendChatStatePaused = shows('paused');
  });

  __d.es('WAWebChatPresence', (exports, require) => {
    const bridge = require('WAWebChatStateBridge');
    exports.markComposing = (chat) => bridge.sendChatStateComposing(chat.id);
    exports.markRecording = (chat) => bridge.sendChatStateRecording(chat.id);
    exports.markPaused = (chat) => bridge.sendChatStatePaused(chat.id);
  });
})();
