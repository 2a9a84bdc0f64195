/* What a person sees: loading, QR or code, chats, and the notices of a broken or taken connection. */
(function () {
  'use strict';

  const TICKS = { '-1': '!', 0: '🕓', 1: '✓', 2: '✓✓', 3: '✓✓' };

  __d.es('SandboxScreen', (exports, require) => {
    const root = document.getElementById('app');
    let [open, queued, drawnRef] = [null, false, null];

    // element('p', {class: 'x'}, 'text', child, ...)
    function element(tag, attributes = {}, ...children) {
      const node = document.createElement(tag);
      for (const [name, value] of Object.entries(attributes)) {
        if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
        else if (value !== false && value !== undefined) node.setAttribute(name, value === true ? '' : value);
      }
      node.append(...children.filter((child) => child !== null && child !== undefined));
      return node;
    }

    function show(name, ...children) {
      root.dataset.screen = name;
      root.replaceChildren(...children);
    }

    exports.start = () => {
      show('loading', element('p', { class: 'notice', role: 'status' }, 'Loading WhatsApp Web (sandbox)…'));
      const { Socket } = require('WAWebSocketModel');
      const { Stream } = require('WAWebStreamModel');
      Socket.on('change', draw);
      Stream.on('change', draw);
      require('WAWebConnModel').Conn.on('change:ref', draw);
      require('WAWebMsgCollection').MsgCollection.on('add change remove', draw);
      require('WAWebChatCollection').ChatCollection.on('add change remove', draw);
      require('WAWebCmd').Cmd.on('open_chat', (chat) => { open = chat; draw(); });
    };

    exports.fail = (error) => show('failed', element('p', { class: 'notice', role: 'alert' }, `This page could not start: ${error.message}`));

    function draw() {
      if (queued) return;
      queued = true;
      requestAnimationFrame(() => { queued = false; drawNow(); });
    }

    function drawNow() {
      const { mode, info } = require('WAWebStreamModel').Stream;
      const { state } = require('WAWebSocketModel').Socket;
      if (mode === 'QR') return drawQr(state);
      if (mode === 'CONFLICT') return drawConflict();
      if (mode === 'SYNCING') return show('syncing', element('p', { class: 'notice', role: 'status' }, 'Loading your chats…'));
      return mode === 'MAIN' ? drawChats(info) : undefined;
    }

    // QR and code

    async function drawQr(state) {
      const session = require('SandboxSession');
      const ref = require('WAWebConnModel').Conn.ref;
      const idle = state === 'UNPAIRED_IDLE';
      if (drawnRef === ref && root.dataset.screen === 'qr' && root.querySelector('.reload') === null && !idle) return;
      drawnRef = ref;
      const image = element('div', { class: 'qr', role: 'img', 'aria-label': 'QR that links a phone' });
      const steps = element('ol', {}, element('li', {}, 'Open the phone page of this sandbox.'), element('li', {}, 'Copy this QR, or take a picture of it.'), element('li', {}, 'Scan it there.'));
      const left = element('section', {}, element('h1', {}, 'Link with a phone'), steps, element('a', { href: '/phone', target: '_blank', rel: 'noopener' }, 'Open the phone page'), element('p', { class: 'code', role: 'status' }));
      if (idle) image.append(element('button', { class: 'reload', type: 'button', onclick: session.refreshQr }, 'Show a new QR'));
      else image.dataset.ref = session.qrText();
      const copy = element('button', { type: 'button', class: 'copy', disabled: idle, onclick: () => navigator.clipboard.writeText(session.qrText()) }, 'Copy the code');
      show('qr', element('main', { class: 'card' }, left, element('section', {}, image, copy)));
      if (!idle) image.innerHTML = await picture(image.dataset.ref);
    }

    async function picture(text) {
      const response = await fetch('/qr.svg', { method: 'POST', body: text });
      if (!response.ok) return '';
      const svg = await response.text();
      return svg.slice(svg.indexOf('<svg'));
    }

    exports.showCode = (code) => {
      const place = root.querySelector('.code');
      if (place) place.textContent = `Code: ${code.slice(0, 4)}-${code.slice(4)}`;
    };

    function drawConflict() {
      const use = element('button', { type: 'button', onclick: () => require('WAWebSocketModel').Socket.takeover() }, 'Use here');
      show('conflict', element('main', { class: 'card column' }, element('h1', {}, 'WhatsApp is open in another window'), element('p', {}, 'Choose “Use here” to go on in this window.'), use));
    }

    // Chats

    const titleOf = (chat) => chat.formattedTitle;
    const timeOf = (msg) => (msg?.t ? new Date(msg.t * 1000).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' }) : '');
    const textOf = (msg) => (msg.type === 'ciphertext' ? '⏳ Waiting for this message…' : msg.type === 'chat' ? msg.body ?? '' : `[${msg.type}] ${msg.body ?? ''}`);

    function drawChats(info) {
      const { Conn } = require('WAWebConnModel');
      const chats = require('WAWebChatCollection').ChatCollection.getModelsArray().sort((a, b) => (b.t ?? 0) - (a.t ?? 0));
      open = open ?? null;
      const offline = info === 'OFFLINE' ? element('p', { class: 'offline', role: 'alert' }, 'No connection. Messages go out when it is back.') : null;
      const me = require('WAWebUserPrefsMeUser').getMaybeMePnUser();
      const head = element('header', {}, element('strong', {}, Conn.pushname ?? ''), element('span', {}, me ? `+${me.user}` : ''), element('button', { type: 'button', onclick: () => require('WAWebSocketModel').Socket.logout() }, 'Log out'));
      const rows = chats.map((chat) => chatRow(chat));
      const list = element('nav', { 'aria-label': 'Chats' }, head, offline, rows.length ? element('ul', {}, ...rows) : element('p', { class: 'notice' }, 'No chats yet.'));
      const draft = root.querySelector('input[name=text]');
      const [text, focused] = [draft?.value ?? '', draft === document.activeElement];
      show('main', list, open ? conversation(open, text) : element('main', { class: 'empty' }, element('p', { class: 'notice' }, 'Choose a chat.')));
      root.querySelector('.messages')?.scrollTo(0, 1e9);
      if (focused) root.querySelector('input[name=text]')?.focus();
    }

    function chatRow(chat) {
      const last = chat.msgs.last();
      const select = () => {
        open = chat;
        require('WAWebUpdateUnreadChatAction').sendSeen({ chat });
        draw();
      };
      const unread = chat.unreadCount > 0 ? element('b', { class: 'unread', 'aria-label': `${chat.unreadCount} unread` }, String(chat.unreadCount)) : null;
      return element('li', {}, element('button', { type: 'button', 'aria-current': chat === open, onclick: select }, element('strong', {}, titleOf(chat)), element('time', {}, timeOf(last)), element('span', {}, last ? textOf(last) : ''), unread));
    }

    function conversation(chat, draft) {
      const bubbles = chat.msgs.getModelsArray().map((msg) => {
        const quoted = msg.quotedMsg ? element('blockquote', {}, msg.quotedMsg.body ?? '') : null;
        const ack = msg.id.fromMe ? element('i', { class: `ack ack${msg.ack}`, title: `ack ${msg.ack}` }, TICKS[msg.ack] ?? '') : null;
        return element('li', { class: msg.id.fromMe ? 'out' : 'in', 'data-id': msg.id.toString(), 'data-ack': msg.ack }, quoted, element('p', {}, textOf(msg)), element('small', {}, timeOf(msg), ' ', ack));
      });
      const input = element('input', { name: 'text', autocomplete: 'off', placeholder: 'Message', 'aria-label': 'Message', value: draft });
      const send = async (event) => {
        event.preventDefault();
        const text = input.value.trim();
        if (!text) return;
        input.value = '';
        await require('WAWebSendMsgChatAction').sendTextMsgToChat(chat, text);
      };
      return element('main', { class: 'chat' }, element('header', {}, element('h1', {}, titleOf(chat))), element('ul', { class: 'messages' }, ...bubbles), element('form', { onsubmit: send }, input, element('button', {}, 'Send')));
    }
  });
})();
