// Runs in the page before WhatsApp's own scripts and after wa-js. It watches WhatsApp Web's own models, tells the host
// what changes, and answers with plain JSON only. wa-js's events are not used: in newer builds some never fire, others
// fire twice. calls.js, which comes after this script, holds what the host asks for.
(() => {
  "use strict";
  if (window !== window.top) return;
  const push = window.__whahookPush;
  if (typeof push !== "function") return;

  const EARLY_MS = 10; // how often the models are looked for, before they are there
  const HOOK_MS = 5000; // how often models that are missing are looked for after that: each search is dear
  const UNSUPPORTED_MS = 5000; // how long the refusal has to be there: a page that is being put together can look like it
  const SOON_MS = 2000; // so long the page may take to read something of its own
  const RECENT_S = 60; // a message added with a time so little before we listened, or later, is not history
  const SHOWN_TEXT = 3000; // characters of the page that are read to recognise an unsupported browser
  const doc = Math.random().toString(36).slice(2); // names this load of the page: late news of an older one are dropped
  const bridge = { doc };
  Object.defineProperty(window, "__whahook", { value: bridge });

  const tell = (kind, data) => {
    try {
      Promise.resolve(push(JSON.stringify({ kind, doc, ...data }))).catch(() => undefined);
    } catch {
      // The host is gone; there is nobody to tell.
    }
  };

  bridge.tell = tell;

  // null when the page does not say it soon: one answer that never comes must not hold up all that it says of itself.
  const soon = (promise) =>
    Promise.race([promise, new Promise((done) => setTimeout(done, SOON_MS, null))]).catch(() => null);

  bridge.soon = soon;

  // ---- Where the models are -------------------------------------------------------------------------------------
  // By module name as soon as the page says that it is complete (Debug.VERSION): wa-js waits for 750 ms without a new
  // module first, and asking wa-js earlier makes it search every module. After that through wa-js, which finds modules
  // by their shape when a build renames them.
  const NAMES = {
    Stream: ["WAWebStreamModel", "Stream"],
    Socket: ["WAWebSocketModel", "Socket"],
    Conn: ["WAWebConnModel", "Conn"],
    Cmd: ["WAWebCmd", "Cmd"],
    MsgStore: ["WAWebCollections", "Msg"],
    ChatStore: ["WAWebCollections", "Chat"],
    ContactStore: ["WAWebCollections", "Contact"],
    PresenceStore: ["WAWebCollections", "Presence"],
    BackendEventBus: ["WAWebBackendEventBus", "BackendEventBus"],
  };
  const found = {};
  // Looked at and not only heard of: whoever misses wa-js's event would take it for absent for ever.
  const injected = () => {
    if (!window.WPP?.isInjected) return false;
    bridge.injectedAt ??= Date.now();
    return true;
  };
  const complete = () => Boolean(window.Debug?.VERSION) && typeof window.require === "function";

  const byName = (id) => {
    if (!complete() && !injected()) return undefined;
    try {
      return window.require(id);
    } catch {
      return undefined;
    }
  };
  const model = (name) => {
    if (found[name]) return found[name];
    let value;
    try {
      value = injected() ? window.WPP.whatsapp[name] : undefined;
    } catch {
      value = undefined;
    }
    const [id, key] = NAMES[name];
    value ??= byName(id)?.[key];
    if (value) found[name] = value;
    return value;
  };
  const models = (collection) => collection?.getModelsArray?.() ?? collection?.toArray?.() ?? collection?.models ?? [];
  bridge.model = model;
  bridge.byName = byName;
  bridge.models = models;
  bridge.injected = injected;
  bridge.text = (value) => (value == null ? null : (value._serialized ?? value.$1 ?? value.toString()));

  // ---- State ----------------------------------------------------------------------------------------------------
  const me = () => {
    const users = byName("WAWebUserPrefsMeUser") ?? (injected() ? window.WPP.whatsapp.UserPrefs : undefined);
    const ask = (name) => {
      try {
        return users?.[name]?.() ?? null;
      } catch {
        return null;
      }
    };
    return { pn: ask("getMaybeMePnUser") ?? ask("getMaybeMeUser"), lid: ask("getMaybeMeLidUser") };
  };

  bridge.me = me;

  const authenticated = () => {
    if (!injected()) return null;
    try {
      return Boolean(window.WPP.conn.isAuthenticated());
    } catch {
      return null;
    }
  };

  // ref, both public keys, the secret and, where the build has one, the platform: what the phone reads in the picture.
  const ownText = async (ref) => {
    const store = byName("WAWebSignalStoreApi")?.waSignalStore;
    const noise = byName("WAWebUserPrefsInfoStore")?.waNoiseInfo;
    const adv = byName("WAWebUserPrefsMultiDevice");
    const base64 = byName("WABase64");
    if (!store || !noise || !adv || !base64) return null;
    const [registration, noiseInfo, secret] = await Promise.all([
      store.getRegistrationInfo(),
      noise.get(),
      adv.getADVSecretKey(),
    ]);
    const parts = [
      ref,
      base64.encodeB64(noiseInfo.staticKeyPair.pubKey),
      base64.encodeB64(registration.identityKeyPair.pubKey),
      secret,
    ];
    const platform = byName("WAWebCompanionRegClientUtils")?.DEVICE_PLATFORM;
    if (platform != null) parts.push(platform);
    return parts.join(",");
  };

  // Where a build has its keys elsewhere, wa-js finds them.
  const qrText = async (ref) =>
    (await soon(ownText(ref))) ?? (injected() ? ((await soon(window.WPP.conn.getAuthCode()))?.fullCode ?? null) : null);

  // A browser that WhatsApp refuses gets a static page with links to other browsers and none of the modules.
  const looksUnsupported = () => {
    if (typeof window.require === "function" || document.readyState !== "complete" || !document.body) return false;
    const text = document.body.innerText.slice(0, SHOWN_TEXT);
    return (
      /unsupported|browser-not-supported/i.test(location.pathname) ||
      /(works with|funciona con|update|actualiza)\s[^.]{0,40}(google chrome|browser|navegador)/i.test(text) ||
      /(browser|navegador)[^.]{0,40}(not supported|unsupported|no es compatible|no compatible)/i.test(text)
    );
  };

  let unsupportedSince = null;
  const unsupported = () => {
    unsupportedSince = looksUnsupported() ? (unsupportedSince ?? performance.now()) : null;
    return unsupportedSince !== null && performance.now() - unsupportedSince >= UNSUPPORTED_MS;
  };

  // What WhatsApp wants of the number's owner before it lets anybody in. It tells a temporary ban by an event, the others
  // in words; these are read in notices only, and only as long as no chat is on the screen.
  const GATES = [
    ["limited", /(temporarily|temporalmente)[^.]{0,60}(banned|restricted|limited|bloquead|restringid|limitad|suspendid)/i],
    ["banned", /(account|number|cuenta|número)[^.]{0,80}(banned|not allowed to use|bloquead|suspendid)/i],
    ["passkey", /passkey|(llave|clave)s? de acceso/i],
  ];
  let banned = false;
  const gate = () => {
    if (banned) return "limited";
    if (model("Socket")?.hasSynced) return null;
    const notices = document.querySelectorAll('[role="dialog"], [role="alertdialog"], [role="alert"]');
    const text = [...notices].map((notice) => notice.innerText).join("\n").slice(0, SHOWN_TEXT);
    return GATES.find(([, words]) => words.test(text))?.[0] ?? null;
  };

  // Signs that something comes from WhatsApp. The host sees the connection itself too, where the browser shows it.
  let traffic = null;
  const heard = () => {
    traffic = Date.now();
  };

  let delivered = 0; // how often WhatsApp said that everything that had waited was delivered
  let count = 0;
  const snapshot = async () => {
    const n = ++count;
    hookLater();
    const stream = model("Stream");
    const socket = model("Socket");
    if (socket?.hasSynced) hookMessages();
    const conn = model("Conn");
    const user = me();
    const loggedIn = authenticated();
    const registered = Boolean(user.pn ?? user.lid);
    const ref = conn?.ref ?? null;
    // A build may still tell whose the page was when its login has ended.
    const nobodys = !registered || (loggedIn === false && stream?.mode === "QR");
    const showsCode = ref && nobodys && !loggedIn && !conn.connected;
    return {
      n,
      injected: injected(),
      listening,
      mode: stream?.mode ?? null,
      info: stream?.info ?? null,
      state: socket?.state ?? null,
      synced: Boolean(socket?.hasSynced),
      authenticated: loggedIn,
      registered,
      ref: showsCode ? ref : null,
      code: showsCode ? await qrText(ref) : null,
      phone: user.pn?.user ?? bridge.text(user.pn)?.split(/[@:]/)[0] ?? null,
      lid: bridge.text(user.lid),
      name: conn?.pushname ?? null,
      unsupported: unsupported(),
      gate: gate(),
      limit: socket?.hasSynced ? await soon(bridge.limit()) : null,
      delivered,
      traffic,
    };
  };
  bridge.snapshot = async () => JSON.stringify({ kind: "state", doc, state: await snapshot() });

  // Changes that come together are told once; a change while one is being told is told after it.
  let telling = false;
  let again = false;
  let last = "";
  const tellState = async () => {
    again = true;
    if (telling) return;
    telling = true;
    try {
      while (again) {
        again = false;
        await Promise.resolve();
        const state = await snapshot();
        const { n: _, traffic: __, ...compared } = state;
        const text = JSON.stringify(compared);
        if (text !== last) tell("state", { state });
        last = text;
      }
    } finally {
      telling = false;
    }
  };

  // ---- Messages -------------------------------------------------------------------------------------------------
  const cards = (list) => list.map((card) => ({ name: card.displayName ?? card.name ?? "", vcard: card.vcard ?? null }));
  // The number of somebody who is known by a hidden id (LID), as far as the page has it at hand: nobody is asked.
  const bare = (wid) => bridge.text(wid)?.replace(/:\d+@/, "@") ?? null;
  const otherId = (wid) => {
    try {
      const hidden = bare(wid);
      if (!hidden.endsWith("@lid")) return null;
      const { pn, lid } = me();
      if (lid && bare(lid) === hidden) return bare(pn);
      const [cache, createWid] = injected()
        ? [window.WPP.whatsapp.lidPnCache, window.WPP.util.createWid]
        : [byName("WAWebApiContact").lidPnCache, byName("WAWebWidFactory").createWid];
      return bare(cache.getPhoneNumber(createWid(hidden)));
    } catch {
      return null; // not in this build, or not there yet
    }
  };
  bridge.otherId = otherId;
  // The same, and the hidden id of a number.
  bridge.other = (id) => {
    if (bridge.text(id)?.endsWith("@lid")) return otherId(id);
    try {
      const wid = typeof id === "string" ? window.WPP.util.createWid(id) : id;
      return bridge.text(window.WPP.whatsapp.lidPnCache.getCurrentLid(wid));
    } catch {
      return null;
    }
  };

  // What a kind says beside its text, as the models have it.
  const SAID = {
    chat: (msg) =>
      msg.mentionedJidList?.length ? { mentions: msg.mentionedJidList.map((wid) => otherId(wid) ?? bridge.text(wid)) } : null,
    location: (msg) => ({ latitude: msg.lat, longitude: msg.lng, place: msg.loc ?? "", live: Boolean(msg.isLive) }),
    vcard: (msg) => ({ contacts: cards([{ displayName: msg.vcardFormattedName, vcard: msg.body }]) }),
    multi_vcard: (msg) => ({ contacts: cards(msg.vcardList ?? []) }),
    poll_creation: (msg) => ({
      question: msg.pollName,
      options: (msg.pollOptions ?? []).map((option) => option.name),
      selectable: Number(msg.pollSelectableOptionsCount ?? 0),
    }),
  };
  const said = (msg, kind) => {
    try {
      return SAID[kind]?.(msg) ?? null;
    } catch {
      return null; // a build that has it otherwise: the kind alone is told
    }
  };

  // Messages name the one that they answer by its bare id and by who wrote it.
  const quoted = (msg) => {
    const [key, remote] = [msg.quotedStanzaID, msg.id.remote];
    if (!key) return null;
    const chat = bridge.text(msg.quotedRemoteJid ?? remote);
    const held = models(model("MsgStore")).find((one) => one.id?.id === key && bridge.text(one.id.remote) === chat);
    if (held) return bridge.text(held.id);
    const author = bridge.text(msg.quotedParticipant)?.replace(/:\d+@/, "@");
    const { pn, lid } = me();
    const ours = [pn, lid].some((own) => own && bridge.text(own).replace(/:\d+@/, "@") === author);
    return `${ours}_${chat}_${key}${chat.endsWith("@g.us") && author ? `_${author}` : ""}`;
  };

  // What is written in a message; those who are mentioned by a hidden id stand there by their numbers, where known.
  bridge.words = (msg) => String((msg.type === "chat" ? msg.body : bridge.caption(msg)) ?? "");
  const written = (msg) => {
    const user = (id) => `@${id.split("@")[0]}`;
    const numbered = (words, wid) => {
      const number = otherId(wid);
      return number ? words.replaceAll(user(bare(wid)), user(number)) : words;
    };
    return (msg.mentionedJidList ?? []).reduce(numbered, bridge.words(msg));
  };

  // What somebody is called, of whom the page knows one of the two ids.
  bridge.nameOf = (wid, other) => {
    const people = [wid, other].map((id) => id && model("ContactStore")?.get?.(id)).filter(Boolean);
    for (const one of people) if (one.pushname || one.name) return one.pushname || one.name;
    return null;
  };

  bridge.message = (msg) => {
    const id = msg?.id;
    if (!id || id.remote == null) return null;
    const kind = msg.type ?? "unknown";
    const author = id.participant ?? msg.author;
    const writer = author ?? msg.from;
    return {
      id: bridge.text(id),
      chat: bridge.text(id.remote),
      other: otherId(id.remote),
      fromMe: Boolean(id.fromMe),
      author: bridge.text(author),
      authorOther: otherId(author),
      name: msg.notifyName || bridge.nameOf(writer, otherId(writer)),
      kind,
      text: written(msg),
      media: bridge.media(msg),
      said: said(msg, kind),
      quoted: quoted(msg),
      edited: Boolean(msg.latestEditMsgKey),
      t: Number(msg.t ?? 0),
      ack: Number(msg.ack ?? 0),
      limited: bridge.wasLimited(msg),
    };
  };

  const tellMessage = (msg) => {
    const message = bridge.message(msg);
    // A file that went down with an earlier page is no news: who sends it again, or a sweep, says what becomes of it.
    if (!message || (msg.id.fromMe && bridge.neverUploaded(msg))) return;
    bridge.know(msg);
    tell("message", { message });
  };

  // Ids, with their times, of messages that were told, were there before we listened, or were swept: calls.js audits.
  const known = new Map();
  bridge.known = known;
  bridge.know = (msg) => msg?.id && known.set(bridge.text(msg.id), Number(msg.t ?? 0));

  const onAdd = (msg) => {
    heard();
    // Not every build says of every message whether it is new. History is not told: the sweep decides about it.
    if (!msg || !(msg.isNewMsg || Number(msg.t ?? 0) >= listensFrom)) return;
    queueMicrotask(() => {
      // Not decrypted yet: the same message gets its real type in a moment, and only then it is told.
      if (msg.type === "ciphertext") msg.once?.("change:type", () => queueMicrotask(() => tellMessage(msg)));
      else tellMessage(msg);
    });
  };
  const onAck = (msg) => {
    heard();
    if (!msg?.id?.fromMe) return;
    if (Number(msg.ack ?? 0) < 0) void bridge.tellRefusal(msg);
    else tell("ack", { id: bridge.text(msg.id), ack: Number(msg.ack ?? 0) });
  };

  // ---- Listening ------------------------------------------------------------------------------------------------
  const STATE_EVENTS = {
    Stream: ["change:mode", "change:info", "change:needsUpdate"],
    Socket: ["change:state", "change:hasSynced", "change:stream"],
    Conn: ["change:ref", "change:connected", "change:pushname"],
    Cmd: ["main_loaded", "logout", "logout_from_bridge", "main_stream_mode_ready_from_bridge"],
  };
  const hooked = new Set();
  const hook = (name, events, listener) => {
    const target = hooked.has(name) ? null : model(name);
    if (typeof target?.on !== "function") return;
    hooked.add(name);
    for (const event of events) {
      try {
        target.on(event, listener);
      } catch {
        // A build that has no such event, and says so.
      }
    }
  };
  const hookState = () => {
    for (const [name, events] of Object.entries(STATE_EVENTS)) {
      hook(name, events, () => {
        heard();
        void tellState();
      });
    }
    hook("BackendEventBus", ["account_temporarily_banned"], () => {
      banned = true;
      void tellState();
    });
  };

  // Also models that a build registers late: events are worth more than the next look.
  let hookedAt = 0;
  const hookLater = () => {
    if (!injected() || performance.now() - hookedAt < HOOK_MS) return;
    hookedAt = performance.now();
    hookState();
  };

  // As soon as the login is synced, though wa-js may still be waiting: nothing that comes in is missed meanwhile.
  bridge.whenListening = [];
  let listening = false;
  let listensFrom = Infinity; // seconds since 1970
  const hookMessages = () => {
    const messages = listening ? null : model("MsgStore");
    if (typeof messages?.on !== "function") return;
    listening = true;
    listensFrom = Date.now() / 1000 - RECENT_S;
    for (const msg of models(messages)) bridge.know(msg);
    messages.on("add", onAdd);
    messages.on("change:ack", onAck);
    for (const begin of bridge.whenListening) begin(messages);
  };

  const early = setInterval(() => {
    if (!complete() && !injected()) return;
    const before = hooked.size;
    hookState();
    if (hooked.size > before) void tellState();
    if (Object.keys(STATE_EVENTS).every((name) => hooked.has(name)) || injected()) clearInterval(early);
  }, EARLY_MS);

  window.WPP?.loader?.onInjected?.(() => {
    hookState();
    hookMessages();
    window.WPP.on?.("conn.backend_event", (event) => {
      heard();
      if (String(event).toLowerCase() === "offline_delivery_end") delivered += 1;
      void tellState();
    });
    void tellState();
  });
})();
