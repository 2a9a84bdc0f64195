/* Media: prepared, encrypted and uploaded on the way out; downloaded, checked and opened on the way in. */
(function () {
  'use strict';

  const CACHED_FILES = 8;
  const THUMBNAIL_PX = 96;
  // What a message keeps and tells of its file.
  const KEPT = [
    'caption',
    'isCaptionByUser',
    'mimetype',
    'filename',
    'size',
    'filehash',
    'encFilehash',
    'directPath',
    'deprecatedMms3Url',
    'mediaKey',
    'mediaKeyTimestamp',
    'duration',
    'width',
    'height',
    'waveform',
    'isGif',
  ];

  __d.common('WAWebMediaOpaqueData', () => {
    return class OpaqueData {
      static async createFromData(data, type) {
        return new OpaqueData(data instanceof Blob && data.type === type ? data : new Blob([data], { type }));
      }

      constructor(blob) {
        Object.defineProperty(this, '_blob', { value: blob, writable: true, enumerable: false });
      }

      type() {
        return this._blob.type;
      }

      size() {
        return this._blob.size;
      }

      url() {
        return URL.createObjectURL(this._blob);
      }

      forceToBlob() {
        this.throwIfReleased();
        return this._blob;
      }

      formData() {
        return this.forceToBlob();
      }

      autorelease() {}

      release() {
        this._blob = null;
      }

      throwIfReleased() {
        if (!this._blob) throw new Error('OpaqueData was released');
      }
    };
  });

  __d.common('WAWebMediaDataModel', (require) => {
    const { BaseModel, defineModel } = require('WAWebBaseModel');
    class MediaData extends BaseModel {}
    defineModel(MediaData, {
      type: undefined,
      mediaStage: 'INIT',
      mimetype: undefined,
      filehash: undefined,
      size: 0,
      mediaBlob: undefined,
      preview: undefined,
      duration: undefined,
      fullWidth: undefined,
      fullHeight: undefined,
      waveform: undefined,
      isGif: false,
      renderableUrl: undefined,
    });
    return MediaData;
  });

  // One object a file, whatever messages it is in.
  __d.es('WAWebMediaStorage', (exports) => {
    const objects = new Map();
    class MediaObject {
      constructor(filehash) {
        Object.assign(this, { filehash, type: undefined, size: 0, mediaBlob: undefined, contentInfo: {} });
      }

      consolidate({ type, size, mediaBlob, mimetype }) {
        Object.assign(this, { type: type?.toUpperCase(), size, mimetype, mediaBlob: mediaBlob ?? this.mediaBlob });
      }
    }
    exports.getOrCreateMediaObject = (filehash) => {
      if (!objects.has(filehash)) objects.set(filehash, new MediaObject(filehash));
      return objects.get(filehash);
    };
  });

  __d.es('WAWebMmsMediaTypes', (exports) => {
    exports.msgToMediaType = ({ type, isGif }) => (type === 'video' && isGif ? 'gif' : type);
    exports.castToV4 = (type) => type;
    exports.webMediaTypeToWamMediaType = (type) => type;
  });

  __d.es('WAWebMediaDataUtils', (exports) => {
    exports.shouldUseMediaCache = (type) => ['IMAGE', 'STICKER', 'PTT', 'AUDIO'].includes(String(type).toUpperCase());
  });

  __d.es('WAWebMediaGatingUtils', (exports) => {
    const LIMITS = { document: 2 * 1024 ** 3 };
    exports.getUploadLimit = (type) => LIMITS[type] ?? 64 * 1024 ** 2;
  });

  const bounded = (map, key, value) => {
    map.delete(key);
    map.set(key, value);
    if (map.size > CACHED_FILES) map.delete(map.keys().next().value);
  };

  __d.es('WAWebMediaInMemoryBlobCache', (exports) => {
    class InMemoryMediaBlobCacheImpl {
      constructor() {
        this._blobs = new Map();
      }

      has(filehash) {
        return this._blobs.has(filehash);
      }

      get(filehash) {
        return this._blobs.get(filehash);
      }

      put(filehash, blob) {
        bounded(this._blobs, filehash, blob);
      }
    }
    exports.InMemoryMediaBlobCacheImpl = InMemoryMediaBlobCacheImpl;
    exports.InMemoryMediaBlobCache = new InMemoryMediaBlobCacheImpl();
  });

  __d.es('WAWebLruMediaStore', (exports) => {
    const files = new Map();
    exports.LruMediaStore = {
      get: async (filehash) => files.get(filehash) ?? null,
      put: async (filehash, bytes) => bounded(files, filehash, bytes),
      del: async (filehash) => files.delete(filehash),
      clear: async () => files.clear(),
      count: async () => files.size,
      has: async (filehash) => files.has(filehash),
    };
  });

  __d.es('WAMediaCalculateFilehash', (exports, require) => {
    const { sha256 } = require('SandboxMediaCrypto');
    exports.calculateFilehashFromBlob = async (blob) => sha256(await blob.arrayBuffer());
    exports.getRandomFilehash = async () => sha256(crypto.getRandomValues(new Uint8Array(32)));
  });

  __d.es('WAWebStartMediaUploadQpl', (exports) => {
    exports.startMediaUploadQpl = () => ({ addAnnotations() {}, addPoint() {} });
  });

  __d.es('WAWebUploadManager', (exports, require) => {
    const { encrypt, sha256, urlSafe } = require('SandboxMediaCrypto');
    const { decodeB64 } = require('WABase64');
    const asBytes = (key) => (typeof key === 'string' ? new Uint8Array(decodeB64(key)) : key);

    exports.encryptAndUpload = async ({ blob, type, signal, mediaKey }) => {
      const kind = type === 'gif' ? 'video' : type;
      const plain = await blob.arrayBuffer();
      const sealed = await encrypt(plain, kind, mediaKey && asBytes(mediaKey));
      const path = `/mms/${kind}/${urlSafe(sealed.encFilehash)}`;
      const answer = await fetch(path, { method: 'POST', body: new Blob([sealed.bytes]), signal });
      if (!answer.ok) throw Object.assign(new Error(`upload failed: ${answer.status}`), { status: answer.status });
      const { url, direct_path: directPath } = await answer.json();
      return {
        url,
        directPath,
        mediaKey: sealed.mediaKey,
        mediaKeyTimestamp: Math.floor(Date.now() / 1000),
        encFilehash: sealed.encFilehash,
        filehash: await sha256(plain),
        mimetype: blob.type,
      };
    };
  });

  __d.es('WAWebMediaMmsV4Upload', (exports, require) => {
    exports.uploadMedia = async ({ mediaObject, mediaType, signal }) => {
      const blob = mediaObject.mediaBlob.forceToBlob();
      const up = await require('WAWebUploadManager').encryptAndUpload({ blob, type: mediaType, signal });
      const mediaEntry = { ...up, mmsUrl: up.url, deprecatedMms3Url: up.url, uploadHash: up.encFilehash };
      return { kind: 'success', mediaEntry };
    };
    exports.uploadUnencryptedMedia = async () => {
      throw new Error('uploadUnencryptedMedia: not imitated by the sandbox');
    };
  });

  __d.es('WAWebDownloadManager', (exports, require) => {
    exports.downloadManager = {
      async downloadAndMaybeDecrypt({ directPath, signal, ...told }) {
        const answer = await fetch(directPath, { signal });
        if (!answer.ok) throw Object.assign(new Error(`download failed: ${answer.status}`), { status: answer.status });
        return require('SandboxMediaCrypto').decrypt(new Uint8Array(await answer.arrayBuffer()), told);
      },
    };
  });

  __d.es('WAWebProcessRawMedia', (exports) => {
    const thumbnail = (source, width, height) => {
      const scale = THUMBNAIL_PX / Math.max(width, height, 1);
      const canvas = document.createElement('canvas');
      canvas.width = Math.max(1, width * scale);
      canvas.height = Math.max(1, height * scale);
      canvas.getContext('2d').drawImage(source, 0, 0, canvas.width, canvas.height);
      return canvas.toDataURL('image/jpeg', 0.6);
    };
    exports.processRawImage = async (blob) => {
      const bitmap = await createImageBitmap(blob);
      const { width, height } = bitmap;
      return { preview: thumbnail(bitmap, width, height), fullWidth: width, fullHeight: height };
    };
    exports.processRawSticker = async (opaqueData) => ({
      mediaBlob: opaqueData,
      mimetype: opaqueData.type(),
      ...(await exports.processRawImage(opaqueData.forceToBlob())),
    });
    exports.generateVideoThumbsAndDuration = async () => ({ duration: 0, thumbs: [] });
    exports.isAnimatedWebp = () => false;
  });

  __d.es('WAWebPrepRawMedia', (exports, require) => {
    const raw = require('WAWebProcessRawMedia');
    const MediaData = require('WAWebMediaDataModel');

    function kindOf(mime, { asDocument, asSticker, isPtt }) {
      if (asDocument) return 'document';
      if (asSticker) return 'sticker';
      const family = mime.split('/')[0];
      if (family === 'audio') return isPtt ? 'ptt' : 'audio';
      return ['image', 'video'].includes(family) ? family : 'document';
    }

    exports.MediaPrep = class MediaPrep {
      constructor(opaqueData, options = {}) {
        this._mediaData = new MediaData({ mediaStage: 'PREPARING', mediaBlob: opaqueData, isGif: Boolean(options.asGif) });
        this._prepared = this._prepare(opaqueData, options);
        this._prepared.catch(() => undefined); // whoever waits for it is told
      }

      async _prepare(opaqueData, options) {
        const blob = opaqueData.forceToBlob();
        const type = kindOf(blob.type, options);
        const shown = ['image', 'sticker'].includes(type) ? await raw.processRawImage(blob) : {};
        const { duration, waveform } = options.precomputedFields ?? {};
        this._mediaData.set({
          type,
          mimetype: blob.type,
          filename: type === 'document' ? blob.name : undefined,
          size: blob.size,
          filehash: await require('WAMediaCalculateFilehash').calculateFilehashFromBlob(blob),
          duration,
          waveform,
          ...shown,
          mediaStage: 'PREPARED',
        });
        return this._mediaData;
      }

      waitForPrep() {
        return this._prepared;
      }

      // The message is in the chat as soon as it is prepared; then it is uploaded, and only then it goes out.
      async sendToChat({ chat, options }) {
        const data = await this._prepared;
        const mediaObject = require('WAWebMediaStorage').getOrCreateMediaObject(data.filehash);
        mediaObject.consolidate(data.toJSON());
        const msg = await require('SandboxOutbox').add(chat, {
          ...options.productMsgOptions,
          type: data.type,
          body: data.preview?.split(',')[1] ?? '',
          caption: options.caption,
          mimetype: data.mimetype,
          size: data.size,
          filehash: data.filehash,
          duration: data.duration,
          waveform: data.waveform,
          width: data.fullWidth,
          height: data.fullHeight,
          isGif: data.isGif,
        });
        msg.mediaData.set({ mediaBlob: data.mediaBlob, mediaStage: 'UPLOADING' });
        try {
          const mediaType = require('WAWebMmsMediaTypes').msgToMediaType(data);
          const { mediaEntry } = await require('WAWebMediaMmsV4Upload').uploadMedia({ mediaObject, mediaType });
          const { directPath, mediaKey, mediaKeyTimestamp, encFilehash, deprecatedMms3Url } = mediaEntry;
          msg.set({ directPath, mediaKey, mediaKeyTimestamp, encFilehash, deprecatedMms3Url });
        } catch {
          msg.mediaData.set('mediaStage', 'ERROR_UPLOAD');
          msg.updateAck(-1);
          await require('SandboxStorage').putMessage(msg);
          return { messageSendResult: 'ERROR_UPLOAD', t: msg.t, count: null };
        }
        msg.mediaData.set('mediaStage', 'RESOLVED');
        await require('SandboxStorage').putMessage(msg);
        const answer = await require('WAWebEncryptAndSendMsg').encryptAndSendMsg({ type: 'Outgoing', data: msg });
        return { messageSendResult: answer.error ?? 'OK', t: answer.t, count: null };
      }
    };
    exports.prepRawMedia = (opaqueData, options) => new exports.MediaPrep(opaqueData, options);
    exports.uploadProductImage = async () => {
      throw new Error('uploadProductImage: not imitated by the sandbox');
    };
  });

  // How messages carry files, between the page's own parts.
  __d.es('SandboxMedia', (exports, require) => {
    const { kinds } = require('SandboxMediaCrypto');
    const { encodeB64, decodeB64 } = require('WABase64');
    const KEYS = { image: 'image', sticker: 'sticker', video: 'video', audio: 'audio', ptt: 'audio', document: 'document' };
    const some = (values) => Object.fromEntries(Object.entries(values).filter(([, value]) => value != null));

    exports.isMedia = (msg, type = msg.type) => kinds.includes(type) && Boolean(msg.filehash);
    exports.stored = (attributes) => some(Object.fromEntries(KEPT.map((name) => [name, attributes[name]])));
    exports.proto = (msg) =>
      exports.isMedia(msg)
        ? { [`${KEYS[msg.type]}Message`]: { ...exports.stored(msg), ...(msg.type === 'ptt' ? { ptt: true } : {}), contextInfo: undefined } }
        : null;

    exports.frame = (msg) => {
      if (!exports.isMedia(msg)) return undefined;
      const { caption: _, duration, waveform, deprecatedMms3Url: __, isCaptionByUser, ...told } = exports.stored(msg);
      return {
        ...told,
        ...some({
          seconds: duration == null ? null : Number(duration),
          waveform: waveform && encodeB64(waveform),
          isCaptionByUser,
          thumbnail: msg.body || null,
        }),
      };
    };

    exports.attributes = (data) => {
      if (!data.media) return {};
      const { seconds, waveform, thumbnail: _, ...told } = data.media;
      return {
        ...told,
        ...some({ duration: seconds, waveform: waveform && new Uint8Array(decodeB64(waveform)) }),
        caption: data.text || undefined,
        deprecatedMms3Url: told.directPath,
      };
    };

    // The parts of a message that are objects of their own.
    exports.adorn = (msg, type = msg.type) => {
      if (!exports.isMedia(msg, type)) return;
      const MediaData = require('WAWebMediaDataModel');
      const { mimetype, filehash, size, isGif, waveform, duration } = msg;
      const mediaData = new MediaData({ type, mimetype, filehash, size, isGif, waveform, duration, mediaStage: 'INIT' });
      const mediaObject = require('WAWebMediaStorage').getOrCreateMediaObject(filehash);
      mediaObject.type ??= type.toUpperCase();
      mediaData.on('change:mediaStage', (_, stage) => msg.trigger('change:mediaData.mediaStage', mediaData, stage));
      for (const [name, value] of Object.entries({ mediaData, mediaObject }))
        Object.defineProperty(msg, name, { value, enumerable: false, configurable: true, writable: true });
    };

    exports.download = async (msg) => {
      const { mediaData, directPath, encFilehash, filehash, mediaKey, type } = msg;
      mediaData.set('mediaStage', 'FETCHING');
      try {
        const bytes = await require('WAWebDownloadManager').downloadManager.downloadAndMaybeDecrypt({
          directPath,
          encFilehash,
          filehash,
          mediaKey,
          type,
        });
        await require('WAWebLruMediaStore').LruMediaStore.put(filehash, bytes);
        mediaData.set('mediaStage', 'RESOLVED');
      } catch (error) {
        mediaData.set('mediaStage', error.status === 404 ? 'ERROR_MISSING' : 'ERROR_DOWNLOAD');
      }
    };
  });
})();
