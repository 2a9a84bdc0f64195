// Secrets that are shown once, and the news of another version: what Reflex itself would keep, or say in English only.
(() => {
  "use strict";

  // A secret comes by an event and not by the page's state, which the server keeps. It may come before its place is
  // there or after; it goes with its place.
  const waiting = new Map();
  class WhOnce extends HTMLElement {
    connectedCallback() {
      if (!waiting.has(this.id)) return;
      this.textContent = waiting.get(this.id);
      waiting.delete(this.id);
    }
    disconnectedCallback() { this.textContent = ""; }
  }
  customElements.define("wh-once", WhOnce);
  window.whahookOnce = (id, secret) => {
    waiting.set(id, secret);
    document.getElementById(id)?.connectedCallback();
  };

  // Reflex's banner, when a page was built anew while it was open (`showNewVersionBanner` in its state.js).
  const TEXTS = {
    es: ["Hay una versión nueva de esta página.", "Recargar"],
    en: ["There is a new version of this page.", "Reload"],
  };
  function translate() {
    const banner = document.getElementById("reflex-new-version-banner");
    const button = banner?.querySelector("button");
    if (!button) return;
    const [said, action] = TEXTS[document.documentElement.lang === "en" ? "en" : "es"];
    if (button.textContent === action) return;
    button.textContent = action;
    banner.replaceChildren(said, button);
  }
  new MutationObserver(translate).observe(document.body, { childList: true });
  new MutationObserver(translate).observe(document.documentElement, { attributeFilter: ["lang"] });
})();
