// WhatsApp's limit on new conversations (its "reach-out time-lock"): whether the account is under it, whether a chat may be
// written to all the same, and whether a message was refused for it (463). Nothing of it is there in every build.
(() => {
  "use strict";
  const bridge = window.__whahook;
  if (!bridge) return;

  const CODE = 463;
  const KEY = "WAReachoutTimelockState";
  const VERDICT_MS = 2000; // so long the answer to the first message of a chat is waited for
  const NEWS_MS = 1000; // so much later than its refusal the page may hear of the limit

  const later = (ms) => new Promise((done) => setTimeout(done, ms));
  const quietly = (read) => bridge.soon(Promise.resolve().then(read)); // null in a build that has it otherwise
  const utils = () => bridge.byName("WAWebReachoutTimelockUtils");
  const number = (value) => (Number.isFinite(Number(value)) && Number(value) > 0 ? Number(value) : null);
  // Milliseconds since 1970, whatever unit the build keeps.
  const ms = (t) => (number(t) === null ? null : number(t) > 1e11 ? number(t) : number(t) * 1000);

  // {limited, until: ms or null}; null when this build cannot say.
  bridge.limit = async () => {
    const locked = await quietly(() => utils().isUserReachoutTimelocked());
    if (typeof locked !== "boolean") return null;
    if (!locked) return { limited: false, until: null };
    const key = utils().REACHOUT_TIMELOCK_IDB_KEY ?? KEY;
    const kept = await quietly(() => bridge.byName("WAWebUserPrefsIndexedDBStorage").userPrefsIdb.get(key));
    const until = ms(kept?.time_enforcement_ends);
    // The page keeps it until it is told anew, also when its time is over.
    if (until !== null && until <= Date.now()) return { limited: false, until: null };
    return { limited: true, until };
  };

  const isPerson = (chat) => /@(c\.us|lid)$/.test(bridge.text(chat?.id) ?? "");
  // Somebody who wrote, or got something, is known.
  const begun = (chat) => bridge.models(chat?.msgs).some((msg) => !msg.id?.fromMe || Number(msg.ack ?? 0) > 0);

  // {until} when the limit forbids writing in this chat.
  bridge.limitIn = async (chat) => {
    if (!isPerson(chat)) return null;
    const limit = await bridge.limit();
    if (!limit?.limited) return null;
    const may = await quietly(() => utils().canSendMsgWhileTimelocked({ chat, contact: chat.contact }));
    return (typeof may === "boolean" ? may : begun(chat)) ? null : { until: limit.until };
  };

  // ---- Refusals -----------------------------------------------------------------------------------------------------
  const refused = new Set(); // keys of messages whose answer was 463
  const isCode = (value) => [value?.errorCode, value?.error, value?.code, value?.messageSendResult].some((one) => Number(one) === CODE);
  const FINAL = /^ERROR_(UNKNOWN|EXPIRED|CANCELLED|UPLOAD)$/; // after another one the page may try again by itself

  bridge.wasLimited = (msg) => {
    const ack = Number(msg.ack ?? 0);
    return (ack < 0 && isCode(msg)) || (ack <= 0 && refused.has(msg.id.id));
  };

  // {until} when WhatsApp refused the message for the limit.
  bridge.limitOf = async (msg) => {
    if (!msg?.id?.fromMe || !(Number(msg.ack ?? 0) < 0 || bridge.wasLimited(msg))) return null;
    if (bridge.wasLimited(msg)) {
      let limit = await bridge.limit();
      if (!limit?.limited) {
        // Whoever is refused before the notification came can ask.
        const job = bridge.byName("WAWebGetReachoutTimelockJob");
        if (job?.fetchReachoutTimelock) await quietly(() => job.fetchReachoutTimelock());
        limit = await bridge.limit();
      }
      return { until: limit?.until ?? null };
    }
    // A build that does not say why, and says of the chat that nothing could go out.
    const chat = await quietly(() => window.WPP.chat.get(msg.id.remote));
    return chat ? bridge.limitIn(chat) : null;
  };

  // A refusal is told with its reason, which may become known a moment later.
  bridge.tellRefusal = async (msg) => {
    const id = bridge.text(msg.id);
    let limit = await bridge.limitOf(msg);
    if (!limit && utils() && isPerson({ id: msg.id.remote })) {
      await later(NEWS_MS);
      limit = await bridge.limitOf(msg);
    }
    if (limit) bridge.tell("limited", { id, until: limit.until });
    else bridge.tell("ack", { id, ack: Number(msg.ack ?? 0) });
  };

  // The same by WhatsApp's answer to a send, which wa-js does not give: not every build writes it into the message too.
  const tellResult = async (id, result) => {
    const key = id.split("_")[2];
    if (isCode(result)) refused.add(key);
    if (!isCode(result) && !FINAL.test(String(result?.messageSendResult ?? result))) return;
    await later(NEWS_MS);
    const msg = bridge.models(bridge.model("MsgStore")).find((one) => one.id?.fromMe && one.id.id === key);
    if (Number(msg?.ack ?? 0) !== 0) return; // it has said so itself
    if (isCode(result)) bridge.tell("limited", { id, until: (await bridge.limit())?.until ?? null });
    else bridge.tell("ack", { id, ack: -1 });
  };
  bridge.heed = (id, answer) =>
    Promise.resolve(answer)
      .then((result) => tellResult(bridge.text(id), result))
      .catch(() => undefined);
  bridge.whenListening.push(() =>
    bridge.overhear("WAWebSendMsgChatAction", [], "addAndSendMsgToChat", () => undefined, (answer, _chat, msg) =>
      bridge.heed(
        msg.id,
        Promise.resolve(answer).then((both) => both?.[1]),
      ),
    ),
  );

  // Waits until WhatsApp has answered the first message of a chat, if it does so soon: {until} when it was refused.
  bridge.verdict = async (find, ms) => {
    const end = Date.now() + Math.min(VERDICT_MS, ms);
    while (Date.now() < end) {
      const msg = find();
      if (msg && (Number(msg.ack ?? 0) !== 0 || bridge.wasLimited(msg))) return bridge.limitOf(msg);
      await later(20);
    }
    return null;
  };
  bridge.awaitsVerdict = (chat) => Boolean(utils()) && isPerson(chat) && !begun(chat);
})();
