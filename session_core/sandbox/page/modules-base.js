/* Emitter, model and collection: what every store is made of. */
(function () {
  'use strict';

  __d.common('WAWebEventEmitter', () => {
    const names = (events) => events.split(/\s+/).filter(Boolean);

    return class EventEmitter {
      on(events, callback, context) {
        if (typeof callback !== 'function') throw new Error('Callback parameter passed is not a function');
        for (const name of names(events)) this._bucket(name).push({ callback, context });
        return this;
      }

      once(events, callback, context) {
        for (const name of names(events)) {
          const wrapper = (...args) => {
            this.off(name, wrapper);
            callback.apply(context ?? this, args);
          };
          wrapper.original = callback;
          this.on(name, wrapper, context);
        }
        return this;
      }

      off(events, callback, context) {
        const map = this._listeners ?? new Map();
        for (const name of events ? names(events) : [...map.keys()]) {
          const kept = (map.get(name) ?? []).filter(
            (one) =>
              (callback && one.callback !== callback && one.callback.original !== callback) ||
              (context && one.context !== context)
          );
          map.set(name, kept);
        }
        return this;
      }

      trigger(events, ...args) {
        for (const name of names(events)) {
          for (const { callback, context } of [...this._bucket(name)]) callback.apply(context ?? this, args);
          for (const { callback, context } of [...this._bucket('all')]) callback.call(context ?? this, name, ...args);
        }
        return this;
      }

      listenTo(other, events, callback) {
        other.on(events, callback, this);
        return this;
      }

      stopListening(other, events, callback) {
        other.off(events, callback, this);
        return this;
      }

      _bucket(name) {
        if (!this._listeners) Object.defineProperty(this, '_listeners', { value: new Map(), enumerable: false });
        if (!this._listeners.has(name)) this._listeners.set(name, []);
        return this._listeners.get(name);
      }
    };
  });

  __d.es('WAWebBaseModel', (exports, require) => {
    const EventEmitter = require('WAWebEventEmitter');
    const plain = (value) => {
      if (Array.isArray(value)) return value.map(plain);
      return value instanceof exports.BaseModel ? value.serialize() : value;
    };

    // Attributes are read and written as properties; a change triggers `change:<name>` (model, value, previous), then `change`.
    exports.BaseModel = class BaseModel extends EventEmitter {
      constructor(attributes = {}) {
        super();
        Object.defineProperty(this, 'attributes', { value: {}, writable: true, enumerable: false });
        this._store({ ...this.constructor.defaults, ...attributes });
        this.initialize?.();
      }

      set(key, value) {
        const changes = typeof key === 'object' ? key : { [key]: value };
        const previous = { ...this.attributes };
        this._store(changes);
        const changed = Object.keys(changes).filter((name) => previous[name] !== this.attributes[name]);
        for (const name of changed) this.trigger(`change:${name}`, this, this.attributes[name], previous[name]);
        if (changed.length) this.trigger('change', this);
        return this;
      }

      get(key) {
        return this.attributes[key];
      }

      unsafe() {
        return this;
      }

      serialize() {
        return Object.fromEntries(Object.entries(this.attributes).map(([key, value]) => [key, plain(value)]));
      }

      toJSON() {
        return this.serialize();
      }

      _store(values) {
        for (const [key, value] of Object.entries(values)) {
          if (!(key in this)) this._property(key);
          this.attributes[key] = value;
        }
      }

      _property(key) {
        Object.defineProperty(this, key, {
          configurable: true,
          enumerable: true,
          get: () => this.attributes[key],
          set: (value) => this.set(key, value),
        });
      }
    };

    exports.defineModel = (Model, properties) => {
      Object.defineProperty(Model.prototype, '__props', { value: Object.keys(properties), configurable: true });
      Model.defaults = { ...Model.defaults, ...properties };
      for (const key of Object.keys(properties)) {
        Object.defineProperty(Model.prototype, key, {
          configurable: true,
          get() {
            return this.attributes?.[key]; // also asked of the prototype itself, which has no attributes
          },
          set(value) {
            this.set(key, value);
          },
        });
      }
      return Model;
    };
  });

  __d.common('WAWebCollection', (require) => {
    const EventEmitter = require('WAWebEventEmitter');
    const keyOf = (id) => {
      if (id == null) return undefined;
      if (typeof id === 'string') return id;
      return typeof id._serialized === 'string' ? id._serialized : (keyOf(id.id) ?? String(id));
    };

    return class Collection extends EventEmitter {
      constructor() {
        super();
        if (!this.constructor.model) throw new Error('Collection initialized without model');
        this._models = [];
        Object.defineProperty(this, '_index', { value: new Map(), enumerable: false });
      }

      get modelClass() {
        return this.constructor.model;
      }

      get length() {
        return this._models.length;
      }

      get models() {
        return this._models;
      }

      get(id) {
        return this._index.get(keyOf(id));
      }

      add(items) {
        const models = (Array.isArray(items) ? items : [items]).map((item) => this._addOne(item));
        return Array.isArray(items) ? models : models[0];
      }

      remove(items) {
        for (const item of Array.isArray(items) ? items : [items]) {
          const model = this.get(item);
          if (!model) continue;
          this._index.delete(keyOf(model.id));
          this._models.splice(this._models.indexOf(model), 1);
          model.off('all', this._bubble, this);
          this.trigger('remove', model);
        }
      }

      reset() {
        this.remove([...this._models]);
        this.trigger('reset', this);
      }

      async find(id) {
        return this.get(id) ?? this.add({ id });
      }

      getModelsArray() {
        return this._models.slice();
      }

      toArray() {
        return this._models.slice();
      }

      map(callback) {
        return this._models.map(callback);
      }

      filter(callback) {
        return this._models.filter(callback);
      }

      forEach(callback) {
        this._models.forEach(callback);
      }

      some(callback) {
        return this._models.some(callback);
      }

      findFirst(callback) {
        return this._models.find(callback);
      }

      last() {
        return this._models.at(-1);
      }

      serialize() {
        return this._models.map((model) => model.serialize());
      }

      _addOne(item) {
        const known = this.get(item);
        if (known) return known;
        const model = item instanceof this.modelClass ? item : new this.modelClass(item);
        this._index.set(keyOf(model.id), model);
        this._models.push(model);
        model.on('all', this._bubble, this);
        this.trigger('add', model, this);
        return model;
      }

      _bubble(event, ...args) {
        this.trigger(event, ...args);
      }
    };
  });
})();
