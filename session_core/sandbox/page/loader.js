/*
 * A module loader with the surface of the one that WhatsApp Web ships: `__d` defines, `require` gives a module's exports,
 * `importNamespace` wraps CommonJS modules as `{default}`. Clients find their hooks through exactly these globals.
 */
(function (global) {
  'use strict';

  const ES_MODULE = 98; // the flags that Meta's bundles pass for a module that fills `exports`
  const modulesMap = Object.create(null);

  function load(id) {
    const module = modulesMap[id];
    if (!module) throw new Error(`Requiring unknown module "${id}"`);
    if (!module.loaded) {
      module.loaded = true; // before the factory runs: cycles see the exports so far
      module.factory.call(
        null,
        global,
        requireModule,
        importDefault,
        importNamespace,
        requireLazy,
        module,
        module.exports
      );
    }
    return module;
  }

  function isEsModule(module) {
    return module.flags === ES_MODULE;
  }

  function requireModule(id) {
    if (id === '__debug') return { modulesMap };
    return load(id).exports;
  }

  function importDefault(id) {
    const module = load(id);
    return isEsModule(module) ? module.exports.default : module.exports;
  }

  function importNamespace(id) {
    const module = load(id);
    if (isEsModule(module)) return module.exports;
    module.namespace ??= { default: module.exports };
    return module.namespace;
  }

  function requireLazy(ids, callback) {
    queueMicrotask(() => callback(...ids.map(requireModule)));
  }

  function define(id, dependencies, factory, flags) {
    if (modulesMap[id]) return; // as in the original: the first definition wins
    modulesMap[id] = { id, dependencies, factory, flags, exports: {}, loaded: false, namespace: null };
  }

  // Short forms for our own files; both go through `define`, so a reader of `modulesMap` sees the usual records.
  define.es = (id, body) =>
    define(
      id,
      [],
      (_global, require, _default, namespace, _lazy, _module, exports) => body(exports, require, namespace),
      ES_MODULE
    );
  define.common = (id, body) =>
    define(
      id,
      [],
      (_global, require, _default, namespace, _lazy, module) => {
        module.exports = body(require, namespace);
      },
      66
    );

  global.ErrorGuard = {
    skipGuardGlobal() {},
    applyWithGuard: (callback, context, args) => callback.apply(context, args),
  };
  global.importDefault = importDefault;
  global.importNamespace = importNamespace;
  global.requireLazy = requireLazy;
  global.__d = define;
  global.require = requireModule; // last: clients wait for both `__d` and `require`
})(window);
