/* Ids: of accounts and chats (Wid), and of messages (MsgKey). */
(function () {
  'use strict';

  const config = JSON.parse(document.getElementById('sandbox-config').textContent);

  __d.common('WAWebWid', () => {
    const text = (wid) => (typeof wid === 'string' ? wid : (wid?._serialized ?? ''));
    const onServer =
      (...servers) =>
      (wid) =>
        servers.includes(text(wid).split('@')[1]);

    class Wid {
      constructor(serialized) {
        const [user, server] = serialized.split('@');
        this.server = server;
        this.user = user.split(':')[0];
        if (user.includes(':')) this.device = Number(user.split(':')[1]);
        this._serialized = serialized;
      }

      equals(other) {
        return text(other) === this._serialized;
      }

      isSameAccount(other) {
        return other?.user === this.user && other?.server === this.server;
      }

      isUser() {
        return Wid.isUser(this);
      }

      isLid() {
        return Wid.isLid(this);
      }

      isGroup() {
        return Wid.isGroup(this);
      }

      isBroadcast() {
        return Wid.isBroadcast(this);
      }

      isStatus() {
        return Wid.isStatusV3(this);
      }

      isStatusV3() {
        return Wid.isStatusV3(this);
      }

      isNewsletter() {
        return Wid.isNewsletter(this);
      }

      isUserNotPSA() {
        return this.isUser() && !this.isPSA();
      }

      isPSA() {
        return this._serialized === '0@c.us';
      }

      isServer() {
        return this._serialized === 'server@c.us';
      }

      isBot() {
        return this.server === 'bot';
      }

      isCompanion() {
        return this.getDeviceId() !== 0;
      }

      getDeviceId() {
        return this.device ?? 0;
      }

      toJid() {
        return this._serialized.replace('@c.us', '@s.whatsapp.net');
      }

      toString() {
        return this._serialized;
      }

      toJSON() {
        return this._serialized;
      }

      static isXWid(server, wid) {
        return text(wid).endsWith(`@${server}`);
      }

      static isWid(wid) {
        return /^[^@]+@(c\.us|lid|g\.us|broadcast|newsletter|bot)$/.test(text(wid));
      }

      static canBeWid(wid) {
        return Wid.isWid(wid);
      }

      static equals(a, b) {
        return text(a) === text(b);
      }
    }
    Wid.isUser = onServer('c.us', 'lid', 'bot');
    Wid.isLid = onServer('lid');
    Wid.isGroup = onServer('g.us');
    Wid.isBroadcast = onServer('broadcast');
    Wid.isNewsletter = onServer('newsletter');
    Wid.isStatusV3 = (wid) => text(wid) === 'status@broadcast';
    Wid.isStatus = Wid.isStatusV3;
    return Wid;
  });

  __d.es('WAWebWidFactory', (exports, require) => {
    const Wid = require('WAWebWid');
    const asUser = (wid) => exports.createWid(`${wid.user}@${wid.server}`);

    exports.createWid = (id) => {
      if (id instanceof Wid) return id;
      const serialized = String(id).replace('@s.whatsapp.net', '@c.us');
      if (!Wid.isWid(serialized)) throw new Error(`wid error: invalid wid ${serialized}`);
      return new Wid(serialized);
    };
    exports.createUserWidOrThrow = (user, server = 'c.us') =>
      exports.createWid(user.includes('@') ? user : `${user}@${server}`);
    exports.createUserWid = exports.createUserWidOrThrow;
    exports.createDeviceWid = (id) => exports.createWid(id);
    exports.createWidFromWidLike = (like) => exports.createWid(typeof like === 'string' ? like : like._serialized);
    exports.isWidlike = (value) =>
      value instanceof Wid ||
      (typeof value === 'object' && typeof value?._serialized === 'string' && 'server' in value);
    exports.asUserWidOrThrow = (wid) => {
      if (!wid.isUser()) throw new Error(`asUserWidOrThrow: ${wid} is not a user`);
      return asUser(wid);
    };
    exports.toUserWidOrThrow = exports.asUserWidOrThrow;
    exports.toUserWid = asUser;
    exports.toChatWid = asUser;
    exports.userJidToUserWid = exports.createWid;
  });

  __d.common('WAWebMsgKey', (require) => {
    const { createWid, isWidlike } = require('WAWebWidFactory');
    const hex = (bytes) =>
      Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0'))
        .join('')
        .toUpperCase();
    const wid = (value) => (isWidlike(value) ? createWid(value._serialized) : createWid(value));

    function parts(options) {
      if (options == null) throw new Error('MsgKey error: obj is null/undefined');
      if (options.id == null) throw new Error('MsgKey error: id is missing');
      if ('fromMe' in options) return { fromMe: Boolean(options.fromMe), remote: wid(options.remote) };
      const out = options.selfDir === 'out';
      return { fromMe: out, remote: wid(out ? options.to : options.from) };
    }

    const serialized = (key) =>
      [key.fromMe, key.remote.toString(), key.id, ...(key.participant ? [key.participant.toString()] : [])].join('_');

    // Two builds, because the class's source and its own properties are what clients look at: older ones cache the text in
    // `_serialized`, newer ones in a minified property.
    class CachedSerialized {
      constructor(options) {
        if (options == null) throw new Error('MsgKey error: obj is null/undefined');
        Object.assign(this, parts(options), { id: String(options.id) });
        if (options.participant) this.participant = wid(options.participant);
        this._serialized = serialized(this);
      }

      toString() {
        return this._serialized;
      }
    }

    class CachedMinified {
      constructor(options) {
        if (options == null) throw new Error('MsgKey error: obj is null/undefined');
        Object.assign(this, parts(options), { id: String(options.id) });
        if (options.participant) this.participant = wid(options.participant);
        this.$1 = serialized(this);
      }

      toString() {
        return this.$1;
      }
    }

    const MsgKey = config.msgKeyField === '$1' ? CachedMinified : CachedSerialized;
    MsgKey.prototype.equals = function (other) {
      return String(this) === String(other);
    };
    MsgKey.prototype.clone = function () {
      return new MsgKey(this);
    };
    MsgKey.newId = async () => `3EB0${hex(crypto.getRandomValues(new Uint8Array(9)))}`;
    MsgKey.newId_DEPRECATED = () => `3EB0${hex(crypto.getRandomValues(new Uint8Array(9)))}`;
    MsgKey.fromString = (text) => {
      const match = /^(true|false)_([^_]+)_([^_]+)(?:_(.+))?$/.exec(text);
      if (!match) throw new Error(`MsgKey error: cannot parse ${text}`);
      return new MsgKey({ fromMe: match[1] === 'true', remote: match[2], id: match[3], participant: match[4] });
    };
    MsgKey.from = (value) => (value instanceof MsgKey ? value : MsgKey.fromString(value));
    return MsgKey;
  });
})();
