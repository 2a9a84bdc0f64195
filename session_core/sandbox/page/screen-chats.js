/* The chats of a linked page, as a person sees them. */
(function () {
  'use strict';

  const TICKS = { '-1': '!', 0: '🕓', 1: '✓', 2: '✓✓', 3: '✓✓' };

  __d.es('SandboxChatScreen', (exports, require) => {
    const { element, root, show } = require('SandboxDom');
    let open = null;

    exports.open = (chat) => {
      open = chat;
      require('SandboxScreen').draw();
    };

    const titleOf = (chat) => chat.formattedTitle;
    const timeOf = (msg) =>
      msg?.t ? new Date(msg.t * 1000).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' }) : '';
    const carried = (msg) =>
      msg.caption ?? msg.pollName ?? msg.vcardFormattedName ?? (msg.lat === undefined ? '' : `${msg.lat}, ${msg.lng}`);
    const textOf = (msg) =>
      msg.type === 'ciphertext'
        ? '⏳ Waiting for this message…'
        : msg.type === 'chat'
          ? (msg.body ?? '')
          : msg.type === 'revoked'
            ? '🚫 This message was deleted'
            : `[${msg.type}] ${[msg.filename, carried(msg)].filter(Boolean).join(' · ')}`;

    exports.draw = (info) => {
      const { Conn } = require('WAWebConnModel');
      const chats = require('WAWebChatCollection')
        .ChatCollection.getModelsArray()
        .sort((a, b) => (b.t ?? 0) - (a.t ?? 0));
      const offline =
        info === 'OFFLINE'
          ? element('p', { class: 'offline', role: 'alert' }, 'No connection. Messages go out when it is back.')
          : null;
      const me = require('WAWebUserPrefsMeUser').getMaybeMePnUser();
      const head = element(
        'header',
        {},
        element('strong', {}, Conn.pushname ?? ''),
        element('span', {}, me ? `+${me.user}` : ''),
        element('button', { type: 'button', onclick: () => require('WAWebSocketModel').Socket.logout() }, 'Log out')
      );
      const rows = chats.map((chat) => chatRow(chat));
      const list = element(
        'nav',
        { 'aria-label': 'Chats' },
        head,
        offline,
        rows.length ? element('ul', {}, ...rows) : element('p', { class: 'notice' }, 'No chats yet.')
      );
      const draft = root.querySelector('input[name=text]');
      const [text, focused] = [draft?.value ?? '', draft === document.activeElement];
      show(
        'main',
        list,
        open
          ? conversation(open, text)
          : element('main', { class: 'empty' }, element('p', { class: 'notice' }, 'Choose a chat.'))
      );
      root.querySelector('.messages')?.scrollTo(0, 1e9);
      if (focused) root.querySelector('input[name=text]')?.focus();
    };

    function chatRow(chat) {
      const last = chat.msgs.last();
      const select = () => {
        open = chat;
        require('WAWebUpdateUnreadChatAction').sendSeen({ chat });
        require('SandboxScreen').draw();
      };
      const unread =
        chat.unreadCount > 0
          ? element('b', { class: 'unread', 'aria-label': `${chat.unreadCount} unread` }, String(chat.unreadCount))
          : null;
      return element(
        'li',
        {},
        element(
          'button',
          { type: 'button', 'aria-current': chat === open, onclick: select },
          element('strong', {}, titleOf(chat)),
          element('time', {}, timeOf(last)),
          element('span', {}, last ? textOf(last) : ''),
          unread
        )
      );
    }

    function conversation(chat, draft) {
      const bubbles = chat.msgs.getModelsArray().map((msg) => {
        const quoted = msg.quotedMsg ? element('blockquote', {}, msg.quotedMsg.body ?? '') : null;
        const ack = msg.id.fromMe
          ? element('i', { class: `ack ack${msg.ack}`, title: `ack ${msg.ack}` }, TICKS[msg.ack] ?? '')
          : null;
        return element(
          'li',
          { class: msg.id.fromMe ? 'out' : 'in', 'data-id': msg.id.toString(), 'data-ack': msg.ack },
          quoted,
          element('p', {}, textOf(msg)),
          element('small', {}, timeOf(msg), ' ', ack)
        );
      });
      const input = element('input', {
        name: 'text',
        autocomplete: 'off',
        placeholder: 'Message',
        'aria-label': 'Message',
        value: draft,
      });
      const send = async (event) => {
        event.preventDefault();
        const text = input.value.trim();
        if (!text) return;
        input.value = '';
        await require('WAWebSendMsgChatAction').sendTextMsgToChat(chat, text);
      };
      return element(
        'main',
        { class: 'chat' },
        element('header', {}, element('h1', {}, titleOf(chat))),
        element('ul', { class: 'messages' }, ...bubbles),
        element('form', { onsubmit: send }, input, element('button', {}, 'Send'))
      );
    }
  });
})();
