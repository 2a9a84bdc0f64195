/*
 * Functions that clients wrap at start-up although a session with text only never needs them. They answer as an account without the
 * feature would; what has no such answer says that the sandbox does not imitate it.
 */
(function () {
  'use strict';

  const beyond = (name) => async () => {
    throw new Error(`${name}: not imitated by the sandbox`);
  };

  __d.es('WAWebABProps', (exports) => {
    const values = { web_status_posting_enabled: 0, post_status_in_companion: 0, link_preview_wait_time: 7 };
    exports.getABPropConfigValue = (name) => values[name] ?? 0;
  });

  __d.es('WAWebPrimaryFeatures', (exports) => {
    exports.primaryFeatureEnabled = () => false;
  });

  __d.es('WAWebChatPinBridge', (exports, require) => {
    exports.getNumChatsPinned = () => require('WAWebChatCollection').ChatCollection.filter((chat) => chat.pin).length;
  });

  __d.es('WAWebUnreadTypeUtils', (exports) => {
    exports.getIsUnreadType = (msg) => !['protocol', 'notification'].includes(msg.type);
  });

  __d.es('WAWebReactionsCollectionUtils', (exports) => {
    exports.addOrUpdateReactionsModelCollection = () => undefined;
  });

  __d.es('WAWebGroupActionDb', (exports) => {
    exports.updateDBForGroupAction = async () => undefined;
  });

  __d.es('WAWebLabelUtils', (exports) => {
    for (const name of [
      'addToLabelCollection',
      'createLabelItemId',
      'getParentCollection',
      'initializeLabels',
      'removeLabelFromCollection',
    ]) {
      exports[name] = beyond(name);
    }
  });

  __d.es('WAWebChatSearchQuery', (exports) => {
    exports.SearchQuery = class SearchQuery {
      updateLabelQuery(filter) {
        this.filter = filter;
      }
    };
  });

  __d.es('WAWebInboxFilterUtils', (exports) => {
    exports.isFilterExcludedFromSearchTreatmentInInboxFlow = () => false;
  });

  // Nothing is fetched: what the preview shows is read off the address.
  __d.es('WAWebLinkPreviewChatAction', (exports) => {
    exports.getLinkPreview = async (link) => exports.genMinimalLinkPreview(link);
    exports.genMinimalLinkPreview = async (link) => {
      const url = link?.href ?? link;
      const { host } = new URL(url);
      return { url, data: { title: host, description: '', canonicalUrl: url, matchedText: url } };
    };
  });

  __d.es('WAWebStatusSendActions', (exports) => {
    for (const name of [
      'encryptAndSendStatusMsg',
      'encryptAndSendGroupMsg',
      'encryptAndSendSenderKeyMsg',
      'createFanoutMsgStanza',
      'encryptMsgProtobuf',
    ]) {
      exports[name] = beyond(name);
    }
  });

  __d.es('WAWebSyncGatingUtils', (exports) => {
    exports.isPlaceholderMessageResendEnabled = () => false;
  });

  __d.es('WAWebNonMessageDataRequestPlaceholderMessageResendUtils', (exports) => {
    exports.handlePlaceholderMsgsSeen = async () => undefined;
  });

  __d.es('WAWebContactPresenceBridge', (exports, require) => {
    exports.subscribeUserPresence = async (wid) => require('WAWebPresenceCollection').presenceOf(wid).subscribe();
    exports.subscribeGroupPresence = exports.subscribeUserPresence;
  });

  __d.es('WAWebHistorySyncProgress', (exports) => {
    exports.getHistorySyncProgressModel = () => ({ realProgress: 100, paused: false, inProgress: false });
  });

  __d.es('WAWebClientIdentity', (exports) => {
    exports.isOfficialClient = true;
  });
})();
