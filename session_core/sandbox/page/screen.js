/* What a person sees: loading, QR or code, chats, and the notices of a broken or taken connection. */
(function () {
  'use strict';

  __d.es('SandboxScreen', (exports, require) => {
    const { element, root, show } = require('SandboxDom');
    let [queued, drawnQr, noticed] = [false, null, false];

    exports.start = () => {
      show('loading', element('p', { class: 'notice', role: 'status' }, 'Loading WhatsApp Web (sandbox)…'));
      const { Socket } = require('WAWebSocketModel');
      const { Stream } = require('WAWebStreamModel');
      Socket.on('change', draw);
      Stream.on('change', draw);
      require('WAWebConnModel').Conn.on('change:ref', draw);
      require('WAWebMsgCollection').MsgCollection.on('add change remove', draw);
      require('WAWebChatCollection').ChatCollection.on('add change remove', draw);
      require('WAWebCmd').Cmd.on('open_chat', require('SandboxChatScreen').open);
    };

    exports.fail = (error) =>
      show('failed', element('p', { class: 'notice', role: 'alert' }, `This page could not start: ${error.message}`));

    // Stays until the page is loaded again.
    exports.notice = (text) => {
      noticed = true;
      show('notice', element('main', { class: 'card column', role: 'alertdialog' }, element('h1', {}, 'WhatsApp'), element('p', {}, text)));
    };

    exports.draw = draw;
    function draw() {
      if (queued) return;
      queued = true;
      requestAnimationFrame(() => {
        queued = false;
        drawNow();
      });
    }

    function drawNow() {
      if (noticed) return;
      const { mode, info } = require('WAWebStreamModel').Stream;
      const { state } = require('WAWebSocketModel').Socket;
      if (mode === 'QR') return drawQr(state);
      if (mode === 'CONFLICT') return drawConflict();
      if (mode === 'TOS_BLOCK') return exports.notice('WhatsApp has new terms. Accept them on the phone to go on.');
      if (mode === 'SYNCING')
        return show('syncing', element('p', { class: 'notice', role: 'status' }, 'Loading your chats…'));
      return ['MAIN', 'OFFLINE'].includes(mode) ? require('SandboxChatScreen').draw(info) : undefined;
    }

    // QR and code

    async function drawQr(state) {
      const linking = require('SandboxLinking');
      const code = linking.shownCode();
      const idle = state === 'UNPAIRED_IDLE';
      const now = [require('WAWebConnModel').Conn.ref, idle, code].join();
      if (now === drawnQr && root.dataset.screen === 'qr') return;
      drawnQr = now;
      const image = element('div', { class: 'qr', role: 'img', 'aria-label': 'QR that links a phone' });
      const steps = element(
        'ol',
        {},
        element('li', {}, 'Open the phone page of this sandbox.'),
        element('li', {}, 'Copy this QR, or take a picture of it.'),
        element('li', {}, 'Scan it there.')
      );
      const left = element(
        'section',
        {},
        element('h1', {}, 'Link with a phone'),
        steps,
        element('a', { href: '/phone', target: '_blank', rel: 'noopener' }, 'Open the phone page'),
        element('p', { class: 'code', role: 'status' }, code && `Code: ${code.slice(0, 4)}-${code.slice(4)}`)
      );
      if (idle)
        image.append(
          element('button', { class: 'reload', type: 'button', onclick: linking.refreshQr }, 'Show a new QR')
        );
      else image.dataset.ref = linking.qrText();
      const copy = element(
        'button',
        {
          type: 'button',
          class: 'copy',
          disabled: idle,
          onclick: () => navigator.clipboard.writeText(linking.qrText()),
        },
        'Copy the code'
      );
      show('qr', element('main', { class: 'card' }, left, element('section', {}, image, copy)));
      if (!idle) image.innerHTML = await picture(image.dataset.ref);
    }

    async function picture(text) {
      const response = await fetch('/qr.svg', { method: 'POST', body: text });
      if (!response.ok) return '';
      const svg = await response.text();
      return svg.slice(svg.indexOf('<svg'));
    }

    function drawConflict() {
      const use = element(
        'button',
        { type: 'button', onclick: () => require('WAWebSocketModel').Socket.takeover() },
        'Use here'
      );
      show(
        'conflict',
        element(
          'main',
          { class: 'card column' },
          element('h1', {}, 'WhatsApp is open in another window'),
          element('p', {}, 'Choose “Use here” to go on in this window.'),
          use
        )
      );
    }
  });
})();
