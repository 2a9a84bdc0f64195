/* What is done with the bytes of media: WhatsApp's own steps, by the browser's own cryptography. */
(function () {
  'use strict';

  const KEY_NAMES = {
    image: 'WhatsApp Image Keys',
    sticker: 'WhatsApp Image Keys',
    video: 'WhatsApp Video Keys',
    audio: 'WhatsApp Audio Keys',
    ptt: 'WhatsApp Audio Keys',
    document: 'WhatsApp Document Keys',
  };
  const MAC_BYTES = 10;

  __d.es('SandboxMediaCrypto', (exports, require) => {
    const { encodeB64, decodeB64 } = require('WABase64');
    const utf8 = new TextEncoder();

    exports.kinds = Object.keys(KEY_NAMES);
    exports.sha256 = async (bytes) => encodeB64(await crypto.subtle.digest('SHA-256', bytes));
    exports.urlSafe = (base64) => base64.replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');

    async function expand(mediaKey, kind) {
      const key = await crypto.subtle.importKey('raw', mediaKey, 'HKDF', false, ['deriveBits']);
      const info = utf8.encode(KEY_NAMES[kind]);
      const bits = await crypto.subtle.deriveBits(
        { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(32), info },
        key,
        112 * 8
      );
      const bytes = new Uint8Array(bits);
      return { iv: bytes.slice(0, 16), cipherKey: bytes.slice(16, 48), macKey: bytes.slice(48, 80) };
    }

    const aes = (key, use) => crypto.subtle.importKey('raw', key, 'AES-CBC', false, [use]);

    async function mac({ iv, macKey }, sealed) {
      const key = await crypto.subtle.importKey('raw', macKey, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
      const all = new Uint8Array(iv.length + sealed.length);
      all.set(iv);
      all.set(sealed, iv.length);
      return new Uint8Array(await crypto.subtle.sign('HMAC', key, all)).slice(0, MAC_BYTES);
    }

    exports.encrypt = async (plain, kind, mediaKey = crypto.getRandomValues(new Uint8Array(32))) => {
      const keys = await expand(mediaKey, kind);
      const cipherKey = await aes(keys.cipherKey, 'encrypt');
      const sealed = new Uint8Array(await crypto.subtle.encrypt({ name: 'AES-CBC', iv: keys.iv }, cipherKey, plain));
      const bytes = new Uint8Array(sealed.length + MAC_BYTES);
      bytes.set(sealed);
      bytes.set(await mac(keys, sealed), sealed.length);
      return { bytes, mediaKey: encodeB64(mediaKey), encFilehash: await exports.sha256(bytes) };
    };

    exports.decrypt = async (bytes, { mediaKey, encFilehash, filehash, type }) => {
      if ((await exports.sha256(bytes)) !== encFilehash) throw new Error('the encrypted hash does not match');
      const keys = await expand(decodeB64(mediaKey), type);
      const sealed = bytes.slice(0, -MAC_BYTES);
      if (String(await mac(keys, sealed)) !== String(bytes.slice(-MAC_BYTES))) throw new Error('the MAC does not match');
      const cipherKey = await aes(keys.cipherKey, 'decrypt');
      const plain = await crypto.subtle.decrypt({ name: 'AES-CBC', iv: keys.iv }, cipherKey, sealed);
      if ((await exports.sha256(plain)) !== filehash) throw new Error('the hash does not match');
      return plain;
    };
  });
})();
