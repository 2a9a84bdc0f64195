/* How the page becomes a linked device: the QR, the pairing code, and the check of the phone's answer. */
(function () {
  'use strict';

  const ANSWER_TIMEOUT_MS = 10000;

  __d.es('SandboxLinking', (exports, require) => {
    const { Socket } = require('WAWebSocketModel');
    const { Conn } = require('WAWebConnModel');
    const { Stream } = require('WAWebStreamModel');
    const { BackendEvent, BackendEventBus } = require('WAWebBackendEventBus');
    const { WAWebLinkDeviceEvents } = require('WAWebLinkDeviceEvents');
    const storage = require('SandboxStorage');
    const transport = require('SandboxTransport');
    const keyring = require('SandboxKeys');
    const { encodeB64, decodeB64 } = require('WABase64');
    const keys = () => require('SandboxSession').keys;

    let pendingCode = null; // {code, secret, timer}
    let codeRequests = 0;
    let identity = null; // what the phone said about us, once it was checked

    // QR

    transport.frames.on('ref', ({ ref }) => {
      Conn.set('ref', ref);
      Socket.set('state', 'UNPAIRED');
      Stream.set('info', 'PAIRING');
      Stream.set('mode', 'QR');
    });
    transport.frames.on('idle', () => Socket.set('state', 'UNPAIRED_IDLE'));
    exports.refreshQr = () => {
      BackendEventBus.trigger(BackendEvent.REFRESH_QR);
      transport.send({ t: 'refresh' });
    };
    exports.qrText = () =>
      [
        Conn.ref,
        encodeB64(keys().noisePub),
        encodeB64(keys().identityPub),
        keys().advSecret,
        require('WAWebCompanionRegClientUtils').DEVICE_PLATFORM,
      ].join(',');

    // pairing code

    exports.requestCode = async (phone) => {
      const code = keyring.newCode();
      const salt = crypto.getRandomValues(new Uint8Array(16));
      const { digest, secret } = await keyring.codeKeys(code, salt);
      const req = (codeRequests += 1);
      const answer = new Promise((resolve, reject) => {
        const timer = setTimeout(
          () => finish(() => reject(new Error('requestCode: the server did not answer'))),
          ANSWER_TIMEOUT_MS
        );
        const shown = (frame) => frame.req === req && finish(() => resolve(frame));
        const refused = (frame) => frame.req === req && finish(() => reject(new Error(frame.message)));
        const finish = (then) => {
          clearTimeout(timer);
          transport.frames.off('code-shown', shown).off('code-refused', refused);
          then();
        };
        transport.frames.on('code-shown', shown).on('code-refused', refused);
      });
      if (!transport.send({ t: 'code', req, phone, digest, salt: encodeB64(salt) }))
        throw new Error('requestCode: not connected');
      const { lifeMs } = await answer;
      clearTimeout(pendingCode?.timer);
      const expire = () => WAWebLinkDeviceEvents.triggerRefreshAltLinkingCode();
      pendingCode = { code, secret, timer: setTimeout(expire, lifeMs) };
      require('SandboxScreen').draw();
      return code;
    };

    // link: the phone's answer must be made with a secret that only this page and the phone know

    transport.frames.on('pair', async ({ details, hmac }) => {
      const answer = { details, hmac };
      const byQr = await keyring.verifyIdentity(keys().advSecret, answer);
      const byCode = !byQr && pendingCode !== null && (await keyring.verifyIdentity(pendingCode.secret, answer));
      if (!byQr && !byCode) {
        transport.send({ t: 'pair-answer', refused: 'the secret in the QR is not the one of this page' });
        return;
      }
      if (byCode) WAWebLinkDeviceEvents.triggerPrimaryHelloReceived();
      identity = JSON.parse(new TextDecoder().decode(decodeB64(details)));
      transport.send({ t: 'pair-answer', signature: await keyring.sign(keys(), details) });
    });
    transport.frames.on('passkey', () => {
      transport.leave();
      Conn.set('ref', undefined);
      require('SandboxScreen').notice('Use your passkey to continue. Open WhatsApp on the phone and confirm the link there.');
    });
    transport.frames.on('linked', async () => {
      const { pn, lid, device } = identity;
      await storage.putForSure('keys', { id: 'account', me: { pn, lid, device } });
      transport.send({ t: 'paired' });
    });

    exports.shownCode = () => pendingCode?.code ?? null;
    exports.done = () => {
      clearTimeout(pendingCode?.timer);
      pendingCode = null;
    };
  });
})();
