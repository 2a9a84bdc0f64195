/* Starts the page. */
(function () {
  'use strict';

  const { loadMs, heavy } = JSON.parse(document.getElementById('sandbox-config').textContent);

  setTimeout(() => {
    if (heavy) require('SandboxHeavy').run();
    require('SandboxScreen').start();
    window.Debug = { VERSION: require('WAWebBuildConstants').VERSION_STR };
    require('SandboxSession')
      .boot()
      .catch((error) => {
        console.error('sandbox boot', error);
        require('SandboxScreen').fail(error);
      });
  }, loadMs);
})();
