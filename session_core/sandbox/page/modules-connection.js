/* The state of the connection: socket, stream, commands and the bus of backend events, in both generations. */
(function () {
  'use strict';

  const { generation } = JSON.parse(document.getElementById('sandbox-config').textContent);

  __d.es('WAWebSocketModel', (exports, require) => {
    const { BaseModel, defineModel } = require('WAWebBaseModel');

    class SocketModel extends BaseModel {
      logout(_sendLogout, reason) {
        return require('SandboxSession').logout(reason);
      }

      takeover() {
        require('SandboxSession').takeover();
      }

      poke() {
        require('SandboxLinking').refreshQr();
      }
    }
    defineModel(SocketModel, {
      state: 'UNLAUNCHED',
      stream: 'DISCONNECTED',
      hasSynced: false,
      launchGeneration: 0,
      isIncognito: false,
    });
    exports.Socket = new SocketModel();
  });

  __d.es('WAWebConnModel', (exports, require) => {
    const { BaseModel, defineModel } = require('WAWebBaseModel');

    class ConnModel extends BaseModel {}
    defineModel(ConnModel, {
      ref: undefined,
      connected: false,
      platform: undefined,
      pushname: undefined,
      battery: undefined,
      plugged: undefined,
      is24h: true,
    });
    exports.ConnImpl = ConnModel;
    exports.Conn = new ConnModel();
  });

  __d.es('WAWebStreamModel', (exports, require) => {
    const { BaseModel, defineModel } = require('WAWebBaseModel');

    class StreamModel extends BaseModel {
      markAvailable() {
        this.set('available', true);
      }

      markUnavailable() {
        this.set('available', false);
      }
    }
    defineModel(StreamModel, {
      mode: undefined,
      info: undefined,
      needsUpdate: false,
      available: false,
      couldForce: false,
    });
    exports.Stream = new StreamModel();
  });

  __d.common('WAWebNetworkStatus', (require) => {
    const { BaseModel, defineModel } = require('WAWebBaseModel');

    class NetworkStatus extends BaseModel {
      checkOnline() {
        return this.online;
      }
    }
    defineModel(NetworkStatus, { online: true });
    return new NetworkStatus();
  });

  __d.es('WAWebBackendEventBus', (exports, require) => {
    const EventEmitter = require('WAWebEventEmitter');
    const names = [
      'APP_STATE_SYNC_COMPLETED',
      'LOGOUT',
      'REFRESH_QR',
      'STARTING_LOGOUT',
      'ON_INITIAL_CHAT_SYNCED',
      'ON_RECENT_CHAT_HISTORY_SYNCED',
      'ON_CRITICAL_SYNC_DONE',
      'SOCKET_STREAM_DISCONNECTED',
      'OPEN_SOCKET_STREAM',
      'RECONNECT_SOCKET',
      'INITIAL_LOAD_READY',
      'MAIN_STREAM_MODE_READY',
      'OFFLINE_PROCESS_READY',
      'OFFLINE_DELIVERY_END',
      'OFFLINE_DELIVERY_STATE_RESET',
      'UNEXPECTED_LOGOUT_MODAL',
      'ACCOUNT_TEMPORARILY_BANNED',
    ];

    class BackendEventBus extends EventEmitter {
      isMainStreamReadyMd = false;
      isOfflineDeliveryEnd = false;
    }
    exports.BackendEvent = Object.fromEntries(names.map((name) => [name, name.toLowerCase()]));
    exports.BackendEventBus = new BackendEventBus();
  });

  __d.es('WAWebCmd', (exports, require) => {
    const EventEmitter = require('WAWebEventEmitter');

    class CmdImpl extends EventEmitter {
      openChatBottom({ chat }) {
        this.trigger('open_chat', chat);
        return Promise.resolve(true);
      }

      openChatAt({ chat }) {
        return this.openChatBottom({ chat });
      }

      sendRevokeMsgs(chat, messages) {
        return require('SandboxRevoking').sendRevokeMsgs(chat, messages);
      }

      sendDeleteMsgs(chat, messages) {
        return require('SandboxRevoking').sendDeleteMsgs(chat, messages);
      }

      setActiveFilter(filter) {
        this.trigger('set_active_filter', filter);
      }

      offlineProgressUpdateFromBridge() {
        this.trigger('offline_progress_update_from_bridge');
      }
    }

    // Older builds. Newer ones moved these to the backend, and the commands exist only as `*_from_bridge`.
    class LegacyCmdImpl extends CmdImpl {
      isMainLoaded = false;

      mainLoaded() {
        this.isMainLoaded = true;
        this.trigger('main_loaded');
      }

      logout() {
        this.trigger('logout');
      }

      refreshQR() {
        this.trigger('refresh_qr');
        require('SandboxLinking').refreshQr();
      }
    }

    class BridgeCmdImpl extends CmdImpl {
      logoutFromBridge() {
        this.trigger('logout_from_bridge');
      }
    }

    exports.CmdImpl = generation === 'bridge' ? BridgeCmdImpl : LegacyCmdImpl;
    exports.Cmd = new exports.CmdImpl();
  });

  __d.es('WAWebLaunchSocketUtils', (exports, require) => {
    exports.refreshQR = () => require('SandboxLinking').refreshQr();
  });

  __d.es('WAWebLinkDeviceEvents', (exports, require) => {
    const EventEmitter = require('WAWebEventEmitter');
    const event = (name) => `link_device_events:${name}`;

    class LinkDeviceEvents extends EventEmitter {
      triggerRefreshAltLinkingCode() {
        this.trigger(event('refresh_alt_linking_code'));
      }

      triggerPrimaryHelloReceived() {
        this.trigger(event('primary_hello_received'));
      }

      triggerErrorAltLinking() {
        this.trigger(event('error_alt_linking'));
      }
    }
    exports.WAWebLinkDeviceEvents = new LinkDeviceEvents();
  });

  __d.es('WAWebOfflineHandler', (exports) => {
    let [done, total] = [0, 0];
    exports.OfflineMessageHandler = {
      begin(count) {
        [done, total] = [0, count];
      },
      delivered() {
        done += 1;
      },
      getOfflineDeliveryProgress: () => (total === 0 ? 100 : Math.min(100, Math.round((100 * done) / total))),
      isResumeFromRestartComplete: () => done >= total,
    };
  });

  __d.common('WAWebMiscBrowserUtils', () => {
    const brand = () => navigator.userAgentData?.brands?.find((one) => !/not.a.brand/i.test(one.brand))?.brand;
    return {
      id: () => 'web',
      info: () => ({
        os: navigator.userAgentData?.platform || navigator.platform,
        name: brand() || 'Chrome',
        version: '',
        ua: navigator.userAgent,
      }),
      hardRefresh: () => location.reload(),
    };
  });
})();
