// Links to one account (#account-…), in e-mails and on the page: the card is not there when the browser looks for it.
(() => {
  "use strict";

  const GIVE_UP_AFTER = 20000;
  const wanted = () => (location.hash.startsWith("#account-") ? document.getElementById(location.hash.slice(1)) : null);

  function arrive() {
    const card = wanted();
    if (!card) return false;
    card.scrollIntoView({ block: "center" });
    card.focus({ preventScroll: true });
    // Only then its edge is drawn: a click into a card focuses it, too.
    card.dataset.arrived = "";
    card.addEventListener("blur", () => delete card.dataset.arrived, { once: true });
    return true;
  }

  function wait() {
    if (!location.hash.startsWith("#account-") || arrive()) return;
    const seen = new MutationObserver(() => { if (arrive()) seen.disconnect(); });
    seen.observe(document.documentElement, { childList: true, subtree: true });
    setTimeout(() => seen.disconnect(), GIVE_UP_AFTER);
  }

  window.addEventListener("hashchange", wait);
  wait();
})();
