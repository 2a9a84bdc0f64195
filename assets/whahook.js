// What only the browser can show: times in its own zone, seconds that pass, copying. No server is asked for any of it.
(() => {
  "use strict";

  const language = () => (document.documentElement.lang === "en" ? "en" : "es");
  // The browser's own way of the page's language (en-GB, es-MX): days and months stand in another order there.
  const locale = () => navigator.languages.find((one) => one.startsWith(language())) ?? language();
  const UNITS = [["year", 31536000], ["month", 2592000], ["week", 604800], ["day", 86400], ["hour", 3600], ["minute", 60]];
  const NOW = { es: "ahora mismo", en: "just now" };
  const TODAY = { es: "hoy", en: "today" };

  function ago(date) {
    const seconds = (date - Date.now()) / 1000;
    const unit = UNITS.find(([, size]) => Math.abs(seconds) >= size);
    if (!unit) return NOW[language()];
    const format = new Intl.RelativeTimeFormat(locale(), { numeric: "always" });
    return format.format(Math.trunc(seconds / unit[1]), unit[0]);
  }

  const clock = (date) => date.toLocaleTimeString(locale(), { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });

  function day(date) {
    const other = date.getFullYear() !== new Date().getFullYear();
    return date.toLocaleDateString(locale(), { day: "numeric", month: "short", ...(other && { year: "numeric" }) });
  }

  function moment(date) {
    const today = date.toDateString() === new Date().toDateString();
    return `${today ? TODAY[language()] : day(date)} ${clock(date)}`;
  }

  // "since 08:30" on the same day, "since 22 Nov" later.
  function since(date) {
    const today = date.toDateString() === new Date().toDateString();
    if (!today) return day(date);
    return language() === "es" ? `las ${clock(date)}` : clock(date);
  }

  function short(date) {
    return date.toDateString() === new Date().toDateString() ? clock(date) : day(date);
  }

  const KINDS = { ago, moment, since, clock, short };

  // Writes only when the text differs: a rewrite with the same text would be read out again.
  function write(element, text) {
    if (element.textContent !== text) element.textContent = text;
  }

  const ticking = new Set();
  setInterval(() => ticking.forEach((element) => element.tick()), 1000);

  class Ticking extends HTMLElement {
    connectedCallback() { ticking.add(this); this.start(); }
    disconnectedCallback() { ticking.delete(this); }
    attributeChangedCallback() { if (this.isConnected) this.start(); }
    start() { this.tick(); }
  }

  class WhTime extends Ticking {
    static observedAttributes = ["datetime", "kind", "lang"];
    tick() {
      const date = new Date(this.getAttribute("datetime"));
      if (Number.isNaN(date.getTime())) return write(this, "");
      write(this, (KINDS[this.getAttribute("kind")] || moment)(date));
      this.title = date.toLocaleString(locale(), { dateStyle: "long", timeStyle: "medium" });
    }
  }

  // The server says how many seconds are left, so that a clock that is wrong shows nothing wrong.
  class WhCountdown extends Ticking {
    static observedAttributes = ["seconds", "data-key"];
    start() { this.end = performance.now() + Number(this.getAttribute("seconds")) * 1000; this.tick(); }
    tick() {
      const left = Math.ceil((this.end - performance.now()) / 1000);
      const over = this.getAttribute("over") || "";
      const shown = left < 100 ? `${left} s` : `${Math.round(left / 60)} min`;
      write(this, left > 0 ? (this.getAttribute("template") || "{t}").replace("{t}", shown) : over);
    }
  }

  class WhMeter extends HTMLElement {
    static observedAttributes = ["seconds", "total"];
    connectedCallback() { this.run(); }
    attributeChangedCallback() { if (this.isConnected) this.run(); }
    run() {
      const left = Number(this.getAttribute("seconds"));
      const part = Math.min(1, left / Number(this.getAttribute("total")));
      const bar = this.firstElementChild || this.appendChild(document.createElement("i"));
      this.running?.cancel();
      this.running = bar.animate(
        [{ transform: `scaleX(${part})` }, { transform: "scaleX(0)" }],
        { duration: Math.max(1, left * 1000), fill: "forwards", easing: "linear" },
      );
    }
  }

  class WhLang extends HTMLElement {
    static observedAttributes = ["value"];
    connectedCallback() { this.tell(); }
    attributeChangedCallback() { this.tell(); }
    tell() {
      const value = this.getAttribute("value");
      if (value) document.documentElement.lang = value;
      ticking.forEach((element) => element.tick());
    }
  }

  const YESTERDAY = { es: "ayer", en: "yesterday" };

  // The day above a message, hidden where the one before is of the same day.
  class WhDay extends Ticking {
    static observedAttributes = ["datetime", "lang"];
    tick() {
      const date = new Date(this.getAttribute("datetime"));
      const before = this.parentElement?.previousElementSibling?.querySelector("wh-day")?.getAttribute("datetime");
      this.hidden = Boolean(before) && new Date(before).toDateString() === date.toDateString();
      if (this.hidden) return write(this, "");
      const today = new Date();
      const yesterday = new Date(today.getFullYear(), today.getMonth(), today.getDate() - 1);
      if (date.toDateString() === today.toDateString()) return write(this, TODAY[language()]);
      if (date.toDateString() === yesterday.toDateString()) return write(this, YESTERDAY[language()]);
      const year = date.getFullYear() !== today.getFullYear() && { year: "numeric" };
      write(this, date.toLocaleDateString(locale(), { weekday: "long", day: "numeric", month: "long", ...year }));
    }
  }

  // Older messages come by themselves when one scrolls up to the button that brings them.
  class WhNear extends HTMLElement {
    static observedAttributes = ["count"];
    connectedCallback() { this.look(); }
    disconnectedCallback() { this.observer?.disconnect(); }
    attributeChangedCallback() { if (this.isConnected) this.look(); }
    look() {
      this.observer?.disconnect();
      this.observer = new IntersectionObserver(([entry]) => {
        if (entry.isIntersecting) this.querySelector("button")?.click();
      });
      this.observer.observe(this);
    }
  }

  customElements.define("wh-day", WhDay);
  customElements.define("wh-near", WhNear);
  customElements.define("wh-lang", WhLang);
  customElements.define("wh-time", WhTime);
  customElements.define("wh-countdown", WhCountdown);
  customElements.define("wh-meter", WhMeter);

  // Dialogs here have no trigger of their own, so nothing gives the focus back to what opened them.
  const INSIDE = "[role=dialog], [role=alertdialog], [role=menu]";
  let opener = null;
  document.addEventListener("focusin", ({ target }) => {
    if (target !== document.body && !target.closest(INSIDE)) opener = target;
  });
  window.whahookRefocus = () => requestAnimationFrame(() => {
    if (document.querySelector(INSIDE)) return;
    (opener?.isConnected ? opener : document.getElementById("content"))?.focus();
  });

  // navigator.clipboard is there on https and localhost only; people also open us by a name in their own network.
  async function copy(text) {
    if (navigator.clipboard && window.isSecureContext) return navigator.clipboard.writeText(text);
    const field = document.createElement("textarea");
    field.value = text;
    field.style.position = "fixed";
    field.style.opacity = "0";
    const place = document.querySelector("[role=dialog], [role=alertdialog]") || document.body;
    place.appendChild(field);
    field.select();
    document.execCommand("copy");
    field.remove();
  }

  // In a field for messages Enter sends and Shift+Enter begins a line; while an input method composes it does neither.
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || !event.target.dataset?.enterSends) return;
    event.preventDefault();
    event.target.form?.requestSubmit();
  });

  // What is open goes into the address, so that a reload or a copied link comes back to it.
  window.whahookAddress = (account, chat) => {
    const asked = new URLSearchParams(Object.entries({ account, chat }).filter(([, value]) => value));
    const query = String(asked);
    history.replaceState(history.state, "", location.pathname + (query && `?${query}`));
  };
  window.whahookShowMessage = (id) => requestAnimationFrame(() => requestAnimationFrame(() => {
    const message = document.querySelector(`[data-message="${id}"]`);
    message?.scrollIntoView({ block: "center" });
    message?.setAttribute("data-found", "");
  }));
  window.whahookChatEnd = () => document.querySelector(".wh-log")?.scrollTo({ top: 0 });
  // On a phone the keyboard would cover the conversation that one has just opened.
  window.whahookChatOpened = () => requestAnimationFrame(() => {
    const field = document.getElementById("compose-text");
    if (matchMedia("(hover: hover) and (min-width: 781px)").matches) field?.focus();
  });

  document.addEventListener("click", async (event) => {
    const button = event.target.closest?.("[data-copy], [data-copy-from]");
    if (!button) return;
    await copy(button.dataset.copy ?? document.getElementById(button.dataset.copyFrom).textContent);
    button.dataset.done = "true";
    setTimeout(() => delete button.dataset.done, 2000);
  });
})();
