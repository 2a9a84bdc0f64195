// Attaching a file: it is uploaded as soon as it is chosen, and its id goes out with the form.
(() => {
  "use strict";

  const KINDS = [
    [/^image\/(jpeg|png|gif|webp)$/, "image"],
    [/^video\/(mp4|3gpp|quicktime|webm)$/, "video"],
    [/^audio\//, "audio"],
  ];
  // What can be chosen where more than the bytes decides about the kind.
  const ACCEPT = { voice: "audio/ogg,.ogg,.oga,.opus", sticker: "image/webp,.webp" };
  const kindOf = (mime) => KINDS.find(([pattern]) => pattern.test(mime))?.[1] ?? "document";
  const make = (tag, attributes, ...children) => {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    node.append(...children);
    return node;
  };
  const PAPERCLIP =
    '<svg viewBox="0 0 24 24" width="18" height="18" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true"><path d="m16 6-8.4 8.6a2 2 0 0 0 2.8 2.8l8.4-8.6a4 4 0 0 0-5.6-5.7l-8.4 8.6a6 6 0 1 0 8.5 8.5l8.4-8.6"/></svg>';

  class WhAttach extends HTMLElement {
    connectedCallback() {
      if (this.chooser) return;
      this.chooser = make("input", { type: "file", hidden: "" });
      this.id_ = make("input", { type: "hidden", name: "media" });
      this.kind = make("input", { type: "hidden", name: "mediaKind" });
      this.chip = make("div", { class: "wh-attached", hidden: "" });
      this.append(this.chooser, this.id_, this.kind, this.chip);
      if (this.dataset.button) this.addButton();
      this.chooser.addEventListener("change", () => {
        const [file] = this.chooser.files;
        this.chooser.value = "";
        if (file) this.upload(file, this.asKind);
      });
    }

    // Where there is no menu that asks for a file.
    addButton() {
      this.button = make("button", { type: "button", class: "wh-icon-button" });
      this.button.innerHTML = PAPERCLIP; // our own, and nothing else
      this.button.addEventListener("click", () => this.choose(""));
      this.prepend(this.button);
      this.speak();
    }

    // asKind: "document", "voice" or "sticker"; else what the bytes are.
    choose(asKind) {
      this.asKind = asKind;
      this.chooser.accept = ACCEPT[asKind] ?? "";
      this.chooser.click();
    }

    static observedAttributes = ["data-label"];
    attributeChangedCallback() {
      if (this.button) this.speak();
    }

    speak() {
      this.button.setAttribute("aria-label", this.dataset.label);
      this.button.title = this.dataset.label;
    }

    clear() {
      this.request?.abort();
      this.request = null;
      this.id_.value = this.kind.value = "";
      this.chip.hidden = true;
      this.chip.replaceChildren();
    }

    upload(file, asKind = "") {
      this.clear();
      const bar = make("progress", { max: "1", value: "0", "aria-label": this.dataset.uploading });
      const words = make("span", { class: "wh-attached-name", role: "status" }, file.name);
      const remove = make("button", { type: "button", class: "wh-icon-button", "aria-label": this.dataset.remove }, "×");
      remove.addEventListener("click", () => {
        this.clear();
        (this.button ?? this.closest("form")?.querySelector("textarea"))?.focus();
      });
      this.chip.replaceChildren(words, bar, remove);
      this.chip.hidden = false;
      const body = new FormData();
      body.append("file", file);
      const request = (this.request = new XMLHttpRequest());
      request.open("POST", "/api/v1/media");
      request.responseType = "json";
      request.upload.addEventListener("progress", (event) => event.lengthComputable && (bar.value = event.loaded / event.total));
      const failed = () => {
        if (this.request !== request) return;
        const code = String(request.response?.code ?? "").replaceAll("_", "-");
        words.textContent = this.getAttribute(`data-${code}`) || this.dataset.failed;
        this.chip.dataset.failed = "true";
        bar.remove();
      };
      request.addEventListener("load", () => {
        if (this.request !== request) return;
        if (request.status !== 201 || !request.response?.id) return failed();
        this.id_.value = request.response.id;
        this.kind.value = asKind || kindOf(request.response.mime);
        bar.remove();
        this.chip.dataset.done = "true";
      });
      request.addEventListener("error", failed);
      delete this.chip.dataset.failed;
      delete this.chip.dataset.done;
      request.send(body);
    }
  }
  customElements.define("wh-attach", WhAttach);

  window.whahookAttach = (asKind) => document.querySelector(".wh-conversation wh-attach")?.choose(asKind);
  window.whahookAttachClear = () => document.querySelectorAll("wh-attach").forEach((one) => one.clear());
  // A form whose file is still on its way waits for it.
  document.addEventListener(
    "submit",
    (event) => {
      if (event.target.querySelector?.("wh-attach progress")) {
        event.preventDefault();
        event.stopPropagation();
      }
    },
    true,
  );
})();
