// What the host asks of the page. Every answer is plain JSON: {ok: ...}, {refused: code, detail} (never goes out),
// {notTried: why} (proved not to have gone out), {limited: {until, tried}} (nor that, because WhatsApp lets the account
// begin no conversation), or {unknown: why}. Nothing waits longer than it was told to.
(() => {
  "use strict";
  const bridge = window.__whahook;
  if (!bridge) return;

  const FULL_READY_MS = 5000; // how long wa-js is waited for, by who sends nothing; half of it once it was injected
  const POLL_MS = 50;
  const SWEEP_CHATS = 60; // chats whose stored messages are read in one sweep
  const SWEEP_DEPTH = 100; // messages read back in one chat
  const LATELY_CHATS = 20; // chats in which nothing was missed, but something may have been done to what is there
  const LATELY_DEPTH = 20;
  const SWEEP_ACKS = 50; // messages of ours, sent up to a day before what is swept, whose acknowledgement may be news
  const ACKS_S = 24 * 60 * 60;
  const CHAT_MS = 5000;
  const SLOW_MS = 5000; // what comes to nothing later than this was waited for in vain: builds have time limits of their own

  const later = (ms) => new Promise((done) => setTimeout(done, ms));
  const within = (promise, ms, what) =>
    Promise.race([
      promise,
      later(ms).then(() => {
        throw new Error(`${what} took longer than ${ms} ms`);
      }),
    ]);
  const left = (end) => Math.max(1, end - Date.now());
  const why = (error) => String(error?.code ?? error?.message ?? error).slice(0, 200);
  const models = bridge.models;

  const until = async (condition, ms) => {
    const end = Date.now() + ms;
    while (!condition()) {
      if (Date.now() > end) return false;
      await later(POLL_MS);
    }
    return true;
  };

  // A build without a version that wa-js can read never gets fully ready, and works all the same.
  const waJsReady = () =>
    window.WPP?.isFullReady || (bridge.injected() && Date.now() - bridge.injectedAt > FULL_READY_MS / 2);

  const online = () => bridge.model("Stream")?.mode === "MAIN" && bridge.model("Stream")?.info === "NORMAL";

  // ---- Finding a message of ours --------------------------------------------------------------------------------
  const answer = (msg) => ({ id: bridge.text(msg.id), chat: bridge.text(msg.id.remote), ack: Number(msg.ack ?? 0) });
  const isOurs = (msg, key) => msg?.id?.fromMe && msg.id.id === key;

  const inMemory = (key) => models(bridge.model("MsgStore")).find((msg) => isOurs(msg, key));
  bridge.ours = inMemory;
  // A message by its whole id. A chat, and with it the ids in it, can have moved to its other id since.
  const heldAs = (id) => {
    const [fromMe, , key] = id.split("_");
    const sameKey = (msg) => msg.id?.id === key && String(Boolean(msg.id.fromMe)) === fromMe;
    return bridge.model("MsgStore")?.get?.(id) ?? models(bridge.model("MsgStore")).find(sameKey);
  };

  // A chat can move from its phone number to a LID and back between two looks.
  const chatsOf = (chatId) => [chatId, bridge.other(chatId)].filter(Boolean);

  const stored = async (chatId, key) => {
    for (const id of chatsOf(chatId)) {
      const chat = window.WPP.chat.get(id);
      if (!chat) continue;
      const held = models(chat.msgs).find((msg) => isOurs(msg, key));
      if (held) return held;
      const read = await within(window.WPP.chat.getMessages(id, { count: SWEEP_DEPTH }), CHAT_MS, "reading a chat");
      const match = read.find((msg) => isOurs(msg, key));
      if (match) return match;
    }
    return undefined;
  };

  // A file that went down with its page leaves the chat, and goes out again under the same id: should the page have sent it
  // after all, nobody gets it twice. False where that does not work.
  const cleared = async (msg) => {
    if (!bridge.lostUpload(msg)) return false;
    const { remote, id } = msg.id;
    try {
      await within(window.WPP.chat.deleteMessage(bridge.text(remote), bridge.text(msg.id)), CHAT_MS, "clearing");
    } catch {
      return false;
    }
    return !inMemory(id);
  };

  bridge.find = async ({ chatId, key }) => {
    if (!(await until(bridge.injected, FULL_READY_MS))) return { unknown: "wa-js is not running" };
    let msg = inMemory(key) ?? (await stored(chatId, key));
    if (await cleared(msg)) msg = undefined;
    if (bridge.neverUploaded(msg)) return { refused: "upload_failed", detail: "" };
    const limit = await bridge.limitOf(msg);
    if (limit) return { limited: { ...limit, tried: true } };
    return { ok: msg ? answer(msg) : null };
  };

  // ---- Sending --------------------------------------------------------------------------------------------------
  const known = (chatId) => {
    for (const id of chatsOf(chatId).reverse()) {
      const chat = window.WPP.chat.get(id);
      if (chat) return chat;
    }
    return undefined;
  };

  // WhatsApp's word about a number: its wid, null when it is not on WhatsApp, undefined when this build cannot say.
  // Throws when WhatsApp does not answer.
  const lookUp = async (wid, ms) => {
    const start = Date.now();
    try {
      const found = await within(window.WPP.whatsapp.functions.queryWidExists(wid), ms, "looking the number up");
      if (found) return found.wid ?? wid;
    } catch (error) {
      if (!online() || Date.now() - start > SLOW_MS) throw error;
      return undefined;
    }
    if (Date.now() - start > SLOW_MS) throw new Error("WhatsApp did not answer");
    return null;
  };

  // The chat to write to, or why there is none. An unknown number is looked up first: writing to a number that is not
  // on WhatsApp would otherwise look like a message that is under way for ever.
  const resolve = async (chatId, end) => {
    const chat = known(chatId);
    if (chat) return { chat };
    if (chatId.endsWith("@g.us")) return { stop: { refused: "chat_not_found", detail: chatId } };
    const { WPP } = window;
    const wid = WPP.util.createWid(chatId);
    if (!wid) return { stop: { refused: "bad_chat_id", detail: chatId } };
    let target = wid;
    if (chatId.endsWith("@c.us")) {
      let found;
      try {
        found = await lookUp(wid, left(end));
      } catch (error) {
        return { stop: { notTried: why(error) } };
      }
      if (found === null) {
        return { stop: online() ? { refused: "not_on_whatsapp", detail: "" } : { notTried: "went offline" } };
      }
      target = found ?? wid;
    }
    try {
      return { chat: await within(WPP.chat.find(target), left(end), "opening the chat") };
    } catch (error) {
      return { stop: { notTried: why(error) } };
    }
  };

  // Groups need the participant in the key: wa-js makes such a key, and its random part is replaced.
  const messageId = async (chat, key) => {
    if (!bridge.text(chat.id).endsWith("@g.us")) return `true_${bridge.text(chat.id)}_${key}`;
    const made = await window.WPP.chat.generateMessageID(chat);
    return bridge.text(made).replace(made.id, key);
  };

  const QUOTE_ERRORS = new Set(["msg_not_found", "invalid_quoted_msg", "quoted_msg_can_not_reply", "chat_not_found"]);

  bridge.send = async ({ chatId, content, key, quotedId, notAfter, ms }) => {
    const send = bridge.senders[content.type];
    if (!send) return { refused: "kind_not_supported", detail: content.type };
    const end = Date.now() + ms;
    if (!(await until(waJsReady, ms / 2))) return { notTried: "wa-js is not running" };
    if (!online()) return { notTried: "WhatsApp Web is not connected" };
    let before = inMemory(key);
    if (await cleared(before)) before = undefined;
    if (bridge.neverUploaded(before)) return { refused: "upload_failed", detail: "" };
    const hit = await bridge.limitOf(before);
    if (hit) return { limited: { ...hit, tried: true } };
    if (before) return { ok: answer(before) };
    if (content.media_id && !bridge.staged.has(content.media_id)) return { notTried: "the file is not in the page" };

    const { chat, stop } = await resolve(chatId, end);
    if (stop) return stop;
    const limit = await bridge.limitIn(chat);
    if (limit) return { limited: { ...limit, tried: false } };
    const first = bridge.awaitsVerdict(chat);
    const id = bridge.text(chat.id);
    let chosen;
    try {
      chosen = await within(messageId(chat, key), left(end), "choosing an id");
    } catch (error) {
      return { notTried: why(error) };
    }
    const options = {
      messageId: chosen,
      waitForAck: false, // the default hangs while offline and the message goes out later all the same
      detectMentioned: false,
      markIsRead: false,
    };
    if (quotedId) {
      // Looked up here: what wa-js says of an id that it cannot read leaves open whether anything was sent.
      try {
        const quoted = await target(quotedId, left(end));
        if (!quoted) return { refused: "quoted_not_found", detail: "" };
        options.quotedMsg = bridge.text(quoted.id);
      } catch (error) {
        return { notTried: why(error) };
      }
    }
    // Who asked may have stopped for a while on the way here, and somebody else may be sending it by now.
    if (Date.now() >= notAfter) return { notTried: "it is too late" };
    try {
      // Half of the time is kept for what comes behind it, and for the way back.
      const limits = { notAfter: Math.min(notAfter, end), leftBy: Date.now() + left(end) / 2 };
      await within(send(id, content, options, limits), left(end), "sending");
    } catch (error) {
      const taken = inMemory(key);
      if (taken) return { ok: answer(taken) };
      if (error?.code === "too_late") return { notTried: why(error) };
      if (error?.code === "file_too_large") return { refused: "media_too_large", detail: "" };
      if (quotedId && QUOTE_ERRORS.has(error?.code)) return { refused: "quoted_not_found", detail: why(error) };
      return { unknown: why(error) };
    }
    const verdict = first ? await bridge.verdict(() => inMemory(key), left(end) / 2) : null;
    if (verdict) return { limited: { ...verdict, tried: true } };
    const msg = inMemory(key);
    if (bridge.neverUploaded(msg)) return { refused: "upload_failed", detail: "" };
    return { ok: msg ? answer(msg) : { id: options.messageId, chat: id, ack: 0 } };
  };

  // ---- Changing what was sent -------------------------------------------------------------------------------------
  const target = async (id, ms) => {
    const held = heldAs(id);
    if (held) return held;
    try {
      return await within(window.WPP.chat.getMessageById(id), ms, "looking the message up");
    } catch (error) {
      if (TARGET_ERRORS.has(error?.code)) return null;
      throw error;
    }
  };
  const TARGET_ERRORS = new Set(["msg_not_found", "chat_not_found"]);
  const changedAnswer = (msg) => ({ ok: { id: null, chat: bridge.text(msg.id.remote), ack: 1 } });

  bridge.findChange = async ({ content, ms }) => {
    if (!(await until(bridge.injected, FULL_READY_MS))) return { unknown: "wa-js is not running" };
    const msg = await target(content.target_id, ms);
    return msg && bridge.changed(msg, content) ? changedAnswer(msg) : { ok: null };
  };

  bridge.change = async ({ content, key, notAfter, ms }) => {
    const end = Date.now() + ms;
    if (!(await until(waJsReady, ms / 2))) return { notTried: "wa-js is not running" };
    if (!online()) return { notTried: "WhatsApp Web is not connected" };
    let msg;
    let options;
    try {
      msg = await target(content.target_id, left(end));
      if (!msg) return { refused: "target_not_found", detail: content.target_id };
      if (bridge.changed(msg, content)) return changedAnswer(msg);
      options = { messageId: await within(messageId(window.WPP.chat.get(msg.id.remote) ?? { id: msg.id.remote }, key), left(end), "choosing an id") };
    } catch (error) {
      return { notTried: why(error) };
    }
    const reason = bridge.forbidden(msg, content);
    if (reason) return { refused: reason, detail: "" };
    if (Date.now() >= notAfter) return { notTried: "it is too late" };
    try {
      await within(bridge.changers[content.type](msg, content, { ...options, waitForAck: false }), left(end), "changing");
    } catch (error) {
      if (bridge.changed(msg, content)) return changedAnswer(msg);
      if (error?.code === "edit_message_error") return { refused: "too_late_to_edit", detail: why(error) };
      return { unknown: why(error) };
    }
    return changedAnswer(msg);
  };

  // ---- What is no message -------------------------------------------------------------------------------------------
  const chatFor = (chatId) => (bridge.injected() ? known(chatId) : undefined);
  const inChat = async ({ chatId, ms }, act) => {
    if (!online()) return { notTried: "WhatsApp Web is not connected" };
    const chat = chatFor(chatId);
    if (!chat) return { refused: "chat_not_found", detail: chatId };
    try {
      await within(act(chat, bridge.text(chat.id)), ms, "telling WhatsApp");
    } catch (error) {
      return { unknown: why(error) };
    }
    return { ok: true };
  };
  bridge.markRead = (args) => inChat(args, (_chat, id) => window.WPP.chat.markIsRead(id));
  bridge.watch = (args) => inChat(args, (chat) => chat.presence.subscribe());
  let showing = null;
  bridge.show = (args) =>
    inChat(args, async (_chat, id) => {
      const { chat } = window.WPP;
      const shows = { typing: chat.markIsComposing, recording: chat.markIsRecording, paused: chat.markIsPaused };
      await shows[args.state](id);
      clearTimeout(showing);
      if (args.state !== "paused" && args.forMs)
        showing = setTimeout(() => chat.markIsPaused(id).catch(() => undefined), args.forMs);
    });

  // exists: null when this build cannot say.
  bridge.numberExists = async ({ chatId, ms }) => {
    if (!bridge.injected() || !online()) return { notTried: "WhatsApp Web is not connected" };
    try {
      const found = await lookUp(window.WPP.util.createWid(chatId), ms);
      const ids = chatsOf(bridge.text(found ?? null) ?? chatId);
      return { ok: { exists: found === undefined ? null : found !== null, lid: ids.find((id) => id.endsWith("@lid")) ?? null } };
    } catch (error) {
      return { unknown: why(error) };
    }
  };

  // ---- Proof of life --------------------------------------------------------------------------------------------
  // How many messages of the store, from a time (seconds since 1970) until another, came by no listener.
  bridge.audit = async ({ since, until }) => {
    for (const [id, t] of bridge.known) if (t < since) bridge.known.delete(id);
    const missed = (msg) => msg.t >= since && msg.t < until && !bridge.known.has(bridge.text(msg.id));
    return { ok: models(bridge.model("MsgStore")).filter(missed).length };
  };

  // One round trip to WhatsApp: does our own number exist? Only waiting in vain proves something (false). null: this
  // build cannot be asked, or has nothing to say.
  bridge.question = async ({ ms }) => {
    const ask = bridge.injected() ? window.WPP.whatsapp.functions?.queryWidExists : undefined;
    const own = bridge.me().pn;
    if (typeof ask !== "function" || !own || !online()) return { ok: null };
    const start = Date.now();
    try {
      if (await within(ask(own), ms, "a question")) return { ok: true };
    } catch {
      // When it failed tells what it means, as when nothing was found.
    }
    return { ok: Date.now() - start > SLOW_MS ? false : null };
  };

  // A page that nobody looks at falls asleep: it is told that somebody does, in every way that this build has.
  bridge.awake = async ({ available }) => {
    const stream = bridge.model("Stream");
    const attempts = [
      () => (document.hasFocus = () => true),
      () => document.dispatchEvent(new Event("scroll")),
      () => available && stream.available !== true && stream.markAvailable(),
    ];
    for (const attempt of attempts) {
      try {
        attempt();
      } catch {
        // Not in this build; the others still help.
      }
    }
    return { ok: Boolean(stream?.available) };
  };

  // ---- What was missed ------------------------------------------------------------------------------------------
  // `changedSince`: what became of older messages is wanted, too, and who reacted to them or voted in them since `since`.
  bridge.sweep = async ({ since, changedSince, ms }) => {
    if (!(await until(bridge.injected, FULL_READY_MS))) return { unknown: "wa-js is not running yet" };
    const end = Date.now() + ms;
    const messages = new Map();
    const changes = new Map();
    const lately = new Map();
    const acks = new Map();
    const take = (msg) => {
      bridge.know(msg);
      const [t, ack] = [Number(msg?.t ?? 0), Number(msg?.ack ?? 0)];
      if (changedSince != null && msg?.id?.fromMe && t < since && t >= since - ACKS_S && ack > 0)
        acks.set(bridge.text(msg.id), { id: bridge.text(msg.id), ack, t });
      if (Number(msg?.t ?? 0) >= since && msg?.id?.fromMe && bridge.neverUploaded(msg)) {
        // It was said to be out when it stood in the chat; its file went with the page that had it, and nobody gets it.
        if (bridge.lostUpload(msg)) bridge.tell("lost", { id: bridge.text(msg.id) });
        else bridge.tell("ack", { id: bridge.text(msg.id), ack: -1 });
        return;
      }
      const wanted = changedSince != null && Number(msg?.t ?? 0) >= changedSince;
      if (wanted) lately.set(bridge.text(msg.id), msg);
      const change = wanted ? bridge.changeOf(msg) : null;
      if (change) changes.set(bridge.text(msg.id), change);
      const message = Number(msg?.t ?? 0) >= since ? bridge.message(msg) : null;
      if (message) messages.set(message.id, message);
    };
    for (const msg of models(bridge.model("MsgStore"))) take(msg);
    const newest = [...models(bridge.model("ChatStore"))].sort((a, b) => Number(b.t ?? 0) - Number(a.t ?? 0));
    const missed = (chat) => Number(chat.t ?? 0) >= since || chat.unreadCount > 0;
    const chats = newest.filter(missed);
    let skipped = Math.max(0, chats.length - SWEEP_CHATS);
    const read = async (chat, count) => {
      for (const msg of models(chat.msgs)) take(msg);
      const limit = Math.min(CHAT_MS, left(end));
      const stored = window.WPP.chat.getMessages(bridge.text(chat.id), { count });
      for (const msg of await within(stored, limit, "reading a chat")) take(msg);
    };
    for (const chat of chats.slice(0, SWEEP_CHATS)) {
      // What is in memory of a chat that cannot be read was taken; the others go on.
      await read(chat, SWEEP_DEPTH).catch(() => (skipped += 1));
    }
    const others = changedSince == null ? [] : newest.filter((chat) => !missed(chat) && Number(chat.t ?? 0) >= changedSince);
    for (const chat of others.slice(0, LATELY_CHATS)) await read(chat, LATELY_DEPTH).catch(() => undefined);
    const addons = await bridge.addons([...lately.values()], since, left(end));
    const latest = [...acks.values()].sort((a, b) => b.t - a.t).slice(0, SWEEP_ACKS);
    return {
      ok: {
        messages: [...messages.values()].sort((a, b) => a.t - b.t),
        changes: [...changes.values(), ...addons],
        acks: latest.map(({ id, ack }) => [id, ack]),
        skipped,
      },
    };
  };

  // ---- Linking --------------------------------------------------------------------------------------------------
  bridge.pair = async ({ phone, ms }) => {
    if (!(await until(bridge.injected, ms))) return { unknown: "wa-js is not running" };
    try {
      return { ok: await within(window.WPP.conn.genLinkDeviceCodeForPhoneNumber(phone), ms, "asking for a code") };
    } catch (error) {
      return { unknown: why(error) };
    }
  };

  // wa-js's own refreshQR waits for an event that newer builds do not send; there the command has moved.
  const REFRESHERS = [() => bridge.model("Cmd").refreshQR(), () => window.require("WAWebLaunchSocketUtils").refreshQR()];
  bridge.refresh = async () => {
    let problem;
    for (const refresh of REFRESHERS) {
      try {
        refresh();
        return { ok: true };
      } catch (error) {
        problem = error;
      }
    }
    return { unknown: why(problem) };
  };

  // Take the account back from the window that has it; what follows shows whether it worked.
  bridge.takeOver = async () => {
    const socket = bridge.model("Socket");
    if (typeof socket?.takeover !== "function") return { unknown: "this build cannot take over" };
    socket.takeover();
    return { ok: true };
  };

  // Not awaited: where the page has no logout event it never resolves. The host waits for what follows.
  bridge.logout = async () => {
    const socket = bridge.model("Socket");
    if (typeof socket?.logout !== "function") return { unknown: "the page is not ready" };
    Promise.resolve(socket.logout()).catch(() => undefined);
    return { ok: true };
  };
})();
