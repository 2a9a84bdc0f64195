__d.es('SandboxScreen', (exports) => { exports.showCode = () => {}; exports.start = () => {}; });
