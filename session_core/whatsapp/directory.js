// Whom the account knows: chats and contacts as the page's models have them, in pieces, in the order of their ids. Only
// what is in memory already is told; nothing is asked of WhatsApp.
(() => {
  "use strict";
  const bridge = window.__whahook;
  if (!bridge) return;

  const text = (value) => (typeof value === "string" && value ? value : null);
  const quietly = (read) => {
    try {
      return read() ?? null;
    } catch {
      return null; // not in this build
    }
  };

  const chat = (model, id) => ({
    id,
    other: bridge.other(model.id),
    name: text(quietly(() => model.name)) ?? text(quietly(() => model.groupMetadata?.subject)),
    unread: Number(model.unreadCount ?? 0),
    archived: Boolean(quietly(() => model.archive)),
    t: Number(model.t ?? 0),
  });

  const contact = (model, id) => ({
    id,
    other: bridge.other(model.id),
    name: text(quietly(() => model.name)),
    pushName: text(quietly(() => model.pushname)) ?? text(quietly(() => model.verifiedName)),
  });

  const PARTS = { chats: ["ChatStore", chat], contacts: ["ContactStore", contact] };

  // One piece after the id `after`. `more`: there are others behind it.
  bridge.directory = async ({ part, after, limit }) => {
    const [store, read] = PARTS[part];
    const collection = bridge.model(store);
    if (!collection) return { unknown: "the page has no such models yet" };
    const known = [];
    for (const model of bridge.models(collection)) {
      const id = bridge.text(model?.id);
      if (id && id > after) known.push([id, model]);
    }
    known.sort(([a], [b]) => (a < b ? -1 : 1));
    const items = known.slice(0, limit).map(([id, model]) => read(model, id));
    return { ok: { items, more: known.length > limit } };
  };
})();
