// What only the browser knows about a conversation: whether somebody looks at it, files that are dropped or pasted, local time.
(() => {
  "use strict";

  // Presses the button inside when there is something unread and somebody looks: never in a tab in the background.
  class WhSeen extends HTMLElement {
    static observedAttributes = ["unread", "chat"];
    look = () => {
      const { unread, chat } = { unread: this.getAttribute("unread"), chat: this.getAttribute("chat") };
      if (!(Number(unread) > 0)) this.told = "";
      else if (document.visibilityState === "visible" && document.hasFocus() && this.told !== `${chat} ${unread}`) {
        this.told = `${chat} ${unread}`;
        this.querySelector("button")?.click();
      }
    };
    // Who comes back looks anew: what could not be told before is told now.
    lookAnew = () => {
      this.told = "";
      this.look();
    };
    connectedCallback() {
      document.addEventListener("visibilitychange", this.lookAnew);
      window.addEventListener("focus", this.lookAnew);
      // The button comes after its frame.
      requestAnimationFrame(this.look);
    }
    disconnectedCallback() {
      document.removeEventListener("visibilitychange", this.lookAnew);
      window.removeEventListener("focus", this.lookAnew);
    }
    attributeChangedCallback() {
      if (this.isConnected) requestAnimationFrame(this.look);
    }
  }
  customElements.define("wh-seen", WhSeen);

  // Files that are dropped onto a conversation, or pasted into it, are attached as if they had been chosen.
  const openOne = (target) => target?.closest?.(".wh-conversation");
  const attachTo = (conversation, files) => {
    const field = conversation?.querySelector("wh-attach");
    const [file] = files ?? [];
    if (!field || !file) return false;
    field.upload(file);
    conversation.querySelector("textarea")?.focus();
    return true;
  };
  const unmark = () => document.querySelectorAll("[data-drop]").forEach((one) => delete one.dataset.drop);
  document.addEventListener("dragover", (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    const conversation = openOne(event.target);
    unmark();
    // Outside it is refused, so that the browser does not open the file instead of the page.
    event.preventDefault();
    event.dataTransfer.dropEffect = conversation ? "copy" : "none";
    if (conversation) conversation.dataset.drop = "true";
  });
  document.addEventListener("dragleave", (event) => event.relatedTarget || unmark());
  document.addEventListener("drop", (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    unmark();
    attachTo(openOne(event.target), event.dataTransfer.files);
  });
  document.addEventListener("paste", (event) => {
    if (attachTo(openOne(event.target), event.clipboardData?.files)) event.preventDefault();
  });

  // A field for a local time tells its form the moment, with its zone.
  document.addEventListener("input", ({ target }) => {
    if (!target.dataset?.moment) return;
    const at = new Date(target.value);
    target.form.elements[target.dataset.moment].value = Number.isNaN(at.getTime()) ? "" : at.toISOString();
  });
})();
