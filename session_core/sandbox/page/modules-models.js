/* Messages, chats and contacts. */
(function () {
  'use strict';

  __d.common('WAWebMsgModel', (require) => {
    const { BaseModel, defineModel } = require('WAWebBaseModel');
    const MsgKey = require('WAWebMsgKey');
    const { createWid } = require('WAWebWidFactory');

    class Msg extends BaseModel {
      constructor(attributes = {}) {
        super({
          ...attributes,
          ...(attributes.id && !(attributes.id instanceof MsgKey)
            ? { id: MsgKey.fromString(String(attributes.id)) }
            : {}),
        });
      }

      initialize() {
        require('SandboxMedia').adorn(this);
      }

      // Never throws: `mediaData.mediaStage` tells how it ended.
      async downloadMedia(_options) {
        return require('SandboxMedia').download(this);
      }

      avParams() {
        return {};
      }

      get sender() {
        return this.id.fromMe ? this.from : (this.author ?? this.from);
      }

      // Clients also ask the prototype itself, which has no id.
      get senderObj() {
        if (!this.id) return undefined;
        const { ContactCollection } = require('WAWebContactCollection');
        return ContactCollection.get(this.sender) ?? ContactCollection.add({ id: this.sender });
      }

      get chat() {
        return this.id && require('WAWebChatCollection').ChatCollection.get(this.id.remote);
      }

      // What a reply to this message carries.
      msgContextInfo() {
        const author = this.id.fromMe ? this.from : (this.author ?? this.from);
        return {
          quotedMsg: { type: this.type, body: this.body },
          quotedStanzaID: this.id.id,
          quotedParticipant: createWid(author.toString()),
          quotedRemoteJid: undefined,
        };
      }

      canReply() {
        return require('WAWebMsgReply').canReplyMsg(this);
      }

      updateAck(ack, force = false) {
        if (force || ack > this.ack || ack < 0) this.set('ack', ack);
      }
    }
    defineModel(Msg, {
      id: undefined,
      type: 'chat',
      subtype: undefined,
      body: undefined,
      caption: undefined,
      from: undefined,
      to: undefined,
      author: undefined,
      t: undefined,
      ack: 0,
      self: undefined,
      isNewMsg: false,
      local: false,
      notifyName: undefined,
      star: false,
      quotedMsg: undefined,
      quotedStanzaID: undefined,
      quotedParticipant: undefined,
      quotedRemoteJid: undefined,
      isEphemeral: false,
      isStatusV3: false,
      isViewOnce: false,
      links: undefined,
      mentionedJidList: undefined,
      latestEditMsgKey: undefined,
      latestEditSenderTimestampMs: undefined,
      protocolMessageKey: undefined,
      lat: undefined,
      lng: undefined,
      loc: undefined,
      vcardFormattedName: undefined,
      vcardList: undefined,
      pollName: undefined,
      pollOptions: undefined,
      pollSelectableOptionsCount: undefined,
      title: undefined,
      description: undefined,
      canonicalUrl: undefined,
      matchedText: undefined,
      isSendFailure: false,
      errorCode: undefined,
    });
    Msg.prototype.proxyName = 'msg';
    return Msg;
  });

  __d.common('WAWebChatModel', (require) => {
    const { BaseModel, defineModel } = require('WAWebBaseModel');

    class Chat extends BaseModel {
      initialize() {
        const ChatMsgsCollection = require('WAWebMsgCollection').ChatMsgsCollection;
        const values = {
          msgs: new ChatMsgsCollection(),
          presence: require('WAWebPresenceCollection').presenceOf(this.id),
          mute: { expiration: 0, isMuted: false },
          groupMetadata: this.id.isGroup() ? importNamespace('WAWebGroupMetadataCollection').default.of(this.id) : undefined,
        };
        for (const [name, value] of Object.entries(values))
          Object.defineProperty(this, name, { value, enumerable: false });
      }

      get contact() {
        return require('WAWebContactCollection').ContactCollection.get(this.id);
      }

      get formattedTitle() {
        return this.name || require('WAWebFrontendContactGetters').getFormattedName(this.contact ?? this);
      }

      // What a contact who knows the account has given it.
      getTcToken() {
        return this.msgs.getModelsArray().some((msg) => !msg.id.fromMe || msg.ack > 0) ? new ArrayBuffer(1) : undefined;
      }

      get lastReceivedKey() {
        return this.msgs.last()?.id;
      }

      serialize() {
        return {
          ...super.serialize(),
          formattedTitle: this.formattedTitle,
          lastReceivedKey: this.lastReceivedKey,
          msgs: this.msgs.serialize(),
        };
      }
    }
    defineModel(Chat, {
      id: undefined,
      name: undefined,
      t: undefined,
      unreadCount: 0,
      archive: false,
      pin: undefined,
      active: false,
      isReadOnly: false,
      muteExpiration: 0,
    });
    Chat.prototype.proxyName = 'chat';
    return Chat;
  });

  __d.common('WAWebContactModel', (require) => {
    const { BaseModel, defineModel } = require('WAWebBaseModel');

    class Contact extends BaseModel {
      get isMe() {
        return Boolean(this.id) && require('WAWebUserPrefsMeUser').isMeAccount(this.id);
      }

      get displayName() {
        return this.id && require('WAWebFrontendContactGetters').getDisplayName(this);
      }

      get formattedName() {
        return this.displayName;
      }

      get phoneNumber() {
        return this.id.isLid() ? require('WAWebLidPnCache').lidPnCache.getPhoneNumber(this.id) : this.id;
      }
    }
    defineModel(Contact, {
      id: undefined,
      name: undefined,
      pushname: undefined,
      shortName: undefined,
      isBusiness: false,
      isContactBlocked: false,
      type: 'in',
    });
    Contact.prototype.proxyName = 'contact';
    return Contact;
  });

  __d.common('WAWebGroupMetadataModel', (require) => {
    const { BaseModel, defineModel } = require('WAWebBaseModel');

    class GroupMetadata extends BaseModel {
      initialize() {
        const Participants = require('WAWebParticipantCollection');
        Object.defineProperty(this, 'participants', { value: new Participants(), enumerable: false });
      }
    }
    defineModel(GroupMetadata, { id: undefined, subject: undefined, stale: false, isLidAddressingMode: true });
    GroupMetadata.prototype.proxyName = 'group_metadata';
    return GroupMetadata;
  });

  __d.common('WAWebCallModel', (require) => {
    const EventEmitter = require('WAWebEventEmitter');

    return class CallModel extends EventEmitter {
      constructor(attributes) {
        super();
        Object.assign(this, attributes);
      }

      getState() {
        return this.state;
      }
    };
  });
})();
