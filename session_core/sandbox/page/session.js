/* The life of the page: connection, main mode, conflict, logout. The order of events is the one that clients rely on. */
(function () {
  'use strict';

  const config = JSON.parse(document.getElementById('sandbox-config').textContent);
  const LOGOUT_CAP_MS = 3000;
  const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

  __d.es('SandboxSession', (exports, require) => {
    const { Socket } = require('WAWebSocketModel');
    const { Conn } = require('WAWebConnModel');
    const { Stream } = require('WAWebStreamModel');
    const { Cmd } = require('WAWebCmd');
    const { BackendEvent, BackendEventBus } = require('WAWebBackendEventBus');
    const network = require('WAWebNetworkStatus');
    const storage = require('SandboxStorage');
    const transport = require('SandboxTransport');
    const keyring = require('SandboxKeys');
    const { encodeB64 } = require('WABase64');
    const backend = (event) => BackendEventBus.trigger(BackendEvent[event]);

    let announceReady;
    let leaving = false;
    let run = 0; // counts connections: what one of them began, a later one does not go on with
    exports.ready = new Promise((resolve) => {
      announceReady = resolve;
    });
    exports.me = null;
    exports.keys = {};

    exports.boot = async () => {
      exports.keys = await keyring.load();
      const account = await storage.get('keys', 'account');
      exports.me = account?.me ?? null;
      if (exports.me) await require('SandboxInbox').restore();
      announceReady({ keys: exports.keys });
      for (const listener of ['SandboxLinking', 'SandboxInbox', 'SandboxChanges', 'SandboxReachOut']) require(listener); // they hear frames from now on
      Socket.set('state', 'OPENING');
      Stream.set('info', 'OPENING');
      Conn.set('platform', exports.me ? 'android' : undefined);
      Conn.set('pushname', exports.me?.name);
      transport.open();
    };

    // connection

    transport.frames.on('opened', () => {
      const { noisePub, identityPub } = exports.keys;
      const account = exports.me ? `${exports.me.pn}:${exports.me.device}` : null;
      const browser = require('WAWebMiscBrowserUtils').info();
      transport.send({
        t: 'hello',
        noisePub: encodeB64(noisePub),
        identityPub: encodeB64(identityPub),
        account,
        platform: String(browser.os),
        browser: String(browser.name),
      });
    });
    transport.frames.on('challenge', async (challenge) =>
      transport.send({ t: 'auth', proof: await keyring.prove(exports.keys, challenge) })
    );
    transport.frames.on('success', (frame) => (frame.first ? firstStart(frame) : laterStart(frame)));
    transport.frames.on('failure', ({ reason }) => {
      if (reason === 'device_removed') removed();
      if (reason === 'offline') network.set('online', false);
      if (gates[reason]) {
        transport.leave();
        gates[reason]();
      }
    });
    transport.frames.on('bye', ({ reason }) => network.set('online', reason !== 'offline'));
    transport.frames.on('closed', () => {
      run += 1;
      if (!exports.me || leaving || ['CONFLICT', 'TOS_BLOCK'].includes(Stream.mode)) return;
      if (Socket.state === 'CONNECTED') backend('SOCKET_STREAM_DISCONNECTED');
      Socket.set({ state: 'TIMEOUT', stream: 'DISCONNECTED' });
      Stream.set('info', 'OFFLINE');
      if (Stream.mode !== 'MAIN') Stream.set('mode', 'OFFLINE');
    });

    // what keeps an account out

    const gates = {
      limited: () => {
        backend('ACCOUNT_TEMPORARILY_BANNED');
        require('SandboxScreen').notice('This number is temporarily restricted. Look at the phone for how long.');
      },
      banned: () => leave('account_locked'),
      terms: () => Stream.set('mode', 'TOS_BLOCK'),
    };

    // main mode

    async function remember(me) {
      exports.me = me;
      if (config.heavy) require('SandboxHeavy').loadRest();
      await storage.putForSure('keys', { id: 'account', me });
      Conn.set({ pushname: me.name, platform: 'android' });
    }

    async function firstStart({ me, history }) {
      const mine = run;
      require('SandboxLinking').done();
      await remember(me);
      Stream.set('mode', 'SYNCING');
      Socket.set('state', 'OPENING');
      transport.settled();
      Conn.set('connected', true);
      Socket.set({ state: 'CONNECTED', stream: 'SYNCING' });
      Stream.set('info', 'SYNCING');
      backend('OPEN_SOCKET_STREAM');
      Cmd.mainLoaded?.();
      if (config.heavy) await require('SandboxHeavy').firstHistory();
      await require('SandboxInbox').addHistory(history);
      await wait(config.syncMs);
      if (leaving || mine !== run) return;
      backend('ON_CRITICAL_SYNC_DONE');
      Socket.set({ hasSynced: true, stream: 'CONNECTED' });
      Stream.set('info', 'NORMAL');
      Stream.set('mode', 'MAIN');
      await enterMain();
    }

    async function laterStart({ me }) {
      const mine = run;
      network.set('online', true);
      const again = Stream.mode === 'MAIN' || Stream.mode === 'CONFLICT';
      await remember(me);
      transport.settled();
      Socket.set('state', 'OPENING');
      Conn.set('connected', true);
      Socket.set({ state: 'CONNECTED', stream: 'RESUMING' });
      Stream.set('info', 'RESUMING');
      backend('OPEN_SOCKET_STREAM');
      if (!again) {
        Cmd.mainLoaded?.();
        await wait(config.resumeMs);
        if (leaving || mine !== run) return;
      }
      Stream.set('mode', 'MAIN');
      await enterMain();
    }

    async function enterMain() {
      BackendEventBus.isMainStreamReadyMd = true;
      backend('MAIN_STREAM_MODE_READY');
      Socket.set({ hasSynced: true, stream: 'CONNECTED' }); // on a warm start only this event sets it
      Stream.set('info', 'NORMAL');
      await require('SandboxInbox').start();
    }

    // conflict

    transport.frames.on('conflict', () => {
      transport.leave();
      Stream.set('mode', 'CONFLICT');
      Socket.set({ state: 'CONFLICT', stream: 'DISCONNECTED' });
    });
    exports.takeover = () => transport.open();

    // logout

    async function forgetEverything() {
      Socket.set('hasSynced', false);
      exports.me = null;
      await storage.clear();
      localStorage.clear();
    }

    async function leave(reason) {
      leaving = true;
      const code = require('WAWebLogoutReason').getErrorCodeFromLogoutReason(reason);
      Cmd.logout?.();
      Cmd.logoutFromBridge?.();
      await forgetEverything();
      const target = new URL('/', location.href);
      target.search = new URLSearchParams({
        post_logout: '1',
        logout_reason: String(code),
        ...(new URLSearchParams(location.search).get('generation') ? { generation: config.generation } : {}),
      });
      location.replace(target);
      backend('LOGOUT');
    }

    exports.logout = async (reason = 'user_initiated') => {
      if (leaving || !exports.me) return;
      backend('STARTING_LOGOUT');
      const confirmed = new Promise((resolve) => transport.frames.once('logged-out', resolve));
      if (transport.send({ t: 'logout' })) await Promise.race([confirmed, wait(LOGOUT_CAP_MS)]);
      transport.leave();
      await leave(reason);
    };

    async function removed() {
      if (leaving) return;
      transport.leave();
      backend('STARTING_LOGOUT');
      backend('UNEXPECTED_LOGOUT_MODAL');
      await leave('primary_removed');
    }
    transport.frames.on('removed', removed);
  });
})();
