/* WhatsApp's limit on new conversations as its page keeps it: a value in the user's preferences, asked through two functions. */
(function () {
  'use strict';

  const KEY = 'WAReachoutTimelockState';

  __d.es('WAWebUserPrefsTypes', (exports) => {
    exports.ReachoutTimelockState = { HIDDEN: 'HIDDEN', VISIBLE: 'VISIBLE' };
    exports.ReachoutTimelockEnforcementType = { DEFAULT: 'DEFAULT', RESTRICT_ALL_COMPANIONS: 'RESTRICT_ALL_COMPANIONS' };
  });

  __d.es('WAWebUserPrefsIndexedDBStorage', (exports) => {
    const values = new Map();
    exports.userPrefsIdb = {
      get: (key) => values.get(key) ?? null,
      set: async (key, value) => void values.set(key, value),
      remove: async (key) => void values.delete(key),
    };
  });

  __d.es('WAWebReachoutTimelockUtils', (exports, require) => {
    const { userPrefsIdb } = require('WAWebUserPrefsIndexedDBStorage');
    exports.REACHOUT_TIMELOCK_IDB_KEY = KEY;
    exports.isUserReachoutTimelocked = () => userPrefsIdb.get(KEY) != null;
    // Whom the contact's own token makes known may be written to.
    exports.canSendMsgWhileTimelocked = ({ chat, contact }) =>
      !exports.isUserReachoutTimelocked() || !contact?.id.isUser() || contact.isMe || chat?.getTcToken() != null;
  });

  __d.es('WAWebMexReachoutTimelockNotificationHandler', (exports, require) => {
    const { userPrefsIdb } = require('WAWebUserPrefsIndexedDBStorage');
    const types = require('WAWebUserPrefsTypes');
    // The end comes in seconds and is kept in milliseconds.
    exports.handleReachoutTimelockUpdate = async (active, enforcementType, endsAt) => {
      if (!active) return userPrefsIdb.remove(KEY);
      return userPrefsIdb.set(KEY, {
        state: types.ReachoutTimelockState.HIDDEN,
        time_enforcement_ends: Number(endsAt) * 1000,
        enforcement_type: enforcementType ?? types.ReachoutTimelockEnforcementType.DEFAULT,
      });
    };
  });

  __d.es('SandboxReachOut', (_exports, require) => {
    require('SandboxTransport').frames.on('timelock', ({ endsMs }) =>
      require('WAWebMexReachoutTimelockNotificationHandler').handleReachoutTimelockUpdate(
        endsMs !== null,
        'RESTRICT_ALL_COMPANIONS',
        String((endsMs ?? 0) / 1000)
      )
    );
  });
})();
