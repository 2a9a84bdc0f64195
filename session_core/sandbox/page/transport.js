/* The websocket to the server. It reconnects by itself, with growing pauses, unless it was told to stay away. */
(function () {
  'use strict';

  const FIRST_PAUSE_MS = 250;
  const LAST_PAUSE_MS = 4000;
  const FIND_TIMEOUT_MS = 10000;

  __d.es('SandboxTransport', (exports, require) => {
    const EventEmitter = require('WAWebEventEmitter');
    const frames = new EventEmitter(); // triggers each frame by its kind, and `closed`
    const results = new Map(); // message id -> those who wait for the server's answer
    const finds = new Map();
    let [socket, pause, timer, wanted, counter] = [null, FIRST_PAUSE_MS, null, false, 0];

    exports.frames = frames;
    exports.connected = false;

    exports.open = () => {
      wanted = true;
      clearTimeout(timer);
      socket?.close();
      const current = new WebSocket(`${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/ws/device`);
      socket = current;
      current.onopen = () => frames.trigger('opened');
      current.onmessage = (event) => {
        if (socket !== current) return;
        const frame = JSON.parse(event.data);
        frames.trigger(frame.t, frame);
      };
      current.onclose = () => {
        if (socket !== current) return;
        [socket, exports.connected] = [null, false];
        frames.trigger('closed');
        if (!wanted) return;
        timer = setTimeout(exports.open, pause);
        pause = Math.min(LAST_PAUSE_MS, pause * 2);
      };
    };

    // Away for good: nothing reconnects until `open` is called again.
    exports.leave = () => {
      wanted = false;
      clearTimeout(timer);
      socket?.close();
    };

    exports.settled = () => {
      exports.connected = true;
      pause = FIRST_PAUSE_MS;
    };

    exports.send = (frame) => {
      if (socket?.readyState !== WebSocket.OPEN) return false;
      socket.send(JSON.stringify(frame));
      return true;
    };

    exports.sendMessage = (msg, proto, retransmit = false) =>
      new Promise((resolve) => {
        const id = msg.id.id;
        results.set(id, [...(results.get(id) ?? []), resolve]);
        if (!exports.connected) return; // stays in the store with ack 0 and goes out after the next login
        const { of, textOf } = require('SandboxContents');
        const context = Object.values(proto).find((part) => part?.contextInfo)?.contextInfo;
        exports.send({
          t: 'send',
          id,
          to: msg.to.toString(),
          type: msg.type,
          text: textOf(msg),
          content: of(msg),
          media: require('SandboxMedia').frame(msg),
          quotedId: context?.stanzaId,
          sentAtMs: Date.now(),
          retransmit,
        });
      });

    exports.answered = (id, answer) => {
      for (const resolve of results.get(id) ?? []) resolve(answer);
      results.delete(id);
    };

    // Something that the server carries out or refuses; it is not repeated after a broken connection.
    exports.ask = (frame) =>
      new Promise((resolve, reject) => {
        const req = (counter += 1);
        const timer = setTimeout(() => finds.delete(req) && reject(new Error('no answer')), FIND_TIMEOUT_MS);
        finds.set(req, ({ ok }) => {
          clearTimeout(timer);
          if (ok) resolve();
          else reject(new Error('refused by the server'));
        });
        if (!exports.send({ ...frame, req })) finds.delete(req) && reject(new Error('not connected'));
      });

    exports.find = (wid) =>
      new Promise((resolve) => {
        const req = (counter += 1);
        finds.set(req, resolve);
        setTimeout(() => {
          finds.delete(req);
          resolve(null);
        }, FIND_TIMEOUT_MS);
        exports.send({ t: 'find', req, wid });
      });
    frames.on('found done', (frame) => {
      finds.get(frame.req)?.(frame);
      finds.delete(frame.req);
    });
  });
})();
