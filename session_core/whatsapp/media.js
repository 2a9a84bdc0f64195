// Files of messages: from the host's disk to wa-js, and from WhatsApp to the host, a piece at a time. Runs between
// contents.js and calls.js.
(() => {
  "use strict";
  const bridge = window.__whahook;
  if (!bridge) return;

  const KEPT_MS = 10 * 60 * 1000; // a file that nobody reads on for so long is let go
  const POLL_MS = 50;
  const ANSWER_MS = 2000; // so long WhatsApp's answer is waited for once a file is uploaded
  const TYPES = { image: "image", video: "video", document: "document", audio: "audio", voice: "audio", sticker: "sticker" };
  // What phones need to know to play a voice note.
  const MIMES = { "audio/ogg": "audio/ogg; codecs=opus" };

  const why = (error) => String(error?.code ?? error?.message ?? error).slice(0, 200);
  const later = (ms) => new Promise((done) => setTimeout(done, ms));

  // ---- Out ------------------------------------------------------------------------------------------------------
  // The browser reads a chosen file from the disk when it is needed: it never passes through a call.
  const staged = new Map();
  const handedOver = new Set(); // keys of the messages that this load of the page was given
  let chooser = null;
  bridge.staged = staged;
  bridge.chooser = () => {
    chooser = document.createElement("input");
    chooser.type = "file";
    return chooser;
  };
  bridge.stage = async ({ mediaId }) => {
    const file = chooser?.files?.[0];
    chooser = null;
    if (!file) return { unknown: "no file was chosen" };
    staged.set(mediaId, file);
    return { ok: file.size };
  };

  // wa-js prepares a file before it hands it over, which can take a while. Whether it is too late is asked again at that
  // instant, where this build lets us; and WhatsApp's answer is heard, which wa-js keeps to itself.
  const tooLate = () => Object.assign(new Error("it is too late"), { code: "too_late" });
  const asking = async (notAfter, captioned, begun, work) => {
    const module = window.WPP.whatsapp.MediaPrep;
    const original = module?.prepRawMedia;
    const asked = (...args) => {
      const prep = original.apply(module, args);
      const send = prep.sendToChat;
      const guarded = function (...given) {
        if (Date.now() >= notAfter) throw tooLate();
        // wa-js makes a caption of the file's name where there is none.
        const options = (given.length === 1 ? given[0]?.options : given[1])?.productMsgOptions;
        if (options && !captioned) options.caption = undefined;
        const ending = send.apply(this, given);
        begun(ending);
        return ending;
      };
      Object.defineProperty(guarded, "length", { value: send.length }); // wa-js tells builds apart by it
      prep.sendToChat = guarded;
      return prep;
    };
    try {
      if (typeof original === "function") module.prepRawMedia = asked;
    } catch {
      // This build does not let us: that it was not too late before the preparation has to do.
    }
    try {
      return await work();
    } finally {
      if (module?.prepRawMedia === asked) module.prepRawMedia = original;
    }
  };

  // A file leaves when it is uploaded. Until then nothing may be sent behind it: it would arrive before it, and the pace
  // is counted from when messages leave. One that takes longer than that is on its way all the same.
  const left = async (find, ending, until) => {
    let answered = false;
    let uploaded = null;
    Promise.resolve(ending ?? new Promise(() => undefined))
      .catch(() => undefined)
      .then(() => (answered = true));
    while (Date.now() < until && !answered) {
      const msg = find();
      if (!msg || Number(msg.ack ?? 0) !== 0 || bridge.neverUploaded(msg)) return;
      if (msg.directPath || msg.mediaData?.mediaStage === "RESOLVED") uploaded ??= Date.now();
      if (uploaded !== null && Date.now() - uploaded > ANSWER_MS) return;
      await later(POLL_MS);
    }
  };

  const send = async (chat, content, options, { notAfter, leftBy }) => {
    const { type, media_id: mediaId, mime, filename, caption } = content;
    const chosen = staged.get(mediaId);
    staged.delete(mediaId);
    const key = String(options.messageId).split("_")[2];
    handedOver.add(key);
    const file = new File([chosen], filename ?? "file", { type: type === "voice" ? (MIMES[mime] ?? mime) : mime });
    const how = {
      ...options,
      type: TYPES[type],
      ...(caption ? { caption } : {}),
      ...(type === "voice" ? { isPtt: true, waveform: true } : {}),
    };
    // wa-js does not hand on what the page answers, unless it is waited for. That a file could not be uploaded is told as a
    // refusal by WhatsApp would be.
    let ending = null;
    const begun = (promise) => {
      ending = promise;
      bridge.heed(options.messageId, promise);
    };
    const captioned = Boolean(caption) || type === "document";
    await asking(notAfter, captioned, begun, () => window.WPP.chat.sendFileMessage(chat, file, how));
    await left(() => bridge.ours(key), ending, leftBy);
  };
  for (const type of Object.keys(TYPES)) bridge.senders[type] = send;

  // What is in the chat and was never uploaded: the upload failed, or its page is gone, and the bytes with it. Nobody got
  // it. Where a build does not say so clearly, the message counts as on its way, like a text.
  bridge.neverUploaded = (msg) => {
    if (!msg?.mediaData || Number(msg.ack ?? 0) > 0) return false;
    if (msg.directPath || msg.mediaKey || msg.clientUrl || msg.deprecatedMms3Url) return false;
    const stage = String(msg.mediaData.mediaStage ?? "");
    return stage.startsWith("ERROR") || (!handedOver.has(msg.id.id) && stage !== "RESOLVED");
  };

  // What of that did not fail but went down with its page: it can go out again.
  bridge.lostUpload = (msg) =>
    bridge.neverUploaded(msg) && !String(msg.mediaData.mediaStage ?? "").startsWith("ERROR");

  // ---- In -------------------------------------------------------------------------------------------------------
  const MEDIA = new Set(["image", "video", "document", "audio", "ptt", "sticker", "gif", "ptv"]);
  const number = (value) => (Number.isFinite(Number(value)) && value != null ? Number(value) : null);
  bridge.media = (msg) =>
    MEDIA.has(msg.type)
      ? {
          mime: msg.mimetype ?? null,
          filename: msg.filename ?? null,
          size: number(msg.size ?? msg.mediaData?.size),
          seconds: number(msg.duration),
          width: number(msg.width),
          height: number(msg.height),
        }
      : null;
  // wa-js makes a caption of the name of a file that has none.
  bridge.caption = (msg) => {
    const unasked = msg.caption === msg.filename && msg.isCaptionByUser !== true;
    return msg.caption && !unasked ? msg.caption : "";
  };

  const blobs = new Map();
  const GONE = /media_not_found|message_not_contains_media|msg_not_found|404|410/;
  bridge.fetchMedia = async ({ id, limit, ms }) => {
    const told = window.WPP.whatsapp.MsgStore?.get?.(id);
    if (Number(told?.size ?? 0) > limit) return { ok: { missing: "too_large" } };
    try {
      const download = window.WPP.chat.downloadMedia(id);
      const blob = await Promise.race([download, later(ms)]);
      if (!blob) return { unknown: "the download took too long" };
      if (blob.size > limit) return { ok: { missing: "too_large" } };
      blobs.set(id, blob);
      setTimeout(() => blobs.get(id) === blob && blobs.delete(id), KEPT_MS);
      return { ok: { size: blob.size } };
    } catch (error) {
      return GONE.test(why(error)) ? { ok: { missing: "gone" } } : { unknown: why(error) };
    }
  };
  bridge.readMedia = async ({ id, start, size }) => {
    const blob = blobs.get(id);
    if (!blob) return { unknown: "the file is not here any more" };
    const reader = new FileReader();
    const url = await new Promise((done, fail) => {
      reader.onload = () => done(reader.result);
      reader.onerror = () => fail(reader.error);
      reader.readAsDataURL(blob.slice(start, start + size));
    });
    return { ok: url.slice(url.indexOf(",") + 1) };
  };
  bridge.dropMedia = async ({ id }) => ({ ok: blobs.delete(id) });
})();
