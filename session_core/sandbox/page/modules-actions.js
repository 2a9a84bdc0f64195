/* What clients ask of chats: find or open one, send to it, read it, look messages up. */
(function () {
  'use strict';

  __d.es('WAWebQueryExistsJob', (exports, require) => {
    const { createWid } = require('WAWebWidFactory');
    exports.queryWidExists = async (wid) => {
      const found = await require('SandboxTransport').find(wid.toString());
      if (!found?.exists) return null;
      require('WAWebLidPnCache').lidPnCache.learn(found.chat);
      return { wid: createWid(found.chat.wid), biz: false, name: found.name, chat: found.chat };
    };
    exports.queryPhoneExists = (phone) => exports.queryWidExists(createWid(`${phone.replace(/\D/g, '')}@c.us`));
  });

  __d.es('WAWebFindChatAction', (exports, require) => {
    const { ChatCollection } = require('WAWebChatCollection');
    const { createWid } = require('WAWebWidFactory');
    const { getAlternateUserWid } = require('WAWebApiContact');

    exports.findExistingChat = (wid) => {
      const other = getAlternateUserWid(wid);
      return ChatCollection.get(wid) ?? (other && ChatCollection.get(other));
    };

    // The chat of a number may live under its hidden id: the caller gets the chat that is, not the one it named.
    exports.findOrCreateLatestChat = async (wid) => {
      const known = exports.findExistingChat(wid);
      if (known) return { chat: known, created: false };
      if (!require('SandboxTransport').connected)
        return { chat: require('WAWebCreateChat').createChat({ wid: String(wid) }), created: true };
      const found = await require('WAWebQueryExistsJob').queryWidExists(wid);
      if (!found) return null;
      return { chat: require('WAWebCreateChat').createChat(found.chat, found.name), created: true };
    };
    exports.findChat = async (wid) => (await exports.findOrCreateLatestChat(createWid(String(wid))))?.chat;
  });

  __d.es('WAWebCreateChat', (exports, require) => {
    const { ChatCollection } = require('WAWebChatCollection');
    const { ContactCollection } = require('WAWebContactCollection');
    const { createWid } = require('WAWebWidFactory');

    exports.createChatRecord = async (chat) =>
      require('SandboxStorage').put('chats', {
        id: chat.id.toString(),
        name: chat.name,
        unreadCount: chat.unreadCount,
        t: chat.t,
      });
    exports.createChat = ({ wid, pn, lid, subject, members }, name) => {
      if (pn && lid) require('WAWebLidPnCache').lidPnCache.learn({ pn, lid });
      const id = createWid(wid);
      const known = require('WAWebFindChatAction').findExistingChat(id);
      if (id.isGroup() && subject) importNamespace('WAWebGroupMetadataCollection').default.learn(id, { subject, members });
      const chat = known ?? ChatCollection.add({ id, t: Math.floor(Date.now() / 1000) });
      if (id.isGroup()) {
        if (subject && subject !== chat.name) chat.set('name', subject);
        if (!known) exports.createChatRecord(chat);
        return chat;
      }
      const contact = ContactCollection.get(chat.id) ?? ContactCollection.add({ id: chat.id });
      if (known && (!name || name === contact.pushname)) return chat;
      if (name) contact.set('pushname', name);
      if (name) chat.set('name', name);
      require('SandboxStorage').put('contacts', { id: chat.id.toString(), name: contact.pushname, pn, lid });
      exports.createChatRecord(chat);
      return chat;
    };
  });

  __d.es('WAWebUpdateUnreadChatAction', (exports, require) => {
    const chatOf = (argument) => argument?.chat ?? argument;
    exports.sendSeen = async (argument) => {
      const chat = chatOf(argument);
      if (chat.unreadCount === 0) return;
      chat.set('unreadCount', 0);
      require('SandboxTransport').send({ t: 'seen', chat: chat.id.toString() });
      await require('WAWebCreateChat').createChatRecord(chat);
    };
    exports.markUnread = async (argument) => {
      chatOf(argument).set('unreadCount', -1);
    };
  });

  __d.es('WAWebMsgReply', (exports) => {
    exports.canReplyMsg = (msg) =>
      Boolean(msg?.id) && !['ciphertext', 'protocol', 'notification', 'revoked'].includes(msg.type) && msg.ack >= 0;
  });

  __d.es('WAWebGetEphemeralFieldsMsgActionsUtils', (exports) => {
    exports.getEphemeralFields = () => ({});
  });

  __d.es('WALinkify', (exports) => {
    const LINK = /https?:\/\/[^\s<>"']+/g;
    const link = (url) => ({ href: url, url, suspiciousCharacters: new Set() });
    exports.findLinks = (text) => (String(text ?? '').match(LINK) ?? []).map(link);
    exports.findLink = (text) => exports.findLinks(text)[0];
    exports.findFirstWebLink = exports.findLink;
  });

  __d.es('WAWebChatGetters', (exports) => {
    exports.getIsNewsletter = (chat) => chat.id.isNewsletter();
    exports.getIsBroadcast = (chat) => chat.id.isBroadcast();
    exports.getIsUser = (chat) => chat.id.isUser();
    exports.getIsGroup = (chat) => chat.id.isGroup();
    exports.getHasUnread = (chat) => chat.unreadCount !== 0;
  });

  __d.es('WAWebFrontendChatGetters', (exports) => {
    exports.getShouldAppearInList = (chat) => !chat.archive;
    exports.getPreviewMessage = (chat) => chat.msgs.last();
    exports.getShowChangeNumberNotification = () => false;
    exports.getShouldShowUnreadDivider = (chat) => chat.unreadCount > 0;
  });

  __d.es('WAWebMsgFind', (exports, require) => {
    const inChat = (remote) =>
      require('WAWebMsgCollection')
        .MsgCollection.filter((msg) => msg.id.remote.equals(remote))
        .sort((a, b) => a.t - b.t);

    function around({ anchor, count, before }) {
      const messages = inChat(anchor.remote);
      const at = messages.findIndex((msg) => msg.id.equals(anchor));
      if (at < 0) return [];
      const found = before ? messages.slice(0, at) : messages.slice(at + 1);
      if (!Number.isFinite(count)) return found;
      return before ? found.slice(-count || found.length) : found.slice(0, count);
    }
    exports.msgFindBefore = async (query) => ({ messages: around({ ...query, before: true }) });
    exports.msgFindAfter = async (query) => ({ messages: around({ ...query, before: false }) });
    exports.msgFindByDirection = (query) =>
      query.direction === 'after' ? exports.msgFindAfter(query) : exports.msgFindBefore(query);
    exports.getSearchContext = ({ chat }) => ({ collection: chat.msgs });
  });
})();
