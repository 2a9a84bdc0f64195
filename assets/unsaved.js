// What a form says and is not stored yet: shown in the form, and asked about before one leaves.
(() => {
  "use strict";

  const said = (form) => [...new FormData(form)];
  const same = (one, other) => String(one.map(String).sort()) === String(other.map(String).sort());
  const unsaved = () => document.querySelector("wh-unsaved[data-dirty]");

  class WhUnsaved extends HTMLElement {
    static observedAttributes = ["saved"];

    connectedCallback() {
      this.form = this.closest("form");
      this.sent = null;
      this.touched = new Set();
      for (const field of this.form.querySelectorAll("input[data-zone]")) {
        if (!field.value) field.value = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
      }
      this.kept = said(this.form);
      this.look = () => this.toggleAttribute("data-dirty", !same(said(this.form), this.kept));
      this.touch = ({ target }) => { this.touched.add(target.name); this.look(); };
      this.send = () => { this.sent = said(this.form); this.touched.clear(); };
      for (const event of ["input", "change"]) this.form.addEventListener(event, this.touch);
      this.form.addEventListener("submit", this.send);
      this.look();
    }

    disconnectedCallback() {
      for (const event of ["input", "change"]) this.form.removeEventListener(event, this.touch);
      this.form.removeEventListener("submit", this.send);
      this.removeAttribute("data-dirty");
    }

    // What was sent is stored, what was typed meanwhile is not. The other fields may show news of the server by now.
    attributeChangedCallback(name, before, now) {
      if (!this.isConnected || before === null || before === now || this.sent === null) return;
      requestAnimationFrame(() => {
        const late = ([field]) => this.touched.has(field);
        this.kept = [...said(this.form).filter((one) => !late(one)), ...this.sent.filter(late)];
        this.look();
      });
    }
  }
  customElements.define("wh-unsaved", WhUnsaved);

  addEventListener("beforeunload", (event) => { if (unsaved()) event.preventDefault(); });

  // Reflex's links change the page without leaving the document.
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[href]");
    const here = link && (link.getAttribute("href").startsWith("#") || link.target || link.hasAttribute("download"));
    const dirty = unsaved();
    if (!link || here || !dirty || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (confirm(dirty.getAttribute("ask"))) { dirty.removeAttribute("data-dirty"); return; }
    event.preventDefault();
    event.stopPropagation();
  }, true);

  document.addEventListener("change", (event) => {
    const { target } = event;
    if (!target.matches?.("select[data-leaves]")) return;
    const dirty = unsaved();
    if (!dirty || confirm(dirty.getAttribute("ask"))) return;
    event.stopPropagation();
    target.value = target.dataset.leaves;
  }, true);
})();
