// What happens to messages after they came, and around them: edits, revocations, reactions, votes, who is typing, calls.
// By the page's own models where they have it, and by wa-js's events beside them: builds differ in what they tell, and
// the host takes the same news as often as it comes.
(() => {
  "use strict";
  const bridge = window.__whahook;
  if (!bridge) return;

  const { text } = bridge;
  const change = (what, data) => bridge.tell("change", { change: { what, ...data } });
  const quietly = (read) => {
    try {
      return read();
    } catch {
      return undefined; // a build that has it otherwise
    }
  };
  // Seconds since 1970, whatever unit the build uses; now, when it does not say.
  const seconds = (t) => (Number(t) > 1e11 ? Number(t) / 1000 : Number(t) || Date.now() / 1000);

  const user = (wid) => text(wid)?.replace(/:\d+@/, "@");
  const mine = (wid) => {
    const { pn, lid } = bridge.me();
    return [pn, lid].some((own) => own && user(own) === user(wid));
  };
  const person = (wid) => {
    const other = bridge.otherId(wid);
    return { who: user(wid) ?? null, other, name: bridge.nameOf(wid, other), mine: mine(wid) };
  };

  // ---- Messages that change ---------------------------------------------------------------------------------------
  const onEdit = (msg) =>
    queueMicrotask(() => {
      const message = msg?.type === "ciphertext" ? null : bridge.message(msg);
      if (message) change("edited", { id: message.id, text: message.text, t: Date.now() / 1000 });
    });
  const onRevoke = (...keys) => {
    const ids = keys.filter(Boolean).map(text);
    if (ids.length) change("revoked", { ids, t: Date.now() / 1000 });
  };
  const onType = (msg) => msg?.type === "revoked" && onRevoke(msg.id, msg.protocolMessageKey);

  // What happened to a message, read off the message itself: for what changed while nobody listened.
  bridge.changeOf = (msg) => {
    const t = Date.now() / 1000;
    if (msg?.type === "revoked") return { what: "revoked", ids: [msg.id, msg.protocolMessageKey].filter(Boolean).map(text), t };
    if (!msg?.latestEditMsgKey || msg.type === "ciphertext") return null;
    return { what: "edited", id: text(msg.id), text: bridge.message(msg)?.text ?? "", t };
  };

  // What is told while a sweep reads what is stored: addons.js takes it for the newer one.
  bridge.toldMeanwhile = null;
  const onAddon = (what, news) => {
    bridge.toldMeanwhile?.push({ what, ...news });
    change(what, news);
  };

  const reactionOf = (target, sender, emoji, t) => ({
    id: text(target),
    ...person(sender),
    emoji: emoji ?? "",
    t: seconds(t),
  });
  const onReaction = (target, sender, ...said) =>
    target && sender && onAddon("reaction", reactionOf(target, sender, ...said));

  const voteOf = (poll, voter, options, t) => ({ id: text(poll), ...person(voter), options, t: seconds(t) });
  const onVote = (poll, voter, ...said) => poll && voter && onAddon("vote", voteOf(poll, voter, ...said));
  const chosen = (poll, ids) =>
    poll?.pollOptions && ids.map((id) => poll.pollOptions.find((option) => option.localId === id)?.name).filter(Boolean);
  const optionsOf = (poll, ids) => chosen(bridge.model("MsgStore")?.get?.(text(poll)), ids);
  Object.assign(bridge, { reactionOf, voteOf, chosen });

  // ---- People -------------------------------------------------------------------------------------------------------
  const STATES = {
    composing: "typing",
    typing: "typing",
    recording: "recording",
    recording_audio: "recording",
    available: "online",
    unavailable: "offline",
  };
  const shown = new Map(); // what was told last, so that the same is not told again
  const onPresence = (chat, who, type) => {
    const key = `${chat} ${who ?? ""}`;
    const state = STATES[type];
    if (!chat || !state || shown.get(key) === state) return;
    shown.set(key, state);
    change("presence", { chat, other: bridge.otherId(chat), who, whoOther: bridge.otherId(who), state, t: Date.now() / 1000 });
  };

  // A call is told in two ways, and once.
  const calls = new Set();
  const onCall = ({ id, sender, video, group, t }) => {
    if (id == null || !sender || calls.has(String(id))) return;
    calls.add(String(id));
    change("call", {
      id: String(id),
      who: user(sender),
      other: bridge.otherId(sender),
      video: Boolean(video),
      group: Boolean(group),
      t: seconds(t),
    });
  };

  // ---- Listening ----------------------------------------------------------------------------------------------------
  // Calls `see` with what a function of the page is given, before it runs, and `answered` with what it returns, too.
  const overhear = (module, path, name, see, answered = () => undefined) => {
    const owner = quietly(() => path.reduce((found, key) => found[key], bridge.byName(module)));
    const original = owner?.[name];
    if (typeof original !== "function") return;
    const overheard = function (...args) {
      quietly(() => see(...args));
      const answer = original.apply(this, args);
      quietly(() => answered(answer, ...args));
      return answer;
    };
    Object.defineProperty(overheard, "length", { value: original.length }); // wa-js tells builds apart by it
    quietly(() => {
      owner[name] = overheard;
    });
  };
  bridge.overhear = overhear;

  bridge.whenListening.push((messages) => {
    for (const name of ["latestEditMsgKey", "body", "caption"]) messages.on(`change:${name}`, onEdit);
    messages.on("change:type", onType);
    messages.on("add", (msg) => msg?.isNewMsg && onType(msg));
    // wa-js hears of these by functions that a build may call under other names, and only after its main_ready.
    quietly(() => {
      const store = bridge.byName("WAWebCallCollection");
      (store?.default ?? store).on("add", (call) => {
        if (call?.outgoing) return;
        onCall({ id: call.id, sender: call.peerJid, video: call.isVideo, group: call.isGroup, t: call.offerTime });
      });
    });
    quietly(() =>
      bridge.model("PresenceStore").on("change:chatstate.type", (state) => {
        const presence = bridge.models(bridge.model("PresenceStore")).find((one) => one.chatstate === state);
        if (presence && !presence.isGroup) onPresence(text(presence.id), null, state.type);
      }),
    );
    overhear("WAWebAddonReactionTableMode", ["reactionTableMode"], "bulkUpsert", (rows) => {
      for (const row of rows)
        onReaction(row.reactionParentKey, row.author ?? row.from, row.reactionText, row.reactionTimestamp);
    });
    overhear("WAWebAddonPollVoteTableMode", ["pollVoteTableMode"], "bulkUpsert", (rows) => {
      for (const row of rows) {
        const options = optionsOf(row.pollUpdateParentKey, row.selectedOptionLocalIds);
        const t = row.senderTimestampMs ?? row.t;
        if (options) onVote(row.pollUpdateParentKey, row.author ?? row.from, options, t);
      }
    });
  });

  window.WPP?.loader?.onInjected?.(() => {
    const { WPP } = window;
    WPP.on?.("chat.msg_revoke", ({ refId }) => onRevoke(refId));
    WPP.on?.("chat.new_reaction", (news) => onReaction(news.msgId, news.sender, news.reactionText, news.timestamp));
    WPP.on?.("chat.poll_response", ({ msgId, sender, selectedOptions, timestamp }) =>
      onVote(
        msgId,
        sender,
        [...selectedOptions].filter(Boolean).map((option) => option.name ?? String(option)),
        timestamp,
      ),
    );
    WPP.on?.("chat.presence_change", ({ id, isGroup, state, participants }) => {
      if (!isGroup) onPresence(text(id), null, state);
      else for (const one of participants ?? []) onPresence(text(id), one.id, one.state);
    });
    WPP.on?.("call.incoming_call", ({ id, isGroup, isVideo, offerTime, sender }) =>
      onCall({ id, sender, video: isVideo, group: isGroup, t: offerTime }),
    );
  });

  // ---- Changing what was sent ---------------------------------------------------------------------------------------
  // kind -> (message, content, options) -> promise
  bridge.changers = {
    edit: (msg, { text: words }, options) =>
      window.WPP.chat.editMessage(text(msg.id), words, { ...options, linkPreview: false }),
    reaction: (msg, { emoji }) => window.WPP.chat.sendReactionToMessage(text(msg.id), emoji || false),
    // Where WhatsApp does not allow it any more, wa-js would delete the message here only: asked before, see `forbidden`.
    // And where it does not see that the message is ours.
    revoke: (msg) =>
      msg.senderObj?.isMe
        ? window.WPP.chat.deleteMessage(text(msg.id.remote), text(msg.id), true, true)
        : bridge
            .model("Cmd")
            .sendRevokeMsgs(window.WPP.chat.get(msg.id.remote), { type: "message", list: [msg] }, { clearMedia: true }),
  };

  // Why it cannot be done; undefined when it can, or when this build does not say.
  bridge.forbidden = (msg, { type }) => {
    const can = bridge.byName("WAWebMsgActionCapability");
    if (type !== "reaction" && !msg.id.fromMe) return "not_our_message";
    if (type === "revoke" && quietly(() => can.canSenderRevokeMsg(msg)) === false) return "too_late_to_delete";
    return undefined;
  };

  bridge.changed = (msg, content) => {
    if (content.type === "revoke") return msg.type === "revoked";
    if (content.type === "edit") return [bridge.words(msg), bridge.message(msg)?.text].includes(content.text.trim());
    return false; // nobody is harmed when the same reaction is sent again
  };
})();
