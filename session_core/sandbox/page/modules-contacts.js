/* What a contact is called and how its number is written. */
(function () {
  'use strict';

  __d.es('WAWebContactGetters', (exports, require) => {
    exports.getNotifyName = (contact) => contact.pushname;
    exports.getPushname = exports.getNotifyName;
    exports.getName = (contact) => contact.name;
    exports.getShortName = (contact) => contact.shortName;
    exports.getVerifiedName = () => undefined;
    exports.getVerifiedLevel = () => undefined;
    exports.getStatusMute = () => false;
    exports.getIsEnterprise = () => false;
    exports.getUserid = (contact) => contact.id.user;
    exports.getIsMe = (contact) => require('WAWebUserPrefsMeUser').isMeAccount(contact.id);
    exports.getIsUser = (contact) => contact.id.isUser();
    exports.getIsGroup = (contact) => contact.id.isGroup();
    exports.getIsBroadcast = (contact) => contact.id.isBroadcast();
    exports.getIsNewsletter = (contact) => contact.id.isNewsletter();
    exports.getIsPSA = (contact) => contact.id.isPSA();
    exports.getIsIAS = () => false;
    exports.getIsSupportAccount = () => false;
    exports.getIsWAContact = () => true;
    exports.getCanRequestPhoneNumber = () => false;
    exports.getShowBusinessCheckmarkAsPrimary = () => false;
    exports.getShowBusinessCheckmarkAsSecondary = () => false;
    exports.getShowBusinessCheckmarkInChatlist = () => false;
    exports.getIsDisplayNameApproved = () => false;
    exports.getShouldForceBusinessUpdate = () => false;
    exports.getPremiumMessageName = () => undefined;
    exports.getUserhash = (contact) => contact.id.user;
  });

  __d.es('WAWebFrontendContactGetters', (exports, require) => {
    exports.getPhoneNumber = (contact) =>
      contact.id.isLid() ? require('WAWebLidPnCache').lidPnCache.getPhoneNumber(contact.id) : contact.id;
    exports.getPnForLid = exports.getPhoneNumber;
    exports.getFormattedPhone = (contact) => `+${(exports.getPhoneNumber(contact) ?? contact.id).user}`;
    exports.getFormattedUsernameOrPhone = exports.getFormattedPhone;
    exports.getDisplayName = (contact) => contact.name || contact.pushname || exports.getFormattedPhone(contact);
    exports.getDisplayNameOrPnForLid = exports.getDisplayName;
    exports.getUserDisplayNameForLid = exports.getDisplayName;
    exports.getFormattedName = exports.getDisplayName;
    exports.getFormattedShortName = exports.getDisplayName;
    exports.getFormattedShortNameWithNonBreakingSpaces = (contact) =>
      exports.getDisplayName(contact).replaceAll(' ', '\u00a0');
    exports.getFormattedUser = exports.getFormattedPhone;
    exports.getMentionName = exports.getDisplayName;
    exports.getSearchName = (contact) => exports.getDisplayName(contact).toLowerCase();
    exports.getSearchVerifiedName = () => '';
    exports.getHeader = (contact) => exports.getDisplayName(contact)[0];
    exports.getTextStatusString = () => '';
    exports.getIsMyContact = (contact) => Boolean(contact.name);
  });
})();
