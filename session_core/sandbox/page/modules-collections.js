/* The stores. wa-js prefers an export named `<X>CollectionImpl` and then wants the class there, so only those have one that the facts name. */
(function () {
  'use strict';

  __d.es('WAWebMsgCollection', (exports, require) => {
    const Collection = require('WAWebCollection');

    class MsgCollection extends Collection {
      static model = require('WAWebMsgModel');

      // Every message that arrives goes through here before any store sees it; clients wrap it.
      async processMultipleMessages(chatId, messages, ..._rest) {
        return require('WAWebHandleSingleMsg').store(chatId, messages);
      }

      async getMessagesById(ids) {
        return { messages: ids.map((id) => this.get(id)).filter(Boolean) };
      }
    }

    exports.ChatMsgsCollection = class ChatMsgsCollection extends Collection {
      static model = require('WAWebMsgModel');

      loadAroundPromise = Promise.resolve();
    };
    exports.MsgCollectionImpl = MsgCollection;
    exports.MsgCollection = new MsgCollection();
  });

  __d.es('WAWebChatCollection', (exports, require) => {
    const Collection = require('WAWebCollection');

    class ChatCollection extends Collection {
      static model = require('WAWebChatModel');
    }
    exports.ChatCollectionImpl = ChatCollection;
    exports.ChatCollection = new ChatCollection();
  });

  __d.es('WAWebContactCollection', (exports, require) => {
    const Collection = require('WAWebCollection');

    class ContactCollection extends Collection {
      static model = require('WAWebContactModel');
    }
    exports.ContactCollectionImpl = ContactCollection;
    exports.ContactCollection = new ContactCollection();
  });

  __d.common('WAWebParticipantCollection', (require) => {
    const Collection = require('WAWebCollection');
    const { BaseModel, defineModel } = require('WAWebBaseModel');

    class Participant extends BaseModel {}
    defineModel(Participant, { id: undefined, isAdmin: false, isSuperAdmin: false });

    return class ParticipantCollection extends Collection {
      static model = Participant;

      iAmAdmin() {
        return false;
      }
    };
  });

  __d.common('WAWebGroupMetadataCollection', (require) => {
    const Collection = require('WAWebCollection');

    class GroupMetadataCollection extends Collection {
      static model = require('WAWebGroupMetadataModel');

      _handleParentGroupChange() {}

      async update(id) {
        return this.get(id);
      }

      of(id) {
        return this.get(id) ?? this.add({ id });
      }

      async find(id) {
        return this.of(id);
      }

      // What the server says of a group.
      learn(id, { subject, members = [] }) {
        const { createWid } = require('WAWebWidFactory');
        const metadata = this.of(id);
        metadata.set('subject', subject);
        const own = require('WAWebUserPrefsMeUser').getMeLidUserOrThrow();
        metadata.participants.add([own, ...members.map(({ lid }) => createWid(lid))].map((wid) => ({ id: wid })));
        members.forEach(require('WAWebLidPnCache').lidPnCache.learn);
      }
    }
    return new GroupMetadataCollection();
  });

  __d.es('WAWebPresenceCollection', (exports, require) => {
    const Collection = require('WAWebCollection');
    const { BaseModel, defineModel } = require('WAWebBaseModel');

    class Chatstate extends BaseModel {}
    defineModel(Chatstate, { id: undefined, type: undefined, t: undefined, deny: false });

    class Presence extends BaseModel {
      async subscribe() {
        this.set('subscribed', true);
      }
    }
    defineModel(Presence, {
      id: undefined,
      isOnline: false,
      isUser: true,
      isGroup: false,
      hasData: false,
      subscribed: false,
      chatstate: undefined,
      chatstates: undefined,
    });

    class Chatstates extends Collection {
      static model = Chatstate;
    }

    class PresenceCollection extends Collection {
      static model = Presence;
    }
    exports.PresenceCollection = new PresenceCollection();
    exports.presenceOf = (id) => {
      const known = exports.PresenceCollection.get(id);
      if (known) return known;
      const chatstate = new Chatstate({ id });
      const kind = { isUser: !id.isGroup(), isGroup: id.isGroup() };
      const presence = exports.PresenceCollection.add({ id, chatstate, chatstates: new Chatstates(), ...kind });
      chatstate.on('change:type', (state) => presence.trigger('change:chatstate.type', state));
      return presence;
    };
    exports.Chatstate = Chatstate;
    exports.Presence = Presence;
  });

  __d.es('WAWebBlocklistCollection', (exports, require) => {
    const Collection = require('WAWebCollection');

    class BlocklistCollection extends Collection {
      static model = require('WAWebContactModel');
    }
    exports.BlocklistCollection = new BlocklistCollection();
  });

  __d.es('WAWebStatusCollection', (exports, require) => {
    const Collection = require('WAWebCollection');

    class StatusCollection extends Collection {
      static model = require('WAWebChatModel');

      getMyStatus() {
        return { msgs: new (require('WAWebMsgCollection').ChatMsgsCollection)() };
      }
    }
    exports.StatusCollection = new StatusCollection();
  });

  __d.es('WAWebTextStatusCollection', (exports, require) => {
    const Collection = require('WAWebCollection');

    class TextStatusCollection extends Collection {
      static model = require('WAWebContactModel');
    }
    exports.TextStatusCollection = new TextStatusCollection();
  });

  __d.common('WAWebCallCollection', (require) => {
    const EventEmitter = require('WAWebEventEmitter');
    const Call = require('WAWebCallModel');

    class CallCollection extends EventEmitter {
      _calls = new Map(); // clients that watch calls look for a property that is a Map

      processIncomingCall(attributes) {
        const call = new Call(attributes);
        this._calls.set(call.id, call);
        this.trigger('add', call);
        return call;
      }

      setActiveCall(call) {
        this.activeCall = call;
      }
    }
    return new CallCollection();
  });

  __d.es('WAWebCollections', (exports, require, namespace) => {
    exports.Msg = require('WAWebMsgCollection').MsgCollection;
    exports.Chat = require('WAWebChatCollection').ChatCollection;
    exports.Contact = require('WAWebContactCollection').ContactCollection;
    exports.GroupMetadata = namespace('WAWebGroupMetadataCollection').default;
    exports.Presence = require('WAWebPresenceCollection').PresenceCollection;
    exports.Blocklist = require('WAWebBlocklistCollection').BlocklistCollection;
    exports.Status = require('WAWebStatusCollection').StatusCollection;
  });
})();
