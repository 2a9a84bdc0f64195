/* What the browser profile keeps: keys, account, chats, contacts and messages, in IndexedDB. */
(function () {
  'use strict';

  const STORES = {
    keys: 'id',
    chats: 'id',
    contacts: 'id',
    messages: 'key',
    reactions: ['parentMsgKey', 'senderUserJid'],
    'poll-votes': ['parentMsgKey', 'sender'],
    lids: 'lid',
  };

  __d.es('SandboxStorage', (exports, require) => {
    const request = (operation) =>
      new Promise((resolve, reject) => {
        operation.onsuccess = () => resolve(operation.result);
        operation.onerror = () => reject(operation.error);
      });

    const opening = indexedDB.open('wa-sandbox', 3);
    opening.onupgradeneeded = () => {
      for (const [name, keyPath] of Object.entries(STORES)) {
        if (opening.result.objectStoreNames.contains(name)) continue;
        const objects = opening.result.createObjectStore(name, { keyPath });
        if (Array.isArray(keyPath)) objects.createIndex(keyPath[0], keyPath[0]);
      }
    };
    const opened = request(opening);

    async function within(store, mode, work, durability = 'relaxed') {
      const transaction = (await opened).transaction(store, mode, { durability });
      const done = new Promise((resolve, reject) => {
        transaction.oncomplete = resolve;
        transaction.onabort = () => reject(transaction.error);
      });
      const result = await request(work(transaction.objectStore(store)));
      await done;
      return result;
    }

    exports.get = (store, id) => within(store, 'readonly', (objects) => objects.get(id));
    exports.all = (store) => within(store, 'readonly', (objects) => objects.getAll());
    // The rows in which a column, one that has an index, has one of these values.
    exports.anyOf = async (store, column, values) => {
      const index = (await opened).transaction(store).objectStore(store).index(column);
      return (await Promise.all(values.map((value) => request(index.getAll(value))))).flat();
    };
    exports.put = (store, value) => within(store, 'readwrite', (objects) => objects.put(value));
    // Keys and account: on the disk before anybody hears of them, so that a killed browser keeps its login.
    exports.putForSure = (store, value) => within(store, 'readwrite', (objects) => objects.put(value), 'strict');
    exports.remove = (store, id) => within(store, 'readwrite', (objects) => objects.delete(id), 'strict');
    exports.clear = async () => {
      for (const store of Object.keys(STORES)) await within(store, 'readwrite', (objects) => objects.clear(), 'strict');
    };

    const plain = (value) => (value && typeof value === 'object' && '_serialized' in value ? value.toString() : value);
    const record = (msg) => {
      const attributes = msg.attributes ?? msg;
      const { id, type, body, from, to, t, ack, quotedMsg, quotedStanzaID, quotedParticipant, notifyName, author, caption } = attributes;
      const { errorCode, isSendFailure, latestEditMsgKey } = attributes;
      return {
        ...require('SandboxMedia').stored(attributes),
        key: id.toString(),
        type,
        body,
        from: plain(from),
        to: plain(to),
        t,
        ack,
        quotedMsg,
        quotedStanzaID,
        quotedParticipant: plain(quotedParticipant),
        notifyName,
        author: plain(author),
        caption,
        errorCode,
        isSendFailure,
        latestEditMsgKey: latestEditMsgKey?.toString(),
        content: require('SandboxContents').of(attributes),
      };
    };
    exports.putMessage = (msg) => exports.put('messages', record(msg));
    // In one transaction.
    exports.putMessages = (msgs) => within('messages', 'readwrite', (objects) => msgs.map((msg) => objects.put(record(msg))).at(-1));
  });

  __d.es('SandboxKeys', (exports, require) => {
    const { encodeB64, decodeB64 } = require('WABase64');
    const storage = require('SandboxStorage');
    const utf8 = new TextEncoder();

    async function make() {
      const noise = await crypto.subtle.generateKey({ name: 'X25519' }, false, ['deriveBits']);
      const identity = await crypto.subtle.generateKey({ name: 'Ed25519' }, false, ['sign', 'verify']);
      const advSecret = encodeB64(crypto.getRandomValues(new Uint8Array(32)));
      const keys = {
        id: 'own',
        noise,
        identity,
        advSecret,
        registrationId: crypto.getRandomValues(new Uint16Array(1))[0],
      };
      await storage.putForSure('keys', keys);
      return keys;
    }

    // Own keys, made once per profile; the private halves cannot be exported even by the page.
    exports.load = async () => {
      const keys = (await storage.get('keys', 'own')) ?? (await make());
      const raw = async (key) => crypto.subtle.exportKey('raw', key.publicKey);
      return { ...keys, noisePub: await raw(keys.noise), identityPub: await raw(keys.identity) };
    };

    const hmacKey = (bytes) =>
      crypto.subtle.importKey('raw', bytes, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign', 'verify']);

    exports.prove = async (keys, { serverPub, nonce }) => {
      const server = await crypto.subtle.importKey('raw', decodeB64(serverPub), { name: 'X25519' }, false, []);
      const shared = await crypto.subtle.deriveBits({ name: 'X25519', public: server }, keys.noise.privateKey, 256);
      return encodeB64(await crypto.subtle.sign('HMAC', await hmacKey(shared), decodeB64(nonce)));
    };

    exports.verifyIdentity = async (secret, { details, hmac }) =>
      crypto.subtle.verify('HMAC', await hmacKey(decodeB64(secret)), decodeB64(hmac), decodeB64(details));

    exports.sign = async (keys, details) =>
      encodeB64(await crypto.subtle.sign('Ed25519', keys.identity.privateKey, decodeB64(details)));

    const ALPHABET = '123456789ABCDEFGHJKLMNPQRSTVWXYZ'; // 32 characters: each random byte gives one without bias
    exports.newCode = () =>
      Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) => ALPHABET[byte % 32]).join('');
    exports.codeKeys = async (code, salt) => {
      const key = await crypto.subtle.importKey('raw', utf8.encode(code), 'PBKDF2', false, ['deriveBits']);
      const derived = await crypto.subtle.deriveBits(
        { name: 'PBKDF2', hash: 'SHA-256', salt, iterations: 20000 },
        key,
        512
      );
      return { digest: encodeB64(derived.slice(0, 32)), secret: encodeB64(derived.slice(32)) };
    };
  });
})();
