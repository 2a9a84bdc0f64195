// Reactions to messages and votes in polls as the page has stored them: for what was done while nobody listened.
(() => {
  "use strict";
  const bridge = window.__whahook;
  if (!bridge) return;

  const MOST_MESSAGES = 300; // the newest of them are asked about
  const MOST = 500; // reactions and votes that are told, the newest
  const LATE_S = 3600; // reactions have the time of the phone that they come from, which may be behind
  const READ_MS = 5000;

  const within = (promise, ms) =>
    Promise.race([promise, new Promise((_, fail) => setTimeout(() => fail(new Error("it took too long")), ms))]);
  const quietly = async (read) => {
    try {
      return (await read()) ?? [];
    } catch {
      return []; // a build that has it otherwise, or no time left
    }
  };

  // What was done to a message may be kept under the id that it had before its chat moved to the hidden id, or back.
  const alternate = (id) => {
    try {
      return bridge.byName("WAWebLidMigrationUtils").getAlternateMsgKey(id);
    } catch {
      return null;
    }
  };

  // The table itself: it alone still knows what was taken back, as a row without an emoji.
  const fromTable = async (keys) => {
    const table = bridge.byName("WAWebAddonReactionTableMode")?.reactionTableMode;
    if (typeof table?.bulkGetByParentMsgKey !== "function") return null;
    const rows = await table.bulkGetByParentMsgKey(keys);
    return rows.map((row) => [row.reactionParentKey, row.author ?? row.from, row.reactionText, row.reactionTimestamp]);
  };
  // wa-js knows one message at a time, and what is there only.
  const oneByOne = async (keys, end) => {
    const found = [];
    for (const key of keys) {
      if (Date.now() > end) break;
      const { reactions } = await window.WPP.chat.getReactions(bridge.text(key));
      for (const one of reactions.flatMap(({ senders }) => senders))
        found.push([key, one.sender, one.reactionText, one.timestamp]);
    }
    return found;
  };
  const reactions = async (messages, keysOf, end) => {
    const found = await fromTable(messages.flatMap(keysOf));
    if (found) return found;
    return oneByOne(messages.filter((msg) => msg.hasReaction !== false).flatMap(keysOf), end);
  };

  const votes = async (polls, keysOf) => {
    const rows = polls.length ? await window.WPP.whatsapp.functions.getVotes(polls.flatMap(keysOf)) : [];
    return rows.map((row) => [row.parentMsgKey, row.sender, row.selectedOptionLocalIds, row.senderTimestampMs]);
  };

  const keyOf = ({ id }) => id.split("_")[2];
  const isSame = (a, b) => a.what === b.what && a.who === b.who && keyOf(a) === keyOf(b);

  // What was done to these messages from `since` on (seconds since 1970), oldest first.
  bridge.addons = async (messages, since, ms) => {
    const limit = Math.min(READ_MS, ms);
    const end = Date.now() + limit;
    const asked = messages.filter((msg) => msg.type !== "revoked" && msg.type !== "ciphertext");
    asked.sort((a, b) => Number(b.t ?? 0) - Number(a.t ?? 0)).splice(MOST_MESSAGES);
    if (!asked.length) return [];
    const told = (bridge.toldMeanwhile = []);
    const byKey = new Map();
    const keysOf = (msg) => {
      const keys = [msg.id, alternate(msg.id)].filter(Boolean);
      for (const key of keys) byKey.set(bridge.text(key), msg);
      return keys;
    };
    const polls = asked.filter((msg) => msg.type === "poll_creation");
    const found = [
      ...(await quietly(() => within(reactions(asked, keysOf, end), limit))).map(([key, who, emoji, t]) => {
        const msg = byKey.get(bridge.text(key));
        return msg && who && { what: "reaction", ...bridge.reactionOf(msg.id, who, emoji, t) };
      }),
      ...(await quietly(() => within(votes(polls, keysOf), Math.max(1, end - Date.now())))).map(([key, who, ids, t]) => {
        const msg = byKey.get(bridge.text(key));
        const options = msg && who && bridge.chosen(msg, ids);
        return options && { what: "vote", ...bridge.voteOf(msg.id, who, options, t) };
      }),
    ];
    bridge.toldMeanwhile = null;
    const missed = found.filter((one) => one && one.t >= since - LATE_S && !told.some((news) => isSame(news, one)));
    return missed.sort((a, b) => a.t - b.t).slice(-MOST);
  };
})();
