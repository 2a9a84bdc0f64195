/* Building what is seen. */
(function () {
  'use strict';

  __d.es('SandboxDom', (exports) => {
    const root = document.getElementById('app');
    exports.root = root;

    // element('p', {class: 'x'}, 'text', child, ...)
    exports.element = function element(tag, attributes = {}, ...children) {
      const node = document.createElement(tag);
      for (const [name, value] of Object.entries(attributes)) {
        if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
        else if (value !== false && value !== undefined) node.setAttribute(name, value === true ? '' : value);
      }
      node.append(...children.filter((child) => child !== null && child !== undefined));
      return node;
    };

    exports.show = function show(name, ...children) {
      root.dataset.screen = name;
      root.replaceChildren(...children);
    };
  });
})();
