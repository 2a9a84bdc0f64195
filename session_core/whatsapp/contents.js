// How each kind of message is handed to wa-js, which sends it. Runs before calls.js, which decides whether it may go out.
(() => {
  "use strict";
  const bridge = window.__whahook;
  if (!bridge) return;

  // A number or a chat id as WhatsApp's own object; names of people in a text and on a card come as either.
  const wid = (id) => window.WPP.util.createWid(id.includes("@") ? id : `${id.replace(/\D/g, "")}@c.us`);

  const escaped = (text) => text.replace(/[\\,;]/g, "\\$&").replace(/\r\n?|\n/g, "\\n");
  const vcard = ({ name, phone }) => {
    const digits = phone?.replace(/\D/g, "");
    const lines = ["BEGIN:VCARD", "VERSION:3.0", `N:;${escaped(name)};;;`, `FN:${escaped(name)}`];
    if (digits) lines.push(`TEL;type=CELL;type=VOICE;waid=${digits}:+${digits}`);
    return [...lines, "END:VCARD"].join("\n");
  };
  // Not by wa-js's sendVCardContactMessage: it draws the card from what the page knows of the person, not from what
  // was asked for.
  const contact = ({ contacts }) => {
    const cards = contacts.map((card) => ({ displayName: card.name, vcard: card.vcard ?? vcard(card) }));
    if (cards.length > 1) return { type: "multi_vcard", vcardList: cards };
    return { type: "vcard", body: cards[0].vcard, vcardFormattedName: cards[0].displayName };
  };

  // kind -> (chat id, content, options) -> promise. The options carry the id chosen beforehand.
  bridge.senders = {
    text: (chat, { text, mentions, preview }, options) =>
      window.WPP.chat.sendTextMessage(chat, text, {
        ...options,
        linkPreview: preview, // hands addresses in the text to third parties
        ...(mentions.length ? { mentionedList: mentions.map(wid) } : {}),
      }),
    location: (chat, { latitude, longitude, name, address }, options) =>
      window.WPP.chat.sendLocationMessage(chat, { ...options, lat: latitude, lng: longitude, name, address }),
    contact: (chat, content, options) => window.WPP.chat.sendRawMessage(chat, contact(content), options),
    poll: (chat, { question, options: choices, selectable }, options) =>
      window.WPP.chat.sendCreatePollMessage(chat, question, choices, { ...options, selectableCount: selectable }),
  };
})();
