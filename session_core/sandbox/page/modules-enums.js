/* Constants that clients look up by name. */
(function () {
  'use strict';

  const named = (...names) => Object.fromEntries(names.map((name) => [name, name]));

  __d.es('WAWebBuildConstants', (exports) => {
    exports.VERSION_STR = '2.3000.1046000000';
    exports.SANITIZED_VERSION_STR = exports.VERSION_STR;
  });

  __d.es('WAWebSocketConstants', (exports) => {
    exports.SOCKET_STATE = named(
      'OPENING',
      'PAIRING',
      'UNPAIRED',
      'UNPAIRED_IDLE',
      'CONNECTED',
      'TIMEOUT',
      'CONFLICT',
      'UNLAUNCHED',
      'PROXYBLOCK',
      'TOS_BLOCK',
      'SMB_TOS_BLOCK',
      'DEPRECATED_VERSION'
    );
    exports.SOCKET_STREAM = named('DISCONNECTED', 'SYNCING', 'RESUMING', 'CONNECTED');
    exports.WATCHED_SOCKET_STATE = named('OPEN', 'CLOSED');
  });

  __d.es('WAWebAck', (exports) => {
    exports.ACK = {
      MD_DOWNGRADE: -7,
      INACTIVE: -6,
      CONTENT_UNUPLOADABLE: -5,
      CONTENT_TOO_BIG: -4,
      CONTENT_GONE: -3,
      EXPIRED: -2,
      FAILED: -1,
      CLOCK: 0,
      SENT: 1,
      RECEIVED: 2,
      READ: 3,
      PLAYED: 4,
      PEER: 5,
    };
    exports.ACK_STRING = {
      SENDER: 'sender',
      DELIVERY: 'delivery',
      READ: 'read',
      PLAYED: 'played',
      INACTIVE: 'inactive',
      READ_SELF: 'read-self',
      PLAYED_SELF: 'played-self',
    };
    exports.EDIT_ATTR = { SENDER_REVOKE: 7, ADMIN_REVOKE: 8 };
  });

  __d.es('WAWebSendMsgResultAction', (exports) => {
    exports.SendMsgResult = named(
      'OK',
      'ERROR_NETWORK',
      'ERROR_EXPIRED',
      'ERROR_CANCELLED',
      'ERROR_UPLOAD',
      'ERROR_UNKNOWN'
    );
  });

  __d.es('WAWebMsgType', (exports) => {
    exports.MSG_TYPE = {
      NOTIFICATION: 'notification',
      CHAT: 'chat',
      POLL_CREATION: 'poll_creation',
      MULTI_VCARD: 'multi_vcard',
      LOCATION: 'location',
      CIPHERTEXT: 'ciphertext',
      STICKER: 'sticker',
      VCARD: 'vcard',
      IMAGE: 'image',
      VIDEO: 'video',
      AUDIO: 'audio',
      PTT: 'ptt',
      DOCUMENT: 'document',
      PROTOCOL: 'protocol',
      REVOKED: 'revoked',
      UNKNOWN: 'unknown',
      CALL_LOG: 'call_log',
    };
    exports.SYSTEM_MESSAGE_TYPES = ['notification', 'protocol'];
  });

  __d.es('WAWebLogoutReasonConstants', (exports) => {
    exports.LogoutReason = {
      UserInitiated: 'user_initiated',
      SyncdFailure: 'syncd_failure',
      ClientFatal: 'client_fatal',
      PrimaryRemoved: 'primary_removed',
      AccountLocked: 'account_locked',
    };
    exports.LOGOUT_REASON_CODE = { client_fatal: 0, syncd_failure: 1, history_sync_timeout: 2, account_locked: 3 };
  });

  __d.es('WAWebLogoutReason', (exports, require) => {
    const { LOGOUT_REASON_CODE } = require('WAWebLogoutReasonConstants');
    let code = null;
    exports.getErrorCodeFromLogoutReason = (reason) => LOGOUT_REASON_CODE[reason] ?? 0;
    exports.setPrevLogoutReasonCode = (value) => {
      code = value;
    };
    exports.getPrevLogoutReasonCode = () => code;
  });

  __d.es('WAWebVoipCallState', (exports) => {
    exports.CallState = { None: 0, ReceivedCall: 3, ReceivedCallWithoutOffer: 4, CallActive: 6 };
  });

  __d.es('WAWebDropAttr', (exports) => {
    exports.DROP_ATTR = Symbol('DROP_ATTR');
  });

  __d.es('WAWebNonJidMentionTypeEnum', (exports) => {
    exports.default = { MENTION_ALL: 1 };
  });

  __d.es('WATimeUtils', (exports) => {
    exports.unixTime = () => Math.floor(Date.now() / 1000);
    exports.unixTimeMs = () => Date.now();
  });

  __d.es('WABase64', (exports) => {
    const bytes = (value) => (value instanceof Uint8Array ? value : new Uint8Array(value));
    exports.encodeB64 = (value) => btoa(String.fromCharCode(...bytes(value)));
    exports.decodeB64 = (text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0)).buffer;
  });
})();
