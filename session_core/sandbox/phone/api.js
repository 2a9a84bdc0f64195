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
// A file that a contact sends: `about` has from, type, filename, caption, name.
export const send = (number, file, about) =>
  call(`/phone/${number}/media?${new URLSearchParams(about)}`, {
    method: 'POST',
    headers: { 'Content-Type': file.type || 'application/octet-stream' },
    body: file,
  });
export const decode = (picture) =>
  call('/phone/decode', {
    method: 'POST',
    headers: { 'Content-Type': picture.type || 'application/octet-stream' },
    body: picture,
  });
