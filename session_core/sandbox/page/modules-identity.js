/* Who this device is: keys, secret, account, and the link by code. */
(function () {
  'use strict';

  __d.es('WAWebUserPrefsMultiDevice', (exports, require) => {
    exports.getADVSecretKey = () => require('SandboxSession').keys.advSecret;
    exports.setADVSignedIdentity = (identity) => require('SandboxStorage').put('keys', { ...identity, id: 'identity' });
  });

  __d.es('WAWebUserPrefsInfoStore', (exports, require) => {
    exports.waNoiseInfo = {
      async get() {
        const { keys } = await require('SandboxSession').ready;
        return { staticKeyPair: { pubKey: keys.noisePub } };
      },
    };
  });

  __d.es('WAWebSignalStoreApi', (exports, require) => {
    exports.waSignalStore = {
      async getRegistrationInfo() {
        const { keys } = await require('SandboxSession').ready;
        return { registrationId: keys.registrationId, identityKeyPair: { pubKey: keys.identityPub } };
      },
    };
  });

  __d.es('WAWebAdvSignatureApi', (exports, require) => {
    exports.verifyDeviceIdentityHmac = (identity) =>
      require('SandboxKeys').verifyIdentity(require('SandboxSession').keys.advSecret, identity);
  });

  __d.es('WAWebCompanionRegClientUtils', (exports) => {
    exports.DEVICE_PLATFORM = 'CHROME';
  });

  __d.es('WAWebUserPrefsMeUser', (exports, require) => {
    const { createWid } = require('WAWebWidFactory');
    const me = () => require('SandboxSession').me;
    const orThrow = (read) => () => {
      const wid = read();
      if (!wid) throw new Error('getMe: not logged in');
      return wid;
    };

    exports.getMaybeMePnUser = () => (me() ? createWid(`${me().pn}@c.us`) : undefined);
    exports.getMaybeMeLidUser = () => (me() ? createWid(`${me().lid}@lid`) : undefined);
    exports.getMaybeMeDevicePn = () => (me() ? createWid(`${me().pn}:${me().device}@c.us`) : undefined);
    exports.getMePnUserOrThrow = orThrow(exports.getMaybeMePnUser);
    exports.getMeLidUserOrThrow = orThrow(exports.getMaybeMeLidUser);
    exports.getMeDevicePnOrThrow = orThrow(exports.getMaybeMeDevicePn);
    exports.getMaybeMeDisplayName = () => me()?.name;
    exports.isMeAccount = (wid) =>
      Boolean(me()) && (exports.getMaybeMePnUser().equals(wid) || exports.getMaybeMeLidUser().equals(wid));
    exports.isMeUser = exports.isMeAccount;
  });

  __d.es('WAWebUserPrefsLoginTokens', (exports, require) => {
    exports.isLoggedIn = () => Boolean(require('SandboxSession').me);
    exports.isRegistered = () => Boolean(require('SandboxSession').me);
  });

  __d.es('WAWebAltDeviceLinkingApi', (exports, require) => {
    let pairingType = 'QR';
    exports.setPairingType = (type) => {
      pairingType = type;
    };
    exports.getPairingType = () => pairingType;
    exports.initializeAltDeviceLinking = async () => exports.setPairingType('ALT_DEVICE_LINKING');
    exports.initializeQRLinking = async () => exports.setPairingType('QR');
    exports.startAltLinkingFlow = (phone, _showPushNotification) => require('SandboxLinking').requestCode(phone);
    exports.genLinkDeviceCodeForPhoneNumber = exports.startAltLinkingFlow;
  });

  __d.es('WAWebLidPnCache', (exports, require) => {
    const { createWid } = require('WAWebWidFactory');
    const lids = new Map();
    const numbers = new Map();
    const read = (map) => (wid) => {
      const found = map.get(String(wid));
      return found ? createWid(found) : undefined;
    };
    exports.lidPnCache = {
      // Kept in the profile: it is known again before anybody looks.
      learn({ pn, lid }) {
        if (!pn || !lid || numbers.get(lid) === pn) return;
        lids.set(pn, lid);
        numbers.set(lid, pn);
        require('SandboxStorage').put('lids', { lid, pn });
      },
      getCurrentLid: read(lids),
      getPhoneNumber: read(numbers),
    };
  });

  __d.es('WAWebApiContact', (exports, require) => {
    const { lidPnCache } = require('WAWebLidPnCache');
    exports.lidPnCache = lidPnCache;
    exports.getCurrentLid = (wid) => lidPnCache.getCurrentLid(wid);
    exports.getPhoneNumber = (wid) => lidPnCache.getPhoneNumber(wid);
    exports.getAlternateUserWid = (wid) => (wid.isLid() ? exports.getPhoneNumber(wid) : exports.getCurrentLid(wid));
  });

  __d.es('WAWebLidMigrationUtils', (exports, require) => {
    const { lidPnCache } = require('WAWebLidPnCache');
    exports.toPn = (wid) => (wid.isLid() ? lidPnCache.getPhoneNumber(wid) : wid);
    exports.toLid = (wid) => (wid.isLid() ? wid : lidPnCache.getCurrentLid(wid));
    exports.toUserLid = exports.toLid;
    exports.toUserLidOrThrow = (wid) => {
      const lid = exports.toLid(wid);
      if (!lid) throw new Error(`toUserLidOrThrow: no lid for ${wid}`);
      return lid;
    };
  });

  __d.es('WAWebLid1X1MigrationGating', (exports, require) => {
    exports.Lid1X1MigrationUtils = {
      isLidMigrated: () => require('WAWebChatCollection').ChatCollection.some((chat) => chat.id.isLid()),
    };
  });
})();
