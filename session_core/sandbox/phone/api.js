/* Calls the phone's API. A refusal becomes an error with the server's own sentence. */
import { text } from './texts.js';

async function call(path, options) {
  let response;
  try {
    response = await fetch(path, { ...options, signal: AbortSignal.timeout(20000) });
  } catch {
    throw new Error(text('unreachable'));
  }
  const body = await response.json();
  if (!response.ok) throw new Error(body.message);
  return body;
}

export const get = (path) => call(path, { headers: { Accept: 'application/json' } });
export const post = (path, body) =>
  call(path, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) });
export const decode = (picture) =>
  call('/phone/decode', {
    method: 'POST',
    headers: { 'Content-Type': picture.type || 'application/octet-stream' },
    body: picture,
  });
